"""How records of the quality system look to programs: one line each, described so that the description can be relied on."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from ninja import Schema

from crdmo.common.routes import Header, header

from .models import Affected, Capa, Change, Deviation, PeriodicReview, SupplierMaterial


class DeviationLine(Header):
    """A deviation."""

    code: str
    title: str
    facts: str
    happened_at: str
    found_at: str
    reported_at: str
    reported_by: str
    classification: str
    state: str
    due_on: str


class Touched(Schema):
    """A record that is touched, and what it means where it is a lot."""

    record: UUID
    type: str
    label: str
    lot: str | None
    impact: str


class DeviationRead(DeviationLine):
    """A deviation with what it touches."""

    touches: list[Touched]


class CapaLine(Header):
    """A CAPA with how its effect is judged."""

    code: str
    title: str
    deviation: str | None
    owner: str
    criterion: str
    check_on: str
    state: str


class ActionLine(Header):
    """An action of a CAPA."""

    capa: str
    number: int
    text: str
    owner: str
    due_on: str
    state: str
    evidence: str


class ChangeLine(Header):
    """A change."""

    code: str
    title: str
    category: str
    regulatory: str
    areas: str
    state: str
    due_on: str


class SupplierLine(Header):
    """A material from a supplier, as it stands today."""

    supplier: str
    name: str
    material: str
    critical: bool
    standing: str
    requalify_on: str | None


class ReviewLine(Header):
    """A signed review of an audit trail."""

    code: str
    scope: str
    after_entry: int
    up_to_entry: int
    last_hash: str
    exceptions: int
    reviewer: str


class TrainingLine(Schema):
    """One person and one requirement."""

    person: str
    subject: str
    subject_version: str
    state: str
    since: str


class Trainings(Schema):
    """The matrix of training, a line a cell."""

    items: list[TrainingLine]


def deviation_line(one: Deviation) -> dict[str, Any]:
    """Return a deviation as JSON."""
    return {
        **header(one),
        "code": one.code,
        "title": one.title,
        "facts": one.facts,
        "happened_at": _at(one.happened_at),
        "found_at": _at(one.found_at),
        "reported_at": _at(one.reported_at),
        "reported_by": one.reported_by.printed_name,
        "classification": one.classification,
        "state": one.state,
        "due_on": str(one.due_on),
    }


def touched(one: Affected) -> dict[str, Any]:
    """Return what is touched as JSON."""
    return {
        "record": str(one.target),
        "type": one.target_type,
        "label": one.target_label,
        "lot": one.lot.code if one.lot else None,
        "impact": one.impact if one.lot else "",
    }


def capa_line(one: Capa) -> dict[str, Any]:
    """Return a CAPA as JSON."""
    return {
        **header(one),
        "code": one.code,
        "title": one.title,
        "deviation": one.deviation.code if one.deviation else None,
        "owner": one.owner.printed_name,
        "criterion": one.criterion,
        "check_on": str(one.check_on),
        "state": one.state,
    }


def action_line(one: Any) -> dict[str, Any]:
    """Return an action as JSON."""
    return {
        **header(one),
        "capa": one.capa.code,
        "number": one.number,
        "text": one.text,
        "owner": one.owner.printed_name,
        "due_on": str(one.due_on),
        "state": one.state,
        "evidence": one.evidence,
    }


def change_line(one: Change) -> dict[str, Any]:
    """Return a change as JSON."""
    return {
        **header(one),
        "code": one.code,
        "title": one.title,
        "category": one.category,
        "regulatory": one.regulatory,
        "areas": one.areas_in_words(),
        "state": one.state,
        "due_on": str(one.due_on),
    }


def supplier_line(one: SupplierMaterial) -> dict[str, Any]:
    """Return a material of a supplier as JSON."""
    return {
        **header(one),
        "supplier": one.supplier.code,
        "name": one.supplier.name,
        "material": one.material,
        "critical": one.critical,
        "standing": one.standing(dt.datetime.now(dt.UTC).date()),
        "requalify_on": str(one.requalify_on) if one.requalify_on else None,
    }


def review_line(one: PeriodicReview) -> dict[str, Any]:
    """Return a review as JSON."""
    return {
        **header(one),
        "code": one.code,
        "scope": one.scope,
        "after_entry": one.after_entry,
        "up_to_entry": one.up_to_entry,
        "last_hash": one.last_hash,
        "exceptions": len(one.exceptions),
        "reviewer": one.reviewer.printed_name,
    }


def _at(value: dt.datetime) -> str:
    return value.astimezone(dt.UTC).isoformat()
