"""Control strategies: the list, a version with its signatures, the grid in which one is written."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.common.controls.models import Control
from crdmo.foundation.ledger.thread import stale_causes
from crdmo.foundation.refusals import NotFound
from crdmo.foundation.signing import signatures_of
from crdmo.web import steps
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest
from crdmo.web.tables import Column, Table

from .. import exports, imports, queries
from ..models import Attribute, ControlStrategy, DesignSpace, Parameter, StrategyLine, Study
from ..workflow import strategies as workflow
from . import grids


@page_of("process.controlstrategy")
def address(record: ControlStrategy) -> str:
    """Return the address of a version."""
    assert record.program is not None
    place = {"program": record.program.code, "code": record.code, "number": record.number}
    return reverse("process:strategy", kwargs=place)


@page_of("process.strategyline")
def line_address(record: StrategyLine) -> str:
    """Return the address of a line: its strategy's."""
    return address(record.strategy)


@page_of("controls.control")
def control_address(record: Control) -> str:
    """Return the address of a control: the strategy that put it in force."""
    assert record.program is not None
    place = {"program": record.program.code, "code": record.source_code, "number": record.source_number}
    return reverse("process:strategy", kwargs=place)


STRATEGIES = Table(
    "strategies",
    "Control strategies",
    (
        Column("code", "Strategy", str, url=address),
        Column("title", "Title", sort="title"),
        Column("effective_from", "Effective from", kind="day", sort="effective_from"),
        Column("state", "State", kind="state", sort="state"),
        Column("entry", "Entry", sort="entry", hidden=True),
    ),
    sort="-entry",
    empty=(
        "No control strategy yet",
        "It says within which ranges the process is run and how each attribute is controlled. Batch records take their "
        "limits from it.",
    ),
)


def strategies(request: PageRequest, program: str) -> HttpResponse:
    """List every version."""
    rows = ControlStrategy.objects.filter(program=request.program, is_void=False).select_related("program")
    may = steps.may(request, "process.draft_strategy") and not rows.filter(state__in=("draft", "reviewed")).exists()
    return STRATEGIES.answer(request, rows, "process/strategies.html", {"may_draft": may})


def strategy(request: PageRequest, program: str, code: str, number: int) -> HttpResponse:
    """Show a version; it is approved by process development and made effective by QA here."""
    found, refused = queries.find_strategy(request.program, code, number), None
    if request.method == "POST":
        refused = steps.attempt(lambda: _step(request, found))
        if refused is None:
            return HttpResponseRedirect(request.path)
        found.refresh_from_db()
    kind = request.GET.get("format")
    if kind == "json":
        return JsonResponse(exports.strategy(found))
    if kind:
        return grids.as_file(exports.strategy_table(found), f"{found.code}-{found.number}", kind)
    rows = found.lines.filter(is_void=False).select_related("parameter__operation", "attribute", "proof")
    lines, waiting = list(rows.order_by("position")), not found.is_void
    studies = _studies([line.proof_id for line in lines if line.proof_id])
    contents: dict[str, Any] = {
        "record": found,
        "refused": refused,
        "parameters": [{"line": one, "study": studies.get(one.proof_id)} for one in lines if one.parameter_id],
        "attributes": [one for one in lines if one.attribute_id],
        "stale": bool(stale_causes([found.pk])),
        "signatures": signatures_of(found),
        "to_approve": steps.to_sign(
            request, "process.approve_strategy", [found], ready=waiting and found.state == "draft"
        ),
        "to_release": steps.to_sign(
            request, "process.release_strategy", [found], ready=waiting and found.state == "reviewed",
            button="Make it effective",
        ),
        "may_draft": found.state == "effective" and steps.may(request, "process.draft_strategy"),
        "may_discard": waiting
        and found.state in ("draft", "reviewed")
        and steps.may(request, "process.discard_strategy"),
    }  # fmt: skip
    return render(request, "process/strategy.html", contents, status=refused.status if refused else 200)


def _studies(proofs: list[Any]) -> dict[Any, Study]:
    rows = DesignSpace.objects.filter(box_id__in=proofs).select_related("study__program")
    return {one.box_id: one.study for one in rows}


