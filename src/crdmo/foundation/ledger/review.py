"""Review by exception: of a thousand lines of audit trail, those that a reviewer has to look at, each with its kind.

    for exception in exceptions([program.id], after=last_reviewed_entry): ...

What is ordinary (first entries, workflow steps, signatures) is left out here and stays in the trail.
(MHRA GxP data integrity guidance 2018, section 6.13; EU GMP Annex 11, section 9; PIC/S PI 041-1, section 9.8.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Min, Q

from .models import record_types
from .trail import Ask, Line, asked, walk

KINDS = {
    "changed": "recorded data was changed",
    "changed after signature": "data was changed after it had been signed",
    "voided": "a record was voided",
    "revoked": "a signature was revoked",
    "refused": "a step was refused",
    "failed log-in": "a log-in or signing failed, or an account was locked",
    "clock": "the server's clock was set back",
    "erased": "personal data was erased",
    "exported": "a proof bundle left the house",
}
EVENTS = {
    "ledger.refusal": "refused",
    "ledger.clock_anomaly": "clock",
    "ledger.erasure": "erased",
    "ledger.export": "exported",
    "accounts.log_in_failed": "failed log-in",
    "accounts.log_in_refused": "failed log-in",
    "accounts.locked": "failed log-in",
    "signing.failed_attempt": "failed log-in",
    "signing.locked": "failed log-in",
}


@dataclass(frozen=True)
class Exceptional:
    """One line that a reviewer has to look at, and why."""

    kind: str
    line: Line

    @property
    def says(self) -> str:
        """The kind in words."""
        return KINDS[self.kind]


def exceptions(
    streams: Sequence[str | UUID], *, after: int = 0, until: int | None = None, using: str = DEFAULT_DB_ALIAS
) -> Iterator[Exceptional]:
    """Yield what is exceptional in some chains, oldest first, after an entry and up to another."""
    chosen = Q(operation__in=("change", "void")) | Q(record_type__in=tuple(EVENTS))
    rows = asked(Ask(streams, after=after), using).filter(chosen)
    if until is not None:
        rows = rows.filter(seq__lte=until)
    for part in walk(rows, using):
        signed = _signed(part, using)
        for line in part:
            kind = EVENTS.get(line.type) or _kind(line, signed)
            if kind:
                yield Exceptional(kind, line)


def _signed(part: Sequence[Line], using: str) -> dict[UUID, int]:
    """Return, for those of the changed records that were ever signed, the first version that was."""
    model: Any = record_types().get("signing.signature")
    if model is None:
        return {}
    keys = [line.record for line in part if line.operation == "change"]
    rows = model._default_manager.using(using).filter(target_id__in=keys)
    return dict(rows.values_list("target_id").annotate(first=Min("target_version")))


def _kind(line: Line, signed: dict[UUID, int]) -> str:
    if line.operation == "void":
        return "revoked" if line.type == "signing.signature" else "voided"
    model = record_types().get(line.type)
    steps = model.steps if model is not None else frozenset()
    if line.operation != "change" or all(change.field in steps for change in line.changes):
        return ""
    return "changed after signature" if signed.get(line.record, line.version) < line.version else "changed"
