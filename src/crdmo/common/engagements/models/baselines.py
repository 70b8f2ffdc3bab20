"""What the work is measured against: figures agreed and signed before, with their source and how they are computed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.foundation.ledger.fields import MeasuredField
from crdmo.foundation.ledger.models import Record


class Baseline(Record):
    """A baseline of a program, frozen by the signatures of both parties."""

    searched: ClassVar[bool] = False
    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    code = models.CharField(max_length=30)
    title = models.CharField(max_length=160)
    on = models.DateField()
    state = models.CharField(max_length=10, choices=[("draft", "Draft"), ("signed", "Signed")], default="draft")

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class BaselineLine(Record):
    """One figure: which measure, what it was before, in which unit, where that comes from and how it was computed."""

    baseline = models.ForeignKey(Baseline, models.PROTECT, related_name="lines")
    position = models.IntegerField()
    measure = models.CharField(max_length=60)
    value = MeasuredField()
    unit = models.CharField(max_length=40)
    source = models.CharField(max_length=200)
    formula = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.measure}: {self.value} {self.unit}"
