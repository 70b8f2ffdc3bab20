"""What the product must be and what may change it: target profile, quality attributes, unit operations, parameters."""

from __future__ import annotations

from django.db import models

from crdmo.foundation.ledger.fields import MeasuredField
from crdmo.foundation.ledger.models import Record


class ProfileElement(Record):
    """An element of the quality target product profile (ICH Q8(R2) 2.1) with its target and where that comes from."""

    code = models.CharField(max_length=30)
    name = models.CharField(max_length=120)
    target = models.CharField(max_length=300)
    source = models.CharField(max_length=300)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Attribute(Record):
    """A quality attribute that serves an element of the profile: criterion as text, severity from 1 to 10, and why."""

    code = models.CharField(max_length=30)
    element = models.ForeignKey(ProfileElement, models.PROTECT, related_name="attributes")
    name = models.CharField(max_length=120)
    unit = models.CharField(max_length=20, blank=True, default="")
    criterion = models.CharField(max_length=160)
    severity = models.IntegerField()
    justification = models.TextField()

    def __str__(self) -> str:
        return self.name

    @property
    def is_critical(self) -> bool:
        """Whether harm to the patient is likely enough that it is critical: a severity of 7 or more."""
        return self.severity >= 7


class UnitOperation(Record):
    """A step of the process, in order."""

    position = models.IntegerField()
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return self.name


class Parameter(Record):
    """A parameter of a unit operation with the range in which it can be set."""

    code = models.CharField(max_length=30)
    operation = models.ForeignKey(UnitOperation, models.PROTECT, related_name="parameters")
    name = models.CharField(max_length=120)
    unit = models.CharField(max_length=20, blank=True, default="")
    low = MeasuredField()
    high = MeasuredField()

    def __str__(self) -> str:
        return self.name
