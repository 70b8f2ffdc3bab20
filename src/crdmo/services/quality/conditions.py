"""What quality control can show for a milestone, a unit of a priced line, and the sponsor's scoreboard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from crdmo.common.engagements.conditions import condition, counter
from crdmo.common.engagements.measures import measure
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger.models import Record

from .models import (
    Certificate,
    Disposition,
    Investigation,
    Protocol,
    Pull,
    ShelfLife,
    Specification,
    StudyLot,
    Test,
)


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


@counter("quality.pulls_drawn", "a stability pull is drawn")
def pulls_drawn(program: Program) -> Iterable[Record]:
    """Return the pulls that were drawn, in time or late; a missed one earns nothing."""
    return Pull.objects.filter(program=program, state__in=("pulled", "late"), is_void=False).order_by("entry")


@counter("quality.certificates_signed", "a certificate of analysis is signed")
def certificates_signed(program: Program) -> Iterable[Record]:
    """Return the signed certificates."""
    return Certificate.objects.filter(program=program, state="signed", is_void=False).order_by("entry")


@measure(
    "quality.right_first_time",
    "Lots right first time",
    dimension="compliance",
    unit="%",
    better="higher",
    formula="lots decided without an investigation ÷ lots decided × 100",
)
def right_first_time(program: Program) -> Decimal | None:
    """Return the share of decided lots that no investigation was opened on."""
    decided = Disposition.objects.filter(program=program, decision__in=("released", "rejected"), is_void=False)
    lots = set(decided.values_list("lot_id", flat=True))
    if not lots:
        return None
    asked = set(Investigation.objects.filter(lot__in=lots, is_void=False).values_list("lot_id", flat=True))
    return (Decimal(len(lots - asked) * 100) / len(lots)).quantize(Decimal("0.1"), ROUND_HALF_UP)
