"""Routes of quality control. What asks for a signature is done by people on pages; a token never signs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile

from crdmo.common.materials.api import find_lot, find_sample
from crdmo.common.routes import header, page, permission
from crdmo.foundation.datasets import store
from crdmo.foundation.refusals import Conflict, NotFound

from . import imports
from .gates import gates_for_release
from .models import Analysis, Certificate, Instrument, Method, Reading, Reagent, Result, Specification, Test, Worksheet
from .workflow import testing

router = Router()


def result_line(result: Result) -> dict[str, Any]:
    """Return a result as JSON: what was calculated, rounded and judged, and where its number comes from."""
    test = result.test
    return {**header(result), "test": test.criterion.name, "sample": test.sample.code, "lot": test.sample.lot.code, "round": result.round,
            "replicate": result.replicate, "calculated": result.calculated, "rounded": result.rounded, "unit": result.unit, "limit": result.limit,
            "passes": result.passes, "verdict": result.verdict, "state": result.state, "computed": str(result.computed_id or ""),
            "entered_by": result.entered_by.user_id, "verified_by": result.verified_by.user_id if result.verified_by else None}  # fmt: skip


def _results(request: Any) -> Any:
    return Result.objects.filter(program=request.program).select_related("test__criterion", "test__sample__lot", "entered_by", "verified_by")


@router.get("/results", url_name="results")
@permission("quality.view")
def results(request: Any, program: str, after: int = 0, limit: int = 50, lot: str = "", test: str = "") -> dict[str, Any]:
    """List results, of a lot or of a test if named."""
    rows = _results(request)
    rows = rows.filter(test__sample__lot__code=lot) if lot else rows
    rows = rows.filter(test__criterion__name=test) if test else rows
    return page(rows, after, limit, result_line)


@router.get("/results/{uuid:key}", url_name="result")
@permission("quality.view")
def result(request: Any, program: str, key: UUID) -> dict[str, Any]:
    """Return a result with its raw readings."""
    found = _results(request).filter(pk=key).first()
    if found is None:
        raise NotFound("there is no such result", given=str(key))
    readings = found.test.readings.filter(round=found.round, is_void=False).order_by("replicate")
    return {**result_line(found), "readings": [{"id": str(r.pk), "name": r.name, "value": r.value, "unit": r.unit, "version": r.version} for r in readings]}


@router.get("/lots/{code}/gates", url_name="lot_gates")
@permission("quality.view")
def gates(request: Any, program: str, code: str) -> dict[str, Any]:
    """Return what stands between a lot and its release."""
    found = gates_for_release(find_lot(request.program, code))
    return {"lot": code, "releasable": all(gate.met for gate in found), "gates": [gate.as_json() for gate in found]}


class NewTests(Schema):
    """Which specification a sample is tested against."""

    specification: str
    criteria: list[str] = []


@router.post("/samples/{code}/tests", url_name="sample_tests")
@permission("quality.assign_tests")
def assign(request: Any, program: str, code: str, new: NewTests) -> dict[str, Any]:
    """Assign the tests of a sample."""
    found = Specification.objects.filter(program=request.program, code=new.specification, state="approved", is_void=False).order_by("-number").first()
    if found is None:
        raise NotFound("there is no such specification in force", given=new.specification)
    chosen = list(found.criteria.filter(name__in=new.criteria)) if new.criteria else []
    if missing := set(new.criteria) - {line.name for line in chosen}:
        raise NotFound("the specification has no such line", given=", ".join(sorted(missing)))
    made = testing.assign_tests(request.person, find_sample(request.program, code), specification=found, criteria=chosen)
    return {"items": [{**header(t), "test": t.criterion.name, "state": t.state} for t in made]}


class NewWorksheet(Schema):
    """A run to open."""

    method: str
    instrument: str = ""
    reagents: list[str] = []


@router.post("/worksheets/new", url_name="worksheet_new")
@permission("quality.open_worksheet")
def open_worksheet(request: Any, program: str, new: NewWorksheet) -> dict[str, Any]:
    """Open a run as the token's person."""
    laboratory = request.person.organization_id
    method = Method.objects.filter(organization=laboratory, code=new.method, state="effective").first()
    instrument = Instrument.objects.filter(organization=laboratory, code=new.instrument).first() if new.instrument else None
    if method is None or (new.instrument and instrument is None):
        raise NotFound("there is no such method in force, or no such instrument", given=f"{new.method} {new.instrument}".strip())
    reagents = list(Reagent.objects.filter(organization=laboratory, code__in=new.reagents))
    sheet = testing.open_worksheet(request.person, request.program, method=method, instrument=instrument, reagents=reagents)
    return {**header(sheet), "code": sheet.code, "state": sheet.state}


