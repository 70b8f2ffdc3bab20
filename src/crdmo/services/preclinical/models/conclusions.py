"""What is concluded from the data: analyses as results, effects by dose group, the no-observed-adverse-effect level."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from crdmo.common.studies.models import Arm, Study
from crdmo.foundation.computing.models import Result
from crdmo.foundation.ledger.fields import CanonicalJSONField, MeasuredField
from crdmo.foundation.ledger.models import Record

SEXES = [("M", "Males"), ("F", "Females"), ("B", "Both sexes")]


class Analysis(Record):
    """A result of a study, by what it is about, so that it is found again."""

    class Kind(models.TextChoices):
        ASSIGNMENT = "assignment", "Assignment to groups"
        COMPARISON = "comparison", "Comparison with control"
        TOXICOKINETICS = "toxicokinetics", "Toxicokinetics"

    steps: ClassVar[frozenset[str]] = frozenset({"result", "sources"})

    study = models.ForeignKey(Study, models.PROTECT, related_name="analyses")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    title = models.CharField(max_length=200)
    domain = models.CharField(max_length=2, blank=True, default="")
    code = models.CharField(max_length=8, blank=True, default="")
    specimen = models.CharField(max_length=80, blank=True, default="")
    visit = models.CharField(max_length=20, blank=True, default="")
    sex = models.CharField(max_length=1, choices=SEXES, blank=True, default="")
    # What the method does not know: group codes in their order, units, which animal a profile is of.
    words = CanonicalJSONField(default=dict)
    result = models.ForeignKey(Result, models.PROTECT, related_name="+")
    sources = CanonicalJSONField(default=list)

    searched: ClassVar[bool] = False

    def __str__(self) -> str:
        return self.title


class Effect(Record):
    """An effect of treatment in one dose group, judged by the study director: adverse or not, and why."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="effects")
    arm = models.ForeignKey(Arm, models.PROTECT, related_name="+")
    sex = models.CharField(max_length=1, choices=SEXES)
    title = models.CharField(max_length=200)
    is_adverse = models.BooleanField()
    judgement = models.TextField()
    # Findings and results that show it, or that show that there is none.
    sources = CanonicalJSONField(default=list)

    def __str__(self) -> str:
        return f"{self.arm}: {self.title}"


class Noael(Record):
    """The no-observed-adverse-effect level: the highest dose without an adverse effect, with its evidence, signed."""

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    study = models.ForeignKey(Study, models.PROTECT, related_name="noaels")
    arm = models.ForeignKey(Arm, models.PROTECT, related_name="+")
    sex = models.CharField(max_length=1, choices=SEXES)
    dose = MeasuredField()
    unit = models.CharField(max_length=20)
    rationale = models.TextField()
    # {effect key: why an adverse effect at or below this dose does not count}
    justified = CanonicalJSONField(default=dict)
    exposure = CanonicalJSONField(default=list)
    sources = CanonicalJSONField(default=list)
    state = models.CharField(max_length=10, choices=[("draft", "Draft"), ("signed", "Signed")], default="draft")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "sex"], condition=Q(is_void=False), name="preclinical_one_noael")
        ]

    def __str__(self) -> str:
        return f"NOAEL of {self.study}: {self.dose} {self.unit}"
