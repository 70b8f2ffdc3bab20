"""Reads of studies that rooms share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.refusals import NotFound

from .models import (
    Activity,
    Allocation,
    Arm,
    Epoch,
    Planned,
    ProtocolVersion,
    ScheduledActivity,
    Study,
    Subject,
    Visit,
)

E = TypeVar("E", bound=Record)
ELEMENTS: tuple[type[Record], ...] = (Arm, Epoch, Activity, Visit, ScheduledActivity)


def find_study(program: Program | None, code: str, kind: str = "") -> Study:
    """Return a study of a program.

    Raises:
        NotFound: there is none; another sponsor's answers the same.
    """
    rows = Study.objects.filter(program=program, code=code, is_void=False)
    rows = rows.filter(kind=kind) if kind else rows
    found = rows.select_related("lead", "substance", "lot", "program__organization", "program__partner").first()
    if found is None:
        raise NotFound("there is no such study", given=code)
    return found


def find_subject(study: Study, code: str) -> Subject:
    """Return a subject of a study.

    Raises:
        NotFound: there is none.
    """
    found = Subject.objects.filter(study=study, code=code, is_void=False).select_related("place", "study").first()
    if found is None:
        raise NotFound(f"there is no such subject in {study}", given=code)
    return found


def protocol_in_force(study: Study) -> ProtocolVersion | None:
    """Return the version of the protocol by which work is done now."""
    return study.protocols.filter(state=ProtocolVersion.State.EFFECTIVE, is_void=False).order_by("-number").first()


def latest_protocol(study: Study) -> ProtocolVersion | None:
    """Return the last version, in force or on its way."""
    return study.protocols.filter(is_void=False).order_by("-number").first()


def in_force(study: Study, model: type[E], version: ProtocolVersion | None = None) -> list[E]:
    """Return the elements of a design as they stand by a version, in order; without one by the version in force.

    For a study without protocol (imported) these are all that there are.
    """
    version = version or protocol_in_force(study)
    manager: Any = model._default_manager
    rows = manager.filter(study=study, is_void=False)
    rows = rows.select_related("since", "retired_by")
    if model is ScheduledActivity:
        rows = rows.select_related("visit", "activity").order_by("visit__day", "visit__position", "activity__position")
    elif model is Visit:
        rows = rows.select_related("epoch").order_by("day", "position")
    else:
        rows = rows.order_by("position")
    found = []
    for one in rows:
        gone = one.retired_by is not None and (version is None or one.retired_by.number <= version.number)
        if not gone and (version is None or one.since.number <= version.number):
            found.append(one)
    return found


def arms_of(subjects: Iterable[Subject]) -> dict[Any, Arm]:
    """Return the arm of each subject of an open study that has one, by the subject's key."""
    rows = Allocation.objects.filter(subject__in=list(subjects), is_void=False).select_related("arm")
    return {row.subject_id: row.arm for row in rows}


def _told(element: Record) -> dict[str, Any]:
    if isinstance(element, ScheduledActivity):
        return {"visit": element.visit.code, "activity": element.activity.code}
    assert isinstance(element, Planned)
    found: dict[str, Any] = {"code": element.code, "name": element.name}
    if isinstance(element, Arm):
        names = ("ratio", "dose", "unit", "treatment", "is_control", "planned")
        found |= {name: getattr(element, name) for name in names}
    elif isinstance(element, Visit):
        found |= {"day": element.day, "before": element.before, "after": element.after}
        found["epoch"] = element.epoch.code if element.epoch else ""
    elif isinstance(element, Activity):
        found |= {"domain": element.domain, "items": element.items}
    return found


def _kind(model: type[Record]) -> str:
    return {"Arm": "arms", "Epoch": "epochs", "Activity": "activities", "Visit": "visits"}.get(
        model.__name__, "schedule"
    )


def design_of(study: Study, version: ProtocolVersion | None = None) -> dict[str, Any]:
    """Return the whole design by a version as plain JSON: arms, epochs, activities, visits, schedule."""
    return {_kind(model): [_told(one) for one in in_force(study, model, version)] for model in ELEMENTS}


def changes_of(version: ProtocolVersion) -> list[dict[str, Any]]:
    """Return what a version adds, retires and rewords against the one before it."""
    found: list[dict[str, Any]] = []
    for model in ELEMENTS:
        manager: Any = model._default_manager
        rows = manager.filter(study=version.study, is_void=False)
        found += [{"what": "added", "kind": _kind(model), **_told(one)} for one in rows.filter(since=version)]
        found += [{"what": "retired", "kind": _kind(model), **_told(one)} for one in rows.filter(retired_by=version)]
    before = version.study.protocols.filter(number=version.number - 1, is_void=False).first()
    if before is not None and before.text != version.text:
        found.append({"what": "reworded", "kind": "text", "name": "text of the protocol"})
    return found
