"""Routes of the quality system. What asks for a signature is done by people on pages; a token never signs."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Path, Router
from pydantic import AwareDatetime

from crdmo.common.routes import (
    After,
    Format,
    Given,
    Limit,
    Listing,
    LongText,
    ProgramCode,
    Text,
    listed,
    permission,
    tag,
)
from crdmo.foundation.refusals import NotFound

from . import api_lines as lines
from . import queries
from .models import Capa, Change, Deviation, PeriodicReview, SupplierMaterial
from .workflow import capas as capa_workflow
from .workflow import deviations as deviation_workflow
from .workflow.affected import links_of

router = Router()
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


def _deviations(request: Any) -> Any:
    return Deviation.objects.filter(program=request.program).select_related("reported_by")


@router.get("/deviations", url_name="deviations", response=Listing[lines.DeviationLine])
@permission("compliance.view")
def deviations(
    request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, state: Text = "", format: Format = None
) -> Any:
    """List deviations, of one state if named."""
    rows = _deviations(request)
    rows = rows.filter(state=state) if state else rows
    return listed(rows, after, limit, lines.deviation_line, file=format, name="deviations")


class NewDeviation(Given):
    """A deviation to report, with its facts and the records that it touches, by code or key."""

    title: Text
    facts: LongText
    happened_at: AwareDatetime
    found_at: AwareDatetime
    immediate_action: LongText = ""
    records: list[Text] = []


def _read(found: Deviation) -> dict[str, Any]:
    return {**lines.deviation_line(found), "touches": [lines.touched(one) for one in links_of(found)]}


@router.post("/deviations/new", url_name="deviation_new", response=lines.DeviationRead)
@permission("compliance.report_deviation")
def report(request: Any, program: ProgramCode, new: NewDeviation) -> dict[str, Any]:
    """Report a deviation as the token's person, such as from an alarm system."""
    given = new.dict()
    given["records"] = queries.find_records(request.program, "\n".join(new.records))
    return _read(deviation_workflow.report_deviation(request.person, request.program, **given))


@router.get("/deviations/{code}", url_name="deviation", response=lines.DeviationRead)
@permission("compliance.view")
def deviation(request: Any, response: HttpResponse, program: ProgramCode, code: str) -> dict[str, Any]:
    """Return a deviation with what it touches."""
    found = _deviations(request).filter(code=code).first()
    if found is None:
        raise NotFound("there is no such deviation", given=code)
    tag(response, found.version)
    return _read(found)


@router.get("/capas", url_name="capas", response=Listing[lines.CapaLine])
@permission("compliance.view")
def capas(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List CAPA."""
    rows = Capa.objects.filter(program=request.program).select_related("deviation", "owner")
    return listed(rows, after, limit, lines.capa_line, file=format, name="capas")


class Evidence(Given):
    """What shows that an action is done."""

    evidence: LongText


@router.post("/capas/{code}/actions/{number}/done", url_name="capa_action_done", response=lines.ActionLine)
@permission("compliance.complete_action")
def complete(request: Any, program: ProgramCode, code: str, number: Number, given: Evidence) -> dict[str, Any]:
    """Complete an action of one's own."""
    found = Capa.objects.filter(program=request.program, code=code).first()
    rows = capa_workflow.actions_of(found) if found else []
    action = next((one for one in rows if one.number == number), None)
    if action is None:
        raise NotFound("there is no such action", given=f"{code}, {number}")
    return lines.action_line(capa_workflow.complete_action(request.person, action, evidence=given.evidence))


@router.get("/changes", url_name="changes", response=Listing[lines.ChangeLine])
@permission("compliance.view")
def changes(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List changes."""
    rows = Change.objects.filter(program=request.program)
    return listed(rows, after, limit, lines.change_line, file=format, name="changes")


@router.get("/suppliers", url_name="suppliers", response=Listing[lines.SupplierLine])
@permission("compliance.view_house")
def suppliers(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List materials of the house's suppliers as they stand today."""
    rows = SupplierMaterial.objects.filter(organization=request.person.organization_id).select_related("supplier")
    return listed(rows, after, limit, lines.supplier_line, file=format, name="suppliers")


@router.get("/training", url_name="training", response=lines.Trainings)
@permission("compliance.view_house")
def training(request: Any, program: ProgramCode) -> dict[str, Any]:
    """Return who must know what, and does."""
    found = queries.training_matrix(request.person.organization, dt.datetime.now(dt.UTC).date())
    return {
        "items": [
            {
                "person": person.user_id,
                "subject": subject,
                "subject_version": version,
                "state": cell.state,
                "since": str(cell.since),
            }
            for person, _, cells in found.rows
            for (subject, version), cell in zip(found.subjects, cells, strict=True)
            if cell.state
        ]
    }


@router.get("/reviews", url_name="reviews", response=Listing[lines.ReviewLine])
@permission("compliance.view")
def reviews(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List the signed reviews of the program's audit trail."""
    rows = PeriodicReview.objects.filter(program=request.program).select_related("reviewer")
    return listed(rows, after, limit, lines.review_line, file=format, name="reviews")
