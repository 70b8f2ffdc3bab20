"""Assays, their runs with plates and curves, and the potency that is reported of a compound."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.foundation.accounts.models import Person
from crdmo.foundation.computing.models import Result
from crdmo.foundation.datasets.models import Dataset
from crdmo.foundation.ledger.fields import CanonicalJSONField, MeasuredField
from crdmo.foundation.ledger.models import Record

from .compounds import Compound, CompoundLot

PLATES = [(96, "96 wells"), (384, "384 wells"), (1536, "1536 wells")]


class Assay(Record):
    """How a compound is tested: on what, read how, in which plates, against which controls."""

    code = models.CharField(max_length=30)
    title = models.CharField(max_length=160)
    target = models.CharField(max_length=120)
    readout = models.CharField(max_length=120)
    signal_unit = models.CharField(max_length=20, blank=True, default="")
    wells = models.IntegerField(choices=PLATES)
    negative = models.CharField(max_length=120)
    positive = models.CharField(max_length=120)
    z_prime = MeasuredField()

    def __str__(self) -> str:
        return self.code


class Run(Record):
    """The plates of one day. It counts once a person accepted it, with the plates' quality and every curve decided."""

    class State(models.TextChoices):
        OPEN = "open", "To decide"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"

    steps: ClassVar[frozenset[str]] = frozenset({"state", "conclusion", "decided_by"})

    assay = models.ForeignKey(Assay, models.PROTECT, related_name="runs")
    code = models.CharField(max_length=40)
    performed_on = models.DateField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    conclusion = models.TextField(blank=True, default="")
    decided_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return self.code


class Plate(Record):
    """One plate: its wells sealed as they came, and the quality that its controls show."""

    run = models.ForeignKey(Run, models.PROTECT, related_name="plates")
    code = models.CharField(max_length=40)
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="+")
    quality = models.ForeignKey(Result, models.PROTECT, related_name="+")
    normalised = models.ForeignKey(Result, models.PROTECT, related_name="+")
    sources = CanonicalJSONField(default=list)

    def __str__(self) -> str:
        return self.code


class Curve(Record):
    """A lot on a plate over its doses: the fit, or why there is none, and what a person decided about it."""

    class State(models.TextChoices):
        OPEN = "open", "To review"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"

    steps: ClassVar[frozenset[str]] = frozenset({"state", "comment", "reviewed_by"})

    plate = models.ForeignKey(Plate, models.PROTECT, related_name="curves")
    lot = models.ForeignKey(CompoundLot, models.PROTECT, related_name="curves")
    computed = models.ForeignKey(Result, models.PROTECT, null=True, related_name="+")
    no_curve = models.CharField(max_length=300, blank=True, default="")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    comment = models.TextField(blank=True, default="")
    reviewed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    sources = CanonicalJSONField(default=list)

    def __str__(self) -> str:
        return f"{self.lot} on {self.plate}"


class Potency(Record):
    """The potency that is reported of a compound in an assay: geometric mean of approved curves of accepted runs, in nM."""

    compound = models.ForeignKey(Compound, models.PROTECT, related_name="potencies")
    assay = models.ForeignKey(Assay, models.PROTECT, related_name="potencies")
    computed = models.ForeignKey(Result, models.PROTECT, related_name="+")
    sources = CanonicalJSONField(default=list)

    def __str__(self) -> str:
        return f"{self.compound} in {self.assay}"
