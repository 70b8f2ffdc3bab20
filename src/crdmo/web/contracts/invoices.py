"""Invoices for both finance desks: each line with the contract's line and the records that show it, before anybody pays."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpResponse

from crdmo.common.engagements import printing, queries, workflow
from crdmo.common.engagements.models import Invoice
from crdmo.foundation.refusals import NotFound

from .. import stepping
from ..links import page_of, record_url
from ..request import PageRequest
from ..stepping import Step
from . import forms, grids


@page_of("engagements.invoice")
def invoice_page(record: Invoice) -> str:
    """Return the address of an invoice's page."""
    return grids.at(record.program, f"invoices/{record.code}/")


def find(request: PageRequest, code: str) -> Invoice:
    """Return an invoice of the program.

    Raises:
        NotFound: there is none.
    """
    rows = Invoice.objects.filter(program=request.program, code=code, is_void=False)
    found = rows.select_related("work_order__agreement__partner", "program__partner", "organization", "credits").first()
    if found is None:
        raise NotFound("there is no such invoice", given=code)
    return found


def invoice(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show an invoice held against contract and evidence, and what can be done with it."""

    def contents() -> dict[str, Any]:
        found = find(request, code)
        matches = [
            {
                "match": one,
                "amount": queries.line_amount(one.line),
                "records": [(record, record_url(record)) for record in one.evidence[:6]],
                "more": max(len(one.evidence) - 6, 0),
            }
            for one in queries.three_way(found)
        ]
        return {
            "record": found,
            "order": found.work_order,
            "matches": matches,
            "total": queries.invoice_total(found),
            "value": queries.value(found.work_order),
            "invoiced": queries.invoiced(found.work_order),
            "notes": found.credit_notes.filter(is_void=False),
        }

    return stepping.page(request, lambda: _steps(request, find(request, code)), "web/contracts/invoice.html", contents)


def _steps(request: PageRequest, found: Invoice) -> list[Step]:
    who, state = request.person, found.state
    ours = found.work_order.agreement.partner_id == who.organization_id
    theirs = found.organization_id == who.organization_id
    lines = [
        (str(line.position), f"{line.description}, {queries.line_amount(line)}") for line in queries.uncredited(found)
    ]
    today = dt.datetime.now(dt.UTC).date()
    return [
        Step(
            "issue", "Issue", "engagements.issue_invoice",
            lambda given, _: workflow.issue_invoice(who, found, due_on=given["due_on"]), forms.DueForm,
            ready=ours and state == "draft", initial={"due_on": today + dt.timedelta(days=30)}, done="Issued.",
        ),
        Step(
            "accept", "Accept", "engagements.accept_invoice", lambda given, _: workflow.accept_invoice(who, found),
            ready=theirs and state in ("issued", "disputed"), done="Accepted.",
        ),
        Step(
            "dispute", "Dispute", "engagements.dispute_invoice",
            lambda given, _: workflow.dispute_invoice(who, found, reason=given["reason"]), forms.ReasonForm,
            ready=theirs and state == "issued", done="Disputed.",
        ),
        Step(
            "pay", "Record the payment", "engagements.record_payment",
            lambda given, _: workflow.record_payment(who, found, **given), forms.PaymentForm,
            ready=theirs and state == "accepted", initial={"on": today}, done="Paid.",
        ),
        Step(
            "credit", "Draft a credit note", "engagements.draft_credit_note",
            lambda given, _: workflow.draft_credit_note(
                who, found, positions=[int(one) for one in given["positions"]], reason=given["reason"]
            ),
            forms.CreditForm, ready=ours and state not in ("draft",) and found.credits_id is None and bool(lines),
            choices={"positions": lines}, done="Drafted.",
        ),
        Step(
            "discard", "Discard the draft", "engagements.discard_invoice",
            lambda given, _: workflow.discard_invoice(who, found, reason=given["reason"]), forms.ReasonForm,
            ready=ours and state == "draft", done="Discarded.",
        ),
    ]  # fmt: skip


def invoice_file(request: PageRequest, program: str, code: str, kind: str) -> HttpResponse:
    """Give an invoice as PDF for people or as XML for the other side's books."""
    found = find(request, code)
    made, media = printing.FILES.get(kind, (None, ""))
    if made is None:
        raise NotFound("an invoice is given in other formats", given=kind, allowed=", ".join(printing.FILES))
    response = HttpResponse(made(found, request.person.printed_name), content_type=media)
    response["Content-Disposition"] = f'inline; filename="{found.code}.{kind}"'
    return response
