"""What was observed, in the three classes of SDTM: interventions, events and findings.

A moment is ISO 8601 text as precise as it is known (`2026-03`, `2026-03-14`, `2026-03-14T08:30`); values are kept as
they were collected. `details` holds further variables of the domain by their SDTM names, so that what came in from a
standard goes out again.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.common.materials.models import Lot
from crdmo.foundation.ledger.fields import CanonicalJSONField, MeasuredField
from crdmo.foundation.ledger.models import Record

from ..days import study_day
from .plan import Study, Visit
from .subjects import Subject


class Observation(Record):
    """What every observation has: on whom, in which domain, at which visit, when."""

    searched: ClassVar[bool] = False

    study = models.ForeignKey(Study, models.PROTECT, related_name="%(class)ss")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="%(class)ss")
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, related_name="%(class)ss")
    domain = models.CharField(max_length=2)
    category = models.CharField(max_length=80, blank=True, default="")
    starts = models.CharField(max_length=25, blank=True, default="")
    ends = models.CharField(max_length=25, blank=True, default="")
    # Only where no date is known: else the day follows from the date and the subject's first exposure.
    day = models.IntegerField(null=True)
    details = CanonicalJSONField(default=dict)

    class Meta:
        abstract = True

    @property
    def study_day(self) -> int | None:
        """The study day of the start, as SDTM counts it."""
        found = study_day(self.starts, self.subject.reference_on)
        return self.day if found is None else found


class Intervention(Observation):
    """A dose or another treatment that was given."""

    treatment = models.CharField(max_length=120)
    dose = MeasuredField(blank=True, default="")
    unit = models.CharField(max_length=30, blank=True, default="")
    form = models.CharField(max_length=60, blank=True, default="")
    frequency = models.CharField(max_length=30, blank=True, default="")
    route = models.CharField(max_length=60, blank=True, default="")
    lot = models.ForeignKey(Lot, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["study", "domain"], name="studies_given")]

    def __str__(self) -> str:
        return f"{self.treatment} {self.dose} {self.unit}".strip()


class Event(Observation):
    """Something that happened: an adverse event, a disposition, a medical history."""

    term = models.CharField(max_length=200)
    decoded = models.CharField(max_length=200, blank=True, default="")
    severity = models.CharField(max_length=30, blank=True, default="")
    serious = models.CharField(max_length=1, blank=True, default="", choices=[("Y", "Yes"), ("N", "No")])
    relation = models.CharField(max_length=60, blank=True, default="")
    action = models.CharField(max_length=80, blank=True, default="")
    outcome = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["study", "domain"], name="studies_happened")]

    def __str__(self) -> str:
        return self.decoded or self.term


class Finding(Observation):
    """A measured or judged value: what was tested, what was found; or that it was not done, and why."""

    code = models.CharField(max_length=8)
    name = models.CharField(max_length=80)
    specimen = models.CharField(max_length=80, blank=True, default="")
    method = models.CharField(max_length=80, blank=True, default="")
    # As collected; `number` is the same as a decimal where it is one.
    value = models.CharField(max_length=200, blank=True, default="")
    number = MeasuredField(blank=True, default="")
    unit = models.CharField(max_length=30, blank=True, default="")
    severity = models.CharField(max_length=30, blank=True, default="")
    lower_limit = MeasuredField(blank=True, default="")
    time_point = models.CharField(max_length=60, blank=True, default="")
    elapsed = models.CharField(max_length=20, blank=True, default="")
    not_done = models.BooleanField(default=False)
    why_not = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["study", "domain", "code"], name="studies_found")]

    def __str__(self) -> str:
        told = f"not done: {self.why_not}" if self.not_done else f"{self.value} {self.unit}".strip()
        return f"{self.name} {told}"
