"""Invoices of earned lines, and the receipts behind what is passed through at cost."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.foundation.ledger.fields import CanonicalJSONField, MeasuredField
from crdmo.foundation.ledger.models import Record

from .orders import Milestone, PriceLine, WorkOrder


class Receipt(Record):
    """What a supplier charged for something that passes through at cost, with the supplier's own document."""

    line = models.ForeignKey(PriceLine, models.PROTECT, related_name="receipts")
    supplier = models.CharField(max_length=160)
    number = models.CharField(max_length=60)
    on = models.DateField()
    amount = MeasuredField()
    currency = models.CharField(max_length=3)
    file_name = models.CharField(max_length=160, blank=True, default="")
    blob = models.CharField(max_length=80, blank=True, default="")

    def __str__(self) -> str:
        return f"receipt {self.number} of {self.supplier}"


class Invoice(Record):
    """An invoice, or a credit note against one. Its amount is the sum of its lines, never a field."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        ISSUED = "issued", "Issued"
        ACCEPTED = "accepted", "Accepted"
        DISPUTED = "disputed", "Disputed"
        PAID = "paid", "Paid"

    steps: ClassVar[frozenset[str]] = frozenset({"state", "issued_on", "due_on", "paid_on", "payment", "dispute"})

    work_order = models.ForeignKey(WorkOrder, models.PROTECT, related_name="invoices")
    code = models.CharField(max_length=30)
    credits = models.ForeignKey("self", models.PROTECT, null=True, related_name="credit_notes")
    currency = models.CharField(max_length=3)
    issued_on = models.DateField(null=True)
    due_on = models.DateField(null=True)
    paid_on = models.DateField(null=True)
    payment = models.CharField(max_length=80, blank=True, default="")
    dispute = models.TextField(blank=True, default="")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)

    def __str__(self) -> str:
        return f"{self.code} {'credit note' if self.credits_id else 'invoice'} on {self.work_order.code}"


class InvoiceLine(Record):
    """One line: a met milestone, units that records earned, or a receipt at cost. `sources` are the records that show it."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="lines")
    position = models.IntegerField()
    description = models.CharField(max_length=200)
    milestone = models.ForeignKey(Milestone, models.PROTECT, null=True, related_name="invoiced")
    line = models.ForeignKey(PriceLine, models.PROTECT, null=True, related_name="invoiced")
    receipt = models.ForeignKey(Receipt, models.PROTECT, null=True, related_name="invoiced")
    unit = models.CharField(max_length=60)
    quantity = MeasuredField()
    unit_price = MeasuredField()
    sources = CanonicalJSONField(default=list)

    def __str__(self) -> str:
        return self.description
