"""Samples, for the sample manager and the analyst: received in what state, who has it, what is to be tested, what is left."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.common.materials import queries as materials
from crdmo.common.materials import workflow as stock
from crdmo.common.materials.models import Custody, Sample
from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.refusals import NotFound
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest

from ..models import Specification, Test
from ..workflow import testing
from . import steps
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


def samples(request: PageRequest, program: str) -> HttpResponse:
    """List samples, those that wait first."""
    rows = Sample.objects.filter(program=request.program, is_void=False).select_related("lot", "program").order_by("-entry")
    state = request.GET.get("state", "")
    rows = rows.filter(state=state) if state in Sample.State.values else rows
    return render(request, "quality/samples.html", {"rows": rows[:250], "state": state, "states": Sample.State.choices})


def find_sample(request: PageRequest, code: str) -> Sample:
    """Return a sample of the program.

    Raises:
        NotFound: there is none.
    """
    found = Sample.objects.filter(program=request.program, code=code).select_related("lot__substance", "program", "holder").first()
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
    contents = {"form": form, "title": f"Take a sample of {lot.code}", "verb": "Take the sample", "back": "quality:lots", "hint": f"{materials.remaining(lot)} are left."}
    return render(request, "quality/form.html", contents, status=form.status)


def sample(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a sample: receive it, assign its tests, hand it out, dispose of it."""
    found, refused = find_sample(request, code), None
    if request.method == "POST":
        refused = steps.attempt(lambda: _step(request, found))
        if refused is None:
            return HttpResponseRedirect(request.path)
        found.refresh_from_db()
    tests = list(found.tests.filter(is_void=False).select_related("criterion__method", "analyst").prefetch_related("results__computed").order_by("criterion__position"))
    specifications = Specification.objects.filter(substance=found.lot.substance, state="approved", is_void=False).order_by("stage", "-number")
    contents: dict[str, Any] = {
        "record": found, "tests": tests, "custody": Custody.objects.filter(sample=found, is_void=False).select_related("person").order_by("-entry"),
        "left": materials.remaining(found), "refused": refused, "specifications": specifications,
        "may": {verb: authority.may(request.person, name, found.program_id) for verb, name in VERBS.items()},
        "people": Person.objects.filter(organization=request.person.organization, is_active=True).order_by("printed_name"),
    }  # fmt: skip
    return render(request, "quality/sample.html", contents, status=refused.status if refused else 200)


VERBS = {
    "receive": "materials.receive_sample", "assign": "quality.assign_tests", "move": "materials.move_sample", "dispose": "materials.dispose_sample",
    "open": "quality.open_worksheet",
}  # fmt: skip


def _step(request: PageRequest, found: Sample) -> None:
    given, step = request.POST, request.POST.get("step", "")
    if step == "receive":
        accepted = given.get("accepted") != "no"
        stock.receive_sample(request.person, found, location=given.get("location", ""), condition=given.get("condition", ""), accepted=accepted)
    elif step == "assign":
        specification = Specification.objects.filter(program=found.program, pk=given.get("specification") or None).first()
        if specification is None:
            raise NotFound("choose a specification in force")
        testing.assign_tests(request.person, found, specification=specification)
    elif step == "move":
        holder = Person.objects.filter(organization=request.person.organization, user_id=given.get("holder", "")).first()
        stock.move_sample(request.person, found, location=given.get("location", ""), holder=holder, step="handed_out" if holder else "moved")
    elif step == "dispose":
        stock.dispose_sample(request.person, found, reason=given.get("reason", ""))
    else:
        raise NotFound("there is no such step", given=step)
    messages.success(request, "Recorded.")


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
