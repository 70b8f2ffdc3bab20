"""Routes of the contract: orders, plan, change orders, invoices; in a bidding room the invitation and one's own bid.

What asks for a signature is done by people on pages; a token never signs. A sealed bid is answered to its bidder only.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpResponse
from ninja import Router, Schema

from crdmo.common.routes import (
    After,
    Format,
    Given,
    Header,
    Limit,
    Listing,
    LongText,
    ProgramCode,
    Text,
    header,
    listed,
    permission,
    tag,
)
from crdmo.foundation.refusals import NotFound

from . import queries, workflow
from .models import ChangeOrder, Invoice, WorkOrder

router = Router()


class OrderLine(Header):
    """A work order; amounts are text in its currency, without pass-through."""

    code: str
    title: str
    currency: str
    state: str
    value: str
    original_value: str
    earned: str
    invoiced: str


class PricedLine(Schema):
    """A line as it stands with executed change orders."""

    position: int
    description: str
    unit: str
    quantity: str
    unit_price: str
    amount: str
    pass_through: bool
    earned_by: str


class MilestoneLine(Schema):
    """A milestone with the ledger entry that meets it."""

    name: str
    due_on: dt.date
    amount: str
    met: bool
    held: bool
    entry: int | None


class OrderRead(OrderLine):
    """A work order with its lines and milestones."""

    lines: list[PricedLine]
    milestones: list[MilestoneLine]


class PlanRow(Schema):
    """A line of the plan: planned, actual by records, forecast, slack in days."""

    name: str
    starts_on: dt.date
    ends_on: dt.date
    began_on: dt.date | None
    ended_on: dt.date | None
    forecast_end: dt.date
    slack: int
    critical: bool


class Earned(Schema):
    """Earned value of today in the order's currency; indices as text, null where they divide by zero."""

    planned: str
    earned: str
    spent: str
    spent_is: str
    budget: str
    cost_index: str | None
    schedule_index: str | None
    estimate_at_completion: str | None


class PlanRead(Schema):
    """The plan of an order."""

    order: str
    planned_end: dt.date
    forecast_end: dt.date
    lines: list[PlanRow]
    earned_value: Earned | None


class ChangeLine(Header):
    """A change order."""

    code: str
    order: str
    title: str
    why: str
    document: str
    adds: str
    delay_days: int
    state: str
    executed_on: dt.date | None


class InvoiceLine(Header):
    """An invoice or credit note."""

    code: str
    order: str
    credits: str | None
    currency: str
    total: str
    state: str
    issued_on: dt.date | None
    due_on: dt.date | None


class MatchedLine(Schema):
    """A line held against contract and evidence; `evidence` are the keys of the records."""

    position: int
    description: str
    quantity: str
    unit_price: str
    amount: str
    contract: str
    evidence: list[str]
    holds: bool
    said: str


class InvoiceRead(InvoiceLine):
    """An invoice with its lines."""

    lines: list[MatchedLine]


class AskedLine(Schema):
    """A line of a request."""

    position: int
    description: str
    unit: str
    quantity: str
    assumptions: str
    pass_through: bool


class Asked(Schema):
    """A question of a request."""

    key: str
    text: str


class InvitationRead(Header):
    """A request as its bidder was invited to it. `own_bid` is answered to the bidder only."""

    code: str
    title: str
    currency: str
    currencies: list[str]
    due_at: str
    state: str
    lines: list[AskedLine]
    questions: list[Asked]
    handed_in: bool
    own_bid: dict[str, Any] | None


def _order_line(order: WorkOrder) -> dict[str, Any]:
    return {
        **header(order),
        **{name: getattr(order, name) for name in ("code", "title", "currency", "state")},
        "value": f"{queries.value(order).amount}",
        "original_value": f"{queries.original_value(order).amount}",
        "earned": f"{queries.earned(order).amount}",
        "invoiced": f"{queries.invoiced(order).amount}",
    }


