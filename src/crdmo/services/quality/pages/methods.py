"""Analytical methods, for who writes, approves and runs them: versions compared, limits, who is qualified."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import path

from crdmo.foundation.refusals import Invalid, NotFound, Refused
from crdmo.foundation.signing import signatures_of
from crdmo.science.method import MethodError
from crdmo.science.quality.limits import Limit
from crdmo.web import steps
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest

from ..bench_tables import changes
from ..forms.bench import MethodForm, QualifyForm
from ..models import ControlResult, Method, Qualification
from ..workflow import bench as workflow
from .bench import act, at, may, today

BLANK_LINES = 2
LINE = ("kind", "name", "limit", "unit")
HEAD = ("code", "title", "technique", "reporting", "replicates", "calculation", "instrument_kind", "procedure")


def methods(request: PageRequest, program: str) -> HttpResponse:
    """List methods, every version, the latest first."""
    rows = Method.objects.filter(organization=request.person.organization, is_void=False).order_by("code", "-number")
    if request.GET.get("format") == "json":
        return JsonResponse(
            {
                "items": [
                    {"code": m.code, "version": m.number, "title": m.title, "technique": m.technique, "state": m.state}
                    for m in rows
                ]
            }
        )
    return render(request, "quality/methods.html", {"rows": rows, "may_draft": may(request, "quality.draft_method")})


def _find(request: PageRequest, code: str, number: int) -> Method:
    rows = Method.objects.filter(organization=request.person.organization, code=code, number=number, is_void=False)
    found = rows.select_related("supersedes").first()
    if found is None:
        raise NotFound("there is no such method", given=f"{code} version {number}")
    return found


def method(request: PageRequest, program: str, code: str, number: int) -> HttpResponse:
    """Show a version of a method; it is approved here, and analysts are qualified for it."""
    found, refused = _find(request, code, number), None
    qualifying = request.POST.get("step") == "qualify"
    form = QualifyForm(
        request.POST if qualifying else None, organization=found.organization, initial={"starts": today()}
    )
    if request.method == "POST":
        done, refused = _step(request, found, form, qualifying)
        if done is not None:
            return done
        found.refresh_from_db()
    held = Qualification.objects.filter(
        organization=found.organization, method_code=found.code, is_void=False
    ).select_related("person")
    contents: dict[str, Any] = {
        "record": found,
        "changes": changes(found),
        "signatures": signatures_of(found),
        "refused": refused,
        "form": form,
        "versions": Method.objects.filter(organization=found.organization, code=found.code, is_void=False).order_by(
            "-number"
        ),
        "qualified": [
            {"row": q, "state": "expired" if q.ends < today() else "pending" if q.starts > today() else "valid"}
            for q in held.order_by("person__printed_name", "-ends")
        ],
        "preview": steps.to_sign(request, "quality.approve_method", [found], ready=found.state == "draft"),
        "may_draft": found.state == "effective" and may(request, "quality.draft_method"),
        "may_qualify": may(request, "quality.qualify_analyst"),
    }
    status = refused.status if refused else form.status
    return render(request, "quality/method.html", contents, status=status)


def _step(
    request: PageRequest, found: Method, form: QualifyForm, qualifying: bool
) -> tuple[HttpResponse | None, Refused | None]:
    if qualifying:

        def step(given: dict[str, Any]) -> Qualification:
            made: Qualification = workflow.qualify_analyst(request.person, given.pop("person"), method=found, **given)
            return made

        return act(request, form, step, "The qualification is recorded.", request.path), None
    refused = steps.attempt(
        lambda: workflow.approve_method(request.person, found, credentials=steps.credentials(request))
    )
    if refused is None:
        messages.success(request, f"{found} is effective.")
        return HttpResponseRedirect(request.path), None
    return None, refused


def draft(request: PageRequest, program: str) -> HttpResponse:
    """Draft a method, or the next version of one (`?after=CODE/NUMBER`)."""
    code, given, number = request.GET.get("after", "").partition("/")
    before = _find(request, code, int(number)) if given and number.isdigit() else None
    form = MethodForm(request.POST or None, initial={name: getattr(before, name) for name in HEAD} if before else None)
    rows = _given(request) if request.method == "POST" else _rows(before)
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: _write(request, dict(form.cleaned_data), rows, before))
        if made is not None:
            messages.success(request, f"{made} is drafted. A colleague approves it by signature.")
            return HttpResponseRedirect(at(request, "method", code=made.code, number=made.number))
    contents = {"form": form, "rows": rows, "before": before, "kinds": ControlResult.Kind.choices}
    return render(request, "quality/method_draft.html", contents, status=form.status)


def _write(request: PageRequest, head: dict[str, Any], rows: list[dict[str, str]], before: Method | None) -> Method:
    lines = [row for row in rows if row["name"] or row["limit"]]
    for number, row in enumerate(lines, 1):
        if not row["name"]:
            raise Invalid(f"control {number} has no name", given=row["limit"], errors={"controls": f"row {number}"})
        try:
            Limit.parse(row["limit"])
        except MethodError as error:
            raise Invalid(
                f"the limit of {row['name']}: {error.what}",
                given=error.given,
                allowed=error.allowed,
                errors={"controls": f"row {number}"},
            ) from error
    made: Method = workflow.draft_method(
        request.person,
        request.person.organization,
        suitability=[{k: v for k, v in row.items() if v} for row in lines],
        parameters=dict(before.parameters) if before else {},
        supersedes=before,
        **head,
    )
    return made


def _rows(before: Method | None) -> list[dict[str, str]]:
    kept = [{name: str(line.get(name, "")) for name in LINE} for line in (before.suitability if before else [])]
    return kept + [{"kind": "suitability", "name": "", "limit": "", "unit": ""}] * BLANK_LINES


def _given(request: PageRequest) -> list[dict[str, str]]:
    columns = [request.POST.getlist(f"control_{name}") for name in LINE]
    return [dict(zip(LINE, (value.strip() for value in row), strict=True)) for row in zip(*columns, strict=False)]


urlpatterns = [
    path("bench/methods/", methods, name="methods"),
    path("bench/methods/draft/", draft, name="method_draft"),
    path("bench/methods/<str:code>/<int:number>/", method, name="method"),
]
PAGES = {
    "quality:methods": Page("quality.view_bench"),
    "quality:method_draft": Page("quality.draft_method", FORM),
    "quality:method": Page("quality.view_bench", FORM),
}
NAV = [("quality:methods", "Methods")]
