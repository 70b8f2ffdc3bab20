"""What is earned and not invoiced, what was invoiced, and whether contract, evidence and invoice say the same."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger.models import Record

from ..conditions import COUNTERS, counted
from ..models import Invoice, InvoiceLine, Milestone, PriceLine, Receipt, WorkOrder
from ..money import Money, line_total, total
from . import ordered

ISSUED = ("issued", "accepted", "disputed", "paid")


@dataclass(frozen=True)
class Billable:
    """Something earned that can be invoiced now, with the records that show it."""

    key: str
    description: str
    unit: str
    quantity: str
    unit_price: str
    amount: Money
    records: tuple[Record, ...] = field(default=())
    milestone: Milestone | None = None
    line: PriceLine | None = None
    receipt: Receipt | None = None


def billed(order: WorkOrder) -> list[InvoiceLine]:
    """Return all lines of invoices and credit notes on an order, drafts too: a draft holds what it names."""
    rows = InvoiceLine.objects.filter(invoice__work_order=order, is_void=False, invoice__is_void=False)
    return list(rows.select_related("invoice", "milestone", "line", "receipt").order_by("entry"))


def _net(lines: Sequence[InvoiceLine], name: str) -> dict[object, Decimal]:
    """Return the quantity invoiced less what was credited, by milestone, line or receipt."""
    found: dict[object, Decimal] = {}
    for line in lines:
        key = getattr(line, f"{name}_id")
        if key is not None:
            found[key] = found.get(key, Decimal(0)) + Decimal(line.quantity)
    return found


def billed_records(lines: Sequence[InvoiceLine], line: PriceLine) -> set[str]:
    """Return the keys of the records that were invoiced as units of a line and not credited since."""
    found: set[str] = set()
    for one in lines:
        if one.line_id != line.pk or one.receipt_id is not None:
            continue
        keys = {source["record"] for source in one.sources}
        found = found | keys if Decimal(one.quantity) > 0 else found - keys
    return found


def units(line: PriceLine) -> list[Record]:
    """Return the records that earn units of a line, oldest first."""
    return counted(line.earned_by, line.work_order.program) if line.earned_by else []


def earned_units(line: PriceLine) -> Decimal:
    """Return how many units of a line are done: by records, or by what was invoiced of it."""
    done = Decimal(len(units(line)))
    net = _net(billed(line.work_order), "line").get(line.pk, Decimal(0))
    return max(net, min(done, Decimal(line.quantity)) if line.earned_by else Decimal(0))


def billable(order: WorkOrder) -> list[Billable]:
    """Return everything earned and not invoiced: met milestones, units that records show, receipts at cost."""
    lines = billed(order)
    return [*_milestones(order, lines), *_units(order, lines), *_receipts(order, lines)]


def _milestones(order: WorkOrder, lines: Sequence[InvoiceLine]) -> list[Billable]:
    done, found = _net(lines, "milestone"), []
    for met in ordered.milestones(order):
        one = met.milestone
        if not met.earns or met.evidence is None or not one.amount or done.get(one.pk, 0) > 0:
            continue
        worth = line_total("1", one.amount, order.currency)
        found.append(
            Billable(
                f"milestone-{one.position}", one.name, "milestone", "1", one.amount, worth, (met.evidence.record,), one
            )
        )
    return found


def _units(order: WorkOrder, lines: Sequence[InvoiceLine]) -> list[Billable]:
    found = []
    for now in ordered.current_lines(order):
        line = now.line
        if not line.earned_by:
            continue
        gone = billed_records(lines, line)
        room = int(Decimal(now.quantity)) - len(gone)
        fresh = [record for record in units(line) if str(record.pk) not in gone][: max(room, 0)]
        if fresh:
            worth = line_total(str(len(fresh)), line.unit_price, order.currency)
            found.append(
                Billable(
                    f"line-{line.position}", line.description, line.unit, str(len(fresh)), line.unit_price, worth,
                    tuple(fresh), line=line,
                )
            )  # fmt: skip
    return found


def _receipts(order: WorkOrder, lines: Sequence[InvoiceLine]) -> list[Billable]:
    done, found = _net(lines, "receipt"), []
    for one in Receipt.objects.filter(line__work_order=order, is_void=False).select_related("line").order_by("entry"):
        if done.get(one.pk, 0) > 0:
            continue
        text = f"{one.line.description}: {one.supplier}, {one.number}"[:200]
        worth = Money(Decimal(one.amount), one.currency)
        found.append(
            Billable(
                f"receipt-{one.entry}", text, "at cost", "1", one.amount, worth, (one,), line=one.line, receipt=one
            )
        )
    return found


def earned(order: WorkOrder) -> Money:
    """Return what records have earned of an order: milestones that nobody holds, and counted units; no pass-through."""
    amounts = [ordered.milestones_earned(order)]
    for now in ordered.current_lines(order):
        if now.line.earned_by and not now.line.pass_through:
            done = min(len(units(now.line)), int(Decimal(now.quantity)))
            amounts.append(line_total(str(done), now.line.unit_price, order.currency))
    return total(amounts, order.currency)


def standing(program: Program) -> list[ordered.Standing]:
    """Return how each signed order of a program stands today."""
    today = dt.datetime.now(dt.UTC).date()
    found = []
    for order in WorkOrder.objects.filter(program=program, is_void=False).exclude(state="draft").order_by("code"):
        rows = ordered.milestones(order)
        late = sum(1 for m in rows if not m.is_met and m.milestone.due_on < today)
        met = sum(m.is_met for m in rows)
        found.append(ordered.Standing(order, ordered.value(order), earned(order), met, late, rows))
    return found


def lines_of(invoice: Invoice) -> list[InvoiceLine]:
    """Return the lines of an invoice, in order."""
    return list(invoice.lines.filter(is_void=False).select_related("milestone", "line", "receipt").order_by("position"))


def line_amount(line: InvoiceLine) -> Money:
    """Return the amount of an invoice line."""
    return line_total(line.quantity, line.unit_price, line.invoice.currency)


def invoice_total(invoice: Invoice) -> Money:
    """Return the amount of an invoice, or of a credit note, which is below zero."""
    return total([line_amount(line) for line in lines_of(invoice)], invoice.currency)


def invoices(program: Program) -> list[Invoice]:
    """Return the invoices and credit notes of a program, newest first."""
    rows = Invoice.objects.filter(program=program, is_void=False).select_related("work_order", "credits")
    return list(rows.order_by("-entry"))


def invoiced(order: WorkOrder, *, pass_through: bool = False, until: dt.date | None = None) -> Money:
    """Return what was invoiced on an order less credit notes, by a day if one is given; pass-through apart."""
    amounts = []
    for line in billed(order):
        issued = line.invoice.issued_on
        if line.invoice.state not in ISSUED or issued is None or (until is not None and issued > until):
            continue
        if (line.receipt_id is not None) == pass_through:
            amounts.append(line_amount(line))
    return total(amounts, order.currency)


def against_contract(invoice: Invoice) -> list[tuple[str, Money, Money]]:
    """Return, for fees and for pass-through: name, what the contract holds, what would be invoiced with this one."""
    order = invoice.work_order
    found = []
    for name, passed in (("value", False), ("pass-through estimate", True)):
        own = [line_amount(line) for line in lines_of(invoice) if (line.receipt_id is not None) == passed]
        asked = total([invoiced(order, pass_through=passed), *own], order.currency)
        found.append((name, ordered.value(order, pass_through=passed), asked))
    return found


def uncredited(invoice: Invoice) -> list[InvoiceLine]:
    """Return the lines of an invoice that no credit note has taken back."""
    notes = InvoiceLine.objects.filter(invoice__credits=invoice, is_void=False, invoice__is_void=False)
    gone = {(x.milestone_id, x.line_id, x.receipt_id, str(x.sources)) for x in notes}
    return [x for x in lines_of(invoice) if (x.milestone_id, x.line_id, x.receipt_id, str(x.sources)) not in gone]


@dataclass(frozen=True)
class Match:
    """One line of an invoice held against contract and evidence."""

    line: InvoiceLine
    contract: str
    evidence: tuple[Record, ...]
    holds: bool
    said: str


def three_way(invoice: Invoice) -> list[Match]:
    """Hold each line of an invoice against the contract's line and the records that show it, as both stand now."""
    order = invoice.work_order
    found = {met.milestone.pk: met for met in ordered.milestones(order)}
    return [_match(line, found) for line in lines_of(invoice)]


