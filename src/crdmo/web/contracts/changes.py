"""Change orders for both project managers: what changes, why, by how much; signed by both before the work counts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from crdmo.common.engagements import queries, workflow
from crdmo.common.engagements.models import ChangeOrder, OutOfScope, WorkOrder
from crdmo.common.engagements.money import Money, line_total
from crdmo.foundation.ledger.models import Record, record_types
from crdmo.foundation.ledger.thread import stale_causes
from crdmo.foundation.refusals import Invalid, NotFound, Refused
from crdmo.foundation.signing import signatures_of

from .. import stepping
from ..links import page_of, record_url
from ..request import PageRequest
from ..stepping import Step
from . import forms, grids

NEW = ("service", "description", "unit", "quantity", "unit_price", "one_off")


@page_of("engagements.changeorder")
def change_page(record: ChangeOrder) -> str:
    """Return the address of a change order's page."""
    return grids.at(record.program, f"changes/{record.code}/")


def find_order(request: PageRequest, code: str) -> WorkOrder:
    """Return an order of the program.

    Raises:
        NotFound: there is none.
    """
    rows = WorkOrder.objects.filter(program=request.program, code=code, is_void=False)
    found = rows.select_related("program__partner", "organization", "agreement__partner").first()
    if found is None:
        raise NotFound("there is no such order", given=code)
    return found


def change_new(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Draft a change order: other quantities, new lines, a delay, the work outside the order that it covers."""
    order, refused = find_order(request, code), None
    new = grids.rows(request.POST, "new", NEW)
    if request.method == "POST":
        try:
            made = _draft(request, order, new)
            messages.success(request, f"{made}: drafted. It counts once both parties have signed.")
            return HttpResponseRedirect(change_page(made))
        except Refused as error:
            refused = error
    typed = dict(zip(request.POST.getlist("line"), request.POST.getlist("line_quantity"), strict=False))
    contents = {
        "order": order,
        "refused": refused,
        "given": request.POST,
        "lines": [{"now": one, "typed": typed.get(str(one.line.position), "")} for one in queries.current_lines(order)],
        "new": grids.filled(new, 3),
        "plan": order.plan.filter(is_void=False).order_by("position"),
        "open": order.out_of_scope.filter(state="open", change__isnull=True, is_void=False).order_by("code"),
        "chosen": request.POST.getlist("covers"),
    }
    return render(request, "web/contracts/change_new.html", contents, status=refused.status if refused else 200)


def _draft(request: PageRequest, order: WorkOrder, new: list[dict[str, str]]) -> ChangeOrder:
    given = request.POST
    now = {str(one.line.position): one.line for one in queries.current_lines(order)}
    lines: list[dict[str, Any]] = []
    for position, quantity in zip(given.getlist("line"), given.getlist("line_quantity"), strict=False):
        if quantity.strip() and position in now:
            lines.append({"line": now[position], "quantity": grids.number(quantity.strip(), f"line {position}")})
    for i, row in enumerate(new, 1):
        numbers = {name: grids.number(row[name], f"new line {i}, {name}") for name in ("quantity", "unit_price")}
        lines.append({**row, **numbers, "service": row["service"] or "program", "one_off": row["one_off"] == "yes"})
    days = given.get("delay_days", "").strip() or "0"
    if not days.lstrip("-").isdigit():
        raise Invalid("a delay is a whole number of days", errors={"delay_days": "not read"}, given=days)
    delayed = (
        order.plan.filter(position=int(given["delayed"]), is_void=False).first()
        if given.get("delayed", "").isdigit()
        else None
    )
    covers = OutOfScope.objects.filter(work_order=order, code__in=given.getlist("covers"), is_void=False)
    because = _named(request, given.get("because", ""))
    return workflow.draft_change_order(
        request.person, order, title=given.get("title", "").strip(), why=given.get("why", ""),
        document=given.get("document", ""), lines=lines, delayed=delayed, delay_days=int(days), covers=list(covers), because=because,
    )  # fmt: skip


def _named(request: PageRequest, numbers: str) -> list[Record]:
    """Return the records of the program that numbers name, such as an amendment, a recipe or a deviation.

    Raises:
        NotFound: a number names nothing here.
    """
    found: list[Record] = []
    for number in filter(None, (part.strip() for part in numbers.split(","))):
        for model in record_types().values():
            if any(one.name == "code" for one in model._meta.concrete_fields) and model._meta.app_label != "accounts":
                manager: Any = model._default_manager
                rows = manager.filter(program=request.program, code=number, is_void=False)
                if (newest := rows.order_by("-entry").first()) is not None:
                    found.append(newest)
                    break
        else:
            raise NotFound("there is no record of this number in the program", given=number)
    return found


def change(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a change order with what it adds; a party signs here."""

    def find() -> ChangeOrder:
        rows = ChangeOrder.objects.filter(program=request.program, code=code, is_void=False)
        found = rows.select_related("work_order__agreement__partner", "program", "organization", "delayed").first()
        if found is None:
            raise NotFound("there is no such change order", given=code)
        return found

    def contents() -> dict[str, Any]:
        found = find()
        order = found.work_order
        return {
            "record": found,
            "order": order,
            "rows": [_row(line, order.currency) for line in found.lines.filter(is_void=False).order_by("position")],
            "effect": queries.effect(found),
            "passed": queries.effect(found, pass_through=True),
            "before": queries.original_value(order),
            "value": queries.value(order),
            "covers": found.covers.filter(is_void=False),
            "because": [(one, record_url(one)) for one in _because(found)],
            "stale": stale_causes([found.pk]),
            "signatures": signatures_of(found),
        }

    return stepping.page(request, lambda: _steps(request, find()), "web/contracts/change.html", contents)


def _row(line: Any, currency: str) -> dict[str, Any]:
    before = (
        line_total(line.quantity_before, line.unit_price, currency)
        if line.line_id
        else Money(line_total("0", "0", currency).amount, currency)
    )
    after = line_total(line.quantity, line.unit_price, currency)
    return {"line": line, "adds": Money(after.amount - before.amount, currency)}


def _because(found: ChangeOrder) -> list[Any]:
    """Return the records that made the change necessary."""
    types = record_types()
    rows = [
        types[s["type"]]._default_manager.filter(pk=s["record"]).first() for s in found.sources if s["type"] in types
    ]
    return [row for row in rows if row is not None]


def _steps(request: PageRequest, found: ChangeOrder) -> list[Step]:
    who, draft = request.person, found.state == "draft"
    signed = any(m.holds and m.signer_id == who.pk for m in signatures_of(found))
    return [
        Step(
            "sign", f"Sign for {who.organization}", "engagements.sign_change_order",
            lambda given, signed: workflow.sign_change_order(who, found, credentials=signed.credentials),
            ready=draft and not signed, signs=found, done="Signed.",
        ),
        Step(
            "reject", "Reject", "engagements.reject_change_order",
            lambda given, _: workflow.reject_change_order(who, found, reason=given["reason"]), forms.ReasonForm,
            ready=draft, done="Rejected.",
        ),
    ]  # fmt: skip
