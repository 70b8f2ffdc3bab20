"""CAPA: actions with owners and days, and the proof, planned before and given later by somebody else, that they work."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.foundation.accounts.models import Person
from crdmo.foundation.ledger.models import Record

from .deviations import Deviation


class Capa(Record):
    """A corrective and preventive action plan. It is not closed when its actions are done, but when they are effective."""

    class State(models.TextChoices):
        DRAFT = "draft", "Being planned"
        APPROVED = "in_progress", "Approved, actions under way"
        IMPLEMENTED = "pending", "Actions done, effect to be checked"
        EFFECTIVE = "effective", "Effective, to be closed"
        INEFFECTIVE = "failed", "Not effective"
        CLOSED = "closed", "Closed"

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    code = models.CharField(max_length=30)
    title = models.CharField(max_length=160)
    problem = models.TextField()
    deviation = models.ForeignKey(Deviation, models.PROTECT, null=True, related_name="capas")
    owner = models.ForeignKey(Person, models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    # How the effect will be judged: decided before the first action, on which data, and not before which day.
    criterion = models.TextField()
    data = models.TextField()
    check_on = models.DateField()
    follows = models.ForeignKey("self", models.PROTECT, null=True, related_name="followed_by")

    def __str__(self) -> str:
        return self.code


class CapaAction(Record):
    """One action: what, by whom, until when; done with evidence."""

    class Kind(models.TextChoices):
        CORRECTION = "correction", "Correction"
        CORRECTIVE = "corrective", "Corrective action"
        PREVENTIVE = "preventive", "Preventive action"

    steps: ClassVar[frozenset[str]] = frozenset({"state", "evidence", "done_on", "due_on"})

    capa = models.ForeignKey(Capa, models.PROTECT, related_name="actions")
    number = models.IntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    text = models.TextField()
    owner = models.ForeignKey(Person, models.PROTECT, related_name="+")
    due_on = models.DateField()
    state = models.CharField(max_length=8, choices=[("open", "Open"), ("done", "Done")], default="open")
    evidence = models.TextField(blank=True, default="")
    done_on = models.DateField(null=True)

    def __str__(self) -> str:
        return f"action {self.number} of {self.capa.code}"


class Extension(Record):
    """A later day for an action: asked for with a reason by its owner, given by QA. The day before stays on record."""

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    action = models.ForeignKey(CapaAction, models.PROTECT, related_name="extensions")
    due_before = models.DateField()
    due_on = models.DateField()
    why = models.TextField()
    state = models.CharField(
        max_length=10,
        choices=[("requested", "Requested"), ("approved", "Approved"), ("rejected", "Rejected")],
        default="requested",
    )

    def __str__(self) -> str:
        return f"extension of {self.action} to {self.due_on}"


class EffectivenessCheck(Record):
    """Whether the criterion was met, on which evidence, by somebody who did none of the actions."""

    capa = models.ForeignKey(Capa, models.PROTECT, related_name="checks")
    on = models.DateField()
    effective = models.BooleanField()
    evidence = models.TextField()
    checked_by = models.ForeignKey(Person, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"effectiveness check of {self.capa.code}"
