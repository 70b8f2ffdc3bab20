"""Routes of trials. What asks for a signature, and whatever tells an arm, is done by people on pages."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import File, Router, Schema
from ninja.files import UploadedFile

from crdmo.common.routes import (
    After,
    Format,
    Given,
    Header,
    Limit,
    Listing,
    LongText,
    ProgramCode,
    Text,
    current,
    header,
    listed,
    permission,
    tag,
)
from crdmo.common.studies.models import Event, Study, Subject
from crdmo.foundation.refusals import NotFound
from crdmo.standards.cdisc import zipped

from . import queries
from .locking import checklist
from .models import CrfPage, DataQuery
from .sdtm.writing import files_of
from .workflow import blinding, exchange, forms, safety

router = Router()


class TrialLine(Header):
    """A trial."""

    code: str
    title: str
    phase: str
    indication: str
    blinding: str
    state: str
    imported: bool
    started_on: dt.date | None
    locked_on: dt.date | None


class SiteProgress(Schema):
    """How a site stands."""

    code: str
    name: str
    screened: int
    randomised: int
    ended: int
    pages: int
    open_queries: int
    oldest_query_days: int


class EnrolmentPoint(Schema):
    """How many subjects were randomised by a day."""

    on: dt.date
    randomised: int


class TrialRead(TrialLine):
    """A trial with its progress; no arm is in it."""

    planned: int
    enrolment: list[EnrolmentPoint]
    sites: list[SiteProgress]


class SubjectLine(Header):
    """A subject of a trial; treatment is a kit number, told on the subject's page."""

    code: str
    site: str
    sex: str
    age: str
    state: str
    screened_on: dt.date | None
    enrolled_on: dt.date | None
    reference_on: dt.date | None
    ended_on: dt.date | None


class PageLine(Header):
    """A page of a casebook; values as entered, by item."""

    subject: str
    visit: str
    form: str
    done_on: dt.date
    values: dict[str, dict[str, str]]
    verified: bool
    verified_items: dict[str, str]
    frozen: bool


class QueryLine(Header):
    """A query."""

    number: int
    subject: str
    visit: str
    form: str
    item: str
    by_check: str
    text: str
    state: str
    answer: str
    opened_at: dt.datetime


class EventLine(Header):
    """An adverse event."""

    subject: str
    term: str
    category: str
    starts: str
    ends: str
    severity: str
    serious: str
    criterion: str
    relation: str
    outcome: str


def _trial(one: Study) -> dict[str, Any]:
    return {
        **header(one), "code": one.code, "title": one.title, "phase": one.phase, "indication": one.indication,
        "blinding": one.blinding, "state": one.state, "imported": one.is_imported, "started_on": one.started_on,
        "locked_on": one.locked_on,
    }  # fmt: skip


def _subject(one: Subject) -> dict[str, Any]:
    return {
        **header(one), "code": one.code, "site": one.place.code if one.place else "", "sex": one.sex, "age": one.age,
        "state": one.state, "screened_on": one.screened_on, "enrolled_on": one.enrolled_on,
        "reference_on": one.reference_on, "ended_on": one.ended_on,
    }  # fmt: skip


def _page(one: CrfPage) -> dict[str, Any]:
    return {
        **header(one), "subject": one.subject.code, "visit": one.visit.code, "form": one.form.code,
        "done_on": one.done_on, "values": one.values, "verified": one.is_verified,
        "verified_items": one.verified_items, "frozen": one.is_frozen,
    }  # fmt: skip


def _query(one: DataQuery) -> dict[str, Any]:
    page = one.page
    return {
        **header(one), "number": one.number, "subject": page.subject.code, "visit": page.visit.code,
        "form": page.form.code, "item": one.item, "by_check": one.check_code, "text": one.text, "state": one.state,
        "answer": one.answer, "opened_at": one.opened_at,
    }  # fmt: skip


def _event(one: Event) -> dict[str, Any]:
    return {
        **header(one), "subject": one.subject.code, "term": one.term, "category": one.category, "starts": one.starts,
        "ends": one.ends, "severity": one.severity, "serious": one.serious,
        "criterion": one.details.get("criterion", ""), "relation": one.relation, "outcome": one.outcome,
    }  # fmt: skip


