"""Stability, for its coordinator: what must be pulled and when, what was found, how long the product lasts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.foundation.accounts import authority
from crdmo.foundation.refusals import NotFound
from crdmo.foundation.signing import signatures_of
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of, record_url
from crdmo.web.request import PageRequest

from ..calendar_feed import feed
from ..forms.stability import EvaluationForm, ExcursionForm, LayInForm, MissForm, PullForm
from ..models import Condition, Excursion, Protocol, Pull, ShelfLife, StudyLot
from ..stability_tables import Attribute, attributes, calendar, state_on, units_left, units_needed
from ..workflow import stability as workflow
from . import steps


@page_of("quality.protocol")
def address(record: Protocol) -> str:
    """Return the address of a protocol's page."""
    assert record.program is not None
    return reverse("quality:protocol", kwargs={"program": record.program.code, "code": record.code})


@page_of("quality.studylot")
def study_address(record: StudyLot) -> str:
    """Return the address of a lot on study: its protocol's."""
    return address(record.protocol)


@page_of("quality.condition")
def condition_address(record: Condition) -> str:
    """Return the address of a condition: its protocol's."""
    return address(record.protocol)


@page_of("quality.excursion")
def excursion_address(record: Excursion) -> str:
    """Return the address of an excursion: its protocol's."""
    return address(record.condition.protocol) + "?part=excursions"


@page_of("quality.pull")
def pull_address(record: Pull) -> str:
    """Return the address of a pull."""
    assert record.program is not None
    return reverse("quality:pull", kwargs={"program": record.program.code, "key": record.pk})


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


def _may(request: PageRequest, verb: str) -> bool:
    assert request.program is not None
    return authority.may(request.person, verb, request.program.id, held=request.roles)


def find(request: PageRequest, code: str) -> Protocol:
    """Return a protocol of the program.

    Raises:
        NotFound: there is none of this code.
    """
    rows = Protocol.objects.filter(program=request.program, code=code, is_void=False)
    found = rows.select_related("substance", "specification__program", "program").first()
    if found is None:
        raise NotFound("there is no such stability protocol", given=code)
    return found


def protocols(request: PageRequest, program: str) -> HttpResponse:
    """List the studies with their next pull, and the shelf lives proposed and approved."""
    today = _today()
    rows = Protocol.objects.filter(program=request.program, is_void=False).select_related("substance", "program").order_by("-entry")
    planned = Pull.objects.filter(program=request.program, state="planned", is_void=False, study_lot__protocol__is_void=False)
    coming: dict[UUID, list[Pull]] = {}
    for pull in planned.select_related("study_lot__lot", "condition").order_by("due_on"):
        coming.setdefault(pull.study_lot.protocol_id, []).append(pull)
    shown = [{"record": row, "next": next(iter(coming.get(row.pk, [])), None), "open": len(coming.get(row.pk, [])),
              "late": sum(state_on(p, today) == "overdue" for p in coming.get(row.pk, []))} for row in rows]  # fmt: skip
    if request.GET.get("format") == "json":
        return JsonResponse({"items": [{"code": r["record"].code, "title": r["record"].title, "state": r["record"].state, "open_pulls": r["open"],
                                        "next_pull": r["next"].due_on if r["next"] else None} for r in shown]})  # fmt: skip
    lives = ShelfLife.objects.filter(program=request.program, is_void=False).select_related("protocol", "criterion", "condition", "program")
    contents = {"rows": shown, "lives": lives.order_by("-entry"), "may_draft": _may(request, "quality.draft_protocol")}
    return render(request, "quality/stability.html", contents)


PARTS = (("calendar", "Pull calendar"), ("results", "Results"), ("shelf", "Shelf life"), ("excursions", "Excursions"))


