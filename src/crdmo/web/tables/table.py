"""A table: its columns, its order, and its answers as page or file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from crdmo.foundation.datasets.tables import writers
from crdmo.foundation.refusals import Invalid

from .columns import Column, value_at
from .keys import behind, closed, opened
from .page import COUNTED, SIZES, TablePage

EXPORTED = 100_000


@dataclass(frozen=True)
class Table:
    """A table: its name, caption and columns, its first order, and what chosen rows post.

    Attributes:
        name: short and unique.
        caption: what is in it.
        columns: the first is the heading of each row.
        sort: name of the column by which it is sorted at first, with `-` for descending.
        batch: name under which chosen rows post their keys; "" where rows cannot be chosen.
        empty: title and text where there is nothing.
        tone: a function of the row that gives bad, warn, stale or "", for the mark before the row.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    sort: str = ""
    batch: str = ""
    empty: tuple[str, str] = ("Nothing here", "No row fits what is asked for.")
    tone: Callable[[Any], str] | None = field(default=None, compare=False)

    def column(self, name: str) -> Column | None:
        """Return a column by name."""
        return next((column for column in self.columns if column.name == name), None)

    def order(self, asked: str) -> tuple[str, Column | None]:
        """Return how the table is sorted, and by which column; by the first it allows where the asked one is none.

        Raises:
            Invalid: the table cannot be sorted by what was asked for.
        """
        chosen = asked or self.sort
        found = self.column(chosen.lstrip("-"))
        if asked and (found is None or not found.sort):
            allowed = ", ".join(column.name for column in self.columns if column.sort)
            raise Invalid("the table cannot be sorted by this", given=asked, allowed=allowed or "nothing")
        return chosen, found

    def page(self, query: QueryDict, rows: QuerySet[Any]) -> TablePage:
        """Return the page of the table that an address asks for.

        Raises:
            Invalid: sort, size or start are none of this table's.
        """
        asked, column = self.order(query.get("sort", ""))
        size = _size(query.get("rows", ""))
        keys = (*((column.sort,) if column and column.sort else ()), "pk")
        down = asked.startswith("-")
        ordered = rows.order_by(
            *(F(key).desc(nulls_last=True) if down else F(key).asc(nulls_last=True) for key in keys)
        )
        start = query.get("after", "")
        if start:
            ordered = ordered.filter(behind(rows.model, keys, opened(start), down))
        found = list(ordered[: size + 1])
        more = closed([value_at(found[size - 1], key.replace("__", ".")) for key in keys]) if len(found) > size else ""
        return TablePage(self, found[:size], query.copy(), asked, size, more, bool(start), _count(rows))

    def answer(
        self, request: HttpRequest, rows: QuerySet[Any], template: str, context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Answer a request for the table: as a page, or as the file that `?format=` asks for."""
        wanted = request.GET.get("format", "")
        if not wanted:
            return render(request, template, {**(context or {}), "table": self.page(request.GET, rows)})
        asked, column = self.order(request.GET.get("sort", ""))
        key = column.sort if column and column.sort else "pk"
        ordered = rows.order_by(
            F(key).desc(nulls_last=True) if asked.startswith("-") else F(key).asc(nulls_last=True), "pk"
        )
        return self.file(wanted, ordered[: EXPORTED + 1])

    def file(self, wanted: str, rows: Sequence[Any] | QuerySet[Any]) -> HttpResponse:
        """Return all rows as a file.

        Raises:
            Invalid: there is no such format, or there are too many rows.
        """
        if wanted not in writers.MEDIA_TYPES:
            raise Invalid("there is no such format", given=wanted, allowed=", ".join(writers.MEDIA_TYPES))
        given = list(rows)
        if len(given) > EXPORTED:
            raise Invalid(
                "a file holds no more rows than this",
                given=f"more than {EXPORTED}",
                allowed=str(EXPORTED),
                next="Filter first",
            )
        frame = self.frame(given)
        if wanted == "xlsx":
            data = writers.write_xlsx(
                frame, measured=[c.name for c in self.columns if c.kind == "number"], title=self.caption
            )
        else:
            data = {"csv": writers.write_csv, "json": writers.write_json, "parquet": writers.write_parquet}[wanted](
                frame
            )
        response = HttpResponse(data, content_type=writers.MEDIA_TYPES[wanted])
        response["Content-Disposition"] = f'attachment; filename="{self.name}.{wanted}"'
        return response

    def frame(self, rows: Sequence[Any]) -> pl.DataFrame:
        """Return rows as a data frame of text, with a column for each unit that differs by row."""
        values: dict[str, list[str | None]] = {}
        for column in self.columns:
            values[column.name] = [column.plain(row) for row in rows]
            if column.unit_at:
                values[f"{column.name}_unit"] = [str(value_at(row, column.unit_at) or "") for row in rows]
            elif column.unit:
                values[f"{column.name}_unit"] = [column.unit] * len(rows)
        return pl.DataFrame(values, schema=dict.fromkeys(values, pl.String))


def _size(text: str) -> int:
    if not text:
        return 50
    if not text.isdigit() or int(text) not in SIZES:
        raise Invalid("a page has no such number of rows", given=text, allowed=", ".join(map(str, SIZES)))
    return int(text)


def _count(rows: QuerySet[Any]) -> int | None:
    counted = rows.order_by()[: COUNTED + 1].count()
    return counted if counted <= COUNTED else None
