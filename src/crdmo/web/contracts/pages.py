"""Contracts for the project manager and the sponsor's lead: what is ordered, earned and late, and by which record.

Who sits here must say truthfully when, how much, and what changed; so every figure opens to its record.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpResponse, JsonResponse

from crdmo.common.engagements import queries, workflow
from crdmo.common.engagements.models import Agreement, ChangeOrder, WorkOrder
from crdmo.foundation.refusals import NotFound
from crdmo.foundation.signing import signatures_of
from crdmo.science.figures import gantt

from .. import stepping
from ..links import page_of, record_url
from ..request import PageRequest
from ..stepping import Step
from ..steps import may
from . import forms, grids, order_steps


@page_of("engagements.workorder")
def order_page(record: WorkOrder) -> str:
    """Return the address of an order's page."""
    return grids.at(record.program, f"{record.code}/")


@page_of("engagements.agreement")
def agreement_page(record: Agreement) -> str:
    """Return the address of an agreement's page."""
    return grids.at(record.program, f"{record.code}/")


def contracts(request: PageRequest, program: str) -> HttpResponse:
    """Show the agreements, orders, change orders and invoices of a program; an agreement is drafted here."""

    def contents() -> dict[str, Any]:
        here = request.program
        assert here is not None
        return {
            "agreements": Agreement.objects.filter(program=here, is_void=False).order_by("code"),
            "rows": [{"order": o, "value": queries.value(o), "earned": queries.earned(o)} for o in queries.orders(here)],
            "changes": [
                {"change": c, "effect": queries.effect(c)}
                for c in ChangeOrder.objects.filter(program=here, is_void=False).select_related("work_order").order_by("-entry")
            ],
            "invoices": [{"invoice": i, "total": queries.invoice_total(i)} for i in queries.invoices(here)],
        }  # fmt: skip

    return stepping.page(request, lambda: _home_steps(request), "web/contracts/home.html", contents)


def _home_steps(request: PageRequest) -> list[Step]:
    here = request.program
    assert here is not None

    def draft(given: Any, _: Any) -> None:
        parts = [line.partition(":") for line in given["clauses"].splitlines() if line.strip()]
        clauses = [{"title": title.strip(), "text": text.strip()} for title, _, text in parts]
        workflow.draft_agreement(request.person, here, **{**given, "clauses": clauses})

    return [
        Step(
            "agree", "Draft an agreement", "engagements.draft_agreement", draft, forms.AgreementForm,
            ready=not here.is_bidding_room, done="Drafted. Both parties sign it.",
        )
    ]  # fmt: skip


def _find(request: PageRequest, code: str) -> WorkOrder | Agreement:
    for model in (WorkOrder, Agreement):
        found = (
            model.objects.filter(program=request.program, code=code).select_related("program", "organization").first()
        )
        if found is not None:
            return found
    raise NotFound("there is no such contract", given=code)


def contract(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show an agreement or an order; a party signs here, and does what its desk does with the order."""
    if request.GET.get("format") == "json" and isinstance(found := _find(request, code), WorkOrder):
        return JsonResponse(_as_json(found))

    def contents() -> dict[str, Any]:
        found = _find(request, code)
        told: dict[str, Any] = {"record": found, "signatures": signatures_of(found)}
        return told | _order(request, found) if isinstance(found, WorkOrder) else told

    def steps() -> list[Step]:
        found = _find(request, code)
        return order_steps.steps(request, found) if isinstance(found, WorkOrder) else [order_steps.sign(request, found)]

    return stepping.page(request, steps, "web/contracts/contract.html", contents)


def _order(request: PageRequest, order: WorkOrder) -> dict[str, Any]:
    today = dt.datetime.now(dt.UTC).date()
    bars = queries.bars(order)
    met = [
        {
            "row": m,
            "url": record_url(m.evidence.record) if m.evidence else "",
            "late": not m.is_met and m.milestone.due_on < today,
        }
        for m in queries.milestones(order)
    ]
    return {
        "value": queries.value(order),
        "passed": queries.value(order, pass_through=True),
        "original": queries.original_value(order),
        "history": queries.value_history(order),
        "earned": queries.earned(order),
        "invoiced": queries.invoiced(order),
        "milestones": met,
        "lines": queries.current_lines(order),
        "figure": gantt(f"Plan of {order.code}", bars, today) if bars else None,
        "changes": [(c, queries.effect(c)) for c in order.changes.filter(is_void=False).order_by("entry")],
        "out_of_scope": order.out_of_scope.filter(is_void=False).select_related("change").order_by("code"),
        "invoices": [(i, queries.invoice_total(i)) for i in order.invoices.filter(is_void=False).order_by("entry")],
        "may_change": order.state == "signed" and may(request, "engagements.draft_change_order"),
    }


def _as_json(order: WorkOrder) -> dict[str, Any]:
    rows = [
        {
            "name": m.milestone.name,
            "due_on": m.milestone.due_on,
            "met": m.is_met,
            "entry": m.evidence.entry if m.evidence else None,
            "amount": m.milestone.amount,
        }
        for m in queries.milestones(order)
    ]
    return {
        "code": order.code,
        "value": str(queries.value(order)),
        "earned": str(queries.earned(order)),
        "milestones": rows,
    }
