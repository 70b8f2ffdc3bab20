"""What leaves the laboratory: certificates of analysis, and the decision over a lot."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.common.materials.models import Lot
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.ledger.fields import CanonicalJSONField
from crdmo.foundation.ledger.models import Record

from .specifications import Specification


class Certificate(Record):
    """A certificate of analysis: its lines as they were issued. A re-issue keeps the old one."""

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    code = models.CharField(max_length=30)
    issue = models.IntegerField(default=1)
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="certificates")
    specification = models.ForeignKey(Specification, models.PROTECT, related_name="certificates")
    state = models.CharField(
        max_length=10, choices=[("draft", "Draft"), ("signed", "Signed"), ("replaced", "Replaced")], default="draft"
    )
    lines = CanonicalJSONField(default=list)
    conclusion = models.CharField(max_length=300)
    issued_at = models.DateTimeField()
    replaces = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    reissue_reason = models.CharField(max_length=300, blank=True, default="")
    sources = CanonicalJSONField(default=list)

    def __str__(self) -> str:
        return f"{self.code} issue {self.issue}"


class CertificateCopy(Record):
    """The PDF and JSON of a signed certificate, by content. Made after the signature, so that they show it."""

    certificate = models.ForeignKey(Certificate, models.PROTECT, related_name="copies")
    pdf = models.CharField(max_length=71)
    json = models.CharField(max_length=71)

    def __str__(self) -> str:
        return f"{self.certificate} as issued"


class TrailReview(Record):
    """The audit trail of a lot was reviewed up to an entry, with the exceptions that were seen; it is signed."""

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="trail_reviews")
    up_to_entry = models.BigIntegerField()
    exceptions = CanonicalJSONField(default=list)
    conclusion = models.TextField()
    reviewer = models.ForeignKey(Person, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"Audit-trail review of {self.lot.code}"


class Disposition(Record):
    """The decision over a lot with the gates as they stood at that moment."""

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="dispositions")
    decision = models.CharField(
        max_length=10, choices=[("released", "Released"), ("rejected", "Rejected"), ("hold", "Put on hold")]
    )
    certificate = models.ForeignKey(Certificate, models.PROTECT, null=True, related_name="+")
    gates = CanonicalJSONField(default=list)
    decided_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    note = models.TextField(blank=True, default="")
    sources = CanonicalJSONField(default=list)

    def __str__(self) -> str:
        return f"{self.lot.code} {self.get_decision_display().lower()}"
