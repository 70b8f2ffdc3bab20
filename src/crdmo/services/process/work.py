"""What waits in process development, by who may do it."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse

from crdmo.common.work import Item, provides
from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Person, Program

from .models import ControlStrategy, ResponseModel, RiskAssessment, Study

MOST = 50
ROOM = "process"


@provides(ROOM)
def work(person: Person, program: Program) -> Iterator[Item]:
    """Yield what this person can do next in the process development of a program."""
    allowed = authority.allowed(person, f"{ROOM}.", program.id)
    yield from _to_sign(program, allowed)
    if f"{ROOM}.judge_model" in allowed:
        rows = ResponseModel.objects.filter(program=program, state="proposed", is_void=False).exclude(made_by=person)
        for model in rows.select_related("study", "response__attribute")[:MOST]:
            url = reverse(f"{ROOM}:study", kwargs={"program": program.code, "code": model.study.code})
            yield Item("Models to judge", str(model), "accept or reject", url, program.code, None, model.state)
    if f"{ROOM}.record_run" in allowed:
        for study in Study.objects.filter(program=program, state="running", is_void=False)[:MOST]:
            url = reverse(f"{ROOM}:study", kwargs={"program": program.code, "code": study.code})
            left = study.runs.filter(state="planned", is_void=False).count()
            yield Item("Runs to do", study.code, f"{left} runs left", url, program.code, None, study.state)


def _to_sign(program: Program, allowed: set[str]) -> Iterator[Item]:
    verbs = {"draft": "approve_strategy", "reviewed": "release_strategy"}
    mine = [state for state, verb in verbs.items() if f"{ROOM}.{verb}" in allowed]
    rows = ControlStrategy.objects.filter(program=program, state__in=mine, is_void=False) if mine else ()
    for one in rows[:MOST]:
        url = reverse(f"{ROOM}:strategy", kwargs={"program": program.code, "code": one.code, "number": one.number})
        yield Item("To sign", str(one), one.title, url, program.code, None, one.state)
    if f"{ROOM}.approve_risk" in allowed:
        for risk in RiskAssessment.objects.filter(program=program, state="draft", is_void=False)[:MOST]:
            place = {"program": program.code, "code": risk.code, "number": risk.number}
            yield Item(
                "To sign", str(risk), risk.title, reverse(f"{ROOM}:risk", kwargs=place), program.code, None, "draft"
            )
