"""What stands between a trial and the lock of its database, each with what is still open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from crdmo.common.studies.models import Event, ScheduledActivity, Study, Subject
from crdmo.common.studies.queries import in_force

from .models import Casebook, CrfPage, DataQuery, Randomisation
from .workflow.forms import digest_of

MOST = 8


@dataclass(frozen=True)
class Line:
    """One line of the checklist: what is asked, how many are open, and the first of them."""

    what: str
    count: int
    open: tuple[str, ...]

    @property
    def is_met(self) -> bool:
        """Whether nothing is open."""
        return self.count == 0


def _line(what: str, still: Sequence[Any]) -> Line:
    return Line(what, len(still), tuple(map(str, still[:MOST])))


def _pages_line(what: str, still: QuerySet[CrfPage]) -> Line:
    first = still.select_related("subject", "visit", "form").order_by("subject__code", "visit__day", "form__code")
    return Line(what, still.count(), tuple(map(str, first[:MOST])))


def checklist(study: Study) -> list[Line]:
    """Return the checklist of the lock; it can be taken when every line is met."""
    subjects = list(study.subjects.filter(is_void=False).order_by("code"))
    entered = CrfPage.objects.filter(study=study, is_void=False)
    have: dict[UUID, set[tuple[str, str]]] = {}
    for subject, visit, form in entered.values_list("subject", "visit__code", "form__code"):
        have.setdefault(subject, set()).add((visit, form))
    queries = DataQuery.objects.filter(study=study, is_void=False).exclude(state=DataQuery.State.CLOSED)
    books = {one.subject_id: one for one in Casebook.objects.filter(study=study, is_void=False)}
    randomised = set(Randomisation.objects.filter(study=study).values_list("subject", flat=True))
    told: dict[UUID, list[CrfPage]] = {}
    signed = [key for key, book in books.items() if book.digest]
    for page in entered.filter(subject__in=signed).only("subject", "saved", "done_on", "values"):
        told.setdefault(page.subject_id, []).append(page)
    unsigned = [
        one.code
        for one in subjects
        if one.pk in have and (one.pk not in books or books[one.pk].digest != digest_of(told.get(one.pk, ())))
    ]
    return [
        _line("Every subject's part is ended", [one.code for one in subjects if one.is_in_study]),
        _line("Every form of a completed subject is entered", _missing(study, subjects, randomised, have)),
        _line("Every query is closed", list(queries.order_by("number"))),
        _pages_line("Every page is verified against the source", entered.exclude(verified=F("saved"))),
        _pages_line("Every page is frozen", entered.filter(is_frozen=False)),
        _line("Every casebook is signed as it stands", unsigned),
        _line("Every adverse event has an outcome", _open_events(study)),
    ]


def _missing(
    study: Study, subjects: list[Subject], randomised: set[UUID], have: dict[UUID, set[tuple[str, str]]]
) -> list[str]:
    """Return the forms that are due and not there, of subjects who went through the whole trial."""
    marks = in_force(study, ScheduledActivity)
    found = []
    for one in subjects:
        if one.state != Subject.State.COMPLETED or one.pk not in randomised:
            continue
        there = have.get(one.pk, set())
        found += [f"{one.code}: {mark}" for mark in marks if (mark.visit.code, mark.activity.code) not in there]
    return found


def _open_events(study: Study) -> list[str]:
    rows = Event.objects.filter(study=study, domain="AE", outcome="UNKNOWN", is_void=False).select_related("subject")
    return [f"{one.subject.code}: {one.term}" for one in rows.order_by("subject__code", "starts")]
