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
from crdmo.web import steps
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest

from ..calendar_feed import feed
from ..models import Condition, Excursion, Protocol, Pull, ShelfLife, StudyLot
from ..stability_tables import Attribute, attributes, calendar, state_on, units_left
from ..workflow import stability as workflow


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


def today() -> dt.date:
    """Return the day in UTC."""
    return dt.datetime.now(dt.UTC).date()


def may(request: PageRequest, verb: str) -> bool:
    """Say whether the person may do a verb in the program of the request."""
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
    now = today()
    rows = (
        Protocol.objects.filter(program=request.program, is_void=False)
        .select_related("substance", "program")
        .order_by("-entry")
    )
    planned = Pull.objects.filter(
        program=request.program, state="planned", is_void=False, study_lot__protocol__is_void=False
    )
    coming: dict[UUID, list[Pull]] = {}
    for pull in planned.select_related("study_lot__lot", "condition").order_by("due_on"):
        coming.setdefault(pull.study_lot.protocol_id, []).append(pull)
    shown: list[dict[str, Any]] = [
        {
            "record": row,
            "next": next(iter(coming.get(row.pk, [])), None),
            "open": len(coming.get(row.pk, [])),
            "late": sum(state_on(p, now) == "overdue" for p in coming.get(row.pk, [])),
        }
        for row in rows
    ]
    if request.GET.get("format") == "json":
        return JsonResponse(
            {
                "items": [
                    {
                        "code": r["record"].code,
                        "title": r["record"].title,
                        "state": r["record"].state,
                        "open_pulls": r["open"],
                        "next_pull": r["next"].due_on if r["next"] else None,
                    }
                    for r in shown
                ]
            }
        )
    lives = ShelfLife.objects.filter(program=request.program, is_void=False).select_related(
        "protocol", "criterion", "condition", "program"
    )
    contents = {"rows": shown, "lives": lives.order_by("-entry"), "may_draft": may(request, "quality.draft_protocol")}
    return render(request, "quality/stability.html", contents)


PARTS = (("calendar", "Pull calendar"), ("results", "Results"), ("shelf", "Shelf life"), ("excursions", "Excursions"))


def protocol(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a study: its calendar, results, shelf lives and excursions; QA approves the protocol here."""
    found, refused = find(request, code), None
    if request.method == "POST":
        refused = steps.attempt(
            lambda: workflow.approve_protocol(request.person, found, credentials=steps.credentials(request))
        )
        if refused is None:
            messages.success(request, f"{found} is approved. Lots can be laid in.")
            return HttpResponseRedirect(address(found))
        found.refresh_from_db()
    part = request.GET.get("part", "calendar")
    part = part if part in dict(PARTS) else "calendar"
    if request.GET.get("format") == "json":
        return JsonResponse(_as_json(found, attributes(found)))
    contents: dict[str, Any] = {
        "record": found,
        "part": part,
        "refused": refused,
        "signatures": signatures_of(found),
        "conditions": list(found.conditions.filter(is_void=False).order_by("entry")),
        "preview": steps.to_sign(request, "quality.approve_protocol", [found], ready=found.state == "draft"),
        "tabs": [{"label": label, "url": f"?part={key}"} for key, label in PARTS],
        "part_label": dict(PARTS)[part],
        "may_work": found.state == "approved" and may(request, "quality.lay_in"),
    }
    contents |= _PARTS[part](found)
    return render(request, "quality/protocol.html", contents, status=refused.status if refused else 200)


def _calendar(found: Protocol) -> dict[str, Any]:
    table = calendar(found, today())
    studies = list(found.lots.filter(is_void=False).select_related("lot__program", "protocol").order_by("entry"))
    left = units_left(studies, table)
    return {"calendar": table, "studies": [{"study": s, "left": left[s][0], "coming": left[s][1]} for s in studies]}


def _excursions(found: Protocol) -> dict[str, Any]:
    rows = (
        Excursion.objects.filter(condition__protocol=found, is_void=False)
        .select_related("condition", "computed")
        .order_by("-started")
    )
    shown = [
        {
            "row": row,
            "mean": f"{row.computed.output['celsius']:.2f}" if row.computed else "",
            "highest": f"{row.computed.output['highest']:g}" if row.computed else "",
            "lowest": f"{row.computed.output['lowest']:g}" if row.computed else "",
        }
        for row in rows
    ]
    lots = StudyLot.objects.filter(protocol=found, is_void=False).select_related("lot").order_by("entry")
    return {"excursions": shown, "affected": list(lots)}


def _lives(found: Protocol) -> dict[str, Any]:
    return {
        "lives": found.shelf_lives.filter(is_void=False)
        .select_related("criterion", "condition", "protocol", "program")
        .order_by("-entry")
    }


_PARTS: dict[str, Callable[[Protocol], dict[str, Any]]] = {
    "calendar": _calendar,
    "results": lambda found: {"attributes": attributes(found)},
    "shelf": _lives,
    "excursions": _excursions,
}


def _as_json(found: Protocol, tables: list[Attribute]) -> dict[str, Any]:
    rows = [
        {
            "attribute": t.name,
            "condition": str(t.condition),
            "limit": t.limit,
            "unit": t.unit,
            "lot": lot,
            "month": month,
            "value": result.calculated,
            "rounded": result.rounded,
            "passes": result.passes,
            "record": str(result.pk),
            "version": result.version,
            "out_of_trend": bool(point.trend and point.trend.is_out_of_trend),
        }
        for t in tables
        for (lot, month), point in t.points.items()
        for result in point.results
    ]
    return {"code": found.code, "state": found.state, "results": rows}


def pulls_ics(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Give the pulls still to be done as a calendar."""
    found = find(request, code)
    text = feed(found, calendar(found, today()), dt.datetime.now(dt.UTC), request.build_absolute_uri(address(found)))
    return HttpResponse(
        text,
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'inline; filename="{found.code}.ics"'},
    )


urlpatterns = [
    path("stability/", protocols, name="stability"),
    path("stability/<str:code>/", protocol, name="protocol"),
    path("stability/<str:code>/pulls.ics", pulls_ics, name="pulls_ics"),
]
PAGES = {
    "quality:stability": Page("quality.view"),
    "quality:protocol": Page("quality.view", FORM),
    "quality:pulls_ics": Page("quality.view"),
}
NAV = [("quality:stability", "Stability")]
