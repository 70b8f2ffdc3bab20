"""Checkpoints: each note holds, says the same inside and outside the database, and its root is the chain's."""

from __future__ import annotations

from crdmo.proof import notes

from .. import checkpoints
from ..models import Checkpoint
from .chain import Read
from .findings import Findings


def sizes(using: str) -> set[int]:
    """Return the sizes of all checkpoints on either side."""
    return {*Checkpoint.objects.using(using).values_list("size", flat=True), *checkpoints.outside()}


def check(found: Findings, using: str, read: Read) -> None:
    """Check every checkpoint against the chain as it was read.

    All roots come from one pass over one chain, so that two checkpoints that both hold are consistent with each other.
    """
    inside = {row.size: row for row in Checkpoint.objects.using(using).order_by("size").iterator()}
    outside = checkpoints.outside()
    for size in sorted(inside.keys() | outside.keys()):
        found.checkpoints += 1
        place = f"checkpoint {size}"
        row, path = inside.get(size), outside.get(size)
        texts = {}
        if row is not None:
            texts["inside the database"] = row.note
            if path is None:
                found.add("checkpoints", place, "its copy outside the database is missing")
        if path is not None:
            texts[str(path)] = path.read_text(encoding="utf-8", errors="replace")
        said = [told for where, text in texts.items() if (told := _read(found, place, where, text)) is not None]
        if len({(told.size, told.root) for told in said}) > 1:
            found.add("checkpoints", place, "the copies inside and outside the database differ")
        if row is not None and said and (row.size, bytes(row.root)) != (said[0].size, said[0].root):
            found.add("checkpoints", place, "its columns are not what its note says")
        for told in said:
            _compare(found, read, told, place)


def _read(found: Findings, place: str, where: str, text: str) -> notes.Checkpoint | None:
    try:
        return checkpoints.opened(text)
    except notes.NoteError as error:
        found.add("checkpoints", place, f"{where}: {error}")
        return None


def _compare(found: Findings, read: Read, told: notes.Checkpoint, place: str) -> None:
    if told.size > read.seq:
        found.add("checkpoints", place, f"the ledger ends at entry {read.seq}: what was signed beyond it was removed")
    elif read.roots.get(told.size) != told.root:
        root = read.roots.get(told.size, b"").hex()
        found.add("checkpoints", place, f"the ledger leads to root {root}, signed was {told.root.hex()}")
