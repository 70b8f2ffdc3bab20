"""Which visits of a subject are done, due, overdue or out of their window."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from .days import date_of, whole_date
from .models import Event, Finding, Intervention, Study, Subject, Visit
from .queries import in_force

EXPECTED, DUE, OVERDUE, DONE, OUT_OF_WINDOW, NOT_EXPECTED = (
    "expected",
    "due",
    "overdue",
    "done",
    "out_of_window",
    "not_expected",
)


@dataclass(frozen=True)
class VisitStanding:
    """One visit of one subject: planned date, window, when it was done, and how that stands today."""

    subject: Subject
    visit: Visit
    planned: dt.date | None
    opens: dt.date | None
    closes: dt.date | None
    done: dt.date | None
    state: str

    @property
    def days_out(self) -> int:
        """By how many days it was done outside its window; 0 within it."""
        if self.done is None or self.opens is None or self.closes is None:
            return 0
        return max((self.opens - self.done).days, (self.done - self.closes).days, 0)


def standing(
    study: Study,
    on: dt.date,
    *,
    subjects: Iterable[Subject] | None = None,
    domains: Iterable[str] = (),
    actual: Mapping[tuple[UUID, str], dt.date] | None = None,
) -> list[VisitStanding]:
    """Return every visit of every subject as it stands on a day, in order of subject and planned day.

    A visit is done on the first day on which anything was observed at it (in `domains`, where some are named), or on
    the day that `actual` gives by subject and visit code, where a room records visits itself.
    """
    people = list(subjects if subjects is not None else study.subjects.filter(is_void=False).order_by("code"))
    visits = in_force(study, Visit)
    done = dict(actual) if actual is not None else _done(study, domains)
    return [_one(subject, visit, done.get((subject.id, visit.code)), on) for subject in people for visit in visits]


def _done(study: Study, domains: Iterable[str]) -> dict[tuple[UUID, str], dt.date]:
    found: dict[tuple[UUID, str], dt.date] = {}
    named = tuple(domains)
    models: tuple[Any, ...] = (Finding, Event, Intervention)
    for model in models:
        rows = model.objects.filter(study=study, is_void=False, visit__isnull=False)
        rows = rows.filter(domain__in=named) if named else rows
        for subject, code, starts in rows.values_list("subject_id", "visit__code", "starts"):
            day = whole_date(starts)
            if day is not None:
                found[subject, code] = min(day, found.get((subject, code), day))
    return found


def _one(subject: Subject, visit: Visit, done: dt.date | None, on: dt.date) -> VisitStanding:
    if subject.reference_on is None:
        # Days before the first exposure are counted from it; until it is known nothing can be late.
        state = DONE if done else (EXPECTED if subject.is_in_study else NOT_EXPECTED)
        return VisitStanding(subject, visit, None, None, None, done, state)
    planned = date_of(visit.day, subject.reference_on)
    opens, closes = planned - dt.timedelta(days=visit.before), planned + dt.timedelta(days=visit.after)
    if done is not None:
        state = DONE if opens <= done <= closes else OUT_OF_WINDOW
    elif subject.ended_on is not None and subject.ended_on < opens:
        state = NOT_EXPECTED
    elif on < opens:
        state = EXPECTED
    else:
        state = DUE if on <= closes else OVERDUE
    return VisitStanding(subject, visit, planned, opens, closes, done, state)


def counts(lines: Iterable[VisitStanding]) -> dict[str, int]:
    """Return how many visits stand in each state."""
    found = dict.fromkeys((EXPECTED, DUE, OVERDUE, DONE, OUT_OF_WINDOW, NOT_EXPECTED), 0)
    for line in lines:
        found[line.state] += 1
    return found
