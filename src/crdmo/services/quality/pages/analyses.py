"""Evaluations of tables, for analysts: bring a table, say what its columns are, conclude, have it signed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.foundation.accounts import authority
from crdmo.foundation.computing import figure_of
from crdmo.foundation.datasets import frame as frame_of
from crdmo.foundation.datasets import store
from crdmo.foundation.datasets.tables import Table, read_table
from crdmo.foundation.datasets.tables.writers import MEDIA_TYPES, write_csv
from crdmo.foundation.ledger.thread import stale_causes
from crdmo.foundation.refusals import Invalid, NotFound, Refused
from crdmo.foundation.signing import signatures_of
from crdmo.science.method import MethodError
from crdmo.web import steps
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest

from .. import imports
from ..forms.analyses import COLUMNS, ColumnsForm, ConclusionForm, UploadForm
from ..models import Analysis
from ..workflow import analyses as workflow

SHOWN = 8
DATA = 200
HOURS = 12


@page_of("quality.analysis")
def address(record: Analysis) -> str:
    """Return the address of an evaluation's page."""
    assert record.program is not None
    return reverse("quality:analysis", kwargs={"program": record.program.code, "code": record.code})


def analyses(request: PageRequest, program: str) -> HttpResponse:
    """List evaluations, the latest first."""
    rows = (
        Analysis.objects.filter(program=request.program, is_void=False)
        .select_related("lot__program", "program")
        .order_by("-entry")
    )
    if request.GET.get("format") == "json":
        return JsonResponse(
            {
                "items": [
                    {"code": r.code, "kind": r.kind, "title": r.title, "state": r.state, "finding": r.finding}
                    for r in rows
                ]
            }
        )
    shown = [
        {"record": r, "says": workflow.KINDS[r.kind].says if r.kind in workflow.KINDS else r.kind} for r in rows[:250]
    ]
    assert request.program is not None
    may = authority.may(request.person, "quality.analyse_table", request.program.id, held=request.roles)
    return render(request, "quality/analyses.html", {"rows": shown, "may_analyse": may})


def _ticket(request: PageRequest, blob: str, given: dict[str, Any]) -> str:
    """Return what the second step hands back: which bytes were uploaded, by whom, for what; nobody else can use it."""
    parts = {
        "blob": blob,
        "name": given["file"].name,
        "kind": given["kind"],
        "title": given["title"],
        "who": str(request.person.pk),
    }
    return signing.dumps(parts, salt="quality.analysis")


def _ticketed(request: PageRequest) -> dict[str, str]:
    try:
        parts: dict[str, str] = signing.loads(
            request.POST.get("ticket", ""), salt="quality.analysis", max_age=HOURS * 3600
        )
    except signing.BadSignature as error:
        raise Invalid(
            "the upload is not known here any more",
            errors={"file": "upload it again"},
            allowed=f"an upload of the last {HOURS} hours",
        ) from error
    if parts["who"] != str(request.person.pk):
        raise NotFound("there is no such upload")
    return parts


def new(request: PageRequest, program: str) -> HttpResponse:
    """Take a table, show what was read and what its columns seem to be, evaluate it."""
    if "ticket" in request.POST:
        return _columns(request)
    form = UploadForm(
        request.POST or None, request.FILES or None, initial={"kind": request.GET.get("kind") or "shelf_life"}
    )
    if request.method == "POST" and form.is_valid():
        given, raw = form.cleaned_data, form.cleaned_data["file"].read()
        table = form.attempt(lambda: read_table(raw, given["file"].name))
        if table is not None:
            ticket = _ticket(request, store.put(raw), given)
            made = COLUMNS[given["kind"]](headings=table.columns, program=request.program)
            return _preview(request, made, table, ticket, given["title"])
    return render(
        request, "quality/analysis_new.html", {"form": form, "kinds": workflow.KINDS.values()}, status=form.status
    )


def _preview(request: PageRequest, form: ColumnsForm, table: Table, ticket: str, title: str) -> HttpResponse:
    rows = [[("" if v is None else v) for v in row] for row in table.frame.head(SHOWN).iter_rows()]
    contents = {
        "form": form,
        "columns": table.columns,
        "rows": rows,
        "count": table.frame.height,
        "file_name": table.file_name,
        "ticket": ticket,
        "title": title,
        "flags": table.flags[:SHOWN],
        "says": workflow.KINDS[form.kind].says,
        "hint": workflow.KINDS[form.kind].hint,
    }
    return render(request, "quality/analysis_columns.html", contents, status=form.status)


def _columns(request: PageRequest) -> HttpResponse:
    """Evaluate the uploaded table with the columns as they were named."""
    try:
        parts = _ticketed(request)
    except Invalid as refused:
        form = UploadForm()
        form.refused = refused
        return render(
            request,
            "quality/analysis_new.html",
            {"form": form, "kinds": workflow.KINDS.values()},
            status=refused.status,
        )
    raw = store.get(parts["blob"])
    table = read_table(raw, parts["name"])
    chosen = COLUMNS[parts["kind"]](request.POST, headings=table.columns, program=request.program)
    if chosen.is_valid():
        made = chosen.attempt(lambda: _evaluate(request, chosen, parts, raw))
        if made is not None:
            messages.success(request, f"{made.code}: {made.finding}")
            return HttpResponseRedirect(address(made))
    return _preview(request, chosen, table, request.POST["ticket"], parts["title"])


