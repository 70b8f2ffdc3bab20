"""Batches, for who plans them: the list, issuing from an effective master, cancelling what is not begun."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.web import steps
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.fields import DayField
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest
from crdmo.web.tables import Column, Table

from .. import queries
from ..models import Batch, BatchException, BatchReview, Dispensing, MasterRecord, StepRecord, ValueRecord
from ..workflow import batches as workflow


@page_of("manufacturing.batch")
def address(record: Batch) -> str:
    """Return the address of a batch's page."""
    assert record.program is not None
    return reverse("manufacturing:batch", kwargs={"program": record.program.code, "code": record.code})


@page_of("manufacturing.batchexception")
@page_of("manufacturing.batchreview")
@page_of("manufacturing.dispensing")
@page_of("manufacturing.steprecord")
def part_address(record: BatchException | BatchReview | Dispensing | StepRecord) -> str:
    """Return the address of a part of a batch record: the batch's."""
    return address(record.batch)


@page_of("manufacturing.valuerecord")
def value_address(record: ValueRecord) -> str:
    """Return the address of a value: the batch's."""
    return address(record.record.batch)


def _master(row: Batch) -> str:
    assert row.program is not None
    place = {"program": row.program.code, "code": row.master.code, "number": row.master.number}
    return reverse("manufacturing:master", kwargs=place)


BATCHES = Table(
    "batches",
    "Batches",
    (
        Column("code", "Batch", kind="record", sort="code"),
        Column("product", "Product", "master.product.name"),
        Column("master", "Master", "master", url=_master),
        Column("due_on", "Due", kind="day", sort="due_on"),
        Column("issued_at", "Issued", kind="instant", sort="issued_at"),
        Column("output", "Output", kind="number", unit_at="master.unit"),
        Column("state", "State", kind="state", sort="state"),
        Column("entry", "Entry", sort="entry", hidden=True),
    ),
    sort="-issued_at",
    empty=("No batch yet", "A batch is issued from an effective master batch record, for the lot that it makes."),
)


def batches(request: PageRequest, program: str) -> HttpResponse:
    """List batches, by state if asked; the same address gives CSV, XLSX, Parquet and JSON."""
    rows = Batch.objects.filter(program=request.program, is_void=False).select_related("master__product", "program")
    state = request.GET.get("state", "")
    rows = rows.filter(state=state) if state in Batch.State.values else rows
    contents = {
        "state": state,
        "states": Batch.State.choices,
        "may_issue": steps.may(request, "manufacturing.issue_batch"),
    }
    return BATCHES.answer(request, rows, "manufacturing/batches.html", contents)


class IssueForm(StepForm):
    """A batch to issue."""

    master = forms.ModelChoiceField(
        MasterRecord.objects.none(), label="Master batch record", help_text="Only versions that are effective."
    )
    lot = steps.text_field("Lot number", "As on the label; left empty, the next free one is given.", required=False)
    due_on = DayField(label="Due on", required=False)


def issue(request: PageRequest, program: str) -> HttpResponse:
    """Issue a batch."""
    form = IssueForm(request.POST or None, initial={"master": request.GET.get("master")})
    rows = MasterRecord.objects.filter(program=request.program, state="effective", is_void=False)
    form.fields["master"].queryset = rows.select_related("program__partner", "product")  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        made = form.attempt(lambda: workflow.issue_batch(request.person, given.pop("master"), **given))
        if made is not None:
            messages.success(request, f"Batch {made} is issued; its lot is registered in quarantine.")
            return HttpResponseRedirect(address(made))
    contents = {"form": form, "title": "Issue a batch", "verb": "Issue the batch", "back": "manufacturing:batches"}
    return render(request, "manufacturing/form.html", contents, status=form.status)


class ReasonForm(StepForm):
    """Why."""

    reason = steps.text_field("Reason", "It stands in the history with your name.", long=True)


def cancel(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Cancel a batch into which nothing has gone."""
    found, form = queries.find_batch(request.program, code), ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = form.attempt(lambda: workflow.cancel_batch(request.person, found, reason=form.cleaned_data["reason"]))
        if done is not None:
            messages.success(request, f"Batch {found} is cancelled; its number is not used again.")
            return HttpResponseRedirect(address(found))
    contents = {"form": form, "title": f"Cancel batch {found}", "verb": "Cancel the batch", "back_url": address(found)}
    return render(request, "manufacturing/form.html", contents, status=form.status)


urlpatterns = [
    path("batches/", batches, name="batches"),
    path("batches/issue/", issue, name="batch_issue"),
    path("batches/<str:code>/cancel/", cancel, name="batch_cancel"),
]
PAGES = {
    "manufacturing:batches": Page("manufacturing.view"),
    "manufacturing:batch_issue": Page("manufacturing.issue_batch", FORM),
    "manufacturing:batch_cancel": Page("manufacturing.cancel_batch", FORM),
}
NAV = [("manufacturing:batches", "Batches")]
