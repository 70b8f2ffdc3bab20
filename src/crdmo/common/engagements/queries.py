"""Reads of the contract layer: what is agreed, what it is worth, what records show as met, and how the plan stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from crdmo.foundation.accounts.models import Program
from crdmo.science.figures import Bar

from .conditions import Evidence, evidence_for
from .models import Milestone, PlanLine, PriceLine, WorkOrder
from .money import Money, line_total, total


@dataclass(frozen=True)
class Met:
    """A milestone with the record that meets it, or None while it is open."""

    milestone: Milestone
    evidence: Evidence | None

    @property
    def is_met(self) -> bool:
        """Whether a record shows it."""
        return self.evidence is not None


def value(order: WorkOrder) -> Money:
    """Return what an order is worth: the sum of its lines, pass-through apart."""
    return total([amount(line) for line in order.lines.filter(is_void=False, pass_through=False)], order.currency)


def amount(line: PriceLine) -> Money:
    """Return what a line is worth."""
    return line_total(line.quantity, line.unit_price, line.work_order.currency)


def milestones(order: WorkOrder) -> list[Met]:
    """Return the milestones of an order, each with its evidence."""
    rows = order.milestones.filter(is_void=False).order_by("position")
    return [Met(row, evidence_for(row.condition, order.program, row.parameters)) for row in rows]


def earned(order: WorkOrder) -> Money:
    """Return what met milestones are worth."""
    amounts = [
        Money(Decimal(m.milestone.amount), order.currency) for m in milestones(order) if m.is_met and m.milestone.amount
    ]
    return total(amounts, order.currency)


def bars(order: WorkOrder) -> list[Bar]:
    """Return the plan of an order for a Gantt chart: planned dates, actual ones from records, milestones."""
    made = []
    for line in order.plan.filter(is_void=False).order_by("position"):
        began, ended = _day(order, line, line.began_when), _day(order, line, line.ended_when)
        made.append(Bar(line.name, line.starts_on, line.ends_on, began, ended, met=ended is not None))
    for met in milestones(order):
        day = met.evidence.at.date() if met.evidence else None
        made.append(Bar(met.milestone.name, met.milestone.due_on, met.milestone.due_on, None, day, True, met.is_met))
    return made


def _day(order: WorkOrder, line: PlanLine, condition: str) -> dt.date | None:
    found = evidence_for(condition, order.program, line.parameters) if condition else None
    return found.at.date() if found else None


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


def standing(program: Program) -> list[Standing]:
    """Return how each signed order of a program stands today."""
    today = dt.datetime.now(dt.UTC).date()
    found = []
    for order in WorkOrder.objects.filter(program=program, is_void=False).exclude(state="draft").order_by("code"):
        rows = milestones(order)
        late = sum(1 for m in rows if not m.is_met and m.milestone.due_on < today)
        found.append(Standing(order, value(order), earned(order), sum(m.is_met for m in rows), late, rows))
    return found


def orders(program: Program) -> Iterable[WorkOrder]:
    """Return the work orders of a program."""
    return WorkOrder.objects.filter(program=program, is_void=False).select_related("agreement").order_by("code")
