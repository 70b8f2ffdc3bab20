"""Where a study stands: its groups, its schedule with what is done and what is late, its people, its milestones."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path

from crdmo.common.studies.queries import protocol_in_force
from crdmo.foundation.ledger.models import Entry
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.pages import trails
from crdmo.web.request import PageRequest
from crdmo.web.stepping import Step, page

from .. import queries
from ..workflow import reports
from ..workflow import studies as workflow
from .frame import at, choice, find, frame, prose, today
from .home import directors

SHOWN = 40


class DirectorForm(StepForm):
    """Another director."""

    lead = choice("Study director")
    reason = prose("Reason", "Such as leave of absence.")


def _schedule(request: PageRequest, found: Any) -> dict[str, Any]:
    marks = queries.marks(found, today())
    visits = list({one.visit.id: one.visit for one in marks}.values())
    activities = sorted({one.activity.id: one.activity for one in marks}.values(), key=lambda one: one.position)
    by_place = {(one.activity.id, one.visit.id): one for one in marks}
    rows = [
        {"activity": activity, "cells": [by_place.get((activity.id, visit.id)) for visit in visits]}
        for activity in activities
    ]
    return {"visits": visits, "rows": rows, "late": sum(one.state == "overdue" for one in marks)}


def study(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show where a study stands."""
    found = find(request, code)

    def steps() -> list[Step]:
        people = directors(request) if request.method == "POST" or not found.is_imported else {}
        return [
            Step(
                "complete",
                "Complete the in-life part",
                "preclinical.complete_study",
                lambda given, _: workflow.complete_study(request.person, found),
                ready=found.state == "active" and found.lead_id == request.person.pk,
                done="The in-life part is completed.",
            ),
            Step(
                "director",
                "Replace the study director",
                "preclinical.replace_director",
                lambda given, _: workflow.replace_director(
                    request.person, found, lead=people[given["lead"]], reason=given["reason"]
                ),
                DirectorForm,
                ready=found.state in ("planned", "active", "completed") and not found.is_imported,
                choices={"lead": [("", "Choose"), *((key, one.printed_name) for key, one in people.items())]},
                done="Another study director is in charge.",
            ),
        ]

    def contents() -> dict[str, Any]:
        found.refresh_from_db()
        late = queries.overdue(found, today())
        entries = Entry.objects.filter(record_id=found.id).order_by("-seq")[:5]
        return {
            **frame(request, found, "study"),
            "groups": queries.groups(found),
            "schedule": _schedule(request, found),
            "late": [
                {"line": one, "word": f"{one.days_out} days out of window" if one.done else "not recorded"}
                for one in late[:SHOWN]
            ],
            "late_count": len(late),
            "protocol": (stands := protocol_in_force(found)),
            "protocol_word": f"Version {stands.number}" if stands else "",
            "open_points": reports.open_points(found) if not found.is_imported and found.state != "locked" else [],
            "lines": [trails.line(entry) for entry in entries],
            "master": at(request, "master"),
        }

    return page(request, steps, "preclinical/study.html", contents)


urlpatterns = [path("studies/<str:code>/", study, name="study")]
PAGES = {"preclinical:study": Page("preclinical.view", FORM)}
