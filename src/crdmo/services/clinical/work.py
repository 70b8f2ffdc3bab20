"""What waits in trials, by who may do it; site people see what waits at their site."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse

from crdmo.common.studies.models import Event, Study, Subject
from crdmo.common.work import Item, provides
from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Person, Program

from .models import DatabaseLock, DataQuery, Eligibility, Randomisation, RandomisationList
from .queries import pages_to_verify, queries_of, subjects_of
from .workflow.desks import is_unblinded

ROOM = "clinical"
MOST = 30


@provides(ROOM)
def work(person: Person, program: Program) -> Iterator[Item]:
    """Yield what this person can do next in the trials of a program."""
    allowed = authority.allowed(person, f"{ROOM}.", program.id)
    if not allowed:
        return
    studies = Study.objects.filter(program=program, kind=Study.Kind.CLINICAL, is_imported=False, is_void=False)
    for study in studies.select_related("program"):
        yield from _queries(person, study, allowed)
        yield from _subjects(person, study, allowed)
        yield from _trial(study, allowed)


def _url(name: str, study: Study, **more: str) -> str:
    assert study.program is not None
    return reverse(f"{ROOM}:{name}", kwargs={"program": study.program.code, "study": study.code, **more})


def _item(group: str, label: str, detail: str, url: str, study: Study, state: str) -> Item:
    assert study.program is not None
    return Item(group, label, detail, url, study.program.code, None, state)


def _queries(person: Person, study: Study, allowed: set[str]) -> Iterator[Item]:
    rows = queries_of(person, study).select_related("page__subject", "page__visit", "page__form", "study")
    for verb, state, group in (
        ("answer_query", DataQuery.State.OPEN, "Queries to answer"),
        ("close_query", DataQuery.State.ANSWERED, "Answers to judge"),
    ):
        if f"{ROOM}.{verb}" in allowed:
            for one in rows.filter(state=state).order_by("number")[:MOST]:
                yield _item(group, str(one), f"{one.page}: {one.text}"[:160], _url("queries", study), study, one.state)


def _subjects(person: Person, study: Study, allowed: set[str]) -> Iterator[Item]:
    mine = subjects_of(person, study).filter(state=Subject.State.SCREENED)
    decided = set(Eligibility.objects.filter(study=study, is_void=False).values_list("subject", flat=True))
    drawn = set(Randomisation.objects.filter(study=study).values_list("subject", flat=True))
    for one in mine.order_by("code")[:MOST]:
        url = _url("subject", study, code=one.code)
        if one.pk not in decided and f"{ROOM}.assess_eligibility" in allowed:
            yield _item("Eligibility to decide", one.code, "screened", url, study, "open")
        elif one.pk in decided and one.pk not in drawn and f"{ROOM}.randomise" in allowed:
            yield _item("To randomise", one.code, "eligible", url, study, "ready")
    if f"{ROOM}.verify_pages" in allowed:
        count = pages_to_verify(study).count()
        if count:
            yield _item(
                "To verify", study.code, f"{count} pages against the source", _url("verify", study), study, "open"
            )


def _trial(study: Study, allowed: set[str]) -> Iterator[Item]:
    if (
        f"{ROOM}.prepare_list" in allowed
        and study.state == Study.State.ACTIVE
        and not RandomisationList.objects.filter(study=study, is_void=False).exists()
    ):
        yield _item(
            "Trial", study.code, "the randomisation list is not prepared", _url("randomisation", study), study, "open"
        )
    locked = DatabaseLock.objects.filter(study=study, is_void=False).exists()
    if locked and f"{ROOM}.unblind_trial" in allowed and not is_unblinded(study):
        yield _item("Trial", study.code, "locked: it can be unblinded", _url("randomisation", study), study, "ready")
    if f"{ROOM}.open_query" in allowed:
        count = Event.objects.filter(study=study, domain="AE", serious="Y", outcome="UNKNOWN", is_void=False).count()
        if count:
            yield _item(
                "Safety", study.code, f"{count} serious events without outcome", _url("safety", study), study, "open"
            )
