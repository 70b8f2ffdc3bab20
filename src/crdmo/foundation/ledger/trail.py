"""The audit trail as a reader asks for it: by record, by program, by person, by kind; what stood at an instant.

    page(Ask(streams=[program.id], only="changes", after=signed_entry))
    history(record.id)
    as_of(record.id, instant)

Every question goes through an index of the ledger (record and version; stream and number), and answers in pages by key,
so that it takes as long on the last page as on the first. Who may read what is asked by the caller: `streams` says it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Q, QuerySet

from crdmo.proof import canonical

from ..refusals import Invalid
from . import state
from .models import Entry, Record, State, record_types

MOST = 500
ONLY = {
    "changes": Q(operation="change"),
    "voids": Q(operation="void"),
    "refusals": Q(record_type="ledger.refusal"),
    "signatures": Q(record_type="signing.signature"),
    "events": Q(operation="event"),
    "records": ~Q(operation="event"),
}


@dataclass(frozen=True)
class Change:
    """One field that a version changed, with the value before and after."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Line:
    """One entry as a reader sees it. `changes` are against the version before; a first version has none."""

    seq: int
    at: dt.datetime
    actor: str
    name: str
    role: str
    action: str
    operation: str
    reason: str
    type: str
    record: UUID
    version: int
    act: UUID
    stream: str
    stream_seq: int
    schema: int
    state: State
    hash: str
    changes: tuple[Change, ...] = ()

    @property
    def present(self) -> State:
        """The state in the present layout of its record type."""
        return _present(self.type, self.schema, self.state)

    def as_json(self) -> dict[str, Any]:
        """Return the line as plain JSON."""
        told = {**vars(self), "at": state.instant(self.at), "record": str(self.record), "act": str(self.act)}
        return {**told, "changes": [vars(change) for change in self.changes]}


@dataclass(frozen=True)
class Ask:
    """What is asked of the trail. Everything given must hold.

    Attributes:
        streams: the chains the reader may see (`authority.streams_of`), or some of them.
        record: one record.
        actor: one person's key.
        action: a verb, or a service (`quality.`) with a point at the end.
        types: record types.
        only: changes, voids, refusals, signatures, events or records.
        after: entries after this one, e.g. the one that was signed.
        since, until: server time.
    """

    streams: Sequence[str | UUID]
    record: UUID | None = None
    actor: str = ""
    action: str = ""
    types: Sequence[str] = ()
    only: str = ""
    after: int = 0
    since: dt.datetime | None = None
    until: dt.datetime | None = None


@dataclass(frozen=True)
class Page:
    """Some lines, and the entry to give as `before` for the next page, or None."""

    lines: list[Line]
    next: int | None = field(default=None)


def asked(ask: Ask, using: str = DEFAULT_DB_ALIAS) -> QuerySet[Entry]:
    """Return the entries that an Ask means, in no order.

    Raises:
        Invalid: `only` is none of those known.
    """
    rows = Entry.objects.using(using).filter(stream__in=[str(stream) for stream in ask.streams])
    if ask.only:
        if ask.only not in ONLY:
            raise Invalid("the trail cannot be filtered by this", given=ask.only, allowed=", ".join(sorted(ONLY)))
        rows = rows.filter(ONLY[ask.only])
    exact = {"record_id": ask.record, "actor": ask.actor, "at__gte": ask.since, "at__lte": ask.until}
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if ask.action:
        rows = (
            rows.filter(action__startswith=ask.action) if ask.action.endswith(".") else rows.filter(action=ask.action)
        )
    if ask.types:
        rows = rows.filter(record_type__in=ask.types)
    return rows.filter(seq__gt=ask.after) if ask.after else rows


def page(ask: Ask, *, before: int | None = None, limit: int = 50, using: str = DEFAULT_DB_ALIAS) -> Page:
    """Return the newest entries asked for, before an entry if one is given, with what each changed."""
    limit = min(max(limit, 1), MOST)
    rows = asked(ask, using)
    if before is not None:
        rows = rows.filter(seq__lt=before)
    found = list(rows.order_by("-seq")[: limit + 1])
    shown = found[:limit]
    return Page(lines(shown, using), shown[-1].seq if len(found) > limit else None)


def lines(entries: Sequence[Entry], using: str = DEFAULT_DB_ALIAS) -> list[Line]:
    """Return entries as lines, in their order, with what each changed against the version before it."""
    earlier = _earlier(entries, using)
    found = []
    for entry in entries:
        body = canonical.decode(bytes(entry.body))
        before = earlier.get((entry.record_id, entry.version - 1))
        found.append(_line(entry, body, _differences(before, body)))
    return found