@router.get("/trials", url_name="clinical_trials", response=Listing[TrialLine])
@permission("clinical.view")
def trials(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List the trials of a program."""
    rows = Study.objects.filter(program=request.program, kind=Study.Kind.CLINICAL)
    return listed(rows, after, limit, _trial, file=format, name="trials")


@router.get("/trials/{study}", url_name="clinical_trial", response=TrialRead)
@permission("clinical.view")
def trial(request: Any, response: HttpResponse, program: ProgramCode, study: str) -> dict[str, Any]:
    """Return a trial with its progress."""
    found = queries.trial(request.program, study)
    tag(response, found.version)
    sites = [
        {
            "code": one.place.code, "name": one.place.name, "screened": one.screened, "randomised": one.randomised,
            "ended": one.ended, "pages": one.pages, "open_queries": one.open_queries, "oldest_query_days": one.oldest,
        }
        for one in queries.per_site(request.person, found, dt.datetime.now(dt.UTC))
    ]  # fmt: skip
    points = [{"on": day, "randomised": count} for day, count in queries.enrolment(found)]
    return {**_trial(found), "planned": int(found.details.get("target", 0)), "enrolment": points, "sites": sites}


@router.get("/trials/{study}/subjects", url_name="clinical_subjects", response=Listing[SubjectLine])
@permission("clinical.view_subjects")
def subjects(
    request: Any, program: ProgramCode, study: str, after: After = 0, limit: Limit = 50, format: Format = None
) -> Any:
    """List the subjects that the person may see."""
    found = queries.trial(request.program, study)
    return listed(queries.subjects_of(request.person, found), after, limit, _subject, file=format, name="subjects")


class Randomise(Given):
    """What randomisation asks."""

    stratum: Text


class Randomised(Header):
    """A randomisation: the number of the kit, and nothing of what is in it."""

    subject: str
    stratum: str
    number: int
    kit: str


@router.post("/trials/{study}/subjects/{code}/randomise", url_name="clinical_randomise", response=Randomised)
@permission("clinical.randomise")
def randomise(request: Any, program: ProgramCode, study: str, code: str, given: Randomise) -> dict[str, Any]:
    """Randomise an eligible subject; the answer is the number of a kit."""
    found = queries.find_subject(request.person, queries.trial(request.program, study), code)
    made = blinding.randomise(request.person, found, stratum=given.stratum)
    return {**header(made), "subject": code, "stratum": made.stratum, "number": made.number, "kit": made.kit.number}


@router.get("/trials/{study}/pages", url_name="clinical_pages", response=Listing[PageLine])
@permission("clinical.view_subjects")
def pages(
    request: Any,
    program: ProgramCode,
    study: str,
    after: After = 0,
    limit: Limit = 50,
    subject: Text = "",
    format: Format = None,
) -> Any:
    """List pages of casebooks, of one subject if named."""
    rows = queries.pages_of(request.person, queries.trial(request.program, study))
    rows = rows.filter(subject__code=subject) if subject else rows
    return listed(rows, after, limit, _page, file=format, name="pages")


class Value(Given):
    """A value with its unit, or why there is none."""

    value: Text = ""
    unit: Text = ""
    not_done: Text = ""


class Save(Given):
    """A page to save. A change names the version that was read and its reason."""

    done_on: dt.date
    values: dict[str, Value]
    reason: LongText = ""
    version: int = 0


@router.put("/trials/{study}/subjects/{code}/{visit}/{form}", url_name="clinical_page_save", response=PageLine)
@permission("clinical.save_page")
def save(
    request: Any,
    response: HttpResponse,
    program: ProgramCode,
    study: str,
    code: str,
    visit: str,
    form: str,
    given: Save,
) -> dict[str, Any]:
    """Save a page; what is odd about it opens queries."""
    found = queries.find_subject(request.person, queries.trial(request.program, study), code)
    stands = queries.find_page(request.person, found.study, code, visit, form)
    if stands is not None:
        current(request, stands, given.version or None)
    made = forms.save_page(
        request.person,
        found,
        visit=visit,
        form=form,
        done_on=given.done_on,
        values={item: one.model_dump() for item, one in given.values.items()},
        expected=stands.version if stands else 0,
        reason=given.reason,
    )
    tag(response, made.version)
    return _page(made)


@router.get("/trials/{study}/queries", url_name="clinical_queries", response=Listing[QueryLine])
@permission("clinical.view_subjects")
def query_list(
    request: Any,
    program: ProgramCode,
    study: str,
    after: After = 0,
    limit: Limit = 50,
    state: Text = "",
    format: Format = None,
) -> Any:
    """List queries, in one state if named."""
    rows = queries.queries_of(request.person, queries.trial(request.program, study))
    rows = rows.select_related("page__subject", "page__visit", "page__form")
    rows = rows.filter(state=state) if state else rows
    return listed(rows, after, limit, _query, file=format, name="queries")


class Ask(Given):
    """One question about many pages, by their ids; about an item of each, or each as a whole."""

    pages: list[UUID]
    item: Text = ""
    text: LongText


class Asked(Schema):
    """The queries that were opened, one a page."""

    items: list[QueryLine]


@router.post("/trials/{study}/queries/ask", url_name="clinical_queries_open", response=Asked)
@permission("clinical.open_queries")
def ask(request: Any, program: ProgramCode, study: str, given: Ask) -> dict[str, Any]:
    """Ask the same about many pages, all or none."""
    found = queries.trial(request.program, study)
    wanted = list(dict.fromkeys(given.pages))
    rows = {
        one.pk: one for one in queries.pages_of(request.person, found).filter(pk__in=wanted).select_related("study")
    }
    if lost := [str(one) for one in wanted if one not in rows]:
        raise NotFound("there is no such page", given=lost[0])
    made = forms.open_queries(request.person, [rows[one] for one in wanted], item=given.item, text=given.text)
    return {"items": [_query(one) for one in made]}


class Verify(Given):
    """Items of a page by code; `done_on` is the day."""

    items: list[Text]


@router.post("/trials/{study}/pages/{uuid:key}/verify", url_name="clinical_items_verify", response=PageLine)
@permission("clinical.verify_items")
def verify(request: Any, program: ProgramCode, study: str, key: UUID, given: Verify) -> dict[str, Any]:
    """Verify items of a page against the source."""
    rows = queries.pages_of(request.person, queries.trial(request.program, study)).select_related("study")
    found = rows.filter(pk=key).first()
    if found is None:
        raise NotFound("there is no such page", given=str(key))
    return _page(forms.verify_items(request.person, found, given.items))


class Answer(Given):
    """An answer to a query."""

    answer: LongText


def _find_query(request: Any, study: str, key: UUID) -> DataQuery:
    rows = queries.queries_of(request.person, queries.trial(request.program, study))
    found = rows.filter(pk=key).select_related("study", "page__subject__place", "page__visit", "page__form").first()
    if found is None:
        raise NotFound("there is no such query", given=str(key))
    return found


@router.post("/trials/{study}/queries/{uuid:key}/answer", url_name="clinical_query_answer", response=QueryLine)
@permission("clinical.answer_query")
def answer(request: Any, program: ProgramCode, study: str, key: UUID, given: Answer) -> dict[str, Any]:
    """Answer an open query."""
    return _query(forms.answer_query(request.person, _find_query(request, study, key), answer=given.answer))


@router.post("/trials/{study}/queries/{uuid:key}/close", url_name="clinical_query_close", response=QueryLine)
@permission("clinical.close_query")
def close(request: Any, program: ProgramCode, study: str, key: UUID) -> dict[str, Any]:
    """Close an answered query."""
    return _query(forms.close_query(request.person, _find_query(request, study, key)))


@router.get("/trials/{study}/events", url_name="clinical_events", response=Listing[EventLine])
@permission("clinical.view_subjects")
def events(
    request: Any, program: ProgramCode, study: str, after: After = 0, limit: Limit = 50, format: Format = None
) -> Any:
    """List adverse events."""
    rows = queries.events_of(request.person, queries.trial(request.program, study))
    return listed(rows, after, limit, _event, file=format, name="events")


class Report(Given):
    """An adverse event to report."""

    subject: Text
    term: Text
    starts: Text
    severity: Text
    relation: Text
    serious: Text
    criterion: Text = ""
    category: Text = ""
    outcome: Text = "UNKNOWN"
    ends: Text = ""


@router.post("/trials/{study}/events/report", url_name="clinical_event_report", response=EventLine)
@permission("clinical.report_event")
def report(request: Any, program: ProgramCode, study: str, given: Report) -> dict[str, Any]:
    """Report an adverse event."""
    values = given.model_dump()
    found = queries.find_subject(request.person, queries.trial(request.program, study), values.pop("subject"))
    return _event(safety.report_event(request.person, found, **values))


class ChecklistLine(Schema):
    """A line of the lock's checklist."""

    what: str
    met: bool
    count: int
    open: list[str]


class Checklist(Schema):
    """What stands between a trial and its lock."""

    items: list[ChecklistLine]


@router.get("/trials/{study}/checklist", url_name="clinical_checklist", response=Checklist)
@permission("clinical.view_subjects")
def lock_checklist(request: Any, program: ProgramCode, study: str) -> dict[str, Any]:
    """Return the checklist of the lock."""
    lines = checklist(queries.trial(request.program, study))
    return {
        "items": [{"what": one.what, "met": one.is_met, "count": one.count, "open": list(one.open)} for one in lines]
    }


@router.get("/trials/{study}/sdtm.zip", url_name="clinical_sdtm", response={200: bytes})
@permission("clinical.export_sdtm")
def sdtm(request: Any, program: ProgramCode, study: str) -> HttpResponse:
    """Return a trial as a zip of SDTM transport files."""
    found = queries.trial(request.program, study)
    response = HttpResponse(zipped(files_of(found)), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{found.code}-sdtm.zip"'
    return response


@router.post("/sdtm", url_name="clinical_sdtm_import", response=TrialLine)
@permission("clinical.import_sdtm")
def bring(request: Any, program: ProgramCode, file: File[UploadedFile]) -> dict[str, Any]:
    """Bring a zip of SDTM transport files in as a trial, all of it or nothing."""
    made = exchange.import_sdtm(request.person, request.program, file_name=file.name or "sdtm.zip", data=file.read())
    return _trial(made)
