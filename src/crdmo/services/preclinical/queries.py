"""Reads that pages, API and report of preclinical studies share."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count

from crdmo.common.studies import windows
from crdmo.common.studies.models import Activity, Arm, Finding, Intervention, ScheduledActivity, Study, Subject, Visit
from crdmo.common.studies.queries import arms_of, find_study, in_force
from crdmo.foundation.accounts.authority import programs_of
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import NotFound

from .models import Analysis, Inspection

SEXES = (("M", "Males"), ("F", "Females"))


def study_of(program: Program | None, code: str) -> Study:
    """Return a nonclinical study of a program.

    Raises:
        NotFound: there is none.
    """
    return find_study(program, code, Study.Kind.NONCLINICAL)


def find_inspection(study: Study, code: str) -> Inspection:
    """Return an inspection of a study.

    Raises:
        NotFound: there is none.
    """
    found = study.inspections.filter(code=code, is_void=False).select_related("inspector", "study__lead").first()
    if found is None:
        raise NotFound("there is no such inspection", given=code)
    return found


@dataclass(frozen=True)
class Group:
    """An arm with its animals by sex."""

    arm: Arm
    males: int
    females: int
    in_study: int


def groups(study: Study) -> list[Group]:
    """Return the dose groups as they stand, with their animals."""
    people = list(study.subjects.filter(is_void=False))
    placed = arms_of(people)
    by_arm: dict[Any, list[Subject]] = defaultdict(list)
    for one in people:
        if one.id in placed:
            by_arm[placed[one.id].id].append(one)
    return [
        Group(
            arm,
            sum(one.sex == "M" for one in by_arm[arm.id]),
            sum(one.sex == "F" for one in by_arm[arm.id]),
            sum(one.is_in_study for one in by_arm[arm.id]),
        )
        for arm in in_force(study, Arm)
    ]


@dataclass(frozen=True)
class Mark:
    """One activity on one day: how many animals were done, of how many, and how that stands."""

    visit: Visit
    activity: Activity
    done: int
    expected: int
    state: str


def marks(study: Study, today: dt.date) -> list[Mark]:
    """Return the schedule of activities as it stands: what is done, open, overdue."""
    people = list(study.subjects.filter(is_void=False))
    lines = windows.standing(study, today, subjects=people)
    expected: dict[UUID, int] = defaultdict(int)
    late: set[UUID] = set()
    opened: set[UUID] = set()
    for line in lines:
        if line.state != windows.NOT_EXPECTED:
            expected[line.visit.id] += 1
        if line.closes is not None and line.closes < today:
            late.add(line.visit.id)
        if line.opens is not None and line.opens <= today:
            opened.add(line.visit.id)
    done = _done(study)
    found = []
    for one in in_force(study, ScheduledActivity):
        count, of = done.get((one.visit.code, one.activity.domain), 0), expected[one.visit_id]
        if of and count >= of:
            state = "done"
        elif one.visit_id in late and of:
            state = "overdue"
        else:
            state = "due" if one.visit_id in opened and of else "planned"
        found.append(Mark(one.visit, one.activity, min(count, of), of, state))
    return found


def _done(study: Study) -> dict[tuple[str, str], int]:
    """Return how many animals have something recorded at a day in a domain."""
    found: dict[tuple[str, str], int] = {}
    models: tuple[Any, ...] = (Finding, Intervention)
    for model in models:
        rows = model.objects.filter(study=study, is_void=False, visit__isnull=False)
        for code, domain, count in rows.values_list("visit__code", "domain").annotate(
            animals=Count("subject", distinct=True)
        ):
            found[code, domain] = found.get((code, domain), 0) + count
    return found


@dataclass(frozen=True)
class Series:
    """Values of one test in one sex: by group code and planned day, each with its animals."""

    sex: str
    unit: str
    values: dict[str, dict[int, list[tuple[str, Finding]]]]

    @property
    def days(self) -> list[int]:
        """The planned days in order."""
        return sorted({day for by_day in self.values.values() for day in by_day})


def series(study: Study, domain: str, code: str, *, specimen: str = "") -> list[Series]:
    """Return the numbers of a test over time, sexes apart, in order of groups; animals without a group are left out."""
    rows = Finding.objects.filter(study=study, domain=domain, code=code, is_void=False).exclude(number="")
    rows = rows.filter(specimen=specimen) if specimen else rows
    found = list(rows.select_related("subject", "visit").order_by("subject__code", "entry"))
    placed = arms_of(one.subject for one in found)
    arms = in_force(study, Arm)
    made = []
    for sex, _ in SEXES:
        values: dict[str, dict[int, list[tuple[str, Finding]]]] = {arm.code: defaultdict(list) for arm in arms}
        mine = [one for one in found if one.subject.sex == sex and one.subject_id in placed]
        for one in mine:
            day = one.visit.day if one.visit is not None else one.study_day
            if day is not None and placed[one.subject_id].code in values:
                values[placed[one.subject_id].code][day].append((one.subject.code, one))
        if mine:
            made.append(Series(sex, mine[0].unit, values))
    return made


def grid(study: Study, activity: Activity, visit: Visit) -> list[dict[str, Any]]:
    """Return the animals of a day with what is recorded of each item of an activity."""
    people = [one for one in study.subjects.filter(is_void=False).order_by("code")]
    people = [one for one in people if one.state in ("screened", "enrolled") or one.ended_on]
    placed = arms_of(people)
    stands: dict[tuple[Any, ...], Finding] = {}
    rows = Finding.objects.filter(study=study, visit__code=visit.code, domain=activity.domain, is_void=False)
    for one in rows.select_related("subject"):
        stands[one.subject_id, one.code, one.specimen, one.time_point] = one
    lines = []
    for animal in sorted(people, key=lambda one: (placed[one.id].position if one.id in placed else 0, one.code)):
        cells = []
        for i, item in enumerate(activity.items):
            key = (animal.id, item["code"], item.get("specimen", ""), item.get("time_point", ""))
            label = item.get("specimen") or item.get("name") or item["code"]
            cells.append({"index": i, "item": item, "label": label, "finding": stands.get(key)})
        lines.append({"animal": animal, "arm": placed.get(animal.id), "cells": cells})
    return lines


def scheduled(study: Study, visit_code: str, activity_code: str) -> tuple[Visit, Activity]:
    """Return a day and an activity of the protocol in force.

    Raises:
        NotFound: one of them does not stand there.
    """
    visit = next((one for one in in_force(study, Visit) if one.code == visit_code), None)
    activity = next((one for one in in_force(study, Activity) if one.code == activity_code), None)
    if visit is None or activity is None:
        raise NotFound("there is no such day or activity in the protocol", given=f"{visit_code}, {activity_code}")
    return visit, activity


def analyses(study: Study, kind: str) -> list[Analysis]:
    """Return the analyses of a kind with their results."""
    rows = study.analyses.filter(kind=kind, is_void=False).select_related("result")
    return list(rows.order_by("domain", "code", "specimen", "sex", "entry"))


@dataclass(frozen=True)
class ScheduleLine:
    """A line of the master schedule (21 CFR 58.35(b)(1)), as it stood on a day."""

    study: Study
    state: str
    sponsor: str


def master_schedule(person: Person, on: dt.date) -> list[ScheduleLine]:
    """Return the nonclinical studies that a person may see as they stood on a day, by test article."""
    rows = Study.objects.filter(
        program__in=programs_of(person), kind=Study.Kind.NONCLINICAL, is_void=False
    ).select_related("program__organization", "lead", "substance", "lot")
    end = dt.datetime.combine(on + dt.timedelta(days=1), dt.time(), dt.UTC)
    known = set(
        Entry.objects.filter(record_id__in=[one.id for one in rows], version=1, at__lt=end).values_list(
            "record_id", flat=True
        )
    )
    lines = [
        ScheduleLine(one, _state_on(one, on), str(one.program.sponsor))
        for one in rows
        if one.id in known and one.program
    ]
    return sorted(lines, key=lambda line: (str(line.study.substance or ""), line.study.code))


def _state_on(study: Study, on: dt.date) -> str:
    """Return the state of a study on a day, from the days of its steps."""
    if study.is_imported or study.state == Study.State.CANCELLED:
        return study.state
    for name, state in (("locked_on", "locked"), ("completed_on", "completed"), ("started_on", "active")):
        day = getattr(study, name)
        if day is not None and day <= on:
            return state
    return Study.State.PLANNED


def overdue(study: Study, today: dt.date) -> Sequence[windows.VisitStanding]:
    """Return the days of animals that are overdue or were done out of their window."""
    return [line for line in windows.standing(study, today) if line.state in (windows.OVERDUE, windows.OUT_OF_WINDOW)]


def mean_and_sd(values: Iterable[float]) -> tuple[float, float | None]:
    """Return mean and sample standard deviation, which one value alone has not."""
    found = list(values)
    mean = sum(found) / len(found)
    if len(found) < 2:
        return mean, None
    return mean, (sum((value - mean) ** 2 for value in found) / (len(found) - 1)) ** 0.5
