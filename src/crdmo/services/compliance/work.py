"""What waits in the quality system, by who may do it: QA, the investigator, the owner of an action."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.urls import reverse

from crdmo.common.work import Item, provides
from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Person, Program

from .models import Capa, CapaAction, Change, ChangeTask, Deviation, Extension

MOST = 50


@provides("compliance")
def work(person: Person, program: Program) -> Iterator[Item]:
    """Yield what this person can do next in the quality system of a program."""
    allowed = authority.allowed(person, "compliance.", program.id)
    yield from _deviations(person, program, allowed)
    yield from _capas(person, program, allowed)
    yield from _changes(person, program, allowed)


def _item(group: str, record: Any, page: str, program: Program, detail: str, due: dt.date | None = None) -> Item:
    url = reverse(f"compliance:{page}", kwargs={"program": program.code, "code": record.code})
    return Item(group, record.code, detail, url, program.code, due, record.state)


def _deviations(person: Person, program: Program, allowed: set[str]) -> Iterator[Item]:
    if not allowed & {"compliance.investigate_deviation", "compliance.approve_deviation"}:
        return
    decides = "compliance.approve_deviation" in allowed
    rows = Deviation.objects.filter(program=program, is_void=False).exclude(state="closed").order_by("due_on")
    for one in rows[:MOST]:
        if one.state == "investigation" and one.investigator_id == person.pk:
            yield _item("To investigate", one, "deviation", program, one.title, one.due_on)
        elif one.state == "open" and decides:
            yield _item("Deviations to classify", one, "deviation", program, one.title, one.due_on)
        elif one.state == "in_review" and decides:
            yield _item("To sign", one, "deviation", program, one.title, one.due_on)


def _capas(person: Person, program: Program, allowed: set[str]) -> Iterator[Item]:
    if "compliance.complete_action" not in allowed:
        return
    decides = "compliance.approve_capa" in allowed
    mine = CapaAction.objects.filter(program=program, owner=person, state="open", is_void=False)
    for action in mine.filter(capa__state="in_progress").select_related("capa").order_by("due_on")[:MOST]:
        yield _item("My actions", action.capa, "capa", program, action.text[:120], action.due_on)
    if not decides:
        return
    for one in Capa.objects.filter(program=program, is_void=False).exclude(state__in=("closed", "in_progress"))[:MOST]:
        if one.state == "pending":
            yield _item("Effectiveness checks", one, "capa", program, one.criterion[:120], one.check_on)
        else:
            yield _item("To sign", one, "capa", program, one.title)
    asked = Extension.objects.filter(program=program, state="requested", is_void=False).select_related("action__capa")
    for extension in asked[:MOST]:
        detail = f"{extension.action}: later day, {extension.due_on}"
        yield _item("To decide", extension.action.capa, "capa", program, detail, extension.due_before)


def _changes(person: Person, program: Program, allowed: set[str]) -> Iterator[Item]:
    if "compliance.complete_task" not in allowed:
        return
    mine = ChangeTask.objects.filter(program=program, owner=person, state="open", is_void=False)
    for task in mine.filter(change__state="approved").select_related("change").order_by("due_on")[:MOST]:
        yield _item("My tasks", task.change, "change", program, task.text[:120], task.due_on)
    if "compliance.approve_change" not in allowed:
        return
    for one in Change.objects.filter(program=program, state__in=("proposed", "completed"), is_void=False)[:MOST]:
        yield _item("Changes", one, "change", program, one.title, one.due_on)
