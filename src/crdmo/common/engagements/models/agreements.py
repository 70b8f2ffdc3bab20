"""What two organizations agreed before any work: confidentiality, services, quality."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.foundation.accounts.models import Organization
from crdmo.foundation.ledger.fields import CanonicalJSONField
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