def protocol(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a study: its calendar, results, shelf lives and excursions; QA approves the protocol here."""
    found, refused = find(request, code), None
    if request.method == "POST":
        refused = steps.attempt(lambda: workflow.approve_protocol(request.person, found, credentials=steps.credentials(request)))
        if refused is None:
            messages.success(request, f"{found} is approved. Lots can be laid in.")
            return HttpResponseRedirect(address(found))
        found.refresh_from_db()
    part = request.GET.get("part", "calendar")
    part = part if part in dict(PARTS) else "calendar"
    if request.GET.get("format") == "json":
        return JsonResponse(_as_json(found, attributes(found)))
    contents: dict[str, Any] = {
        "record": found, "part": part, "refused": refused, "signatures": signatures_of(found), "conditions": list(found.conditions.filter(is_void=False).order_by("entry")),
        "preview": steps.to_sign(request, "quality.approve_protocol", [found], ready=found.state == "draft"),
        "tabs": [{"label": label, "url": f"?part={key}"} for key, label in PARTS], "part_label": dict(PARTS)[part],
        "may_work": found.state == "approved" and _may(request, "quality.lay_in"),
    }  # fmt: skip
    contents |= _PARTS[part](found)
    return render(request, "quality/protocol.html", contents, status=refused.status if refused else 200)


def _calendar(found: Protocol) -> dict[str, Any]:
    table = calendar(found, _today())
    studies = list(found.lots.filter(is_void=False).select_related("lot__program", "protocol").order_by("entry"))
    left = units_left(studies, table)
    return {"calendar": table, "studies": [{"study": s, "left": left[s][0], "coming": left[s][1]} for s in studies]}


def _excursions(found: Protocol) -> dict[str, Any]:
    rows = Excursion.objects.filter(condition__protocol=found, is_void=False).select_related("condition", "computed").order_by("-started")
    shown = [{"row": row, "mean": f"{row.computed.output['celsius']:.2f}" if row.computed else "",
              "highest": f"{row.computed.output['highest']:g}" if row.computed else "", "lowest": f"{row.computed.output['lowest']:g}" if row.computed else ""} for row in rows]  # fmt: skip
    lots = StudyLot.objects.filter(protocol=found, is_void=False).select_related("lot").order_by("entry")
    return {"excursions": shown, "affected": list(lots)}


def _lives(found: Protocol) -> dict[str, Any]:
    return {"lives": found.shelf_lives.filter(is_void=False).select_related("criterion", "condition", "protocol", "program").order_by("-entry")}


_PARTS: dict[str, Callable[[Protocol], dict[str, Any]]] = {
    "calendar": _calendar, "results": lambda found: {"attributes": attributes(found)}, "shelf": _lives, "excursions": _excursions,
}  # fmt: skip


def _as_json(found: Protocol, tables: list[Attribute]) -> dict[str, Any]:
    rows = [{"attribute": t.name, "condition": str(t.condition), "limit": t.limit, "unit": t.unit, "lot": lot, "month": month,
             "value": result.calculated, "rounded": result.rounded, "passes": result.passes, "record": str(result.pk), "version": result.version,
             "out_of_trend": bool(point.trend and point.trend.is_out_of_trend)}
            for t in tables for (lot, month), point in t.points.items() for result in point.results]  # fmt: skip
    return {"code": found.code, "state": found.state, "results": rows}


def pulls_ics(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Give the pulls still to be done as a calendar."""
    found = find(request, code)
    text = feed(found, calendar(found, _today()), dt.datetime.now(dt.UTC), request.build_absolute_uri(address(found)))
    return HttpResponse(text, content_type="text/calendar; charset=utf-8", headers={"Content-Disposition": f'inline; filename="{found.code}.ics"'})


def _step(request: PageRequest, found: Protocol, form: StepForm, words: dict[str, str], step: Callable[[dict[str, Any]], tuple[str, str]]) -> HttpResponse:
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
    form = LayInForm(request.POST or None, protocol=found, needed=needed, initial={"units": needed, "started_on": _today()})

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
        return f"Recorded; the mean kinetic temperature is {made.computed.output['celsius']:.2f} °C.", excursion_address(made)

    return _step(request, found, ExcursionForm(request.POST or None, protocol=found), {"heading": "Record an excursion", "button": "Record"}, step)


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
    found = rows.select_related("study_lot__lot__program", "study_lot__protocol__program", "condition", "sample__program", "program").first()
    if found is None:
        raise NotFound("there is no such pull")
    missing = request.POST.get("step") == "miss"
    initial = {"on": _today(), "amount": str(found.condition.units_per_pull), "unit": found.study_lot.lot.unit}
    draw = PullForm(None if missing else request.POST or None, initial=initial)
    miss = MissForm(request.POST if missing else None, prefix="miss")
    form = miss if missing else draw
    if request.method == "POST" and form.is_valid():
        verb = workflow.miss_pull if missing else workflow.pull
        if form.attempt(lambda: verb(request.person, found, **form.cleaned_data)) is not None:
            messages.success(request, f"{found} is recorded as missed." if missing else f"{found} is pulled; its sample can be received.")
            return HttpResponseRedirect(address(found.study_lot.protocol))
        found.refresh_from_db()
    contents = {"record": found, "protocol": found.study_lot.protocol, "form": form, "draw": draw, "miss": miss, "state": state_on(found, _today()),
                "opens": found.due_on - dt.timedelta(days=found.condition.window_days), "closes": found.due_on + dt.timedelta(days=found.condition.window_days),
                "may_pull": found.state == "planned" and _may(request, "quality.pull")}  # fmt: skip
    return render(request, "quality/pull.html", contents, status=form.status)


urlpatterns = [
    path("stability/", protocols, name="stability"),
    path("stability/pulls/<uuid:key>/", pull, name="pull"),
    path("stability/<str:code>/", protocol, name="protocol"),
    path("stability/<str:code>/pulls.ics", pulls_ics, name="pulls_ics"),
    path("stability/<str:code>/lay-in/", lay_in, name="lay_in"),
    path("stability/<str:code>/excursion/", excursion, name="excursion"),
    path("stability/<str:code>/evaluate/", evaluate, name="evaluate"),
]
PAGES = {
    "quality:stability": Page("quality.view"),
    "quality:pull": Page("quality.view", FORM),
    "quality:protocol": Page("quality.view", FORM),
    "quality:pulls_ics": Page("quality.view"),
    "quality:lay_in": Page("quality.lay_in", FORM),
    "quality:excursion": Page("quality.record_excursion", FORM),
    "quality:evaluate": Page("quality.evaluate_stability", FORM),
}
NAV = [("quality:stability", "Stability")]
