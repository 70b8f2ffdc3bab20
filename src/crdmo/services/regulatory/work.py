"""What waits at the desks of regulatory affairs: sequences to move on, stale leaves, questions, commitments, clocks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.urls import reverse

from crdmo.common.work import Item, provides
from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Person, Program

from . import staleness
from .models import Application, Clock, Commitment, HeadingPlan, Leaf, Question, Sequence

State = Sequence.State
MOST = 50
NEXT = {
    State.PLANNED: ("To assemble", "regulatory.place_leaf"),
    State.ASSEMBLING: ("To assemble", "regulatory.place_leaf"),
    State.VALIDATED: ("To sign", "regulatory.sign_off"),
    State.SIGNED_OFF: ("To publish", "regulatory.publish"),
    State.PUBLISHED: ("To submit", "regulatory.submit"),
    State.SUBMITTED: ("Receipts to record", "regulatory.acknowledge"),
}


@provides("regulatory")
def work(person: Person, program: Program) -> Iterator[Item]:
    """Yield what this person can do next in the applications of a program."""
    allowed = authority.allowed(person, "regulatory.", program.id)
    yield from _headings(person, program)
    if allowed <= {"regulatory.view"}:
        return
    rows = Sequence.objects.filter(program=program, is_void=False).exclude(state=State.ACKNOWLEDGED)
    for one in rows.select_related("application").order_by("application__code", "number")[:MOST]:
        group, verb = NEXT[State(one.state)]
        if verb in allowed:
            yield Item(group, str(one), one.description, _sequence(program, one), program.code, one.due_on, one.state)
    yield from _stale(program, allowed)
    yield from _correspondence(person, program, allowed)


def _application(program: Program, one: Application) -> str:
    return reverse("regulatory:application", kwargs={"program": program.code, "code": one.code})


def _sequence(program: Program, one: Sequence) -> str:
    return reverse(
        "regulatory:sequence", kwargs={"program": program.code, "code": one.application.code, "number": one.number}
    )


def _stale(program: Program, allowed: set[str]) -> Iterator[Item]:
    if "regulatory.renew_leaf" not in allowed:
        return
    rows = Leaf.objects.filter(program=program, is_void=False, sequence__package__isnull=True)
    leaves = list(rows.select_related("sequence__application", "document_version__document"))
    why = staleness.reasons(leaves)
    for leaf in leaves:
        if still := staleness.open_reasons(leaf, why[leaf.pk]):
            url = reverse("regulatory:leaf", kwargs={"program": program.code, "key": leaf.pk})
            yield Item("Stale leaves", str(leaf), still[0], url, program.code, leaf.sequence.due_on, "stale")


def _headings(person: Person, program: Program) -> Iterator[Item]:
    plans = HeadingPlan.objects.filter(program=program, owner=person, is_void=False).select_related("application")
    for plan in plans.order_by("due_on")[:MOST]:
        placed = Leaf.objects.filter(sequence__application=plan.application, is_void=False)
        if not placed.filter(section__startswith=plan.section).exists():
            label = f"{plan.application.code} {plan.section}"
            yield Item(
                "Documents to bring", label, "A document for this heading is expected from you.",
                _application(program, plan.application), program.code, plan.due_on, "pending",
            )  # fmt: skip


def _correspondence(person: Person, program: Program, allowed: set[str]) -> Iterator[Item]:
    if "regulatory.answer_question" not in allowed:
        return
    asked = Question.objects.filter(program=program, state="open", is_void=False).select_related("application")
    for question in asked.order_by("due_on")[:MOST]:
        url = _application(program, question.application)
        yield Item("Questions", question.code, question.text[:120], url, program.code, question.due_on, question.state)
    kept = Commitment.objects.filter(program=program, state="open", is_void=False).select_related("application")
    for one in kept.order_by("due_on")[:MOST]:
        yield Item(
            "Commitments",
            one.code,
            one.text[:120],
            _application(program, one.application),
            program.code,
            one.due_on,
            one.state,
        )
    today = dt.datetime.now(dt.UTC).date()
    running = Clock.objects.filter(program=program, is_void=False).select_related("computed", "sequence__application")
    for clock in running[:MOST]:
        for step in clock.computed.output["milestones"]:
            if step["due"] and dt.date.fromisoformat(step["due"]) >= today:
                day = dt.date.fromisoformat(step["due"])
                yield Item(
                    "Clocks", step["name"], str(clock), _sequence(program, clock.sequence), program.code, day, "running"
                )
                break
