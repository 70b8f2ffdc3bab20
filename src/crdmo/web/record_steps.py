"""The steps that a record's page offers: each a small form, with a signature where its verb asks for one, refused in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from crdmo.foundation.accounts import authority
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.refusals import NotFound
from crdmo.foundation.signing import Credentials, SigningPreview, credentials_from, preview, seen_from

from .accounts.forms import StepForm
from .request import PageRequest
from .steps import may

Given = Mapping[str, Any]


@dataclass(frozen=True)
class Signed:
    """What a signer gave: credentials, and the version of each record that was shown."""

    credentials: Credentials
    seen: Mapping[Any, int]


@dataclass
class Step:
    """One step: its key and words, the verb that opens it, its form, what it does, and whether the record is ready."""

    key: str
    title: str
    verb: str
    do: Callable[[Given, Signed], Any]
    form: type[StepForm] = StepForm
    ready: bool = True
    signs: Record | None = None
    also: Sequence[Record] = ()
    done: str = "Recorded."
    initial: dict[str, Any] = field(default_factory=dict)
    choices: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    bound: StepForm | None = None
    preview: SigningPreview | None = None

    def build(self, data: Any = None) -> StepForm:
        """Return the form, with data where it was posted."""
        made = self.form(data, auto_id=f"{self.key}-%s", initial=self.initial)
        for name, rows in self.choices.items():
            made.fields[name].choices = rows  # type: ignore[attr-defined]
        return made


def page(
    request: PageRequest,
    steps: Callable[[], list[Step]],
    template: str,
    contents: Callable[[], dict[str, Any]],
) -> HttpResponse:
    """Answer a record's page: take the step that was posted, or show the record with the steps that can be taken."""
    refused: Step | None = None
    if request.method == "POST":
        refused = _take(request, steps())
        if refused is None:
            return HttpResponseRedirect(request.get_full_path())
    shown = [step for step in steps() if step.ready and may(request, step.verb)]
    for step in shown:
        step.bound = refused.bound if refused is not None and refused.key == step.key else step.build()
        if step.signs is not None:
            step.preview = _preview(request, step)
    status = refused.bound.status if refused is not None and refused.bound is not None else 200
    told = {**contents(), "steps": shown, "refused": refused.bound if refused else None}
    return render(request, template, told, status=status)


def _take(request: PageRequest, steps: Iterable[Step]) -> Step | None:
    """Take the posted step; returns it where it was refused."""
    wanted = request.POST.get("step", "")
    step = next((one for one in steps if one.key == wanted), None)
    if step is None:
        raise NotFound("there is no such step", given=wanted)
    step.bound = step.build(request.POST)
    if not step.bound.is_valid():
        return step
    given = dict(step.bound.cleaned_data)

    def do() -> bool:
        signed = Signed(credentials_from(request.POST, request.session.session_key), seen_from(request.POST))
        step.do(given, signed)
        return True

    if step.bound.attempt(do) is None:
        return step
    messages.success(request, step.done)
    return None


def _preview(request: PageRequest, step: Step) -> SigningPreview:
    assert step.signs is not None
    return preview(
        [step.signs, *step.also],
        authority.TABLE[step.verb].signs,
        person=request.person,
        session_key=request.session.session_key or "",
        button=step.title,
    )


def entry_form(
    request: PageRequest,
    form: StepForm,
    do: Callable[[Given], Any],
    words: dict[str, str],
    address: Callable[[Any], str],
    template: str,
) -> HttpResponse:
    """Answer a form that enters a new record: a page of its own, drawn by the room's template."""
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: do(dict(form.cleaned_data)))
        if made is not None:
            messages.success(request, f"{made}: {words['done']}")
            return HttpResponseRedirect(address(made))
    return render(request, template, {"form": form, **words}, status=form.status)


def today() -> dt.date:
    """Return the day in UTC."""
    return dt.datetime.now(dt.UTC).date()


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
