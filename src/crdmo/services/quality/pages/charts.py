"""Control charts, for supervisors and reviewers: freeze limits from stated points, name each signal after."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.foundation.accounts import authority
from crdmo.foundation.computing import figure_of
from crdmo.foundation.refusals import NotFound, Refused
from crdmo.foundation.signing import signatures_of
from crdmo.science.method import MethodError
from crdmo.web import steps
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest

from ..models import ControlChart, ControlResult, Criterion
from ..workflow import charts as workflow


@page_of("quality.controlchart")
def address(record: ControlChart) -> str:
    """Return the address of a chart's page."""
    assert record.program is not None
    return reverse("quality:chart", kwargs={"program": record.program.code, "code": record.code})


def charts(request: PageRequest, program: str) -> HttpResponse:
    """List control charts, those out of control first."""
    rows = (
        ControlChart.objects.filter(program=request.program, is_void=False)
        .select_related("program")
        .order_by("state", "-entry")
    )
    if request.GET.get("format") == "json":
        return JsonResponse(
            {
                "items": [
                    {
                        "code": c.code,
                        "name": c.name,
                        "state": c.state,
                        "in_control": c.in_control,
                        "points": len(c.points),
                    }
                    for c in rows
                ]
            }
        )
    shown = sorted(rows, key=lambda c: (c.state == "superseded", c.in_control is not False))
    return render(
        request, "quality/charts.html", {"rows": shown, "may_freeze": _may(request, "quality.freeze_baseline")}
    )


def _may(request: PageRequest, verb: str) -> bool:
    assert request.program is not None
    return authority.may(request.person, verb, request.program.id, held=request.roles)


def _subjects(request: PageRequest) -> list[tuple[str, str]]:
    """Return what can be watched: each test of a specification and each control of a run, as (value, words)."""
    lines = (
        Criterion.objects.filter(program=request.program, is_void=False, acceptance="limit")
        .values_list("method__code", "name")
        .distinct()
    )
    controls = (
        ControlResult.objects.filter(program=request.program, is_void=False)
        .values_list("worksheet__method__code", "name")
        .distinct()
    )
    rows = [(f"results|{code}|{name}", f"{name}, {code}, across lots") for code, name in sorted(set(lines))]
    return rows + [(f"controls|{code}|{name}", f"{name}, {code}, across runs") for code, name in sorted(set(controls))]


class BaselineForm(StepForm):
    """What the chart is called; its points are chosen in the table below."""

    name = steps.text_field("Name", "What is watched, as it is cited.")
    subject = forms.CharField(widget=forms.HiddenInput)
    supersedes = forms.ModelChoiceField(
        ControlChart.objects.none(),
        required=False,
        label="Supersedes",
        help_text="The chart whose limits these replace; it is kept.",
    )


def freeze(request: PageRequest, program: str) -> HttpResponse:
    """Choose what is watched, then the points of the baseline."""
    subject = request.POST.get("subject") or request.GET.get("subject", "")
    subjects = _subjects(request)
    if subject not in dict(subjects):
        return render(request, "quality/chart_subject.html", {"subjects": subjects})
    watches, method_code, criterion_name = subject.split("|", 2)
    form = BaselineForm(request.POST or None, initial={"subject": subject, "name": dict(subjects)[subject]})
    older = ControlChart.objects.filter(
        program=request.program, method_code=method_code, criterion_name=criterion_name, state="approved", is_void=False
    )
    form.fields["supersedes"].queryset = older  # type: ignore[attr-defined]
    about = {"watches": watches, "method_code": method_code, "criterion_name": criterion_name}
    found: list[workflow.Point] = []
    try:
        found = workflow.points(request.program, **about)  # type: ignore[arg-type]
    except Refused as refused:
        form.refused = refused
    chosen = set(request.POST.getlist("point")) if request.method == "POST" else {p.key for p in found}
    causes = {p.key: request.POST.get(f"cause_{p.key}", "") for p in found}
    if request.method == "POST" and found and form.is_valid():
        given = form.cleaned_data
        records = [p.record for p in found if p.key in chosen or causes[p.key].strip()]
        made = form.attempt(
            lambda: workflow.freeze_baseline(
                request.person,
                request.program,
                name=given["name"],
                chosen=records,
                left_out=causes,
                supersedes=given["supersedes"],
                **about,
            )
        )
        if made is not None:
            messages.success(request, f"{made} is proposed. A colleague freezes its limits by signature.")
            return HttpResponseRedirect(address(made))
    rows = [{"point": p, "chosen": p.key in chosen, "cause": causes[p.key]} for p in found]
    return render(
        request,
        "quality/chart_baseline.html",
        {"form": form, "rows": rows, "words": dict(subjects)[subject]},
        status=form.status,
    )


