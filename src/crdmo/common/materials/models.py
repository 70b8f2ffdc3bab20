"""The physical thread: what there is, how much of it, where it came from, who had it in hand, until when it is good.

A `Flow` is a quantity that went from one lot, container or sample into another (or out of the house); the sum of what
went out of a thing and what is left of it is what came in, at every moment.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.foundation.accounts.models import Organization, Person
from crdmo.foundation.ledger.fields import MeasuredField
from crdmo.foundation.ledger.models import Record, State


class Substance(Record):
    """What a lot is a lot of: a drug substance, a product, an intermediate, an excipient, a reagent."""

    class Kind(models.TextChoices):
        SUBSTANCE = "drug_substance", "Drug substance"
        PRODUCT = "drug_product", "Drug product"
        INTERMEDIATE = "intermediate", "Intermediate"
        EXCIPIENT = "excipient", "Excipient"
        MATERIAL = "material", "Starting material or reagent"

    code = models.CharField(max_length=30)
    name = models.CharField(max_length=160)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    smiles = models.TextField(blank=True, default="")
    cas = models.CharField(max_length=20, blank=True, default="")
    dosage_form = models.CharField(max_length=60, blank=True, default="")
    strength = models.CharField(max_length=40, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Lot(Record):
    """A quantity of one substance made or received as one."""

    class Status(models.TextChoices):
        QUARANTINE = "quarantine", "Quarantine"
        RELEASED = "released", "Released"
        REJECTED = "rejected", "Rejected"
        HOLD = "hold", "On hold"

    steps: ClassVar[frozenset[str]] = frozenset({"status"})

    code = models.CharField(max_length=30)
    substance = models.ForeignKey(Substance, models.PROTECT, related_name="lots")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.QUARANTINE)
    amount = MeasuredField()
    unit = models.CharField(max_length=20)
    made_on = models.DateField(null=True, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    retest_on = models.DateField(null=True, blank=True)
    storage = models.CharField(max_length=120, blank=True, default="")
    maker = models.CharField(max_length=120, blank=True, default="")
    owner = models.ForeignKey(Organization, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.code

    @property
    def state(self) -> str:
        """The status, by the name that pages look for."""
        return self.status


class Container(Record):
    """A physical container of a lot."""

    steps: ClassVar[frozenset[str]] = frozenset({"state", "location"})

    code = models.CharField(max_length=30)
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="containers")
    amount = MeasuredField()
    unit = models.CharField(max_length=20)
    location = models.CharField(max_length=120, blank=True, default="")
    state = models.CharField(
        max_length=12, choices=[("stored", "Stored"), ("empty", "Empty"), ("disposed", "Disposed")], default="stored"
    )

    def __str__(self) -> str:
        return self.code


class Sample(Record):
    """A part of a lot that was taken to be tested or kept. `amount` is what it was registered with."""

    class State(models.TextChoices):
        REGISTERED = "registered", "Registered"
        RECEIVED = "received", "Received"
        ASSIGNED = "assigned", "Tests assigned"
        TESTED = "tested", "Tested"
        VERIFIED = "verified", "Verified"
        RETAINED = "retained", "Retained"
        DISPOSED = "disposed", "Disposed"
        REJECTED = "rejected", "Rejected on receipt"

    class Purpose(models.TextChoices):
        RELEASE = "release", "Release"
        STABILITY = "stability", "Stability"
        IN_PROCESS = "in_process", "In-process"
        INCOMING = "incoming", "Incoming"
        RETENTION = "retention", "Retention"
        VALIDATION = "validation", "Method validation"
        INVESTIGATION = "investigation", "Investigation"

    steps: ClassVar[frozenset[str]] = frozenset({"state", "location", "holder", "condition", "received_at"})

    code = models.CharField(max_length=30)
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="samples")
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="parts")
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    state = models.CharField(max_length=12, choices=State.choices, default=State.REGISTERED)
    amount = MeasuredField()
    unit = models.CharField(max_length=20)
    taken_on = models.DateField()
    due_on = models.DateField(null=True, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    location = models.CharField(max_length=120, blank=True, default="")
    holder = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    condition = models.CharField(max_length=120, blank=True, default="")
    received_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.code


class Flow(Record):
    """A quantity that went from one thing into another, or out."""

    class Kind(models.TextChoices):
        SPLIT = "split", "Split"
        MERGE = "merge", "Merged"
        REWORK = "rework", "Rework"
        SAMPLING = "sampling", "Sampled"
        USE = "use", "Used in a test"
        CONSUMPTION = "consumption", "Consumed in manufacture"
        SHIPMENT = "shipment", "Shipped"
        DISPOSAL = "disposal", "Disposed"
        LOSS = "loss", "Loss, explained"

    kind = models.CharField(max_length=12, choices=Kind.choices)
    from_lot = models.ForeignKey(Lot, models.PROTECT, null=True, related_name="outflows")
    from_container = models.ForeignKey(Container, models.PROTECT, null=True, related_name="outflows")
    from_sample = models.ForeignKey(Sample, models.PROTECT, null=True, related_name="outflows")
    to_lot = models.ForeignKey(Lot, models.PROTECT, null=True, related_name="inflows")
    to_container = models.ForeignKey(Container, models.PROTECT, null=True, related_name="inflows")
    to_sample = models.ForeignKey(Sample, models.PROTECT, null=True, related_name="inflows")
    amount = MeasuredField()
    unit = models.CharField(max_length=20)
    at = models.DateTimeField()
    note = models.CharField(max_length=300, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount} {self.unit}"

    @classmethod
    def lineage(cls, contents: State) -> list[tuple[str, str, str]]:
        """Return the step from the source of the quantity to where it went."""
        ups = [contents[f"from_{kind}"] for kind in ("lot", "container", "sample") if contents[f"from_{kind}"]]
        downs = [contents[f"to_{kind}"] for kind in ("lot", "container", "sample") if contents[f"to_{kind}"]]
        return [(up, down, "part") for up in ups for down in downs]


class Custody(Record):
    """Who had a sample or container in hand, where, since when, in what condition."""

    class Step(models.TextChoices):
        REGISTERED = "registered", "Registered"
        RECEIVED = "received", "Received"
        MOVED = "moved", "Moved"
        HANDED_OUT = "handed_out", "Handed out"
        RETURNED = "returned", "Returned"
        DISPOSED = "disposed", "Disposed"

    sample = models.ForeignKey(Sample, models.PROTECT, null=True, related_name="custody")
    container = models.ForeignKey(Container, models.PROTECT, null=True, related_name="custody")
    step = models.CharField(max_length=12, choices=Step.choices)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    location = models.CharField(max_length=120, blank=True, default="")
    condition = models.CharField(max_length=120, blank=True, default="")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.get_step_display()} by {self.person}"
