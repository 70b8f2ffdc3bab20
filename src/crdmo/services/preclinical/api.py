"""Routes of preclinical studies. What asks for a signature is done by people on pages; a token never signs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpResponse
from ninja import File, Form, Router, Schema
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
from crdmo.common.studies.models import Arm, Finding, Study, Subject
from crdmo.common.studies.queries import arms_of, in_force
from crdmo.foundation.refusals import NotFound
from crdmo.standards.cdisc import zipped

from . import imports, queries, toxicokinetics
from .models import Inspection
from .send import importing, reading, writing
from .workflow import records

router = Router()


class StudyLine(Header):
    """A nonclinical study."""

    code: str
    title: str
    species: str
    strain: str
    director: str | None
    glp: bool
    imported: bool
    started_on: dt.date | None
    completed_on: dt.date | None
    locked_on: dt.date | None
    state: str


class GroupLine(Schema):
    """A dose group as it stands; doses are text, because 10.0 is not 10."""

    code: str
    name: str
    dose: str
    unit: str
    control: bool


class StudyRead(StudyLine):
    """A study with its groups."""

    groups: list[GroupLine]


class AnimalLine(Header):
    """An animal with its group."""

    code: str
    sex: str
    group: str
    cage: str
    reference_on: dt.date | None
    ended_on: dt.date | None
    state: str


class FindingLine(Header):
    """A finding as it was collected."""

    animal: str
    domain: str
    test: str
    name: str
    specimen: str
    day: str
    time_point: str
    on: str
    value: str
    unit: str
    not_done: bool
    why_not: str


class ExposureLine(Schema):
    """The exposure of one animal on one day, with the result that says how it was computed."""

    animal: str
    sex: str
    group: str
    day: str
    unit: str
    cmax: float
    tmax: float
    auc_last: float
    auc_tau: float | None
    half_life: float | None
    flags: list[str]
    result: str


class Exposures(Schema):
    """The exposure of all animals of a study."""

    items: list[ExposureLine]


class InspectionLine(Header):
    """An inspection by quality assurance."""

    code: str
    study: str
    phase: str
    on: dt.date
    inspector: str
    reported_to_director: dt.date | None
    reported_to_management: dt.date | None
    state: str


def _study(one: Study) -> dict[str, Any]:
    return {
        **header(one), "code": one.code, "title": one.title, "species": one.species, "strain": one.strain,
        "director": one.lead.printed_name if one.lead else None, "glp": one.is_glp, "imported": one.is_imported,
        "started_on": one.started_on, "completed_on": one.completed_on, "locked_on": one.locked_on, "state": one.state,
    }  # fmt: skip


def finding_line(one: Finding) -> dict[str, Any]:
    """Return a finding as it is listed."""
    return {
        **header(one), "animal": one.subject.code, "domain": one.domain, "test": one.code, "name": one.name,
        "specimen": one.specimen, "day": one.visit.code if one.visit else str(one.study_day or ""),
        "time_point": one.time_point, "on": one.starts, "value": one.value, "unit": one.unit, "not_done": one.not_done,
        "why_not": one.why_not,
    }  # fmt: skip


@router.get("/studies", url_name="preclinical_studies", response=Listing[StudyLine])
@permission("preclinical.view")
def studies(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List the nonclinical studies of a program."""
    rows = Study.objects.filter(program=request.program, kind=Study.Kind.NONCLINICAL).select_related("lead")
    return listed(rows, after, limit, _study, file=format, name="studies")


@router.get("/studies/{code}", url_name="preclinical_study", response=StudyRead)
@permission("preclinical.view")
def study(request: Any, response: HttpResponse, program: ProgramCode, code: str) -> dict[str, Any]:
    """Return a study with its groups."""
    found = queries.study_of(request.program, code)
    tag(response, found.version)
    groups = [
        {"code": arm.code, "name": arm.name, "dose": arm.dose, "unit": arm.unit, "control": arm.is_control}
        for arm in in_force(found, Arm)
    ]
    return {**_study(found), "groups": groups}


@router.get("/studies/{code}/animals", url_name="preclinical_animals", response=Listing[AnimalLine])
@permission("preclinical.view")
def animals(
    request: Any, program: ProgramCode, code: str, after: After = 0, limit: Limit = 50, format: Format = None
) -> Any:
    """List the animals of a study."""
    found = queries.study_of(request.program, code)
    rows = Subject.objects.filter(study=found).select_related("place")
    placed = arms_of(rows)

    def line(one: Subject) -> dict[str, Any]:
        arm = placed.get(one.id)
        return {
            **header(one), "code": one.code, "sex": one.sex, "group": arm.code if arm else "",
            "cage": one.place.code if one.place else "", "reference_on": one.reference_on, "ended_on": one.ended_on,
            "state": one.state,
        }  # fmt: skip

    return listed(rows, after, limit, line, file=format, name="animals")


