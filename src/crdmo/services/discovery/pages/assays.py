"""Assays, for the biologist: the list, one assay with its runs, a new one."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path

from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest
from crdmo.web.step_fields import today
from crdmo.web.stepping import Step, entry_form, page
from crdmo.web.steps import may
from crdmo.web.tables import Column, Table

from .. import forms, queries
from ..models import Assay, Run
from ..workflow import assays as workflow
from .shared import at, here, of


@page_of("discovery.assay")
def address(record: Assay) -> str:
    """Return the address of an assay."""
    return of(record, "assay", record.code)


ASSAYS = Table(
    "assays",
    "Assays",
    (
        Column("code", "Assay", str, url=address),
        Column("title", "Title", sort="title"),
        Column("target", "Target", sort="target"),
        Column("readout", "Readout"),
        Column("wells", "Wells", kind="number", sort="wells"),
        Column("entry", "Entry", sort="entry", hidden=True),
    ),
    sort="code",
    empty=("No assay yet", "An assay says what is tested, how it is read, and against which controls."),
)


def assays(request: PageRequest, program: str) -> HttpResponse:
    """List assays."""
    rows = Assay.objects.filter(program=request.program, is_void=False).select_related("program")
    new = at(request, "assay_new") if may(request, "discovery.define_assay") else ""
    return ASSAYS.answer(request, rows, "discovery/assays.html", {"new": new})


def assay_new(request: PageRequest, program: str) -> HttpResponse:
    """Define an assay."""
    form = forms.AssayForm(request.POST or None, initial={"wells": "384", "z_prime": "0.5"})
    words = {"title": "Define an assay", "verb": "Define", "back": at(request, "assays"),
             "hint": "The negative control is no inhibition, the positive control full inhibition.",
             "done": "defined. Open its first run."}  # fmt: skip

    def do(given: Any) -> Assay:
        made: Assay = workflow.define_assay(request.person, here(request), **{**given, "wells": int(given["wells"])})
        return made

    return entry_form(request, form, do, words, address, "discovery/form.html")


def assay(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show an assay with its runs; a run is opened here."""
    found = queries.find_assay(request.program, code)

    def steps() -> list[Step]:
        return [
            Step("run", "Open a run", "discovery.open_run",
                 lambda given, _: workflow.open_run(request.person, found, **given), forms.RunForm,
                 initial={"performed_on": today()}, done="Opened. Add its plates.")
        ]  # fmt: skip

    def contents() -> dict[str, Any]:
        runs = Run.objects.filter(assay=found, is_void=False).select_related("program", "decided_by")
        return {"record": found, "runs": runs.order_by("-performed_on", "-code")}

    return page(request, steps, "discovery/assay.html", contents)


urlpatterns = [
    path("assays/", assays, name="assays"),
    path("assays/new/", assay_new, name="assay_new"),
    path("assays/<str:code>/", assay, name="assay"),
]
PAGES = {
    "discovery:assays": Page("discovery.view"),
    "discovery:assay_new": Page("discovery.define_assay", FORM),
    "discovery:assay": Page("discovery.view", FORM),
}
NAV = [("discovery:assays", "Assays")]
