"""The responsibility matrix, for quality of both sides and for an inspector: who is accountable for what, by which writing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect

from crdmo.common.engagements import printing, responsibility, workflow
from crdmo.common.engagements.duty_catalogue import CATALOGUE, CHAPTERS, RETAINED, Duty, of_chapter
from crdmo.common.engagements.models import DutyMatrix
from crdmo.foundation.refusals import Refused
from crdmo.foundation.signing import signatures_of_many

from .. import stepping
from ..fields import day_of
from ..links import page_of
from ..request import PageRequest
from ..stepping import Step
from ..steps import may
from . import grids

PARTIES = ("sponsor", "partner")


@page_of("engagements.dutymatrix")
def matrix_page(record: DutyMatrix) -> str:
    """Return the address of the matrices' page."""
    return grids.at(record.program, "duties/")


def duties(request: PageRequest, program: str) -> HttpResponse:
    """Show who holds each duty today, gaps and doubles of drafts, and the transfer of obligations."""
    refused: Refused | None = None
    if request.method == "POST" and request.POST.get("step") == "draft":
        try:
            made = _draft(request)
            messages.success(request, f"{made}: drafted. It gives no duty until both parties have signed.")
            return HttpResponseRedirect(request.path)
        except Refused as error:
            refused = error
        request.method = "GET"
    answer = stepping.page(
        request, lambda: _steps(request), "web/contracts/duties.html", lambda: _contents(request, refused)
    )
    if refused is not None:
        answer.status_code = refused.status
    return answer


def _draft(request: PageRequest) -> DutyMatrix:
    assert request.program is not None
    given = request.POST
    lines = [{"duty": key, "party": given[f"duty_{key}"]} for key in CATALOGUE if given.get(f"duty_{key}") in PARTIES]
    return workflow.draft_duty_matrix(
        request.person,
        request.program,
        title=given.get("title", "").strip(),
        covers=[chapter for chapter in CHAPTERS if chapter in given.getlist("covers")],
        starts_on=day_of(given.get("starts_on", "")),
        ends_on=day_of(given["ends_on"]) if given.get("ends_on") else None,
        lines=lines,
    )


def _contents(request: PageRequest, refused: Refused | None) -> dict[str, Any]:
    program = request.program
    assert program is not None
    today = dt.datetime.now(dt.UTC).date()
    rows = list(DutyMatrix.objects.filter(program=program, is_void=False).order_by("-entry"))
    signed = signatures_of_many(rows)
    held = responsibility.duties_on(program, today)
    chapters: list[dict[str, Any]] = [
        {"name": CHAPTERS[key], "key": key, "rows": [_held(held, duty) for duty in of_chapter(key)]} for key in CHAPTERS
    ]
    return {
        "today": today,
        "retained": RETAINED,
        "chapters": [one for one in chapters if any(row["writing"] for row in one["rows"])],
        "matrices": [
            {
                "row": one,
                "signatures": signed[one.pk],
                "wrong": [row for row in responsibility.coverage(one) if not row.holds] if one.state == "draft" else [],
            }
            for one in rows
        ],
        "transfer": responsibility.transfer_of_obligations(program, today),
        "catalogue": [{"name": CHAPTERS[key], "key": key, "duties": of_chapter(key)} for key in CHAPTERS],
        "draft_refused": refused,
        "given": request.POST,
        "may_draft": may(request, "engagements.draft_duty_matrix"),
    }


def _held(held: responsibility.Duties, duty: Duty) -> dict[str, Any]:
    parties, writing = held.holder(duty.key)
    parts = {line.accountable_id: line.part for line in held.of(duty.key)}
    return {"duty": duty, "parties": [(party, parts.get(party.pk, "")) for party in parties], "writing": writing}


def _steps(request: PageRequest) -> list[Step]:
    who = request.person
    rows = DutyMatrix.objects.filter(program=request.program, state="draft", is_void=False).order_by("entry")
    return [
        Step(
            f"sign-{one.code}", f"Sign {one.code} for {who.organization}", "engagements.sign_duty_matrix",
            lambda given, signed, one=one: workflow.sign_duty_matrix(who, one, credentials=signed.credentials),  # type: ignore[misc]
            signs=one, done="Signed.",
        )
        for one in rows
    ]  # fmt: skip


def transfer(request: PageRequest, program: str, day: str) -> HttpResponse:
    """Give the transfer of obligations on a day as PDF, as it goes into the application (eCTD 1.3.1.4)."""
    assert request.program is not None
    made = printing.transfer_pdf(request.program, day_of(day), request.person.printed_name)
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{request.program.code}-transfer-{day}.pdf"'
    return response