def _step(request: PageRequest, found: ControlStrategy) -> None:
    step, credentials = request.POST.get("step", ""), steps.credentials(request)
    if step == "approve":
        workflow.approve_strategy(request.person, found, credentials=credentials)
        messages.success(request, f"{found} is approved for process development. QA makes it effective.")
    elif step == "release":
        today = dt.datetime.now(dt.UTC).date()
        workflow.release_strategy(request.person, found, effective_from=today, credentials=credentials)
        messages.success(request, f"{found} is effective. Batch records can take their limits from it.")
    elif step == "discard":
        workflow.discard_strategy(request.person, found, reason=request.POST.get("reason", ""))
        messages.success(request, f"{found} is discarded.")
    else:
        raise NotFound("there is no such step", given=step, allowed="approve, release, discard")


class StrategyForm(StepForm):
    """Head of a strategy; its lines are the grid below."""

    title = steps.text_field("Title", "Of which product and process.")


def draft(request: PageRequest, program: str) -> HttpResponse:
    """Draft a strategy, or the next version of the one in force; ranges that are proven are filled in."""
    assert request.program is not None
    here, columns = request.program, imports.STRATEGY_COLUMNS
    before = ControlStrategy.objects.filter(program=here, state="effective", is_void=False).first()
    form = StrategyForm(request.POST or None, initial={"title": before.title} if before else None)
    rows = (
        grids.given(request, columns)
        if request.method == "POST"
        else grids.with_blanks(_before(before) if before else _proposed(request), columns)
    )
    if request.method == "POST" and form.is_valid():
        made = form.attempt(
            lambda: workflow.draft_strategy(
                request.person,
                here,
                title=form.cleaned_data["title"],
                lines=imports.strategy_lines(here, rows),
                supersedes=before,
            )
        )
        if made is not None:
            messages.success(request, f"{made} is drafted. The head of process development approves it, then QA.")
            return HttpResponseRedirect(address(made))
    parameters = [p.name for p in Parameter.objects.filter(program=here, is_void=False)]
    attributes = [a.name for a in Attribute.objects.filter(program=here, is_void=False)]
    contents = {
        "form": form,
        "rows": rows,
        "columns": grids.headings(columns),
        "wide": grids.WIDE,
        "heading": f"Next version of {before.code}" if before else "Draft a control strategy",
        "lists": {"control": list(StrategyLine.Control.values), "name": [*parameters, *attributes]},
        "hint": "A row is a parameter with its five values, or an attribute with the test that controls it. Proof is the code "
        "of the study whose design space proves the range; without one, say in the justification what it rests on.",
        "back": reverse("process:strategies", kwargs={"program": program}),
    }
    return render(request, "process/grid.html", contents, status=form.status)


def _proposed(request: PageRequest) -> list[dict[str, str]]:
    """Return the proven ranges of the latest design space, and a row for every attribute."""
    blank = dict.fromkeys(imports.STRATEGY_COLUMNS, "")
    spaces = DesignSpace.objects.filter(program=request.program, is_void=False).select_related("box", "study")
    space = spaces.order_by("-entry").first()
    rows = []
    for one in space.box.output["ranges"] if space else []:
        row = {"control": "parameter", "name": one["name"], "unit": one["unit"]}
        ends = {"acceptable_low": f"{one['low']:.6g}", "acceptable_high": f"{one['high']:.6g}"}
        rows.append({**blank, **row, **ends, "proof": space.study.code if space else ""})
    attributes = Attribute.objects.filter(program=request.program, is_void=False).order_by("code")
    return rows + [{**blank, "control": "release", "name": a.name} for a in attributes]


def _before(before: ControlStrategy) -> list[dict[str, str]]:
    studies = _studies(list(before.lines.exclude(proof=None).values_list("proof_id", flat=True)))
    codes = {str(key): study.code for key, study in studies.items()}
    return [
        {
            name: "" if name == "unit" and line["control"] != "parameter" else line[name]
            for name in imports.STRATEGY_COLUMNS
        }
        | {"proof": codes.get(line["proof"], "")}
        for line in exports.strategy_table(before).to_dicts()
    ]


urlpatterns = [
    path("strategies/", strategies, name="strategies"),
    path("strategies/draft/", draft, name="strategy_draft"),
    path("strategies/<str:code>/<int:number>/", strategy, name="strategy"),
]
PAGES = {
    "process:strategies": Page("process.view"),
    "process:strategy_draft": Page("process.draft_strategy", FORM),
    "process:strategy": Page("process.view", FORM),
}
NAV = [("process:strategies", "Control strategy")]
