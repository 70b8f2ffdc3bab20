"""Deviations, for whoever reports, the investigator and QA; and the first page: what waits in the quality system."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.common.work import waiting
from crdmo.foundation.refusals import NotFound
from crdmo.foundation.signing import signatures_of_many
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.pages.desk import grouped
from crdmo.web.request import PageRequest
from crdmo.web.steps import may
from crdmo.web.tables import Column, Table

from .. import forms, queries
from ..models import Affected, Capa, Change, Deviation, DeviationInvestigation
from ..workflow import affected, deviations
from ..workflow.affected import Matter, links_of
from . import steps
from .steps import Step, at


@page_of("compliance.deviation")
def address(record: Deviation) -> str:
    """Return the address of a deviation's page."""
    assert record.program is not None
    return reverse("compliance:deviation", kwargs={"program": record.program.code, "code": record.code})


@page_of("compliance.deviationinvestigation")
def part_address(record: DeviationInvestigation) -> str:
    """Return the address of a part: its deviation."""
    return address(record.deviation)


def home(request: PageRequest, program: str) -> HttpResponse:
    """Show what waits for this person in the quality system, and how it stands."""
    assert request.program is not None
    items = waiting(request.person, [request.program], room="compliance")
    now, here = steps.today(), {"program": request.program, "is_void": False}
    open_ones = list(Deviation.objects.filter(**here).exclude(state="closed").values_list("due_on", flat=True))
    late = sum(day < now for day in open_ones)
    cards = [
        {"label": "open deviations", "value": len(open_ones), "url": at(request, "deviations") + "?only=open"},
        {"label": "of them overdue", "value": late, "tone": "bad" if late else ""},
        {
            "label": "open CAPA",
            "value": Capa.objects.filter(**here).exclude(state="closed").count(),
            "url": at(request, "capas") + "?only=open",
        },
        {
            "label": "open changes",
            "value": Change.objects.filter(**here).exclude(state__in=("closed", "rejected")).count(),
            "url": at(request, "changes") + "?only=open",
        },
    ]
    contents = {
        "groups": grouped(items),
        "count": len(items),
        "cards": cards,
        "may_report": may(request, "compliance.report_deviation"),
    }
    return render(request, "compliance/home.html", contents)


DEVIATIONS = Table(
    "deviations",
    "Deviations",
    (
        Column("code", "Deviation", kind="record", sort="code"),
        Column("title", "What happened"),
        Column("classification", "Class", "get_classification_display", sort="classification"),
        Column("state", "State", kind="state", sort="state"),
        Column("investigator", "Investigator", kind="person"),
        Column("reported_at", "Reported", kind="instant", sort="reported_at"),
        Column("due_on", "Due", kind="day", sort="due_on"),
        Column("age", "Age, days", lambda row: row.age(steps.today()) if row.is_open else None),
    ),
    sort="-code",
    tone=lambda row: "bad" if row.is_open and row.due_on < steps.today() else "warn" if row.is_open else "",
    empty=("No deviation", "Whoever sees something that departs from what is approved reports it here."),
)


def deviation_list(request: PageRequest, program: str) -> HttpResponse:
    """List deviations, the open ones only if asked."""
    rows = Deviation.objects.filter(program=request.program, is_void=False).select_related("program", "investigator")
    only = request.GET.get("only", "")
    rows = rows.exclude(state="closed") if only == "open" else rows
    contents = {
        "only": only,
        "title": "Deviations",
        "new": at(request, "deviation_new") if may(request, "compliance.report_deviation") else "",
        "verb": "Report a deviation",
    }
    return DEVIATIONS.answer(request, rows, "compliance/list.html", contents)


def report(request: PageRequest, program: str) -> HttpResponse:
    """Report a deviation."""
    now = dt.datetime.now(dt.UTC)
    form = forms.ReportForm(request.POST or None, initial={"found_at": now, "records": request.GET.get("records", "")})

    def do(given: Any) -> Deviation:
        assert request.program is not None
        given["records"] = queries.find_records(request.program, given["records"])
        return deviations.report_deviation(request.person, request.program, **given)

    words = {
        "title": "Report a deviation",
        "verb": "Report",
        "back": at(request, "deviations"),
        "hint": "Report what you saw, now. QA says how bad it is; you are not asked for a cause.",
        "done": "reported. QA classifies it.",
    }
    return steps.entry_form(request, form, do, words, address)


def find(request: PageRequest, model: Any, code: str, *related: str) -> Any:
    """Return a record of the program by its code.

    Raises:
        NotFound: there is none.
    """
    found = model.objects.filter(program=request.program, code=code).select_related("program", *related).first()
    if found is None:
        raise NotFound(f"there is no such {model._meta.verbose_name}", given=code)
    return found


