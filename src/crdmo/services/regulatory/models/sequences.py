"""Sequences: planned, assembled of leaves, validated, signed off, published, submitted, acknowledged."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.foundation.accounts.models import Person
from crdmo.foundation.datasets.models import Dataset
from crdmo.foundation.documents.models import DocumentVersion
from crdmo.foundation.ledger.fields import CanonicalJSONField
from crdmo.foundation.ledger.models import Record

from .applications import Application


class Sequence(Record):
    """One sequence of an application. What was published is sealed and never made again."""

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        ASSEMBLING = "assembling", "Assembling"
        VALIDATED = "validated", "Validated"
        SIGNED_OFF = "signed_off", "Signed off"
        PUBLISHED = "published", "Published"
        SUBMITTED = "submitted", "Submitted"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"

    steps: ClassVar[frozenset[str]] = frozenset(
        {"state", "gaps", "package", "digest", "submitted_on", "submission_reference", "received_on", "receipt"}
    )

    application = models.ForeignKey(Application, models.PROTECT, related_name="sequences")
    number = models.CharField(max_length=4)
    state = models.CharField(max_length=14, choices=State.choices, default=State.PLANNED)
    # What it is to the agency: type of the submission and of this unit of it, and the first sequence of the activity.
    submission_type = models.CharField(max_length=40)
    unit_type = models.CharField(max_length=40)
    activity = models.CharField(max_length=4)
    description = models.CharField(max_length=180)
    due_on = models.DateField(null=True)
    # Why expected headings stay empty in this sequence: said by who signs it off.
    gaps = models.TextField(blank=True, default="")
    package = models.ForeignKey(Dataset, models.PROTECT, null=True, related_name="+")
    digest = models.CharField(max_length=71, blank=True, default="")
    submitted_on = models.DateField(null=True)
    submission_reference = models.CharField(max_length=120, blank=True, default="")
    received_on = models.DateField(null=True)
    receipt = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "number"], name="regulatory_sequence_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.application.code} sequence {self.number}"

    @property
    def is_open(self) -> bool:
        """Say whether leaves can still be placed."""
        return self.state in (self.State.PLANNED, self.State.ASSEMBLING, self.State.VALIDATED)

    @property
    def is_published(self) -> bool:
        """Say whether its package is sealed."""
        return self.state in (self.State.PUBLISHED, self.State.SUBMITTED, self.State.ACKNOWLEDGED)


class Leaf(Record):
    """A version of a controlled document at a heading. It pins the version and the very bytes that are submitted."""

    class Operation(models.TextChoices):
        NEW = "new", "New"
        APPEND = "append", "Append"
        REPLACE = "replace", "Replace"
        DELETE = "delete", "Delete"

    steps: ClassVar[frozenset[str]] = frozenset({"justification", "justified_for"})

    sequence = models.ForeignKey(Sequence, models.PROTECT, related_name="leaves")
    identifier = models.CharField(max_length=40)
    section = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    operation = models.CharField(max_length=8, choices=Operation.choices)
    modifies = models.ForeignKey("self", models.PROTECT, null=True, related_name="modified_by")
    document_version = models.ForeignKey(DocumentVersion, models.PROTECT, null=True, related_name="leaves")
    blob = models.CharField(max_length=71, blank=True, default="")
    extension = models.CharField(max_length=5, blank=True, default="")
    # Attachments of the document's PDF that are not submitted: agencies take none.
    left_out = CanonicalJSONField(default=list)
    attributes = CanonicalJSONField(default=dict)
    study = models.CharField(max_length=60, blank=True, default="")
    study_title = models.CharField(max_length=200, blank=True, default="")
    file_tag = models.CharField(max_length=80, blank=True, default="")
    # Why it is submitted although what it stands on has changed, and for which reasons that was said.
    justification = models.TextField(blank=True, default="")
    justified_for = CanonicalJSONField(default=list)
    sources = CanonicalJSONField(default=list)

    def __str__(self) -> str:
        return f"{self.section} {self.title}"


class Validation(Record):
    """What the validator said of a sequence as it stood: the digest of the package says which bytes that were."""

    sequence = models.ForeignKey(Sequence, models.PROTECT, related_name="validations")
    criteria = models.CharField(max_length=20)
    digest = models.CharField(max_length=71)
    errors = models.IntegerField()
    warnings = models.IntegerField()
    notes = models.IntegerField()
    # The findings, errors first, as far as a record holds them; the counts are of all.
    findings = CanonicalJSONField(default=list)
    official = CanonicalJSONField(default=list)
    validated_by = models.ForeignKey(Person, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"validation of {self.sequence}"
