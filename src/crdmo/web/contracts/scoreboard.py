"""The sponsor's scoreboard: cost, time and compliance now, against figures that both signed before, with source and formula."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect

from crdmo.common.engagements import workflow
from crdmo.common.engagements.measures import MEASURES, scoreboard
from crdmo.common.engagements.models import Baseline
from crdmo.foundation.refusals import Refused
from crdmo.foundation.signing import signatures_of

from .. import stepping
from ..fields import day_of
from ..links import page_of
from ..request import PageRequest
from ..stepping import Step
from ..steps import may
from . import grids

LINE = ("measure", "value", "unit", "source", "formula")


@page_of("engagements.baseline")
def baseline_page(record: Baseline) -> str:
    """Return the address of the scoreboard."""
    return grids.at(record.program, "scoreboard/")


def board(request: PageRequest, program: str) -> HttpResponse:
    """Show the scoreboard; draft and sign the baseline while there is none."""
    refused: Refused | None = None
    if request.method == "POST" and request.POST.get("step") == "draft":
        try:
            made = _draft(request)
            messages.success(request, f"{made}: drafted. It is frozen once both parties have signed.")
            return HttpResponseRedirect(request.path)
        except Refused as error:
            refused = error
        request.method = "GET"
    answer = stepping.page(
        request, lambda: _steps(request), "web/contracts/scoreboard.html", lambda: _contents(request, refused)
    )
    if refused is not None:
        answer.status_code = refused.status
    return answer


def _draft(request: PageRequest) -> Baseline:
    assert request.program is not None
    rows = [row for row in grids.rows(request.POST, "line", LINE) if row["value"]]
    lines = [{**row, "value": grids.number(row["value"], row["measure"])} for row in rows]
    title, on = request.POST.get("title", "").strip(), day_of(request.POST.get("on", ""))
    return workflow.draft_baseline(request.person, request.program, title=title, on=on, lines=lines)


def _contents(request: PageRequest, refused: Refused | None) -> dict[str, Any]:
    assert request.program is not None
    baseline, rows = scoreboard(request.program)
    typed = {row["measure"]: row for row in grids.rows(request.POST, "line", LINE)}
    measures = sorted(MEASURES.values(), key=lambda one: (one.dimension, one.says))
    return {
        "baseline": baseline,
        "rows": rows,
        "signatures": signatures_of(baseline) if baseline else [],
        "drafts": Baseline.objects.filter(program=request.program, state="draft", is_void=False).order_by("entry"),
        "measures": [
            {"measure": one, "unit": one.unit_for(request.program), "typed": typed.get(one.name, {})}
            for one in measures
        ],
        "draft_refused": refused,
        "given": request.POST,
        "may_draft": baseline is None and may(request, "engagements.draft_baseline"),
    }


def _steps(request: PageRequest) -> list[Step]:
    who = request.person
    if Baseline.objects.filter(program=request.program, state="signed", is_void=False).exists():
        return []
    rows = Baseline.objects.filter(program=request.program, state="draft", is_void=False).order_by("entry")
    return [
        Step(
            f"sign-{one.code}", f"Sign {one.code} for {who.organization}", "engagements.sign_baseline",
            lambda given, signed, one=one: workflow.sign_baseline(who, one, credentials=signed.credentials),  # type: ignore[misc]
            signs=one, done="Signed.",
        )
        for one in rows
    ]  # fmt: skip
