"""What comes at the end: the lock, the analyses, the report; and tables of a study that came from elsewhere."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from crdmo.common.studies.models import Study
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.computing.models import Result
from crdmo.foundation.datasets.models import Dataset
from crdmo.foundation.documents.models import Document
from crdmo.foundation.ledger.fields import CanonicalJSONField
from crdmo.foundation.ledger.models import Record


class DatabaseLock(Record):
    """The database of a trial was locked on data of this digest; unlocking voids it, with a reason."""

    searched: ClassVar[bool] = False

    study = models.ForeignKey(Study, models.PROTECT, related_name="locks")
    at = models.DateTimeField()
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    counts = CanonicalJSONField(default=dict)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study"], condition=Q(is_void=False), name="clinical_one_lock_a_study")
        ]

    def __str__(self) -> str:
        return f"database lock of {self.study}"


class TrialAnalysis(Record):
    """An analysis of the trial: its question, and the result that answers it."""

    class Kind(models.TextChoices):
        PRIMARY = "primary", "Change from baseline (ANCOVA)"
        SURVIVAL = "survival", "Time to first event (Kaplan–Meier)"

    searched: ClassVar[bool] = False

    study = models.ForeignKey(Study, models.PROTECT, related_name="trial_analyses")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    title = models.CharField(max_length=200)
    result = models.ForeignKey(Result, models.PROTECT, related_name="+")
    excluded = CanonicalJSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "kind"], condition=Q(is_void=False), name="clinical_one_analysis_a_kind"
            )
        ]

    def __str__(self) -> str:
        return self.title


class StudyReport(Record):
    """The clinical study report of a trial: the controlled document that holds it."""

    searched: ClassVar[bool] = False

    study = models.ForeignKey(Study, models.PROTECT, related_name="trial_reports")
    document = models.ForeignKey(Document, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study"], name="clinical_one_report_a_study")]

    def __str__(self) -> str:
        return f"clinical study report of {self.study}"


class DomainTable(Record):
    """A table of an imported study: one SDTM domain with its variables, kept as a sealed dataset."""

    searched: ClassVar[bool] = False

    study = models.ForeignKey(Study, models.PROTECT, related_name="domain_tables")
    domain = models.CharField(max_length=8)
    label = models.CharField(max_length=60, blank=True, default="")
    rows = models.PositiveIntegerField()
    variables = CanonicalJSONField(default=list)
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "domain"], condition=Q(is_void=False), name="clinical_domain_once")
        ]

    def __str__(self) -> str:
        return f"{self.domain} of {self.study}"
