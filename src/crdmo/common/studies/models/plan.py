"""The plan of a study: its protocol in versions, and the arms, epochs, visits and activities that they bring and retire.

An element of the design belongs to the version that brought it (`since`) and stands until a later version retires it
(`retired_by`). So a signed version never changes, and data keep the element that they were recorded by.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from crdmo.common.materials.models import Lot, Substance
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.documents.models import DocumentVersion
from crdmo.foundation.ledger.fields import CanonicalJSONField, MeasuredField
from crdmo.foundation.ledger.models import Record


class Study(Record):
    """A nonclinical study or a clinical trial. `lead` is its study director or principal investigator."""

    class Kind(models.TextChoices):
        NONCLINICAL = "nonclinical", "Nonclinical study"
        CLINICAL = "clinical", "Clinical trial"

    class Blinding(models.TextChoices):
        OPEN = "open", "Open"
        SINGLE = "single", "Single blind"
        DOUBLE = "double", "Double blind"

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        ACTIVE = "active", "Active"
        COMPLETED = "completed", "Completed"
        LOCKED = "locked", "Locked"
        CANCELLED = "cancelled", "Cancelled"

    steps: ClassVar[frozenset[str]] = frozenset({"state", "started_on", "completed_on", "locked_on"})

    code = models.CharField(max_length=30)
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    design = models.CharField(max_length=120, blank=True, default="")
    species = models.CharField(max_length=60, blank=True, default="")
    strain = models.CharField(max_length=80, blank=True, default="")
    phase = models.CharField(max_length=20, blank=True, default="")
    indication = models.CharField(max_length=120, blank=True, default="")
    blinding = models.CharField(max_length=10, choices=Blinding.choices, default=Blinding.OPEN)
    is_glp = models.BooleanField(default=False)
    # The data came from elsewhere as they are: there is no protocol of ours to record them by.
    is_imported = models.BooleanField(default=False)
    lead = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    substance = models.ForeignKey(Substance, models.PROTECT, null=True, related_name="tested_in")
    lot = models.ForeignKey(Lot, models.PROTECT, null=True, related_name="tested_in")
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    started_on = models.DateField(null=True)
    completed_on = models.DateField(null=True)
    locked_on = models.DateField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    details = CanonicalJSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["program", "code"], name="studies_code_of_program")]

    def __str__(self) -> str:
        return self.code


class ProtocolVersion(Record):
    """One version of the protocol: the first, or an amendment with its reason and what it changes."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        FINAL = "final", "Offered for signature"
        EFFECTIVE = "effective", "Effective"
        SUPERSEDED = "superseded", "Superseded"

    steps: ClassVar[frozenset[str]] = frozenset({"state", "effective_on", "design", "changes"})

    study = models.ForeignKey(Study, models.PROTECT, related_name="protocols")
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True, default="")
    document = models.ForeignKey(DocumentVersion, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=1000, blank=True, default="")
    # The whole design as it stands by this version, and what it changes, so that a signature covers both.
    design = CanonicalJSONField(default=dict)
    changes = CanonicalJSONField(default=list)
    effective_on = models.DateField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "number"], condition=Q(is_void=False), name="studies_protocol_number_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.study.code} protocol version {self.number}"

    @property
    def is_amendment(self) -> bool:
        """Whether it changes a protocol that was in force."""
        return self.number > 1


class Planned(Record):
    """What every element of the design has: the version that brought it, the version that retired it, its place."""

    steps: ClassVar[frozenset[str]] = frozenset({"retired_by"})
    searched: ClassVar[bool] = False

    study = models.ForeignKey(Study, models.PROTECT, related_name="+")
    since = models.ForeignKey(ProtocolVersion, models.PROTECT, related_name="+")
    retired_by = models.ForeignKey(ProtocolVersion, models.PROTECT, null=True, related_name="+")
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=120)
    position = models.IntegerField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class Arm(Planned):
    """A dose group or treatment arm: what its subjects get. Who is in it is an allocation."""

    ratio = models.PositiveIntegerField(default=1)
    dose = MeasuredField(blank=True, default="")
    unit = models.CharField(max_length=20, blank=True, default="")
    treatment = models.CharField(max_length=120, blank=True, default="")
    is_control = models.BooleanField(default=False)
    planned = models.PositiveIntegerField(default=0)
    details = CanonicalJSONField(default=dict)


class Epoch(Planned):
    """A period of the study: screening, acclimation, treatment, recovery, follow-up."""


class Activity(Planned):
    """Something that is done to or asked of subjects, and the items that it records, each with code, name and unit."""

    domain = models.CharField(max_length=2, blank=True, default="")
    items = CanonicalJSONField(default=list)


class Visit(Planned):
    """A planned time point: its study day (there is no day 0) and how many days before and after it are in time."""

    epoch = models.ForeignKey(Epoch, models.PROTECT, null=True, related_name="visits")
    day = models.IntegerField()
    before = models.PositiveIntegerField(default=0)
    after = models.PositiveIntegerField(default=0)


class ScheduledActivity(Record):
    """One mark in the schedule of activities: this activity at this visit."""

    steps: ClassVar[frozenset[str]] = frozenset({"retired_by"})

    study = models.ForeignKey(Study, models.PROTECT, related_name="schedule")
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="schedule")
    activity = models.ForeignKey(Activity, models.PROTECT, related_name="schedule")
    since = models.ForeignKey(ProtocolVersion, models.PROTECT, related_name="+")
    retired_by = models.ForeignKey(ProtocolVersion, models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.activity} at {self.visit}"
