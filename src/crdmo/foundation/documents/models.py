"""Controlled documents: a document has versions, and at most one of them is in force on any day."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q

from crdmo.foundation.accounts.models import Person
from crdmo.foundation.ledger.fields import CanonicalJSONField
from crdmo.foundation.ledger.models import Record


class Document(Record):
    """A document over all its versions: of a program, or of the laboratory itself."""

    class Kind(models.TextChoices):
        SOP = "sop", "Standard operating procedure"
        METHOD = "method", "Analytical method"
        SPECIFICATION = "specification", "Specification"
        PROTOCOL = "protocol", "Protocol"
        REPORT = "report", "Report"
        CERTIFICATE = "certificate", "Certificate"

    code = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    owner = models.ForeignKey(Person, models.PROTECT, related_name="+")
    # Roles that must be trained on a version before it is in force, as their codes.
    trained_roles = CanonicalJSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "code"],
                condition=Q(program__isnull=True),
                name="documents_code_of_organization",
            ),
            models.UniqueConstraint(
                fields=["program", "code"], condition=Q(program__isnull=False), name="documents_code_of_program"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class DocumentVersion(Record):
    """One version: its text or file never changes after review has begun, only its state does."""

    steps: ClassVar[frozenset[str]] = frozenset({"state", "effective_from", "effective_until"})

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        IN_REVIEW = "in_review", "In review"
        APPROVED = "approved", "Approved"
        EFFECTIVE = "effective", "Effective"
        SUPERSEDED = "superseded", "Superseded"
        WITHDRAWN = "withdrawn", "Withdrawn"

    document = models.ForeignKey(Document, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    text = models.TextField(blank=True, default="")
    data = CanonicalJSONField(default=dict)
    template = models.CharField(max_length=60, blank=True, default="")
    file = models.CharField(max_length=71, blank=True, default="")
    filename = models.CharField(max_length=80, blank=True, default="")
    change_summary = models.CharField(max_length=1000, blank=True, default="")
    effective_from = models.DateField(null=True)
    effective_until = models.DateField(null=True)
    sources = CanonicalJSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "number"], name="documents_version_number_once")]

    def __str__(self) -> str:
        return f"{self.document.code} version {self.number}"

    @property
    def is_draft(self) -> bool:
        """Whether it is not approved yet: its prints carry a watermark."""
        return self.state in (self.State.DRAFT, self.State.IN_REVIEW)

    @property
    def is_usable(self) -> bool:
        """Whether work may be done by it now."""
        return self.state == self.State.EFFECTIVE and not self.is_void

    def is_in_force(self, on: dt.date) -> bool:
        """Whether this was or is the version to be used on a day."""
        if self.state not in (self.State.EFFECTIVE, self.State.SUPERSEDED, self.State.WITHDRAWN):
            return False
        started = self.effective_from is not None and self.effective_from <= on
        return started and (self.effective_until is None or on < self.effective_until)


class ControlledCopy(Record):
    """A numbered print of a version in somebody's hands, until it is given back or destroyed."""

    steps: ClassVar[frozenset[str]] = frozenset({"state", "closed_on"})

    class State(models.TextChoices):
        ISSUED = "issued", "Issued"
        RETURNED = "returned", "Returned"
        DESTROYED = "destroyed", "Destroyed"
        LOST = "lost", "Lost"

    document_version = models.ForeignKey(DocumentVersion, models.PROTECT, related_name="copies")
    number = models.PositiveIntegerField()
    holder = models.ForeignKey(Person, models.PROTECT, related_name="+")
    place = models.CharField(max_length=100, blank=True, default="")
    issued_on = models.DateField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.ISSUED)
    closed_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document_version", "number"], name="documents_copy_number_once")
        ]

    def __str__(self) -> str:
        return f"copy {self.number} of {self.document_version}"