@router.get("/studies/{code}/findings", url_name="preclinical_findings", response=Listing[FindingLine])
@permission("preclinical.view")
def findings(
    request: Any,
    program: ProgramCode,
    code: str,
    after: After = 0,
    limit: Limit = 50,
    domain: Text = "",
    format: Format = None,
) -> Any:
    """List the findings of a study, of one domain if named."""
    found = queries.study_of(request.program, code)
    rows = Finding.objects.filter(study=found).select_related("subject", "visit")
    rows = rows.filter(domain=domain) if domain else rows
    return listed(rows, after, limit, finding_line, file=format, name="findings")


class Taken(Schema):
    """What came of a table."""

    recorded: int


@router.post("/studies/{code}/findings/table", url_name="preclinical_findings_table", response=Taken)
@permission("preclinical.record_findings")
def bring(
    request: Any, program: ProgramCode, code: str, file: File[UploadedFile], reason: Form[str] = ""
) -> dict[str, int]:
    """Record the findings of a table, all or none: animal, day, test, value, unit; specimen, time, date where they apply."""
    found = queries.study_of(request.program, code)
    rows = imports.read_findings(found, file.read(), file.name or "table.csv")
    return {"recorded": len(records.record_findings(request.person, found, rows, reason=reason))}


class Correction(Given):
    """A corrected value, with its reason and the version that was read."""

    value: Text
    reason: LongText
    version: int | None = None


@router.post("/studies/{code}/findings/{key}/correct", url_name="preclinical_finding_correct", response=FindingLine)
@permission("preclinical.correct_finding")
def correct(
    request: Any, response: HttpResponse, program: ProgramCode, code: str, key: str, given: Correction
) -> dict[str, Any]:
    """Correct a finding; what it was stays in its history."""
    found = queries.study_of(request.program, code)
    rows = Finding.objects.filter(study=found, is_void=False).select_related("subject", "visit", "study")
    one = next((row for row in rows.filter(pk=key)), None) if _is_key(key) else None
    if one is None:
        raise NotFound("there is no such finding", given=key)
    current(request, one, given.version)
    made = records.correct_finding(request.person, one, value=given.value, reason=given.reason)
    tag(response, made.version)
    return finding_line(made)


def _is_key(key: str) -> bool:
    return len(key) == 36 and all(c in "0123456789abcdefABCDEF-" for c in key) and key.count("-") == 4


@router.get("/studies/{code}/exposure", url_name="preclinical_exposure", response=Exposures)
@permission("preclinical.view")
def exposure(request: Any, program: ProgramCode, code: str) -> dict[str, Any]:
    """Return the exposure of each animal."""
    found = queries.study_of(request.program, code)
    return {
        "items": [
            {
                "animal": line["animal"], "sex": line["sex"], "group": line["arm"], "day": line["visit"],
                "unit": line["unit"], "cmax": line["cmax"], "tmax": line["tmax"], "auc_last": line["auc"],
                "auc_tau": line["auc_tau"], "half_life": line["half_life"], "flags": line["flags"],
                "result": str(line["result"].id),
            }
            for line in toxicokinetics.lines(found)
        ]
    }  # fmt: skip


ARCHIVE = {"responses": {200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}}}


@router.get("/studies/{code}/send", url_name="preclinical_send", openapi_extra=ARCHIVE)
@permission("preclinical.view")
def send(request: Any, program: ProgramCode, code: str) -> HttpResponse:
    """Return the study as a SEND package, a ZIP of transport files."""
    found = queries.study_of(request.program, code)
    response = HttpResponse(zipped(writing.package(found)), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{found.code}-send.zip"'
    return response


@router.post("/packages", url_name="preclinical_package", response=StudyLine)
@permission("preclinical.import_send")
def package(request: Any, program: ProgramCode, file: File[UploadedFile], code: Form[str] = "") -> dict[str, Any]:
    """Bring a SEND package in as a study: a ZIP of transport files, dm.xpt among them."""
    files = reading.unzipped(file.read())
    return _study(importing.import_send(request.person, request.program, files, code=code))


@router.get("/inspections", url_name="preclinical_inspections", response=Listing[InspectionLine])
@permission("preclinical.view")
def inspections(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List the inspections of quality assurance."""
    rows = Inspection.objects.filter(program=request.program).select_related("study", "inspector")

    def line(one: Inspection) -> dict[str, Any]:
        return {
            **header(one), "code": one.code, "study": one.study.code, "phase": one.phase, "on": one.on,
            "inspector": one.inspector.printed_name, "reported_to_director": one.reported_to_director,
            "reported_to_management": one.reported_to_management, "state": one.state,
        }  # fmt: skip

    return listed(rows, after, limit, line, file=format, name="inspections")