def touch_steps(request: PageRequest, matter: Matter, *, judged: bool = True) -> list[Step]:
    """Return the steps about what a matter touches: link, and judge the lots."""
    is_open = matter.state not in affected.CLOSED
    assert request.program is not None
    program, waiting_lots = request.program, affected.unassessed(matter) if judged and is_open else []

    def judge(given: Any, _: Any) -> None:
        one = next((a for a in links_of(matter) if str(a.pk) == given["lot"]), None)
        if one is None:
            raise NotFound("there is no such lot")
        affected.assess_impact(request.person, one, impact=given["impact"], assessment=given["assessment"])

    def link(given: Any, _: Any) -> None:
        affected.link_record(request.person, matter, records=queries.find_records(program, given["records"]))

    lots = [("", "Choose"), *((str(one.pk), one.target_label) for one in waiting_lots)]
    return [
        Step(
            "impact",
            "Judge the impact on a lot",
            "compliance.assess_impact",
            judge,
            forms.ImpactForm,
            ready=bool(waiting_lots),
            choices={"lot": lots},
        ),
        Step("link", "Link a record", "compliance.link_record", link, forms.LinkForm, ready=is_open),
    ]


def _steps(request: PageRequest, found: Deviation) -> list[Step]:
    who, program = request.person, request.program
    state, states = found.state, Deviation.State
    capas = Capa.objects.filter(program=program, is_void=False).exclude(deviation=found).order_by("-code")

    def classify(given: Any, _: Any) -> None:
        given["investigator"] = steps.person(request, given["investigator"])
        deviations.classify_deviation(who, found, **given)

    def recur(given: Any, _: Any) -> None:
        capa = find(request, Capa, given["capa"])
        deviations.link_recurrence(who, found, capa=capa)

    codes = [("", "Choose"), *((one.code, f"{one.code} {one.title}") for one in capas[:100])]
    mine = found.investigator_id == who.pk or may(request, "compliance.approve_deviation")
    return [
        Step(
            "approve",
            f"Close {found.code}",
            "compliance.approve_deviation",
            lambda given, signed: deviations.approve_deviation(
                who, found, credentials=signed.credentials, seen=signed.seen
            ),
            ready=state == states.IN_REVIEW,
            signs=found,
            done=f"{found.code} is closed.",
        ),
        Step(
            "classify",
            "Classify" if state == states.OPEN else "Classify anew",
            "compliance.classify_deviation",
            classify,
            forms.ClassifyForm,
            ready=state != states.CLOSED,
            choices={"investigator": steps.people(request)},
            done="Classified.",
        ),
        Step(
            "investigate",
            "Investigate",
            "compliance.investigate_deviation",
            lambda given, _: deviations.investigate(who, found, **given),
            forms.InvestigateForm,
            ready=state == states.INVESTIGATION and mine,
            done="The investigation waits for QA.",
        ),
        *touch_steps(request, found),
        Step(
            "return",
            "Return to the investigator",
            "compliance.return_deviation",
            lambda given, _: deviations.return_deviation(who, found, reason=given["reason"]),
            forms.ReasonForm,
            ready=state == states.IN_REVIEW,
            done="Returned.",
        ),
        Step(
            "recur",
            "It recurs although a CAPA was to prevent it",
            "compliance.link_recurrence",
            recur,
            forms.RecurrenceForm,
            ready=state != states.CLOSED and len(codes) > 1,
            choices={"capa": codes},
        ),
    ]


def deviation(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a deviation; each step is taken here by who may take it."""
    found: Deviation = find(request, Deviation, code, "reported_by", "investigator", "recurs__program")

    def contents() -> dict[str, Any]:
        found.refresh_from_db()
        latest = deviations.latest_investigation(found)
        today = steps.today()
        return {
            "record": found,
            "late": found.is_open and found.due_on < today,
            "age": found.age(today),
            "investigations": found.investigations.filter(is_void=False)
            .select_related("investigator")
            .order_by("-entry"),
            "touched": links_of(found),
            "capas": found.capas.filter(is_void=False).select_related("program", "owner").order_by("code"),
            "before": queries.seen_before(found, latest.cause if latest else ""),
            "signatures": signatures_of_many([found])[found.pk],
            "new_capa": f"{at(request, 'capa_new')}?deviation={found.code}"
            if may(request, "compliance.open_capa") and found.is_open
            else "",
        }

    return steps.page(request, lambda: _steps(request, found), "compliance/deviation.html", contents)


@page_of("compliance.affected")
def affected_address(record: Affected) -> str:
    """Return the address of what touches: the deviation, CAPA or change."""
    matter = record.matter
    return reverse(
        f"compliance:{matter._meta.model_name}", kwargs={"program": matter.program.code, "code": matter.code}
    )


urlpatterns = [
    path("", home, name="home"),
    path("deviations/", deviation_list, name="deviations"),
    path("deviations/new/", report, name="deviation_new"),
    path("deviations/<str:code>/", deviation, name="deviation"),
]
PAGES = {
    "compliance:home": Page("compliance.view"),
    "compliance:deviations": Page("compliance.view"),
    "compliance:deviation_new": Page("compliance.report_deviation", FORM),
    "compliance:deviation": Page("compliance.view", FORM),
}
NAV = [("compliance:home", "Worklist"), ("compliance:deviations", "Deviations")]
