"""What stands on the bench: methods, who is qualified for them, instruments and their gates, reagents and standards.

These belong to the laboratory, not to a program: `organization` is the partner.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.foundation.accounts.models import Person
from crdmo.foundation.ledger.fields import CanonicalJSONField, MeasuredField
from crdmo.foundation.ledger.models import Record


class Method(Record):
    """One version of an analytical method: how readings become one reportable result.

    `replicates` readings are taken; `reporting` says whether their mean is the result or each of them is one.
    `calculation` is a registered method of `science`, or empty for results that are read off directly.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        EFFECTIVE = "effective", "Effective"
        SUPERSEDED = "superseded", "Superseded"

    class Reporting(models.TextChoices):
        SINGLE = "single", "One reading is the result"
        MEAN = "mean", "The mean of the readings of one preparation is the result"
        EACH = "each", "Each reading is a result of its own"
        CALCULATED = "calculated", "A calculation over the readings gives the result"

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    code = models.CharField(max_length=30)
    number = models.IntegerField(default=1)
    title = models.CharField(max_length=160)
    technique = models.CharField(max_length=60)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    reporting = models.CharField(max_length=12, choices=Reporting.choices, default=Reporting.SINGLE)
    replicates = models.IntegerField(default=1)
    calculation = models.CharField(max_length=80, blank=True, default="")
    parameters = CanonicalJSONField(default=dict)
    suitability = CanonicalJSONField(default=list)
    instrument_kind = models.CharField(max_length=40, blank=True, default="")
    procedure = models.TextField(blank=True, default="")
    supersedes = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.code} version {self.number}"


class Qualification(Record):
    """A person may run a method, from a date until another."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    method_code = models.CharField(max_length=30)
    starts = models.DateField()
    ends = models.DateField()

    def __str__(self) -> str:
        return f"{self.person} for {self.method_code}"


class Instrument(Record):
    """An instrument; out of service when it was put so, when a check failed, or when calibration is overdue."""

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    code = models.CharField(max_length=30)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=40)
    serial = models.CharField(max_length=60, blank=True, default="")
    location = models.CharField(max_length=80, blank=True, default="")
    state = models.CharField(
        max_length=16,
        choices=[("in_service", "In service"), ("out_of_service", "Out of service")],
        default="in_service",
    )

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class InstrumentEvent(Record):
    """A line of the instrument's logbook. Calibration and qualification carry the date until which they hold."""

    class Kind(models.TextChoices):
        QUALIFICATION = "qualification", "Qualification"
        CALIBRATION = "calibration", "Calibration"
        CHECK = "check", "Performance check"
        MAINTENANCE = "maintenance", "Maintenance"
        FAILURE = "failure", "Failure"

    instrument = models.ForeignKey(Instrument, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    on = models.DateField()
    due_on = models.DateField(null=True, blank=True)
    passed = models.BooleanField(default=True)
    note = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.instrument.code}"


class Reagent(Record):
    """A lot of a reagent, solution, column or reference standard; a standard carries its potency as text."""

    class Kind(models.TextChoices):
        REAGENT = "reagent", "Reagent"
        SOLUTION = "solution", "Solution"
        STANDARD = "standard", "Reference standard"
        COLUMN = "column", "Column"

    steps: ClassVar[frozenset[str]] = frozenset({"opened_on"})

    code = models.CharField(max_length=30)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    lot_number = models.CharField(max_length=60)
    supplier = models.CharField(max_length=120, blank=True, default="")
    potency = MeasuredField(blank=True, default="")
    potency_unit = models.CharField(max_length=20, blank=True, default="")
    expires_on = models.DateField()
    opened_on = models.DateField(null=True, blank=True)
    open_days = models.IntegerField(null=True, blank=True)
    prepared_from = models.ForeignKey("self", models.PROTECT, null=True, related_name="preparations")

    def __str__(self) -> str:
        return f"{self.code} {self.name}"
