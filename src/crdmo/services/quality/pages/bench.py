"""The bench, for owners of instruments, analysts and supervisors: instruments and reagents with what is due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.foundation.accounts import authority
from crdmo.foundation.computing import impact
from crdmo.foundation.refusals import NotFound
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest

from ..bench_tables import in_doubt, shelf, standing
from ..bench_tables import instruments as standings
from ..forms.bench import InstrumentForm, LogForm, OpenForm, PotencyForm, ReagentForm
from ..models import Instrument, Reagent, WorksheetReagent
from ..workflow import bench as workflow

Step = Callable[[dict[str, Any]], Any]


def today() -> dt.date:
    """Return the day in UTC."""
    return dt.datetime.now(dt.UTC).date()


def at(request: PageRequest, name: str, **kwargs: object) -> str:
    """Return an address of the bench as seen from a program; the bench itself belongs to the laboratory."""
    assert request.program is not None
    return reverse(f"quality:{name}", kwargs={"program": request.program.code, **kwargs})


def may(request: PageRequest, verb: str) -> bool:
    """Say whether the person may do a verb on records of the own laboratory."""
    return authority.may(request.person, verb, None, request.person.organization_id)


def act(request: PageRequest, form: StepForm, step: Step, said: str, address: str) -> HttpResponse | None:
    """Do the step of a posted form; returns the way on, or None where it is to be shown again."""
    if not form.is_valid():
        return None
    if form.attempt(lambda: step(dict(form.cleaned_data))) is None:
        return None
    messages.success(request, said)
    return HttpResponseRedirect(address)


def instruments(request: PageRequest, program: str) -> HttpResponse:
    """List instruments with the state of their calibration, those that need attention first."""
    rows = standings(request.person.organization, today())
    rows.sort(key=lambda s: (s.usable and s.state != "expiring", s.instrument.kind, s.instrument.code))
    if request.GET.get("format") == "json":
        return JsonResponse(
            {
                "items": [
                    {
                        "code": s.instrument.code,
                        "name": s.instrument.name,
                        "kind": s.instrument.kind,
                        "state": s.state,
                        "calibrated_until": s.until,
                    }
                    for s in rows
                ]
            }
        )
    contents = {
        "rows": rows,
        "may_register": may(request, "quality.register_instrument"),
        "attention": sum(not s.usable for s in rows),
    }
    return render(request, "quality/instruments.html", contents)


def register_instrument(request: PageRequest, program: str) -> HttpResponse:
    """Register an instrument."""
    form = InstrumentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = form.attempt(
            lambda: workflow.register_instrument(request.person, request.person.organization, **form.cleaned_data)
        )
        if made is not None:
            messages.success(request, f"{made} is registered. Its first calibration makes it usable.")
            return HttpResponseRedirect(at(request, "instrument", code=made.code))
    contents = {"form": form, "title": "Register an instrument", "verb": "Register", "back": "quality:instruments"}
    return render(request, "quality/form.html", contents, status=form.status)


def instrument(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show an instrument with its logbook, and what a failed check puts in doubt."""
    found = Instrument.objects.filter(organization=request.person.organization, code=code, is_void=False).first()
    if found is None:
        raise NotFound("there is no such instrument", given=code)
    form = LogForm(request.POST or None, initial={"on": today(), "kind": request.GET.get("kind")})
    if request.method == "POST":
        done = act(
            request,
            form,
            lambda given: workflow.log_instrument(request.person, found, **given),
            "It stands in the logbook.",
            request.path,
        )
        if done is not None:
            return done
        found.refresh_from_db()
    events = list(found.events.filter(is_void=False).order_by("-on", "-entry"))
    contents = {
        "record": found,
        "standing": standing(found, events, today()),
        "events": events,
        "form": form,
        "doubt": in_doubt(found, events, request.person),
        "may_log": may(request, "quality.log_instrument"),
        "worksheets": found.worksheets.filter(program=request.program, is_void=False)
        .select_related("program", "method", "analyst")
        .order_by("-entry")[:10],
    }
    return render(request, "quality/instrument.html", contents, status=form.status)


