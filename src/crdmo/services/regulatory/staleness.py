"""Why a leaf no longer says what its document says today: a later version, a withdrawn one, a changed number behind it."""

from __future__ import annotations

from collections.abc import Sequence as Many
from uuid import UUID

from crdmo.foundation.documents.models import DocumentVersion
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.ledger.thread import stale_causes
from crdmo.proof import canonical

from .models import Leaf

State = DocumentVersion.State


def reasons(leaves: Many[Leaf]) -> dict[UUID, list[str]]:
    """Return, for each leaf, why it is stale; nothing where it is not. Few queries for many leaves."""
    found: dict[UUID, list[str]] = {leaf.pk: [] for leaf in leaves}
    held = [leaf for leaf in leaves if leaf.document_version is not None]
    newer = _newer({leaf.document_version.document_id for leaf in held if leaf.document_version})
    marked = stale_causes(
        {leaf.pk for leaf in held} | {leaf.document_version_id for leaf in held if leaf.document_version_id}
    )
    labels = _labels({cause for causes in marked.values() for cause in causes})
    for leaf in held:
        version = leaf.document_version
        assert version is not None
        later = newer.get(version.document_id)
        if version.is_void or version.state == State.WITHDRAWN:
            found[leaf.pk].append(f"{version} was withdrawn")
        elif later is not None and later.number > version.number:
            found[leaf.pk].append(f"{version} was superseded: version {later.number} is in force")
        elif version.state != State.EFFECTIVE:
            found[leaf.pk].append(f"{version} is not in force")
        causes = dict.fromkeys([*marked.get(leaf.pk, []), *marked.get(version.pk, [])])
        found[leaf.pk] += sorted(f"it stands on {labels.get(cause, 'a record')}, which was changed" for cause in causes)
    return found


def open_reasons(leaf: Leaf, now: Many[str]) -> list[str]:
    """Return the reasons that nobody has justified yet. A new reason opens a justified leaf again."""
    return [one for one in now if one not in leaf.justified_for]


def _newer(documents: set[UUID]) -> dict[UUID, DocumentVersion]:
    rows = DocumentVersion.objects.filter(document__in=documents, state=State.EFFECTIVE, is_void=False)
    return {row.document_id: row for row in rows.order_by("number")}


def _labels(keys: set[UUID]) -> dict[UUID, str]:
    """Return what changed records are called: type and code of their last entry, with its number in the ledger."""
    last: dict[UUID, Entry] = {}
    for entry in Entry.objects.filter(record_id__in=list(keys)).order_by("seq"):
        last[entry.record_id] = entry
    return {key: _label(entry) for key, entry in last.items()}


def _label(entry: Entry) -> str:
    body = canonical.decode(bytes(entry.body))
    words = entry.record_type.rpartition(".")[2]
    code = body["state"].get("code") or body["state"].get("name") or str(entry.record_id)[:8]
    return f"{words} {code} (entry {entry.seq})"
