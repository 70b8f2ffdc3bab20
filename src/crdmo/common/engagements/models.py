"""The contract layer: what two organizations agreed, the work ordered under it, its price, its milestones, its plan.

The value of an order is never a field: it is the sum of its lines. A milestone is never ticked off: it is met when the
condition that it names finds its record. Both leave room for change orders, which add lines and milestones of their own.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.foundation.accounts.models import Organization
from crdmo.foundation.ledger.fields import CanonicalJSONField, MeasuredField
from crdmo.foundation.ledger.models import Record


class Agreement(Record):
    """An agreement between two organizations: confidentiality, master services, quality."""

    class Kind(models.TextChoices):
        CDA = "cda", "Confidentiality agreement"
        MSA = "msa", "Master services agreement"
        QUALITY = "quality", "Quality agreement"

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    code = models.CharField(max_length=30)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    title = models.CharField(max_length=160)
    partner = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    effective_from = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    clauses = CanonicalJSONField(default=list)
    state = models.CharField(
        max_length=10, choices=[("draft", "Draft"), ("signed", "Signed"), ("ended", "Ended")], default="draft"
    )

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class WorkOrder(Record):
    """Work that a sponsor orders from a partner under an agreement, in one currency."""

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    code = models.CharField(max_length=30)
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="work_orders")
    title = models.CharField(max_length=160)
    scope = models.TextField(blank=True, default="")
    currency = models.CharField(max_length=3)
    starts_on = models.DateField()
    state = models.CharField(
        max_length=10, choices=[("draft", "Draft"), ("signed", "Signed"), ("closed", "Closed")], default="draft"
    )

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class PriceLine(Record):
    """A priced line: what one unit is, how many, at what price each."""

    work_order = models.ForeignKey(WorkOrder, models.PROTECT, related_name="lines")
    position = models.IntegerField()
    service = models.CharField(max_length=20)
    description = models.CharField(max_length=200)
    unit = models.CharField(max_length=60)
    quantity = MeasuredField()
    unit_price = MeasuredField()
    pass_through = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.description


class Milestone(Record):
    """Something that records can show to have happened: a registered condition with its parameters, and what it is worth."""

    work_order = models.ForeignKey(WorkOrder, models.PROTECT, related_name="milestones")
    position = models.IntegerField()
    name = models.CharField(max_length=160)
    condition = models.CharField(max_length=60)
    parameters = CanonicalJSONField(default=dict)
    due_on = models.DateField()
    amount = MeasuredField(blank=True, default="")

    def __str__(self) -> str:
        return self.name


class PlanLine(Record):
    """A line of the plan: planned dates; the actual ones follow from conditions on records, where they are named."""

    work_order = models.ForeignKey(WorkOrder, models.PROTECT, related_name="plan")
    position = models.IntegerField()
    name = models.CharField(max_length=160)
    starts_on = models.DateField()
    ends_on = models.DateField()
    after = models.ForeignKey("self", models.PROTECT, null=True, related_name="followers")
    began_when = models.CharField(max_length=60, blank=True, default="")
    ended_when = models.CharField(max_length=60, blank=True, default="")
    parameters = CanonicalJSONField(default=dict)
    planned_cost = MeasuredField(blank=True, default="")

    def __str__(self) -> str:
        return self.name
