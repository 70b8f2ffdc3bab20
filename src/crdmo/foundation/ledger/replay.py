"""Replay: all tables of records, rebuilt from the ledger alone into an empty database, through the same guards.

Entries are carried over byte for byte; each row is written from its entry's state in the present layout. Equal digests
of every table show that the tables are nothing but the ledger's last page. Source and target may be different engines.

What is no record is not in the ledger and is not rebuilt: log-ins and tokens (secrets), personal values (erasable),
drafts and notices.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction

from crdmo.proof import canonical

from ..refusals import Invalid, Refused
from . import chainwriter, state, thread
from .models import Entry, Record, record_types

PIECE = 2000


@dataclass(frozen=True)
class Replay:
    """What was rebuilt: number of entries and rows, and the tables whose digests differ (none, if all is well)."""

    entries: int
    rows: int
    digests: dict[str, str]
    differing: tuple[str, ...]

    @property
    def equal(self) -> bool:
        """True when every table came out as it was."""
        return not self.differing


def digest(model: type[Record], using: str = DEFAULT_DB_ALIAS) -> str:
    """Return the SHA-256 over all rows of a record type, by key: the same on every engine for the same contents."""
    found = hashlib.sha256()
    for record in model._default_manager.using(using).order_by("pk").iterator(PIECE):
        row = [str(record.id), record.version, record.entry, record.is_void, state.of(record)]
        found.update(canonical.encode(row) + b"\n")
    return found.hexdigest()


def digests(using: str = DEFAULT_DB_ALIAS) -> dict[str, str]:
    """Return the digest of every table of records."""
    return {name: digest(model, using) for name, model in sorted(record_types().items())}


def replay(source: str, target: str, progress: Callable[[int, int, str], None] | None = None) -> Replay:
    """Rebuild all records of one database in another, empty one, and compare.

    Raises:
        Refused: the target holds entries already.
        Invalid: an entry's state cannot be brought into the present layout.
    """
    if Entry.objects.using(target).exists():
        raise Refused("a replay goes into an empty database", given=f"{target} holds entries")
    hand, done, of = _Hand(target), 0, Entry.objects.using(source).count()
    for part in _pieces(source):
        with transaction.atomic(using=target):
            hand.take(part)
        done += len(part)
        if progress is not None:
            progress(done, of, "entries")
    before, after = digests(source), digests(target)
    differing = tuple(name for name in before if before[name] != after[name])
    return Replay(done, hand.rows, after, differing)


def _pieces(source: str) -> Iterator[list[Entry]]:
    last = 0
    while part := list(Entry.objects.using(source).filter(seq__gt=last).order_by("seq")[:PIECE]):
        yield part
        last = part[-1].seq


class _Hand:
    """Writes entries and rows into the target, a piece of the ledger at a time."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.rows = 0
        self.known = record_types()
        self.heads: dict[str, tuple[int, bytes]] = {}

    def take(self, part: list[Entry]) -> None:
        """Write a piece: its entries, then their rows in order, then the heads."""
        writer = chainwriter.ChainWriter(self.target)
        writer.carry([self._columns(entry) for entry in part])
        run: list[Record] = []
        for entry in part:
            record = self._record(entry)
            if record is None:
                continue
            if run and (record.version > 1 or type(run[0]) is not type(record)):
                self._create(writer, run)
                run = []
            if record.version > 1:
                self._change(writer, record)
            else:
                run.append(record)
        self._create(writer, run)
        streams = {entry.stream: (entry.stream_seq, bytes(entry.hash)) for entry in part}
        for stream in streams:
            writer.stream_head(stream)
        last = canonical.decode(bytes(part[-1].body))["at"]
        writer.move({**streams, "": (part[-1].seq, bytes(part[-1].hash))}, last)

    def _columns(self, entry: Entry) -> tuple[Any, ...]:
        connection = connections[self.target]
        when = models.DateTimeField().get_db_prep_save(entry.at, connection)
        act, record = (models.UUIDField().get_db_prep_save(key, connection) for key in (entry.act, entry.record_id))
        return (
            entry.seq, entry.stream, entry.stream_seq, when, act, entry.actor, entry.action, entry.operation,
            entry.record_type, record, entry.version, bytes(entry.body), bytes(entry.prev), bytes(entry.stream_prev),
            bytes(entry.hash),
        )  # fmt: skip

    def _record(self, entry: Entry) -> Record | None:
        if entry.operation == "event":
            return None
        model = self.known.get(entry.record_type)
        if model is None:
            raise Invalid(
                "this release does not know the record type", given=f"{entry.record_type} of entry {entry.seq}"
            )
        body = canonical.decode(bytes(entry.body))
        values = state.values(model, state.upgraded(model, body["schema"], body["state"]))
        return model(id=UUID(body["record"]), version=body["version"], entry=entry.seq, **values)

    def _create(self, writer: chainwriter.ChainWriter, run: list[Record]) -> None:
        if not run:
            return
        writer.insert(type(run[0]), run)
        self.rows += len(run)
        edges = [edge for record in run for edge in thread.edges_of(type(record), record.id, state.of(record))]
        if edges:
            thread.weave(self.target, edges)

    def _change(self, writer: chainwriter.ChainWriter, record: Record) -> None:
        before = type(record)._default_manager.using(self.target).get(pk=record.pk)
        old, new = state.of(before), state.of(record)
        if not writer.update(record, record.version - 1):
            raise Invalid("the ledger's versions do not follow each other", given=f"entry {record.entry}")
        thread.rethread(record, new, {name for name in new if new[name] != old.get(name)}, self.target)
