"""The room's first pages: which trials there are and what waits; and one trial at a glance, without its arms."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from django.http import HttpResponse
from django.urls import path

from crdmo.common.studies.models import Study
from crdmo.common.studies.queries import design_of, protocol_in_force
from crdmo.common.studies.windows import DUE, OUT_OF_WINDOW, OVERDUE
from crdmo.common.work import waiting
from crdmo.foundation.signing import signatures_of
from crdmo.science.figures import Axis, Chart, Figure
from crdmo.web import steps
from crdmo.web.door import FORM, Page
from crdmo.web.pages.desk import grouped
from crdmo.web.request import PageRequest
from crdmo.web.stepping import Given, Signed, Step, page
from crdmo.web.tables import Column, Table

from .. import queries
from ..workflow import design
from .frame import at, find, frame, today

TRIALS = Table(
    "trials",
    "Trials",
    (
        Column("code", "Trial", kind="record", sort="code"),
        Column("title", "Title", sort="title"),
        Column("phase", "Phase"),
        Column("started_on", "Started", kind="day", sort="started_on"),
        Column("state", "State", kind="state", sort="state"),
    ),
    sort="-code",
    empty=("No trial yet", "The data manager plans a trial, or brings one in as SDTM."),
)
SHOWN = 40


def home(request: PageRequest, program: str) -> HttpResponse:
    """Show what waits for this person, and the trials."""
    assert request.program is not None
    items = waiting(request.person, [request.program], room="clinical")
    rows = Study.objects.filter(program=request.program, kind=Study.Kind.CLINICAL, is_void=False)
    contents = {
        "groups": grouped(items),
        "count": len(items),
        "may_plan": steps.may(request, "clinical.plan_trial"),
        "may_import": steps.may(request, "clinical.import_sdtm"),
    }
    return TRIALS.answer(request, rows.select_related("program"), "clinical/home.html", contents)


def enrolment_figure(study: Study) -> Figure | None:
    """Return the curve of subjects randomised over time against the number planned, or None before the first."""
    rows = queries.enrolment(study)
    target = int(study.details.get("target", 0))
    if not rows or not target:
        return None
    first = rows[0][0]
    chart = Chart(
        "Enrolment",
        x=Axis("Since the first subject", "d", low=0),
        y=Axis("Subjects randomised", low=0, high=max(target, rows[-1][1])),
        legend=False,
        height=260,
    )
    days = [0.0, *(float((day - first).days) for day, _ in rows), float(max((today() - first).days, 1))]
    chart.step("randomised", days, [0.0, *(float(count) for _, count in rows), float(rows[-1][1])])
    return chart.limit(float(target), "planned", firm=False).build(
        f"{rows[-1][1]} of {target} subjects are randomised."
    )


def trial(request: PageRequest, program: str, study: str) -> HttpResponse:
    """Show a trial: enrolment, sites, queries, visits that are due; its protocol is signed here."""
    found = find(request, study)
    waits = found.protocols.filter(state="final", is_void=False).first()

    def approve(given: Given, signed: Signed) -> None:
        assert waits is not None
        design.approve_protocol(request.person, waits, credentials=signed.credentials, seen=signed.seen)

    def offered() -> list[Step]:
        return [
            Step(
                "approve", "Approve the protocol", "clinical.approve_protocol", approve, ready=waits is not None,
                signs=waits, done="The protocol is in force.",
            )
        ]  # fmt: skip

    def contents() -> dict[str, object]:
        sees = steps.may(request, "clinical.view_subjects")
        stands = [] if found.is_imported or not sees else queries.visits(request.person, found, today())
        version = protocol_in_force(found) or waits
        plan = design_of(found, version) if version else {}
        return {
            **frame(request, found, "trial"),
            "sites": queries.per_site(request.person, found, dt.datetime.now(dt.UTC)),
            "figure": enrolment_figure(found),
            "due": [one for one in stands if one.state in (DUE, OVERDUE, OUT_OF_WINDOW)][:SHOWN],
            "counts": Counter(one.state for one in stands),
            "sees": sees,
            "protocol": version,
            "signatures": signatures_of(version) if version else [],
            "plan": plan,
            "grid": _grid(plan),
            "tables": found.domain_tables.filter(is_void=False).order_by("domain"),
            "subjects_url": at(request, "subjects", found),
        }

    return page(request, offered, "clinical/trial.html", contents)


def _grid(plan: dict[str, list[dict[str, object]]]) -> list[tuple[object, list[bool]]]:
    """Return the schedule of activities as a table: each form with a mark at its visits."""
    marks = {(one["visit"], one["activity"]) for one in plan.get("schedule", [])}
    visits = plan.get("visits", [])
    return [(form, [(one["code"], form["code"]) in marks for one in visits]) for form in plan.get("activities", [])]


urlpatterns = [path("", home, name="home"), path("trials/<str:study>/", trial, name="trial")]
PAGES = {"clinical:home": Page("clinical.view"), "clinical:trial": Page("clinical.view", FORM)}
