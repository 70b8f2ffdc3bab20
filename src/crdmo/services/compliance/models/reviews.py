"""The periodic review of the audit trail: which entries were looked at, what was unusual in them, what is concluded."""

from __future__ import annotations

from django.db import models

from crdmo.foundation.accounts.models import Person
from crdmo.foundation.ledger.fields import CanonicalJSONField
from crdmo.foundation.ledger.models import Record


class PeriodicReview(Record):
    """A signed review of one stretch of one chain. The next one begins where this ends, so that no entry is passed by."""

    class Scope(models.TextChoices):
        PROGRAM = "program", "This program"
        HOUSE = "house", "The house: people, log-ins, bench, suppliers"

    code = models.CharField(max_length=30)
    scope = models.CharField(max_length=8, choices=Scope.choices)
    chain = models.CharField(max_length=40)
    after_entry = models.BigIntegerField()
    up_to_entry = models.BigIntegerField()
    began = models.DateTimeField()
    ended = models.DateTimeField()
    entries = models.IntegerField()
    # Hash of the last entry: with the chain it pins every byte that was reviewed.
    last_hash = models.CharField(max_length=64)
    # Every exceptional line as it was shown: entry, kind, who, what, and the reviewer's remark on it.
    exceptions = CanonicalJSONField(default=list)
    conclusion = models.TextField()
    reviewer = models.ForeignKey(Person, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.code}, entries {self.after_entry + 1} to {self.up_to_entry}"
