"""An uploaded table: its cells as they came, and the ways from text to numbers, dates and types."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from crdmo.foundation.refusals import Invalid

from . import numbers as marks
from .numbers import Decimal, number_text

Kind = Literal["text", "number", "integer", "date", "instant"]
TOLD = 50
STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@dataclass(frozen=True)
class Limits:
    """What is too large for an upload; larger data are sealed as Parquet or by an instrument's own reader."""

    size: int = 64 * 2**20
    unpacked: int = 512 * 2**20
    rows: int = 1_000_000
    columns: int = 1_000
    cell: int = 32_767


@dataclass(frozen=True)
class Flag:
    """A text cell that a spreadsheet would take for a formula. It is kept as text, and the reader is told."""

    row: int
    column: str
    value: str


def is_formula(value: str) -> bool:
    """Say whether a spreadsheet would take this text for a formula; plain numbers such as -5.2 are none."""
    return value.startswith(STARTS_FORMULA) and not marks.PLAIN.match(value.replace(",", "."))


@dataclass(frozen=True)
class Table:
    """A table as read. Rows are counted as a person sees them in the file: the row of headings is row 1."""

    file_name: str
    frame: pl.DataFrame
    flags: tuple[Flag, ...] = ()

    @property
    def columns(self) -> list[str]:
        """The headings."""
        return self.frame.columns

    def place(self, index: int, column: str) -> str:
        """Return where a cell is, in the file's own terms."""
        return f"{self.file_name} row {index + 2}, column {column}"

    def require(self, *columns: str) -> None:
        """Say nothing if the table has these columns.

        Raises:
            Invalid: names those that are missing.
        """
        if missing := [name for name in columns if name not in self.columns]:
            raise Invalid(f"{self.file_name} lacks a column", given=", ".join(self.columns), allowed=", ".join(missing),
                          errors={name: "this column is missing" for name in missing})  # fmt: skip

    def numbers(self, column: str, *, decimal: Decimal | None = None, empty: bool = False) -> list[str | None]:
        """Return a column as measured values: text with a decimal point, digits as given.

        Raises:
            Ambiguous: a value can be read in two ways, or the column uses both decimal marks.
            Invalid: names every cell that is no number; an empty one counts unless `empty`.
        """
        self.require(column)
        cells = ["" if value is None else str(value) for value in self.frame[column].to_list()]
        if decimal is None and {"point", "comma"} <= {marks.uses(cell) for cell in cells}:
            raise marks.Ambiguous(
                f"column {column} of {self.file_name} uses both the point and the comma as decimal mark",
                given=", ".join(cells[:5]), allowed="one decimal mark", next="Say which one it is, or correct the file",
            )  # fmt: skip
        return self._each(column, cells, lambda cell: number_text(cell, decimal), empty)

    def _each(self, column: str, cells: Sequence[str], convert: Callable[[str], Any], empty: bool) -> list[Any]:
        made: list[Any] = []
        errors: dict[str, Invalid] = {}
        for index, cell in enumerate(cells):
            try:
                if not cell.strip() and not empty:
                    raise Invalid("this cell is empty", allowed="a value")
                made.append(convert(cell) if cell.strip() else None)
            except Invalid as error:
                errors[self.place(index, column)] = error
        if errors:
            raise _several(column, errors)
        return made

    def typed(self, kinds: Mapping[str, Kind], *, decimal: Decimal | None = None) -> pl.DataFrame:
        """Return the named columns with types for computing: numbers as floats, dates, instants; empty cells as null.

        Raises:
            Invalid: names every cell that does not fit.
        """
        self.require(*kinds)
        return pl.DataFrame({name: self._typed(name, kind, decimal) for name, kind in kinds.items()})

    def _typed(self, column: str, kind: Kind, decimal: Decimal | None) -> pl.Series:
        if self.frame.schema[column] != pl.String:
            return self.frame[column].cast(_POLARS[kind])
        if kind == "number":
            texts = self.numbers(column, decimal=decimal, empty=True)
            return pl.Series(column, [None if text is None else float(text) for text in texts], dtype=pl.Float64)
        cells = ["" if value is None else value for value in self.frame[column].to_list()]
        return pl.Series(column, self._each(column, cells, _CONVERT[kind], empty=True), dtype=_POLARS[kind])


def _several(column: str, errors: Mapping[str, Invalid]) -> Invalid:
    first_place, first = next(iter(errors.items()))
    more = f" ({len(errors)} cells in all)" if len(errors) > 1 else ""
    told = {place: error.sentence() for place, error in list(errors.items())[:TOLD]}
    return type(first)(
        f"{first_place}: {first.what}{more}", errors=told, given=first.given, allowed=first.allowed, next=first.next
    )


def _integer(cell: str) -> int:
    text = cell.strip()
    if not text.removeprefix("-").isascii() or not text.removeprefix("-").isdigit():
        raise Invalid("this is no whole number", given=repr(cell), allowed="digits only")
    return int(text)


def _date(cell: str) -> dt.date:
    try:
        return dt.date.fromisoformat(cell.strip())
    except ValueError:
        raise Invalid("this is no date", given=repr(cell), allowed="year-month-day, such as 2026-11-24") from None


def _instant(cell: str) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(cell.strip())
    except ValueError:
        raise Invalid("this is no instant", given=repr(cell), allowed="2026-11-24T09:30:00Z") from None
    if found.tzinfo is None:
        raise Invalid("an instant needs its offset from UTC", given=repr(cell), allowed="2026-11-24T09:30:00+01:00")
    return found.astimezone(dt.UTC)


_POLARS: dict[str, Any] = {
    "text": pl.String, "number": pl.Float64, "integer": pl.Int64, "date": pl.Date, "instant": pl.Datetime("us", "UTC"),
}  # fmt: skip
_CONVERT: dict[str, Callable[[str], Any]] = {"text": str, "integer": _integer, "date": _date, "instant": _instant}
