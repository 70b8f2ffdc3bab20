"""Worksheets, for the analyst: pick the run's method, instrument and standards; controls first; then results, in one grid."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.foundation.datasets import seal_upload
from crdmo.foundation.datasets.tables import Table as FileTable
from crdmo.foundation.datasets.tables import read_table
from crdmo.foundation.datasets.tables.table import Kind
from crdmo.foundation.ledger.acts import act
from crdmo.foundation.refusals import Invalid, NotFound, Refused
from crdmo.foundation.signing import seen_from, signatures_of
from crdmo.science import method as methods
from crdmo.web import steps
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest
from crdmo.web.tables import Column, Table

from .. import queries
from ..models import WAITING, ControlResult, Instrument, Method, Reading, Reagent, Result, Test, Worksheet
from ..workflow import investigations, testing


@page_of("quality.worksheet")
def address(record: Worksheet) -> str:
    """Return the address of a worksheet's page."""
    assert record.program is not None
    return reverse("quality:worksheet", kwargs={"program": record.program.code, "code": record.code})


@page_of("quality.controlresult")
def control_address(record: ControlResult) -> str:
    """Return the address of a control: its worksheet."""
    return address(record.worksheet)


RUNS = Table(
    "worksheets",
    "Runs",
    (
        Column("code", "Worksheet", kind="record", sort="code"),
        Column("method", "Method"),
        Column("instrument", "Instrument", "instrument.code"),
        Column("analyst", "Analyst"),
        Column("started", "Started", kind="instant", sort="started"),
        Column("state", "State", kind="state", sort="state"),
    ),
    sort="-started",
    empty=("No run yet", "A worksheet is opened for a method, with a calibrated instrument and standards in date."),
)


def worksheets(request: PageRequest, program: str) -> HttpResponse:
    """List what could be run, by method, and the runs."""
    rows = Worksheet.objects.filter(program=request.program, is_void=False).select_related(
        "method", "instrument", "analyst", "program"
    )
    tests = Test.objects.filter(program=request.program, state__in=WAITING, is_void=False).select_related(
        "criterion__method", "sample"
    )
    waiting: dict[Any, list[Test]] = {}
    for test in tests.order_by("due_on", "sample__code"):
        waiting.setdefault(test.criterion.method, []).append(test)
    contents = {"waiting": waiting, "may_open": steps.may(request, "quality.open_worksheet")}
    return RUNS.answer(request, rows, "quality/worksheets.html", contents)


class OpenForm(StepForm):
    """A run to open. What cannot be used today says so beside its name."""

    method = forms.ModelChoiceField(Method.objects.none(), label="Method")
    instrument = forms.ChoiceField(
        label="Instrument", required=False, help_text="It must be calibrated and in service today."
    )
    reagents = forms.MultipleChoiceField(
        label="Standards, reagents, columns",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="All in date; the standard's potency enters the calculation.",
    )

    def __init__(self, request: PageRequest) -> None:
        super().__init__(request.POST or None)
        laboratory, today = request.person.organization, dt.datetime.now(dt.UTC).date()
        methods = Method.objects.filter(organization=laboratory, state="effective", is_void=False).order_by("code")
        self.fields["method"].queryset = methods  # type: ignore[attr-defined]
        found, kept = queries.instruments_of(request.person, today), queries.reagents_of(request.person, today)
        self.instruments = {str(one.pk): one for one, _ in found}
        self.fields["instrument"].choices = [("", "None"), *((str(one.pk), f"{one}: {fit}") for one, fit in found)]  # type: ignore[attr-defined]
        self._suggest(request, found, kept)
        self.stock = {str(one.pk): one for one, _ in kept}
        self.fields["reagents"].choices = [(str(one.pk), f"{one}, lot {one.lot_number}: {fit}") for one, fit in kept]  # type: ignore[attr-defined]

    def _suggest(
        self, request: PageRequest, instruments: list[tuple[Instrument, str]], stock: list[tuple[Reagent, str]]
    ) -> None:
        """Choose beforehand what fits the method that the address names: a calibrated instrument, a standard in date."""
        wanted = request.GET.get("method", "")
        method = next((m for m in self.fields["method"].queryset if str(m.pk) == wanted), None)  # type: ignore[attr-defined]
        if method is None:
            return
        fits = [
            str(one.pk)
            for one, fit in instruments
            if one.kind == method.instrument_kind and fit.startswith("calibrated")
        ]
        standards = [
            str(one.pk)
            for one, fit in stock
            if method.calculation and one.kind == Reagent.Kind.STANDARD and fit.startswith("use by")
        ]
        self.initial = {"method": method.pk, "instrument": fits[0] if fits else "", "reagents": standards[:1]}


