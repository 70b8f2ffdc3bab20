"""What the forms of the quality system share: fields, people to choose from, forms that enter a new record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from crdmo.foundation.refusals import NotFound
from crdmo.web.accounts.forms import StepForm
from crdmo.web.request import PageRequest
from crdmo.web.stepping import Given, Signed, Step, asks, page

from .. import queries

__all__ = ["Given", "Signed", "Step", "asks", "page"]


def entry_form(
    request: PageRequest,
    form: StepForm,
    do: Callable[[Given], Any],
    words: dict[str, str],
    address: Callable[[Any], str],
) -> HttpResponse:
    """Answer a form that enters a new record: a page of its own."""
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: do(dict(form.cleaned_data)))
        if made is not None:
            messages.success(request, f"{made}: {words['done']}")
            return HttpResponseRedirect(address(made))
    return render(request, "compliance/form.html", {"form": form, **words}, status=form.status)


def onward(request: PageRequest, said: str, address: str) -> HttpResponse:
    """Say what was done and go on."""
    messages.success(request, said)
    return HttpResponseRedirect(address)


def at(request: PageRequest, name: str, **kwargs: object) -> str:
    """Return an address of the room."""
    assert request.program is not None
    return reverse(f"compliance:{name}", kwargs={"program": request.program.code, **kwargs})


def today() -> dt.date:
    """Return the day in UTC."""
    return dt.datetime.now(dt.UTC).date()


def people(request: PageRequest) -> list[tuple[str, str]]:
    """Return who can own something here, for a list to choose from; asked once a request."""
    assert request.program is not None
    if not hasattr(request, "staff"):
        request.staff = queries.staff_of(request.program)  # type: ignore[attr-defined]
    return [("", "Choose"), *((one.user_id, one.printed_name) for one in request.staff)]  # type: ignore[attr-defined]


def person(request: PageRequest, user_id: str) -> Any:
    """Return one of the people who can own something here.

    Raises:
        NotFound: nobody of this user id works here.
    """
    assert request.program is not None
    found = next((one for one in queries.staff_of(request.program) if one.user_id == user_id), None)
    if found is None:
        raise NotFound("nobody of this user id works here", given=user_id)
    return found


def text(label: str, hint: str = "", *, required: bool = True, long: bool = True, limit: int = 4000) -> forms.CharField:
    """Return a field for text."""
    widget = forms.Textarea(attrs={"rows": 3}) if long else forms.TextInput()
    return forms.CharField(label=label, help_text=hint, required=required, widget=widget, max_length=limit)


def line(label: str, hint: str = "", *, required: bool = True, limit: int = 160) -> forms.CharField:
    """Return a field for one line of text."""
    return text(label, hint, required=required, long=False, limit=limit)


def day(label: str, hint: str = "") -> forms.DateField:
    """Return a field for a date."""
    widget = forms.DateInput(attrs={"type": "date", "class": "short"})
    return forms.DateField(label=label, help_text=hint, widget=widget)


def moment(label: str, hint: str = "") -> forms.DateTimeField:
    """Return a field for an instant in UTC."""
    widget = forms.DateTimeInput(attrs={"type": "datetime-local", "class": "medium"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(
        label=f"{label} (UTC)", help_text=hint, widget=widget, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
    )


def choice(label: str, choices: Any = (), hint: str = "", *, required: bool = True) -> forms.ChoiceField:
    """Return a list to choose from; nothing is chosen beforehand."""
    rows = [("", "Choose"), *choices]
    return forms.ChoiceField(label=label, choices=rows, help_text=hint, required=required)


def yes(label: str) -> forms.BooleanField:
    """Return a box to tick."""
    return forms.BooleanField(label=label, required=False)


RECORDS = "Codes or keys of records, such as VT-2603 HPLC-07; a result brings its lot along."
