"""The quality assurance statement and the report of a study, as records beside the controlled document."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from crdmo.common.studies.models import Study
from crdmo.foundation.documents.models import DocumentVersion
from crdmo.foundation.ledger.fields import CanonicalJSONField
from crdmo.foundation.ledger.models import Record


class QaStatement(Record):
    """The statement of 21 CFR 58.35(b)(7): which phases were inspected on which dates, and reported when to whom."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="qa_statements")
    text = models.TextField()
    # One line an inspection: phase, dates of inspection and of both reports.
    lines = CanonicalJSONField(default=list)
    sources = CanonicalJSONField(default=list)

    def __str__(self) -> str:
        return f"quality assurance statement of {self.study}"


class StudyReport(Record):
    """The final report, or an amendment of it. The text is a version of a controlled document."""

    class State(models.TextChoices):
        OFFERED = "offered", "Signed by the study director"
        REVIEWED = "reviewed", "Reviewed by quality assurance"
        FINAL = "final", "Final"

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    study = models.ForeignKey(Study, models.PROTECT, related_name="reports")
    number = models.PositiveIntegerField()
    document = models.ForeignKey(DocumentVersion, models.PROTECT, related_name="+")
    statement = models.ForeignKey(QaStatement, models.PROTECT, related_name="+")
    compliance = models.TextField()
    reason = models.CharField(max_length=1000, blank=True, default="")
    sources = CanonicalJSONField(default=list)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OFFERED)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "number"], condition=Q(is_void=False), name="preclinical_report_number_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.study} {'final report' if self.number == 1 else f'report amendment {self.number - 1}'}"
