"""Signed roots of the whole ledger, kept where the owner of the database cannot rewrite them unseen.

A checkpoint is a C2SP note over the RFC 6962 root of all entries. It is written to a file outside the database first, then
into the ledger's own table. Before a new one is signed, a consistency proof must show that the history extends the last
one signed, on either side: a history that was cut, forked or rewritten is never signed.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, transaction

from crdmo.proof import merkle, notes
from crdmo.proof.merkle import Frontier, ProofError

from ..refusals import Refused
from . import keys
from .models import Checkpoint, Entry

EVERY = 1000
AFTER = dt.timedelta(minutes=10)
PIECE = 20_000


class NotAnExtension(Refused):
    """The ledger as it stands does not continue what was signed before."""

    kind = "not-an-extension"


def folder() -> Path:
    """Return where the notes lie outside the database. Copy or mount it somewhere that its owner cannot write to."""
    return Path(settings.HOME) / "checkpoints"


def outside() -> dict[int, Path]:
    """Return the notes outside the database by their size, smallest first."""
    return {int(place.stem): place for place in sorted(folder().glob("*.note"))}


def hashes(first: int, last: int, using: str = DEFAULT_DB_ALIAS) -> Iterator[bytes]:
    """Yield the hashes of entries `first` to `last`, in order."""
    while first <= last:
        rows = (
            Entry.objects.using(using)
            .filter(seq__gte=first, seq__lte=last)
            .order_by("seq")
            .values_list("hash", flat=True)
        )
        part = [bytes(found) for found in rows[:PIECE]]
        if not part:
            return
        yield from part
        first += len(part)


def due(using: str = DEFAULT_DB_ALIAS) -> Checkpoint | None:
    """Sign a checkpoint if 1000 entries or 10 minutes have passed since the last one and there is something new."""
    last = Checkpoint.objects.using(using).order_by("-size").only("size", "at").first()
    behind = last_entry(using) - (last.size if last else 0)
    waited = dt.datetime.now(dt.UTC) - last.at if last else AFTER
    return sign(using) if behind >= EVERY or (behind and waited >= AFTER) else None


def sign(using: str = DEFAULT_DB_ALIAS) -> Checkpoint:
    """Sign a checkpoint over all entries committed so far, and return it; without new entries, the last one.

    Raises:
        NotAnExtension: the ledger does not continue the last checkpoint outside the database.
        Refused: there are no entries yet, or the key cannot be read.
    """
    key = keys.signer()
    # Durable: what is signed here must never be rolled back by a transaction around it.
    with transaction.atomic(using=using, durable=True):
        _one_at_a_time(using)
        size = last_entry(using)
        if not size:
            raise Refused("there is nothing to sign yet", given="a ledger without entries")
        last = Checkpoint.objects.using(using).order_by("-size").first()
        if last is not None and last.size == size and size in outside():
            return last
        edge = _extended(last, size, using)
        if last is not None and last.size == size:
            _write_outside(size, last.note)
            return last
        note = key.sign(notes.Checkpoint(key.name, size, edge.root()).text())
        # Outside first: a crash in between leaves a note that the next call completes, never one that is not outside.
        _write_outside(size, note)
        now = dt.datetime.now(dt.UTC)
        made = Checkpoint(size=size, root=edge.root(), note=note, frontier=edge.to_json(), at=now)
        made.save(using=using, force_insert=True)
    return made


def last_entry(using: str = DEFAULT_DB_ALIAS) -> int:
    """Return the sequence of the last entry, 0 if there is none."""
    return Entry.objects.using(using).order_by("-seq").values_list("seq", flat=True).first() or 0


def _one_at_a_time(using: str) -> None:
    """Let other signers wait. On SQLite the transaction itself does, on PostgreSQL it takes a lock of its own."""
    if connections[using].vendor == "postgresql":
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('crdmo.checkpoint'))")


def _extended(last: Checkpoint | None, size: int, using: str) -> Frontier:
    """Return the edge of the tree over `size` entries, shown to extend what was signed last, on either side."""
    old, signed = _last_signed(last)
    if signed and signed.size > size:
        raise _broken(signed.size, f"the ledger has {size} entries only")
    _check_edge(old, using)
    added = list(hashes(old.size + 1, size, using))
    if len(added) != size - old.size:
        raise _broken(old.size, f"of entries {old.size + 1} to {size} only {len(added)} are there")
    new = Frontier(old.size, old.nodes)
    for leaf in added:
        new.append(leaf)
    if signed:
        try:
            proof = consistency(old, added, signed.size)
            merkle.verify_consistency(signed.size, size, signed.root, new.root(), proof)
        except ProofError as error:
            raise _broken(signed.size, str(error)) from error
    return new


def _check_edge(old: Frontier, using: str) -> None:
    """Refuse a ledger whose entries up to the last checkpoint were hashed anew.

    The last entry's hash stands on all before it: the entries under the last node of the edge are enough, often one.
    """
    width = old.size & -old.size
    if width and merkle.root(hashes(old.size - width + 1, old.size, using)) != old.nodes[-1]:
        raise _broken(old.size, "its entries are not those whose root was signed")


def _last_signed(last: Checkpoint | None) -> tuple[Frontier, notes.Checkpoint | None]:
    """Return the edge to go on from, and the largest checkpoint signed so far, inside or outside the database."""
    placed = outside()
    away = read(placed[max(placed)]) if placed else None
    if last is None:
        return Frontier(), away
    try:
        here, old = opened(last.note), Frontier.from_json(last.frontier)
    except (notes.NoteError, ProofError, ValueError) as error:
        raise _broken(last.size, f"the copy inside the database: {error}") from error
    if (here.size, here.root) != (old.size, old.root()):
        raise _broken(last.size, "the stored edge of the tree does not lead to the root that was signed")
    if away is not None and away.size == here.size and away.root != here.root:
        raise _broken(here.size, "the copies inside and outside the database name different roots")
    return old, away if away is not None and away.size > here.size else here


def consistency(edge: Frontier, leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """Return the RFC 6962 proof that the first `old_size` leaves begin the tree of `edge` and the leaves after it.

    As long as the old tree is not smaller than the edge's, the subtrees of such a proof are nodes of the edge, lie among
    the new leaves, or are made of both.
    """
    known, start = {}, 0
    for node, width in zip(edge.nodes, _widths(edge.size), strict=True):
        known[start, start + width] = node
        start += width

    def subtree(low: int, high: int) -> bytes:
        if (low, high) in known:
            return known[low, high]
        if low >= edge.size:
            return merkle.root(leaves[low - edge.size : high - edge.size])
        middle = low + merkle.split(high - low)
        return merkle.node_hash(subtree(low, middle), subtree(middle, high))

    def walk(low: int, high: int, whole: bool) -> list[bytes]:
        if old_size == high:
            return [] if whole else [subtree(low, high)]
        middle = low + merkle.split(high - low)
        if old_size <= middle:
            return [*walk(low, middle, whole), subtree(middle, high)]
        return [*walk(middle, high, False), subtree(low, middle)]

    return walk(0, edge.size + len(leaves), True) if old_size > 0 else []


def _widths(size: int) -> list[int]:
    return [1 << bit for bit in reversed(range(size.bit_length())) if size >> bit & 1]


def read(place: Path) -> notes.Checkpoint:
    """Return what a note outside the database says, its signature checked.

    Raises:
        NotAnExtension: it is torn, or no key of this installation signed it.
    """
    try:
        return opened(place.read_text(encoding="utf-8"))
    except (notes.NoteError, UnicodeDecodeError) as error:
        raise _broken(int(place.stem), f"{place}: {error}") from error


def opened(text: str) -> notes.Checkpoint:
    """Return what a note says, after checking that a key of this installation signed it.

    Raises:
        NoteError: it is torn, or no key of this installation signed it.
    """
    note = notes.Note.parse(text)
    known = {(key.name, key.key_id): key for key in keys.verifiers()}
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is not None:
            note.verify(key)
            found = notes.Checkpoint.parse(note.text)
            if found.origin != key.name:
                raise notes.NoteError(f"it is about {found.origin}, its key signs for {key.name}")
            return found
    raise notes.NoteError("no key of this installation signed it")


def _write_outside(size: int, note: str) -> None:
    place = folder() / f"{size:012d}.note"
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = place.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        file.write(note)
        file.flush()
        os.fsync(file.fileno())
    part.replace(place)
    directory = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _broken(size: int, why: str) -> NotAnExtension:
    return NotAnExtension(
        f"the ledger does not continue its checkpoint over {size} entries", given=why,
        allowed="the history that was signed, and what was added to it",
        next="Run crdmo verify, keep the checkpoints, and restore the ledger from a backup that fits them",
    )  # fmt: skip
