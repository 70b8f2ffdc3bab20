"""Samples, for the sample manager and the analyst: received in what state, who has it, what is to be tested, what is left."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import ngettext

from crdmo.common.materials import queries as materials
from crdmo.common.materials import workflow as stock
from crdmo.common.materials.models import Custody, Sample
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.datasets.tables import number_text
from crdmo.foundation.refusals import Invalid, NotFound
from crdmo.web import steps
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest
from crdmo.web.tables import Column, Table

from ..models import Result, Specification, Test
from ..workflow import testing
from .lots import address as lot_address
from .lots import find_lot


@page_of("materials.sample")
def address(record: Sample) -> str:
    """Return the address of a sample's page."""
    assert record.program is not None
    return reverse("quality:sample", kwargs={"program": record.program.code, "code": record.code})


@page_of("quality.test")
def test_address(record: Test) -> str:
    """Return the address of a test: that of its sample."""
    return address(record.sample)


SAMPLES = Table(
    "samples",
    "Samples",
    (
        Column("code", "Sample", kind="record", sort="code"),
        Column("lot", "Lot", kind="record"),
        Column("purpose", "Purpose", "get_purpose_display"),
        Column("amount", "Amount", kind="number", unit_at="unit"),
        Column("taken_on", "Taken", kind="day", sort="taken_on"),
        Column("due_on", "Due", kind="day", sort="due_on"),
        Column("location", "Place", sort="location"),
        Column("holder", "Holder", hidden=True),
        Column("state", "State", kind="state", sort="state"),
        Column("entry", "Entry", sort="entry", hidden=True),
    ),
    sort="-entry",
    empty=("No sample here", "A sample is taken from a lot; open the lot and take one."),
)


def samples(request: PageRequest, program: str) -> HttpResponse:
    """List samples, by state if asked; the same address gives every format."""
    rows = Sample.objects.filter(program=request.program, is_void=False).select_related(
        "lot__program", "program", "holder"
    )
    state = request.GET.get("state", "")
    rows = rows.filter(state=state) if state in Sample.State.values else rows
    return SAMPLES.answer(request, rows, "quality/samples.html", {"state": state, "states": Sample.State.choices})


def find_sample(request: PageRequest, code: str) -> Sample:
    """Return a sample of the program.

    Raises:
        NotFound: there is none.
    """
    found = (
        Sample.objects.filter(program=request.program, code=code)
        .select_related("lot__substance", "program", "holder")
        .first()
    )
    if found is None:
        raise NotFound("there is no such sample", given=code)
    return found


class SampleForm(StepForm):
    """A sample to take."""

    purpose = forms.ChoiceField(choices=Sample.Purpose.choices, label="Purpose")
    amount = steps.text_field("Amount", "What is taken, in the unit of the lot.", classes="short")
    taken_on = steps.date_field("Taken on")
    due_on = steps.date_field("Results due on", required=False)
    location = steps.text_field("Place", "Where the sample is now.", required=False)


