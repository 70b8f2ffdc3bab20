"""Master batch records in versions: what goes in, what is done, what is measured, what must come out."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.common.controls.models import Control
from crdmo.common.materials.models import Substance
from crdmo.foundation.ledger.fields import MeasuredField
from crdmo.foundation.ledger.models import Record


class MasterRecord(Record):
    """One version of how a product is made. A batch is frozen to the version that it was issued from."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        REVIEWED = "reviewed", "Approved by production"
        EFFECTIVE = "effective", "Effective"
        SUPERSEDED = "superseded", "Superseded"

    steps: ClassVar[frozenset[str]] = frozenset({"state", "effective_from", "control_decision"})

    code = models.CharField(max_length=30)
    number = models.IntegerField(default=1)
    title = models.CharField(max_length=160)
    product = models.ForeignKey(Substance, models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    size = MeasuredField()
    unit = models.CharField(max_length=20)
    yield_limit = models.CharField(max_length=80)
    shelf_life_months = models.IntegerField(null=True, blank=True)
    storage = models.CharField(max_length=120, blank=True, default="")
    effective_from = models.DateField(null=True, blank=True)
    supersedes = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    # Why it became effective although a control that it pins was superseded; empty where none was.
    control_decision = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"{self.code} version {self.number}"


class MasterMaterial(Record):
    """A material of a master: how much of it, within which tolerance in percent, and whether the yield is counted from it."""

    master = models.ForeignKey(MasterRecord, models.PROTECT, related_name="materials")
    position = models.IntegerField()
    substance = models.ForeignKey(Substance, models.PROTECT, related_name="+")
    quantity = MeasuredField()
    unit = models.CharField(max_length=20)
    tolerance = MeasuredField()
    is_basis = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.substance.code} {self.quantity} {self.unit}"


class MasterStep(Record):
    """A step of a master, bound to a class of equipment, never to one vessel."""

    master = models.ForeignKey(MasterRecord, models.PROTECT, related_name="instructions")
    position = models.IntegerField()
    title = models.CharField(max_length=120)
    instruction = models.TextField()
    equipment_class = models.CharField(max_length=40, blank=True, default="")
    is_checked = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.position}. {self.title}"


class MasterValue(Record):
    """A value that a step records, with its in-process limit as text, or the control of a strategy that the limit is from."""

    step = models.ForeignKey(MasterStep, models.PROTECT, related_name="values")
    position = models.IntegerField()
    name = models.CharField(max_length=120)
    limit = models.CharField(max_length=160)
    unit = models.CharField(max_length=20, blank=True, default="")
    control = models.ForeignKey(Control, models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return self.name
