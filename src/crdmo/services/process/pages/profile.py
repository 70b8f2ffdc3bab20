"""Profile, attributes, operations and parameters: one page where each is listed and added."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.foundation.refusals import NotFound
from crdmo.web import steps
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.fields import MeasuredField
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest

from .. import queries
from ..models import Attribute, Parameter, ProfileElement, UnitOperation
from ..workflow import profile as workflow
from ..workflow.desks import UNITS

UNIT_CHOICES = [("", "none"), *((unit, unit) for unit in UNITS)]


@page_of("process.profileelement")
@page_of("process.attribute")
@page_of("process.unitoperation")
@page_of("process.parameter")
def address(record: ProfileElement | Attribute | UnitOperation | Parameter) -> str:
    """Return the address of the page that lists a part."""
    assert record.program is not None
    return reverse("process:profile", kwargs={"program": record.program.code})


class ElementForm(StepForm):
    """An element of the profile."""

    name = steps.text_field("Element", "Such as dosage form, release, stability.")
    target = steps.text_field("Target", "What the product must be.")
    source = steps.text_field("Source", "Where the target comes from.")


class AttributeForm(StepForm):
    """A quality attribute."""

    element = forms.ModelChoiceField(ProfileElement.objects.none(), label="Serves")
    name = steps.text_field("Attribute", "As the specification names it.")
    unit = forms.ChoiceField(choices=UNIT_CHOICES, label="Unit", required=False)
    criterion = steps.text_field("Criterion", "Such as ≥ 85.0 or 60 – 100; its places decide.", classes="short")
    severity = forms.IntegerField(
        label="Severity", min_value=1, max_value=10, help_text="1 no harm, 10 death. From 7 on it is critical.",
        widget=forms.NumberInput(attrs={"class": "short"}),
    )  # fmt: skip
    justification = steps.text_field("Why this severity", long=True)


class OperationForm(StepForm):
    """A unit operation."""

    name = steps.text_field("Operation", "Such as Blending; it stands behind the last one.")
    description = steps.text_field("Description", required=False, long=True)


class ParameterForm(StepForm):
    """A parameter of an operation."""

    operation = forms.ModelChoiceField(UnitOperation.objects.none(), label="Operation")
    name = steps.text_field("Parameter", "As the batch record names it.")
    unit = forms.ChoiceField(choices=UNIT_CHOICES[1:], label="Unit")
    low = MeasuredField(label="Can be set from")
    high = MeasuredField(label="to")


FORMS: dict[str, tuple[str, type[StepForm]]] = {
    "element": ("Add to the profile", ElementForm),
    "attribute": ("Add a quality attribute", AttributeForm),
    "operation": ("Add a unit operation", OperationForm),
    "parameter": ("Add a parameter", ParameterForm),
}


def profile(request: PageRequest, program: str) -> HttpResponse:
    """List the parts of the process; each is added or withdrawn here."""
    assert request.program is not None
    step, refused = request.POST.get("step", ""), None
    made_forms = {name: _form(request, name, step) for name in FORMS}
    if request.method == "POST" and step == "withdraw":
        refused = steps.attempt(lambda: _withdraw(request))
        if refused is None:
            return HttpResponseRedirect(request.path)
    elif request.method == "POST":
        if step not in FORMS:
            raise NotFound("there is no such step", given=step, allowed=", ".join((*FORMS, "withdraw")))
        form = made_forms[step]
        if form.is_valid() and form.attempt(lambda: _add(request, step, dict(form.cleaned_data))) is not None:
            messages.success(request, f"{form.cleaned_data['name']} is added.")
            return HttpResponseRedirect(request.path)
    status = refused.status if refused else max(form.status for form in made_forms.values())
    contents = {
        "thread": queries.thread_of(request.program),
        "forms": [(name, FORMS[name][0], form) for name, form in made_forms.items()],
        "refused": refused,
        "may_add": steps.may(request, "process.add_element"),
    }
    return render(request, "process/profile.html", contents, status=status)


def _form(request: PageRequest, name: str, step: str) -> StepForm:
    form = FORMS[name][1](request.POST if request.method == "POST" and step == name else None, prefix=name)
    choices: dict[str, Any] = {"element": ProfileElement, "operation": UnitOperation}
    for field in set(choices) & set(form.fields):
        rows = choices[field].objects.filter(program=request.program, is_void=False)
        form.fields[field].queryset = rows.order_by("entry")  # type: ignore[attr-defined]
    return form


def _add(request: PageRequest, step: str, given: dict[str, Any]) -> Any:
    person = request.person
    if step == "element":
        return workflow.add_element(person, request.program, **given)
    if step == "attribute":
        return workflow.add_attribute(person, given.pop("element"), **given)
    if step == "operation":
        return workflow.add_operation(person, request.program, **given)
    return workflow.add_parameter(person, given.pop("operation"), **given)


def _withdraw(request: PageRequest) -> None:
    key = request.POST.get("record", "")
    for model in (ProfileElement, Attribute, UnitOperation, Parameter):
        rows: Any = model.objects.filter(program=request.program, is_void=False)
        found = next((one for one in rows if str(one.pk) == key), None)
        if found is not None:
            workflow.withdraw(request.person, found, reason=request.POST.get("reason", ""))
            messages.success(request, f"{found} is withdrawn.")
            return
    raise NotFound("there is no such part", given=key)


urlpatterns = [path("profile/", profile, name="profile")]
PAGES = {"process:profile": Page("process.view", FORM)}
NAV = [("process:profile", "Profile and parameters")]
