"""From the bench to the verdict: tests, worksheets, raw readings, results.

A `Reading` is what was read, as it was read. A `Result` is what the method makes of readings: full precision, rounded as
the limit is written, verdict. The original result of a test has round 0; retests count from 1 and never replace it.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.common.materials.models import Sample
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.ledger.fields import CanonicalJSONField, MeasuredField
from crdmo.foundation.ledger.models import Record

from .bench import Instrument, Method, Reagent
from .specifications import Criterion


class Test(Record):
    """One criterion to be tested on one sample. The criterion, and with it the version of the limit, is pinned."""

    class State(models.TextChoices):
        ASSIGNED = "assigned", "To be tested"
        ENTERED = "entered", "Result entered"
        VERIFIED = "verified", "Verified"
        INVESTIGATION = "investigation", "Under investigation"
        NEXT_STAGE = "next_stage", "Next stage to be tested"
        RETEST = "retest", "To be retested"
        CONFIRMED = "confirmed", "Out of specification, confirmed"
        CANCELLED = "cancelled", "Cancelled"

    steps: ClassVar[frozenset[str]] = frozenset({"state", "analyst"})

    sample = models.ForeignKey(Sample, models.PROTECT, related_name="tests")
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="tests")
    state = models.CharField(max_length=14, choices=State.choices, default=State.ASSIGNED)
    analyst = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    due_on = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.criterion.name} of {self.sample.code}"


# A test in one of these states waits for somebody at the bench.
WAITING = (Test.State.ASSIGNED, Test.State.NEXT_STAGE, Test.State.RETEST)


class Worksheet(Record):
    """A run at the bench: one method, one instrument, one analyst, the standards used, controls before results."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        SUITABLE = "suitable", "System suitable"
        UNSUITABLE = "unsuitable", "System not suitable"
        CLOSED = "closed", "Closed"

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    code = models.CharField(max_length=30)
    method = models.ForeignKey(Method, models.PROTECT, related_name="worksheets")
    instrument = models.ForeignKey(Instrument, models.PROTECT, null=True, related_name="worksheets")
    calibrated_until = models.DateField(null=True, blank=True)
    analyst = models.ForeignKey(Person, models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    started = models.DateTimeField()

    def __str__(self) -> str:
        return self.code


class WorksheetReagent(Record):
    """A standard, reagent or column used on a worksheet."""

    worksheet = models.ForeignKey(Worksheet, models.PROTECT, related_name="reagents")
    reagent = models.ForeignKey(Reagent, models.PROTECT, related_name="uses")

    def __str__(self) -> str:
        return f"{self.reagent.code} on {self.worksheet.code}"


class ControlResult(Record):
    """System suitability, a blank, a control, a duplicate or a bracketing standard, held against its own limit."""

    class Kind(models.TextChoices):
        SUITABILITY = "suitability", "System suitability"
        BLANK = "blank", "Blank"
        CONTROL = "control", "Control sample"
        DUPLICATE = "duplicate", "Duplicate"
        BRACKET = "bracket", "Bracketing standard"

    worksheet = models.ForeignKey(Worksheet, models.PROTECT, related_name="controls")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    name = models.CharField(max_length=120)
    value = MeasuredField()
    unit = models.CharField(max_length=20, blank=True, default="")
    limit = models.CharField(max_length=80)
    passes = models.BooleanField()

    def __str__(self) -> str:
        return f"{self.name} on {self.worksheet.code}"


class Reading(Record):
    """One raw reading. Numbers are kept as text, as read; a correction is a new version with a reason.

    `name` says which quantity was read (peak area, weight) where a method needs several for one preparation.
    """

    class Source(models.TextChoices):
        TYPED = "typed", "Typed"
        PASTED = "pasted", "Pasted from a spreadsheet"
        FILE = "file", "Instrument file"
        API = "api", "Program"

    test = models.ForeignKey(Test, models.PROTECT, related_name="readings")
    worksheet = models.ForeignKey(Worksheet, models.PROTECT, null=True, related_name="readings")
    round = models.IntegerField(default=0)
    preparation = models.IntegerField(default=1)
    replicate = models.IntegerField(default=1)
    name = models.CharField(max_length=40, blank=True, default="")
    value = models.CharField(max_length=120)
    unit = models.CharField(max_length=20, blank=True, default="")
    source = models.CharField(max_length=8, choices=Source.choices)
    file = models.ForeignKey("datasets.Dataset", models.PROTECT, null=True, related_name="+")
    read_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.value} {self.unit}".strip()


class Result(Record):
    """What one round of testing gave: calculated at full precision, rounded as the limit is written, judged.

    A test in stages has a result for each stage tested; `passes` is None for one that leaves the verdict to the next.
    """

    class State(models.TextChoices):
        ENTERED = "entered", "To be verified"
        VERIFIED = "verified", "Verified"
        RETURNED = "returned", "Returned to the analyst"
        INVALIDATED = "invalidated", "Invalid, with assignable cause"

    steps: ClassVar[frozenset[str]] = frozenset({"state", "verified_by"})

    test = models.ForeignKey(Test, models.PROTECT, related_name="results")
    round = models.IntegerField(default=0)
    replicate = models.IntegerField(default=1)
    stage = models.CharField(max_length=4, blank=True, default="")
    calculated = models.CharField(max_length=120)
    rounded = models.CharField(max_length=120)
    unit = models.CharField(max_length=20, blank=True, default="")
    limit = models.CharField(max_length=200)
    passes = models.BooleanField(null=True)
    verdict = models.CharField(max_length=300)
    state = models.CharField(max_length=12, choices=State.choices, default=State.ENTERED)
    entered_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    verified_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    computed = models.ForeignKey("computing.Result", models.PROTECT, null=True, related_name="+")
    sources = CanonicalJSONField(default=list)

    @property
    def fails(self) -> bool:
        """Whether the result is out of its limit; one that leaves the verdict to the next stage is not."""
        return self.passes is False

    def __str__(self) -> str:
        return f"{self.test.criterion.name} {self.rounded} {self.unit}".strip()
