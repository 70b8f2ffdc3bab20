"""The steps of a stability study: lay a lot in, pull or miss, record an excursion, evaluate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path

from crdmo.foundation.refusals import NotFound
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.links import record_url
from crdmo.web.request import PageRequest

from ..forms.stability import EvaluationForm, ExcursionForm, LayInForm, MissForm, PullForm
from ..models import Protocol, Pull
from ..stability_tables import state_on, units_needed
from ..workflow import stability as workflow
from .stability import address, excursion_address, find, may, today


def _step(
    request: PageRequest,
    found: Protocol,
    form: StepForm,
    words: dict[str, str],
    step: Callable[[dict[str, Any]], tuple[str, str]],
) -> HttpResponse:
    """Show a form of a study and do its step; `step` returns what is said and where it goes on."""
    if request.method == "POST" and form.is_valid():
        done = form.attempt(lambda: step(dict(form.cleaned_data)))
        if done is not None:
            messages.success(request, done[0])
            return HttpResponseRedirect(done[1])
    return render(request, "quality/stability_step.html", {"record": found, "form": form, **words}, status=form.status)


def lay_in(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Lay a lot in; the calendar is made at once."""
    found = find(request, code)
    needed = units_needed(found.conditions.filter(is_void=False))
    form = LayInForm(
        request.POST or None, protocol=found, needed=needed, initial={"units": needed, "started_on": today()}
    )

    def step(given: dict[str, Any]) -> tuple[str, str]:
        made = workflow.lay_in(request.person, found, given.pop("lot"), **given)
        return f"{made}: its pull calendar is made.", address(found)

    return _step(request, found, form, {"heading": "Lay a lot in", "button": "Lay in"}, step)


def excursion(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Record that a chamber left its condition."""
    found = find(request, code)

    def step(given: dict[str, Any]) -> tuple[str, str]:
        made = workflow.record_excursion(request.person, given.pop("condition"), **given)
        assert made.computed is not None
        return (
            f"Recorded; the mean kinetic temperature is {made.computed.output['celsius']:.2f} °C.",
            excursion_address(made),
        )

    return _step(
        request,
        found,
        ExcursionForm(request.POST or None, protocol=found),
        {"heading": "Record an excursion", "button": "Record"},
        step,
    )


def evaluate(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Evaluate the shelf life of one attribute."""
    found = find(request, code)

    def step(given: dict[str, Any]) -> tuple[str, str]:
        made = workflow.evaluate_stability(request.person, found, **given)
        return f"{made} is proposed.", record_url(made)

    words = {"heading": "Evaluate the shelf life", "button": "Evaluate"}
    return _step(request, found, EvaluationForm(request.POST or None, protocol=found), words, step)


def pull(request: PageRequest, program: str, key: UUID) -> HttpResponse:
    """Draw the sample of a planned pull, or record that it was missed."""
    rows = Pull.objects.filter(pk=key, program=request.program, is_void=False)
    found = rows.select_related(
        "study_lot__lot__program", "study_lot__protocol__program", "condition", "sample__program", "program"
    ).first()
    if found is None:
        raise NotFound("there is no such pull")
    missing = request.POST.get("step") == "miss"
    initial = {"on": today(), "amount": str(found.condition.units_per_pull), "unit": found.study_lot.lot.unit}
    draw = PullForm(None if missing else request.POST or None, initial=initial)
    miss = MissForm(request.POST if missing else None, prefix="miss")
    form = miss if missing else draw
    if request.method == "POST" and form.is_valid():
        verb = workflow.miss_pull if missing else workflow.pull
        if form.attempt(lambda: verb(request.person, found, **form.cleaned_data)) is not None:
            messages.success(
                request,
                f"{found} is recorded as missed." if missing else f"{found} is pulled; its sample can be received.",
            )
            return HttpResponseRedirect(address(found.study_lot.protocol))
        found.refresh_from_db()
    contents = {
        "record": found,
        "protocol": found.study_lot.protocol,
        "form": form,
        "draw": draw,
        "miss": miss,
        "state": state_on(found, today()),
        "opens": found.due_on - dt.timedelta(days=found.condition.window_days),
        "closes": found.due_on + dt.timedelta(days=found.condition.window_days),
        "may_pull": found.state == "planned" and may(request, "quality.pull"),
    }
    return render(request, "quality/pull.html", contents, status=form.status)


urlpatterns = [
    path("stability/pulls/<uuid:key>/", pull, name="pull"),
    path("stability/<str:code>/lay-in/", lay_in, name="lay_in"),
    path("stability/<str:code>/excursion/", excursion, name="excursion"),
    path("stability/<str:code>/evaluate/", evaluate, name="evaluate"),
]
PAGES = {
    "quality:pull": Page("quality.view", FORM),
    "quality:lay_in": Page("quality.lay_in", FORM),
    "quality:excursion": Page("quality.record_excursion", FORM),
    "quality:evaluate": Page("quality.evaluate_stability", FORM),
}
