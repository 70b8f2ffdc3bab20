"""Routes of quality control. What asks for a signature is done by people on pages; a token never signs."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from ninja import File, Form, Path, Router
from ninja.files import UploadedFile

from crdmo.common.materials.api import find_lot, find_sample
from crdmo.common.routes import (
    After,
    Format,
    Given,
    Limit,
    Listing,
    LongText,
    ProgramCode,
    Text,
    current,
    listed,
    permission,
    tag,
)
from crdmo.foundation.datasets import store
from crdmo.foundation.refusals import NotFound

from . import api_lines as lines
from . import imports
from .gates import gates_for_release
from .models import Analysis, Certificate, Instrument, Method, Reading, Reagent, Result, Specification, Worksheet
from .workflow import testing

router = Router()
Issue = Annotated[int, Path(ge=1, le=2**31 - 1)]


def _results(request: Any) -> Any:
    return Result.objects.filter(program=request.program).select_related(
        "test__criterion", "test__sample__lot", "entered_by", "verified_by"
    )


@router.get("/results", url_name="results", response=Listing[lines.ResultLine])
@permission("quality.view")
def results(
    request: Any,
    program: ProgramCode,
    after: After = 0,
    limit: Limit = 50,
    lot: Text = "",
    test: Text = "",
    format: Format = None,
) -> Any:
    """List results, of a lot or of a test if named."""
    rows = _results(request)
    rows = rows.filter(test__sample__lot__code=lot) if lot else rows
    rows = rows.filter(test__criterion__name=test) if test else rows
    return listed(rows, after, limit, lines.result_line, file=format, name="results")


@router.get("/results/{uuid:key}", url_name="result", response=lines.ResultRead)
@permission("quality.view")
def result(request: Any, response: HttpResponse, program: ProgramCode, key: UUID) -> dict[str, Any]:
    """Return a result with its raw readings."""
    found = _results(request).filter(pk=key).first()
    if found is None:
        raise NotFound("there is no such result", given=str(key))
    readings = found.test.readings.filter(round=found.round, is_void=False).order_by("replicate")
    tag(response, found.version)
    return {**lines.result_line(found), "readings": [lines.reading_line(r) for r in readings]}


@router.get("/lots/{code}/gates", url_name="lot_gates", response=lines.Gates)
@permission("quality.view")
def gates(request: Any, program: ProgramCode, code: str) -> dict[str, Any]:
    """Return what stands between a lot and its release."""
    found = gates_for_release(find_lot(request.program, code))
    return {"lot": code, "releasable": all(gate.met for gate in found), "gates": [gate.as_json() for gate in found]}


class NewTests(Given):
    """Which specification a sample is tested against."""

    specification: Text
    criteria: list[Text] = []


@router.post("/samples/{code}/tests", url_name="sample_tests", response=lines.Tests)
@permission("quality.assign_tests")
def assign(request: Any, program: ProgramCode, code: str, new: NewTests) -> dict[str, Any]:
    """Assign the tests of a sample."""
    found = (
        Specification.objects.filter(program=request.program, code=new.specification, state="approved", is_void=False)
        .order_by("-number")
        .first()
    )
    if found is None:
        raise NotFound("there is no such specification in force", given=new.specification)
    chosen = list(found.criteria.filter(name__in=new.criteria)) if new.criteria else []
    if missing := set(new.criteria) - {line.name for line in chosen}:
        raise NotFound("the specification has no such line", given=", ".join(sorted(missing)))
    made = testing.assign_tests(
        request.person, find_sample(request.program, code), specification=found, criteria=chosen
    )
    return {"items": [lines.test_line(t) for t in made]}


@router.get("/worksheets", url_name="worksheets", response=Listing[lines.WorksheetLine])
@permission("quality.view")
def worksheets(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List runs."""
    rows = Worksheet.objects.filter(program=request.program).select_related("method", "instrument", "analyst")
    return listed(rows, after, limit, lines.worksheet_line, file=format, name="worksheets")


class NewWorksheet(Given):
    """A run to open."""

    method: Text
    instrument: Text = ""
    reagents: list[Text] = []


@router.post("/worksheets/new", url_name="worksheet_new", response=lines.WorksheetLine)
@permission("quality.open_worksheet")
def open_worksheet(request: Any, program: ProgramCode, new: NewWorksheet) -> dict[str, Any]:
    """Open a run as the token's person."""
    laboratory = request.person.organization_id
    method = Method.objects.filter(organization=laboratory, code=new.method, state="effective").first()
    instrument = (
        Instrument.objects.filter(organization=laboratory, code=new.instrument).first() if new.instrument else None
    )
    reagents = list(Reagent.objects.filter(organization=laboratory, code__in=new.reagents))
    missing = [new.method] * (method is None) + [new.instrument] * bool(new.instrument and instrument is None)
    missing += sorted(set(new.reagents) - {reagent.code for reagent in reagents})
    if method is None or missing:
        raise NotFound("there is no such method in force, instrument or reagent", given=", ".join(missing))
    return lines.worksheet_line(
        testing.open_worksheet(request.person, request.program, method=method, instrument=instrument, reagents=reagents)
    )


def _sheet(request: Any, code: str) -> Worksheet:
    found = (
        Worksheet.objects.filter(program=request.program, code=code)
        .select_related("method", "instrument", "analyst")
        .first()
    )
    if found is None:
        raise NotFound("there is no such worksheet", given=code)
    return found


class Controls(Given):
    """Controls by name, as decimal text."""

    values: dict[str, Text]


