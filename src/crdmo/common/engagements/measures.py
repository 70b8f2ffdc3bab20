"""What sponsors buy, in figures: measures that rooms compute from their records, held against the signed baseline.

@measure("quality.right_first_time", "Lots right first time", dimension="compliance", unit="%", better="higher",
         formula="lots without an investigation ÷ lots decided")
def right_first_time(program): return Decimal(...) or None
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from crdmo.foundation.accounts.models import Program

from . import queries
from .models import Baseline, BaselineLine, WorkOrder
from .money import total

Dimension = Literal["cost", "time", "compliance"]
Better = Literal["lower", "higher"]
Finder = Callable[[Program], Decimal | None]
CURRENCY = "currency of the order"


@dataclass(frozen=True)
class Measure:
    """A registered measure. Nobody types its present value: `find` computes it from records, None while there are none."""

    name: str
    says: str
    dimension: Dimension
    unit: str
    better: Better
    formula: str
    find: Finder

    def unit_for(self, program: Program) -> str:
        """Return the unit, which is the orders' currency where it is money."""
        return _currency(program) if self.unit == CURRENCY else self.unit


MEASURES: dict[str, Measure] = {}


def measure(
    name: str, says: str, *, dimension: Dimension, unit: str, better: Better, formula: str
) -> Callable[[Finder], Finder]:
    """Register a measure."""

    def register(function: Finder) -> Finder:
        MEASURES[name] = Measure(name, says, dimension, unit, better, formula, function)
        return function

    return register


@dataclass(frozen=True)
class Score:
    """One line of the scoreboard: what it was, what it is, the difference, and which way that is."""

    line: BaselineLine
    measure: Measure
    now: Decimal | None
    difference: Decimal | None
    is_better: bool | None


def scoreboard(program: Program) -> tuple[Baseline | None, list[Score]]:
    """Return the signed baseline of a program and how its figures stand; None where nothing was signed."""
    baseline = Baseline.objects.filter(program=program, state="signed", is_void=False).order_by("entry").first()
    if baseline is None:
        return None, []
    found = []
    for line in baseline.lines.filter(is_void=False).order_by("position"):
        one = MEASURES.get(line.measure)
        if one is None:
            continue
        now = one.find(program) if one.unit_for(program) == line.unit else None
        difference = None if now is None else now - Decimal(line.value)
        better = None if not difference else (difference < 0) == (one.better == "lower")
        found.append(Score(line, one, now, difference, better))
    return baseline, found


def _orders(program: Program) -> list[WorkOrder]:
    return list(WorkOrder.objects.filter(program=program, is_void=False).exclude(state="draft").order_by("code"))


def _currency(program: Program) -> str:
    """Return the one currency of the program's orders; "" where there are several or none."""
    found = {order.currency for order in _orders(program)}
    return found.pop() if len(found) == 1 else ""


def _rounded(value: Decimal, step: str = "0.1") -> Decimal:
    return value.quantize(Decimal(step), ROUND_HALF_UP)


@measure(
    "engagements.contract_value", "Contract value with change orders", dimension="cost", unit=CURRENCY, better="lower",
    formula="sum of the lines of all signed orders + executed change orders, without pass-through",
)  # fmt: skip
def contract_value(program: Program) -> Decimal | None:
    """Return what all signed orders are worth today, if they are in one currency."""
    currency = _currency(program)
    return total([queries.value(order) for order in _orders(program)], currency).amount if currency else None


@measure(
    "engagements.change_share", "Change orders in the contract value", dimension="cost", unit="%", better="lower",
    formula="(value today − value as signed) ÷ value as signed × 100",
)  # fmt: skip
def change_share(program: Program) -> Decimal | None:
    """Return how much change orders have added, in percent of the original value."""
    if not _currency(program):
        return None
    first = sum((queries.original_value(order).amount for order in _orders(program)), Decimal(0))
    now = sum((queries.value(order).amount for order in _orders(program)), Decimal(0))
    return _rounded((now - first) * 100 / first) if first else None


@measure(
    "engagements.days_to_finish", "Days from start to the last line of the plan", dimension="time", unit="d",
    better="lower", formula="forecast end of the critical path − first day of the plan + 1",
)  # fmt: skip
def days_to_finish(program: Program) -> Decimal | None:
    """Return the length of the longest plan, by records for the past and the critical path for the rest."""
    today = dt.datetime.now(dt.UTC).date()
    plans = [found for order in _orders(program) if (found := queries.plan(order, today))]
    spans = [(p.forecast_end - min(line.forecast_start for line in p.lines)).days + 1 for p in plans]
    return Decimal(max(spans)) if spans else None


@measure(
    "engagements.milestones_on_time", "Milestones on time", dimension="time", unit="%", better="higher",
    formula="milestones met by their day ÷ milestones due so far × 100",
)  # fmt: skip
def milestones_on_time(program: Program) -> Decimal | None:
    """Return the share of milestones that records showed by the day they were due."""
    today = dt.datetime.now(dt.UTC).date()
    rows = [met for order in _orders(program) for met in queries.milestones(order)]
    due = [met for met in rows if met.is_met or met.milestone.due_on < today]
    good = [met for met in due if met.evidence and met.evidence.at.date() <= met.milestone.due_on]
    return _rounded(Decimal(len(good) * 100) / len(due)) if due else None


@measure(
    "engagements.invoiced_by_evidence", "Invoiced amounts that records show", dimension="compliance", unit="%",
    better="higher", formula="lines of issued invoices that match contract and evidence ÷ all such lines × 100",
)  # fmt: skip
def invoiced_by_evidence(program: Program) -> Decimal | None:
    """Return the share of invoiced lines whose evidence still stands."""
    issued = [one for one in queries.invoices(program) if one.state != "draft" and one.credits_id is None]
    matches = [match for one in issued for match in queries.three_way(one)]
    return _rounded(Decimal(sum(m.holds for m in matches) * 100) / len(matches)) if matches else None
