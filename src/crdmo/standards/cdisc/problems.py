"""What is wrong with the rows of a data set, by row, variable and value: one list for who builds and for who checks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from crdmo.standards.cdisc.model import Core, Definition, Domain
from crdmo.standards.cdisc.timing import is_moment

# What a short name may look like, since it becomes a variable when data are transposed.
SHORT_NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,7}")
CODES = ("TESTCD", "PARMCD", "QNAM")


@dataclass(frozen=True)
class Problem:
    """One value that the standard does not allow. `row` counts from 1."""

    rule: str
    row: int
    variable: str
    value: str
    what: str
    allowed: str


def problems(domain: Domain, frame: pl.DataFrame) -> Iterator[Problem]:
    """Yield what is wrong with the values of a data set whose columns have the domain's types."""
    for one in domain.variables:
        if one.name not in frame.columns:
            continue
        column = frame[one.name]
        if one.core is Core.REQUIRED:
            empty = column.is_null() | (column == "") if column.dtype == pl.String else column.is_null()
            for row in empty.arg_true():
                yield Problem("empty", row + 1, one.name, "", "has no value", "a value in every row")
        if column.dtype == pl.String:
            yield from _texts(one, column)
    yield from _sequence(domain, frame)


def _texts(one: Definition, column: pl.Series) -> Iterator[Problem]:
    length = column.str.len_bytes()
    for row in (length > one.most).arg_true():
        yield Problem(
            "length", row + 1, one.name, column[row], f"has {length[row]} bytes", f"{one.most} bytes, not characters"
        )
    if one.is_moment:
        yield from _unlike(
            one, column, "moment", is_moment, "is no ISO 8601 moment", "such as 2026-03-14T08:30, 2026-03"
        )
    if one.name.endswith(CODES) and one.name != "IETESTCD":
        yield from _unlike(
            one, column, "short name", lambda text: bool(SHORT_NAME.fullmatch(text)),
            "is no short name", "1 to 8 of A to Z, 0 to 9 and _, not beginning with a digit",
        )  # fmt: skip


def _unlike(
    one: Definition, column: pl.Series, rule: str, fits: Callable[[str], bool], what: str, allowed: str
) -> Iterator[Problem]:
    wrong = {text for text in column.unique().to_list() if text and not fits(text)}
    for row, text in enumerate(column if wrong else ()):
        if text in wrong:
            yield Problem(rule, row + 1, one.name, text, what, allowed)


def _sequence(domain: Domain, frame: pl.DataFrame) -> Iterator[Problem]:
    if not domain.sequence or domain.sequence not in frame.columns:
        return
    keys = [key for key in (*domain.sequence_within, domain.sequence) if key in frame.columns]
    for row in (~frame.select(pl.struct(keys).is_first_distinct()).to_series()).arg_true():
        yield Problem(
            "sequence", row + 1, domain.sequence, f"{frame[domain.sequence][row]:g}",
            "is there already for " + ", ".join(str(frame[key][row] or "") for key in keys[:-1]), "each number once",
        )  # fmt: skip
