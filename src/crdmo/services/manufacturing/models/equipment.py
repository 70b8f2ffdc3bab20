"""Equipment with its one log of use, cleaning, calibration and maintenance, in the order of time (21 CFR 211.182).

It belongs to the plant, not to a program: `organization` is the partner.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.foundation.accounts.models import Person
from crdmo.foundation.ledger.fields import MeasuredField
from crdmo.foundation.ledger.models import Record


class Equipment(Record):
    """A vessel, machine or scale. `clean_days` is how long it stays clean; a scale weighs no less than `minimum`."""

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    code = models.CharField(max_length=30)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=40)
    location = models.CharField(max_length=80, blank=True, default="")
    clean_days = models.IntegerField(null=True, blank=True)
    minimum = MeasuredField(blank=True, default="")
    minimum_unit = models.CharField(max_length=20, blank=True, default="")
    state = models.CharField(
        max_length=16,
        choices=[("in_service", "In service"), ("out_of_service", "Out of service")],
        default="in_service",
    )

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def is_scale(self) -> bool:
        """Whether it weighs."""
        return bool(self.minimum)


class EquipmentEvent(Record):
    """A line of the log. `at` is when it was written for use and cleaning, and the day's end for what is dated."""

    class Kind(models.TextChoices):
        CLEANING = "cleaning", "Cleaning"
        USE = "use", "Use"
        CALIBRATION = "calibration", "Calibration"
        QUALIFICATION = "qualification", "Qualification"
        MAINTENANCE = "maintenance", "Maintenance"
        FAILURE = "failure", "Failure"

    equipment = models.ForeignKey(Equipment, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    on = models.DateField()
    at = models.DateTimeField()
    due_on = models.DateField(null=True, blank=True)
    passed = models.BooleanField(default=True)
    batch = models.ForeignKey("manufacturing.Batch", models.PROTECT, null=True, related_name="uses")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    note = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.equipment.code}"
