"""Contracts for the project manager and the sponsor's lead: what is ordered, earned and late, and by which record.

Who sits here must say truthfully when, how much, and what changed; so every figure opens to its record.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render

from crdmo.common.engagements import queries, workflow
from crdmo.common.engagements.models import Agreement, WorkOrder
from crdmo.common.materials import queries as materials
from crdmo.common.materials.models import Container, Lot, Sample, Substance
from crdmo.foundation.accounts import authority
from crdmo.foundation.refusals import NotFound, Refused
from crdmo.foundation.signing import Meaning, credentials_from, preview, signatures_of
from crdmo.science.figures import gantt

from ..links import page_of, record_url
from ..request import PageRequest


@page_of("engagements.workorder")
def order_page(record: WorkOrder) -> str:
    """Return the address of an order's page."""
    return f"/{record.program.code}/contracts/{record.code}/" if record.program else ""


@page_of("engagements.agreement")
def agreement_page(record: Agreement) -> str:
    """Return the address of an agreement's page."""
    return f"/{record.program.code}/contracts/{record.code}/" if record.program else ""


def contracts(request: PageRequest, program: str) -> HttpResponse:
    """Show the agreements and orders of a program."""
    assert request.program is not None
    agreements = Agreement.objects.filter(program=request.program, is_void=False).order_by("code")
    rows = [
        {"order": o, "value": queries.value(o), "earned": queries.earned(o)} for o in queries.orders(request.program)
    ]
    return render(request, "web/contracts/home.html", {"agreements": agreements, "rows": rows})


def _find(request: PageRequest, code: str) -> WorkOrder | Agreement:
    for model in (WorkOrder, Agreement):
        found = (
            model.objects.filter(program=request.program, code=code).select_related("program", "organization").first()
        )
        if found is not None:
            return found
    raise NotFound("there is no such contract", given=code)


def contract(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show an agreement or an order; a party signs here."""
    found, refused = _find(request, code), None
    verb = "engagements.sign_work_order" if isinstance(found, WorkOrder) else "engagements.sign_agreement"
    if request.method == "POST":
        refused = _sign(request, found)
        if refused is None:
            messages.success(request, f"Signed: {found}.")
            return HttpResponseRedirect(request.path)
    open_to_sign = found.state == "draft" and authority.may(request.person, verb, found.program_id)
    contents: dict[str, Any] = {
        "record": found,
        "signatures": signatures_of(found),
        "refused": refused,
        "preview": preview(
            [found], Meaning.ACCEPTED, person=request.person, session_key=request.session.session_key or ""
        )
        if open_to_sign
        else None,
    }
    if isinstance(found, WorkOrder):
        contents |= _order(found)
        if request.GET.get("format") == "json":
            return JsonResponse(_as_json(found, contents))
    return render(request, "web/contracts/contract.html", contents, status=refused.status if refused else 200)


def _sign(request: PageRequest, found: WorkOrder | Agreement) -> Refused | None:
    given = credentials_from(request.POST, request.session.session_key)
    try:
        if isinstance(found, WorkOrder):
            workflow.sign_work_order(request.person, found, credentials=given)
        else:
            workflow.sign_agreement(request.person, found, credentials=given)
    except Refused as refused:
        return refused
    return None


def _order(order: WorkOrder) -> dict[str, Any]:
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
    lines = [
        {"line": line, "amount": queries.amount(line)}
        for line in order.lines.filter(is_void=False).order_by("position")
    ]
    return {
        "value": queries.value(order),
        "earned": queries.earned(order),
        "milestones": met,
        "lines": lines,
        "figure": gantt(f"Plan of {order.code}", bars, today) if bars else None,
    }


def _as_json(order: WorkOrder, contents: dict[str, Any]) -> dict[str, Any]:
    rows = [
        {
            "name": m["row"].milestone.name,
            "due_on": m["row"].milestone.due_on,
            "met": m["row"].is_met,
            "entry": m["row"].evidence.entry if m["row"].evidence else None,
            "amount": m["row"].milestone.amount,
        }
        for m in contents["milestones"]
    ]
    return {"code": order.code, "value": str(contents["value"]), "earned": str(contents["earned"]), "milestones": rows}


def stock(request: PageRequest, program: str) -> HttpResponse:
    """Show what there is of a program: products, lots with what is left of them, samples, containers."""
    here = request.program
    found = list(
        Lot.objects.filter(program=here, is_void=False).select_related("substance", "owner", "program").order_by("code")
    )
    left = materials.remaining_of(found)
    lots = [{"lot": lot, "left": left[lot.pk]} for lot in found]
    contents = {
        "substances": Substance.objects.filter(program=here, is_void=False).order_by("code"),
        "lots": lots,
        "containers": Container.objects.filter(program=here, is_void=False)
        .select_related("lot")
        .order_by("code")[:100],
        "samples": Sample.objects.filter(program=here, is_void=False).select_related("lot").order_by("-entry")[:50],
    }
    return render(request, "web/contracts/stock.html", contents)
