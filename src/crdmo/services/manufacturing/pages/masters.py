"""Master batch records: the list, a version with what it changes, the grid in which one is written, its two signatures."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.common.controls.queries import effective
from crdmo.common.materials.models import Substance
from crdmo.common.materials.quantities import UNITS
from crdmo.foundation.refusals import NotFound
from crdmo.foundation.signing import signatures_of
from crdmo.web import steps
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.fields import MeasuredField
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest
from crdmo.web.tables import Column, Table

from .. import exports, imports, queries
from ..models import MasterMaterial, MasterRecord, MasterStep, MasterValue
from ..workflow import masters as workflow

BLANK_LINES = 6


@page_of("manufacturing.masterrecord")
def address(record: MasterRecord) -> str:
    """Return the address of a version of a master."""
    assert record.program is not None
    place = {"program": record.program.code, "code": record.code, "number": record.number}
    return reverse("manufacturing:master", kwargs=place)


@page_of("manufacturing.mastermaterial")
@page_of("manufacturing.masterstep")
def line_address(record: MasterMaterial | MasterStep) -> str:
    """Return the address of a line: its master's."""
    return address(record.master)


@page_of("manufacturing.mastervalue")
def value_address(record: MasterValue) -> str:
    """Return the address of a value that a step asks for: its master's."""
    return address(record.step.master)


MASTERS = Table(
    "masters",
    "Master batch records",
    (
        Column("code", "Master", str, url=address),
        Column("title", "Title", sort="title"),
        Column("product", "Product", "product.name"),
        Column("size", "Batch size", kind="number", unit_at="unit"),
        Column("effective_from", "Effective from", kind="day", sort="effective_from"),
        Column("state", "State", kind="state", sort="state"),
        Column("entry", "Entry", sort="entry", hidden=True),
    ),
    sort="-entry",
    empty=(
        "No master batch record yet",
        "A master says how a product is made. It is drafted, approved and made effective.",
    ),
)


def masters(request: PageRequest, program: str) -> HttpResponse:
    """List every version of every master."""
    rows = MasterRecord.objects.filter(program=request.program, is_void=False).select_related("product", "program")
    contents = {"may_draft": steps.may(request, "manufacturing.draft_master")}
    return MASTERS.answer(request, rows, "manufacturing/masters.html", contents)


def master(request: PageRequest, program: str, code: str, number: int) -> HttpResponse:
    """Show a version of a master; it is approved by production and made effective by QA here."""
    found, refused = queries.find_master(request.program, code, number), None
    if request.method == "POST":
        refused = steps.attempt(lambda: _step(request, found))
        if refused is None:
            return HttpResponseRedirect(request.path)
        found.refresh_from_db()
    if request.GET.get("format") == "json":
        return JsonResponse(exports.master_record(found))
    lines = list(found.instructions.filter(is_void=False).order_by("position").prefetch_related("values__control"))
    waiting = not found.is_void
    contents: dict[str, Any] = {
        "record": found,
        "refused": refused,
        "materials": found.materials.filter(is_void=False).select_related("substance").order_by("position"),
        "steps": [{"step": one, "values": sorted(one.values.all(), key=lambda v: v.position)} for one in lines],
        "changes": _changes(found),
        "superseded": [] if found.is_void else workflow.superseded_controls(found),
        "signatures": signatures_of(found),
        "batches": found.batches.filter(is_void=False).select_related("program").order_by("-issued_at")[:20],
        "to_approve": steps.to_sign(
            request, "manufacturing.approve_master", [found], ready=waiting and found.state == "draft"
        ),
        "to_release": steps.to_sign(
            request,
            "manufacturing.release_master",
            [found],
            ready=waiting and found.state == "reviewed",
            button="Make it effective",
        ),
        "may_draft": steps.may(request, "manufacturing.draft_master") and found.state == "effective",
        "may_issue": steps.may(request, "manufacturing.issue_batch") and found.state == "effective",
        "may_discard": waiting
        and found.state in ("draft", "reviewed")
        and steps.may(request, "manufacturing.discard_master"),
        "today": dt.datetime.now(dt.UTC).date(),
    }
    contents["decision_field"] = "decision" if contents["superseded"] else ""
    return render(request, "manufacturing/master.html", contents, status=refused.status if refused else 200)


def _step(request: PageRequest, found: MasterRecord) -> None:
    step, credentials = request.POST.get("step", ""), steps.credentials(request)
    if step == "approve":
        workflow.approve_master(request.person, found, credentials=credentials)
        messages.success(request, f"{found} is approved for production. QA makes it effective.")
    elif step == "release":
        today = dt.datetime.now(dt.UTC).date()
        decision = request.POST.get("decision", "")
        workflow.release_master(request.person, found, effective_from=today, credentials=credentials, decision=decision)
        messages.success(request, f"{found} is effective.")
    elif step == "discard":
        workflow.discard_master(request.person, found, reason=request.POST.get("reason", ""))
        messages.success(request, f"{found} is discarded.")
    else:
        raise NotFound("there is no such step", given=step, allowed="approve, release, discard")


def _changes(found: MasterRecord) -> list[dict[str, str]]:
    """Return what a version changes against the one that it supersedes."""
    if found.supersedes is None:
        return []
    old, new = (_flat(exports.master_record(one)) for one in (found.supersedes, found))
    names = [*new, *(name for name in old if name not in new)]
    return [
        {"name": n, "old": old.get(n, ""), "new": new.get(n, "")} for n in names if old.get(n, "") != new.get(n, "")
    ]


