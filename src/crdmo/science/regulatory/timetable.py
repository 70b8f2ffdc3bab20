"""The clock of a procedure: on which date each of its days falls, with the clock stopped and started again.

Every agency counts in its own way: at the EMA the start is day 1, at the FDA the day of receipt is day 0, and goals in
months run from the filing date.
"""

from __future__ import annotations

import calendar
import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass

from crdmo.science.method import MethodError, method

LAST = dt.date(2200, 1, 1)


class Procedure(enum.StrEnum):
    """The procedures whose steps are known here, each with the text that sets them."""

    IND = "ind"
    NDA_STANDARD = "nda_standard"
    NDA_PRIORITY = "nda_priority"
    MAA = "maa"
    TYPE_II_90 = "type_ii_90"
    CVMP_120 = "cvmp_120"


@dataclass(frozen=True)
class _Step:
    """A step: after so many days of the clock, or so many months after another step."""

    name: str
    days: int = 0
    months: int = 0
    after: str = ""


# The number of the first day, the source, and the steps.
_PROCEDURES: dict[Procedure, tuple[int, str, tuple[_Step, ...]]] = {
    Procedure.IND: (
        0,
        "21 CFR 312.40(b)(1): 30 days after FDA receives the IND",
        (_Step("Studies may begin unless on clinical hold", 30),),
    ),
    Procedure.NDA_STANDARD: (
        0,
        "PDUFA VI/VII goals letter: 60-day filing date, day-74 letter, 10 months from the filing date (NME NDA, original BLA)",
        (_Step("Filing date", 60), _Step("Day-74 letter", 74), _Step("Goal date", months=10, after="Filing date")),
    ),
    Procedure.NDA_PRIORITY: (
        0,
        "PDUFA VI/VII goals letter: 60-day filing date, day-74 letter, 6 months from the filing date (NME NDA, original BLA)",
        (_Step("Filing date", 60), _Step("Day-74 letter", 74), _Step("Goal date", months=6, after="Filing date")),
    ),
    Procedure.MAA: (
        1,
        "Regulation (EC) 726/2004, Article 6(3); EMA/119185/2015 Rev.5",
        (
            _Step("Assessment reports of the rapporteurs", 80),
            _Step("List of questions", 120),
            _Step("List of outstanding issues", 180),
            _Step("Opinion", 210),
        ),
    ),
    Procedure.TYPE_II_90: (
        1,
        "EMA/577385/2016 Rev.2 and EMA/727192/2017, type II variation of 90 days",
        (_Step("Opinion or request for information", 90),),
    ),
    Procedure.CVMP_120: (1, "EMA/638986/2019, CVMP centralised procedure", (_Step("List of questions", 120),)),
}  # fmt: skip


@dataclass(frozen=True)
class ClockStop:
    """The clock stands from the day after `stopped`, which still counts, until `restarted`, the next day that counts.

    Days are ISO text. Without `restarted` it stands still.
    """

    stopped: str
    restarted: str = ""


@dataclass(frozen=True)
class Milestone:
    """A step: its day of the clock, and its date; no date while the clock stands before it. `months` where it has no day."""

    name: str
    day: int
    months: int
    due: str


@dataclass(frozen=True)
class Timetable:
    """All steps of a procedure, with the days that the clock stood and the text that sets the steps."""

    procedure: Procedure
    start: str
    first_day: int
    milestones: tuple[Milestone, ...]
    days_stopped: int
    is_stopped: bool
    source: str


@method(
    "regulatory.timetable",
    version="1.0",
    title="Timetable of a procedure",
    source="EMA/119185/2015 Rev.5; EMA/577385/2016 Rev.2; 21 CFR 312.40; PDUFA goals letter",
)
def timetable(*, procedure: Procedure, start: str, stops: Sequence[ClockStop] = ()) -> Timetable:
    """Return on which date each step of a procedure falls.

    Args:
        procedure: which procedure.
        start: the day on which the clock starts, ISO text: for the FDA the day of receipt, not that of dispatch.
        stops: when the clock was stopped and started again, in order.

    Returns:
        The steps in order. A step in days moves with every day that the clock stood before it; one in months follows
        the step that it is counted from, with the month's last day where the month is shorter.

    Raises:
        MethodError: a day is no day, a stop lies before the start or within another, or ends before it began.

    Source: EMA, Procedural timetables: the start is day 1 (initial MAA starting 2017-01-19: day 80 is 2017-04-08 and day
    120 is 2017-05-18). 21 CFR 312.40(b)(1). PDUFA goals letter: received 2024-01-31, filing date 2024-03-31.

    >>> found = timetable(procedure=Procedure.MAA, start="2017-01-19")
    >>> [milestone.due for milestone in found.milestones[:2]]
    ['2017-04-08', '2017-05-18']
    """
    began = _day("start", start)
    pauses = _pauses(began, stops)
    first, source, steps = _PROCEDURES[procedure]
    found: dict[str, dt.date | None] = {}
    milestones = []
    for step in steps:
        if step.after:
            base = found[step.after]
            found[step.name] = None if base is None else _months_later(base, step.months)
        else:
            found[step.name] = _date_of(began, step.days - first, pauses)
        due = found[step.name]
        milestones.append(Milestone(step.name, step.days, step.months, due.isoformat() if due else ""))
    return Timetable(
        procedure=procedure,
        start=began.isoformat(),
        first_day=first,
        milestones=tuple(milestones),
        days_stopped=sum((end - stop).days - 1 for stop, end in pauses if end is not None),
        is_stopped=any(end is None for _, end in pauses),
        source=source,
    )


def _day(what: str, text: str) -> dt.date:
    try:
        found = dt.date.fromisoformat(text)
    except ValueError as odd:
        raise MethodError(f"{what} is no day", given=text, allowed="an ISO date such as 2017-01-19") from odd
    if not dt.date(1990, 1, 1) <= found < LAST:
        raise MethodError(f"{what} is outside the calendar of procedures", given=text, allowed="1990 to 2199")
    return found


def _pauses(start: dt.date, stops: Sequence[ClockStop]) -> list[tuple[dt.date, dt.date | None]]:
    found: list[tuple[dt.date, dt.date | None]] = []
    before = start
    for number, stop in enumerate(stops, 1):
        stopped = _day(f"stop {number}", stop.stopped)
        restarted = _day(f"restart {number}", stop.restarted) if stop.restarted else None
        if stopped < before or (found and found[-1][1] is None):
            raise MethodError(
                f"stop {number} lies before the start or within another stop", given=stop.stopped,
                allowed=f"{before} or later" if not found or found[-1][1] else "a stop after the clock was started again",
                next_step="Give the stops in order",
            )  # fmt: skip
        if restarted is not None and restarted <= stopped:
            raise MethodError(
                f"the clock starts again after stop {number}", given=stop.restarted, allowed=f"after {stopped}"
            )
        found.append((stopped, restarted))
        before = restarted or stopped
    return found


def _date_of(start: dt.date, days: int, pauses: Sequence[tuple[dt.date, dt.date | None]]) -> dt.date | None:
    """Return the date after so many days of a running clock; None where it stands before."""
    found = start + dt.timedelta(days=days)
    for stopped, restarted in pauses:
        if found <= stopped:
            break
        if restarted is None:
            return None
        found += restarted - stopped - dt.timedelta(days=1)
    return found


def _months_later(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
