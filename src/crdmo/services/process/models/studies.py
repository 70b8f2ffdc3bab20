"""Studies: a design over parameters, its run sheet, what was seen, the models of it, and the design space."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.foundation.accounts.models import Person
from crdmo.foundation.computing.models import Result
from crdmo.foundation.ledger.fields import CanonicalJSONField, MeasuredField
from crdmo.foundation.ledger.models import Record

from .profile import Attribute, Parameter


class Study(Record):
    """A designed experiment. Its runs are locked once it starts; its random order comes from the seed of `design`."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        RUNNING = "running", "Running"
        COMPLETED = "completed", "All runs seen"

    class Order(models.TextChoices):
        FIRST = "first", "Linear"
        INTERACTIONS = "interactions", "Linear with interactions"
        SECOND = "second", "Second order"

    steps: ClassVar[frozenset[str]] = frozenset({"state", "started_at"})

    code = models.CharField(max_length=30)
    title = models.CharField(max_length=160)
    objective = models.TextField(blank=True, default="")
    kind = models.CharField(max_length=60)
    order = models.CharField(max_length=12, choices=Order.choices, default=Order.SECOND)
    design = models.ForeignKey(Result, models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    started_at = models.DateTimeField(null=True, blank=True)
    sources = CanonicalJSONField(default=list)

    def __str__(self) -> str:
        return self.code


class StudyFactor(Record):
    """A parameter that the study changes, between the ends that are coded −1 and +1."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="factors")
    position = models.IntegerField()
    parameter = models.ForeignKey(Parameter, models.PROTECT, related_name="+")
    low = MeasuredField()
    high = MeasuredField()

    def __str__(self) -> str:
        return self.parameter.name


class StudyResponse(Record):
    """An attribute that is measured on every run."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="responses")
    position = models.IntegerField()
    attribute = models.ForeignKey(Attribute, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.attribute.name


class Run(Record):
    """A run: settings as planned, and as they were achieved. `order` is its place in the random order."""

    steps: ClassVar[frozenset[str]] = frozenset(
        {"state", "achieved", "done_by", "done_at", "is_out_of_order", "comment"}
    )

    study = models.ForeignKey(Study, models.PROTECT, related_name="runs")
    standard = models.IntegerField()
    order = models.IntegerField()
    block = models.CharField(max_length=20)
    point = models.CharField(max_length=20)
    planned = CanonicalJSONField(default=dict)
    achieved = CanonicalJSONField(default=dict)
    state = models.CharField(max_length=8, choices=[("planned", "Planned"), ("done", "Done")], default="planned")
    is_out_of_order = models.BooleanField(default=False)
    comment = models.TextField(blank=True, default="")
    done_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    done_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"run {self.order}"


class Observation(Record):
    """What was measured of one response in one run."""

    run = models.ForeignKey(Run, models.PROTECT, related_name="observations")
    response = models.ForeignKey(StudyResponse, models.PROTECT, related_name="observations")
    value = MeasuredField()
    unit = models.CharField(max_length=20, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.response} of {self.run}"


class ResponseModel(Record):
    """The fitted surface of one response. A person accepts it, or refuses it, with a reason."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"
        SUPERSEDED = "superseded", "Superseded"

    steps: ClassVar[frozenset[str]] = frozenset({"state", "judged_by", "judgement"})

    study = models.ForeignKey(Study, models.PROTECT, related_name="models")
    response = models.ForeignKey(StudyResponse, models.PROTECT, related_name="models")
    computed = models.ForeignKey(Result, models.PROTECT, related_name="+")
    stationary = models.ForeignKey(Result, models.PROTECT, null=True, related_name="+")
    contour = models.ForeignKey(Result, models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    made_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    judged_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    judgement = models.TextField(blank=True, default="")
    sources = CanonicalJSONField(default=list)

    def __str__(self) -> str:
        return f"model of {self.response} in {self.study}"


class DesignSpace(Record):
    """Where all responses meet their criteria with the reliability asked for: a map over two parameters, and a box."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="spaces")
    reliability = MeasuredField()
    map = models.ForeignKey(Result, models.PROTECT, related_name="+")
    box = models.ForeignKey(Result, models.PROTECT, related_name="+")
    sources = CanonicalJSONField(default=list)

    def __str__(self) -> str:
        return f"design space of {self.study}"
