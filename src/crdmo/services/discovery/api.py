"""Routes of discovery. What asks for a signature is done by people on pages; a token never signs."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

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
    header,
    listed,
    permission,
    tag,
)

from . import queries, registry
from . import search as searching
from .models import Assay, Compound, Curve, Potency, Run, Upload
from .potency import shown
from .workflow import assays as assaying
from .workflow import registration

router = Router()


class CompoundLine(Header):
    """A compound; the weight is text, because 407.30 is not 407.3."""

    code: str
    name: str
    smiles: str
    inchi_key: str
    stereo: str
    formula: str
    weight: str


class HitLine(CompoundLine):
    """A compound that a search found; the similarity only where that was asked for."""

    similarity: float | None


class SearchRead(Schema):
    """What a search found; what a query may mean otherwise; whether these are all hits."""

    hits: list[HitLine]
    notes: list[str]
    complete: bool


class LotRead(Schema):
    """A lot of a form."""

    code: str
    source_name: str


class FormRead(Schema):
    """A form of a compound, with its stoichiometry and lots."""

    code: str
    name: str
    weight: str
    parts: list[dict[str, Any]]
    lots: list[LotRead]


class CompoundRead(CompoundLine):
    """A compound with its forms."""

    forms: list[FormRead]


class UploadLine(Header):
    """An upload of structures."""

    code: str
    kind: str
    records: int
    state: str


class VerdictLine(Schema):
    """What a record of an upload is, and why."""

    number: int
    name: str
    decision: str
    reason: str
    parent: str | None
    form: str | None
    weight: float | None


class UploadRead(UploadLine):
    """An upload with what each record of it is."""

    verdicts: list[VerdictLine]


class AssayLine(Header):
    """An assay."""

    code: str
    title: str
    target: str
    readout: str
    wells: int
    z_prime: str


class RunLine(Header):
    """A run of an assay."""

    code: str
    assay: str
    performed_on: dt.date
    state: str
    conclusion: str


class CurveLine(Header):
    """A curve: its IC50 in nM with qualifier and interval, or why there is none."""

    run: str
    plate: str
    lot: str
    compound: str
    state: str
    qualifier: str | None
    ic50_nm: float | None
    lower: float | None
    upper: float | None
    no_curve: str
    result: str | None


class PotencyLine(Header):
    """The reported potency of a compound in an assay."""

    compound: str
    assay: str
    qualifier: str
    pic50: float
    lower: float | None
    upper: float | None
    curves: int
    result: str


def compound_line(one: Compound) -> dict[str, Any]:
    """Return a compound as JSON."""
    names = ("code", "name", "smiles", "inchi_key", "formula", "weight")
    return {**header(one), **{name: getattr(one, name) for name in names}, "stereo": one.stereo_kind}


@router.get("/compounds", url_name="compounds", response=Listing[CompoundLine])
@permission("discovery.view")
def compounds(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List the compounds of a program."""
    return listed(
        Compound.objects.filter(program=request.program), after, limit, compound_line, file=format, name="compounds"
    )


@router.get("/compounds/search", url_name="compound_search", response=SearchRead)
@permission("discovery.view")
def search(
    request: Any,
    program: ProgramCode,
    structure: LongText,
    how: Text = "exact",
    least: float = searching.LEAST_SIMILAR,
    measure: Text = "tanimoto",
) -> dict[str, Any]:
    """Search by structure: exact, substructure (SMARTS), or similar (tanimoto or dice from `least`), most similar first."""
    found = searching.search(request.program, structure, how, least=least, measure=measure)
    hits = [{**compound_line(hit.compound), "similarity": hit.similarity} for hit in found.hits]
    return {"hits": hits, "notes": found.notes, "complete": found.complete}


@router.get("/compounds/{code}", url_name="compound", response=CompoundRead)
@permission("discovery.view")
def compound(request: Any, response: HttpResponse, program: ProgramCode, code: str) -> dict[str, Any]:
    """Return a compound with its forms and lots."""
    found = queries.find_compound(request.program, code)
    tag(response, found.version)
    forms = [
        {
            "code": form.code, "name": form.name, "weight": form.weight, "parts": form.parts,
            "lots": [{"code": lot.code, "source_name": lot.source_name} for lot in form.lots.order_by("code")],
        }
        for form in found.forms.filter(is_void=False).order_by("code")
    ]  # fmt: skip
    return {**compound_line(found), "forms": forms}


def upload_line(one: Upload) -> dict[str, Any]:
    """Return an upload as JSON."""
    return {**header(one), "code": one.code, "kind": one.kind, "records": one.records, "state": one.state}


def _upload(one: Upload) -> dict[str, Any]:
    rows = [
        {
            "number": v.source.number, "name": registry.name_of(v.source), "decision": str(v.decision),
            "reason": v.reason, "parent": v.made.standardised.parent if v.made else None,
            "form": v.made.form if v.made else None, "weight": v.made.standardised.weight if v.made else None,
        }
        for v in queries.verdicts_of(one)
    ]  # fmt: skip
    return {**upload_line(one), "verdicts": rows}


