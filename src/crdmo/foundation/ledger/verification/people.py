"""Personal and sealed values behind commitments: each opens the commitment that the ledger holds, or was erased on record."""

from __future__ import annotations

from typing import Any

from django.db import connections

from crdmo.proof import canonical, commitments

from ..models import Personal, Sealed, record_types
from .findings import Findings
from .reading import fetch

BATCH = 2000


def check(found: Findings, using: str, erased: set[str]) -> None:
    """Check the values that are there, and that those that are not were erased by an act.

    Args:
        found: collects.
        using: the database.
        erased: the commitments whose values were erased, as the ledger says.
    """
    for kept in (Personal, Sealed):
        for value in kept._default_manager.using(using).order_by("record_id", "field").iterator(BATCH):
            found.personal += 1
            place = f"{value.field} of {value.record_id}"
            if not _opens(value):
                found.add("personal", place, "the value is not the one committed to")
            elif not _committed(value, using):
                found.add("personal", place, "no entry of the record holds its commitment")
    _check_gone(found, using, erased)


def _opens(value: Personal | Sealed) -> bool:
    try:
        return commitments.check(value.commitment, bytes(value.salt), canonical.decode(value.value.encode()))
    except ValueError:
        return False


def _committed(value: Personal | Sealed, using: str) -> bool:
    key = value.record_id if connections[using].features.has_native_uuid_field else value.record_id.hex
    bodies = fetch(using, "SELECT body FROM ledger_entry WHERE record_id = %s", [key])
    return any(
        value.commitment.encode() in bytes(body) and _state(body).get(value.field) == value.commitment
        for (body,) in bodies
    )


def _state(body: bytes) -> dict[str, Any]:
    """Return the state in an entry's body, empty if that cannot be read: the check of the chain names it then."""
    try:
        found = canonical.decode(bytes(body))["state"]
    except (ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _check_gone(found: Findings, using: str, erased: set[str]) -> None:
    for name, model in sorted(record_types().items()):
        for field in (*model.personal, *model.sealed):
            store = Sealed if field in model.sealed else Personal
            rows = model._default_manager.using(using).exclude(**{field: ""}).values_list("id", field)
            held = store._default_manager.using(using).filter(field=field)
            kept = set(held.values_list("commitment", flat=True))
            for key, commitment in rows.iterator(BATCH):
                if commitment not in kept and commitment not in erased:
                    found.add("personal", f"{name} {key}", f"the {field} is gone, and no erasure is on record")
