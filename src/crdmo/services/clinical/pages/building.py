"""The desk of who builds a trial: what is missing, and the steps that put it in; an amendment goes the same way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path

from crdmo.common.studies.models import ProtocolVersion, Study
from crdmo.common.studies.queries import changes_of, design_of, latest_protocol
from crdmo.foundation.refusals import Refused
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest
from crdmo.web.step_fields import choice, line, text, yes
from crdmo.web.stepping import Given, Signed, Step, page

from ..expressions import words_of
from ..models import EditCheck
from ..workflow import building, design
from .frame import at, find, frame

# The pieces in the order of work, and what each is for.
PIECES = (
    ("text", "Draft the protocol", "Purpose, endpoints and statistics, in words."),
    ("arms", "Arms", "Two or more, with the parts in which subjects are drawn."),
    ("epochs", "Epochs", "Screening, treatment, follow-up, in their order."),
    ("visits", "Visits", "Study day and window of each."),
    ("forms", "Forms", "Items with kind, unit, choices and range."),
    ("schedule", "Schedule", "Which form is due at which visit."),
    ("endpoint", "Endpoint", "The item that is compared, recorded at baseline and at the visit of the analysis."),
)


class DraftForm(StepForm):
    """The text of a protocol."""

    text = text("Text of the protocol", "Purpose, endpoints, statistics. It is signed with the design.")


class AmendForm(DraftForm):
    """The text of an amendment, with its reason."""

    reason = line("Reason of the amendment", "It stands in the amendment and in the ledger.", limit=500)


class ArmForm(StepForm):
    """An arm."""

    code = line("Code", "One or a few letters, such as A.", limit=20)
    name = line("Name", limit=120)
    ratio = forms.IntegerField(label="Parts", help_text="2 and 1 draw two to one.", min_value=1, initial=1)
    treatment = line("Treatment", "As it stands in SDTM, such as VELATIDE.", required=False, limit=120)
    is_control = yes("It is the control")


class EpochForm(StepForm):
    """An epoch."""

    code = line("Code", "Such as SCR; one that begins with TRT is the treatment.", limit=20)
    name = line("Name", limit=120)


class VisitForm(StepForm):
    """A visit with its window."""

    code = line("Code", "Such as W4. The code of a visit that stands puts this one in its place.", limit=20)
    name = line("Name", limit=120)
    epoch = choice("Epoch")
    day = forms.IntegerField(label="Study day", help_text="Day 1 is the first treatment; there is no day 0.")
    before = forms.IntegerField(label="Days before that are in time", min_value=0, initial=0)
    after = forms.IntegerField(label="Days after that are in time", min_value=0, initial=0)


class TakeOutForm(StepForm):
    """A piece that goes."""

    piece = choice("Piece")
    reason = line("Why", limit=500)


class ReasonForm(StepForm):
    """Why a draft is given up."""

    reason = line("Why", limit=500)


class RetireForm(StepForm):
    """A check that is retired."""

    check = choice("Check")
    reason = line("Why", limit=500)


def _steps(request: PageRequest, study: Study, draft: ProtocolVersion | None, plan: Mapping[str, Any]) -> list[Step]:
    who, last = request.person, latest_protocol(study)
    begins, amends = (
        last is None,
        last is not None and last.state == "effective" and study.state in ("active", "planned"),
    )
    is_first = draft is not None and not draft.is_amendment
    lacks = building.missing(study, draft) if draft else {}
    pieces = [
        (f"{kind}/{one['code']}", f"{kind.capitalize()} {one['code']}: {one['name']}")
        for kind, rows in (("arm", "arms"), ("epoch", "epochs"), ("visit", "visits"), ("form", "activities"))
        for one in plan.get(rows, [])
        if kind != "arm" or is_first
    ]
    checks = list(EditCheck.objects.filter(study=study, is_void=False).order_by("code"))

    def put(verb: Any) -> Any:
        return lambda given, _: verb(who, study, dict(given), reason=building.WORKED_ON)

    def take_out(given: Given, _: Signed) -> None:
        kind, _, code = given["piece"].partition("/")
        building.take_out(who, study, kind=kind, code=code, reason=given["reason"])

    def retire(given: Given, _: Signed) -> None:
        design.retire_check(who, next(one for one in checks if str(one.pk) == given["check"]), reason=given["reason"])

    return [
        Step(
            "draft", "Draft the protocol", "clinical.draft_protocol",
            lambda given, _: building.draft_protocol(who, study, text=given["text"]), DraftForm, ready=begins,
            done="The draft is begun. Next: its arms.",
        ),
        Step(
            "offer", "Offer it for approval", "clinical.offer_protocol",
            lambda _, __: building.offer_protocol(who, study), ready=draft is not None and not lacks,
            done="The medical monitor approves it next.",
        ),
        Step("arm", "Add an arm", "clinical.add_arm", put(building.add_arm), ArmForm, ready=is_first, done="The arm is in."),
        Step(
            "epoch", "Add an epoch", "clinical.add_epoch", put(building.add_epoch), EpochForm, ready=draft is not None,
            done="The epoch is in.",
        ),
        Step(
            "visit", "Put a visit in", "clinical.put_visit", put(building.put_visit), VisitForm,
            ready=draft is not None and bool(plan.get("epochs")), done="The visit is in.",
            choices={"epoch": [("", "Choose"), *((one["code"], one["name"]) for one in plan.get("epochs", []))]},
        ),
        Step(
            "amend", "Draft an amendment", "clinical.draft_protocol",
            lambda given, _: building.draft_protocol(who, study, text=given["text"], reason=given["reason"]), AmendForm,
            ready=amends, initial={"text": last.text if last else ""},
            done="The amendment is begun: change what it changes, then offer it.",
        ),
        Step(
            "take_out", "Take a piece out", "clinical.take_out", take_out, TakeOutForm,
            ready=draft is not None and bool(pieces), choices={"piece": [("", "Choose"), *pieces]}, done="It is out.",
        ),
        Step(
            "retire", "Retire a check", "clinical.retire_check", retire, RetireForm, ready=bool(checks),
            choices={"check": [("", "Choose"), *((str(one.pk), f"{one.code}: {one.message}") for one in checks)]},
            done="The check asks no more; its queries stay.",
        ),
        Step(
            "discard", "Discard the draft", "clinical.discard_protocol",
            lambda given, _: building.discard_protocol(who, last, reason=given["reason"]), ReasonForm,
            ready=last is not None and last.state in ("draft", "final"), done="The draft is void; what stood before stands.",
        ),
    ]  # fmt: skip


def build(request: PageRequest, program: str, study: str) -> HttpResponse:
    """Show the trial as far as it is built, what is missing, and the steps that put it in."""
    found = find(request, study)
    last = latest_protocol(found)
    plan = design_of(found, last) if last else {}

    def contents() -> dict[str, Any]:
        now = latest_protocol(found)
        draft = building.draft_of(found)
        told = design_of(found, now) if now else {}
        lacks = building.missing(found, draft) if draft else {}
        return {
            **frame(request, found, "build"),
            "version": now,
            "draft": draft,
            "plan": told,
            "grid": grid(told),
            "lines": _lines(now, draft, lacks),
            "changes": changes_in_words((now.changes or changes_of(now)) if now and now.is_amendment else []),
            "checks": _checks(found, told),
            "may_check": bool(told.get("activities")) and found.state in ("planned", "active"),
        }

    return page(
        request, lambda: _steps(request, found, building.draft_of(found), plan), "clinical/build.html", contents
    )


def _lines(
    last: ProtocolVersion | None, draft: ProtocolVersion | None, lacks: Mapping[str, str]
) -> list[dict[str, str]]:
    """Return the pieces in the order of work, each with what it lacks, or nothing."""
    waits = "comes after the draft" if last is None else ""
    told = {"text": "do this first" if last is None else ""}
    return [
        {"title": title, "hint": hint, "lacks": told.get(key, lacks.get(key, "") if draft else waits)}
        for key, title, hint in PIECES
    ]


def grid(plan: Mapping[str, Any]) -> list[tuple[Any, list[tuple[str, bool]]]]:
    """Return the schedule as a table: each form with the name of its box and whether it is due, visit by visit."""
    marks = {(one["visit"], one["activity"]) for one in plan.get("schedule", [])}
    return [
        (form, [(f"{one['code']}/{form['code']}", (one["code"], form["code"]) in marks) for one in plan["visits"]])
        for form in plan.get("activities", [])
    ]


NAMES = {"arms": "Arm", "epochs": "Epoch", "activities": "Form", "visits": "Visit", "schedule": "Due", "text": "Text"}


def changes_in_words(changes: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return what an amendment changes: a piece that ends and begins with it under one code is changed."""
    found: dict[tuple[str, str], set[str]] = {}
    for one in changes:
        code = (
            f"{one['activity']} at {one['visit']}"
            if one["kind"] == "schedule"
            else one.get("code", one.get("name", ""))
        )
        found.setdefault((one["kind"], code), set()).add(one["what"])
    return [
        {"kind": NAMES[kind], "code": code, "what": "changed" if len(what) > 1 else next(iter(what))}
        for (kind, code), what in found.items()
        if not (kind == "schedule" and len(what) > 1)
    ]


