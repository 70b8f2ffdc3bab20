"""Inspections by the quality assurance unit, phase by phase, with what was found and to whom it was reported when."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.common.studies.models import Study
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.ledger.models import Record


class Inspection(Record):
    """One inspection of one phase (21 CFR 58.35(b)(3)). Its dates of report stand in the quality assurance statement."""

    class Phase(models.TextChoices):
        PROTOCOL = "protocol", "Protocol"
        ANIMALS = "animals", "Animal receipt and assignment"
        DOSING = "dosing", "Dose preparation and dosing"
        IN_LIFE = "in_life", "In-life measurements"
        TOXICOKINETICS = "toxicokinetics", "Blood sampling and bioanalysis"
        NECROPSY = "necropsy", "Necropsy and pathology"
        RAW_DATA = "raw_data", "Raw data"
        REPORT = "report", "Draft report"

    class State(models.TextChoices):
        PERFORMED = "performed", "Performed"
        REPORTED = "reported", "Reported"
        CLOSED = "closed", "Closed"

    steps: ClassVar[frozenset[str]] = frozenset({"state", "reported_to_director", "reported_to_management"})

    study = models.ForeignKey(Study, models.PROTECT, related_name="inspections")
    code = models.CharField(max_length=30)
    phase = models.CharField(max_length=20, choices=Phase.choices)
    on = models.DateField()
    inspector = models.ForeignKey(Person, models.PROTECT, related_name="+")
    scope = models.TextField()
    reported_to_director = models.DateField(null=True)
    reported_to_management = models.DateField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PERFORMED)

    def __str__(self) -> str:
        return f"{self.code} {self.get_phase_display()}"


class InspectionFinding(Record):
    """What an inspection found, the study director's answer, and whether quality assurance takes it."""

    class Grade(models.TextChoices):
        MINOR = "minor", "Minor"
        MAJOR = "major", "Major"
        CRITICAL = "critical", "Critical"

    steps: ClassVar[frozenset[str]] = frozenset({"state", "answer", "answered_by", "answered_at"})

    inspection = models.ForeignKey(Inspection, models.PROTECT, related_name="findings")
    number = models.IntegerField()
    grade = models.CharField(max_length=10, choices=Grade.choices)
    text = models.TextField()
    answer = models.TextField(blank=True, default="")
    answered_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    state = models.CharField(
        max_length=10, choices=[("open", "Open"), ("answered", "Answered"), ("closed", "Closed")], default="open"
    )

    def __str__(self) -> str:
        return f"{self.inspection.code} finding {self.number}"
