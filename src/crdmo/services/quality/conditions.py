"""What quality control can show for a milestone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crdmo.common.engagements.conditions import condition
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger.models import Record

from .models import Certificate, Disposition, Protocol, ShelfLife, Specification, StudyLot, Test


@condition("quality.specification_approved", "a specification is approved", needs=("code",))
def specification_approved(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find the approved version of a specification."""
    return (
        Specification.objects.filter(program=program, code=parameters["code"], is_void=False)
        .exclude(state="draft")
        .order_by("number")
        .first()
    )


@condition("quality.testing_began", "the first test of a lot is entered", needs=("lot",))
def testing_began(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find the first result of a lot."""
    tests = Test.objects.filter(
        program=program, sample__lot__code=parameters["lot"], results__isnull=False, is_void=False
    )
    found = tests.order_by("results__entry").first()
    return found.results.order_by("entry").first() if found else None


@condition("quality.certificate_signed", "a certificate of a lot is signed", needs=("lot",))
def certificate_signed(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find the signed certificate of a lot."""
    return (
        Certificate.objects.filter(program=program, lot__code=parameters["lot"], state="signed", is_void=False)
        .order_by("entry")
        .first()
    )


@condition("quality.lot_released", "a lot is released", needs=("lot",))
def lot_released(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find the release of a lot."""
    rows = Disposition.objects.filter(program=program, lot__code=parameters["lot"], decision="released", is_void=False)
    return rows.order_by("-entry").first()


@condition("quality.protocol_approved", "a stability protocol is approved", needs=("code",))
def protocol_approved(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find an approved stability protocol."""
    return (
        Protocol.objects.filter(program=program, code=parameters["code"], is_void=False).exclude(state="draft").first()
    )


@condition("quality.lot_on_study", "a lot is on stability", needs=("lot",))
def lot_on_study(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find the lot's place on a stability study."""
    return StudyLot.objects.filter(program=program, lot__code=parameters["lot"], is_void=False).first()


@condition("quality.shelf_life_approved", "a shelf life is approved", needs=("protocol",))
def shelf_life_approved(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find an approved shelf life of a stability study."""
    rows = ShelfLife.objects.filter(
        program=program, protocol__code=parameters["protocol"], state="approved", is_void=False
    )
    return rows.order_by("entry").first()
