"""Evaluations of whole tables: a stability history, dissolution profiles, the precision of a method."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.common.materials.models import Lot
from crdmo.foundation.ledger.fields import CanonicalJSONField
from crdmo.foundation.ledger.models import Record


class Analysis(Record):
    """One registered method over one sealed table, with the conclusion that is signed."""

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    code = models.CharField(max_length=30)
    kind = models.CharField(max_length=30)
    title = models.CharField(max_length=160)
    lot = models.ForeignKey(Lot, models.PROTECT, null=True, related_name="analyses")
    dataset = models.ForeignKey("datasets.Dataset", models.PROTECT, related_name="+")
    computed = models.ForeignKey("computing.Result", models.PROTECT, related_name="+")
    finding = models.TextField()
    conclusion = models.TextField(blank=True, default="")
    state = models.CharField(max_length=8, choices=[("draft", "Draft"), ("signed", "Signed")], default="draft")
    sources = CanonicalJSONField(default=list)

    def __str__(self) -> str:
        return f"{self.code} {self.title}"
