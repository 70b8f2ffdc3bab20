"""Tables of a stability study: the pull calendar, results by attribute, month and lot, what is out of trend."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from crdmo.science.method import MethodError
from crdmo.science.quality.out_of_trend import OutOfTrend, out_of_trend

from .models import Condition, Protocol, Pull, Result, StudyLot


@dataclass(frozen=True)
class Cell:
    """A pull in the calendar, with its window and how it stands today."""

    pull: Pull
    opens: dt.date
    closes: dt.date
    state: str


@dataclass(frozen=True)
class Row:
    """All pulls of one lot at one condition, in the order of the calendar's months; None where none is planned."""

    condition: Condition
    lot: StudyLot
    orientation: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Calendar:
    """The pull calendar of a protocol."""

    months: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def open(self) -> list[Cell]:
        """The pulls still to be done, the first due first."""
        found = [cell for row in self.rows for cell in row.cells if cell and cell.pull.state == Pull.State.PLANNED]
        return sorted(found, key=lambda cell: cell.pull.due_on)


def state_on(pull: Pull, today: dt.date) -> str:
    """Return how a pull stands on a day: its state, or `due` in its window and `overdue` after it."""
    if pull.state != Pull.State.PLANNED:
        return pull.state
    window = dt.timedelta(days=pull.condition.window_days)
    if today > pull.due_on + window:
        return "overdue"
    return "due" if today >= pull.due_on - window else "planned"


def calendar(protocol: Protocol, today: dt.date) -> Calendar:
    """Return the pull calendar: a row for each condition, lot and orientation, a column for each month."""
    pulls = Pull.objects.filter(study_lot__protocol=protocol, is_void=False)
    found = list(
        pulls.select_related("study_lot__lot", "study_lot__protocol", "condition", "sample").order_by(
            "condition__entry", "study_lot__entry"
        )
    )
    months = tuple(sorted({pull.month for pull in found}, key=Decimal))
    groups: dict[tuple[Condition, StudyLot, str], dict[str, Cell]] = {}
    for pull in found:
        window = dt.timedelta(days=pull.condition.window_days)
        cell = Cell(pull, pull.due_on - window, pull.due_on + window, state_on(pull, today))
        groups.setdefault((pull.condition, pull.study_lot, pull.orientation), {})[pull.month] = cell
    rows = (Row(*key, tuple(cells.get(month) for month in months)) for key, cells in groups.items())
    return Calendar(months, tuple(rows))


def units_needed(conditions: Iterable[Condition]) -> int:
    """Return how many units a lot needs for every pull of every condition and orientation."""
    return sum(c.units_per_pull * len(c.months) * max(1, len(c.orientations)) for c in conditions)


def units_left(studies: Sequence[StudyLot], table: Calendar) -> dict[StudyLot, tuple[int, int]]:
    """Return for each lot the units still in the chambers and those that planned pulls will take."""
    taken: dict[StudyLot, int] = defaultdict(int)
    coming: dict[StudyLot, int] = defaultdict(int)
    for row in table.rows:
        for cell in row.cells:
            if cell and cell.pull.state in (Pull.State.PULLED, Pull.State.LATE):
                taken[row.lot] += row.condition.units_per_pull
            elif cell and cell.pull.state == Pull.State.PLANNED:
                coming[row.lot] += row.condition.units_per_pull
    return {study: (study.units - taken[study], coming[study]) for study in studies}


@dataclass
class Point:
    """The results of one attribute of one lot at one month, with the check against the lot's own history."""

    results: list[Result] = field(default_factory=list)
    trend: OutOfTrend | None = None


@dataclass
class Attribute:
    """One attribute at one condition: months down, lots across."""

    name: str
    condition: Condition
    limit: str
    unit: str
    months: list[str]
    lots: list[str]
    points: dict[tuple[str, str], Point]

    @property
    def lines(self) -> list[tuple[str, list[Point | None]]]:
        """The rows of the table: month, and the point of each lot or None."""
        return [(month, [self.points.get((lot, month)) for lot in self.lots]) for month in self.months]

    @property
    def out(self) -> list[tuple[str, str, OutOfTrend]]:
        """The points out of trend, as (lot, month, check)."""
        return [(lot, month, p.trend) for (lot, month), p in self.points.items() if p.trend and p.trend.is_out_of_trend]


def results_of(protocol: Protocol) -> list[Result]:
    """Return every result on pulls of a protocol, with all that the tables show of it."""
    found = Result.objects.filter(test__sample__pulls__study_lot__protocol=protocol, is_void=False)
    return list(
        found.select_related("test__criterion", "test__sample", "computed").order_by(
            "test__criterion__position", "entry"
        )
    )


def standing(results: Iterable[Result]) -> list[Result]:
    """Return the verified results that stand: a test's original, or its retests where the original is invalid."""
    by_test: dict[object, list[Result]] = defaultdict(list)
    for result in results:
        if result.state == Result.State.VERIFIED:
            by_test[result.test_id].append(result)
    kept: list[Result] = []
    for rows in by_test.values():
        originals = [r for r in rows if r.round == 0]
        kept += originals or rows
    return kept


def attributes(protocol: Protocol) -> list[Attribute]:
    """Return the results of a study as tables, one for each attribute and condition, and check each point's trend."""
    pulls = Pull.objects.filter(study_lot__protocol=protocol, sample__isnull=False, is_void=False)
    drawn = {p.sample_id: p for p in pulls.select_related("study_lot__lot", "condition")}
    made: dict[tuple[str, object], Attribute] = {}
    for result in standing(results_of(protocol)):
        pull, line = drawn[result.test.sample_id], result.test.criterion
        key = (line.name, pull.condition_id)
        table = made.setdefault(key, Attribute(line.name, pull.condition, line.limit, line.unit, [], [], {}))
        lot = pull.study_lot.lot.code
        table.points.setdefault((lot, pull.month), Point()).results.append(result)
    for table in made.values():
        table.months = sorted({month for _, month in table.points}, key=Decimal)
        table.lots = sorted({lot for lot, _ in table.points})
        for lot in table.lots:
            _check_trend(table, lot)
    return sorted(made.values(), key=lambda a: (a.condition.entry, a.name))


def _number(point: Point) -> float | None:
    try:
        return float(Decimal(point.results[0].calculated))
    except InvalidOperation:
        return None


def _check_trend(table: Attribute, lot: str) -> None:
    """Hold each point of a lot against the line through those before it."""
    months: list[float] = []
    values: list[float] = []
    for month in table.months:
        point = table.points.get((lot, month))
        value = _number(point) if point else None
        if point is None or value is None:
            continue
        try:
            point.trend = out_of_trend(months=months, values=values, new_month=float(month), new_value=value)
        except MethodError:
            # Fewer than three earlier points: there is no trend yet.
            point.trend = None
        months.append(float(month))
        values.append(value)
