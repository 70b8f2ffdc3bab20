"""Reads that pages, API and work share. Every read of subjects asks who reads: a site sees its own and no others."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet

from crdmo.common.studies.models import Event, Place, ScheduledActivity, Study, Subject
from crdmo.common.studies.queries import find_study, in_force
from crdmo.common.studies.windows import VisitStanding, standing
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.refusals import NotFound

from .models import CrfPage, DataQuery, Randomisation
from .workflow.desks import site_of


def trial(program: Program | None, code: str) -> Study:
    """Return a trial of a program.

    Raises:
        NotFound: there is none.
    """
    return find_study(program, code, Study.Kind.CLINICAL)


def subjects_of(person: Person, study: Study) -> QuerySet[Subject]:
    """Return the subjects that a person may see."""
    rows = Subject.objects.filter(study=study, is_void=False).select_related("place", "study")
    site = site_of(person)
    return rows if site is None else rows.filter(place__holder=site)


def find_subject(person: Person, study: Study, code: str) -> Subject:
    """Return a subject that a person may see.

    Raises:
        NotFound: there is none, or it is another site's.
    """
    found = subjects_of(person, study).filter(code=code).first()
    if found is None:
        raise NotFound("there is no such subject", given=code)
    return found


def places_of(person: Person, study: Study) -> QuerySet[Place]:
    """Return the sites that a person may see."""
    rows = Place.objects.filter(study=study, kind=Place.Kind.SITE, is_void=False).select_related("holder", "lead")
    site = site_of(person)
    return (rows if site is None else rows.filter(holder=site)).order_by("code")


def pages_of(person: Person, study: Study) -> QuerySet[CrfPage]:
    """Return the pages that a person may see."""
    rows = CrfPage.objects.filter(study=study, is_void=False).select_related("subject__place", "visit", "form")
    site = site_of(person)
    return rows if site is None else rows.filter(subject__place__holder=site)


def find_page(person: Person, study: Study, subject: str, visit: str, form: str) -> CrfPage | None:
    """Return a page that a person may see, or None where nothing was saved yet."""
    return pages_of(person, study).filter(subject__code=subject, visit__code=visit, form__code=form).first()


def queries_of(person: Person, study: Study) -> QuerySet[DataQuery]:
    """Return the queries that a person may see."""
    rows = DataQuery.objects.filter(study=study, is_void=False)
    site = site_of(person)
    return rows if site is None else rows.filter(page__subject__place__holder=site)


def events_of(person: Person, study: Study) -> QuerySet[Event]:
    """Return the adverse events that a person may see."""
    rows = Event.objects.filter(study=study, domain="AE", is_void=False).select_related("subject__place")
    site = site_of(person)
    return rows if site is None else rows.filter(subject__place__holder=site)


def pages_to_verify(study: Study) -> QuerySet[CrfPage]:
    """Return the pages that are not verified as they stand."""
    return CrfPage.objects.filter(study=study, is_void=False).exclude(verified=F("saved"))


def visits(person: Person, study: Study, on: dt.date) -> list[VisitStanding]:
    """Return the visits of the subjects in the trial as they stand on a day; a visit is done when a page of it is."""
    done: dict[Any, dt.date] = {}
    for subject, visit, day in pages_of(person, study).values_list("subject_id", "visit__code", "done_on"):
        done[subject, visit] = min(day, done.get((subject, visit), day))
    rows = subjects_of(person, study).filter(randomisations__isnull=False).order_by("code")
    return standing(study, on, subjects=rows, actual=done)


@dataclass(frozen=True)
class Cell:
    """One form at one visit of a subject: its page if there is one, and how it stands in a word."""

    visit: Any
    form: Any
    page: CrfPage | None
    state: str
    words: str


WORDS = {
    "none": "–",
    "empty": "Not entered",
    "query": "Query open",
    "answered": "Query answered",
    "entered": "Entered",
    "verified": "Verified",
    "frozen": "Frozen",
}


def casebook(subject: Subject) -> tuple[list[Any], list[tuple[Any, list[Cell]]]]:
    """Return the visits of a casebook, and for each form its cells over them."""
    marks = in_force(subject.study, ScheduledActivity)
    entered = CrfPage.objects.filter(subject=subject, is_void=False).select_related("visit", "form")
    # By code: a page keeps the form and visit by which it was entered, also after an amendment ended them.
    pages = {(one.visit.code, one.form.code): one for one in entered}
    due = {(one.visit.code, one.activity.code) for one in marks}
    visits = {one.visit.code: one.visit for one in pages.values()} | {one.visit.code: one.visit for one in marks}
    named = {one.form.code: one.form for one in pages.values()} | {one.activity.code: one.activity for one in marks}
    stops = sorted(visits.values(), key=lambda one: (one.day, one.position))
    forms = sorted(named.values(), key=lambda one: one.position)
    asked: dict[Any, set[str]] = {}
    rows = DataQuery.objects.filter(page__subject=subject, is_void=False).exclude(state=DataQuery.State.CLOSED)
    for key, asked_as in rows.values_list("page", "state"):
        asked.setdefault(key, set()).add(asked_as)
    lines = []
    for form in forms:
        cells = []
        for visit in stops:
            page = pages.get((visit.code, form.code))
            state = _state(page, asked.get(page.pk, set()) if page else set(), (visit.code, form.code) in due)
            cells.append(Cell(visit, form, page, state, WORDS[state]))
        lines.append((form, cells))
    return stops, lines


def _state(page: CrfPage | None, asked: set[str], due: bool) -> str:
    if page is None:
        return "empty" if due else "none"
    if "open" in asked:
        return "query"
    if "answered" in asked:
        return "answered"
    if page.is_frozen:
        return "frozen"
    return "verified" if page.is_verified else "entered"


@dataclass(frozen=True)
class SiteLine:
    """How a site stands: subjects, pages and queries."""

    place: Place
    screened: int
    randomised: int
    ended: int
    pages: int
    open_queries: int
    oldest: int


def per_site(person: Person, study: Study, now: dt.datetime) -> list[SiteLine]:
    """Return how each site stands; `oldest` is the age in days of its oldest open query."""
    screened = Counter(subjects_of(person, study).values_list("place", flat=True))
    drawn = Counter(Randomisation.objects.filter(study=study).values_list("subject__place", flat=True))
    ended = Counter(subjects_of(person, study).filter(ended_on__isnull=False).values_list("place", flat=True))
    pages = Counter(pages_of(person, study).values_list("subject__place", flat=True))
    asked: dict[Any, list[int]] = {}
    rows = queries_of(person, study).filter(state=DataQuery.State.OPEN)
    for place, at in rows.values_list("page__subject__place", "opened_at"):
        asked.setdefault(place, []).append((now - at).days)
    return [
        SiteLine(
            one, screened[one.pk], drawn[one.pk], ended[one.pk], pages[one.pk], len(asked.get(one.pk, [])),
            max(asked.get(one.pk, [0])),
        )
        for one in places_of(person, study)
    ]  # fmt: skip


def enrolment(study: Study) -> list[tuple[dt.date, int]]:
    """Return how many subjects were randomised by each day on which one was."""
    days = Counter(Randomisation.objects.filter(study=study).values_list("on", flat=True))
    total, found = 0, []
    for day in sorted(days):
        total += days[day]
        found.append((day, total))
    return found