def _match(line: InvoiceLine, met: dict[UUID, ordered.Met]) -> Match:
    if line.invoice.credits_id is not None:
        return Match(line, f"credits {line.invoice.credits}", (), True, "takes a line back")
    if line.receipt is not None:
        same = Decimal(line.receipt.amount) == Decimal(line.unit_price) and not line.receipt.is_void
        said = "at cost, by its receipt" if same else "the receipt says another amount, or is void"
        return Match(line, f"pass-through: {line.line}", (line.receipt,), same, said)
    if line.milestone is not None:
        return _milestone_match(line, met[line.milestone.pk])
    assert line.line is not None
    there = {str(record.pk): record for record in units(line.line)}
    named = [source["record"] for source in line.sources]
    missing = [key for key in named if key not in there]
    whole = len(named) == Decimal(line.quantity) and Decimal(line.unit_price) == Decimal(line.line.unit_price)
    said = (
        f"{len(missing)} of {len(named)} records no longer show it" if missing
        else "quantity and price as in the contract, one record a unit" if whole else "quantity or price differ"
    )  # fmt: skip
    words = COUNTERS[line.line.earned_by].says if line.line.earned_by in COUNTERS else line.line.earned_by
    shown = tuple(there[key] for key in named if key in there)
    return Match(line, f"{line.line.unit_price} a {line.line.unit}: {words}", shown, whole and not missing, said)


def _milestone_match(line: InvoiceLine, met: ordered.Met) -> Match:
    milestone = met.milestone
    contract = f"milestone, {milestone.amount}"
    shown = (met.evidence.record,) if met.evidence else ()
    if met.evidence is None:
        return Match(line, contract, shown, False, "no record shows it any longer")
    if met.hold is not None:
        return Match(line, contract, shown, False, f"held by the sponsor: {met.hold.reason}")
    same = Decimal(line.unit_price) == Decimal(milestone.amount or "0") and Decimal(line.quantity) == 1
    return Match(line, contract, shown, same, "met by a record, as in the contract" if same else "another amount")
