"""What changes after an order is signed: change orders with their price and effect, and the work that has none yet."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.foundation.ledger.fields import CanonicalJSONField, MeasuredField
from crdmo.foundation.ledger.models import Record

from .orders import PlanLine, PriceLine, WorkOrder


class ChangeOrder(Record):
    """A change of a signed order, in force once both organizations have signed it.

    `sources` names the record that made it necessary (a protocol amendment, a recipe, a deviation) in the version at hand.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        EXECUTED = "executed", "Executed"
        REJECTED = "rejected", "Rejected"

    steps: ClassVar[frozenset[str]] = frozenset({"state", "executed_on"})

    work_order = models.ForeignKey(WorkOrder, models.PROTECT, related_name="changes")
    code = models.CharField(max_length=30)
    title = models.CharField(max_length=160)
    why = models.TextField()
    document = models.CharField(max_length=160, blank=True, default="")
    sources = CanonicalJSONField(default=list)
    # Days by which a line of the plan, and with it what follows, takes longer (or, below zero, shorter).
    delayed = models.ForeignKey(PlanLine, models.PROTECT, null=True, related_name="+")
    delay_days = models.IntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    executed_on = models.DateField(null=True)

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class ChangeLine(Record):
    """One line of a change order: a line added (one-off costs too), or a line of the order in another quantity."""

    change = models.ForeignKey(ChangeOrder, models.PROTECT, related_name="lines")
    position = models.IntegerField()
    # The line of the order that gets another quantity; none where a line is added.
    line = models.ForeignKey(PriceLine, models.PROTECT, null=True, related_name="changed_by")
    quantity_before = MeasuredField(blank=True, default="0")
    quantity = MeasuredField()
    service = models.CharField(max_length=20)
    description = models.CharField(max_length=200)
    unit = models.CharField(max_length=60)
    unit_price = MeasuredField()
    pass_through = models.BooleanField(default=False)
    earned_by = models.CharField(max_length=60, blank=True, default="")
    one_off = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.description


class OutOfScope(Record):
    """Work that no line of the order covers. It cannot be invoiced; a change order covers it, or it is declined."""

    class State(models.TextChoices):
        OPEN = "open", "Not covered"
        COVERED = "covered", "Covered"
        DECLINED = "declined", "Declined"

    searched: ClassVar[bool] = False
    steps: ClassVar[frozenset[str]] = frozenset({"state", "change"})

    work_order = models.ForeignKey(WorkOrder, models.PROTECT, related_name="out_of_scope")
    code = models.CharField(max_length=30)
    text = models.TextField()
    found_on = models.DateField()
    estimate = MeasuredField(blank=True, default="")
    change = models.ForeignKey(ChangeOrder, models.PROTECT, null=True, related_name="covers")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)

    def __str__(self) -> str:
        return f"{self.code} {self.text[:60]}"
