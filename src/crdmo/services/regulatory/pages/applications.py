"""Applications, for the lead: plan, sequences, clocks, questions and commitments on one page; and what waits first."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.common.work import waiting
from crdmo.standards.ectd import regional_eu, regional_us
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.pages.desk import grouped
from crdmo.web.request import PageRequest
from crdmo.web.step_fields import today
from crdmo.web.stepping import Step, page
from crdmo.web.steps import may

from .. import forms, queries, staleness
from ..models import Application, Clock, Commitment, HeadingPlan, Leaf, Question, Sequence
from ..workflow import applications, clocks, correspondence, sequences
from .shared import at, chosen, entry_form, headings, here, people, person

UNPUBLISHED = (Sequence.State.PLANNED, Sequence.State.ASSEMBLING, Sequence.State.VALIDATED, Sequence.State.SIGNED_OFF)


@page_of("regulatory.application")
def address(record: Application) -> str:
    """Return the address of an application's page."""
    assert record.program is not None
    return reverse("regulatory:application", kwargs={"program": record.program.code, "code": record.code})


@page_of("regulatory.question")
@page_of("regulatory.commitment")
@page_of("regulatory.headingplan")
def part_address(record: Question | Commitment | HeadingPlan) -> str:
    """Return the address of a part: its application."""
    return address(record.application)


@page_of("regulatory.clock")
def clock_address(record: Clock) -> str:
    """Return the address of a clock: its application."""
    return address(record.sequence.application)


def home(request: PageRequest, program: str) -> HttpResponse:
    """Show what waits for this person, and how each application stands."""
    items = waiting(request.person, [here(request)], room="regulatory")
    found = Application.objects.filter(program=request.program, is_void=False).select_related("program")
    rows = [_row(one) for one in found.prefetch_related("sequences__clocks__computed", "questions").order_by("code")]
    leaves = list(
        Leaf.objects.filter(program=request.program, is_void=False, sequence__package__isnull=True)
        .select_related("document_version__document")
    )  # fmt: skip
    stale = sum(bool(staleness.open_reasons(leaf, why)) for leaf, why in _why(leaves))
    late = sum(row["late"] for row in rows)
    cards = [
        {"label": "sequences not published", "value": sum(row["open"] for row in rows)},
        {"label": "stale leaves", "value": stale, "tone": "bad" if stale else ""},
        {"label": "open questions", "value": sum(row["questions"] for row in rows)},
        {"label": "of them overdue", "value": late, "tone": "bad" if late else ""},
    ]
    contents = {
        "groups": grouped(items),
        "count": len(items),
        "cards": cards,
        "rows": rows,
        "new": at(request, "application_new") if may(request, "regulatory.open_application") else "",
    }
    return render(request, "regulatory/home.html", contents)


def _why(leaves: list[Leaf]) -> list[tuple[Leaf, list[str]]]:
    found = staleness.reasons(leaves)
    return [(leaf, found[leaf.pk]) for leaf in leaves]


def _row(one: Application) -> dict[str, Any]:
    made = sorted(one.sequences.all(), key=lambda s: s.number)
    steps = [step for sequence in made for clock in sequence.clocks.all() for step in coming(clock)]
    asked = [question for question in one.questions.all() if question.state == "open" and not question.is_void]
    return {
        "application": one,
        "address": address(one),
        "last": made[-1] if made else None,
        "open": sum(sequence.state in UNPUBLISHED for sequence in made),
        "next": min(steps, key=lambda step: step["due"]) if steps else None,
        "questions": len(asked),
        "late": sum(question.due_on < today() for question in asked),
    }


def coming(clock: Clock) -> list[dict[str, Any]]:
    """Return the steps of a clock that are still to come, with their days."""
    found = [
        {**step, "due": dt.date.fromisoformat(step["due"])}
        for step in clock.computed.output["milestones"]
        if step["due"]
    ]
    return [step for step in found if step["due"] >= today()]


def application_new(request: PageRequest, program: str) -> HttpResponse:
    """Open an application."""
    sponsor = here(request).organization
    initial = {"applicant": sponsor.name if sponsor else ""}
    form = forms.ApplicationForm(request.POST or None, initial=initial)
    words = {
        "title": "Open an application",
        "verb": "Open",
        "back": at(request, "home"),
        "hint": "Names are written here once. Each sequence takes them from here, so that the reviewer sees one branch.",
        "done": "opened. Plan its first sequence.",
    }

    def do(given: Any) -> Application:
        return applications.open_application(request.person, here(request), **given)

    return entry_form(request, form, do, words, address)


