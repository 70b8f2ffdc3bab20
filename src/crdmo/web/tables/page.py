"""One page of a table, ready to be drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import QueryDict
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from crdmo.foundation.datasets.tables import writers

from .columns import Column, value_at

if TYPE_CHECKING:
    from .table import Table

SIZES = (25, 50, 100, 250)
COUNTED = 10_000


@dataclass(frozen=True)
class TablePage:
    """One page of a table, ready to be drawn."""

    table: Table
    rows: list[Any]
    query: QueryDict
    sorted_by: str
    size: int
    more: str
    is_later: bool
    count: int | None

    def url(self, **changes: str) -> str:
        """Return this address with changes; a filter or another order starts at the first row again."""
        query = self.query.copy()
        query.pop("after", None)
        for name, value in changes.items():
            query.pop(name, None)
            if value:
                query[name] = value
        return f"?{query.urlencode()}"

    @property
    def next_url(self) -> str:
        """The address of the next page, or ""."""
        return self.url(after=self.more) if self.more else ""

    @property
    def first_url(self) -> str:
        """The address of the first page, or "" where this is it."""
        return self.url() if self.is_later else ""

    @property
    def sizes(self) -> list[tuple[int, str, bool]]:
        """How many rows a page may have: number, address, whether chosen."""
        return [(size, self.url(rows=str(size)), size == self.size) for size in SIZES]

    @property
    def formats(self) -> list[tuple[str, str]]:
        """Name and address of each file."""
        return [
            (name.upper() if name != "parquet" else "Parquet", self.url(format=name)) for name in writers.MEDIA_TYPES
        ]

    @property
    def counted(self) -> str:
        """How many rows there are, in words."""
        if self.count is None:
            return f"more than {COUNTED:,}".replace(",", "\u2009") + " rows"
        return "1 row" if self.count == 1 else f"{self.count:,} rows".replace(",", "\u2009")

    @property
    def head(self) -> SafeString:
        """The headings."""
        box = (
            '<th scope="col" class="tight"><input type="checkbox" data-all="{}" aria-label="Choose all rows here"></th>'
        )
        all_ = format_html(box, self.table.batch) if self.table.batch else ""
        return format_html("<tr>{}{}</tr>", all_, _joined(self._heading(column) for column in self.table.columns))

    def _heading(self, column: Column) -> SafeString:
        unit = format_html(' <span class="unit">({})</span>', column.unit) if column.unit else ""
        label = format_html("{}{}", column.label, unit)
        place = format_html("{}{}", _class(column.css), _column(column))
        if not column.sort:
            return format_html('<th scope="col"{}>{}</th>', place, label)
        return _sorting(self.query, column.name, label, place, self.sorted_by)

    @property
    def body(self) -> SafeString:
        """The rows."""
        return _joined(self._row(row) for row in self.rows)

    def _row(self, row: Any) -> SafeString:
        tone = self.table.tone(row) if self.table.tone else ""
        first, *rest = self.table.columns
        cells = [_cell("th", first, row), *(_cell("td", column, row) for column in rest)]
        return format_html("<tr{}>{}{}</tr>", _class(tone), self._box(row), _joined(cells))

    def _box(self, row: Any) -> SafeString | str:
        if not self.table.batch:
            return ""
        box = '<td class="tight"><input type="checkbox" name="{}" value="{}" aria-label="Choose {}"></td>'
        return format_html(box, self.table.batch, value_at(row, "pk"), self.table.columns[0].of(row))


def _joined(parts: Iterable[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


def _cell(kind: str, column: Column, row: Any) -> SafeString:
    scope = SafeString(' scope="row"' if kind == "th" else "")
    return format_html(
        '<{}{} data-label="{}"{}{}>{}</{}>',
        kind,
        scope,
        column.label,
        _class(column.css),
        _column(column),
        column.drawn(row),
        kind,
    )


def _class(css: str) -> SafeString | str:
    return format_html(' class="{}"', css) if css else ""


def _column(column: Column) -> SafeString:
    return format_html(' data-column="{}"{}', column.name, SafeString(" hidden" if column.hidden else ""))


def heading(query: QueryDict, name: str, label: Any, css: str = "") -> SafeString:
    """Return the heading of a column with the link that sorts by it, and how it is sorted now."""
    return _sorting(query, name, label, _class(css), query.get("sort", ""))


def _sorting(query: QueryDict, name: str, label: Any, place: SafeString | str, now: str) -> SafeString:
    query = query.copy()
    query["sort"] = f"-{name}" if now == name else name
    query.pop("after", None)
    state, arrow = {name: ("ascending", "▲"), f"-{name}": ("descending", "▼")}.get(now, ("", ""))
    sort = format_html(' aria-sort="{}"', state) if state else ""
    shown = format_html(' <span class="arrow" aria-hidden="true">{}</span>', arrow) if arrow else ""
    link = format_html('<a href="?{}" data-swap>{}{}</a>', query.urlencode(), label, shown)
    return format_html('<th scope="col"{}{}>{}</th>', place, sort, link)
