"""Reads: which version is in force, and what a document has gone through."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db.models import Q

from ..refusals import NotFound, Refused
from .models import ControlledCopy, Document, DocumentVersion


def document(code: str, *, program: UUID | None = None, organization: UUID | None = None) -> Document:
    """Return a document by its code, in a program or (without program) in an organization.

    Raises:
        NotFound: there is none.
    """
    rows = Document.objects.filter(Q(program=program) if program else Q(program__isnull=True), code=code, is_void=False)
    if organization is not None:
        rows = rows.filter(organization_id=organization)
    found = rows.first()
    if found is None:
        raise NotFound("no such document", given=code)
    return found


def in_force(
    code: str, on: dt.date | None = None, *, program: UUID | None = None, organization: UUID | None = None
) -> DocumentVersion:
    """Return the version that is to be used on a day (today).

    Raises:
        NotFound: there is no such document.
        Refused: no version of it is in force that day.
    """
    day = on or dt.datetime.now(dt.UTC).date()
    found = document(code, program=program, organization=organization)
    versions = DocumentVersion.objects.filter(document=found, is_void=False, effective_from__lte=day)
    for version in versions.select_related("document").order_by("-number"):
        if version.is_in_force(day):
            return version
    raise Refused(f"no version of {code} is in force", given=str(day), next="Approve a version and put it into force")


def require_in_force(version: DocumentVersion, on: dt.date | None = None) -> DocumentVersion:
    """Return a version if it is the one to be used on a day.

    Raises:
        Refused: it is not in force then.
    """
    day = on or dt.datetime.now(dt.UTC).date()
    if version.is_void or not version.is_in_force(day):
        raise Refused(
            f"{version} is not in force", given=f"{version.get_state_display().lower()} on {day}",
            allowed="the effective version only", next="Use the version in force",
        )  # fmt: skip
    return version


def outstanding_copies(found: Document) -> list[ControlledCopy]:
    """Return the numbered prints of versions no longer in force that are still in somebody's hands."""
    rows = ControlledCopy.objects.filter(document_version__document=found, state=ControlledCopy.State.ISSUED)
    old = rows.exclude(document_version__state=DocumentVersion.State.EFFECTIVE).filter(is_void=False)
    return list(
        old.select_related("document_version__document", "holder").order_by("document_version__number", "number")
    )
