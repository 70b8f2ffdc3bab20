"""The plan against what happened: dates by records, the critical path of what is left, earned value by lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from crdmo.foundation.accounts.models import Organization
from crdmo.foundation.ledger.models import Record
from crdmo.science.engagements.critical_path import critical_path
from crdmo.science.engagements.earned_value import EarnedValue, earned_value
from crdmo.science.engagements.earned_value_figure import s_curves
from crdmo.science.engagements.network import Activity, Kind, Link
from crdmo.science.figures import Bar, Figure

from ..conditions import Evidence, evidence_for
from ..models import BookedCost, PlanLine, WorkOrder
from ..money import cents
from . import billing, ordered

DAY = dt.timedelta(days=1)
HALF = Decimal("0.5")
ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Line:
    """A line of the plan: planned, actual by records, and what the network says of it now. All days are inclusive."""

    line: PlanLine
    began: Evidence | None
    ended: Evidence | None
    delay_days: int
    forecast_start: dt.date
    forecast_end: dt.date
    slack: int
    critical: bool

    @property
    def late_by(self) -> int:
        """Days by which the forecast end lies behind the planned one (below zero: before it)."""
        return (self.forecast_end - self.line.ends_on).days


@dataclass(frozen=True)
class Plan:
    """The whole plan of an order."""

    order: WorkOrder
    lines: tuple[Line, ...]
    planned_end: dt.date
    forecast_end: dt.date
    path: tuple[str, ...]


def _network(
    order: WorkOrder, today: dt.date
) -> tuple[list[Activity], dict[str, tuple[PlanLine, Evidence | None, Evidence | None, int]], dt.date]:
    rows = list(order.plan.filter(is_void=False).prefetch_related("links__after").order_by("position"))
    delays: dict[Any, int] = {}
    for change in order.changes.filter(state="executed", is_void=False, delayed__isnull=False):
        delays[change.delayed_id] = delays.get(change.delayed_id, 0) + change.delay_days
    seen = {row.name: (row, *_seen(order, row), delays.get(row.pk, 0)) for row in rows}
    first = min(
        [row.starts_on for row in rows] + [_day(found[1]) for found in seen.values() if found[1]], default=today
    )
    activities = []
    for name, (row, began, ended, delay) in seen.items():
        planned = max((row.ends_on - row.starts_on).days + 1 + delay, 0)
        if began is not None or ended is not None:
            start = _day(began) if began else min(row.starts_on, _day(ended))
            last = _day(ended) if ended else max(today, start + (planned - 1) * DAY)
            # What has begun begins no other day, whatever the links say.
            activities.append(Activity(name, (last - start).days + 1, (), (start - first).days))
        else:
            # No record says when it began: where one would, it has not; where none is named, it began as planned.
            start = max(row.starts_on, today) if row.began_when else row.starts_on
            days = planned if row.began_when else max(planned, (today - start).days + 1)
            links = tuple(Link(x.after.name, cast(Kind, x.kind), x.lag) for x in row.links.all() if not x.is_void)
            activities.append(Activity(name, days, links, (start - first).days))
    return activities, seen, first


def _day(found: Evidence | None) -> dt.date:
    assert found is not None
    return found.at.date()


def _seen(order: WorkOrder, line: PlanLine) -> tuple[Evidence | None, Evidence | None]:
    began = evidence_for(line.began_when, order.program, line.parameters) if line.began_when else None
    ended = evidence_for(line.ended_when, order.program, line.parameters) if line.ended_when else None
    return began, ended


def network(order: WorkOrder, today: dt.date) -> list[Activity]:
    """Return the plan as the methods take it: days from its first one, with what records say of the past."""
    return _network(order, today)[0]


def plan(order: WorkOrder, today: dt.date) -> Plan | None:
    """Return the plan of an order as it stands; None where it has none."""
    activities, seen, first = _network(order, today)
    if not activities:
        return None
    found = critical_path(activities=activities)
    lines = []
    for timing in found.activities:
        row, began, ended, delay = seen[timing.name]
        start = first + int(timing.earliest_start) * DAY
        end = max(first + int(timing.earliest_finish) * DAY - DAY, start)
        lines.append(Line(row, began, ended, delay, start, end, int(timing.slack), timing.critical and ended is None))
    last = max(line.forecast_end for line in lines)
    return Plan(order, tuple(lines), max(row.line.ends_on for row in lines), last, found.path)


def bars(order: WorkOrder, found: Plan | None = None) -> list[Bar]:
    """Return the plan of an order for a Gantt chart: planned dates, actual ones from records, milestones."""
    today = dt.datetime.now(dt.UTC).date()
    shown = found or plan(order, today)
    made = []
    for one in shown.lines if shown else ():
        began = one.began.at.date() if one.began else None
        ended = one.ended.at.date() if one.ended else None
        row = one.line
        made.append(
            Bar(row.name, row.starts_on, row.ends_on, began, ended, met=ended is not None, critical=one.critical)
        )
    for met in ordered.milestones(order):
        day = met.evidence.at.date() if met.evidence else None
        due = met.milestone.due_on
        made.append(Bar(met.milestone.name, due, due, None, day, True, met.is_met))
    return made


def _share(line: PlanLine, began: dt.date | None, ended: dt.date | None, day: dt.date) -> Decimal:
    """Return the share of a line's cost that its rule counts by a day."""
    if ended is not None and ended <= day:
        return Decimal(1)
    return HALF if line.earns == "50/50" and began is not None and began <= day else Decimal(0)