def new_sample(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Take a sample of a lot."""
    lot = find_lot(request, code)
    form = SampleForm(request.POST or None, initial={"taken_on": dt.datetime.now(dt.UTC).date()})
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: stock.register_sample(request.person, lot, unit=lot.unit, **form.cleaned_data))
        if made is not None:
            messages.success(request, f"{made} is taken from {lot}.")
            return HttpResponseRedirect(address(made))
    contents = {
        "form": form,
        "title": f"Take a sample of {lot.code}",
        "verb": "Take the sample",
        "back_url": lot_address(lot),
        "hint": f"{materials.remaining(lot)} are left.",
    }
    return render(request, "quality/form.html", contents, status=form.status)


def sample(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a sample: receive it, assign its tests, hand it out, use it, keep it or dispose of it."""
    found, refused = find_sample(request, code), None
    if request.method == "POST":
        refused = steps.attempt(lambda: _step(request, found))
        if refused is None:
            return HttpResponseRedirect(request.path)
        found.refresh_from_db()
    tests = found.tests.filter(is_void=False).select_related("criterion__method", "analyst")
    results = Prefetch(
        "results", Result.objects.filter(is_void=False).select_related("program").order_by("round", "replicate")
    )
    may = {step: steps.may(request, name) for step, name in VERBS.items()}
    assignable = may["assign"] and found.state in (Sample.State.RECEIVED, Sample.State.ASSIGNED)
    contents: dict[str, Any] = {
        "record": found,
        "tests": tests.prefetch_related(results).order_by("criterion__position"),
        "may": may,
        "refused": refused,
        "custody": Custody.objects.filter(sample=found, is_void=False).select_related("person").order_by("-entry"),
        "balance": materials.balance(found),
        "here": found.state not in (Sample.State.REGISTERED, Sample.State.DISPOSED, Sample.State.REJECTED),
        "specifications": Specification.objects.filter(
            substance=found.lot.substance, state="approved", is_void=False
        ).order_by("stage", "-number")
        if assignable
        else [],
        "people": Person.objects.filter(organization=request.person.organization, is_active=True).order_by(
            "printed_name"
        )
        if may["move"]
        else [],
        "analysts": Person.objects.filter(
            organization=request.person.organization, is_active=True, memberships__role="analyst"
        ).distinct()
        if assignable
        else [],
    }
    return render(request, "quality/sample.html", contents, status=refused.status if refused else 200)


VERBS = {
    "receive": "materials.receive_sample",
    "assign": "quality.assign_tests",
    "move": "materials.move_sample",
    "use": "materials.use_sample",
    "retain": "materials.retain_sample",
    "dispose": "materials.dispose_sample",
    "cancel": "quality.cancel_test",
    "open": "quality.open_worksheet",
}


def _receive(request: PageRequest, found: Sample) -> str:
    given, accepted = request.POST, request.POST.get("accepted") != "no"
    stock.receive_sample(
        request.person,
        found,
        location=given.get("location", ""),
        condition=given.get("condition", ""),
        accepted=accepted,
    )
    return "Received." if accepted else "Rejected on receipt."


def _assign(request: PageRequest, found: Sample) -> str:
    chosen = _one(
        Specification.objects.filter(program=found.program),
        request.POST.get("specification", ""),
        "choose a specification in force",
    )
    day = steps.date_field("Due", required=False).clean(request.POST.get("due_on", ""))
    analyst = _person(request, "analyst")
    made = testing.assign_tests(request.person, found, specification=chosen, analyst=analyst, due_on=day)
    return ngettext("%d test is assigned.", "%d tests are assigned.", len(made)) % len(made)


def _move(request: PageRequest, found: Sample) -> str:
    holder = _person(request, "holder")
    step = (
        Custody.Step.RETURNED
        if request.POST.get("returned")
        else Custody.Step.HANDED_OUT
        if holder
        else Custody.Step.MOVED
    )
    stock.move_sample(request.person, found, location=request.POST.get("location", ""), holder=holder, step=step)
    return "Recorded."


def _use(request: PageRequest, found: Sample) -> str:
    amount = number_text(request.POST.get("amount", ""))
    stock.use_sample(request.person, found, amount=amount, unit=found.unit, note=request.POST.get("note", ""))
    return f"{amount} {found.unit} are taken off."


def _retain(request: PageRequest, found: Sample) -> str:
    stock.retain_sample(request.person, found, location=request.POST.get("location", ""))
    return "What is left is kept."


def _dispose(request: PageRequest, found: Sample) -> str:
    stock.dispose_sample(request.person, found, reason=request.POST.get("reason", ""))
    return "Disposed of."


def _cancel(request: PageRequest, found: Sample) -> str:
    chosen = _one(
        found.tests.select_related("criterion", "sample"), request.POST.get("test", ""), "choose a test of this sample"
    )
    testing.cancel_test(request.person, chosen, reason=request.POST.get("reason", ""))
    return f"{chosen} is cancelled."


STEPS = {
    "receive": _receive,
    "assign": _assign,
    "move": _move,
    "use": _use,
    "retain": _retain,
    "dispose": _dispose,
    "cancel": _cancel,
}


def _step(request: PageRequest, found: Sample) -> None:
    step = STEPS.get(request.POST.get("step", ""))
    if step is None:
        raise NotFound("there is no such step", given=request.POST.get("step", ""), allowed=", ".join(STEPS))
    messages.success(request, step(request, found))


def _one(rows: QuerySet[Any], key: str, what: str) -> Any:
    """Return the row that a form names."""
    try:
        found = rows.filter(pk=UUID(key)).first()
    except ValueError:
        found = None
    if found is None:
        raise Invalid(what, given=key or "nothing")
    return found


def _person(request: PageRequest, name: str) -> Person | None:
    given = request.POST.get(name, "")
    found = (
        Person.objects.filter(organization=request.person.organization, user_id=given, is_active=True).first()
        if given
        else None
    )
    if given and found is None:
        raise Invalid("there is no such person here", errors={name: "not known"}, given=given)
    return found


urlpatterns = [
    path("samples/", samples, name="samples"),
    path("lots/<str:code>/sample/", new_sample, name="sample_new"),
    path("samples/<str:code>/", sample, name="sample"),
]
PAGES = {
    "quality:samples": Page("quality.view"),
    "quality:sample_new": Page("materials.register_sample", FORM),
    "quality:sample": Page("quality.view", FORM),
}
NAV = [("quality:samples", "Samples")]
