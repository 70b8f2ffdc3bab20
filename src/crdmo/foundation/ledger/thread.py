"""The thread: from any record to what it stands on and to all that stands on it.

Edges are read from states: a foreign key to another record makes a `part` edge, the `sources` of a record make `data`
edges. A correction upstream marks everything downstream along data edges as stale; nothing signed changes by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.db import models

from crdmo.proof import canonical

from . import state, stored_keys
from .models import Edge, Entry, Record, Stale, State, record_types

TENANTS = "accounts"
DEEP = 40


def data_hash(record: Record) -> str:
    """Return the digest of a record's data: its state without the fields that only a workflow step moves on."""
    skip = type(record).steps
    return hashlib.sha256(canonical.encode({k: v for k, v in state.of(record).items() if k not in skip})).hexdigest()


def sources_of(records: Iterable[Record]) -> list[dict[str, Any]]:
    """Return the `sources` of a record made from these: key, type, version and digest of the data of each."""
    return [{"record": str(r.id), "type": r.record_type(), "version": r.version, "data": data_hash(r)} for r in records]


@cache
def links(model: type[Record]) -> tuple[str, ...]:
    """Return the foreign keys of a record type that are part of the thread: all but those to tenants and people."""
    return tuple(
        field.name
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.related_model._meta.app_label != TENANTS
    )


def edges_of(model: type[Record], key: UUID, contents: State) -> list[tuple[UUID, UUID, str]]:
    """Return the edges that a state declares, as (upstream, downstream, kind)."""
    found = [(UUID(contents[name]), key, "part") for name in links(model) if contents.get(name)]
    found += [(UUID(source["record"]), key, "data") for source in contents.get("sources") or ()]
    found += [(UUID(up), UUID(down), kind) for up, down, kind in model.lineage(contents)]
    return found


def weave(using: str, edges: list[tuple[UUID, UUID, str]]) -> None:
    """Add edges to the index; those already there stay."""
    rows = [Edge(upstream=up, downstream=down, kind=kind) for up, down, kind in edges if up != down]
    Edge.objects.using(using).bulk_create(rows, ignore_conflicts=True, batch_size=300)


def _walk(
    key: UUID, near: str, far: str, *, only_data: bool, depth: int, limit: int | None, using: str
) -> dict[UUID, int]:
    """Go from layer to layer, so that each record is left once however many ways lead to it."""
    only = "AND kind = 'data'" if only_data else ""
    sql = f"SELECT DISTINCT {far} FROM ledger_edge WHERE {near} IN {{keys}} {only}"  # noqa: S608 — fixed names
    layer = stored_keys.stored([key], using)
    found: dict[stored_keys.Stored, int] = {layer[0]: 0}
    steps = 0
    while layer and steps < depth and (limit is None or len(found) <= limit):
        steps += 1
        layer = sorted(far_key for (far_key,) in stored_keys.among(sql, layer, using) if far_key not in found)
        found.update(dict.fromkeys(layer, steps))
    nearest = list(found.items())[1 : None if limit is None else limit + 1]
    return {stored_keys.opened(far_key): at for far_key, at in nearest}


def upstream(
    key: UUID, *, only_data: bool = False, depth: int = DEEP, limit: int | None = 5000, using: str = "default"
) -> dict[UUID, int]:
    """Return what a record stands on: {record key: number of steps}."""
    return _walk(key, "downstream", "upstream", only_data=only_data, depth=depth, limit=limit, using=using)


def downstream(
    key: UUID, *, only_data: bool = False, depth: int = DEEP, limit: int | None = 5000, using: str = "default"
) -> dict[UUID, int]:
    """Return what stands on a record: {record key: number of steps}."""
    return _walk(key, "upstream", "downstream", only_data=only_data, depth=depth, limit=limit, using=using)


def spread(record: Record, using: str) -> None:
    """Mark everything that stands on a record's data as stale, after that data was changed."""
    gone = downstream(record.id, only_data=True, limit=None, using=using)
    rows = [Stale(record_id=key, cause=record.id, entry=record.entry) for key in gone]
    Stale.objects.using(using).bulk_create(rows, ignore_conflicts=True, batch_size=300)


def refresh(record: Record, using: str) -> None:
    """Take the mark from a record that was made anew, unless one of its sources is itself stale."""
    marks = Stale.objects.using(using).filter(record_id=record.id)
    for mark in marks:
        source = next((s for s in getattr(record, "sources", []) if s["record"] == str(mark.cause)), None)
        through = [UUID(s["record"]) for s in getattr(record, "sources", [])]
        if source is None and Stale.objects.using(using).filter(record_id__in=through, cause=mark.cause).exists():
            continue
        mark.delete()


def rethread(record: Record, contents: State, changed: set[str], using: str) -> None:
    """Keep the thread true after a change: new edges, marks on what stands on changed data, none on the renewed."""
    if changed & {"sources", *links(type(record))}:
        weave(using, edges_of(type(record), record.id, contents))
    if "sources" in changed:
        refresh(record, using)
    if not changed <= type(record).steps:
        spread(record, using)


def stale_causes(keys: Iterable[UUID], using: str = "default") -> dict[UUID, list[UUID]]:
    """Return, for those of the records that are stale, the records whose change made them so."""
    found: dict[UUID, list[UUID]] = {}
    sql = "SELECT record_id, cause FROM ledger_stale WHERE record_id IN {keys} ORDER BY id"
    for record, cause in stored_keys.among(sql, stored_keys.stored(keys, using), using):
        found.setdefault(stored_keys.opened(record), []).append(stored_keys.opened(cause))
    return found


@dataclass(frozen=True)
class Node:
    """A record on the thread as people see it."""

    key: UUID
    type: str
    label: str
    state: str
    version: int
    stale: bool
    depth: int
    record: Record

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "id": str(self.key),
            "type": self.type,
            "label": self.label,
            "state": self.state,
            "version": self.version,
            "stale": self.stale,
            "steps": self.depth,
        }


def nodes(keys: dict[UUID, int], streams: Iterable[str], using: str = "default") -> list[Node]:
    """Return the records of a walk that lie in the streams the reader may see, nearest first."""
    seen = set(streams)
    rows = (
        Entry.objects.using(using).filter(record_id__in=list(keys), version=1).values_list("record_id", "record_type")
    )
    by_type: dict[str, list[UUID]] = {}
    for key, kind in rows:
        by_type.setdefault(kind, []).append(key)
    marked = stale_causes(keys, using)
    found = []
    for kind, wanted in by_type.items():
        model = record_types().get(kind)
        for record in model._default_manager.using(using).filter(pk__in=wanted) if model else ():
            if record.stream() in seen:
                label, now = str(record), str(getattr(record, "state", "") or "")
                word = "void" if record.is_void else now
                found.append(
                    Node(record.id, kind, label, word, record.version, record.id in marked, keys[record.id], record)
                )
    return sorted(found, key=lambda node: (node.depth, node.type, node.label))
