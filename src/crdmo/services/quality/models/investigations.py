"""Out of specification: the original stands; only evidence, in its order, leads on.

The phases follow FDA's guidance of 2022 (Investigating Out-of-Specification Test Results): laboratory phase Ia (checks
before anything is discarded), Ib (hypothesis testing), II (full-scale, manufacture included). A retest needs a plan,
with its number of replicates, signed before the first of them.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.common.materials.models import Lot, Sample
from crdmo.foundation.ledger.fields import CanonicalJSONField
from crdmo.foundation.ledger.models import Record

from .results import Result, Test


class Investigation(Record):
    """One investigation of one original result."""

    class Phase(models.TextChoices):
        IA = "Ia", "Phase Ia: laboratory checks"
        IB = "Ib", "Phase Ib: hypothesis testing"
        II = "II", "Phase II: full-scale"
        CONCLUDED = "concluded", "Concluded"

    class Outcome(models.TextChoices):
        OPEN = "open", "Open"
        LABORATORY_ERROR = "laboratory_error", "Laboratory error: original invalidated"
        CONFIRMED = "confirmed", "Out of specification confirmed"
        NOT_CONFIRMED = "not_confirmed", "No assignable cause; retests within limits; decided by the quality unit"

    steps: ClassVar[frozenset[str]] = frozenset({"phase", "outcome"})

    code = models.CharField(max_length=30)
    kind = models.CharField(
        max_length=4, choices=[("oos", "Out of specification"), ("oot", "Out of trend")], default="oos"
    )
    test = models.ForeignKey(Test, models.PROTECT, related_name="investigations")
    result = models.ForeignKey(Result, models.PROTECT, related_name="investigations")
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="investigations")
    phase = models.CharField(max_length=10, choices=Phase.choices, default=Phase.IA)
    outcome = models.CharField(max_length=18, choices=Outcome.choices, default=Outcome.OPEN)
    opened = models.DateTimeField()
    due_on = models.DateField()

    def __str__(self) -> str:
        return self.code

    @property
    def state(self) -> str:
        """The phase, by the name that pages look for."""
        return self.phase


class InvestigationStep(Record):
    """What was found in one step: a checklist answered, a hypothesis tested, a conclusion drawn."""

    class Kind(models.TextChoices):
        CHECKLIST = "checklist", "Laboratory checklist"
        HYPOTHESIS = "hypothesis", "Hypothesis tested"
        MANUFACTURING = "manufacturing", "Manufacturing review"
        RESAMPLE = "resample", "Resampling justified"
        CONCLUSION = "conclusion", "Conclusion"

    investigation = models.ForeignKey(Investigation, models.PROTECT, related_name="findings")
    phase = models.CharField(max_length=10)
    kind = models.CharField(max_length=14, choices=Kind.choices)
    answers = CanonicalJSONField(default=dict)
    assignable_cause = models.BooleanField(default=False)
    text = models.TextField()

    def __str__(self) -> str:
        return f"{self.get_kind_display()} in {self.investigation.code}"


class RetestPlan(Record):
    """How many retests, by whom, on what, and how they will be judged: decided and signed before the first."""

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    investigation = models.ForeignKey(Investigation, models.PROTECT, related_name="plans")
    sample = models.ForeignKey(Sample, models.PROTECT, related_name="+")
    replicates = models.IntegerField()
    rationale = models.TextField()
    resample = models.BooleanField(default=False)
    state = models.CharField(
        max_length=10,
        choices=[("proposed", "Proposed"), ("approved", "Approved"), ("done", "Done")],
        default="proposed",
    )

    def __str__(self) -> str:
        return f"{self.replicates} retests for {self.investigation.code}"
