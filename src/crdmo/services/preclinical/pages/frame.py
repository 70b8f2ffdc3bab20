"""What every page of a study has: its heading, its tabs, its address; and the fields that forms share."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.urls import reverse

from crdmo.common.studies.models import Study
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest

from .. import queries
from ..models import Analysis, Effect, Inspection, InspectionFinding, Noael, QaStatement, StudyReport

TABS = (
    ("study", "Overview"),
    ("protocol", "Protocol"),
    ("animals", "Animals"),
    ("curves", "Data"),
    ("toxicokinetics", "Toxicokinetics"),
    ("statistics", "Statistics"),
    ("noael", "NOAEL"),
    ("quality", "Quality assurance"),
    ("report", "Report"),
    ("exchange", "In and out"),
)


def at(request: PageRequest, name: str, study: Study | None = None, **more: str) -> str:
    """Return an address of the room."""
    assert request.program is not None
    code = {"code": study.code} if study is not None else {}
    return reverse(f"preclinical:{name}", kwargs={"program": request.program.code, **code, **more})


def find(request: PageRequest, code: str) -> Study:
    """Return the study of an address."""
    return queries.study_of(request.program, code)


def frame(request: PageRequest, study: Study, here: str) -> dict[str, Any]:
    """Return the heading of a study and its tabs."""
    rows = [{"label": word, "url": at(request, name, study)} for name, word in TABS]
    return {"record": study, "tabs": rows, "here": dict(TABS)[here], "today": today()}


def today() -> dt.date:
    """Return the day in UTC."""
    return dt.datetime.now(dt.UTC).date()


def prose(label: str, hint: str = "", *, required: bool = True, rows: int = 3, limit: int = 20_000) -> forms.CharField:
    """Return a field for text."""
    return forms.CharField(
        label=label, help_text=hint, required=required, widget=forms.Textarea(attrs={"rows": rows}), max_length=limit
    )


def line(label: str, hint: str = "", *, required: bool = True, limit: int = 200) -> forms.CharField:
    """Return a field for one line."""
    return forms.CharField(label=label, help_text=hint, required=required, max_length=limit)


def day(label: str, hint: str = "", *, required: bool = True) -> forms.DateField:
    """Return a field for a date."""
    widget = forms.DateInput(attrs={"type": "date", "class": "short"})
    return forms.DateField(label=label, help_text=hint, widget=widget, required=required)


def choice(label: str, choices: Any = (), hint: str = "", *, required: bool = True) -> forms.ChoiceField:
    """Return a list to choose from."""
    return forms.ChoiceField(label=label, choices=[("", "Choose"), *choices], help_text=hint, required=required)


def _address(study: Study, page: str) -> str:
    if study.program is None or study.kind != Study.Kind.NONCLINICAL:
        return ""
    return reverse(f"preclinical:{page}", kwargs={"program": study.program.code, "code": study.code})


@page_of("studies.study")
def study_address(record: Study) -> str:
    """Return the address of a nonclinical study; a trial has its page elsewhere."""
    return _address(record, "study")


@page_of("studies.protocolversion")
def protocol_address(record: Any) -> str:
    """Return the address of a protocol."""
    return _address(record.study, "protocol")


@page_of("studies.subject")
@page_of("studies.allocation")
@page_of("studies.place")
def animals_address(record: Any) -> str:
    """Return the address of the animals of a study."""
    return _address(record.study, "animals")


@page_of("studies.finding")
def finding_address(record: Any) -> str:
    """Return the address of one finding of a nonclinical study."""
    study = record.study
    if study.kind != Study.Kind.NONCLINICAL or study.program is None:
        return ""
    return reverse(
        "preclinical:finding", kwargs={"program": study.program.code, "code": study.code, "key": str(record.pk)}
    )


@page_of("preclinical.inspection")
@page_of("preclinical.qastatement")
def inspection_address(record: Inspection | QaStatement) -> str:
    """Return the address of quality assurance."""
    return _address(record.study, "quality")


@page_of("preclinical.inspectionfinding")
def inspection_finding_address(record: InspectionFinding) -> str:
    """Return the address of a finding of quality assurance."""
    return _address(record.inspection.study, "quality")


@page_of("preclinical.effect")
@page_of("preclinical.noael")
def noael_address(record: Effect | Noael) -> str:
    """Return the address of the conclusions."""
    return _address(record.study, "noael")


@page_of("preclinical.analysis")
def analysis_address(record: Analysis) -> str:
    """Return the address of an analysis."""
    page = "toxicokinetics" if record.kind == Analysis.Kind.TOXICOKINETICS else "statistics"
    return _address(record.study, "animals" if record.kind == Analysis.Kind.ASSIGNMENT else page)


@page_of("preclinical.studyreport")
def report_address(record: StudyReport) -> str:
    """Return the address of the report."""
    return _address(record.study, "report")
