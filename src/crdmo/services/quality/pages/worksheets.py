"""Worksheets, for the analyst: pick the run's method, instrument and standards; controls first; then results, in one grid."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.foundation.accounts import authority
from crdmo.foundation.datasets import seal_upload
from crdmo.foundation.datasets.tables import read_table
from crdmo.foundation.ledger.acts import act
from crdmo.foundation.refusals import Invalid, NotFound
from crdmo.foundation.signing import signatures_of
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest

from ..models import ControlResult, Instrument, Method, Reading, Reagent, Test, Worksheet
from ..workflow import testing
from . import steps

OPEN_TESTS = ("assigned", "retest")
NAMED = {"quality.external_standard": ("standard_area", "standard_weight", "sample_area", "sample_weight")}


@page_of("quality.worksheet")
def address(record: Worksheet) -> str:
    """Return the address of a worksheet's page."""
    assert record.program is not None
    return reverse("quality:worksheet", kwargs={"program": record.program.code, "code": record.code})


@page_of("quality.controlresult")
def control_address(record: ControlResult) -> str:
    """Return the address of a control: its worksheet."""
    return address(record.worksheet)


def worksheets(request: PageRequest, program: str) -> HttpResponse:
    """List worksheets, open ones first, and what could be run."""
    rows = Worksheet.objects.filter(program=request.program, is_void=False).select_related("method", "instrument", "analyst", "program").order_by("-entry")[:200]
    tests = Test.objects.filter(program=request.program, state__in=OPEN_TESTS, is_void=False).select_related("criterion__method", "sample")
    waiting: dict[Any, list[Test]] = {}
    for test in tests.order_by("due_on"):
        waiting.setdefault(test.criterion.method, []).append(test)
    may_open = authority.may(request.person, "quality.open_worksheet", request.program.id if request.program else None)
    return render(request, "quality/worksheets.html", {"rows": rows, "waiting": waiting, "may_open": may_open})


class OpenForm(StepForm):
    """A run to open."""

    method = forms.ModelChoiceField(Method.objects.none(), label="Method")
    instrument = forms.ModelChoiceField(Instrument.objects.none(), label="Instrument", required=False, help_text="Calibrated ones only can be used; the step says why another cannot.")
    reagents = forms.ModelMultipleChoiceField(Reagent.objects.none(), label="Standards, reagents, columns", required=False,
                                              widget=forms.CheckboxSelectMultiple, help_text="In date only.")  # fmt: skip


def open_worksheet(request: PageRequest, program: str) -> HttpResponse:
    """Open a run."""
    laboratory = request.person.organization
    form = OpenForm(request.POST or None, initial={"method": request.GET.get("method")})
    form.fields["method"].queryset = Method.objects.filter(organization=laboratory, state="effective", is_void=False).order_by("code")  # type: ignore[attr-defined]
    form.fields["instrument"].queryset = Instrument.objects.filter(organization=laboratory, is_void=False).order_by("code")  # type: ignore[attr-defined]
    form.fields["reagents"].queryset = Reagent.objects.filter(organization=laboratory, is_void=False).order_by("code")  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        made = form.attempt(lambda: testing.open_worksheet(request.person, request.program, method=given["method"], instrument=given["instrument"], reagents=list(given["reagents"])))
        if made is not None:
            return HttpResponseRedirect(address(made))
    contents = {"form": form, "title": "Open a worksheet", "verb": "Open the worksheet", "back": "quality:worksheets"}
    return render(request, "quality/form.html", contents, status=form.status)


