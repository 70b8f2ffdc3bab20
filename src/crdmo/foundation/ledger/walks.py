"""Walks along the thread: the shortest way between two records, and a thread summed up by kinds of record.

A thread of thousands of records is no picture. Its kinds are: which kinds of record there are, how many of each, and from
which kind a step leads to which. Records of a kind that is not shown are passed through, so that no way is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from . import stored_keys
from .thread import DEEP


@dataclass(frozen=True)
class Kinds:
    """A thread by kinds: the records of each that may be seen, nearest first, and the steps between kinds."""

    records: dict[str, list[UUID]]
    steps: list[tuple[str, str]]


_BELOW = "SELECT DISTINCT upstream, downstream FROM ledger_edge WHERE upstream IN {keys}"
_TYPES = "SELECT record_id, record_type, stream FROM ledger_entry WHERE version = 1 AND record_id IN {keys}"


def way(start: UUID, end: UUID, *, depth: int = DEEP, most: int = 20_000, using: str = "default") -> list[UUID]:
    """Return the shortest way from a record down to another, both included; [] if none is within `depth` steps.

    At most `most` records are looked at, so that a question about two strangers ends.
    """
    first, last = stored_keys.stored([start, end], using)
    before: dict[stored_keys.Stored, stored_keys.Stored] = {first: None}
    layer = [first]
    while layer and last not in before and depth > 0 and len(before) < most:
        following: list[stored_keys.Stored] = []
        for up, down in sorted(stored_keys.among(_BELOW, layer, using)):
            if down not in before:
                before[down] = up
                following.append(down)
        layer, depth = following, depth - 1
    if last not in before:
        return []
    found: list[UUID] = []
    here = last
    while here is not None:
        found.append(stored_keys.opened(here))
        here = before[here]
    return found[::-1]


def types_of(wanted: Iterable[UUID], streams: Iterable[str], using: str = "default") -> dict[UUID, str]:
    """Return the type of each of the records that lies in the streams the reader may see."""
    seen = set(streams)
    rows = stored_keys.among(_TYPES, stored_keys.stored(wanted, using), using)
    return {stored_keys.opened(key): kind for key, kind, stream in rows if stream in seen}


def kinds(walk: dict[UUID, int], types: dict[UUID, str], shown: Collection[str], using: str = "default") -> Kinds:
    """Sum a thread up by the kinds in `shown`; every other record is passed through.

    Args:
        walk: {record key: steps}, as `upstream` and `downstream` return it, with the record they began at.
        types: the kind of each record that the reader may see; the others are not counted, and no way leads through
            them.
        shown: the kinds to count.
        using: the database.
    """
    records: dict[str, list[UUID]] = {}
    for key in sorted(types, key=lambda key: (walk[key], key)):
        if types[key] in shown:
            records.setdefault(types[key], []).append(key)
    kind_of = dict(zip(stored_keys.stored(types, using), types.values(), strict=True))
    below: dict[stored_keys.Stored, list[stored_keys.Stored]] = {}
    for up, down in stored_keys.among(_BELOW, kind_of, using):
        if down in kind_of:
            below.setdefault(up, []).append(down)
    steps: set[tuple[str, str]] = set()
    for kind, members in records.items():
        reached = _reached(stored_keys.stored(members, using), below, kind_of, shown)
        steps |= {(kind, other) for other in reached if other != kind}
    return Kinds(records, sorted(steps))


def _reached(
    members: list[stored_keys.Stored],
    below: dict[stored_keys.Stored, list[stored_keys.Stored]],
    types: dict[stored_keys.Stored, str],
    shown: Collection[str],
) -> set[str]:
    """Return the shown kinds that the records lead to, at once or through records of kinds that are not shown."""
    found: set[str] = set()
    passed: set[stored_keys.Stored] = set()
    waiting = [down for key in members for down in below.get(key, ())]
    while waiting:
        here = waiting.pop()
        if types[here] in shown:
            found.add(types[here])
        elif here not in passed:
            passed.add(here)
            waiting += below.get(here, ())
    return found


__all__ = ["Kinds", "kinds", "types_of", "way"]