def _evaluate(request: PageRequest, form: ColumnsForm, parts: dict[str, str], raw: bytes) -> Analysis:
    assert request.program is not None
    given = form.cleaned_data
    brought = imports.read(parts["name"], raw, numbers=form.numbers(), decimal=given["decimal"] or None)
    return imports.analyse(
        request.person,
        request.program,
        brought,
        kind=parts["kind"],
        title=parts["title"],
        options=form.options(),
        conclusion=given["conclusion"],
        lot=given["lot"],
    )


def _find(request: PageRequest, code: str) -> Analysis:
    rows = Analysis.objects.filter(program=request.program, code=code, is_void=False)
    found = rows.select_related("lot__program", "dataset", "computed", "program").first()
    if found is None:
        raise NotFound("there is no such evaluation", given=code)
    return found


def analysis(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show an evaluation with its picture, its data and its conclusion; it is concluded and signed here."""
    found = _find(request, code)
    if (form := request.GET.get("format")) == "json":
        return JsonResponse(
            {
                "code": found.code,
                "kind": found.kind,
                "title": found.title,
                "state": found.state,
                "finding": found.finding,
                "conclusion": found.conclusion,
                "dataset": found.dataset.blob,
                "output": found.computed.output,
            }
        )
    if form == "csv":
        return HttpResponse(
            write_csv(frame_of(found.dataset)),
            content_type=MEDIA_TYPES["csv"],
            headers={"Content-Disposition": f'attachment; filename="{found.code}.csv"'},
        )
    writing = request.POST.get("step") == "conclude"
    conclude = ConclusionForm(request.POST if writing else None, initial={"conclusion": found.conclusion})
    refused: Refused | None = None
    if request.method == "POST":
        done, refused = _step(request, found, conclude, writing)
        if done:
            messages.success(request, done)
            return HttpResponseRedirect(address(found))
        found.refresh_from_db()
    status = refused.status if refused else conclude.status
    return render(
        request,
        "quality/analysis.html",
        _contents(request, found) | {"conclude": conclude, "refused": refused},
        status=status,
    )


def _step(request: PageRequest, found: Analysis, conclude: ConclusionForm, writing: bool) -> tuple[str, Refused | None]:
    if not writing:
        refused = steps.attempt(
            lambda: workflow.sign_analysis(request.person, found, credentials=steps.credentials(request))
        )
        return ("" if refused else f"{found.code} is signed.", refused)
    if not conclude.is_valid():
        return "", None
    made = conclude.attempt(lambda: workflow.conclude_analysis(request.person, found, **conclude.cleaned_data))
    return ("The conclusion is written." if made else ""), None


def _contents(request: PageRequest, found: Analysis) -> dict[str, Any]:
    data, draft = frame_of(found.dataset), found.state == "draft"
    return {
        "record": found,
        "says": workflow.KINDS[found.kind].says if found.kind in workflow.KINDS else found.kind,
        "figure": _figure(found),
        "reasons": _reasons(found.computed.output),
        "parameters": found.computed.parameters,
        "signatures": signatures_of(found),
        "stale": stale_causes([found.pk]),
        "columns": data.columns,
        "data": data.head(DATA).rows(),
        "count": data.height,
        "shown": min(DATA, data.height),
        "components": _components(found),
        "profile": found.computed.output["points"] if found.kind == "dissolution" else [],
        "preview": steps.to_sign(request, "quality.sign_analysis", [found], ready=draft and bool(found.conclusion)),
        "may_conclude": draft
        and authority.may(request.person, "quality.conclude_analysis", found.program_id, held=request.roles),
    }


def _figure(found: Analysis) -> Any:
    """Return the picture, or None where the stored result is of a version that is no longer drawn."""
    try:
        return figure_of(found.computed, title=found.title)
    except MethodError:
        return None


def _reasons(output: Any) -> list[str]:
    if isinstance(output, list):
        return [f"Sample {one['sample']}: {reason}" for one in output for reason in one["reasons"]]
    return list(output["reasons"])


def _components(found: Analysis) -> list[dict[str, Any]]:
    """Return the lines of a precision table: each sample's components, sums and total, as printed."""
    if found.kind != "precision":
        return []
    rows = []
    for one in found.computed.output:
        for part in (*one["components"], *one["precision"]):
            interval = part["standard_deviation_interval"]
            rows.append(
                {
                    "sample": one["sample"],
                    "name": part["name"],
                    "variance": f"{part['variance']:.6f}",
                    "sd": f"{part['standard_deviation']:.6f}",
                    "cv": f"{part['cv_percent']:.3f}" if part["cv_percent"] is not None else "",
                    "share": f"{part['percent_of_total']:.1f}",
                    "df": f"{part['degrees_of_freedom']:.5g}" if part["degrees_of_freedom"] is not None else "",
                    "interval": f"{float(interval['lower']):.4g} – {float(interval['upper']):.4g}" if interval else "",
                }
            )
    return rows


urlpatterns = [
    path("analyses/", analyses, name="analyses"),
    path("analyses/new/", new, name="analysis_new"),
    path("analyses/<str:code>/", analysis, name="analysis"),
]
PAGES = {
    "quality:analyses": Page("quality.view"),
    "quality:analysis_new": Page("quality.analyse_table", FORM),
    "quality:analysis": Page("quality.view", FORM),
}
NAV = [("quality:analyses", "Evaluations")]
