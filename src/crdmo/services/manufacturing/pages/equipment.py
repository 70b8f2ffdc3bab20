"""Equipment, for operators and who keeps it: what is fit today, and one log in the order of time."""

from __future__ import annotations

import datetime as dt

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.foundation.accounts import authority
from crdmo.web import steps
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.fields import DayField, MeasuredField
from crdmo.web.request import PageRequest

from .. import queries
from ..models import Equipment, EquipmentEvent
from ..plant import standing
from ..workflow import equipment as workflow

SHOWN = 100


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


def _may(request: PageRequest, verb: str) -> bool:
    return authority.may(request.person, verb, None, request.person.organization_id)


def equipment(request: PageRequest, program: str) -> HttpResponse:
    """List equipment as it stands today, what cannot be used first."""
    rows = Equipment.objects.filter(organization=request.person.organization, is_void=False)
    found = sorted(standing(rows, _today()).values(), key=lambda s: (s.fit, s.equipment.kind, s.equipment.code))
    if request.GET.get("format") == "json":
        items = [
            {
                "code": s.equipment.code,
                "name": s.equipment.name,
                "class": s.equipment.kind,
                "fit": s.fit,
                "why": s.words,
            }
            for s in found
        ]
        return JsonResponse({"items": items})
    contents = {"rows": found, "may_register": _may(request, "manufacturing.register_equipment")}
    return render(request, "manufacturing/equipment.html", contents)


class RegisterForm(StepForm):
    """A piece of equipment to register."""

    code = steps.text_field("Code", "As on its label; left empty, the next is given.", required=False, classes="short")
    name = steps.text_field("Name", "Maker and model.")
    kind = steps.text_field("Class", "As masters name it: Reactor, Blender, Tablet press, Scale …", classes="short")
    location = steps.text_field("Room", "", required=False)
    clean_days = forms.IntegerField(
        label="Clean hold in days",
        required=False,
        min_value=1,
        widget=forms.NumberInput(attrs={"class": "short"}),
        help_text="How long it stays clean; left empty where there is no limit.",
    )
    minimum = MeasuredField(
        label="Minimum weight", required=False, help_text="Of a scale only: the least that it weighs."
    )
    minimum_unit = forms.ChoiceField(
        label="Unit of the minimum", required=False, choices=[("", "–"), *((u, u) for u in ("mg", "g", "kg"))]
    )


def register(request: PageRequest, program: str) -> HttpResponse:
    """Register equipment."""
    form = RegisterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        made = form.attempt(lambda: workflow.register_equipment(request.person, request.person.organization, **given))
        if made is not None:
            messages.success(
                request, f"{made} is registered. A calibration or qualification, and a cleaning, make it usable."
            )
            place = {"program": program, "code": made.code}
            return HttpResponseRedirect(reverse("manufacturing:equipment_one", kwargs=place))
    contents = {"form": form, "title": "Register equipment", "verb": "Register", "back": "manufacturing:equipment"}
    return render(request, "manufacturing/form.html", contents, status=form.status)


class LogForm(StepForm):
    """A line of the log."""

    kind = forms.ChoiceField(choices=[c for c in EquipmentEvent.Kind.choices if c[0] != "use"], label="What")
    on = DayField(label="On")
    passed = forms.TypedChoiceField(
        choices=[("yes", "Passed"), ("no", "Failed")], coerce=lambda v: v == "yes", label="Outcome"
    )
    due_on = DayField(label="Holds until", required=False, help_text="Of a calibration or qualification that passed.")
    note = steps.text_field("Note", "What was done and found.", required=False, long=True)


def one(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a piece of equipment with its log; a line is written here."""
    found = queries.find_equipment(request.person.organization, code)
    form = LogForm(request.POST or None, initial={"on": _today(), "kind": "cleaning"})
    if request.method == "POST" and form.is_valid():
        done = form.attempt(lambda: workflow.log_equipment(request.person, found, **form.cleaned_data))
        if done is not None:
            messages.success(request, "It stands in the log.")
            return HttpResponseRedirect(request.path)
        found.refresh_from_db()
    log = found.events.filter(is_void=False).select_related("person", "batch__program").order_by("-entry")[:SHOWN]
    contents = {
        "record": found,
        "stand": standing([found], _today())[found.id],
        "log": log,
        "form": form,
        "may_log": _may(request, "manufacturing.log_equipment"),
        "here": request.program,
    }
    return render(request, "manufacturing/equipment_one.html", contents, status=form.status)


urlpatterns = [
    path("equipment/", equipment, name="equipment"),
    path("equipment/register/", register, name="equipment_register"),
    path("equipment/<str:code>/", one, name="equipment_one"),
]
PAGES = {
    "manufacturing:equipment": Page("manufacturing.view_plant"),
    "manufacturing:equipment_register": Page("manufacturing.register_equipment", FORM),
    "manufacturing:equipment_one": Page("manufacturing.view_plant", FORM),
}
NAV = [("manufacturing:equipment", "Equipment")]
