"""The registry: what was brought, what it was decided to be, and the compound, its forms and lots."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.common.materials.models import Lot
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.computing.models import Result
from crdmo.foundation.datasets.models import Dataset
from crdmo.foundation.ledger.fields import CanonicalJSONField, MeasuredField
from crdmo.foundation.ledger.models import Record


class Upload(Record):
    """A file or text of structures, sealed as it came; it is registered whole or not at all."""

    class State(models.TextChoices):
        STAGED = "staged", "To decide"
        REGISTERED = "registered", "Registered"
        DISCARDED = "discarded", "Discarded"

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    code = models.CharField(max_length=30)
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=[("sdf", "SD file"), ("csv", "Table"), ("smiles", "SMILES")])
    no_chiral_flag = models.CharField(
        max_length=10, choices=[("absolute", "Absolute"), ("racemic", "Racemic")], default="absolute"
    )
    records = models.IntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.STAGED)
    brought_by = models.ForeignKey(Person, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.code


class Compound(Record):
    """A parent structure. Its number is the sponsor's; its keys say who it is, layer by layer."""

    code = models.CharField(max_length=30)
    name = models.CharField(max_length=160, blank=True, default="")
    smiles = models.TextField()
    key = models.CharField(max_length=64)
    key_exact = models.CharField(max_length=64)
    key_isotope = models.CharField(max_length=64)
    key_stereo = models.CharField(max_length=64)
    key_skeleton = models.CharField(max_length=64)
    inchi_key = models.CharField(max_length=27)
    stereo_kind = models.CharField(max_length=12)
    formula = models.CharField(max_length=120)
    weight = MeasuredField()
    computed = models.ForeignKey(Result, models.PROTECT, related_name="+")
    relative = models.ForeignKey("self", models.PROTECT, null=True, related_name="variants")
    relation = models.CharField(max_length=40, blank=True, default="")
    sources = CanonicalJSONField(default=list)

    def __str__(self) -> str:
        return self.code


class Form(Record):
    """The salt form or solvate of a compound: what stands beside the parent, and the weight of one parent with it."""

    compound = models.ForeignKey(Compound, models.PROTECT, related_name="forms")
    code = models.CharField(max_length=34)
    name = models.CharField(max_length=160)
    parts = CanonicalJSONField(default=list)
    weight = MeasuredField()

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class CompoundLot(Record):
    """What was made of a form at one time; what plates are filled from."""

    form = models.ForeignKey(Form, models.PROTECT, related_name="lots")
    code = models.CharField(max_length=40)
    source_name = models.CharField(max_length=160, blank=True, default="")
    material = models.ForeignKey(Lot, models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return self.code


class Registration(Record):
    """What was decided on one record of an upload, and why."""

    class Decision(models.TextChoices):
        NEW = "new", "New compound"
        KNOWN = "known", "New lot of a known form"
        FORM = "form", "New form of a known compound"
        VARIANT = "variant", "New compound, variant of a known one"

    upload = models.ForeignKey(Upload, models.PROTECT, related_name="registrations")
    number = models.IntegerField()
    decision = models.CharField(max_length=8, choices=Decision.choices)
    reason = models.TextField()
    lot = models.ForeignKey(CompoundLot, models.PROTECT, related_name="+")
    computed = models.ForeignKey(Result, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.upload} record {self.number}"
