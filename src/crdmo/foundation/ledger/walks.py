"""Walks along the thread: the shortest way between two records, and a thread summed up by kinds of record.

A thread of thousands of records is no picture. Its kinds are: which kinds of record there are, how many of each, and from
which kind a step leads to which. Records of a kind that is not shown are passed through, so that no way is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from .models import Edge, Entry
from .thread import DEEP

STEP = 500


@dataclass(frozen=True)
class Kinds:
    """A thread by kinds: the records of each that may be seen, nearest first, and the steps between kinds."""

    records: dict[str, list[UUID]]
    steps: list[tuple[str, str]]


def _edges(keys: Iterable[UUID], side: str, using: str) -> list[tuple[UUID, UUID]]:
    wanted, found = list(keys), []
    for start in range(0, len(wanted), STEP):
        rows = Edge.objects.using(using).filter(**{f"{side}__in": wanted[start : start + STEP]})
        found += list(rows.values_list("upstream", "downstream").distinct())
    return found


def way(start: UUID, end: UUID, *, depth: int = DEEP, most: int = 20_000, using: str = "default") -> list[UUID]:
    """Return the shortest way from a record down to another, both included; [] if none is within `depth` steps.

    At most `most` records are looked at, so that a question about two strangers ends.
    """
    before: dict[UUID, UUID | None] = {start: None}
    layer = [start]
    while layer and end not in before and depth > 0 and len(before) < most:
        following: list[UUID] = []
        for up, down in sorted(_edges(layer, "upstream", using)):
            if down not in before:
                before[down] = up
                following.append(down)
        layer, depth = following, depth - 1
    if end not in before:
        return []
    found: list[UUID] = []
    here: UUID | None = end
    while here is not None:
        found.append(here)
        here = before[here]
    return found[::-1]


def types_of(keys: Iterable[UUID], streams: Iterable[str], using: str = "default") -> dict[UUID, str]:
    """Return the type of each of the records that lies in the streams the reader may see."""
    wanted, seen = list(keys), list(streams)
    found: dict[UUID, str] = {}
    for start in range(0, len(wanted), STEP):
        rows = Entry.objects.using(using).filter(record_id__in=wanted[start : start + STEP], version=1, stream__in=seen)
        found.update(rows.values_list("record_id", "record_type"))
    return found


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
    below: dict[UUID, list[UUID]] = {}
    for up, down in _edges(types, "upstream", using):
        if up in types and down in types:
            below.setdefault(up, []).append(down)
    steps: set[tuple[str, str]] = set()
    for kind, keys in records.items():
        steps |= {(kind, other) for other in _reached(keys, below, types, shown) if other != kind}
    return Kinds(records, sorted(steps))


def _reached(
    keys: list[UUID], below: dict[UUID, list[UUID]], types: dict[UUID, str], shown: Collection[str]
) -> set[str]:
    """Return the shown kinds that the records lead to, at once or through records of kinds that are not shown."""
    found: set[str] = set()
    passed: set[UUID] = set()
    waiting = [down for key in keys for down in below.get(key, ())]
    while waiting:
        here = waiting.pop()
        if types[here] in shown:
            found.add(types[here])
        elif here not in passed:
            passed.add(here)
            waiting += below.get(here, ())
    return found


__all__ = ["Kinds", "kinds", "types_of", "way"]
