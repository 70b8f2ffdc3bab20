"""Stability: protocols, lots on study, the pull calendar, excursions, shelf life."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.common.materials.models import Lot, Sample, Substance
from crdmo.foundation.ledger.fields import CanonicalJSONField, MeasuredField
from crdmo.foundation.ledger.models import Record

from .specifications import Criterion, Specification


class Protocol(Record):
    """A stability protocol: which product in which pack, by which specification, which conditions and months."""

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    code = models.CharField(max_length=30)
    title = models.CharField(max_length=160)
    substance = models.ForeignKey(Substance, models.PROTECT, related_name="+")
    specification = models.ForeignKey(Specification, models.PROTECT, related_name="protocols")
    guideline = models.CharField(
        max_length=20, choices=[("Q1A-E", "ICH Q1A(R2) to Q1E"), ("Q1-2025", "ICH Q1 draft 2025")], default="Q1A-E"
    )
    pack = models.CharField(max_length=120)
    state = models.CharField(
        max_length=10, choices=[("draft", "Draft"), ("approved", "Approved"), ("closed", "Closed")], default="draft"
    )

    def __str__(self) -> str:
        return self.code


class Condition(Record):
    """A storage condition of a protocol with its months, the window of a pull and the units each pull takes."""

    class Kind(models.TextChoices):
        LONG_TERM = "long_term", "Long-term"
        INTERMEDIATE = "intermediate", "Intermediate"
        ACCELERATED = "accelerated", "Accelerated"

    protocol = models.ForeignKey(Protocol, models.PROTECT, related_name="conditions")
    kind = models.CharField(max_length=14, choices=Kind.choices)
    temperature = MeasuredField()
    humidity = MeasuredField(blank=True, default="")
    chamber = models.CharField(max_length=60, blank=True, default="")
    months = CanonicalJSONField(default=list)
    orientations = CanonicalJSONField(default=list)
    window_days = models.IntegerField(default=7)
    units_per_pull = models.IntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.temperature} °C" + (f" / {self.humidity} % RH" if self.humidity else "")


class StudyLot(Record):
    """A lot put on study, with the units laid in for each condition and orientation."""

    protocol = models.ForeignKey(Protocol, models.PROTECT, related_name="lots")
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="studies")
    started_on = models.DateField()
    units = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.lot.code} on {self.protocol.code}"


class Pull(Record):
    """One planned pull. Its sample is drawn when it is done; a missed or late one says why."""

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        PULLED = "pulled", "Pulled"
        LATE = "late", "Pulled outside the window"
        MISSED = "missed", "Missed"

    steps: ClassVar[frozenset[str]] = frozenset({"state", "pulled_on", "sample", "note"})

    study_lot = models.ForeignKey(StudyLot, models.PROTECT, related_name="pulls")
    condition = models.ForeignKey(Condition, models.PROTECT, related_name="pulls")
    orientation = models.CharField(max_length=20, blank=True, default="")
    month = MeasuredField()
    due_on = models.DateField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.PLANNED)
    pulled_on = models.DateField(null=True, blank=True)
    sample = models.ForeignKey(Sample, models.PROTECT, null=True, related_name="pulls")
    note = models.CharField(max_length=300, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.study_lot.lot.code} at {self.month} months"


class Excursion(Record):
    """A chamber left its condition; the mean kinetic temperature says how much that was."""

    condition = models.ForeignKey(Condition, models.PROTECT, related_name="excursions")
    started = models.DateTimeField()
    ended = models.DateTimeField()
    series = models.ForeignKey("datasets.Dataset", models.PROTECT, null=True, related_name="+")
    computed = models.ForeignKey("computing.Result", models.PROTECT, null=True, related_name="+")
    assessment = models.TextField()

    def __str__(self) -> str:
        return f"Excursion of {self.condition}"


class ShelfLife(Record):
    """An evaluation of one attribute over the lots of a study, and the shelf life proposed from it, with reasons."""

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    code = models.CharField(max_length=30)
    protocol = models.ForeignKey(Protocol, models.PROTECT, related_name="shelf_lives")
    condition = models.ForeignKey(Condition, models.PROTECT, related_name="+")
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="+")
    computed = models.ForeignKey("computing.Result", models.PROTECT, related_name="+")
    extrapolated = models.ForeignKey("computing.Result", models.PROTECT, null=True, related_name="+")
    estimate = MeasuredField(blank=True, default="")
    proposed_months = models.IntegerField(null=True, blank=True)
    rationale = models.TextField()
    state = models.CharField(
        max_length=10, choices=[("proposed", "Proposed"), ("approved", "Approved")], default="proposed"
    )
    sources = CanonicalJSONField(default=list)

    def __str__(self) -> str:
        return f"{self.code} {self.criterion.name}"
