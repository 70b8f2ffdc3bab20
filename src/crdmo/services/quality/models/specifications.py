"""What a lot must be: specifications in versions, their limits kept as the text that was approved."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.common.materials.models import Substance
from crdmo.foundation.ledger.fields import CanonicalJSONField
from crdmo.foundation.ledger.models import Record

from .bench import Method


class Specification(Record):
    """One version of a specification. Once approved its criteria never change; a new version supersedes it."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        APPROVED = "approved", "Approved"
        SUPERSEDED = "superseded", "Superseded"

    class Stage(models.TextChoices):
        RELEASE = "release", "Release"
        SHELF_LIFE = "shelf_life", "Shelf life"
        IN_PROCESS = "in_process", "In-process"
        INCOMING = "incoming", "Incoming material"

    steps: ClassVar[frozenset[str]] = frozenset({"state", "effective_from"})

    code = models.CharField(max_length=30)
    number = models.IntegerField(default=1)
    title = models.CharField(max_length=160)
    substance = models.ForeignKey(Substance, models.PROTECT, related_name="specifications")
    stage = models.CharField(max_length=12, choices=Stage.choices)
    market = models.CharField(max_length=40, blank=True, default="")
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    effective_from = models.DateField(null=True, blank=True)
    supersedes = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.code} version {self.number}"


class Criterion(Record):
    """One line of a specification: what is tested, how, and the limit as written (`≥ 98.0`, `95.0 – 105.0`, `White powder`).

    `acceptance` follows from the limit's text: `limit` where every reportable result is held against it, or a compendial
    test in stages: `dissolution` (`Q = 80`) or `uniformity` (`AV ≤ 15.0`, with T as `target` in `parameters`).
    """

    class Acceptance(models.TextChoices):
        LIMIT = "limit", "Result within the limit"
        DISSOLUTION = "dissolution", "Dissolution in stages S1 to S3"
        UNIFORMITY = "uniformity", "Uniformity of dosage units in two stages"

    specification = models.ForeignKey(Specification, models.PROTECT, related_name="criteria")
    position = models.IntegerField()
    name = models.CharField(max_length=120)
    method = models.ForeignKey(Method, models.PROTECT, related_name="criteria")
    limit = models.CharField(max_length=200)
    unit = models.CharField(max_length=20, blank=True, default="")
    acceptance = models.CharField(max_length=12, choices=Acceptance.choices, default=Acceptance.LIMIT)
    parameters = CanonicalJSONField(default=dict)

    def __str__(self) -> str:
        return self.name