@router.get("/uploads", url_name="uploads", response=Listing[UploadLine])
@permission("discovery.view")
def uploads(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List uploads of structures."""
    return listed(
        Upload.objects.filter(program=request.program), after, limit, upload_line, file=format, name="uploads"
    )


class Brought(Schema):
    """How a file of structures is read."""

    kind: Text
    no_chiral_flag: Text = "absolute"


@router.post("/uploads/new", url_name="upload_new", response=UploadRead)
@permission("discovery.bring_structures")
def bring(request: Any, program: ProgramCode, file: File[UploadedFile], given: Form[Brought]) -> dict[str, Any]:
    """Bring a file of structures; the answer says what each record is. Nothing is registered yet."""
    made = registration.bring_structures(
        request.person, request.program, data=file.read(), kind=given.kind, file_name=file.name or "",
        no_chiral_flag=given.no_chiral_flag,
    )  # fmt: skip
    return _upload(made)


@router.get("/uploads/{code}", url_name="upload", response=UploadRead)
@permission("discovery.view")
def upload(request: Any, response: HttpResponse, program: ProgramCode, code: str) -> dict[str, Any]:
    """Return an upload with what each record of it is."""
    found = queries.find_upload(request.program, code)
    tag(response, found.version)
    return _upload(found)


@router.post("/uploads/{code}/register", url_name="upload_register", response=UploadLine)
@permission("discovery.register_upload")
def register(request: Any, program: ProgramCode, code: str) -> dict[str, Any]:
    """Register every record of an upload, or none."""
    return upload_line(registration.register_upload(request.person, queries.find_upload(request.program, code)))


def assay_line(one: Assay) -> dict[str, Any]:
    """Return an assay as JSON."""
    names = ("code", "title", "target", "readout", "wells", "z_prime")
    return {**header(one), **{name: getattr(one, name) for name in names}}


@router.get("/assays", url_name="assays", response=Listing[AssayLine])
@permission("discovery.view")
def assays(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List the assays of a program."""
    return listed(Assay.objects.filter(program=request.program), after, limit, assay_line, file=format, name="assays")


def run_line(one: Run) -> dict[str, Any]:
    """Return a run as JSON."""
    names = ("code", "performed_on", "state", "conclusion")
    return {**header(one), **{name: getattr(one, name) for name in names}, "assay": one.assay.code}


@router.get("/runs", url_name="runs", response=Listing[RunLine])
@permission("discovery.view")
def runs(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List the runs of all assays."""
    rows = Run.objects.filter(program=request.program).select_related("assay")
    return listed(rows, after, limit, run_line, file=format, name="runs")


class NewRun(Given):
    """A run to open."""

    assay: Text
    performed_on: dt.date


@router.post("/runs/new", url_name="run_new", response=RunLine)
@permission("discovery.open_run")
def open_run(request: Any, program: ProgramCode, new: NewRun) -> dict[str, Any]:
    """Open a run of an assay."""
    found = queries.find_assay(request.program, new.assay)
    return run_line(assaying.open_run(request.person, found, performed_on=new.performed_on))


@router.post("/runs/{code}/plates", url_name="plate_new", response=RunLine)
@permission("discovery.add_plate")
def add_plate(
    request: Any, program: ProgramCode, code: str, file: File[UploadedFile], plate: Form[Text],
    layout: File[UploadedFile | None] = None,
) -> dict[str, Any]:  # fmt: skip
    """Add a plate in long form (well, role, lot, dose, unit, signal), or as the reader wrote it with a layout beside it."""
    found = queries.find_run(request.program, code)
    beside = (layout.read(), layout.name or "layout.csv") if layout else None
    assaying.add_plate(
        request.person, found, code=plate, data=file.read(), file_name=file.name or f"{plate}.csv", layout=beside
    )
    return run_line(queries.find_run(request.program, code))


def curve_line(one: Curve) -> dict[str, Any]:
    """Return a curve as JSON."""
    fit = one.computed.output if one.computed else {}
    return {
        **header(one), "run": one.plate.run.code, "plate": one.plate.code, "lot": one.lot.code,
        "compound": one.lot.form.compound.code, "state": one.state, "qualifier": fit.get("qualifier"),
        "ic50_nm": fit.get("reported"), "lower": fit.get("lower"), "upper": fit.get("upper"),
        "no_curve": one.no_curve, "result": str(one.computed_id) if one.computed_id else None,
    }  # fmt: skip


@router.get("/curves", url_name="curves", response=Listing[CurveLine])
@permission("discovery.view")
def curves(
    request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, run: Text = "", format: Format = None
) -> Any:
    """List curves, of a run if named."""
    rows = Curve.objects.filter(program=request.program).select_related("plate__run", "lot__form__compound", "computed")
    rows = rows.filter(plate__run__code=run) if run else rows
    return listed(rows, after, limit, curve_line, file=format, name="curves")


class Review(Given):
    """A decision on a curve."""

    approve: bool
    comment: LongText = ""


@router.post("/curves/{uuid:key}/review", url_name="curve_review", response=CurveLine)
@permission("discovery.review_curve")
def review(request: Any, program: ProgramCode, key: UUID, given: Review) -> dict[str, Any]:
    """Approve or reject a curve."""
    found = queries.find_curve(request.program, key)
    return curve_line(assaying.review_curve(request.person, found, approve=given.approve, comment=given.comment))


def potency_line(one: Potency) -> dict[str, Any]:
    """Return a potency as JSON."""
    told = shown(one.computed.output)
    return {
        **header(one), "compound": one.compound.code, "assay": one.assay.code, "qualifier": told.qualifier,
        "pic50": told.value, "lower": told.lower, "upper": told.upper, "curves": told.n, "result": str(one.computed_id),
    }  # fmt: skip


@router.get("/potencies", url_name="potencies", response=Listing[PotencyLine])
@permission("discovery.view")
def potencies(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List reported potencies."""
    rows = Potency.objects.filter(program=request.program).select_related("compound", "assay", "computed")
    return listed(rows, after, limit, potency_line, file=format, name="potencies")
