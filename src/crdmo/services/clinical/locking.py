"""What stands between a trial and the lock of its database, each with what is still open."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

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


def _line(what: str, still: list[str]) -> Line:
    return Line(what, len(still), tuple(still[:MOST]))


def checklist(study: Study) -> list[Line]:
    """Return the checklist of the lock; it can be taken when every line is met."""
    subjects = list(study.subjects.filter(is_void=False).order_by("code"))
    pages = list(CrfPage.objects.filter(study=study, is_void=False).select_related("subject", "visit", "form"))
    of: dict[UUID, list[CrfPage]] = {}
    for page in pages:
        of.setdefault(page.subject_id, []).append(page)
    queries = DataQuery.objects.filter(study=study, is_void=False).exclude(state=DataQuery.State.CLOSED)
    books = {one.subject_id: one for one in Casebook.objects.filter(study=study, is_void=False)}
    randomised = set(Randomisation.objects.filter(study=study).values_list("subject", flat=True))
    unsigned = [
        one.code
        for one in subjects
        if of.get(one.pk) and (one.pk not in books or books[one.pk].digest != digest_of(of[one.pk]))
    ]
    return [
        _line("Every subject's part is ended", [one.code for one in subjects if one.is_in_study]),
        _line("Every form of a completed subject is entered", _missing(study, subjects, randomised, of)),
        _line("Every query is closed", [str(one) for one in queries.order_by("number")]),
        _line("Every page is verified against the source", [str(one) for one in pages if not one.is_verified]),
        _line("Every page is frozen", [str(one) for one in pages if not one.is_frozen]),
        _line("Every casebook is signed as it stands", unsigned),
        _line("Every adverse event has an outcome", _open_events(study)),
    ]


def _missing(study: Study, subjects: list[Subject], randomised: set[UUID], of: dict[UUID, list[CrfPage]]) -> list[str]:
    """Return the forms that are due and not there, of subjects who went through the whole trial."""
    marks = in_force(study, ScheduledActivity)
    found = []
    for one in subjects:
        if one.state != Subject.State.COMPLETED or one.pk not in randomised:
            continue
        have = {(page.visit.code, page.form.code) for page in of.get(one.pk, [])}
        found += [f"{one.code}: {mark}" for mark in marks if (mark.visit.code, mark.activity.code) not in have]
    return found


def _open_events(study: Study) -> list[str]:
    rows = Event.objects.filter(study=study, domain="AE", outcome="UNKNOWN", is_void=False).select_related("subject")
    return [f"{one.subject.code}: {one.term}" for one in rows.order_by("subject__code", "starts")]