def _flat(record: dict[str, Any]) -> dict[str, str]:
    """Return a master as named texts, so that two can be laid beside each other."""
    found = {
        "Title": record["title"],
        "Batch size": f"{record['size']} {record['unit']}",
        "Yield": record["yield_limit"],
    }
    for one in record["materials"]:
        basis = ", basis of the yield" if one["is_basis"] else ""
        found[f"Material {one['substance']}"] = f"{one['quantity']} {one['unit']} ± {one['tolerance']} %{basis}"
    for step in record["steps"]:
        place = f"Step {step['position']}"
        checked = ", checked" if step["is_checked"] else ""
        found[place] = f"{step['title']}: {step['instruction']} [{step['equipment_class'] or 'no equipment'}{checked}]"
        found |= {f"{place}, {v['name']}": f"{v['limit']} {v['unit']}".strip() for v in step["values"]}
    return found


class DraftForm(StepForm):
    """Head of a master; its lines are the grid below, or a file."""

    title = steps.text_field("Title", "What is made, by which process.")
    product = forms.ModelChoiceField(Substance.objects.none(), label="Product")
    size = MeasuredField(label="Batch size", help_text="The theoretical yield of the planned charge.")
    unit = forms.ChoiceField(choices=[(u, u) for u in UNITS], label="Unit", initial="kg")
    yield_limit = steps.text_field(
        "Expected yield in percent", "Such as 95.0 – 101.0; its places decide.", classes="short"
    )
    shelf_life_months = forms.IntegerField(
        label="Shelf life in months", required=False, min_value=1, widget=forms.NumberInput(attrs={"class": "short"})
    )
    storage = steps.text_field("Storage", "As on the label.", required=False)
    file = forms.FileField(
        label="Lines from a file",
        required=False,
        help_text=f"CSV, XLSX, JSON or Parquet with the columns {', '.join(imports.COLUMNS)}; instead of the grid.",
    )


def draft(request: PageRequest, program: str) -> HttpResponse:
    """Draft a master, or the next version of one (`?after=CODE/NUMBER`)."""
    assert request.program is not None
    here, before = request.program, _before(request)
    form = DraftForm(request.POST or None, request.FILES or None, initial=_initial(before))
    form.fields["product"].queryset = Substance.objects.filter(program=here, is_void=False).order_by("code")  # type: ignore[attr-defined]
    rows = _given(request) if request.method == "POST" else _rows(before)
    if request.method == "POST" and form.is_valid():
        head = dict(form.cleaned_data)
        file = head.pop("file")

        def write() -> MasterRecord:
            lines = imports.read_lines(here, file.name, file.read()) if file else imports.from_rows(here, rows)
            made: MasterRecord = workflow.draft_master(
                request.person,
                head.pop("product"),
                materials=lines.materials,
                steps=lines.steps,
                supersedes=before,
                **head,
            )
            return made

        made = form.attempt(write)
        if made is not None:
            messages.success(request, f"{made} is drafted. The head of production approves it, then QA.")
            return HttpResponseRedirect(address(made))
    contents = {
        "controls": effective(here),
        "form": form,
        "rows": rows,
        "before": before,
        "columns": imports.COLUMNS,
        "substances": Substance.objects.filter(program=here, is_void=False).order_by("code"),
    }
    return render(request, "manufacturing/master_draft.html", contents, status=form.status)


def _before(request: PageRequest) -> MasterRecord | None:
    code, found, number = request.GET.get("after", "").partition("/")
    return queries.find_master(request.program, code, int(number)) if found and number.isdigit() else None


def _initial(before: MasterRecord | None) -> dict[str, Any] | None:
    if before is None:
        return None
    names = ("title", "size", "unit", "yield_limit", "shelf_life_months", "storage")
    return {"product": before.product_id, **{name: getattr(before, name) for name in names}}


def _rows(before: MasterRecord | None) -> list[dict[str, str]]:
    """Return the grid: the lines of the version before, and room for more."""
    blank = dict.fromkeys(imports.COLUMNS, "")
    found: list[dict[str, str]] = []
    if before is not None:
        told = exports.master_record(before)
        for one in told["materials"]:
            line = {name: one[name] for name in ("quantity", "unit", "tolerance")}
            flag = "basis" if one["is_basis"] else ""
            found.append({**blank, "kind": "material", "name": one["substance"], **line, "flag": flag})
        for step in told["steps"]:
            line = {"name": step["title"], "text": step["instruction"], "equipment": step["equipment_class"]}
            found.append({**blank, "kind": "step", **line, "flag": "check" if step["is_checked"] else ""})
            found += [_value_row(blank, value) for value in step["values"]]
    return found + [dict(blank) for _ in range(BLANK_LINES)]


def _value_row(blank: dict[str, str], value: dict[str, str | None]) -> dict[str, str]:
    """Return a value as a row. One that is controlled leaves limit and unit to the strategy in force."""
    if value["control"]:
        return {**blank, "kind": "value", "name": value["name"] or "", "flag": "control"}
    return {**blank, "kind": "value", **{name: value[name] or "" for name in ("name", "limit", "unit")}}


def _given(request: PageRequest) -> list[dict[str, str]]:
    columns = [request.POST.getlist(f"line_{name}") for name in imports.COLUMNS]
    return [
        dict(zip(imports.COLUMNS, (value.strip() for value in row), strict=True)) for row in zip(*columns, strict=False)
    ]


urlpatterns = [
    path("masters/", masters, name="masters"),
    path("masters/draft/", draft, name="master_draft"),
    path("masters/<str:code>/<int:number>/", master, name="master"),
]
PAGES = {
    "manufacturing:masters": Page("manufacturing.view"),
    "manufacturing:master_draft": Page("manufacturing.draft_master", FORM),
    "manufacturing:master": Page("manufacturing.view", FORM),
}
NAV = [("manufacturing:masters", "Master batch records")]
