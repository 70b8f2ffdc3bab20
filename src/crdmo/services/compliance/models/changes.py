"""Change control: proposed, assessed by every area that it touches, approved, then implemented, then closed on evidence."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.foundation.accounts.models import Person
from crdmo.foundation.ledger.fields import CanonicalJSONField
from crdmo.foundation.ledger.models import Record


class Area(models.TextChoices):
    """Who has to say what a change means for their work."""

    QUALITY_CONTROL = "quality_control", "Quality control"
    PRODUCTION = "production", "Production"
    VALIDATION = "validation", "Validation and qualification"
    REGULATORY = "regulatory", "Regulatory affairs"
    SUPPLY = "supply", "Supply and suppliers"
    SYSTEMS = "systems", "Computerised systems"
    SPONSOR = "sponsor", "Sponsor and quality agreement"


class Change(Record):
    """One change under control."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed, to be assessed"
        APPROVED = "approved", "Approved, to be implemented"
        IMPLEMENTED = "completed", "Implemented, to be closed"
        CLOSED = "closed", "Closed"
        REJECTED = "rejected", "Rejected"

    class Category(models.TextChoices):
        MINOR = "minor", "Minor"
        MAJOR = "major", "Major"

    class Regulatory(models.TextChoices):
        NONE = "none", "No filing"
        NOTIFICATION = "notification", "Notification"
        PRIOR_APPROVAL = "prior_approval", "Prior approval"

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    code = models.CharField(max_length=30)
    title = models.CharField(max_length=160)
    proposal = models.TextField()
    justification = models.TextField()
    category = models.CharField(max_length=8, choices=Category.choices)
    regulatory = models.CharField(max_length=16, choices=Regulatory.choices)
    areas = CanonicalJSONField(default=list)
    proposer = models.ForeignKey(Person, models.PROTECT, related_name="+")
    due_on = models.DateField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.PROPOSED)

    def __str__(self) -> str:
        return self.code

    def areas_in_words(self) -> str:
        """Return the areas that must assess it."""
        return ", ".join(Area(area).label for area in self.areas)


class ChangeAssessment(Record):
    """What one area says: whether the change touches it, how, and what has to be done there."""

    change = models.ForeignKey(Change, models.PROTECT, related_name="assessments")
    area = models.CharField(max_length=16, choices=Area.choices)
    touches = models.BooleanField()
    text = models.TextField()
    assessor = models.ForeignKey(Person, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.get_area_display()} on {self.change.code}"


class ChangeTask(Record):
    """One task of the implementation, with its owner, day and evidence."""

    steps: ClassVar[frozenset[str]] = frozenset({"state", "evidence", "done_on"})

    change = models.ForeignKey(Change, models.PROTECT, related_name="tasks")
    number = models.IntegerField()
    text = models.TextField()
    owner = models.ForeignKey(Person, models.PROTECT, related_name="+")
    due_on = models.DateField()
    state = models.CharField(max_length=8, choices=[("open", "Open"), ("done", "Done")], default="open")
    evidence = models.TextField(blank=True, default="")
    done_on = models.DateField(null=True)

    def __str__(self) -> str:
        return f"task {self.number} of {self.change.code}"
