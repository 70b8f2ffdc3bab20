"""Control strategies in versions: ranges of parameters with what proves them, and how each attribute is controlled."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.foundation.computing.models import Result
from crdmo.foundation.ledger.fields import CanonicalJSONField, MeasuredField
from crdmo.foundation.ledger.models import Record

from .profile import Attribute, Parameter


class ControlStrategy(Record):
    """One version of the control strategy. Signed by the head of process development, made effective by QA."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        REVIEWED = "reviewed", "Approved by process development"
        EFFECTIVE = "effective", "Effective"
        SUPERSEDED = "superseded", "Superseded"

    steps: ClassVar[frozenset[str]] = frozenset({"state", "effective_from"})

    code = models.CharField(max_length=30)
    number = models.IntegerField(default=1)
    title = models.CharField(max_length=160)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    effective_from = models.DateField(null=True, blank=True)
    supersedes = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    sources = CanonicalJSONField(default=list)

    def __str__(self) -> str:
        return f"{self.code} version {self.number}"


class StrategyLine(Record):
    """A parameter with set point, normal and proven acceptable range, or an attribute with the test that controls it."""

    class Control(models.TextChoices):
        PARAMETER = "parameter", "Process parameter"
        IN_PROCESS = "in_process", "In-process test"
        RELEASE = "release", "Release test"

    strategy = models.ForeignKey(ControlStrategy, models.PROTECT, related_name="lines")
    position = models.IntegerField()
    control = models.CharField(max_length=10, choices=Control.choices)
    parameter = models.ForeignKey(Parameter, models.PROTECT, null=True, related_name="+")
    attribute = models.ForeignKey(Attribute, models.PROTECT, null=True, related_name="+")
    set_point = MeasuredField(blank=True, default="")
    normal_low = MeasuredField(blank=True, default="")
    normal_high = MeasuredField(blank=True, default="")
    acceptable_low = MeasuredField(blank=True, default="")
    acceptable_high = MeasuredField(blank=True, default="")
    unit = models.CharField(max_length=20, blank=True, default="")
    proof = models.ForeignKey(Result, models.PROTECT, null=True, related_name="+")
    justification = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return str(self.parameter or self.attribute)
