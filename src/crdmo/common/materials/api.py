"""Routes of the physical thread: substances, lots, samples."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpResponse
from ninja import Router, Schema

from crdmo.common.routes import (
    After,
    Format,
    Given,
    Header,
    Limit,
    Listing,
    ProgramCode,
    Text,
    header,
    listed,
    permission,
    tag,
)
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.refusals import NotFound

from . import queries, workflow
from .models import Lot, Sample, Substance

router = Router()


class SubstanceLine(Header):
    """A substance or product."""

    code: str
    name: str
    kind: str
    smiles: str
    cas: str
    dosage_form: str
    strength: str


class LotLine(Header):
    """A lot; amounts are text, because 99.80 is not 99.8."""

    code: str
    substance: str
    status: str
    amount: str
    unit: str
    made_on: dt.date | None
    expires_on: dt.date | None
    retest_on: dt.date | None
    maker: str


class FlowLine(Schema):
    """A quantity that went somewhere."""

    kind: str
    amount: str
    unit: str
    to: str
    steps: int


class LotAccount(LotLine):
    """A lot with what is left of it and where it went."""

    remaining: str
    balanced: bool
    flows: list[FlowLine]


class SampleLine(Header):
    """A sample."""

    code: str
    lot: str
    purpose: str
    state: str
    amount: str
    unit: str
    taken_on: dt.date
    due_on: dt.date | None
    location: str


def substance_line(substance: Substance) -> dict[str, Any]:
    """Return a substance as JSON."""
    names = ("code", "name", "kind", "smiles", "cas", "dosage_form", "strength")
    return {**header(substance), **{name: getattr(substance, name) for name in names}}


def lot_line(lot: Lot) -> dict[str, Any]:
    """Return a lot as JSON."""
    return {
        **header(lot),
        "code": lot.code,
        "substance": lot.substance.code,
        "status": lot.status,
        "amount": lot.amount,
        "unit": lot.unit,
        "made_on": lot.made_on,
        "expires_on": lot.expires_on,
        "retest_on": lot.retest_on,
        "maker": lot.maker,
    }


def sample_line(sample: Sample) -> dict[str, Any]:
    """Return a sample as JSON."""
    return {
        **header(sample),
        "code": sample.code,
        "lot": sample.lot.code,
        "purpose": sample.purpose,
        "state": sample.state,
        "amount": sample.amount,
        "unit": sample.unit,
        "taken_on": sample.taken_on,
        "due_on": sample.due_on,
        "location": sample.location,
    }


def find_lot(program: Program, code: str) -> Lot:
    """Return a lot of a program by its number.

    Raises:
        NotFound: there is none.
    """
    found = (
        Lot.objects.filter(program=program, code=code).select_related("substance", "program", "organization").first()
    )
    if found is None:
        raise NotFound("there is no such lot", given=code)
    return found


def find_sample(program: Program, code: str) -> Sample:
    """Return a sample of a program by its number.

    Raises:
        NotFound: there is none.
    """
    found = Sample.objects.filter(program=program, code=code).select_related("lot", "program").first()
    if found is None:
        raise NotFound("there is no such sample", given=code)
    return found


@router.get("/substances", url_name="substances", response=Listing[SubstanceLine])
@permission("view")
def substances(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List substances and products."""
    return listed(
        Substance.objects.filter(program=request.program), after, limit, substance_line, file=format, name="substances"
    )


@router.get("/lots", url_name="lots", response=Listing[LotLine])
@permission("view")
def lots(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List lots."""
    rows = Lot.objects.filter(program=request.program).select_related("substance")
    return listed(rows, after, limit, lot_line, file=format, name="lots")


class NewLot(Given):
    """A lot to register."""

    substance: Text
    amount: Text
    unit: Text
    code: Text = ""
    made_on: dt.date | None = None
    expires_on: dt.date | None = None
    retest_on: dt.date | None = None
    storage: Text = ""
    maker: Text = ""


@router.post("/lots/new", url_name="lot_new", response=LotLine)
@permission("materials.register_lot")
def new_lot(request: Any, program: ProgramCode, lot: NewLot) -> dict[str, Any]:
    """Register a lot in quarantine."""
    given = lot.dict()
    code = given.pop("substance")
    substance = Substance.objects.filter(program=request.program, code=code, is_void=False).first()
    if substance is None:
        raise NotFound("there is no such substance", given=code)
    return lot_line(workflow.register_lot(request.person, substance, **given))


@router.get("/lots/{code}", url_name="lot", response=LotAccount)
@permission("view")
def lot(request: Any, response: HttpResponse, program: ProgramCode, code: str) -> dict[str, Any]:
    """Return a lot with what is left of it and where it went."""
    found = find_lot(request.program, code)
    tag(response, found.version)
    balance = queries.balance(found)
    flows = [
        {"kind": s.flow.kind, "amount": s.flow.amount, "unit": s.flow.unit, "to": str(s.thing), "steps": s.depth}
        for s in queries.genealogy(found, down=True)
    ]
    return {**lot_line(found), "remaining": str(balance.left.amount), "balanced": balance.holds, "flows": flows}


@router.get("/samples", url_name="samples", response=Listing[SampleLine])
@permission("view")
def samples(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List samples."""
    rows = Sample.objects.filter(program=request.program).select_related("lot")
    return listed(rows, after, limit, sample_line, file=format, name="samples")


class NewSample(Given):
    """A sample to take from a lot."""

    lot: Text
    purpose: Text
    amount: Text
    unit: Text
    taken_on: dt.date
    due_on: dt.date | None = None
    location: Text = ""


@router.post("/samples/new", url_name="sample_new", response=SampleLine)
@permission("materials.register_sample")
def new_sample(request: Any, program: ProgramCode, sample: NewSample) -> dict[str, Any]:
    """Take a sample from a lot."""
    given = sample.dict()
    source = find_lot(request.program, given.pop("lot"))
    return sample_line(workflow.register_sample(request.person, source, **given))


@router.get("/samples/{code}", url_name="sample", response=SampleLine)
@permission("view")
def sample(request: Any, response: HttpResponse, program: ProgramCode, code: str) -> dict[str, Any]:
    """Return a sample."""
    found = find_sample(request.program, code)
    tag(response, found.version)
    return sample_line(found)


class Receipt(Given):
    """How a sample arrived."""

    location: Text
    condition: Text
    accepted: bool = True


@router.post("/samples/{code}/receive", url_name="sample_receive", response=SampleLine)
@permission("materials.receive_sample")
def receive(request: Any, program: ProgramCode, code: str, receipt: Receipt) -> dict[str, Any]:
    """Receive a sample in the laboratory."""
    return sample_line(workflow.receive_sample(request.person, find_sample(request.program, code), **receipt.dict()))