def _earlier(entries: Sequence[Entry], using: str) -> dict[tuple[UUID, int], dict[str, Any]]:
    """Return the bodies of the versions before, most of them among the entries themselves."""
    bodies = {(e.record_id, e.version): e for e in entries}
    wanted = {(e.record_id, e.version - 1) for e in entries if e.version > 1}
    missing = sorted(wanted - bodies.keys())
    if missing:
        native = connections[using].features.has_native_uuid_field
        pairs = ", ".join(["(%s, %s)"] * len(missing))
        sql = f"SELECT seq FROM ledger_entry WHERE (record_id, version) IN (VALUES {pairs})"  # noqa: S608
        with connections[using].cursor() as cursor:
            cursor.execute(
                sql, [part for record, version in missing for part in (record if native else record.hex, version)]
            )
            seqs = [row[0] for row in cursor.fetchall()]
        bodies |= {(e.record_id, e.version): e for e in Entry.objects.using(using).filter(seq__in=seqs)}
    return {pair: canonical.decode(bytes(bodies[pair].body)) for pair in wanted if pair in bodies}


def _present(kind: str, schema: int, contents: State) -> State:
    model = record_types().get(kind)
    return contents if model is None else state.upgraded(model, schema, contents)


def _differences(before: dict[str, Any] | None, after: dict[str, Any]) -> tuple[Change, ...]:
    if before is None:
        return ()
    old, new = before["state"], after["state"]
    if before["schema"] != after["schema"]:
        # A change of layout in between is no change of data: both are compared in the present one.
        old, new = (_present(body["type"], body["schema"], body["state"]) for body in (before, after))
    names = sorted({*old, *new})
    return tuple(Change(n, old.get(n), new.get(n)) for n in names if old.get(n) != new.get(n))


def _line(entry: Entry, body: dict[str, Any], changes: tuple[Change, ...]) -> Line:
    told = {name: body[name] for name in ("actor", "name", "role", "action", "operation", "reason", "type", "stream")}
    return Line(
        seq=entry.seq, at=dt.datetime.fromisoformat(body["at"]), record=entry.record_id, version=entry.version,
        act=entry.act, stream_seq=entry.stream_seq, schema=body["schema"], state=body["state"],
        hash=bytes(entry.hash).hex(), changes=changes, **told,
    )  # fmt: skip


def history(record: UUID, *, before: int | None = None, limit: int = MOST, using: str = DEFAULT_DB_ALIAS) -> list[Line]:
    """Return the versions of a record, newest first, with what each changed; before a version, if one is given."""
    rows = Entry.objects.using(using).filter(record_id=record)
    if before is not None:
        rows = rows.filter(version__lt=before)
    return lines(list(rows.order_by("-version")[: min(max(limit, 1), MOST)]), using)


def as_of(record: UUID, instant: dt.datetime, *, using: str = DEFAULT_DB_ALIAS) -> Line | None:
    """Return the version of a record that stood at an instant, or None if it was not there yet.

    Raises:
        Invalid: the instant has no offset from UTC.
    """
    if instant.tzinfo is None:
        raise Invalid("an instant needs its offset from UTC", given=instant.isoformat(), allowed="2026-11-24T11:00:00Z")
    rows = Entry.objects.using(using).filter(record_id=record, at__lte=instant).order_by("-version")
    found = lines(list(rows[:1]), using)
    return found[0] if found else None


def row_as_of(model: type[Record], key: UUID, instant: dt.datetime, *, using: str = DEFAULT_DB_ALIAS) -> Record | None:
    """Return a record as it stood at an instant, as an object that is not to be written."""
    line = as_of(key, instant, using=using)
    if line is None:
        return None
    return model(id=key, version=line.version, entry=line.seq, **state.values(model, line.present))


def every(ask: Ask, *, using: str = DEFAULT_DB_ALIAS, piece: int = MOST) -> Iterator[Line]:
    """Yield all that is asked for, oldest first, for exports and reviews of any length."""
    for part in walk(asked(ask, using), using, piece):
        yield from part


def walk(rows: QuerySet[Entry], using: str, piece: int = MOST) -> Iterator[list[Line]]:
    """Yield chosen entries as lines, oldest first, in pieces."""
    last = 0
    while part := list(rows.filter(seq__gt=last).order_by("seq")[:piece]):
        yield lines(part, using)
        last = part[-1].seq


def people(streams: Iterable[str | UUID], *, using: str = DEFAULT_DB_ALIAS) -> dict[str, str]:
    """Return who appears in some chains: {key: printed name last used}, for the filter of a page."""
    rows = Entry.objects.using(using).filter(stream__in=[str(stream) for stream in streams]).order_by()
    found = {}
    for actor in rows.values_list("actor", flat=True).distinct():
        last = rows.filter(actor=actor).order_by("-seq").values_list("body", flat=True)[:1]
        found[actor] = json.loads(bytes(last[0]))["name"]
    return dict(sorted(found.items(), key=lambda item: item[1]))
