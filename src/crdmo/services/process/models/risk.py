"""Failure mode and effects analysis: which parameter can harm which attribute, before and after it was studied."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.foundation.computing.models import Result
from crdmo.foundation.ledger.fields import CanonicalJSONField
from crdmo.foundation.ledger.models import Record

from .profile import Attribute, Parameter


class RiskAssessment(Record):
    """One version of the assessment. The next one shows what was learned; a signed score never changes."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        APPROVED = "approved", "Approved"
        SUPERSEDED = "superseded", "Superseded"

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    code = models.CharField(max_length=30)
    number = models.IntegerField(default=1)
    title = models.CharField(max_length=160)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    supersedes = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    sources = CanonicalJSONField(default=list)

    def __str__(self) -> str:
        return f"{self.code} version {self.number}"


class RiskLine(Record):
    """How a parameter can fail an attribute: severity, occurrence and detectability from 1 to 10 (10 is worst)."""

    assessment = models.ForeignKey(RiskAssessment, models.PROTECT, related_name="lines")
    parameter = models.ForeignKey(Parameter, models.PROTECT, related_name="risks")
    attribute = models.ForeignKey(Attribute, models.PROTECT, related_name="risks")
    failure = models.CharField(max_length=300)
    severity = models.IntegerField()
    occurrence = models.IntegerField()
    detectability = models.IntegerField()
    justification = models.TextField()
    evidence = models.ForeignKey(Result, models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.parameter} on {self.attribute}"

    @property
    def priority(self) -> int:
        """The risk priority number: severity times occurrence times detectability."""
        return self.severity * self.occurrence * self.detectability
