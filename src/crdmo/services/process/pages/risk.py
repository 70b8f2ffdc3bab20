"""Risk assessments: the list, a version as matrix and lines with what changed, the grid in which one is written."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.foundation.signing import signatures_of
from crdmo.web import steps
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest
from crdmo.web.tables import Column, Table

from .. import exports, imports, queries
from ..models import Attribute, Parameter, RiskAssessment, RiskLine
from ..workflow import risk as workflow
from . import grids


@page_of("process.riskassessment")
def address(record: RiskAssessment) -> str:
    """Return the address of a version."""
    assert record.program is not None
    place = {"program": record.program.code, "code": record.code, "number": record.number}
    return reverse("process:risk", kwargs=place)


@page_of("process.riskline")
def line_address(record: RiskLine) -> str:
    """Return the address of a line: its assessment's."""
    return address(record.assessment)


RISKS = Table(
    "risks",
    "Risk assessments",
    (
        Column("code", "Assessment", str, url=address),
        Column("title", "Title", sort="title"),
        Column("state", "State", kind="state", sort="state"),
        Column("entry", "Entry", sort="entry", hidden=True),
    ),
    sort="-entry",
    empty=("No risk assessment yet", "It says which parameter can harm which attribute, and how likely that is."),
)


def risks(request: PageRequest, program: str) -> HttpResponse:
    """List every version."""
    rows = RiskAssessment.objects.filter(program=request.program, is_void=False).select_related("program")
    last = rows.filter(state="approved").first()
    may = steps.may(request, "process.draft_risk") and (last is not None or not rows.exists())
    return RISKS.answer(request, rows, "process/risks.html", {"may_draft": may, "last": last})


def risk(request: PageRequest, program: str, code: str, number: int) -> HttpResponse:
    """Show a version; it is approved here."""
    found, refused = queries.find_risk(request.program, code, number), None
    if request.method == "POST":
        refused = steps.attempt(
            lambda: workflow.approve_risk(request.person, found, credentials=steps.credentials(request))
        )
        if refused is None:
            messages.success(request, f"{found} is approved.")
            return HttpResponseRedirect(request.path)
        found.refresh_from_db()
    if kind := request.GET.get("format"):
        return grids.as_file(exports.risk_table(found), f"{found.code}-{found.number}", kind)
    contents: dict[str, Any] = {
        "record": found,
        "refused": refused,
        "lines": _lines(found),
        "signatures": signatures_of(found),
        "preview": steps.to_sign(
            request, "process.approve_risk", [found], ready=found.state == "draft" and not found.is_void
        ),
        "may_draft": found.state == "approved" and steps.may(request, "process.draft_risk"),
    }
    return render(request, "process/risk.html", contents, status=refused.status if refused else 200)


def _lines(found: RiskAssessment) -> list[dict[str, Any]]:
    """Return the lines, worst first, each with its priority in the version before."""
    before = {}
    if found.supersedes is not None:
        before = {(r.parameter_id, r.attribute_id): r.priority for r in queries.risk_lines(found.supersedes)}
    rows = [{"line": r, "before": before.get((r.parameter_id, r.attribute_id))} for r in queries.risk_lines(found)]
    return sorted(rows, key=lambda row: -row["line"].priority)


class RiskForm(StepForm):
    """Head of an assessment; its lines are the grid below."""

    title = steps.text_field("Title", "What is assessed, and at which time.")


def draft(request: PageRequest, program: str) -> HttpResponse:
    """Draft an assessment, or the next version of the approved one."""
    assert request.program is not None
    here = request.program
    before = RiskAssessment.objects.filter(program=here, state="approved", is_void=False).first()
    form = RiskForm(request.POST or None, initial={"title": before.title} if before else None)
    columns = imports.RISK_COLUMNS
    rows = grids.given(request, columns) if request.method == "POST" else grids.with_blanks(_rows(before), columns)
    if request.method == "POST" and form.is_valid():
        made = form.attempt(
            lambda: workflow.draft_risk(
                request.person,
                here,
                title=form.cleaned_data["title"],
                lines=imports.risk_lines(here, rows),
                supersedes=before,
            )
        )
        if made is not None:
            messages.success(request, f"{made} is drafted. The head of process development approves it.")
            return HttpResponseRedirect(address(made))
    contents = {
        "form": form,
        "rows": rows,
        "columns": grids.headings(columns),
        "wide": grids.WIDE,
        "heading": f"Next version of {before.code}" if before else "Draft a risk assessment",
        "lists": {
            "parameter": [p.name for p in Parameter.objects.filter(program=here, is_void=False)],
            "attribute": [a.name for a in Attribute.objects.filter(program=here, is_void=False)],
        },
        "hint": "A row is one way in which a parameter can fail an attribute; scores run from 1 to 10, and 10 is worst.",
        "back": reverse("process:risks", kwargs={"program": program}),
    }
    return render(request, "process/grid.html", contents, status=form.status)


def _rows(before: RiskAssessment | None) -> list[dict[str, str]]:
    if before is None:
        return []
    return [{name: str(row[name]) for name in imports.RISK_COLUMNS} for row in exports.risk_table(before).to_dicts()]


urlpatterns = [
    path("risks/", risks, name="risks"),
    path("risks/draft/", draft, name="risk_draft"),
    path("risks/<str:code>/<int:number>/", risk, name="risk"),
]
PAGES = {
    "process:risks": Page("process.view"),
    "process:risk_draft": Page("process.draft_risk", FORM),
    "process:risk": Page("process.view", FORM),
}
NAV = [("process:risks", "Risk")]
