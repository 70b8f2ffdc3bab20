"""The clock of a procedure, with its stops."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.foundation.ledger.fields import CanonicalJSONField
from crdmo.foundation.ledger.models import Record
from crdmo.science.regulatory.timetable import Procedure

from .sequences import Sequence


class Clock(Record):
    """The clock that the receipt of a sequence started. Its dates are a computed result; each stop says why."""

    PROCEDURES = [
        (Procedure.IND.value, "IND, review of 30 days"),
        (Procedure.NDA_STANDARD.value, "NDA, standard review"),
        (Procedure.NDA_PRIORITY.value, "NDA, priority review"),
        (Procedure.MAA.value, "Full application, centralised"),
        (Procedure.TYPE_II_90.value, "Type II variation, 90 days"),
        (Procedure.CVMP_120.value, "CVMP, 120 days"),
    ]

    steps: ClassVar[frozenset[str]] = frozenset({"stops", "computed"})

    sequence = models.ForeignKey(Sequence, models.PROTECT, related_name="clocks")
    procedure = models.CharField(max_length=20, choices=PROCEDURES)
    started_on = models.DateField()
    # [{"stopped", "restarted", "why"}] in order; ISO days.
    stops = CanonicalJSONField(default=list)
    computed = models.ForeignKey("computing.Result", models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"clock of {self.sequence}"
