"""What waits at the desks of a study, by who may do it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.urls import reverse

from crdmo.common.studies.models import ProtocolVersion, Study
from crdmo.common.work import Item, provides
from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.signing import Meaning, signatures_of_many

from .models import Inspection, InspectionFinding, StudyReport

MOST = 50


@provides("preclinical")
def work(person: Person, program: Program) -> Iterator[Item]:
    """Yield what this person can do next in the studies of a program."""
    allowed = authority.allowed(person, "preclinical.", program.id)
    if not allowed & {
        "preclinical.draft_protocol",
        "preclinical.record_findings",
        "preclinical.review_protocol",
        "preclinical.approve_protocol",
    }:
        return
    yield from _protocols(person, program, allowed)
    yield from _days(program, allowed)
    yield from _inspections(person, program, allowed)
    yield from _reports(program, allowed)


def _url(program: Program, page: str, study: Study, **more: str) -> str:
    return reverse(f"preclinical:{page}", kwargs={"program": program.code, "code": study.code, **more})


def _protocols(person: Person, program: Program, allowed: set[str]) -> Iterator[Item]:
    rows = ProtocolVersion.objects.filter(
        program=program, study__kind=Study.Kind.NONCLINICAL, study__is_imported=False, is_void=False
    )
    open_ones = list(rows.filter(state__in=("draft", "final")).select_related("study")[:MOST])
    given = signatures_of_many(open_ones) if open_ones else {}
    for one in open_ones:
        have = {m.meaning for m in given[one.id] if m.holds}
        mine = one.study.lead_id == person.id
        url, due = _url(program, "protocol", one.study), one.study.starts_on
        if one.state == "draft":
            if "preclinical.offer_protocol" in allowed and mine:
                yield Item("Protocols", one.study.code, "to be finished and offered", url, program.code, due, one.state)
        elif Meaning.REVIEWED not in have:
            if "preclinical.review_protocol" in allowed:
                yield Item("To review", str(one), "GLP review of the protocol", url, program.code, due, one.state)
        elif Meaning.AUTHORED not in have:
            if "preclinical.sign_protocol" in allowed and mine:
                yield Item("To sign", str(one), "the study starts with it", url, program.code, due, one.state)
        elif "preclinical.approve_protocol" in allowed:
            yield Item("To approve", str(one), "signed by the study director", url, program.code, due, one.state)


def _days(program: Program, allowed: set[str]) -> Iterator[Item]:
    """Yield the days on which something is due or overdue, for who records."""
    if "preclinical.record_findings" not in allowed:
        return
    from .queries import marks  # noqa: PLC0415 — only who records pays for it

    today = dt.datetime.now(dt.UTC).date()
    running = Study.objects.filter(program=program, kind=Study.Kind.NONCLINICAL, state="active", is_void=False)
    for study in running.order_by("code")[:10]:
        for mark in marks(study, today):
            if mark.state in ("due", "overdue") and mark.activity.items:
                url = _url(program, "record", study, visit=mark.visit.code, activity=mark.activity.code)
                detail = f"{mark.visit.name}: {mark.activity.name}, {mark.done} of {mark.expected} animals"
                yield Item("To record", study.code, detail, url, program.code, None, mark.state)


def _inspections(person: Person, program: Program, allowed: set[str]) -> Iterator[Item]:
    if "preclinical.record_inspection" in allowed:
        rows = Inspection.objects.filter(program=program, is_void=False).exclude(state="closed").select_related("study")
        for one in rows[:MOST]:
            waits = one.findings.filter(state="open", is_void=False).exists()
            if one.state == "performed":
                yield Item("Inspections", str(one), "to be reported", _url(program, "quality", one.study), program.code)
            elif not waits:
                yield Item(
                    "Inspections", str(one), "answered, to be closed", _url(program, "quality", one.study), program.code
                )
    if "preclinical.answer_inspection" in allowed:
        found = InspectionFinding.objects.filter(program=program, state="open", is_void=False)
        for finding in found.filter(inspection__state="reported").select_related("inspection__study")[:MOST]:
            study = finding.inspection.study
            if study.lead_id == person.id or "preclinical.approve_protocol" in allowed:
                yield Item("To answer", str(finding), finding.text[:120], _url(program, "quality", study), program.code)


def _reports(program: Program, allowed: set[str]) -> Iterator[Item]:
    for state, verb, group in (
        ("offered", "preclinical.review_report", "To review"),
        ("reviewed", "preclinical.approve_report", "To approve"),
    ):
        if verb in allowed:
            rows = StudyReport.objects.filter(program=program, state=state, is_void=False).select_related("study")
            for one in rows[:MOST]:
                yield Item(group, str(one), one.get_state_display(), _url(program, "report", one.study), program.code)
