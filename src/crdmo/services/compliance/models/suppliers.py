"""Suppliers of the house: for which material each is approved, on what grounds, and until when."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models

from crdmo.foundation.ledger.models import Record


class Supplier(Record):
    """A company that materials or services come from. It belongs to the house, not to a program."""

    code = models.CharField(max_length=30)
    name = models.CharField(max_length=160)
    country = models.CharField(max_length=60, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class SupplierEvent(Record):
    """An audit, a questionnaire, a quality agreement: when, how it went, and when the next is due."""

    class Kind(models.TextChoices):
        AUDIT = "audit", "Audit"
        QUESTIONNAIRE = "questionnaire", "Questionnaire"
        AGREEMENT = "agreement", "Quality agreement"

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=14, choices=Kind.choices)
    on = models.DateField()
    due_on = models.DateField()
    passed = models.BooleanField()
    note = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.supplier.code}"


class SupplierMaterial(Record):
    """One material from one supplier: a critical one needs an audit, any other a questionnaire at least."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        APPROVED = "approved", "Approved"
        CONDITIONAL = "conditional", "Approved with conditions"
        BLOCKED = "blocked", "Blocked"

    steps: ClassVar[frozenset[str]] = frozenset({"status", "condition", "decided_on", "requalify_on"})

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="materials")
    material = models.CharField(max_length=120)
    critical = models.BooleanField(default=False)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PROPOSED)
    condition = models.TextField(blank=True, default="")
    decided_on = models.DateField(null=True)
    requalify_on = models.DateField(null=True)

    def __str__(self) -> str:
        return f"{self.material} of {self.supplier.code}"

    def standing(self, today: dt.date) -> str:
        """Return how it stands on a day: its status, or `overdue` where requalification was due before."""
        lapsed = self.requalify_on is not None and self.requalify_on < today
        return "overdue" if lapsed and self.status in ("approved", "conditional") else self.status
