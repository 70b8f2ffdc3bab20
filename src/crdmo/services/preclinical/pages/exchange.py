"""In and out: findings from a table, a SEND package as a study, a study as a SEND package."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path

from crdmo.common.studies.models import Activity, Event, Finding, Intervention
from crdmo.common.studies.queries import in_force
from crdmo.foundation.datasets.models import Dataset
from crdmo.foundation.refusals import Invalid
from crdmo.standards.cdisc import zipped
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest
from crdmo.web.stepping import Given, Signed, Step, page

from .. import imports
from ..send import importing, reading, writing
from ..workflow import records
from .frame import at, find, frame, line, prose, study_address


class TableForm(StepForm):
    """A table of findings."""

    file = forms.FileField(
        label="Table", help_text="CSV or XLSX: animal, day, test, value, unit; specimen, time, date where they apply."
    )
    reason = prose("Reason", "Where something is early or late.", required=False, rows=1)


def exchange(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show what came in and what goes out; bring a table of findings."""
    found = find(request, code)

    def bring(given: Given, _: Signed) -> None:
        rows = imports.read_findings(found, given["file"].read(), given["file"].name)
        made = records.record_findings(request.person, found, rows, reason=given["reason"])
        messages.success(request, f"{len(made)} findings are recorded.")

    def steps() -> list[Step]:
        return [
            Step(
                "table", "Bring a table of findings", "preclinical.record_findings", bring, TableForm,
                ready=found.state in ("active", "completed"), done="The table is in.",
            )
        ]  # fmt: skip

    def contents() -> dict[str, Any]:
        counts: dict[str, int] = {"DM": found.subjects.filter(is_void=False).count()}
        models: tuple[Any, ...] = (Finding, Event, Intervention)
        for model in models:
            for domain in model.objects.filter(study=found, is_void=False).values_list("domain", flat=True):
                counts[domain] = counts.get(domain, 0) + 1
        return {
            **frame(request, found, "exchange"),
            "counts": sorted(counts.items()),
            "kept": Dataset.objects.filter(program=found.program, kind=writing.KIND, note=str(found.id)).order_by(
                "name"
            ),
            "items": [(one, one.items) for one in in_force(found, Activity)],
            "send_url": at(request, "send", found),
            "deviations": writing.deviations(found) if "check" in request.GET else None,
        }

    return page(request, steps, "preclinical/exchange.html", contents)


def send(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Return the study as a SEND package."""
    found = find(request, code)
    response = HttpResponse(zipped(writing.package(found)), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{found.code}-send.zip"'
    return response


class PackageForm(StepForm):
    """A SEND package."""

    file = forms.FileField(label="Package", help_text="A ZIP of .xpt files, dm.xpt among them.")
    code = line("Study code", "Left empty, the one in the package.", required=False, limit=30)


def bring_package(request: PageRequest, program: str) -> HttpResponse:
    """Bring a SEND package in as a study."""
    form = PackageForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data

        def do() -> Any:
            if not given["file"].name.lower().endswith(".zip"):
                raise Invalid(
                    "a package is a ZIP of transport files", errors={"file": "a .zip"}, given=given["file"].name
                )
            files = reading.unzipped(given["file"].read())
            return importing.import_send(request.person, request.program, files, code=given["code"])

        made = form.attempt(do)
        if made is not None:
            messages.success(request, f"{made} is in, with {made.subjects.count()} animals.")
            return HttpResponseRedirect(study_address(made))
    contents = {
        "form": form,
        "title": "Bring a SEND package",
        "verb": "Bring it in",
        "hint": "Every row is checked first; one that does not belong refuses all. The files are sealed as they come.",
        "back": at(request, "home"),
    }
    return render(request, "preclinical/form.html", contents, status=form.status)


urlpatterns = [
    path("studies/<str:code>/exchange/", exchange, name="exchange"),
    path("studies/<str:code>/send.zip", send, name="send"),
    path("packages/new/", bring_package, name="package_new"),
]
PAGES = {
    "preclinical:exchange": Page("preclinical.view", FORM),
    "preclinical:send": Page("preclinical.view"),
    "preclinical:package_new": Page("preclinical.import_send", FORM),
}
