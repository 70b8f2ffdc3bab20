"""What every page of a trial has: its heading, its tabs, its address; and the fields that forms share."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.urls import reverse

from crdmo.common.studies.models import Study, Subject
from crdmo.foundation.signing import needs
from crdmo.foundation.signing.credentials import Needs
from crdmo.web.door import opens
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest

from .. import queries

TABS = (
    ("trial", "Overview"),
    ("build", "Build"),
    ("subjects", "Subjects"),
    ("queries", "Queries"),
    ("verify", "Verification"),
    ("safety", "Safety"),
    ("randomisation", "Randomisation"),
    ("lock", "Lock"),
    ("analysis", "Analysis"),
    ("exchange", "In and out"),
)


def at(request: PageRequest, name: str, study: Study | None = None, **more: str) -> str:
    """Return an address of the room."""
    assert request.program is not None
    code = {"study": study.code} if study is not None else {}
    return reverse(f"clinical:{name}", kwargs={"program": request.program.code, **code, **more})


def find(request: PageRequest, code: str) -> Study:
    """Return the trial of an address."""
    return queries.trial(request.program, code)


def frame(request: PageRequest, study: Study, here: str) -> dict[str, Any]:
    """Return the heading of a trial and the tabs that this person can open."""
    rows = [
        {"label": word, "url": at(request, name, study)}
        for name, word in TABS
        if opens(f"clinical:{name}", request.roles)
        and not (study.is_imported and name not in ("trial", "subjects", "exchange"))
    ]
    return {"record": study, "tabs": rows, "here": dict(TABS)[here], "today": today()}


def today() -> dt.date:
    """Return the day in UTC."""
    return dt.datetime.now(dt.UTC).date()


def asks_all(request: PageRequest) -> Needs:
    """Return what a signature asks of this person where every component is asked again."""
    return needs(request.person, "")


def line(label: str, hint: str = "", *, required: bool = True, limit: int = 200) -> forms.CharField:
    """Return a field for one line."""
    return forms.CharField(label=label, help_text=hint, required=required, max_length=limit)


def prose(label: str, hint: str = "", *, required: bool = True, rows: int = 2, limit: int = 1000) -> forms.CharField:
    """Return a field for text."""
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, help_text=hint, required=required, widget=widget, max_length=limit)


def day(label: str, hint: str = "", *, required: bool = True) -> forms.DateField:
    """Return a field for a date."""
    widget = forms.DateInput(attrs={"type": "date", "class": "short"})
    return forms.DateField(label=label, help_text=hint, widget=widget, required=required)


def choice(label: str, choices: Any = (), hint: str = "", *, required: bool = True) -> forms.ChoiceField:
    """Return a list to choose from."""
    return forms.ChoiceField(label=label, choices=[("", "Choose"), *choices], help_text=hint, required=required)


def _address(study: Study, page: str, **more: str) -> str:
    if study.program is None or study.kind != Study.Kind.CLINICAL:
        return ""
    return reverse(f"clinical:{page}", kwargs={"program": study.program.code, "study": study.code, **more})


@page_of("studies.study")
@page_of("studies.protocolversion")
def study_address(record: Any) -> str:
    """Return the address of a trial; a nonclinical study has its page elsewhere."""
    return _address(record if isinstance(record, Study) else record.study, "trial")


@page_of("studies.subject")
@page_of("clinical.casebook")
@page_of("clinical.consent")
@page_of("clinical.eligibility")
@page_of("clinical.randomisation")
def subject_address(record: Any) -> str:
    """Return the address of a subject of a trial."""
    subject = record if isinstance(record, Subject) else record.subject
    return _address(subject.study, "subject", code=subject.code)


@page_of("clinical.crfpage")
def crf_address(record: Any) -> str:
    """Return the address of a page of a casebook."""
    place = {"code": record.subject.code, "visit": record.visit.code, "form": record.form.code}
    return _address(record.study, "page", **place)


@page_of("clinical.dataquery")
def query_address(record: Any) -> str:
    """Return the address of a query: the page that it asks about."""
    return crf_address(record.page)


@page_of("clinical.databaselock")
def lock_address(record: Any) -> str:
    """Return the address of the lock."""
    return _address(record.study, "lock")


@page_of("clinical.trialanalysis")
@page_of("clinical.studyreport")
def analysis_address(record: Any) -> str:
    """Return the address of the analyses."""
    return _address(record.study, "analysis")


@page_of("studies.event")
def event_address(record: Any) -> str:
    """Return the address of an adverse event of a trial."""
    return _address(record.study, "event", key=str(record.pk)) if record.domain == "AE" else ""
