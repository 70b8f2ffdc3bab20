"""What waits at the desks of the contract: bids due, proposals to compare, papers to sign, earnings to invoice, invoices to check."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from crdmo.common.work import Item, provides
from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.ledger.models import Record

from . import queries
from .models import Agreement, Baseline, ChangeOrder, DutyMatrix, Invitation, Invoice, OutOfScope, Request, WorkOrder
from .workflow.desks import sides_of

SIGNED = (
    (Agreement, "engagements.sign_agreement", "{code}/"),
    (WorkOrder, "engagements.sign_work_order", "{code}/"),
    (ChangeOrder, "engagements.sign_change_order", "changes/{code}/"),
    (DutyMatrix, "engagements.sign_duty_matrix", "duties/"),
    (Baseline, "engagements.sign_baseline", "scoreboard/"),
)
WAITING = {
    "issued": "Bids come in",
    "opened": "Proposals to compare",
    "draft": "Requests to issue",
    "awarded": "Awards to order",
}


@provides("engagements")
def work(person: Person, program: Program) -> Iterator[Item]:
    """Yield what this person can do next for the contract of a program, or in a bidding room."""
    allowed = authority.allowed(person, "engagements.", program.id)
    if program.is_bidding_room:
        if "engagements.submit_bid" in allowed and program.partner_id == person.organization_id:
            yield from _bids(program)
        return
    if "engagements.draft_request" in allowed and program.organization_id == person.organization_id:
        yield from _requests(person, program)
    yield from _papers(person, program, allowed)
    if "engagements.draft_change_order" in allowed:
        for one in OutOfScope.objects.filter(program=program, state="open", change__isnull=True, is_void=False):
            yield _item("Work outside an order", one, program, f"{one.work_order.code}/", one.text[:120], one.found_on)
    if "engagements.draft_invoice" in allowed or "engagements.accept_invoice" in allowed:
        yield from _money(person, program)


def _item(group: str, record: Record, program: Program, place: str, detail: str, due: dt.date | None = None) -> Item:
    code, state = str(getattr(record, "code", "")), str(getattr(record, "state", ""))
    return Item(group, code, detail, f"/{program.code}/contracts/{place}", program.code, due, state)


def _bids(program: Program) -> Iterator[Item]:
    for one in Invitation.objects.filter(program=program, state="open", is_void=False):
        group = "Bids handed in" if queries.sealed_bid(one) else "To bid"
        yield _item(group, one, program, "bid/", one.title, one.due_at.date())


def _requests(person: Person, program: Program) -> Iterator[Item]:
    rows = Request.objects.filter(organization=person.organization, for_program=program, is_void=False)
    for one in rows.exclude(state="cancelled"):
        if one.state == "awarded" and any(bid.work_orders.exists() for bid in queries.proposals_of(one)):
            continue
        yield Item(
            WAITING[one.state],
            one.code,
            one.title,
            f"/requests/{one.code}/",
            program.code,
            one.due_at.date(),
            one.state,
        )


def _papers(person: Person, program: Program, allowed: set[str]) -> Iterator[Item]:
    for model, verb, place in SIGNED:
        if verb not in allowed or person.organization_id not in (program.organization_id, program.partner_id):
            continue
        for one in model.objects.filter(program=program, state="draft", is_void=False):
            if person.organization_id not in sides_of(one):
                yield _item("Contracts to sign", one, program, place.format(code=one.code), one.title)


def _money(person: Person, program: Program) -> Iterator[Item]:
    partner = program.partner_id == person.organization_id
    states = (
        {"draft": "Invoices to issue", "disputed": "Invoices in dispute"}
        if partner
        else {"issued": "Invoices to check", "accepted": "Invoices to pay"}
    )
    for one in Invoice.objects.filter(program=program, state__in=list(states), is_void=False).select_related(
        "work_order"
    ):
        yield _item(
            states[one.state], one, program, f"invoices/{one.code}/", str(queries.invoice_total(one)), one.due_on
        )
    for order in WorkOrder.objects.filter(program=program, state="signed", is_void=False) if partner else ():
        if found := queries.billable(order):
            yield _item(
                "Earned, not invoiced", order, program, f"{order.code}/", f"{len(found)} lines earned by records"
            )
