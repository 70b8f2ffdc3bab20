"""What a record went through, for print: former values of each field, and the whole trail."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any
from uuid import UUID

from crdmo.foundation.ledger.models import Record
from crdmo.foundation.signing import binding
from crdmo.foundation.signing.binding import Version
from crdmo.foundation.signing.manifestation import role_in_words

from .blocks import Block, Change

SAYS = {"create": "created", "change": "changed", "void": "voided"}


def printed(instant: str) -> str:
    """Return an instant of the ledger as printed: `24 Nov 2026 11:00:00 UTC`."""
    return dt.datetime.fromisoformat(instant).strftime("%d %b %Y %H:%M:%S UTC").lstrip("0")


def shown(value: Any) -> str:
    """Return a value of a state as printed. Text and measured values stand as they were entered."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def label(field: str) -> str:
    """Return a field's name in words."""
    return field.replace("_", " ")


def changes(versions: Sequence[Version]) -> dict[str, list[Change]]:
    """Return the former values of each field of data, oldest first; what only a workflow step moves is left out."""
    found: dict[str, list[Change]] = {}
    for before, after in pairwise(versions):
        for field, old, new in binding.differences(before.data, after.data):
            change = Change(shown(old), shown(new), after.name, printed(after.at), after.reason)
            found.setdefault(field, []).append(change)
    return found


def changes_of(records: Iterable[Record]) -> dict[UUID, dict[str, list[Change]]]:
    """Return the former values of many records, by key and field, in a few queries."""
    return {key: changes(versions) for key, versions in binding.history([r.id for r in records]).items()}


def trail_of(versions: Sequence[Version]) -> list[Block]:
    """Return the audit trail of a record for the templates, oldest first: every version with old and new values."""
    items: list[Block] = []
    before: dict[str, Any] = {}
    for version in versions:
        told = [] if version.operation == "create" else binding.differences(before, version.state)
        items.append(
            {
                "version": str(version.version), "says": SAYS.get(version.operation, version.operation),
                "name": version.name, "role": role_in_words(version.role),
                "when": printed(version.at), "reason": version.reason,
                "entry": str(version.seq), "hash": version.hash,
                "changes": [{"field": label(f), "old": shown(o), "new": shown(n) or "empty"} for f, o, n in told],
            }
        )  # fmt: skip
        before = version.state
    return items
