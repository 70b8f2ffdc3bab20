"""What every API route needs: who may use it, answers given once only, pages by cursor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import QuerySet

from crdmo.foundation.ledger.models import Record

F = TypeVar("F", bound=Callable[..., Any])
MOST = 1000


def permission(verb: str) -> Callable[[F], F]:
    """Say which verb of the table opens a route; the door asks for it."""

    def mark(function: F) -> F:
        function.permission = verb  # type: ignore[attr-defined]
        return function

    return mark


def page(rows: QuerySet[Any], after: int, limit: int, line: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """Return a page of records in the order of their last entry, and the cursor of the next."""
    limit = max(1, min(limit, MOST))
    found = list(rows.filter(entry__gt=after).order_by("entry")[: limit + 1])
    more = len(found) > limit
    return {"items": [line(row) for row in found[:limit]], "next": found[limit - 1].entry if more else None}


def header(record: Record) -> dict[str, Any]:
    """Return what every record carries."""
    return {"id": str(record.pk), "type": record.record_type(), "version": record.version, "entry": record.entry, "void": record.is_void}


