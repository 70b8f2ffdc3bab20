"""Work ordered under an agreement: its price, its milestones, its plan.

The value of an order is never a field: it is the sum of its lines, changed by executed change orders. A milestone is never
ticked off: it is met when the condition that it names finds its record.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.foundation.ledger.fields import CanonicalJSONField, MeasuredField
from crdmo.foundation.ledger.models import Record

from .agreements import Agreement
from .bids import Proposal


class WorkOrder(Record):
    """Work that a sponsor orders from a partner under an agreement, in one currency."""

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    code = models.CharField(max_length=30)
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="work_orders")
    # The proposal that it was drafted from, where it was awarded after a request.
    proposal = models.ForeignKey(Proposal, models.PROTECT, null=True, related_name="work_orders")
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
    """A priced line: what one unit is, how many, at what price each, and which records earn a unit.

    Without `earned_by` the line is paid by the order's milestones. Its quantity is that of the order as signed; change
    orders say what became of it.
    """

    work_order = models.ForeignKey(WorkOrder, models.PROTECT, related_name="lines")
    # The change order that brought the line, where the order was signed without it.
    added_by = models.ForeignKey("ChangeOrder", models.PROTECT, null=True, related_name="added_lines")
    position = models.IntegerField()
    service = models.CharField(max_length=20)
    description = models.CharField(max_length=200)
    unit = models.CharField(max_length=60)
    quantity = MeasuredField()
    unit_price = MeasuredField()
    assumptions = models.TextField(blank=True, default="")
    pass_through = models.BooleanField(default=False)
    earned_by = models.CharField(max_length=60, blank=True, default="")

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


class MilestoneHold(Record):
    """A milestone that the sponsor does not accept, by signature and with a reason, until the hold is lifted by signature."""

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    milestone = models.ForeignKey(Milestone, models.PROTECT, related_name="holds")
    reason = models.TextField()
    state = models.CharField(max_length=6, choices=[("held", "Held"), ("lifted", "Lifted")], default="held")

    def __str__(self) -> str:
        return f"hold on {self.milestone}"


class PlanLine(Record):
    """A line of the plan: planned dates; the actual ones follow from conditions on records, where they are named.

    `earns` is the rule by which its planned cost is earned: all at the end, or half at the start and half at the end.
    """

    work_order = models.ForeignKey(WorkOrder, models.PROTECT, related_name="plan")
    position = models.IntegerField()
    name = models.CharField(max_length=160)
    starts_on = models.DateField()
    ends_on = models.DateField()
    began_when = models.CharField(max_length=60, blank=True, default="")
    ended_when = models.CharField(max_length=60, blank=True, default="")
    parameters = CanonicalJSONField(default=dict)
    planned_cost = MeasuredField(blank=True, default="")
    earns = models.CharField(max_length=5, choices=[("0/100", "0/100"), ("50/50", "50/50")], default="0/100")

    def __str__(self) -> str:
        return self.name


class PlanLink(Record):
    """A dependency of a line of the plan on another: of which kind, with how many days of lag (or, below zero, lead)."""

    class Kind(models.TextChoices):
        FS = "FS", "Finish to start"
        SS = "SS", "Start to start"
        FF = "FF", "Finish to finish"
        SF = "SF", "Start to finish"

    line = models.ForeignKey(PlanLine, models.PROTECT, related_name="links")
    after = models.ForeignKey(PlanLine, models.PROTECT, related_name="followers")
    kind = models.CharField(max_length=2, choices=Kind.choices, default=Kind.FS)
    lag = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.line} after {self.after}"


class BookedCost(Record):
    """What a line of the plan has cost one's own organization by a day. It belongs to the organization that booked it."""

    line = models.ForeignKey(PlanLine, models.PROTECT, related_name="costs")
    on = models.DateField()
    amount = MeasuredField()
    currency = models.CharField(max_length=3)
    note = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} on {self.line}"