def _types(found: Application) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the types of submission and of sequence that the agency knows, for lists to choose from."""
    if found.region == "us":
        kinds = [
            one for one in regional_us.SUBMISSION_TYPES if found.kind != "IND" or one not in regional_us.SUPPLEMENTS
        ]
        units = list(regional_us.SUB_TYPES)
    else:
        kinds, units = sorted(regional_eu.SUBMISSION_TYPES), sorted(regional_eu.UNIT_TYPES)
    choose = ("", "Choose")
    return (
        [choose, *((one, one.capitalize().replace("Ind ", "IND ")) for one in kinds)],
        [choose, *((one, one.capitalize()) for one in units)],
    )


def _steps(request: PageRequest, found: Application) -> list[Step]:
    who = request.person
    kinds, units = _types(found)
    made = list(found.sequences.filter(is_void=False).order_by("number"))
    asked = list(found.questions.filter(is_void=False).order_by("code"))
    kept = list(found.commitments.filter(is_void=False, state="open").order_by("code"))
    running = list(
        Clock.objects.filter(sequence__application=found, is_void=False).select_related("sequence__application")
    )
    unanswered = [one for one in asked if one.state == "open"]
    bringing = list(
        Leaf.objects.filter(sequence__application=found, is_void=False).exclude(operation="delete")
        .select_related("sequence__application").order_by("-sequence__number", "section")
    )  # fmt: skip
    owners = people(request)

    def plan(given: Any, _: Any) -> None:
        sequences.plan_sequence(who, found, **given)

    def heading(given: Any, _: Any) -> None:
        given["owner"] = person(request, given["owner"])
        applications.plan_heading(who, found, **given)

    def ask(given: Any, _: Any) -> None:
        given["owner"] = person(request, given["owner"])
        given["about"] = next((one for one in made if one.number == given["about"]), None)
        correspondence.receive_question(who, found, **given)

    def answer(given: Any, _: Any) -> None:
        question = next(one for one in unanswered if one.code == given["question"])
        leaf = chosen(bringing, given["leaf"])
        assert leaf is not None
        correspondence.answer_question(who, question, leaf=leaf)

    def commit(given: Any, _: Any) -> None:
        given["owner"] = person(request, given["owner"])
        given["question"] = next((one for one in asked if one.code == given["question"]), None)
        correspondence.make_commitment(who, found, **given)

    def fulfil(given: Any, _: Any) -> None:
        one = next(one for one in kept if one.code == given["commitment"])
        correspondence.fulfil_commitment(who, one, evidence=given["evidence"])

    def clock(given: Any) -> Clock:
        return next(one for one in running if str(one.pk) == given["clock"])

    choose = ("", "Choose")
    about = [choose, *((one.number, one.number) for one in made)]
    codes = [choose, *((one.code, f"{one.code}: {one.text[:80]}") for one in asked)]
    clocks_to_choose = [choose, *((str(one.pk), str(one)) for one in running)]
    return [
        Step("plan", "Plan the next sequence", "regulatory.plan_sequence", plan, forms.PlanForm,
             choices={"submission_type": kinds, "unit_type": units}, done="The sequence is planned."),
        Step("heading", "Plan a heading", "regulatory.plan_heading", heading, forms.HeadingForm,
             choices={"section": headings(found), "owner": owners}),
        Step("ask", "Record a question of the agency", "regulatory.receive_question", ask, forms.QuestionForm,
             ready=bool(made), initial={"received_on": today()},
             choices={"owner": owners, "about": about, "section": headings(found)}),
        Step("answer", "Answer a question", "regulatory.answer_question", answer, forms.AnswerForm,
             ready=bool(unanswered and bringing),
             choices={"question": [choose, *((one.code, f"{one.code}: {one.text[:80]}") for one in unanswered)],
                      "leaf": [choose, *((str(one.pk), f"{one.sequence.number}: {one}") for one in bringing)]}),
        Step("commit", "Record a commitment", "regulatory.make_commitment", commit, forms.CommitmentForm,
             choices={"owner": owners, "question": codes}),
        Step("fulfil", "Fulfil a commitment", "regulatory.fulfil_commitment", fulfil, forms.FulfilForm,
             ready=bool(kept),
             choices={"commitment": [choose, *((one.code, f"{one.code}: {one.text[:80]}") for one in kept)]}),
        Step("stop", "Stop a clock", "regulatory.stop_clock",
             lambda given, _: clocks.stop_clock(who, clock(given), on=given["on"], why=given["why"]), forms.StopForm,
             ready=bool(running), choices={"clock": clocks_to_choose}),
        Step("restart", "Start a clock again", "regulatory.restart_clock",
             lambda given, _: clocks.restart_clock(who, clock(given), on=given["on"]), forms.RestartForm,
             ready=any(one.stops and not one.stops[-1]["restarted"] for one in running),
             choices={"clock": clocks_to_choose}),
    ]  # fmt: skip


def application(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show an application; its plan and its correspondence are kept here."""
    found = queries.application(request.program, code)

    def contents() -> dict[str, Any]:
        made = list(found.sequences.filter(is_void=False).select_related("application__program").order_by("-number"))
        standing = queries.standing(found)
        latest = next((one for one in made if not one.is_published), None)
        leaves = queries.after(latest) if latest else standing
        expected = queries.coverage(found, leaves)
        running = Clock.objects.filter(sequence__application=found, is_void=False).select_related(
            "sequence", "computed"
        )
        return {
            "record": found,
            "sequences": [{"row": one, "address": sequence_address(one)} for one in made],
            "latest": latest,
            "standing": len(standing),
            "expected": expected,
            "missing": sum(one.is_missing for one in expected),
            "clocks": list(running),
            "questions": found.questions.filter(is_void=False)
            .select_related("owner", "answer__sequence")
            .order_by("due_on"),
            "commitments": found.commitments.filter(is_void=False).select_related("owner").order_by("due_on"),
            "today": today(),
            "view": at(request, "view", code=found.code),
        }

    return page(request, lambda: _steps(request, found), "regulatory/application.html", contents)


def sequence_address(record: Sequence) -> str:
    """Return the address of a sequence's page."""
    assert record.program is not None
    told = {"program": record.program.code, "code": record.application.code, "number": record.number}
    return reverse("regulatory:sequence", kwargs=told)


urlpatterns = [
    path("", home, name="home"),
    path("applications/new/", application_new, name="application_new"),
    path("applications/<str:code>/", application, name="application"),
]
PAGES = {
    "regulatory:home": Page("regulatory.view"),
    "regulatory:application_new": Page("regulatory.open_application", FORM),
    "regulatory:application": Page("regulatory.view", FORM),
}
NAV = [("regulatory:home", "Applications")]
