"""Export of a program as a proof bundle: what its sponsor or an inspector may see, and all that is needed to check it.

    summary = export(person, program, sponsor, Path("crd-101.zip"))
    python verify.py crd-101.zip

The export is on record before anything leaves, and the bundle shows that record. Everything is streamed, so that the
length of the ledger is no limit. A bundle is made where the whole ledger can be read: by a job, not within a scope.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS

from crdmo.foundation.datasets import store
from crdmo.proof import bundle, canonical, merkle
from crdmo.proof.chain import entry_hash

from ..refusals import NotPermitted, Refused
from . import checkpoints, keys, state
from .acts import Actor, act
from .models import Checkpoint, Entry, Personal, Record
from .verification.chain import BLOB

Progress = Callable[[int, int, str], None]
# Says whether personal values of an entry (type, organization of the record) may be opened for an organization.
MayOpen = Callable[[str, str | None, str], bool]
PIECE = 5000
README = """Proof bundle of {program} for {receiver}, made by {origin} on {at}.

To check it:   python verify.py THIS_FILE.zip --key KEY
verify.py needs Python 3.9 or newer and nothing else. A copy is inside; take it from a source that you trust, and read
it: its first page explains the format and what is checked. KEY is the public key of the installation, a line of text
that you were given by another way than this file. Without it, verify.py uses the one in here and prints it.
"""


@dataclass(frozen=True)
class Summary:
    """What a bundle holds."""

    path: Path
    sha256: str
    entries: int
    size: int
    blobs: int
    withheld: dict[str, str]
    openings: int
    root: str


@dataclass
class _Shown:
    """What a first pass over the program's entries finds: where they are, and what they name."""

    indexes: array[int] = field(default_factory=lambda: array("q"))
    size: int = 0
    head: bytes = b""
    blobs: set[str] = field(default_factory=set)
    openable: set[str] = field(default_factory=set)


def own_people(kind: str, organization: str | None, receiver: str) -> bool:
    """Open personal values of the receiver's own people only."""
    return kind == "accounts.person" and organization == receiver


def export(
    person: Actor, program: Record, for_organization: Record, path: Path, progress: Progress | None = None, *,
    reason: str = "", may_open: MayOpen = own_people, using: str = DEFAULT_DB_ALIAS,
) -> Summary:  # fmt: skip
    """Write the proof bundle of a program for an organization and return what it holds.

    Raises:
        NotPermitted: the person may not export this program, or not for this organization.
        NotAnExtension: the ledger does not continue its last checkpoint.
        Refused: an entry, or a file that one names, was altered.
    """
    _check_receiver(person, program, for_organization)
    told = {"program": str(program.id), "for": str(for_organization.id)}
    with act(person, "ledger.export", reason, using=using) as opened:
        opened.event("ledger.export", told, program=program.id, organization=program.organization_id)
    signed = checkpoints.sign(using)
    receiver = str(for_organization.id)
    shown = _look(str(program.id), signed.size, using, lambda kind, home: may_open(kind, home, receiver))
    blobs, withheld = _blobs(shown)
    openings = _openings(shown, using)
    _write(path, program, for_organization, signed, shown, blobs, withheld, openings, progress, using)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Summary(
        path=path, sha256=digest, entries=shown.size, size=signed.size, blobs=len(blobs), withheld=withheld,
        openings=len(openings), root=bytes(signed.root).hex(),
    )  # fmt: skip


def _check_receiver(person: Actor, program: Record, receiver: Record) -> None:
    """A partner exports for the sponsor, for itself, or for an agency that inspects; everybody else for themselves."""
    home, partner = getattr(person, "organization_id", None), getattr(program, "partner_id", None)
    if home is None or home == partner:
        allowed = receiver.id in (program.organization_id, partner) or getattr(receiver, "kind", "") == "agency"
    else:
        allowed = receiver.id == home
    if not allowed:
        raise NotPermitted(
            f"a bundle of {program} is not made for {receiver}", given=str(receiver),
            allowed="its sponsor, its partner, an agency; by others than the partner, the own organization",
            next="Export it for one of these",
        )  # fmt: skip


def _pieces(stream: str, size: int, using: str) -> Iterator[list[Entry]]:
    last, rows = 0, Entry.objects.using(using).filter(stream=stream, seq__lte=size).order_by("stream_seq")
    while part := list(rows.filter(stream_seq__gt=last)[:PIECE]):
        yield part
        last = part[-1].stream_seq


