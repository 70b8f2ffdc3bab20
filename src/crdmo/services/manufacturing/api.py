"""Routes of manufacturing. What asks for a signature is done by people on pages; a token never signs."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Field, Path, Router, Schema

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
from crdmo.foundation.refusals import NotFound

from . import exports, queries
from .models import Batch, BatchException, Equipment, MasterRecord
from .plant import standing
from .workflow import batches as batching
from .workflow import equipment as plant
from .workflow import exceptions

router = Router()
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


class MasterLine(Header):
    """A version of a master batch record."""

    code: str
    number: int
    title: str
    product: str
    state: str
    size: str
    unit: str
    yield_limit: str
    effective_from: dt.date | None


class BatchLine(Header):
    """A batch; amounts are text, because 99.80 is not 99.8."""

    code: str
    lot: str
    master: str
    master_version: int
    state: str
    due_on: dt.date | None
    issued_at: dt.datetime
    started_at: dt.datetime | None
    completed_at: dt.datetime | None
    output: str
    unit: str
    yield_percent: str | None
    yield_passes: bool | None


class ExceptionLine(Header):
    """An exception of a batch."""

    code: str
    batch: str
    kind: str
    text: str
    state: str
    explanation: str


class EquipmentLine(Schema):
    """A piece of equipment as it stands today."""

    code: str
    name: str
    equipment_class: str
    fit: bool
    state: str
    why: str
    calibrated_until: dt.date | None


class Plant(Schema):
    """The equipment of the plant."""

    items: list[EquipmentLine]


class MaterialRead(Schema):
    """A material of a master."""

    substance: str
    quantity: str
    unit: str
    tolerance: str
    is_basis: bool


class ValueAsked(Schema):
    """A value that a step records."""

    name: str
    limit: str
    unit: str
    control: str | None


class StepRead(Schema):
    """A step of a master."""

    position: int
    title: str
    instruction: str
    equipment_class: str
    is_checked: bool
    values: list[ValueAsked]


class MasterRead(Header):
    """A version of a master whole; `number` counts its versions."""

    code: str
    number: int
    title: str
    state: str
    product: str
    size: str
    unit: str
    yield_limit: str
    materials: list[MaterialRead]
    steps: list[StepRead]


class BatchRead(Schema):
    """An executed batch record whole, as `crdmo.batch-record/1`."""

    format: str
    batch: str
    state: str
    master: dict[str, Any]
    lot: dict[str, Any]
    issued: dict[str, Any]
    started_at: str | None
    completed_at: str | None
    materials: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    yield_: dict[str, Any] | None = Field(None, alias="yield")
    exceptions: list[dict[str, Any]]
    in_range: dict[str, int]
    signatures: list[dict[str, Any]]


def master_line(one: MasterRecord) -> dict[str, Any]:
    """Return a version of a master as JSON."""
    names = ("code", "number", "title", "state", "size", "unit", "yield_limit", "effective_from")
    return {**header(one), **{name: getattr(one, name) for name in names}, "product": one.product.code}


def batch_line(one: Batch) -> dict[str, Any]:
    """Return a batch as JSON."""
    names = ("code", "state", "due_on", "issued_at", "started_at", "completed_at", "output")
    found = one.computed.output if one.computed else {}
    return {
        **header(one),
        **{name: getattr(one, name) for name in names},
        "lot": one.lot.code,
        "master": one.master.code,
        "master_version": one.master.number,
        "unit": one.master.unit,
        "yield_percent": found.get("percent"),
        "yield_passes": found.get("passes"),
    }


def exception_line(one: BatchException) -> dict[str, Any]:
    """Return an exception as JSON."""
    names = ("code", "kind", "text", "state", "explanation")
    return {**header(one), **{name: getattr(one, name) for name in names}, "batch": one.batch.code}


@router.get("/masters", url_name="masters", response=Listing[MasterLine])
@permission("manufacturing.view")
def masters(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List every version of every master batch record."""
    rows = MasterRecord.objects.filter(program=request.program).select_related("product")
    return listed(rows, after, limit, master_line, file=format, name="masters")


@router.get("/masters/{code}/{number}", url_name="master", response=MasterRead)
@permission("manufacturing.view")
def master(request: Any, response: HttpResponse, program: ProgramCode, code: str, number: Number) -> dict[str, Any]:
    """Return a version of a master whole: materials, steps, values with limits."""
    found = queries.find_master(request.program, code, number)
    tag(response, found.version)
    told = exports.master_record(found)
    return {**told, **header(found), "number": found.number}