@router.post("/worksheets/{code}/controls", url_name="worksheet_controls", response=lines.Controlled)
@permission("quality.record_controls")
def controls(request: Any, program: ProgramCode, code: str, given: Controls) -> dict[str, Any]:
    """Record the controls of a run."""
    sheet = _sheet(request, code)
    made = testing.record_controls(request.person, sheet, values=given.values)
    return {
        "state": sheet.state,
        "items": [{"name": c.name, "value": c.value, "limit": c.limit, "passes": c.passes} for c in made],
    }


class NewEntry(Given):
    """Readings for one test, as text."""

    sample: Text
    test: Text
    values: list[Text]
    names: list[Text] = []


class NewEntries(Given):
    """Readings of a run, as many as there are, all or nothing in one transaction."""

    entries: list[NewEntry]


@router.post("/worksheets/{code}/results", url_name="worksheet_results", response=lines.Results)
@permission("quality.enter_results")
def enter(request: Any, program: ProgramCode, code: str, given: NewEntries) -> dict[str, Any]:
    """Enter readings; each test is calculated, rounded and judged. One that cannot be taken refuses all."""
    sheet = _sheet(request, code)
    asked = [imports.Asked(line.sample, line.test, tuple(line.values), tuple(line.names)) for line in given.entries]
    made = testing.enter_results(
        request.person, sheet, imports.entries(request.program, asked), source=Reading.Source.API
    )
    return {"items": [lines.result_line(r) for r in made]}


@router.post("/worksheets/{code}/file", url_name="worksheet_file", response=lines.Results)
@permission("quality.enter_results")
def enter_file(request: Any, program: ProgramCode, code: str, file: File[UploadedFile]) -> dict[str, Any]:
    """Enter readings from an instrument's table: columns sample, test, value (optionally unit), a row a reading. Sealed as it came."""
    made = imports.enter_file(request.person, _sheet(request, code), file.name or "table.csv", file.read())
    return {"items": [lines.result_line(r) for r in made]}


def _reading(request: Any, key: UUID) -> Reading:
    found = (
        Reading.objects.filter(program=request.program, pk=key)
        .select_related("test__criterion", "worksheet__method")
        .first()
    )
    if found is None:
        raise NotFound("there is no such reading", given=str(key))
    return found


@router.get("/readings/{uuid:key}", url_name="reading", response=lines.ReadingLine)
@permission("quality.view")
def reading(request: Any, response: HttpResponse, program: ProgramCode, key: UUID) -> dict[str, Any]:
    """Return a reading; its ETag is what a correction names in If-Match."""
    found = _reading(request, key)
    tag(response, found.version)
    return lines.reading_line(found)


class Correction(Given):
    """A corrected reading with its reason, and the version that was read unless If-Match names it."""

    value: Text
    reason: LongText
    version: int | None = None


@router.post("/readings/{uuid:key}/correct", url_name="reading_correct", response=lines.ResultLine)
@permission("quality.correct_reading")
def correct(request: Any, program: ProgramCode, key: UUID, given: Correction) -> dict[str, Any]:
    """Correct a reading before it is verified."""
    found = _reading(request, key)
    current(request, found, given.version)
    return lines.result_line(testing.correct_reading(request.person, found, value=given.value, reason=given.reason))


def _analyses(request: Any) -> Any:
    return Analysis.objects.filter(program=request.program).select_related("dataset", "computed")


@router.get("/analyses", url_name="analyses", response=Listing[lines.AnalysisLine])
@permission("quality.view")
def analyses(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List evaluations."""
    return listed(_analyses(request), after, limit, lines.analysis_line, file=format, name="analyses")


@router.post("/analyses/new", url_name="analysis_new", response=lines.AnalysisLine)
@permission("quality.analyse_table")
def analyse(
    request: Any,
    program: ProgramCode,
    kind: Form[Text],
    title: Form[Text],
    file: File[UploadedFile],
    options: Form[str] = "",
    conclusion: Form[str] = "",
    lot: Form[str] = "",
) -> dict[str, Any]:
    """Upload a table (CSV, XLSX, JSON, Parquet), seal it, evaluate it. `options` holds NAME=VALUE, separated by semicolons."""
    about = find_lot(request.program, lot) if lot else None
    table = imports.read(file.name or "table.csv", file.read())
    given = imports.options([part for part in options.split(";") if part.strip()])
    made = imports.analyse(
        request.person, request.program, table, kind=kind, title=title, options=given, conclusion=conclusion, lot=about
    )
    return lines.analysis_line(made)


@router.get("/analyses/{code}", url_name="analysis", response=lines.AnalysisLine)
@permission("quality.view")
def analysis(request: Any, response: HttpResponse, program: ProgramCode, code: str) -> dict[str, Any]:
    """Return an evaluation with all that it gave."""
    found = _analyses(request).filter(code=code).first()
    if found is None:
        raise NotFound("there is no such evaluation", given=code)
    tag(response, found.version)
    return lines.analysis_line(found)


@router.get("/certificates/{code}/{issue}.{kind}", url_name="certificate_copy")
@permission("quality.view")
def certificate(request: Any, program: ProgramCode, code: str, issue: Issue, kind: str) -> HttpResponse:
    """Return a signed certificate as it was issued, as `pdf` or `json`."""
    found = Certificate.objects.filter(program=request.program, code=code, issue=issue).first()
    copy = found.copies.first() if found else None
    if copy is None or kind not in ("pdf", "json"):
        raise NotFound(
            "there is no such certificate",
            given=f"{code} issue {issue} as {kind}",
            allowed="pdf or json of a signed one",
        )
    blob, media = (copy.pdf, "application/pdf") if kind == "pdf" else (copy.json, "application/json")
    return HttpResponse(store.get(blob), content_type=media)