def _order(request: Any, code: str) -> WorkOrder:
    rows = WorkOrder.objects.filter(program=request.program, code=code, is_void=False)
    found = rows.select_related("program").first()
    if found is None:
        raise NotFound("there is no such order", given=code)
    return found


@router.get("/orders", url_name="orders", response=Listing[OrderLine])
@permission("view")
def orders(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List work orders with what they are worth, what records earned and what was invoiced."""
    rows = WorkOrder.objects.filter(program=request.program, is_void=False).select_related("program")
    return listed(rows, after, limit, _order_line, file=format, name="orders")


@router.get("/orders/{code}", url_name="order", response=OrderRead)
@permission("view")
def order(request: Any, response: HttpResponse, program: ProgramCode, code: str) -> dict[str, Any]:
    """Return an order with its lines as they stand, and its milestones with the entries that meet them."""
    found = _order(request, code)
    tag(response, found.version)
    lines = [
        {
            **{
                n: getattr(one.line, n)
                for n in ("position", "description", "unit", "unit_price", "pass_through", "earned_by")
            },
            "quantity": one.quantity,
            "amount": f"{one.amount.amount}",
        }
        for one in queries.current_lines(found)
    ]
    milestones = [
        {
            "name": met.milestone.name,
            "due_on": met.milestone.due_on,
            "amount": met.milestone.amount,
            "met": met.is_met,
            "held": met.hold is not None,
            "entry": met.evidence.entry if met.evidence else None,
        }
        for met in queries.milestones(found)
    ]
    return {**_order_line(found), "lines": lines, "milestones": milestones}


@router.get("/orders/{code}/plan", url_name="order_plan", response=PlanRead)
@permission("view")
def order_plan(request: Any, program: ProgramCode, code: str) -> dict[str, Any]:
    """Return the plan of an order: planned, actual, critical, and the earned value of today."""
    found, today = _order(request, code), dt.datetime.now(dt.UTC).date()
    shown = queries.plan(found, today)
    if shown is None:
        raise NotFound("this order has no plan", given=code)
    rows = [
        {
            "name": one.line.name,
            "starts_on": one.line.starts_on,
            "ends_on": one.line.ends_on,
            "began_on": one.began.at.date() if one.began else None,
            "ended_on": one.ended.at.date() if one.ended else None,
            "forecast_end": one.forecast_end,
            "slack": one.slack,
            "critical": one.critical,
        }
        for one in shown.lines
    ]
    value = queries.value_at(shown, today, request.person.organization)
    return {
        "order": found.code,
        "planned_end": shown.planned_end,
        "forecast_end": shown.forecast_end,
        "lines": rows,
        "earned_value": _earned(value) if value else None,
    }


def _earned(value: queries.Value) -> dict[str, Any]:
    found = value.found
    sums = {name: f"{getattr(found, name)}" for name in ("planned", "earned", "spent", "budget")}
    indices = {
        name: None if (number := getattr(found, name)) is None else f"{number:.4f}"
        for name in ("cost_index", "schedule_index", "estimate_at_completion")
    }
    return {**sums, **indices, "spent_is": value.spent_is}


def _change_line(change: ChangeOrder) -> dict[str, Any]:
    names = ("code", "title", "why", "document", "delay_days", "state", "executed_on")
    return {
        **header(change),
        **{name: getattr(change, name) for name in names},
        "order": change.work_order.code,
        "adds": f"{queries.effect(change).amount}",
    }


@router.get("/changes", url_name="contract_changes", response=Listing[ChangeLine])
@permission("view")
def changes(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List change orders with what each adds."""
    rows = ChangeOrder.objects.filter(program=request.program, is_void=False).select_related("work_order")
    return listed(rows, after, limit, _change_line, file=format, name="change-orders")


def _invoice_line(invoice: Invoice) -> dict[str, Any]:
    return {
        **header(invoice),
        **{name: getattr(invoice, name) for name in ("code", "currency", "state", "issued_on", "due_on")},
        "order": invoice.work_order.code,
        "credits": invoice.credits.code if invoice.credits else None,
        "total": f"{queries.invoice_total(invoice).amount}",
    }


def _invoices(request: Any) -> Any:
    rows = Invoice.objects.filter(program=request.program, is_void=False)
    return rows.select_related("work_order__agreement", "work_order__program", "credits")


@router.get("/invoices", url_name="invoices", response=Listing[InvoiceLine])
@permission("view")
def invoices(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List invoices and credit notes."""
    return listed(_invoices(request), after, limit, _invoice_line, file=format, name="invoices")


@router.get("/invoices/{code}", url_name="invoice", response=InvoiceRead)
@permission("view")
def invoice(request: Any, response: HttpResponse, program: ProgramCode, code: str) -> dict[str, Any]:
    """Return an invoice, each line held against the contract and the records that show it."""
    found = _invoices(request).filter(code=code).first()
    if found is None:
        raise NotFound("there is no such invoice", given=code)
    tag(response, found.version)
    lines = [
        {
            **{name: getattr(one.line, name) for name in ("position", "description", "quantity", "unit_price")},
            "amount": f"{queries.line_amount(one.line).amount}",
            "contract": one.contract,
            "evidence": [str(record.pk) for record in one.evidence],
            "holds": one.holds,
            "said": one.said,
        }
        for one in queries.three_way(found)
    ]
    return {**_invoice_line(found), "lines": lines}


class NewOutOfScope(Given):
    """Work that no line of the order covers."""

    text: LongText
    found_on: dt.date
    estimate: Text = ""


class OutOfScopeLine(Header):
    """Logged work outside an order."""

    code: str
    text: str
    state: str


@router.post("/orders/{code}/out-of-scope", url_name="out_of_scope", response=OutOfScopeLine)
@permission("engagements.log_out_of_scope")
def out_of_scope(request: Any, program: ProgramCode, code: str, new: NewOutOfScope) -> dict[str, Any]:
    """Log work outside an order, such as from a helpdesk, before it is done."""
    made = workflow.log_out_of_scope(request.person, _order(request, code), **new.dict())
    return {**header(made), "code": made.code, "text": made.text, "state": made.state}


def _invitation(request: Any) -> dict[str, Any]:
    found = queries.invitation_in(request.program)
    ours = request.program.partner_id == request.person.organization_id
    return {
        **header(found),
        **{name: getattr(found, name) for name in ("code", "title", "currency", "state", "lines", "questions")},
        "currencies": [found.currency, *sorted(found.rates)],
        "due_at": found.due_at.isoformat(),
        "handed_in": queries.sealed_bid(found) is not None,
        "own_bid": queries.own_bid(request.person, found) if ours else None,
    }


@router.get("/bid", url_name="bid", response=InvitationRead)
@permission("view")
def bid(request: Any, program: ProgramCode) -> dict[str, Any]:
    """Return the invitation of a bidding room, with the own sealed bid where the bidder asks."""
    return _invitation(request)


class PricedBid(Given):
    """One line of a bid."""

    position: int
    unit_price: Text
    quantity: Text = ""
    assumptions: LongText = ""


class NewBid(Given):
    """A bid: every line priced, every question answered, in one currency."""

    currency: Text
    lines: list[PricedBid]
    answers: dict[str, LongText] = {}
    final: bool = False


@router.post("/bid/submit", url_name="bid_submit", response=InvitationRead)
@permission("engagements.submit_bid")
def bid_submit(request: Any, program: ProgramCode, new: NewBid) -> dict[str, Any]:
    """Seal a bid and hand it in; it replaces the one before."""
    workflow.submit_bid(request.person, queries.invitation_in(request.program), **new.dict())
    return _invitation(request)