def _batches(request: Any) -> Any:
    return Batch.objects.filter(program=request.program).select_related("master", "lot", "computed")


@router.get("/batches", url_name="batches", response=Listing[BatchLine])
@permission("manufacturing.view")
def batches(
    request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, state: Text = "", format: Format = None
) -> Any:
    """List batches, by state if named."""
    rows = _batches(request)
    rows = rows.filter(state=state) if state else rows
    return listed(rows, after, limit, batch_line, file=format, name="batches")


class NewBatch(Given):
    """A batch to issue from the version in force of a master."""

    master: Text
    lot: Text = ""
    due_on: dt.date | None = None


@router.post("/batches/new", url_name="batch_new", response=BatchLine)
@permission("manufacturing.issue_batch")
def issue(request: Any, program: ProgramCode, new: NewBatch) -> dict[str, Any]:
    """Issue a batch; its lot is registered in quarantine."""
    rows = MasterRecord.objects.filter(program=request.program, code=new.master, state="effective", is_void=False)
    found = rows.select_related("product__program", "program__partner").first()
    if found is None:
        raise NotFound("there is no such master batch record in force", given=new.master)
    return batch_line(batching.issue_batch(request.person, found, lot=new.lot, due_on=new.due_on))


@router.get("/batches/{code}", url_name="batch", response=BatchRead, by_alias=True)
@permission("manufacturing.view")
def batch(request: Any, response: HttpResponse, program: ProgramCode, code: str) -> dict[str, Any]:
    """Return an executed batch record whole, with its exceptions and what was in range."""
    found = queries.find_batch(request.program, code)
    tag(response, found.version)
    return exports.batch_record(found)


@router.get("/exceptions", url_name="batch_exceptions", response=Listing[ExceptionLine])
@permission("manufacturing.view")
def listed_exceptions(
    request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, batch: Text = "", format: Format = None
) -> Any:
    """List exceptions, of a batch if named."""
    rows = BatchException.objects.filter(program=request.program).select_related("batch")
    rows = rows.filter(batch__code=batch) if batch else rows
    return listed(rows, after, limit, exception_line, file=format, name="exceptions")


class Explanation(Given):
    """What happened, why, and what it means for the product."""

    explanation: LongText


@router.post("/exceptions/{uuid:key}/explain", url_name="batch_exception_explain", response=ExceptionLine)
@permission("manufacturing.explain_exception")
def explain(request: Any, program: ProgramCode, key: UUID, given: Explanation) -> dict[str, Any]:
    """Explain an exception."""
    found = BatchException.objects.filter(program=request.program, pk=key).select_related("batch").first()
    if found is None:
        raise NotFound("there is no such exception", given=str(key))
    return exception_line(exceptions.explain_exception(request.person, found, explanation=given.explanation))


def equipment_line(one: Equipment) -> dict[str, Any]:
    """Return a piece of equipment as it stands today as JSON."""
    found = standing([one], dt.datetime.now(dt.UTC).date())[one.id]
    return _stands(found)


def _stands(found: Any) -> dict[str, Any]:
    return {
        "code": found.equipment.code,
        "name": found.equipment.name,
        "equipment_class": found.equipment.kind,
        "fit": found.fit,
        "state": found.state,
        "why": found.words,
        "calibrated_until": found.due_on,
    }


@router.get("/equipment", url_name="equipment", response=Plant)
@permission("manufacturing.view_plant")
def equipment(request: Any, program: ProgramCode) -> dict[str, Any]:
    """List the plant's equipment as it stands today."""
    rows = Equipment.objects.filter(organization=request.person.organization, is_void=False).order_by("code")
    return {"items": [_stands(one) for one in standing(rows, dt.datetime.now(dt.UTC).date()).values()]}


class LogLine(Given):
    """A line of an equipment log."""

    kind: Text
    on: dt.date
    passed: bool = True
    due_on: dt.date | None = None
    note: LongText = ""


@router.post("/equipment/{code}/log", url_name="equipment_log", response=EquipmentLine)
@permission("manufacturing.log_equipment")
def log(request: Any, program: ProgramCode, code: str, line: LogLine) -> dict[str, Any]:
    """Write a cleaning, calibration or failure; the answer says how the equipment stands then."""
    found = queries.find_equipment(request.person.organization, code)
    plant.log_equipment(request.person, found, **line.dict())
    found.refresh_from_db()
    return equipment_line(found)