def _sheet(request: Any, code: str) -> Worksheet:
    found = Worksheet.objects.filter(program=request.program, code=code).select_related("method", "instrument").first()
    if found is None:
        raise NotFound("there is no such worksheet", given=code)
    return found


class Controls(Schema):
    """Controls by name, as decimal text."""

    values: dict[str, str]


@router.post("/worksheets/{code}/controls", url_name="worksheet_controls")
@permission("quality.record_controls")
def controls(request: Any, program: str, code: str, given: Controls) -> dict[str, Any]:
    """Record the controls of a run."""
    sheet = _sheet(request, code)
    made = testing.record_controls(request.person, sheet, values=given.values)
    return {"state": sheet.state, "items": [{"name": c.name, "value": c.value, "limit": c.limit, "passes": c.passes} for c in made]}


class NewEntry(Schema):
    """Readings for one test, as text."""

    sample: str
    test: str
    values: list[str]
    names: list[str] = []


class NewEntries(Schema):
    """Readings of a run, all or nothing."""

    entries: list[NewEntry]


@router.post("/worksheets/{code}/results", url_name="worksheet_results")
@permission("quality.enter_results")
def enter(request: Any, program: str, code: str, given: NewEntries) -> dict[str, Any]:
    """Enter readings; each test is calculated, rounded and judged. One that cannot be taken refuses all."""
    sheet = _sheet(request, code)
    entries = []
    for place, line in enumerate(given.entries):
        test = Test.objects.filter(program=request.program, sample__code=line.sample, criterion__name=line.test, is_void=False).select_related("criterion__method", "sample__lot").first()
        if test is None:
            raise NotFound(f"entries/{place}: there is no such test", given=f"{line.test} of {line.sample}")
        entries.append(testing.Entry(test, tuple(line.values), tuple(line.names)))
    return {"items": [result_line(r) for r in testing.enter_results(request.person, sheet, entries, source=Reading.Source.API)]}


class Correction(Schema):
    """A corrected reading, with its reason and the version that was read."""

    value: str
    reason: str
    version: int


@router.post("/readings/{uuid:key}/correct", url_name="reading_correct")
@permission("quality.correct_reading")
def correct(request: Any, program: str, key: UUID, given: Correction) -> dict[str, Any]:
    """Correct a reading before it is verified."""
    found = Reading.objects.filter(program=request.program, pk=key).first()
    if found is None:
        raise NotFound("there is no such reading", given=str(key))
    if found.version != given.version:
        raise Conflict("the reading was changed since it was read", given=f"version {given.version}", allowed=f"version {found.version}")
    return result_line(testing.correct_reading(request.person, found, value=given.value, reason=given.reason))


def analysis_line(analysis: Analysis) -> dict[str, Any]:
    """Return an evaluation as JSON."""
    return {**header(analysis), "code": analysis.code, "kind": analysis.kind, "title": analysis.title, "state": analysis.state,
            "finding": analysis.finding, "conclusion": analysis.conclusion, "dataset": analysis.dataset.blob, "output": analysis.computed.output}  # fmt: skip


@router.get("/analyses", url_name="analyses")
@permission("quality.view")
def analyses(request: Any, program: str, after: int = 0, limit: int = 50) -> dict[str, Any]:
    """List evaluations."""
    return page(Analysis.objects.filter(program=request.program).select_related("dataset", "computed"), after, limit, analysis_line)


@router.post("/analyses/new", url_name="analysis_new")
@permission("quality.analyse_table")
def analyse(
    request: Any, program: str, kind: Form[str], title: Form[str], file: File[UploadedFile], options: Form[str] = "", conclusion: Form[str] = ""
) -> dict[str, Any]:
    """Upload a table (CSV, XLSX, JSON, Parquet), seal it, evaluate it. `options` holds NAME=VALUE, separated by semicolons."""
    table = imports.read(file.name or "table.csv", file.read())
    given = imports.options([part for part in options.split(";") if part.strip()])
    return analysis_line(imports.analyse(request.person, request.program, table, kind=kind, title=title, options=given, conclusion=conclusion))


@router.get("/certificates/{code}/{issue}.{kind}", url_name="certificate_copy")
@permission("quality.view")
def certificate(request: Any, program: str, code: str, issue: int, kind: str) -> HttpResponse:
    """Return a signed certificate as it was issued, as `pdf` or `json`."""
    found = Certificate.objects.filter(program=request.program, code=code, issue=issue).first()
    copy = found.copies.first() if found else None
    if copy is None or kind not in ("pdf", "json"):
        raise NotFound("there is no such certificate", given=f"{code} issue {issue} as {kind}", allowed="pdf or json of a signed one")
    blob, media = (copy.pdf, "application/pdf") if kind == "pdf" else (copy.json, "application/json")
    return HttpResponse(store.get(blob), content_type=media)
