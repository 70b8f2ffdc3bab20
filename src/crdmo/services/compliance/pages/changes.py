"""Change control, for who proposes, the areas that assess, the owners of tasks and QA."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from crdmo.foundation.signing import signatures_of_many
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest
from crdmo.web.steps import may
from crdmo.web.tables import Column, Table

from .. import forms, queries
from ..models import Area, Change, ChangeAssessment, ChangeTask
from ..workflow import changes
from ..workflow.affected import links_of
from . import steps
from .capas import one_of
from .deviations import find, touch_steps
from .steps import Step, at


@page_of("compliance.change")
def address(record: Change) -> str:
    """Return the address of a change's page."""
    assert record.program is not None
    return reverse("compliance:change", kwargs={"program": record.program.code, "code": record.code})


@page_of("compliance.changeassessment")
@page_of("compliance.changetask")
def part_address(record: ChangeAssessment | ChangeTask) -> str:
    """Return the address of a part: its change."""
    return address(record.change)


CHANGES = Table(
    "changes",
    "Changes",
    (
        Column("code", "Change", kind="record", sort="code"),
        Column("title", "Title"),
        Column("category", "Category", "get_category_display", sort="category"),
        Column("regulatory", "Regulatory", "get_regulatory_display"),
        Column("proposer", "Proposed by", kind="person"),
        Column("state", "State", kind="state", sort="state"),
        Column("due_on", "Due", kind="day", sort="due_on"),
    ),
    sort="-code",
    tone=lambda row: "" if row.state in ("closed", "rejected") else "bad" if row.due_on < steps.today() else "warn",
    empty=("No change", "What is approved is changed here first, and only then in the house."),
)


def change_list(request: PageRequest, program: str) -> HttpResponse:
    """List changes, the open ones only if asked."""
    rows = Change.objects.filter(program=request.program, is_void=False).select_related("program", "proposer")
    only = request.GET.get("only", "")
    rows = rows.exclude(state__in=("closed", "rejected")) if only == "open" else rows
    contents = {
        "only": only,
        "title": "Change control",
        "new": at(request, "change_new") if may(request, "compliance.propose_change") else "",
        "verb": "Propose a change",
    }
    return CHANGES.answer(request, rows, "compliance/list.html", contents)


def change_new(request: PageRequest, program: str) -> HttpResponse:
    """Propose a change."""
    form = forms.ChangeForm(request.POST or None)

    def do(given: Any) -> Change:
        assert request.program is not None
        given["records"] = queries.find_records(request.program, given["records"])
        return changes.propose_change(request.person, request.program, **given)

    words = {
        "title": "Propose a change",
        "verb": "Propose",
        "back": at(request, "changes"),
        "hint": "Nothing is changed before every area has spoken and QA has approved.",
        "done": "proposed. The areas assess it.",
    }
    return steps.entry_form(request, form, do, words, address)


def _steps(request: PageRequest, found: Change) -> list[Step]:
    who, states = request.person, Change.State
    proposed = found.state == states.PROPOSED
    tasks = list(found.tasks.filter(is_void=False).select_related("owner", "change").order_by("number"))
    mine = [one for one in tasks if one.owner_id == who.pk and one.state == "open"]
    still = changes.areas_open(found) if proposed else []

    def plan(given: Any, _: Any) -> None:
        given["owner"] = steps.person(request, given["owner"])
        changes.plan_task(who, found, **given)

    def assess(given: Any, _: Any) -> None:
        given["touches"] = given["touches"] == "yes"
        changes.assess_change(who, found, **given)

    return [
        Step(
            "assess",
            "Assess for an area",
            "compliance.assess_change",
            assess,
            forms.AssessForm,
            ready=bool(still) and found.proposer_id != who.pk,
            choices={"area": [("", "Choose"), *((area, Area(area).label) for area in still)]},
        ),
        Step(
            "done",
            "Complete a task of mine",
            "compliance.complete_task",
            lambda given, _: changes.complete_task(who, one_of(tasks, given["number"]), evidence=given["evidence"]),
            forms.EvidenceForm,
            ready=found.state == states.APPROVED and bool(mine),
            choices={"number": [("", "Choose"), *((str(t.number), f"{t.number}: {t.text[:80]}") for t in mine)]},
            done="The task is done.",
        ),
        Step(
            "approve",
            f"Approve {found.code}",
            "compliance.approve_change",
            lambda given, signed: changes.approve_change(who, found, credentials=signed.credentials, seen=signed.seen),
            ready=proposed and not still and bool(tasks),
            signs=found,
            done=f"{found.code} is approved; its tasks can begin.",
        ),
        Step(
            "close",
            f"Close {found.code}",
            "compliance.close_change",
            lambda given, signed: changes.close_change(who, found, credentials=signed.credentials, seen=signed.seen),
            ready=found.state == states.IMPLEMENTED,
            signs=found,
            done=f"{found.code} is closed.",
        ),
        Step(
            "plan",
            "Plan a task",
            "compliance.plan_task",
            plan,
            forms.TaskForm,
            ready=proposed and (found.proposer_id == who.pk or may(request, "compliance.approve_change")),
            choices={"owner": steps.people(request)},
        ),
        *touch_steps(request, found, judged=proposed),
        Step(
            "reject",
            f"Reject {found.code}",
            "compliance.reject_change",
            lambda given, signed: changes.reject_change(
                who, found, credentials=signed.credentials, seen=signed.seen, reason=given["reason"]
            ),
            forms.ReasonForm,
            ready=proposed,
            signs=found,
            done=f"{found.code} is rejected.",
        ),
    ]


def change(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a change; each step is taken here by who may take it."""
    found: Change = find(request, Change, code, "proposer")

    def contents() -> dict[str, Any]:
        found.refresh_from_db()
        said = {
            one.area: one
            for one in found.assessments.filter(is_void=False).select_related("assessor").order_by("entry")
        }
        return {
            "record": found,
            "today": steps.today(),
            "areas": [(Area(area).label, said.get(area)) for area in found.areas],
            "tasks": found.tasks.filter(is_void=False).select_related("owner").order_by("number"),
            "touched": links_of(found),
            "not_in_force": changes.not_in_force(found) if found.state == Change.State.IMPLEMENTED else [],
            "signatures": signatures_of_many([found])[found.pk],
        }

    return steps.page(request, lambda: _steps(request, found), "compliance/change.html", contents)


urlpatterns = [
    path("changes/", change_list, name="changes"),
    path("changes/new/", change_new, name="change_new"),
    path("changes/<str:code>/", change, name="change"),
]
PAGES = {
    "compliance:changes": Page("compliance.view"),
    "compliance:change_new": Page("compliance.propose_change", FORM),
    "compliance:change": Page("compliance.view", FORM),
}
NAV = [("compliance:changes", "Changes")]