@dataclass(frozen=True)
class Value:
    """Earned value of an order for one reader: its lines, and whose costs are counted as spent."""

    rows: tuple[tuple[PlanLine, Decimal, Decimal, Decimal, Decimal], ...]
    found: EarnedValue
    spent_is: str
    records: tuple[Record, ...]


def _costs(order: WorkOrder, reader: Organization | None) -> list[BookedCost]:
    rows = BookedCost.objects.filter(line__work_order=order, organization=reader, program__isnull=True, is_void=False)
    return list(rows.order_by("on", "entry"))


def value_at(shown: Plan, day: dt.date, reader: Organization | None = None) -> Value | None:
    """Return planned, earned and spent by a day; None where no line of the plan has a cost.

    Spent is what the reader's own organization has booked; where it has booked nothing, what was invoiced.
    """
    rows = [line for line in shown.lines if line.line.planned_cost]
    if not rows:
        return None
    costs = _costs(shown.order, reader) if reader is not None else []
    made, records = [], []
    for one in rows:
        budget = Decimal(one.line.planned_cost)
        planned = cents(budget * _share(one.line, one.line.starts_on, one.line.ends_on, day))
        began = one.began.at.date() if one.began else None
        ended = one.ended.at.date() if one.ended else None
        earned = cents(budget * _share(one.line, began, ended, day))
        spent = sum((Decimal(cost.amount) for cost in costs if cost.line_id == one.line.pk and cost.on <= day), ZERO)
        made.append((one.line, planned, earned, spent, budget))
        records += [found.record for found in (one.began, one.ended) if found is not None]
    if costs:
        return Value(tuple(made), _earned(made), f"costs booked by {reader}", tuple(dict.fromkeys(records)))
    invoiced = billing.invoiced(shown.order, until=day).amount
    whole = [(made[0][0], _sum(made, 1), _sum(made, 2), invoiced, _sum(made, 4))]
    return Value(tuple(made), _earned(whole), "what was invoiced", tuple(dict.fromkeys(records)))


def _sum(rows: Sequence[tuple[Any, ...]], i: int) -> Decimal:
    return sum((row[i] for row in rows), Decimal(0))


def _earned(rows: Sequence[tuple[Any, ...]]) -> EarnedValue:
    columns = {name: [row[i] for row in rows] for i, name in enumerate(("planned", "earned", "spent", "budgets"), 1)}
    return earned_value(**columns)


def value_figure(shown: Plan, today: dt.date, reader: Organization | None) -> Figure | None:
    """Draw planned, earned and spent over the plan's time; None where no line has a cost."""
    if value_at(shown, today, reader) is None:
        return None
    days = {today, shown.planned_end + DAY}
    for one in shown.lines:
        days |= {one.line.starts_on, one.line.ends_on}
        days |= {found.at.date() for found in (one.began, one.ended) if found is not None}
    costs = _costs(shown.order, reader) if reader is not None else []
    days |= {cost.on for cost in costs} if costs else _invoice_days(shown.order)
    along = sorted(days)
    at = [value_at(shown, day, reader) for day in along]
    sums = {name: [float(getattr(one.found, name)) for one in at if one] for name in ("planned", "earned", "spent")}
    return s_curves(f"Earned value of {shown.order.code}", along, currency=shown.order.currency, today=today, **sums)


def _invoice_days(order: WorkOrder) -> set[dt.date]:
    rows = order.invoices.filter(is_void=False, issued_on__isnull=False)
    return set(rows.values_list("issued_on", flat=True))  # type: ignore[arg-type]
