"""Specifications, for who writes them and QA who approves them: every limit as its text, every version beside the one before."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.common.materials.models import Substance
from crdmo.foundation.accounts import authority
from crdmo.foundation.refusals import NotFound
from crdmo.foundation.signing import signatures_of
from crdmo.web import steps
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.fields import day_of
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest

from ..models import Criterion, Method, Specification
from ..workflow import specifications as workflow

BLANK_LINES = 4
LINE = ("name", "method", "limit", "unit")


@page_of("quality.specification")
def address(record: Specification) -> str:
    """Return the address of a specification's page."""
    assert record.program is not None
    return reverse(
        "quality:specification", kwargs={"program": record.program.code, "code": record.code, "number": record.number}
    )


@page_of("quality.criterion")
def line_address(record: Criterion) -> str:
    """Return the address of a line: that of its specification."""
    return address(record.specification)


def specifications(request: PageRequest, program: str) -> HttpResponse:
    """List specifications, the versions in force first."""
    rows = (
        Specification.objects.filter(program=request.program, is_void=False)
        .select_related("substance", "program")
        .order_by("code", "-number")
    )
    may_draft = authority.may(
        request.person, "quality.draft_specification", request.program.id if request.program else None
    )
    return render(request, "quality/specifications.html", {"rows": rows, "may_draft": may_draft})


def _find(request: PageRequest, code: str, number: int) -> Specification:
    found = (
        Specification.objects.filter(program=request.program, code=code, number=number)
        .select_related("substance", "program", "supersedes")
        .first()
    )
    if found is None:
        raise NotFound("there is no such specification", given=f"{code} version {number}")
    return found


def specification(request: PageRequest, program: str, code: str, number: int) -> HttpResponse:
    """Show a version with its lines, what it changes, its signatures; QA approves it here."""
    found, refused = _find(request, code, number), None
    if request.method == "POST":
        given = request.POST.get("effective_from") or dt.datetime.now(dt.UTC).date().isoformat()
        refused = steps.attempt(
            lambda: workflow.approve_specification(
                request.person, found, effective_from=day_of(given), credentials=steps.credentials(request)
            )
        )
        if refused is None:
            messages.success(request, f"{found} is approved.")
            return HttpResponseRedirect(address(found))
        found.refresh_from_db()
    lines = list(found.criteria.filter(is_void=False).select_related("method").order_by("position"))
    if request.GET.get("format") == "json":
        return JsonResponse(
            {
                "code": found.code,
                "version": found.number,
                "state": found.state,
                "lines": [{"name": c.name, "method": str(c.method), "limit": c.limit, "unit": c.unit} for c in lines],
            }
        )
    contents = {
        "record": found,
        "lines": lines,
        "changes": _changes(found, lines),
        "signatures": signatures_of(found),
        "refused": refused,
        "preview": steps.to_sign(request, "quality.approve_specification", [found], ready=found.state == "draft"),
        "today": dt.datetime.now(dt.UTC).date(),
        "may_draft": authority.may(request.person, "quality.draft_specification", found.program_id),
    }
    return render(request, "quality/specification.html", contents, status=refused.status if refused else 200)


def _changes(found: Specification, lines: list[Criterion]) -> list[dict[str, str]]:
    """Return what a version changes against the one that it supersedes."""
    if found.supersedes is None:
        return []
    before = {c.name: c for c in found.supersedes.criteria.filter(is_void=False)}
    changed = [
        {"name": c.name, "old": before[c.name].limit if c.name in before else "", "new": c.limit}
        for c in lines
        if c.name not in before or before[c.name].limit != c.limit
    ]
    gone = [
        {"name": name, "old": c.limit, "new": ""}
        for name, c in before.items()
        if name not in {line.name for line in lines}
    ]
    return changed + gone


class DraftForm(StepForm):
    """Head of a specification; its lines are the grid below."""

    title = steps.text_field("Title", "Product, strength and stage, as it is cited.")
    substance = forms.ModelChoiceField(Substance.objects.none(), label="Product or substance")
    stage = forms.ChoiceField(choices=Specification.Stage.choices, label="Stage")
    market = steps.text_field("Market", "Where it applies, e.g. EU, US.", required=False)


def draft(request: PageRequest, program: str) -> HttpResponse:
    """Draft a specification, or the next version of one (`?after=CODE/NUMBER`)."""
    before = _before(request)
    initial = (
        {"title": before.title, "substance": before.substance_id, "stage": before.stage, "market": before.market}
        if before
        else None
    )
    form = DraftForm(request.POST or None, initial=initial)
    form.fields["substance"].queryset = Substance.objects.filter(program=request.program, is_void=False)  # type: ignore[attr-defined]
    methods = list(
        Method.objects.filter(organization=request.person.organization, state="effective", is_void=False).order_by(
            "code"
        )
    )
    rows = _given(request) if request.method == "POST" else _rows(before)
    if request.method == "POST" and form.is_valid():
        head = dict(form.cleaned_data)
        substance, by_code = head.pop("substance"), {m.code: m for m in methods}
        # What the text of a limit does not say goes on into the next version with the line.
        kept = {c.name: {"parameters": c.parameters} for c in before.criteria.filter(is_void=False)} if before else {}
        criteria = [
            {**row, "method": by_code.get(row["method"]), **kept.get(row["name"], {})}
            for row in rows
            if any(row.values())
        ]
        made = form.attempt(lambda: _write(request, substance, head, criteria, before))
        if made is not None:
            messages.success(request, f"{made} is drafted. QA approves it by signature.")
            return HttpResponseRedirect(address(made))
    contents = {"form": form, "methods": methods, "rows": rows, "before": before}
    return render(request, "quality/specification_draft.html", contents, status=form.status)


def _write(
    request: PageRequest,
    substance: Substance,
    head: dict[str, Any],
    criteria: list[dict[str, Any]],
    before: Specification | None,
) -> Specification:
    from crdmo.foundation.refusals import Invalid  # noqa: PLC0415 — only for the one check below

    for number, row in enumerate(criteria, 1):
        if row["method"] is None or not row["name"] or not row["limit"]:
            raise Invalid(
                f"line {number} has no test, no effective method or no limit",
                given=f"{row['name']} {row['limit']}".strip(),
            )
    made: Specification = workflow.draft_specification(
        request.person, substance, criteria=criteria, supersedes=before, **head
    )
    return made


def _before(request: PageRequest) -> Specification | None:
    code, found, number = request.GET.get("after", "").partition("/")
    return _find(request, code, int(number)) if found and number.isdigit() else None


def _rows(before: Specification | None) -> list[dict[str, str]]:
    lines = before.criteria.filter(is_void=False).select_related("method").order_by("position") if before else []
    return [{"name": c.name, "method": c.method.code, "limit": c.limit, "unit": c.unit} for c in lines] + [
        dict.fromkeys(LINE, "")
    ] * BLANK_LINES


def _given(request: PageRequest) -> list[dict[str, str]]:
    columns = [request.POST.getlist(f"line_{name}") for name in LINE]
    return [dict(zip(LINE, (value.strip() for value in row), strict=True)) for row in zip(*columns, strict=False)]


urlpatterns = [
    path("specifications/", specifications, name="specifications"),
    path("specifications/draft/", draft, name="specification_draft"),
    path("specifications/<str:code>/<int:number>/", specification, name="specification"),
]
PAGES = {
    "quality:specifications": Page("quality.view"),
    "quality:specification_draft": Page("quality.draft_specification", FORM),
    "quality:specification": Page("quality.view", FORM),
}
NAV = [("quality:specifications", "Specifications")]
