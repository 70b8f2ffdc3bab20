"""The chain: bytes as stored, links, order, time, streams, and the columns that only index what the bytes say.

This is the part that runs over every entry, so it is written for speed: 200,000 entries a second and core when only the
chain is asked for.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connections

from crdmo.proof.chain import GENESIS
from crdmo.proof.merkle import Frontier

from ..models import Entry
from .findings import Findings
from .reading import entries, fetch, instant_as_stored

BLOB = re.compile(rb'"(sha256:[0-9a-f]{64})"')
LINKS = ("seq", "prev", "stream_prev", "body", "hash")
INDEX = (
    "stream", "stream_seq", "at", "act", "actor", "action", "operation", "record_type", "record_id", "version",
)  # fmt: skip
KEYS = {
    "v", "seq", "stream", "stream_seq", "at", "act", "actor", "name", "role", "action", "operation", "reason", "type",
    "schema", "record", "version", "organization", "state",
}  # fmt: skip


@dataclass
class Read:
    """What the pass over the chain leaves for the other checks."""

    seq: int = 0
    head: bytes = GENESIS
    root: bytes = b""
    roots: dict[int, bytes] = field(default_factory=dict)
    streams: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    signatures: list[int] = field(default_factory=list)
    blobs: dict[str, int] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    at: str = ""


def check(found: Findings, using: str, *, deep: bool, sizes: Iterable[int]) -> Read:
    """Check every entry and return what was read. `sizes` are the sizes at which the root is wanted."""
    read, edge = Read(), Frontier()
    of = Entry.objects.using(using).count()
    wanted = sorted(set(sizes))
    started = time.perf_counter()
    for part in entries(using, (*LINKS, *(INDEX if deep else ()))):
        _links(found, read, part)
        _grow(edge, [row[4] for row in part], wanted, read.roots)
        if deep:
            _contents(found, using, read, part)
        found.entries += len(part)
        found.tell(found.entries, of, "entries")
    found.chain_seconds = time.perf_counter() - started
    read.root = edge.root()
    return read


def _links(found: Findings, read: Read, part: list[tuple[Any, ...]]) -> None:
    """Check sequence, link and hash of a piece. After a fault it goes on from what is stored, to name the next one."""
    sha256, seq, head = hashlib.sha256, read.seq, read.head
    for row in part:
        number, prev, stream_prev, body, digest = row[:5]
        if number != seq + 1 or prev != head or sha256(b"\x00%b%b%b" % (prev, stream_prev, body)).digest() != digest:
            _name(
                found, number, seq, prev == head, sha256(b"\x00%b%b%b" % (prev, stream_prev, body)).digest() == digest
            )
        seq, head = number, digest
    read.seq, read.head = seq, bytes(head)


def _name(found: Findings, number: int, before: int, follows: bool, hashed: bool) -> None:
    place = f"entry {number}"
    if number != before + 1:
        missing = f"entry {before + 1}" + (f" to {number - 1}" if number > before + 2 else "")
        found.add("chain", missing, f"missing; entry {number} comes next")
    if not hashed:
        found.add("chain", place, "its bytes are not those that were hashed")
    if not follows and number == before + 1:
        found.add("chain", place, "does not follow the entry before it: the chain was cut or forked here")


def _grow(edge: Frontier, leaves: list[bytes], wanted: list[int], roots: dict[int, bytes]) -> None:
    """Add leaves to the tree, stopping where a root is wanted."""
    while leaves:
        stop = next((size for size in wanted if size > edge.size), None)
        step = len(leaves) if stop is None else min(stop - edge.size, len(leaves))
        edge.extend(leaves[:step])
        leaves = leaves[step:]
        if edge.size == stop:
            roots[edge.size] = edge.root()


def _contents(found: Findings, using: str, read: Read, part: list[tuple[Any, ...]]) -> None:
    """Check what the bytes say: index columns, time, stream; and note signatures, blobs and erasures."""
    stored = _expected(using)
    for row in part:
        seq, raw = row[0], bytes(row[3])
        place = f"entry {seq}"
        try:
            body = json.loads(raw)
            columns = stored(body)
            if body.keys() != KEYS or body["v"] != 1 or body["seq"] != seq:
                found.add("index", place, "its body is not one of this sequence and format")
            if columns != row[5:]:
                name = next(n for n, a, b in zip(INDEX, columns, row[5:], strict=True) if a != b)
                found.add("index", place, f"the column {name} is not what the body says")
            _time(found, read, body["at"], place)
            _stream(found, read, body, row, place)
            _note(read, body, raw, seq)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            found.add("index", place, f"its body cannot be read: {type(error).__name__} {error}")


def _expected(using: str) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    """Return the function that says which index columns a body must have."""
    native = connections[using].features.has_native_uuid_field
    moments: dict[str, Any] = {}

    def key(text: str) -> Any:
        return UUID(text) if native else text.replace("-", "")

    def columns(body: dict[str, Any]) -> tuple[Any, ...]:
        at = body["at"]
        if at not in moments:
            moments.clear()
            moments[at] = instant_as_stored(using, at)
        return (
            body["stream"], body["stream_seq"], moments[at], key(body["act"]), body["actor"], body["action"],
            body["operation"], body["type"], key(body["record"]), body["version"],
        )  # fmt: skip

    return columns


def _time(found: Findings, read: Read, at: str, place: str) -> None:
    if at < read.at:
        found.add("time", place, f"its time {at} lies before {read.at}")
    read.at = at


def _stream(found: Findings, read: Read, body: dict[str, Any], row: tuple[Any, ...], place: str) -> None:
    size, head = read.streams.get(body["stream"], (0, GENESIS))
    if body["stream_seq"] != size + 1:
        found.add("streams", place, f"number {body['stream_seq']} of its stream follows {size}")
    elif row[2] != head:
        found.add("streams", place, f"does not follow number {size} of its stream")
    read.streams[body["stream"]] = (body["stream_seq"], bytes(row[4]))


def _note(read: Read, body: dict[str, Any], raw: bytes, seq: int) -> None:
    if b'"sha256:' in raw:
        for name in BLOB.findall(raw):
            read.blobs.setdefault(name.decode(), seq)
    if body["type"] == "signing.signature" and body["operation"] == "create":
        read.signatures.append(seq)
    elif body["type"] == "ledger.erasure":
        read.erased.update(body["state"]["commitments"])


def check_heads(found: Findings, using: str, read: Read) -> None:
    """Check that the heads, from which writers go on, are the last entries of their chains."""
    heads = {
        name: (seq, bytes(digest)) for name, seq, digest in fetch(using, "SELECT stream, seq, hash FROM ledger_head")
    }
    whole = heads.pop("", (0, GENESIS))
    if whole != (read.seq, read.head):
        found.add("heads", "the whole ledger", f"the head names entry {whole[0]}, the last one is {read.seq}")
    # Without the deep pass the streams were not read; the whole chain's head covers their entries.
    for name in sorted(heads.keys() | read.streams.keys()) if read.streams else ():
        said, last = heads.get(name, (0, GENESIS)), read.streams.get(name, (0, GENESIS))
        if said != last:
            found.add("heads", f"stream {name}", f"the head names number {said[0]}, the last one is {last[0]}")
