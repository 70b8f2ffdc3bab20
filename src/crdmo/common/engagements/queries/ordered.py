"""What is ordered, what it is worth on any day, and which records show its milestones as met."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from crdmo.foundation.accounts.models import Program

from ..conditions import Evidence, evidence_for
from ..models import ChangeLine, ChangeOrder, Milestone, MilestoneHold, PriceLine, WorkOrder
from ..money import Money, line_total, total


@dataclass(frozen=True)
class Met:
    """A milestone with the record that meets it, or None while it is open, and the sponsor's hold if there is one."""

    milestone: Milestone
    evidence: Evidence | None
    hold: MilestoneHold | None = None

    @property
    def is_met(self) -> bool:
        """Whether a record shows it."""
        return self.evidence is not None

    @property
    def earns(self) -> bool:
        """Whether it is met and not held."""
        return self.is_met and self.hold is None


@dataclass(frozen=True)
class CurrentLine:
    """A line of an order as it stands: its quantity after executed change orders, and the amount."""

    line: PriceLine
    quantity: str
    amount: Money


def current_lines(order: WorkOrder, on: dt.date | None = None) -> list[CurrentLine]:
    """Return the lines of an order as they stood at the end of a day; today without one."""
    quantities: dict[object, str] = {}
    executed = _executed(order, on)
    changed = ChangeLine.objects.filter(change__in=executed, line__isnull=False, is_void=False)
    for one in changed.order_by("change__executed_on", "change__entry", "position"):
        quantities[one.line_id] = one.quantity
    there = {None, *(change.pk for change in executed)}
    lines = [
        line for line in order.lines.filter(is_void=False).order_by("position", "entry") if line.added_by_id in there
    ]
    return [
        CurrentLine(line, quantity, line_total(quantity, line.unit_price, order.currency))
        for line in lines
        for quantity in [quantities.get(line.pk, line.quantity)]
    ]


def _executed(order: WorkOrder, on: dt.date | None) -> list[ChangeOrder]:
    rows = order.changes.filter(state="executed", is_void=False)
    rows = rows.filter(executed_on__lte=on) if on is not None else rows
    return list(rows.order_by("executed_on", "entry"))


def value(order: WorkOrder, on: dt.date | None = None, *, pass_through: bool = False) -> Money:
    """Return what an order is worth on a day: the sum of its lines, pass-through apart (or only that)."""
    lines = current_lines(order, on)
    return total([one.amount for one in lines if one.line.pass_through == pass_through], order.currency)


def original_value(order: WorkOrder) -> Money:
    """Return what the order was worth as it was signed."""
    lines = order.lines.filter(is_void=False, pass_through=False, added_by__isnull=True)
    return total([amount(line) for line in lines], order.currency)


@dataclass(frozen=True)
class Step:
    """One step of the contract value: the order as signed, or a change order, with what it adds and the value after it."""

    on: dt.date | None
    change: ChangeOrder | None
    adds: Money
    value: Money


def value_history(order: WorkOrder) -> list[Step]:
    """Return how the contract value came about: original + executed change orders = value today, to the cent."""
    worth = original_value(order)
    found = [Step(order.starts_on, None, worth, worth)]
    for change in _executed(order, None):
        adds = effect(change)
        worth = total([worth, adds], order.currency)
        found.append(Step(change.executed_on, change, adds, worth))
    return found


def effect(change: ChangeOrder, *, pass_through: bool = False) -> Money:
    """Return what a change order adds to the contract value (or, below zero, takes from it)."""
    currency = change.work_order.currency
    amounts = []
    for one in change.lines.filter(is_void=False, pass_through=pass_through):
        after = line_total(one.quantity, one.unit_price, currency)
        before = (
            line_total(one.quantity_before, one.unit_price, currency) if one.line_id else Money(Decimal(0), currency)
        )
        amounts.append(Money(after.amount - before.amount, currency))
    return total(amounts, currency)


def amount(line: PriceLine) -> Money:
    """Return what a line is worth in its first quantity."""
    return line_total(line.quantity, line.unit_price, line.work_order.currency)


def milestones(order: WorkOrder) -> list[Met]:
    """Return the milestones of an order, each with its evidence and its hold."""
    rows = list(order.milestones.filter(is_void=False).order_by("position"))
    held = MilestoneHold.objects.filter(milestone__in=rows, state="held", is_void=False)
    holds = {hold.milestone_id: hold for hold in held}
    return [Met(row, evidence_for(row.condition, order.program, row.parameters), holds.get(row.pk)) for row in rows]


def milestones_earned(order: WorkOrder) -> Money:
    """Return what met milestones that nobody holds are worth."""
    amounts = [
        line_total("1", m.milestone.amount, order.currency) for m in milestones(order) if m.earns and m.milestone.amount
    ]
    return total(amounts, order.currency)


@dataclass(frozen=True)
class Standing:
    """How an order stands: worth, earned, milestones met and late."""

    order: WorkOrder
    value: Money
    earned: Money
    met: int
    late: int
    milestones: list[Met]

    @property
    def percent(self) -> int:
        """Earned in whole percent of the value."""
        return int(self.earned.amount * 100 / self.value.amount) if self.value.amount else 0


def orders(program: Program) -> Iterable[WorkOrder]:
    """Return the work orders of a program."""
    return WorkOrder.objects.filter(program=program, is_void=False).select_related("agreement").order_by("code")
