"""The steps that a record's page offers: each a small form, with a signature where its verb asks for one, refused in words.

A room's page lists its steps and calls `page`; the template includes `web/components/step_forms.html`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from crdmo.foundation.accounts import authority
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.refusals import NotFound
from crdmo.foundation.signing import Credentials, SigningPreview, credentials_from, needs, preview, seen_from
from crdmo.foundation.signing.credentials import Needs

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

    def build(self, data: Any = None, files: Any = None) -> StepForm:
        """Return the form, with data and files where they were posted."""
        made = self.form(data, files, auto_id=f"{self.key}-%s", initial=self.initial)
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
    step.bound = step.build(request.POST, request.FILES)
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


def asks(request: PageRequest) -> Needs:
    """Return what a signature asks of this person now, where its record is only made by the signing."""
    return needs(request.person, request.session.session_key or "")


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
