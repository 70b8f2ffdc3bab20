"""What the ledger keeps: entries, the heads of its chains, checkpoints, and personal data apart from the chain."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from django.db import models

from crdmo.proof.identifiers import uuid7

State = dict[str, Any]
APPEND_ONLY = ("ledger_entry", "ledger_checkpoint")


class Entry(models.Model):
    """One line of the ledger. `body` holds everything; the other columns are an index over it."""

    seq = models.BigIntegerField(primary_key=True)
    stream = models.CharField(max_length=40)
    stream_seq = models.BigIntegerField()
    at = models.DateTimeField()
    act = models.UUIDField()
    actor = models.CharField(max_length=40)
    action = models.CharField(max_length=80)
    operation = models.CharField(max_length=8)
    record_type = models.CharField(max_length=60)
    record_id = models.UUIDField()
    version = models.IntegerField()
    body = models.BinaryField()
    prev = models.BinaryField()
    stream_prev = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        db_table = "ledger_entry"
        constraints = [
            models.UniqueConstraint(fields=["record_id", "version"], name="ledger_one_entry_a_version"),
            models.UniqueConstraint(fields=["stream", "stream_seq"], name="ledger_no_fork_in_stream"),
        ]

    def __str__(self) -> str:
        return f"entry {self.seq}"


class Head(models.Model):
    """The last entry of the whole chain (stream "") and of each stream: what a writer locks."""

    stream = models.CharField(max_length=40, primary_key=True)
    seq = models.BigIntegerField()
    hash = models.BinaryField()
    at = models.CharField(max_length=30)

    class Meta:
        db_table = "ledger_head"

    def __str__(self) -> str:
        return f"head of {self.stream or 'all'}"


class Checkpoint(models.Model):
    """A signed root over the first `size` entries. The same note lies outside the database."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    note = models.TextField()
    frontier = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "ledger_checkpoint"

    def __str__(self) -> str:
        return f"checkpoint {self.size}"


class Personal(models.Model):
    """A personal value behind its commitment. Deleting the row erases the person and leaves the proof."""

    commitment = models.CharField(max_length=64, primary_key=True)
    salt = models.BinaryField()
    value = models.TextField()
    record_id = models.UUIDField(db_index=True)
    field = models.CharField(max_length=60)

    class Meta:
        db_table = "ledger_personal"

    def __str__(self) -> str:
        return f"personal value of {self.record_id}"


class Sealed(models.Model):
    """A value that stays closed for who reads records, such as the arm of a subject, behind its commitment.

    Nothing but an act opens it, and each opening is an entry. It is never erased, exported or put into a bundle.
    """

    commitment = models.CharField(max_length=64, primary_key=True)
    salt = models.BinaryField()
    value = models.TextField()
    record_id = models.UUIDField(db_index=True)
    field = models.CharField(max_length=60)

    class Meta:
        db_table = "ledger_sealed"

    def __str__(self) -> str:
        return f"sealed value of {self.record_id}"


class Edge(models.Model):
    """One step of the thread: `downstream` was made from (data) or belongs to (part) `upstream`. Read from states."""

    upstream = models.UUIDField()
    downstream = models.UUIDField()
    kind = models.CharField(max_length=4)

    class Meta:
        db_table = "ledger_edge"
        constraints = [models.UniqueConstraint(fields=["upstream", "downstream", "kind"], name="ledger_edge_once")]
        indexes = [models.Index(fields=["downstream"], name="ledger_edge_back")]

    def __str__(self) -> str:
        return f"{self.downstream} from {self.upstream}"


class Stale(models.Model):
    """A record that stands on data changed since. It goes when the record is made anew from what stands now."""

    record_id = models.UUIDField()
    cause = models.UUIDField()
    entry = models.BigIntegerField()

    class Meta:
        db_table = "ledger_stale"
        constraints = [models.UniqueConstraint(fields=["record_id", "cause"], name="ledger_stale_once")]

    def __str__(self) -> str:
        return f"{self.record_id} stale by {self.cause}"


class Record(models.Model):
    """A versioned GxP record: written by `ledger.act` only, never changed in place, never deleted.

    Class attributes that a record type may set:
        schema: number of the present layout of its state.
        upgrades: {old schema number: pure function state → state of the next number}.
        steps: names of fields that a workflow step moves on; changing others needs a reason.
        personal: names of text fields whose values are kept apart, behind a commitment.
        sealed: names of text fields whose values are closed behind a commitment until an act opens them.
        searched: whether people look for such a record by its number or name.
    """

    schema: ClassVar[int] = 1
    upgrades: ClassVar[dict[int, Callable[[State], State]]] = {}
    steps: ClassVar[frozenset[str]] = frozenset()
    personal: ClassVar[tuple[str, ...]] = ()
    sealed: ClassVar[tuple[str, ...]] = ()
    searched: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey("accounts.Organization", models.PROTECT, null=True, related_name="+")
    program = models.ForeignKey("accounts.Program", models.PROTECT, null=True, related_name="+")
    version = models.IntegerField(editable=False)
    entry = models.BigIntegerField(editable=False)
    is_void = models.BooleanField(default=False, editable=False)

    class Meta:
        abstract = True

    @classmethod
    def record_type(cls) -> str:
        """Return the type's name in the ledger, e.g. `quality.result`."""
        return cls._meta.label_lower

    @classmethod
    def lineage(cls, contents: State) -> list[tuple[str, str, str]]:
        """Return edges of the thread that a state declares beyond its own foreign keys and sources."""
        return []

    def stream(self) -> str:
        """Return the chain this record belongs to: its program, else its organization, else the installation."""
        return str(self.program_id or self.organization_id or "installation")

    @property
    def reference(self) -> UUID:
        """Return the key that other records and addresses use."""
        return self.id


def record_types() -> dict[str, type[Record]]:
    """Return every concrete record type by its name in the ledger."""
    from django.apps import apps  # noqa: PLC0415 — the registry is complete only after start-up

    return _record_types(tuple(apps.get_models()))


@cache
def _record_types(known: tuple[type[models.Model], ...]) -> dict[str, type[Record]]:
    return {m.record_type(): m for m in known if issubclass(m, Record)}