def reagents(request: PageRequest, program: str) -> HttpResponse:
    """List reagents, standards, solutions and columns with their use-by dates."""
    rows = Reagent.objects.filter(organization=request.person.organization, is_void=False).order_by(
        "kind", "name", "expires_on"
    )
    kind = request.GET.get("kind", "")
    shown = [shelf(r, today()) for r in (rows.filter(kind=kind) if kind in Reagent.Kind.values else rows)]
    if request.GET.get("format") == "json":
        return JsonResponse(
            {
                "items": [
                    {
                        "code": s.reagent.code,
                        "name": s.reagent.name,
                        "kind": s.reagent.kind,
                        "lot": s.reagent.lot_number,
                        "potency": s.reagent.potency,
                        "use_by": s.until,
                        "state": s.state,
                    }
                    for s in shown
                ]
            }
        )
    tabs = [
        {"label": "All", "url": "?"},
        *({"label": word, "url": f"?kind={value}"} for value, word in Reagent.Kind.choices),
    ]
    here = dict(Reagent.Kind.choices).get(kind, "All")
    contents = {"rows": shown, "tabs": tabs, "here": here, "may_register": may(request, "quality.register_reagent")}
    return render(request, "quality/reagents.html", contents)


def register_reagent(request: PageRequest, program: str) -> HttpResponse:
    """Register a lot of a reagent or standard."""
    form = ReagentForm(
        request.POST or None, organization=request.person.organization, initial={"kind": request.GET.get("kind")}
    )
    if request.method == "POST" and form.is_valid():
        made = form.attempt(
            lambda: workflow.register_reagent(request.person, request.person.organization, **form.cleaned_data)
        )
        if made is not None:
            messages.success(request, f"{made} is registered.")
            return HttpResponseRedirect(at(request, "reagent", code=made.code))
    contents = {"form": form, "title": "Register a reagent or standard", "verb": "Register", "back": "quality:reagents"}
    return render(request, "quality/form.html", contents, status=form.status)


def reagent(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a reagent with what stands on it; it is opened here, and a standard's potency corrected."""
    found = (
        Reagent.objects.filter(organization=request.person.organization, code=code, is_void=False)
        .select_related("prepared_from")
        .first()
    )
    if found is None:
        raise NotFound("there is no such reagent", given=code)
    step = request.POST.get("step", "")
    opening = OpenForm(request.POST if step == "open" else None, initial={"on": today()})
    potency = PotencyForm(request.POST if step == "potency" else None, initial={"potency": found.potency})
    form = potency if step == "potency" else opening
    if request.method == "POST":
        done = _reagent_step(request, found, step, form)
        if done is not None:
            return done
        found.refresh_from_db()
    uses = WorksheetReagent.objects.filter(reagent=found, worksheet__program=request.program, is_void=False)
    contents = {
        "record": found,
        "shelf": shelf(found, today()),
        "form": form,
        "opening": opening,
        "potency": potency,
        "impact": impact(found, request.person),
        "uses": uses.select_related("worksheet__program", "worksheet__method", "worksheet__analyst").order_by("-entry")[
            :20
        ],
        "preparations": found.preparations.filter(is_void=False),
        "may_open": not found.opened_on and may(request, "quality.open_reagent"),
        "may_correct": bool(found.potency) and may(request, "quality.correct_potency"),
    }
    return render(request, "quality/reagent.html", contents, status=form.status)


def _reagent_step(request: PageRequest, found: Reagent, step: str, form: StepForm) -> HttpResponse | None:
    if step == "potency":
        said = "The potency is corrected. Everything that stands on it is marked stale until it is made again."
        return act(
            request, form, lambda given: workflow.correct_potency(request.person, found, **given), said, request.path
        )
    return act(
        request,
        form,
        lambda given: workflow.open_reagent(request.person, found, **given),
        f"{found} is open.",
        request.path,
    )


urlpatterns = [
    path("bench/instruments/", instruments, name="instruments"),
    path("bench/instruments/register/", register_instrument, name="instrument_register"),
    path("bench/instruments/<str:code>/", instrument, name="instrument"),
    path("bench/reagents/", reagents, name="reagents"),
    path("bench/reagents/register/", register_reagent, name="reagent_register"),
    path("bench/reagents/<str:code>/", reagent, name="reagent"),
]
PAGES = {
    "quality:instruments": Page("quality.view_bench"),
    "quality:instrument_register": Page("quality.register_instrument", FORM),
    "quality:instrument": Page("quality.view_bench", FORM),
    "quality:reagents": Page("quality.view_bench"),
    "quality:reagent_register": Page("quality.register_reagent", FORM),
    "quality:reagent": Page("quality.view_bench", FORM),
}
NAV = [("quality:instruments", "Instruments"), ("quality:reagents", "Reagents and standards")]
