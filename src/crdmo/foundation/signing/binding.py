"""What a signature is bound to: the ledger entry of one version, its content, and who made that content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from crdmo.foundation.ledger import state as states
from crdmo.foundation.ledger.models import Entry, Record, State, record_types
from crdmo.proof import canonical

from .meanings import OF_AUTHORS
from .models import Signature

# What the system itself makes has no author whose approval would be one of the own work.
SYSTEM = "system"


@dataclass(frozen=True)
class Version:
    """One version of a record as its ledger entry holds it."""

    record: UUID
    type: str
    version: int
    seq: int
    hash: str
    act: str
    actor: str
    name: str
    role: str
    action: str
    operation: str
    reason: str
    at: str
    schema: int
    state: State

    @property
    def content_hash(self) -> str:
        """The SHA-256 of the canonical state, in hex."""
        return hashlib.sha256(canonical.encode(self.state)).hexdigest()

    @property
    def data(self) -> State:
        """The state in the present layout without the fields that only a workflow step moves on."""
        model = record_types().get(self.type)
        if model is None:
            return self.state
        present = states.upgraded(model, self.schema, self.state)
        return {name: value for name, value in present.items() if name not in model.steps}


def read(entry: Entry) -> Version:
    """Return the version that an entry holds."""
    body = canonical.decode(bytes(entry.body))
    names = ("type", "version", "seq", "act", "actor", "name", "role", "action", "operation", "reason", "at", "schema")
    told = {name: body[name] for name in names}
    return Version(record=entry.record_id, hash=bytes(entry.hash).hex(), state=body["state"], **told)


def history(keys: Iterable[UUID]) -> dict[UUID, list[Version]]:
    """Return all versions of some records, oldest first."""
    wanted = list(keys)
    found: dict[UUID, list[Version]] = {key: [] for key in wanted}
    for start in range(0, len(wanted), 500):
        for entry in Entry.objects.filter(record_id__in=wanted[start : start + 500]).order_by("seq"):
            found[entry.record_id].append(read(entry))
    return found


def current_versions(records: Sequence[Record]) -> dict[UUID, tuple[int, int]]:
    """Return version and entry of the rows as they stand in the database now."""
    found: dict[UUID, tuple[int, int]] = {}
    by_type: dict[type[Record], list[UUID]] = {}
    for record in records:
        by_type.setdefault(type(record), []).append(record.id)
    for model, keys in by_type.items():
        for start in range(0, len(keys), 500):
            rows = model._default_manager.filter(pk__in=keys[start : start + 500])
            found.update({key: (version, entry) for key, version, entry in rows.values_list("pk", "version", "entry")})
    return found


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return (field, old, new) for each field that differs, in the order of their names."""
    names = sorted({*before, *after})
    return [(n, before.get(n), after.get(n)) for n in names if before.get(n) != after.get(n)]


def makers(versions: Sequence[Version]) -> set[str]:
    """Return the actors who created the data of a record or changed it; moving a workflow step on is no authorship."""
    found, before = set(), None
    for version in versions:
        data = version.data
        if version.operation == "create" or data != before:
            found.add(version.actor)
        before = data
    return found - {SYSTEM}


def authors(versions: Mapping[UUID, Sequence[Version]]) -> dict[UUID, set[str]]:
    """Return, for each record, who made its data and who signed as its author or performer."""
    found = {key: makers(history) for key, history in versions.items()}
    signed = Signature.objects.filter(target_id__in=list(versions), meaning__in=OF_AUTHORS, is_void=False)
    for key, signer in signed.values_list("target_id", "signer_id"):
        found[key].add(str(signer))
    return found