def open_worksheet(request: PageRequest, program: str) -> HttpResponse:
    """Open a run: a gate that is closed says which one, and what opens it."""
    form = OpenForm(request)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        made = form.attempt(
            lambda: testing.open_worksheet(
                request.person,
                request.program,
                method=given["method"],
                instrument=form.instruments.get(given["instrument"]),
                reagents=[form.stock[key] for key in given["reagents"]],
            )
        )
        if made is not None:
            return HttpResponseRedirect(address(made))
    contents = {"form": form, "title": "Open a worksheet", "verb": "Open the worksheet", "back": "quality:worksheets"}
    return render(request, "quality/form.html", contents, status=form.status)


def worksheet(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a run: its controls, then the grid of its results; the analyst closes it by signature."""
    found = (
        Worksheet.objects.filter(program=request.program, code=code)
        .select_related("method", "instrument", "analyst", "program")
        .first()
    )
    if found is None:
        raise NotFound("there is no such worksheet", given=code)
    refused = None
    if request.method == "POST":
        refused = steps.attempt(lambda: _step(request, found))
        if refused is None:
            return HttpResponseRedirect(request.path)
        found.refresh_from_db()
    mine = found.analyst_id == request.person.pk
    rows = _marked(_rows(request, found), refused) if mine and found.state == Worksheet.State.SUITABLE else []
    contents: dict[str, Any] = {
        "record": found,
        "mine": mine,
        "refused": refused,
        "columns": _columns(found.method, rows),
        "signatures": signatures_of(found),
        "rows": rows,
        "controls": found.controls.filter(is_void=False).order_by("entry"),
        "wanted": _controls(request, found, refused),
        "reagents": [u.reagent for u in found.reagents.filter(is_void=False).select_related("reagent")],
        "results": _results(found),
        "preview": steps.to_sign(
            request,
            "quality.close_worksheet",
            [found],
            ready=mine and found.state != "closed",
            button="Close the worksheet",
        ),
    }
    return render(request, "quality/worksheet.html", contents, status=refused.status if refused else 200)


def _names(method: Method) -> tuple[str, ...]:
    """Return the quantities that a method's calculation reads; the potency comes from the standard itself."""
    if not method.calculation:
        return ()
    wanted = inspect.signature(methods.find(method.calculation).function).parameters.values()
    return tuple(one.name for one in wanted if one.default is one.empty and one.name != "standard_potency")


def _columns(method: Method, rows: Sequence[dict[str, Any]]) -> list[str]:
    if names := _names(method):
        return [name.replace("_", " ").capitalize() for name in names]
    most = max([method.replicates, *(len(row["values"]) for row in rows)])
    return [f"Reading {i}" for i in range(1, most + 1)] if most > 1 else ["Reading"]


def _rows(request: PageRequest, found: Worksheet) -> list[dict[str, Any]]:
    """Return the rows of the grid: every test of this method that waits, with what was typed before a refusal."""
    tests = Test.objects.filter(
        program=found.program, criterion__method__code=found.method.code, state__in=WAITING, is_void=False
    )
    names, rows = _names(found.method), []
    for test in tests.select_related("criterion__method", "sample__lot", "analyst").order_by(
        "due_on", "sample__code", "criterion__position"
    ):
        typed = [value.strip() for value in request.POST.getlist(f"value_{test.pk}")]
        width = len(names) or investigations.readings_wanted(test)
        rows.append({"test": test, "values": [*typed, *[""] * width][:width]})
    return rows


def _marked(rows: list[dict[str, Any]], refused: Refused | None) -> list[dict[str, Any]]:
    """Return the rows with what is wrong in each cell, as the refusal names it."""
    errors = getattr(refused, "errors", {})
    for place, row in enumerate(row for row in rows if any(row["values"])):
        row["error"] = errors.get(f"entries/{place}", "")
        row["cells"] = [(value, errors.get(f"entries/{place}/values/{i}", "")) for i, value in enumerate(row["values"])]
    for row in rows:
        row.setdefault("cells", [(value, "") for value in row["values"]])
    return rows


def _controls(request: PageRequest, found: Worksheet, refused: Refused | None) -> list[dict[str, Any]]:
    """Return the controls that the method asks for, with what was typed and what is wrong with it."""
    errors = getattr(refused, "errors", {})
    return [
        {**line, "typed": request.POST.get(f"control_{i}", ""), "error": errors.get(line["name"], "")}
        for i, line in enumerate(found.method.suitability)
    ]


def _results(found: Worksheet) -> list[Result]:
    """Return the results that were made of what was read on a run."""
    read = set(found.readings.filter(is_void=False).values_list("test_id", "round"))
    rows = Result.objects.filter(test__in={test for test, _ in read}, is_void=False).select_related(
        "test__criterion", "test__sample", "program"
    )
    return [
        row
        for row in rows.order_by("test__sample__code", "test__criterion__position", "replicate")
        if (row.test_id, row.round) in read
    ]


def _step(request: PageRequest, found: Worksheet) -> None:
    step = request.POST.get("step", "")
    if step == "controls":
        values = {
            str(line["name"]): request.POST.get(f"control_{i}", "").strip()
            for i, line in enumerate(found.method.suitability)
        }
        testing.record_controls(request.person, found, values=values)
        good = found.state == Worksheet.State.SUITABLE
        messages.add_message(
            request,
            messages.SUCCESS if good else messages.ERROR,
            "The system is suitable." if good else "The system is not suitable.",
        )
    elif step == "results":
        _enter(request, found)
    elif step == "file":
        _from_file(request, found)
    elif "signing_password" in request.POST:
        testing.close_worksheet(
            request.person, found, credentials=steps.credentials(request), seen=seen_from(request.POST)
        )
        messages.success(request, "The worksheet is closed.")
    else:
        raise NotFound("there is no such step", given=step)


def _enter(request: PageRequest, found: Worksheet) -> None:
    """Enter what was typed or pasted into the grid, all of it or nothing."""
    typed = [row for row in _rows(request, found) if any(row["values"])]
    if not typed:
        raise Invalid("no reading is typed", next="Fill every reading of a test, or leave its whole row empty")
    entries = [testing.Entry(row["test"], tuple(row["values"]), _names(found.method)) for row in typed]
    source = Reading.Source.PASTED if request.POST.get("source") == "pasted" else Reading.Source.TYPED
    made = testing.enter_results(request.person, found, entries, source=source)
    _told(request, len(entries), made, "entered")


def _told(request: PageRequest, count: int, made: list[Result], how: str) -> None:
    failed = [str(result.test) for result in made if result.fails]
    said = f"{count} test{'' if count == 1 else 's'} {how}; a colleague verifies."
    if failed:
        messages.warning(request, f"{said} Out of limit: {', '.join(failed)}. Keep the preparations.")
    else:
        messages.success(request, said)


FILE_COLUMNS = ("sample", "test", "value")


def _from_file(request: PageRequest, found: Worksheet) -> None:
    """Take readings from an instrument's table, one row a reading; the file is sealed as it came, in the same act."""
    upload = request.FILES.get("file")
    if not isinstance(upload, UploadedFile):
        raise Invalid(
            "choose a file", errors={"file": "CSV, XLSX, JSON or Parquet with the columns sample, test, value"}
        )
    assert request.program is not None
    data, name = upload.read(), upload.name or "table"
    table = read_table(data, name)
    table.require(*FILE_COLUMNS, *(("name",) if _names(found.method) else ()))
    entries = _matched(found, table)
    columns: dict[str, Kind] = {one: "text" for one in table.columns}
    with act(request.person, "quality.enter_results") as opened:
        dataset = seal_upload(
            opened,
            data,
            name,
            name=f"Readings of {found.code}",
            kind="quality.readings",
            program=request.program,
            columns=columns,
            device=found.instrument.code if found.instrument else "",
        )
        made = testing.enter_results.within(opened, found, entries, source=Reading.Source.FILE, file=dataset)
    _told(request, len(entries), made, f"taken from {name}, which is sealed as it came")


def _matched(found: Worksheet, table: FileTable) -> list[testing.Entry]:
    """Return the entries of a table by sample and test; rows that fit no test that waits are all named."""
    tests = Test.objects.filter(
        program=found.program, criterion__method__code=found.method.code, state__in=WAITING, is_void=False
    )
    known = {
        (t.sample.code, t.criterion.name): t
        for t in tests.select_related("criterion__method", "sample__lot", "analyst")
    }
    read: dict[tuple[str, str], list[tuple[str, str]]] = {}
    errors: dict[str, str] = {}
    for index, row in enumerate(table.frame.iter_rows(named=True)):
        key = (str(row["sample"]).strip(), str(row["test"]).strip())
        if key not in known:
            errors[table.place(index, "sample")] = f"{key[1]} of {key[0]} does not wait for {found.method.code}"
        read.setdefault(key, []).append((str(row.get("name") or "").strip(), str(row["value"]).strip()))
    if errors:
        raise Invalid(
            "the file names tests that do not wait here",
            errors=errors,
            next="Correct the file and upload it again; nothing was stored",
        )
    return [
        testing.Entry(
            known[key], tuple(v for _, v in lines), tuple(n for n, _ in lines) if _names(found.method) else ()
        )
        for key, lines in read.items()
    ]


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