def _checks(study: Study, plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the checks as they are written; one whose item is not in its form any more is named."""
    items = {form["code"]: {item["code"] for item in form["items"]} for form in plan.get("activities", [])}
    rows = EditCheck.objects.filter(study=study, is_void=False).select_related("form").order_by("code")
    return [
        {
            "check": one, "words": words_of(one),
            "mute": not {one.item, one.other} - {""} <= items.get(one.form.code, set()),
        }
        for one in rows
    ]  # fmt: skip


def schedule(request: PageRequest, program: str, study: str) -> HttpResponse:
    """Set the schedule of activities: a box for each form at each visit."""
    found = find(request, study)
    refused: Refused | None = None
    if request.method == "POST":
        due: dict[str, list[str]] = {}
        for one in request.POST.getlist("due"):
            visit, _, form = one.partition("/")
            due.setdefault(visit, []).append(form)
        try:
            building.schedule_forms(request.person, found, due, reason=building.WORKED_ON)
        except Refused as one:
            refused = one
        else:
            messages.success(request, "The schedule is set.")
            return HttpResponseRedirect(at(request, "build", found))
    draft = building.draft_of(found)
    plan = design_of(found, draft) if draft else {}
    contents = {**frame(request, found, "build"), "plan": plan, "grid": grid(plan), "refused_as": refused}
    return render(request, "clinical/schedule.html", contents, status=refused.status if refused else 200)


urlpatterns = [
    path("trials/<str:study>/build/", build, name="build"),
    path("trials/<str:study>/build/schedule/", schedule, name="schedule"),
]
PAGES = {
    "clinical:build": Page("clinical.draft_protocol", FORM),
    "clinical:schedule": Page("clinical.schedule_forms", FORM),
}
