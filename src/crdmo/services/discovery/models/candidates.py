"""The target profile of a program, and the nomination of a candidate, which becomes the substance of the thread."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.common.materials.models import Substance
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.ledger.fields import CanonicalJSONField, MeasuredField
from crdmo.foundation.ledger.models import Record, State

from .assays import Assay
from .compounds import Form


class ProfileLine(Record):
    """A line of the target profile: a potency of at least, or a property of at most."""

    class Kind(models.TextChoices):
        POTENCY = "potency", "pIC50 at least"
        WEIGHT = "weight", "Molecular weight at most"
        LOG_P = "log_p", "clogP at most"
        TPSA = "tpsa", "TPSA at most"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    assay = models.ForeignKey(Assay, models.PROTECT, null=True, related_name="+")
    limit = MeasuredField()

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.limit}{f' in {self.assay}' if self.assay else ''}"


class Nomination(Record):
    """A candidate: the form, the results that carry it, the profile line by line; proposed by one, approved by another."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        APPROVED = "approved", "Approved"

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    code = models.CharField(max_length=30)
    form = models.ForeignKey(Form, models.PROTECT, related_name="nominations")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    substance_code = models.CharField(max_length=30)
    substance_name = models.CharField(max_length=160)
    statement = models.TextField()
    profile = CanonicalJSONField(default=list)
    deviations = models.TextField(blank=True, default="")
    proposed_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    sources = CanonicalJSONField(default=list)

    def __str__(self) -> str:
        return self.code

    @property
    def substance(self) -> Substance | None:
        """The substance that the nomination made, once it is approved."""
        made = self.candidates.first()
        return Substance.objects.get(pk=made.substance_key) if made is not None else None


class Candidate(Record):
    """The step of the thread from a nomination to the substance that it made."""

    nomination = models.ForeignKey(Nomination, models.PROTECT, related_name="candidates")
    # No foreign key: the substance comes from the nomination, not the other way round.
    substance_key = models.UUIDField()

    def __str__(self) -> str:
        return f"candidate of {self.nomination}"

    @classmethod
    def lineage(cls, contents: State) -> list[tuple[str, str, str]]:
        """Return the step from the nomination to its substance."""
        return [(contents["nomination"], contents["substance_key"], "part")]
