"""How records of regulatory affairs look to programs: one line each, described so that it can be relied on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ninja import Schema

from crdmo.common.routes import Header, header

from .models import Application, Clock, Leaf, Question, Sequence, Validation


class ApplicationLine(Header):
    """An application."""

    code: str
    kind: str
    number: str
    agency: str
    product: str


class SequenceLine(Header):
    """A sequence."""

    application: str
    number: str
    state: str
    submission_type: str
    unit_type: str
    activity: str
    description: str
    due_on: str | None
    digest: str


class LeafLine(Header):
    """A leaf, with why it is stale where it is."""

    identifier: str
    section: str
    title: str
    operation: str
    document: str | None
    document_version: int | None
    modifies: UUID | None
    blob: str
    attributes: dict[str, str]
    study: str
    stale: list[str]
    justification: str


class FindingLine(Schema):
    """One finding of a validation."""

    criterion: str
    severity: str
    place: str
    what: str
    reason: str


class ValidationRead(Header):
    """What the validator said of a sequence."""

    criteria: str
    digest: str
    errors: int
    warnings: int
    notes: int
    findings: list[FindingLine]


class SequenceRead(SequenceLine):
    """A sequence with its leaves, its last validation and the expected headings that stay empty."""

    leaves: list[LeafLine]
    validation: ValidationRead | None
    missing: list[str]


class QuestionLine(Header):
    """A question of an agency."""

    application: str
    code: str
    text: str
    received_on: str
    due_on: str
    owner: str
    state: str


class ClockLine(Header):
    """A clock with its steps."""

    application: str
    sequence: str
    procedure: str
    started_on: str
    stopped: bool
    milestones: list[dict[str, Any]]


def application_line(one: Application) -> dict[str, Any]:
    """Return an application as a line."""
    return {
        **header(one), "code": one.code, "kind": one.kind, "number": one.number, "agency": one.agency,
        "product": one.product_name,
    }  # fmt: skip


def sequence_line(one: Sequence) -> dict[str, Any]:
    """Return a sequence as a line."""
    return {
        **header(one), "application": one.application.code, "number": one.number, "state": one.state,
        "submission_type": one.submission_type, "unit_type": one.unit_type, "activity": one.activity,
        "description": one.description, "due_on": one.due_on.isoformat() if one.due_on else None, "digest": one.digest,
    }  # fmt: skip


def leaf_line(one: Leaf, stale: list[str]) -> dict[str, Any]:
    """Return a leaf as a line."""
    version = one.document_version
    return {
        **header(one), "identifier": one.identifier, "section": one.section, "title": one.title,
        "operation": one.operation, "document": version.document.code if version else None,
        "document_version": version.number if version else None, "modifies": one.modifies_id, "blob": one.blob,
        "attributes": one.attributes, "study": one.study, "stale": stale, "justification": one.justification,
    }  # fmt: skip


def validation_read(one: Validation) -> dict[str, Any]:
    """Return a validation whole."""
    return {
        **header(one), "criteria": one.criteria, "digest": one.digest, "errors": one.errors,
        "warnings": one.warnings, "notes": one.notes, "findings": one.findings,
    }  # fmt: skip


def question_line(one: Question) -> dict[str, Any]:
    """Return a question as a line."""
    return {
        **header(one), "application": one.application.code, "code": one.code, "text": one.text,
        "received_on": one.received_on.isoformat(), "due_on": one.due_on.isoformat(), "owner": one.owner.user_id,
        "state": one.state,
    }  # fmt: skip


def clock_line(one: Clock) -> dict[str, Any]:
    """Return a clock with its steps as a line."""
    found = one.computed.output
    return {
        **header(one), "application": one.sequence.application.code, "sequence": one.sequence.number,
        "procedure": one.procedure, "started_on": one.started_on.isoformat(), "stopped": found["is_stopped"],
        "milestones": found["milestones"],
    }  # fmt: skip
