"""Who gets what, kept closed: the list, its places, the kits, and every opening.

An arm stands in the ledger as a commitment only. Nothing else of a record may follow from the arm: kit numbers are drawn
without regard to it, block sizes and the seed are sealed, and a kit is chosen by an order that the sealed seed makes.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from crdmo.common.studies.models import Place, Study, Subject
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.ledger.fields import CanonicalJSONField
from crdmo.foundation.ledger.models import Record


class RandomisationList(Record):
    """A list in stratified permuted blocks. `secret` holds seed, block sizes and generator: who has it has the list."""

    searched: ClassVar[bool] = False
    sealed: ClassVar[tuple[str, ...]] = ("secret",)

    study = models.ForeignKey(Study, models.PROTECT, related_name="randomisation_lists")
    strata = CanonicalJSONField(default=list)
    length = models.PositiveIntegerField()
    secret = models.TextField()
    prepared_by = models.ForeignKey(Person, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study"], condition=Q(is_void=False), name="clinical_one_list_a_study")
        ]

    def __str__(self) -> str:
        return f"randomisation list of {self.study}"


class Slot(Record):
    """One place on the list."""

    searched: ClassVar[bool] = False
    sealed: ClassVar[tuple[str, ...]] = ("arm",)

    listing = models.ForeignKey(RandomisationList, models.PROTECT, related_name="slots")
    stratum = models.CharField(max_length=60)
    number = models.PositiveIntegerField()
    arm = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["listing", "stratum", "number"], name="clinical_slot_once")]

    def __str__(self) -> str:
        return f"{self.stratum} {self.number}"


class Kit(Record):
    """A numbered kit of study treatment at a site."""

    class State(models.TextChoices):
        AT_SITE = "at_site", "At the site"
        ASSIGNED = "assigned", "Assigned"
        DISPENSED = "dispensed", "Dispensed"
        WITHDRAWN = "withdrawn", "Withdrawn"

    searched: ClassVar[bool] = False
    steps: ClassVar[frozenset[str]] = frozenset({"state"})
    sealed: ClassVar[tuple[str, ...]] = ("arm",)

    study = models.ForeignKey(Study, models.PROTECT, related_name="kits")
    place = models.ForeignKey(Place, models.PROTECT, related_name="kits")
    number = models.CharField(max_length=12)
    arm = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.AT_SITE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "number"], name="clinical_kit_once")]

    def __str__(self) -> str:
        return f"Kit {self.number}"


class Randomisation(Record):
    """A subject randomised: the stratum as answered, the place on the list, the kit. Who is randomised keeps the place."""

    searched: ClassVar[bool] = False

    study = models.ForeignKey(Study, models.PROTECT, related_name="randomisations")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="randomisations")
    slot = models.ForeignKey(Slot, models.PROTECT, related_name="+")
    kit = models.ForeignKey(Kit, models.PROTECT, related_name="+")
    stratum = models.CharField(max_length=60)
    number = models.PositiveIntegerField()
    on = models.DateField()
    at = models.DateTimeField()
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject"], name="clinical_randomised_once"),
            models.UniqueConstraint(fields=["slot"], name="clinical_slot_used_once"),
            models.UniqueConstraint(fields=["kit"], name="clinical_kit_used_once"),
        ]

    def __str__(self) -> str:
        return f"randomisation {self.number}"


class Unblinding(Record):
    """One subject's code was broken. That it was, and why, is for everybody to see; what came out is not."""

    searched: ClassVar[bool] = False

    study = models.ForeignKey(Study, models.PROTECT, related_name="unblindings")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="unblindings")
    randomisation = models.ForeignKey(Randomisation, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=1000)
    at = models.DateTimeField()
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"unblinding of {self.subject}"


class TrialUnblinding(Record):
    """The trial as a whole was unblinded, after the database was locked."""

    searched: ClassVar[bool] = False

    study = models.ForeignKey(Study, models.PROTECT, related_name="trial_unblindings")
    lock = models.ForeignKey("clinical.DatabaseLock", models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study"], condition=Q(is_void=False), name="clinical_unblinded_once")
        ]

    def __str__(self) -> str:
        return f"unblinding of {self.study}"
