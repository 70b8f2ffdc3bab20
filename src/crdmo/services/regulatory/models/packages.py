"""Packages of others, brought in to be looked at."""

from __future__ import annotations

from django.db import models

from crdmo.foundation.datasets.models import Dataset
from crdmo.foundation.ledger.fields import CanonicalJSONField
from crdmo.foundation.ledger.models import Record


class Package(Record):
    """An eCTD that somebody else made: sealed as it came, with what was found in it."""

    code = models.CharField(max_length=30)
    title = models.CharField(max_length=160)
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="+")
    sequences = CanonicalJSONField(default=list)
    leaves = models.IntegerField()
    errors = models.IntegerField()
    warnings = models.IntegerField()
    findings = CanonicalJSONField(default=list)
    criteria = models.CharField(max_length=20)

    def __str__(self) -> str:
        return f"{self.code} {self.title}"
