"""A column of a table: where its values are, how they are drawn, how they are exported."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import Model
from django.utils.html import format_html
from django.utils.safestring import SafeString

from .. import components

Kind = Literal["text", "id", "record", "person", "number", "state", "day", "instant", "hash", "verdict"]

DRAWN: dict[Kind, Callable[[Any], SafeString | str]] = {
    "id": lambda value: format_html('<span class="id">{}</span>', value),
    "person": components.person_link,
    "state": components.chip,
    "day": components.day,
    "instant": components.instant,
    "hash": components.digest,
    "verdict": components.verdict,
}


def value_at(row: Any, path: str) -> Any:
    """Return what lies at a path with points; where it breaks off, None."""
    for name in path.split("."):
        row = row.get(name) if isinstance(row, Mapping) else getattr(row, name, None)
        row = row() if callable(row) and not isinstance(row, type) else row
        if row is None:
            return None
    return row


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: in addresses and exports; by default also where the value is.
        label: the heading.
        value: where the value is, as a path with points, or a function of the row.
        kind: how it is drawn.
        unit: the unit of the whole column, or with `unit_at` the path to the unit of each row.
        unit_at: path to the unit of each row.
        sort: the field of the model by which it can be sorted; fields of decimal text cannot.
        url: a function of the row that gives an address, or "".
        hidden: not shown until chosen, but exported.
        tight: as narrow as its contents.
    """

    name: str
    label: str
    value: str | Callable[[Any], Any] = ""
    kind: Kind = "text"
    unit: str = ""
    unit_at: str = ""
    sort: str = ""
    url: Callable[[Any], str] | None = None
    hidden: bool = False
    tight: bool = False

    @property
    def css(self) -> str:
        """The classes of its cells."""
        tight = self.tight or self.kind in ("id", "state", "day", "instant")
        return " ".join(filter(None, ("num" if self.kind == "number" else "", "tight" if tight else "")))

    def of(self, row: Any) -> Any:
        """Return the value in a row; where the path breaks off, None."""
        if callable(self.value):
            return self.value(row)
        return value_at(row, self.value or self.name)

    def drawn(self, row: Any) -> SafeString | str:
        """Return the value in a row as HTML."""
        value = self.of(row)
        shown = self._shown(value, row)
        url = self.url(row) if self.url else ""
        return format_html('<a href="{}">{}</a>', url, shown) if url else shown

    def _shown(self, value: Any, row: Any) -> SafeString | str:
        if self.kind == "record":
            record = row if not isinstance(value, Model) else value
            return components.record_link(record, "" if isinstance(value, Model) else str(value))
        if self.kind == "number":
            unit = value_at(row, self.unit_at) if self.unit_at else ""
            return components.number(value, unit, row if hasattr(row, "record_type") else None)
        if value is None or value == "":
            return "" if self.kind == "verdict" else "–"
        return DRAWN[self.kind](value) if self.kind in DRAWN else str(value)

    def plain(self, row: Any) -> str | None:
        """Return the value in a row as text for an export; measured values keep their digits."""
        value = self.of(row)
        if value is None or value == "":
            return None
        return value.isoformat() if isinstance(value, dt.date) else str(value)