def worksheet(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a run: its controls, then the grid of its results; the analyst closes it by signature."""
    found = Worksheet.objects.filter(program=request.program, code=code).select_related("method", "instrument", "analyst", "program").first()
    if found is None:
        raise NotFound("there is no such worksheet", given=code)
    refused = None
    if request.method == "POST":
        refused = steps.attempt(lambda: _step(request, found))
        if refused is None:
            return HttpResponseRedirect(request.path)
        found.refresh_from_db()
    mine = found.analyst_id == request.person.pk
    columns = _columns(found.method)
    rows = _rows(request, found, columns) if mine and found.state == "suitable" else []
    entered = found.readings.filter(is_void=False).select_related("test__criterion", "test__sample").order_by("test__sample__code", "replicate")
    contents: dict[str, Any] = {
        "record": found, "mine": mine, "refused": refused, "columns": columns, "rows": rows, "wrong": getattr(refused, "errors", {}),
        "controls": found.controls.filter(is_void=False).order_by("entry"), "reagents": [u.reagent for u in found.reagents.filter(is_void=False).select_related("reagent")],
        "readings": entered, "results": _results(entered), "signatures": signatures_of(found),
        "preview": steps.to_sign(request, "quality.close_worksheet", [found], ready=mine and found.state != "closed", button="Close the worksheet"),
    }  # fmt: skip
    return render(request, "quality/worksheet.html", contents, status=refused.status if refused else 200)


def _columns(method: Method) -> list[str]:
    named = NAMED.get(method.calculation)
    return list(named) if named else [f"Reading {i}" for i in range(1, method.replicates + 1)] if method.replicates > 1 else ["Reading"]


def _rows(request: PageRequest, found: Worksheet, columns: list[str]) -> list[dict[str, Any]]:
    """Return the rows of the grid: every test of this method that waits, with what was typed before a refusal."""
    tests = Test.objects.filter(program=found.program, criterion__method__code=found.method.code, state__in=OPEN_TESTS, is_void=False)
    rows = []
    for test in tests.select_related("criterion", "sample__lot").order_by("due_on", "sample__code"):
        typed = request.POST.getlist(f"value_{test.pk}")
        rows.append({"test": test, "values": [typed[i] if i < len(typed) else "" for i in range(len(columns))]})
    return rows


def _results(readings: Any) -> list[Any]:
    seen: dict[Any, Any] = {}
    for reading in readings:
        for result in reading.test.results.filter(round=reading.round, is_void=False):
            seen[result.pk] = result
    return list(seen.values())


def _step(request: PageRequest, found: Worksheet) -> None:
    step = request.POST.get("step", "")
    if step == "controls":
        values = {str(line["name"]): request.POST.get(f"control_{i}", "").strip() for i, line in enumerate(found.method.suitability)}
        testing.record_controls(request.person, found, values=values)
    elif step == "results":
        entries = _entries(request, found)
        testing.enter_results(request.person, found, entries, source=request.POST.get("source", "typed"))
        messages.success(request, f"{len(entries)} tests are entered; a colleague verifies them.")
    elif step == "file":
        _from_file(request, found)
    elif "signing_password" in request.POST:
        testing.close_worksheet(request.person, found, credentials=steps.credentials(request))
        messages.success(request, "The worksheet is closed.")
    else:
        raise NotFound("there is no such step", given=step)


def _entries(request: PageRequest, found: Worksheet) -> list[testing.Entry]:
    names = NAMED.get(found.method.calculation, ())
    entries, errors = [], {}
    for row in _rows(request, found, _columns(found.method)):
        values = tuple(value.strip() for value in row["values"])
        if not any(values):
            continue
        if not all(values):
            errors[str(row["test"])] = "a reading is missing"
        entries.append(testing.Entry(row["test"], values, names))
    if errors or not entries:
        raise Invalid("nothing was stored" if errors else "no reading is typed", errors=errors, next="Fill every reading of a test, or leave the whole row empty")
    return entries


def _from_file(request: PageRequest, found: Worksheet) -> None:
    """Take readings from an instrument's table: columns sample, test, value (one row a reading), sealed as it came."""
    upload = request.FILES.get("file")
    if upload is None or isinstance(upload, list):
        raise Invalid("choose a file", errors={"file": "CSV, XLSX, JSON or Parquet with the columns sample, test, value"})
    data = upload.read()
    table = read_table(data, upload.name or "table")
    table.require("sample", "test", "value")
    readings: dict[tuple[str, str], list[str]] = {}
    for row in table.frame.iter_rows(named=True):
        readings.setdefault((str(row["sample"]).strip(), str(row["test"]).strip()), []).append(str(row["value"]).strip())
    entries = []
    for (sample, name), values in readings.items():
        test = Test.objects.filter(program=found.program, sample__code=sample, criterion__name=name, is_void=False).select_related("criterion__method", "sample").first()
        if test is None:
            raise Invalid("the file names a test that does not wait here", errors={f"{sample} {name}": "not there"}, next="Correct the file; nothing was stored")
        entries.append(testing.Entry(test, tuple(values), NAMED.get(found.method.calculation, ())))
    with act(request.person, "quality.enter_results") as opened:
        dataset = seal_upload(opened, data, upload.name or "table", name=f"Readings of {found.code}", kind="quality.readings", program=found.program,
                              columns={"sample": "text", "test": "text", "value": "text"}, device=found.instrument.code if found.instrument else "")  # fmt: skip
        testing.enter_results.within(opened, found, entries, source=Reading.Source.FILE, file=dataset)
    messages.success(request, f"{len(entries)} tests are taken from {upload.name}, which is sealed as it came.")


urlpatterns = [
    path("worksheets/", worksheets, name="worksheets"),
    path("worksheets/open/", open_worksheet, name="worksheet_open"),
    path("worksheets/<str:code>/", worksheet, name="worksheet"),
]
PAGES = {
    "quality:worksheets": Page("quality.view"),
    "quality:worksheet_open": Page("quality.open_worksheet", FORM),
    "quality:worksheet": Page("quality.view", FORM),
}
NAV = [("quality:worksheets", "Worksheets")]
