"""How a signature shows itself: printed name, instant with zone, meaning, and whether it still holds (21 CFR 11.50).

The same facts go to the page, the PDF, the CSV and the JSON. Whether a signature holds is found out anew each time from
the ledger: nothing is taken from a flag.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.models import Record

from . import binding
from .binding import Version
from .meanings import Meaning
from .models import Signature

VALID, CHANGED, REVOKED, BROKEN = "valid", "changed", "revoked", "broken"
WORDS = {
    VALID: "Valid", CHANGED: "Record changed since", REVOKED: "Revoked", BROKEN: "Does not fit the record",
}  # fmt: skip


def _printed(instant: dt.datetime) -> str:
    return instant.strftime("%d %b %Y %H:%M:%S UTC").lstrip("0")


def role_in_words(role: str) -> str:
    """Return a role as written in an entry in the field's words: `QC reviewer (delegated by Ann Analyst)`."""
    code, blank, lent = role.partition(" ")
    return f"{Role(code).label}{blank}{lent}" if code in Role.values else role


@dataclass(frozen=True)
class Manifestation:
    """One signature as people see it."""

    id: UUID
    entry: int
    target_type: str
    target_id: UUID
    target_version: int
    content_hash: str
    meaning: str
    meaning_label: str
    statement: str
    signer_id: UUID
    printed_name: str
    job_title: str
    role: str
    signed_at: dt.datetime
    components: str
    ceremony: UUID
    state: str
    detail: str

    @property
    def holds(self) -> bool:
        """Whether the record's data is still what was signed, and the signature was not revoked."""
        return self.state == VALID

    @property
    def word(self) -> str:
        """The state in words."""
        return WORDS[self.state]

    @property
    def when(self) -> str:
        """The instant as printed: `24 Nov 2026 11:00:00 UTC`."""
        return _printed(self.signed_at)

    @property
    def short_hash(self) -> str:
        """The first twelve digits of the content hash."""
        return self.content_hash[:12]

    @property
    def sentence(self) -> str:
        """The signature in one line, for print and for screen readers."""
        title = f", {self.job_title}" if self.job_title else ""
        told = "" if self.holds else f" ({self.word.lower()}: {self.detail})"
        return f"{self.meaning_label} by {self.printed_name}{title} on {self.when}, version {self.target_version}{told}"


def _state(signature: Signature, own: Sequence[Version], versions: Sequence[Version]) -> tuple[str, str]:
    """Return whether a signature holds for the versions of its record, and the reason in a sentence."""
    target = next((v for v in versions if v.version == signature.target_version), None)
    bound = (signature.target_entry, signature.target_hash, signature.target_type, signature.content_hash)
    if target is None or (target.seq, target.hash, target.type, target.content_hash) != bound:
        return BROKEN, "the ledger holds no such version of this record"
    if signature.is_void:
        void = own[-1]
        return REVOKED, f"revoked by {void.name} on {_printed(dt.datetime.fromisoformat(void.at))}: {void.reason}"
    last = versions[-1]
    if last.version == target.version:
        return VALID, f"signs version {target.version}, which stands now"
    changed = [name for name, _, _ in binding.differences(target.data, last.data)]
    if "is_void" in changed:
        return CHANGED, f"the record was voided in version {last.version}"
    if changed:
        return CHANGED, f"version {last.version} is not signed; changed: {', '.join(changed)}"
    return VALID, f"signs version {target.version}; since then only workflow steps, to version {last.version}"


def _shown(signature: Signature, own: Sequence[Version], versions: Sequence[Version]) -> Manifestation:
    state, detail = _state(signature, own, versions)
    return Manifestation(
        id=signature.id, entry=own[0].seq if own else signature.entry,
        target_type=signature.target_type, target_id=signature.target_id,
        target_version=signature.target_version, content_hash=signature.content_hash, meaning=signature.meaning,
        meaning_label=Meaning(signature.meaning).label, statement=signature.statement, signer_id=signature.signer_id,
        printed_name=signature.printed_name, job_title=signature.job_title, role=role_in_words(signature.role),
        signed_at=signature.instant, components=signature.components, ceremony=signature.ceremony,
        state=state, detail=detail,
    )  # fmt: skip


def signatures_of(record: Record | UUID) -> list[Manifestation]:
    """Return the signatures over a record, oldest first, each with whether it holds today."""
    key = record.id if isinstance(record, Record) else record
    return signatures_of_many([key])[key]


def signatures_of_many(records: Iterable[Record | UUID]) -> dict[UUID, list[Manifestation]]:
    """Return the signatures over many records in a few queries; see `signatures_of`."""
    keys = [r.id if isinstance(r, Record) else r for r in records]
    found: dict[UUID, list[Manifestation]] = {key: [] for key in keys}
    rows: list[Signature] = []
    for start in range(0, len(keys), 500):
        rows += Signature.objects.filter(target_id__in=keys[start : start + 500])
    versions = binding.history({row.target_id for row in rows})
    revoked = binding.history(row.id for row in rows if row.is_void)
    for row in sorted(rows, key=lambda row: (row.signed_at, row.ceremony, row.sequence)):
        found[row.target_id].append(_shown(row, revoked.get(row.id, []), versions[row.target_id]))
    return found


COLUMNS = (
    "printed_name", "job_title", "role", "meaning", "statement", "signed_at_utc", "time_zone", "record_type",
    "record_id", "record_version", "content_hash", "components", "state", "detail", "signature_id", "ledger_entry",
)  # fmt: skip


def as_json(shown: Iterable[Manifestation]) -> list[dict[str, Any]]:
    """Return signatures as plain JSON, also what the PDF templates draw."""
    return [
        {
            "printed_name": m.printed_name, "job_title": m.job_title, "role": m.role, "meaning": m.meaning_label,
            "statement": m.statement, "time_zone": "UTC",
            "signed_at_utc": m.signed_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "record_type": m.target_type, "record_id": str(m.target_id), "record_version": m.target_version,
            "content_hash": m.content_hash, "components": m.components, "state": m.word, "detail": m.detail,
            "signature_id": str(m.id), "ledger_entry": m.entry, "when": m.when, "holds": m.holds,
        }
        for m in shown
    ]  # fmt: skip


def as_csv_rows(shown: Iterable[Manifestation]) -> list[list[str]]:
    """Return signatures as rows of a CSV file, the names of the columns first.

    Text that a spreadsheet would take for a formula is led by an apostrophe.
    """
    rows = [list(COLUMNS)]
    for found in as_json(shown):
        texts = [str(found[name]) for name in COLUMNS]
        rows.append([f"'{t}" if t[:1] in "=+-@\t\r" and t else t for t in texts])
    return rows