def _look(stream: str, size: int, using: str, may_open: Callable[[str, str | None], bool]) -> _Shown:
    found = _Shown()
    for part in _pieces(stream, size, using):
        for entry in part:
            body = bytes(entry.body)
            if entry_hash(bytes(entry.prev), bytes(entry.stream_prev), body) != bytes(entry.hash):
                raise _altered(f"entry {entry.seq} is not what its hash says")
            found.indexes.append(entry.seq - 1)
            found.blobs.update(name.decode() for name in BLOB.findall(body))
            told = json.loads(body)
            if told["operation"] != "event" and may_open(told["type"], told["organization"]):
                found.openable.update(
                    value for value in told["state"].values() if isinstance(value, str) and len(value) == 64
                )
        found.size, found.head = part[-1].stream_seq, bytes(part[-1].hash)
    return found


def _blobs(shown: _Shown) -> tuple[dict[str, bytes | Path], dict[str, str]]:
    """Return the files to go along, by digest, and those that cannot, with the reason."""
    files: dict[str, bytes | Path] = {}
    withheld: dict[str, str] = {}
    for name in sorted(shown.blobs):
        if store.exists(name):
            files[name.removeprefix("sha256:")] = store.path(name)
        else:
            withheld[name] = "not in the store when the bundle was made"
    return files, withheld


def _openings(shown: _Shown, using: str) -> list[dict[str, Any]]:
    found = []
    wanted = sorted(shown.openable)
    for start in range(0, len(wanted), 500):
        rows = Personal.objects.using(using).filter(commitment__in=wanted[start : start + 500]).order_by("commitment")
        found += [
            {"commitment": row.commitment, "salt": bytes(row.salt).hex(), "value": canonical.decode(row.value.encode())}
            for row in rows
        ]
    return found


def _write(
    path: Path, program: Record, receiver: Record, signed: Checkpoint, shown: _Shown, blobs: Mapping[str, bytes | Path],
    withheld: Mapping[str, str], openings: list[dict[str, Any]], progress: Progress | None, using: str,
) -> None:  # fmt: skip
    stream, at = str(program.id), state.instant(dt.datetime.now(dt.UTC))
    whole = merkle.Frontier()
    leaves = _growing(whole, checkpoints.hashes(1, signed.size, using))
    hidden = hidden_subtrees(leaves, signed.size, shown.indexes)
    if whole.root() != bytes(signed.root):
        raise _altered(f"its entries lead to root {whole.root().hex()}, signed was {bytes(signed.root).hex()}")

    def entries() -> Iterator[bundle.Entry]:
        done = 0
        for part in _pieces(stream, signed.size, using):
            for entry in part:
                yield bundle.Entry(entry.seq, bytes(entry.prev), bytes(entry.stream_prev), bytes(entry.body))
            done += len(part)
            if progress is not None:
                progress(done, shown.size, "entries")

    origin = keys.signer().name
    manifest = {
        "origin": origin, "exported_at": at, "checkpoint_size": signed.size, "withheld": dict(withheld),
        "program": {"id": stream, "code": getattr(program, "code", ""), "name": getattr(program, "name", "")},
        "for": {"id": str(receiver.id), "name": str(receiver)},
        "streams": {stream: {"size": shown.size, "head": shown.head.hex()}},
    }  # fmt: skip
    readme = README.format(program=program, receiver=receiver, origin=origin, at=at)
    bundle.write_bundle(
        path, manifest=manifest, checkpoint=signed.note, vkey=keys.signer().verifier.text(), entries=entries(),
        tree_size=signed.size, tree_hashes=hidden, blobs=blobs, openings=openings, readme=readme,
    )  # fmt: skip


def hidden_subtrees(leaves: Iterator[bytes], size: int, visible: array[int]) -> list[bytes]:
    """Return what `merkle.batch_proof` returns, from hashes that come one after the other.

    Raises:
        Refused: there are fewer hashes than the tree has leaves.
    """
    found: list[bytes] = []

    def walk(low: int, high: int, first: int, last: int) -> None:
        if first == last:
            found.append(_root(leaves, high - low))
        elif high - low == 1:
            next(leaves)
        else:
            middle = low + merkle.split(high - low)
            cut = bisect_left(visible, middle, first, last)
            walk(low, middle, first, cut)
            walk(middle, high, cut, last)

    walk(0, size, 0, len(visible))
    return found


def _growing(edge: merkle.Frontier, leaves: Iterator[bytes]) -> Iterator[bytes]:
    """Yield leaves while a tree grows over them."""
    for leaf in leaves:
        edge.append(leaf)
        yield leaf


def _altered(why: str) -> Refused:
    return Refused("a bundle is not made of a ledger that was altered", given=why, next="Run crdmo verify")


def _root(leaves: Iterator[bytes], width: int) -> bytes:
    edge = merkle.Frontier()
    while edge.size < width:
        part = list(islice(leaves, min(PIECE, width - edge.size)))
        if not part:
            raise Refused("the ledger has fewer entries than its checkpoint", next="Run crdmo verify")
        edge.extend(part)
    return edge.root()
