"""Who takes part: subjects, the site or cage that groups them, and for open studies the arm of each.

The arm is no field of a subject and stands nowhere in its ledger state: a blinded trial keeps its allocation sealed in
its own room.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from crdmo.foundation.accounts.models import Organization, Person
from crdmo.foundation.ledger.fields import CanonicalJSONField, MeasuredField
from crdmo.foundation.ledger.models import Record

from .plan import Arm, Study


class Place(Record):
    """A site, room or cage: what groups subjects, and can be the unit of analysis."""

    class Kind(models.TextChoices):
        SITE = "site", "Site"
        ROOM = "room", "Room"
        CAGE = "cage", "Cage"

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    study = models.ForeignKey(Study, models.PROTECT, related_name="places")
    kind = models.CharField(max_length=6, choices=Kind.choices)
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=120, blank=True, default="")
    # The organization whose people work there, and who answers for it.
    holder = models.ForeignKey(Organization, models.PROTECT, null=True, related_name="+")
    lead = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    country = models.CharField(max_length=3, blank=True, default="")
    state = models.CharField(
        max_length=8, choices=[("planned", "Planned"), ("open", "Open"), ("closed", "Closed")], default="open"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "kind", "code"], name="studies_place_code_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.code}"


class Subject(Record):
    """An animal or a participant of one study. `reference_on` is day 1: the first exposure."""

    class State(models.TextChoices):
        SCREENED = "screened", "Screened"
        FAILED = "failed", "Not eligible"
        ENROLLED = "enrolled", "Enrolled"
        COMPLETED = "completed", "Completed"
        WITHDRAWN = "withdrawn", "Withdrawn"
        DEAD = "dead", "Dead"

    steps: ClassVar[frozenset[str]] = frozenset({"state", "place", "enrolled_on", "reference_on", "ended_on", "ending"})

    study = models.ForeignKey(Study, models.PROTECT, related_name="subjects")
    code = models.CharField(max_length=40)
    sex = models.CharField(max_length=1, choices=[("F", "Female"), ("M", "Male"), ("U", "Unknown")])
    place = models.ForeignKey(Place, models.PROTECT, null=True, related_name="subjects")
    born_on = models.DateField(null=True)
    age = MeasuredField(blank=True, default="")
    age_unit = models.CharField(max_length=10, blank=True, default="")
    screened_on = models.DateField(null=True)
    enrolled_on = models.DateField(null=True)
    reference_on = models.DateField(null=True)
    ended_on = models.DateField(null=True)
    ending = models.CharField(max_length=200, blank=True, default="")
    state = models.CharField(max_length=10, choices=State.choices, default=State.SCREENED)
    details = CanonicalJSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "code"], name="studies_subject_code_once")]

    def __str__(self) -> str:
        return self.code

    @property
    def is_in_study(self) -> bool:
        """Whether the subject takes part today."""
        return self.state in (self.State.SCREENED, self.State.ENROLLED) and not self.is_void


class Allocation(Record):
    """The arm of a subject of an open study. `sources` names the list or result that it came from."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="allocations")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="allocations")
    arm = models.ForeignKey(Arm, models.PROTECT, related_name="allocations")
    group = models.CharField(max_length=30, blank=True, default="")
    sources = CanonicalJSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject"], condition=Q(is_void=False), name="studies_one_arm_a_subject")
        ]

    def __str__(self) -> str:
        return f"{self.subject} to {self.arm}"
