"""Executed batch records: what was dispensed, done and measured, by whom, when; what was unusual; the review.

Each value is entered once. A correction is a new version with its reason; the old one stays in the ledger.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.common.materials.models import Container, Flow, Lot
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.computing.models import Result
from crdmo.foundation.ledger.fields import CanonicalJSONField, MeasuredField
from crdmo.foundation.ledger.models import Record

from .equipment import Equipment
from .masters import MasterMaterial, MasterRecord, MasterStep, MasterValue


class Batch(Record):
    """A batch, issued from an effective master for the lot that it makes; it bears the lot's number."""

    class State(models.TextChoices):
        ISSUED = "issued", "Issued"
        IN_PROGRESS = "in_progress", "In progress"
        COMPLETED = "completed", "Completed, to review"
        REVIEWED = "reviewed", "Reviewed by QA"
        CANCELLED = "cancelled", "Cancelled"

    steps: ClassVar[frozenset[str]] = frozenset(
        {"state", "started_at", "completed_at", "output", "samples", "rejects", "computed", "sources"}
    )

    code = models.CharField(max_length=30)
    master = models.ForeignKey(MasterRecord, models.PROTECT, related_name="batches")
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="batches")
    state = models.CharField(max_length=12, choices=State.choices, default=State.ISSUED)
    due_on = models.DateField(null=True, blank=True)
    issued_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    issued_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    output = MeasuredField(blank=True, default="")
    samples = MeasuredField(blank=True, default="")
    rejects = MeasuredField(blank=True, default="")
    computed = models.ForeignKey(Result, models.PROTECT, null=True, related_name="+")
    sources = CanonicalJSONField(default=list)

    def __str__(self) -> str:
        return self.code


class Dispensing(Record):
    """One weighing of a material from one container: gross less tare went into the batch, as a flow of the lot."""

    steps: ClassVar[frozenset[str]] = frozenset({"state", "checked_by", "checked_at"})

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="dispensings")
    material = models.ForeignKey(MasterMaterial, models.PROTECT, related_name="+")
    container = models.ForeignKey(Container, models.PROTECT, related_name="+")
    scale = models.ForeignKey(Equipment, models.PROTECT, related_name="+")
    flow = models.ForeignKey(Flow, models.PROTECT, related_name="+")
    gross = MeasuredField()
    tare = MeasuredField()
    net = MeasuredField()
    unit = models.CharField(max_length=20)
    operator = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=[("done", "To be checked"), ("checked", "Checked")], default="done")
    checked_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.net} {self.unit} of {self.container.code}"


class StepRecord(Record):
    """A step as it was done: when it is said to have been done, and when that was written."""

    steps: ClassVar[frozenset[str]] = frozenset({"state", "checked_by", "checked_at"})

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="records")
    step = models.ForeignKey(MasterStep, models.PROTECT, related_name="+")
    equipment = models.ForeignKey(Equipment, models.PROTECT, null=True, related_name="+")
    operator = models.ForeignKey(Person, models.PROTECT, related_name="+")
    done_at = models.DateTimeField()
    at = models.DateTimeField()
    is_late = models.BooleanField(default=False)
    comment = models.TextField(blank=True, default="")
    state = models.CharField(max_length=8, choices=[("done", "To be checked"), ("checked", "Checked")], default="done")
    checked_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.batch} step {self.step}"


class ValueRecord(Record):
    """A value as recorded and judged against the limit of the master's version."""

    record = models.ForeignKey(StepRecord, models.PROTECT, related_name="values")
    asked = models.ForeignKey(MasterValue, models.PROTECT, related_name="+")
    value = models.CharField(max_length=80)
    rounded = models.CharField(max_length=80)
    unit = models.CharField(max_length=20, blank=True, default="")
    limit = models.CharField(max_length=160)
    passes = models.BooleanField()

    def __str__(self) -> str:
        return f"{self.record.batch}: {self.asked.name}"


class BatchException(Record):
    """Something unusual that is explained before the batch is reviewed."""

    class Kind(models.TextChoices):
        LIMIT = "limit", "Out of limit"
        LATE = "late", "Late entry"
        YIELD = "yield", "Yield out of range"

    steps: ClassVar[frozenset[str]] = frozenset({"state", "explanation", "explained_by", "explained_at", "asked_back"})

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="exceptions")
    code = models.CharField(max_length=30)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    text = models.CharField(max_length=400)
    about = models.ForeignKey(ValueRecord, models.PROTECT, null=True, related_name="exceptions")
    state = models.CharField(max_length=10, choices=[("open", "Open"), ("explained", "Explained")], default="open")
    explanation = models.TextField(blank=True, default="")
    explained_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    explained_at = models.DateTimeField(null=True, blank=True)
    asked_back = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return self.code


class BatchReview(Record):
    """QA's review of a batch record up to a ledger entry, with the exceptions as they were."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="reviews")
    up_to_entry = models.BigIntegerField()
    exceptions = CanonicalJSONField(default=list)
    in_range = CanonicalJSONField(default=dict)
    conclusion = models.TextField()
    reviewer = models.ForeignKey(Person, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"review of {self.batch}"
