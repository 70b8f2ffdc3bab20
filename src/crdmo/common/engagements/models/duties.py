"""Who is accountable for what: one party for each regulated duty, in writing, for a period."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.foundation.accounts.models import Organization
from crdmo.foundation.ledger.fields import CanonicalJSONField
from crdmo.foundation.ledger.models import Record


class DutyMatrix(Record):
    """A responsibility matrix of a program. In force once sponsor and partner have signed; until then it gives no duty."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SIGNED = "signed", "Signed"

    searched: ClassVar[bool] = False
    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    code = models.CharField(max_length=30)
    title = models.CharField(max_length=160)
    # The chapters of the catalogue that it must cover without a gap, such as GMP.
    covers = CanonicalJSONField(default=list)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class DutyLine(Record):
    """One duty of the catalogue with the one party that is accountable. A shared duty names each party's part in words."""

    matrix = models.ForeignKey(DutyMatrix, models.PROTECT, related_name="lines")
    duty = models.CharField(max_length=60)
    accountable = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    part = models.CharField(max_length=200, blank=True, default="")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return self.duty
