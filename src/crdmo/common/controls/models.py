"""A controlled parameter or attribute: its limit with unit, the version of the strategy that says so, and what proves it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.foundation.computing.models import Result
from crdmo.foundation.ledger.fields import CanonicalJSONField, MeasuredField
from crdmo.foundation.ledger.models import Record


class Control(Record):
    """One line of a control strategy in force. The next version supersedes it; who pinned it sees that."""

    class Kind(models.TextChoices):
        PARAMETER = "parameter", "Process parameter"
        ATTRIBUTE = "attribute", "Quality attribute"

    class State(models.TextChoices):
        EFFECTIVE = "effective", "Effective"
        SUPERSEDED = "superseded", "Superseded"

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=120)
    operation = models.CharField(max_length=120, blank=True, default="")
    unit = models.CharField(max_length=20, blank=True, default="")
    limit = models.CharField(max_length=160)
    set_point = MeasuredField(blank=True, default="")
    acceptable_low = MeasuredField(blank=True, default="")
    acceptable_high = MeasuredField(blank=True, default="")
    proof = models.ForeignKey(Result, models.PROTECT, null=True, related_name="+")
    source_code = models.CharField(max_length=30)
    source_number = models.IntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.EFFECTIVE)
    sources = CanonicalJSONField(default=list)

    def __str__(self) -> str:
        return f"{self.name} of {self.source}"

    @property
    def source(self) -> str:
        """The version of the strategy that it comes from, in words."""
        return f"{self.source_code} version {self.source_number}"
