"""Verification: whether the database follows from what was written, and what was written was left alone.

    found = verify()
    found.holds, found.problems[0].check, found.problems[0].place

Nothing is trusted but the key's public half and the notes outside the database: bytes are hashed as they are stored,
rows are compared column by column, as stored, with what their last entry says.
"""

from __future__ import annotations

import time

from django.db import DEFAULT_DB_ALIAS

from . import chain, notes, people, references, rows
from .findings import Findings, Problem, Progress, Verification
from .reading import snapshot


def verify(using: str = DEFAULT_DB_ALIAS, *, deep: bool = True, progress: Progress | None = None) -> Verification:
    """Verify a ledger and what stands on it, and return what was found. Writers need not wait meanwhile.

    Args:
        using: the database.
        deep: also compare every row, signature, blob and personal value; without it guards, chain and checkpoints only.
        progress: called with (done, of, what) from time to time.
    """
    started = time.perf_counter()
    found = Findings(progress)
    with snapshot(using):
        rows.check_guards(found, using)
        read = chain.check(found, using, deep=deep, sizes=notes.sizes(using))
        found.root, found.head = read.root, read.head
        notes.check(found, using, read)
        chain.check_heads(found, using, read)
        if deep:
            rows.check_versions(found, using)
            rows.check_rows(found, using)
            references.check_signatures(found, using, read.signatures)
            people.check(found, using, read.erased)
            references.check_blobs(found, read.blobs)
    return found.verification(deep=deep, seconds=time.perf_counter() - started)


__all__ = ["Problem", "Verification", "verify"]
