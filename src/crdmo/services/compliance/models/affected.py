"""What a deviation, CAPA or change touches: any record, and the lots that stand behind it, each with its verdict."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from crdmo.common.materials.models import Lot
from crdmo.foundation.ledger.models import Record, State

from .capas import Capa
from .changes import Change
from .deviations import Deviation


class Affected(Record):
    """One record that is touched. Where it is a lot, its impact is judged before the matter is closed."""

    class Impact(models.TextChoices):
        OPEN = "open", "To be assessed"
        NONE = "none", "No impact"
        ACCEPTABLE = "acceptable", "Impact, acceptable with justification"
        UNACCEPTABLE = "unacceptable", "Not acceptable"

    steps: ClassVar[frozenset[str]] = frozenset({"impact", "assessment"})

    deviation = models.ForeignKey(Deviation, models.PROTECT, null=True, related_name="affected")
    capa = models.ForeignKey(Capa, models.PROTECT, null=True, related_name="affected")
    change = models.ForeignKey(Change, models.PROTECT, null=True, related_name="affected")
    target = models.UUIDField()
    target_type = models.CharField(max_length=60)
    target_label = models.CharField(max_length=200)
    lot = models.ForeignKey(Lot, models.PROTECT, null=True, related_name="+")
    impact = models.CharField(max_length=14, choices=Impact.choices, default=Impact.OPEN)
    assessment = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"{self.target_label}, touched by {self.matter}"

    @property
    def matter(self) -> Any:
        """The deviation, CAPA or change."""
        return self.deviation or self.capa or self.change

    @classmethod
    def lineage(cls, contents: State) -> list[tuple[str, str, str]]:
        """Hang the record that is touched into the thread: from it one comes to what touches it, and back."""
        matter = contents.get("deviation") or contents.get("capa") or contents.get("change")
        return [(contents["target"], matter, "part")] if matter else []
