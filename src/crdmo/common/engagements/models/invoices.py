"""Invoices of earned lines, the receipts behind what is passed through at cost, and how the parties are billed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.foundation.accounts.models import Organization
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


class BillingParty(Record):
    """How a party is named on invoices, where it sits, and the VAT that it charges where it is the seller."""

    party = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    legal_name = models.CharField(max_length=160)
    street = models.CharField(max_length=160, blank=True, default="")
    city = models.CharField(max_length=80, blank=True, default="")
    postal_code = models.CharField(max_length=20, blank=True, default="")
    country = models.CharField(max_length=2)
    vat_id = models.CharField(max_length=20, blank=True, default="")
    registration = models.CharField(max_length=40, blank=True, default="")
    tax_category = models.CharField(max_length=2, blank=True, default="")
    tax_rate = MeasuredField(blank=True, default="0")
    tax_reason = models.CharField(max_length=160, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.legal_name}, {self.country}"


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
