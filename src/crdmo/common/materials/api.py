"""Routes of the physical thread: substances, lots, samples."""

from __future__ import annotations

import datetime as dt
from typing import Any

from ninja import Router, Schema

from crdmo.common.routes import header, page, permission
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.refusals import NotFound

from . import queries, workflow
from .models import Lot, Sample, Substance

router = Router()


def lot_line(lot: Lot) -> dict[str, Any]:
    """Return a lot as JSON."""
    return {**header(lot), "code": lot.code, "substance": lot.substance.code, "status": lot.status, "amount": lot.amount, "unit": lot.unit,
            "made_on": lot.made_on, "expires_on": lot.expires_on, "retest_on": lot.retest_on, "maker": lot.maker}  # fmt: skip


def sample_line(sample: Sample) -> dict[str, Any]:
    """Return a sample as JSON."""
    return {**header(sample), "code": sample.code, "lot": sample.lot.code, "purpose": sample.purpose, "state": sample.state, "amount": sample.amount,
            "unit": sample.unit, "taken_on": sample.taken_on, "due_on": sample.due_on, "location": sample.location}  # fmt: skip


def find_lot(program: Program, code: str) -> Lot:
    """Return a lot of a program by its number.

    Raises:
        NotFound: there is none.
    """
    found = Lot.objects.filter(program=program, code=code).select_related("substance", "program", "organization").first()
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


@router.get("/lots", url_name="lots")
@permission("view")
def lots(request: Any, program: str, after: int = 0, limit: int = 50) -> dict[str, Any]:
    """List lots."""
    return page(Lot.objects.filter(program=request.program).select_related("substance"), after, limit, lot_line)


class NewLot(Schema):
    """A lot to register."""

    substance: str
    amount: str
    unit: str
    code: str = ""
    made_on: dt.date | None = None
    expires_on: dt.date | None = None
    retest_on: dt.date | None = None
    storage: str = ""
    maker: str = ""


@router.post("/lots/new", url_name="lot_new")
@permission("materials.register_lot")
def new_lot(request: Any, program: str, lot: NewLot) -> dict[str, Any]:
    """Register a lot in quarantine."""
    given = lot.dict()
    code = given.pop("substance")
    substance = Substance.objects.filter(program=request.program, code=code, is_void=False).first()
    if substance is None:
        raise NotFound("there is no such substance", given=code)
    return lot_line(workflow.register_lot(request.person, substance, **given))


@router.get("/lots/{code}", url_name="lot")
@permission("view")
def lot(request: Any, program: str, code: str) -> dict[str, Any]:
    """Return a lot with what is left of it and where it went."""
    found = find_lot(request.program, code)
    balance = queries.balance(found)
    flows = [{"kind": s.flow.kind, "amount": s.flow.amount, "unit": s.flow.unit, "to": str(s.thing), "steps": s.depth} for s in queries.genealogy(found, down=True)]
    return {**lot_line(found), "remaining": str(balance.left.amount), "balanced": balance.holds, "flows": flows}


@router.get("/samples", url_name="samples")
@permission("view")
def samples(request: Any, program: str, after: int = 0, limit: int = 50) -> dict[str, Any]:
    """List samples."""
    return page(Sample.objects.filter(program=request.program).select_related("lot"), after, limit, sample_line)


class NewSample(Schema):
    """A sample to take from a lot."""

    lot: str
    purpose: str
    amount: str
    unit: str
    taken_on: dt.date
    due_on: dt.date | None = None
    location: str = ""


@router.post("/samples/new", url_name="sample_new")
@permission("materials.register_sample")
def new_sample(request: Any, program: str, sample: NewSample) -> dict[str, Any]:
    """Take a sample from a lot."""
    given = sample.dict()
    source = find_lot(request.program, given.pop("lot"))
    return sample_line(workflow.register_sample(request.person, source, **given))


class Receipt(Schema):
    """How a sample arrived."""

    location: str
    condition: str
    accepted: bool = True


@router.post("/samples/{code}/receive", url_name="sample_receive")
@permission("materials.receive_sample")
def receive(request: Any, program: str, code: str, receipt: Receipt) -> dict[str, Any]:
    """Receive a sample in the laboratory."""
    return sample_line(workflow.receive_sample(request.person, find_sample(request.program, code), **receipt.dict()))