def chart(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a chart with its limits and signals; it is approved here, and brought up to date."""
    rows = ControlChart.objects.filter(program=request.program, code=code, is_void=False)
    found = rows.select_related("program", "baseline", "latest", "supersedes__program").first()
    if found is None:
        raise NotFound("there is no such control chart", given=code)
    refused = _act(request, found) if request.method == "POST" else None
    if request.method == "POST" and refused is None:
        return HttpResponseRedirect(address(found))
    if refused is not None:
        found.refresh_from_db()
    output = found.latest.output if found.latest else None
    if request.GET.get("format") == "json":
        return JsonResponse(
            {
                "code": found.code,
                "state": found.state,
                "baseline": found.baseline.output,
                "chart": output,
                "points": found.points,
            }
        )
    return render(
        request,
        "quality/chart.html",
        _contents(request, found, output) | {"refused": refused},
        status=refused.status if refused else 200,
    )


def _act(request: PageRequest, found: ControlChart) -> Refused | None:
    if request.POST.get("step") == "run":
        refused = steps.attempt(lambda: workflow.run_chart(request.person, found))
        if refused is None:
            messages.success(request, f"{len(found.points)} points are charted; the limits stay as they were frozen.")
        return refused
    refused = steps.attempt(
        lambda: workflow.approve_chart(request.person, found, credentials=steps.credentials(request))
    )
    if refused is None:
        messages.success(request, f"The limits of {found} are frozen.")
    return refused


def _contents(request: PageRequest, found: ControlChart, output: Any) -> dict[str, Any]:
    base = found.baseline.output
    limits = [
        ("Centre", base["centre"]),
        ("Lower limit", base["lower"]),
        ("Upper limit", base["upper"]),
        ("σ, short-term", base["sigma"]),
        ("Upper limit of the moving range", base["spread_upper"]),
    ]
    return {
        "record": found,
        "limits": [(name, f"{value:.5g}") for name, value in limits],
        "reasons": base["reasons"],
        "figure": _figure(found),
        "signals": _signals(found, output) if output else [],
        "signatures": signatures_of(found),
        "preview": steps.to_sign(request, "quality.approve_chart", [found], ready=found.state == "proposed"),
        "may_run": found.state == "approved" and _may(request, "quality.run_chart"),
    }


def _figure(found: ControlChart) -> Any:
    """Return the picture of the latest run, or None before the first one or where another version made it."""
    if found.latest is None:
        return None
    try:
        return figure_of(
            found.latest,
            title=found.name,
            attribute=found.criterion_name,
            labels="\n".join(p["label"] for p in found.points),
        )
    except MethodError:
        return None


def _signals(found: ControlChart, output: Any) -> list[dict[str, Any]]:
    rows = []
    for panel in (output["location"], output["spread"]):
        for signal in panel["signals"]:
            point = found.points[signal["position"] - 1]
            rows.append(
                {
                    "on": panel["title"],
                    "rule": signal["rule"],
                    "reason": signal["reason"],
                    "label": point["label"],
                    "record": point["record"],
                }
            )
    return rows


urlpatterns = [
    path("charts/", charts, name="charts"),
    path("charts/freeze/", freeze, name="chart_freeze"),
    path("charts/<str:code>/", chart, name="chart"),
]
PAGES = {
    "quality:charts": Page("quality.view"),
    "quality:chart_freeze": Page("quality.freeze_baseline", FORM),
    "quality:chart": Page("quality.view", FORM),
}
NAV = [("quality:charts", "Control charts")]
