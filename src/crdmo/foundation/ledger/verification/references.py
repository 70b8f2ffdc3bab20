"""What entries point to: signatures to the version that was signed, and states to blobs by their SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from crdmo.foundation.datasets import store
from crdmo.proof import canonical

from .findings import Findings
from .reading import as_stored, fetch

BATCH = 300
BlobProblems = Callable[[Iterable[str]], Iterator[tuple[str, str]]]


def blob_problems(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield (name, what is wrong) for the blobs that are missing or altered, and (name, "") for the others."""
    for name in names:
        problem = store.problem(name)
        yield name, "" if problem is None else problem.sentence()


def check_blobs(found: Findings, named: Mapping[str, int], problems: BlobProblems = blob_problems) -> None:
    """Check that every blob that an entry names is in the store and has that hash."""
    for name, wrong in problems(named):
        found.blobs += 1
        found.tell(found.blobs, len(named), "files")
        if wrong:
            found.add("blobs", name, f"named by entry {named[name]}: {wrong}")


def check_signatures(found: Findings, using: str, signatures: list[int]) -> None:
    """Check that each signature names the entry, the content and the signer that the ledger has."""
    for start in range(0, len(signatures), BATCH):
        part = signatures[start : start + BATCH]
        marks = ", ".join(["%s"] * len(part))
        sql = f"SELECT seq, body FROM ledger_entry WHERE seq IN ({marks}) ORDER BY seq"  # noqa: S608
        for seq, body in fetch(using, sql, part):
            found.signatures += 1
            try:
                wrong = _wrong(using, seq, canonical.decode(bytes(body)))
            except (ValueError, KeyError, TypeError) as error:
                wrong = f"cannot be read: {type(error).__name__} {error}"
            if wrong:
                found.add("signatures", f"entry {seq}", wrong)
        found.tell(min(start + BATCH, len(signatures)), len(signatures), "signatures")


def _wrong(using: str, seq: int, body: dict[str, Any]) -> str:
    """Return what is wrong with a signature, or nothing."""
    signature = body["state"]
    rows = fetch(
        using, "SELECT seq, hash, record_type, body FROM ledger_entry WHERE record_id = %s AND version = %s",
        [as_stored(using, UUID(signature["target_id"])), signature["target_version"]],
    )  # fmt: skip
    if not rows:
        return f"signs version {signature['target_version']} of {signature['target_id']}, which is not there"
    target_seq, digest, kind, target = rows[0]
    content = hashlib.sha256(canonical.encode(canonical.decode(bytes(target))["state"])).hexdigest()
    checks = {
        "the entry it names is another": signature["target_entry"] == target_seq,
        "the hash it names is not that of the entry": signature["target_hash"] == bytes(digest).hex(),
        "it names another type of record": signature["target_type"] == kind,
        "its content hash is not that of what was signed": signature["content_hash"] == content,
        "signed for another": signature["signer"] == body["actor"],
        "the printed name is not that of the actor": signature["printed_name"] == body["name"],
        "signed later than written": signature["signed_at"] <= body["at"],
        "signed before the record was there": target_seq < seq,
    }
    return next((what for what, holds in checks.items() if not holds), "")
