"""Deviations: what was found, how bad it is, why it happened, what it means for each lot."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models

from crdmo.foundation.accounts.models import Person
from crdmo.foundation.ledger.models import Record


class Cause(models.TextChoices):
    """What kind of cause was found; recurrence is looked for by it."""

    PEOPLE = "people", "People and training"
    METHOD = "method", "Method or procedure"
    EQUIPMENT = "equipment", "Equipment"
    MATERIAL = "material", "Material"
    ENVIRONMENT = "environment", "Environment and premises"
    MEASUREMENT = "measurement", "Measurement"
    SYSTEM = "system", "Computerised system"
    UNKNOWN = "unknown", "No root cause found"


class Deviation(Record):
    """A departure from what is approved, reported by whoever saw it, with its facts."""

    class State(models.TextChoices):
        OPEN = "open", "Reported"
        INVESTIGATION = "investigation", "In investigation"
        IN_REVIEW = "in_review", "Investigated, to be approved"
        CLOSED = "closed", "Closed"

    class Classification(models.TextChoices):
        MINOR = "minor", "Minor"
        MAJOR = "major", "Major"
        CRITICAL = "critical", "Critical"

    steps: ClassVar[frozenset[str]] = frozenset(
        {"state", "classification", "classification_reason", "investigator", "due_on", "recurs"}
    )

    code = models.CharField(max_length=30)
    title = models.CharField(max_length=160)
    facts = models.TextField()
    immediate_action = models.TextField(blank=True, default="")
    happened_at = models.DateTimeField()
    found_at = models.DateTimeField()
    reported_at = models.DateTimeField()
    reported_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    state = models.CharField(max_length=14, choices=State.choices, default=State.OPEN)
    classification = models.CharField(max_length=10, choices=Classification.choices, blank=True, default="")
    classification_reason = models.TextField(blank=True, default="")
    investigator = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    due_on = models.DateField()
    # The CAPA whose effect this deviation puts in question.
    recurs = models.ForeignKey("compliance.Capa", models.PROTECT, null=True, related_name="recurrences")

    def __str__(self) -> str:
        return self.code

    @property
    def is_open(self) -> bool:
        """Whether it still stands between its lots and their release."""
        return self.state != self.State.CLOSED and not self.is_void

    def age(self, today: dt.date) -> int:
        """Return how many days ago it was reported."""
        return (today - self.reported_at.date()).days


class DeviationInvestigation(Record):
    """One investigation: by which method, which root cause, what it means. A returned one stays; another follows."""

    class Method(models.TextChoices):
        FIVE_WHY = "five_why", "5 whys"
        FISHBONE = "fishbone", "Fishbone (Ishikawa)"
        FAULT_TREE = "fault_tree", "Fault tree"
        COMPARISON = "comparison", "Is / is not comparison"

    deviation = models.ForeignKey(Deviation, models.PROTECT, related_name="investigations")
    method = models.CharField(max_length=12, choices=Method.choices)
    root_cause = models.TextField()
    cause = models.CharField(max_length=12, choices=Cause.choices)
    evidence = models.TextField()
    capa_needed = models.BooleanField()
    # Why no CAPA follows; needed of a major or critical deviation.
    capa_reason = models.TextField(blank=True, default="")
    investigator = models.ForeignKey(Person, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"investigation of {self.deviation.code}"
