"""An uploaded table is read by what it is, not by its name; a torn, doubtful or oversized file is refused whole."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from crdmo.foundation.refusals import Invalid

from . import delimited, objects, workbook
from .table import Flag, Limits, Table, is_formula

OLE = bytes.fromhex("d0cf11e0a1b11ae1")
FLAT = (pl.String, pl.Boolean, pl.Date, pl.Datetime, pl.Categorical, pl.Enum, pl.Null)


def read_table(
    data: bytes,
    file_name: str,
    *,
    sheet: str = "",
    separator: str = "",
    encoding: str = "",
    limits: Limits | None = None,
) -> Table:
    """Read a table from a file's bytes.

    Args:
        data: the bytes, as uploaded.
        file_name: what the user calls it; used in messages, and to tell JSON from CSV.
        sheet: of a workbook with several filled sheets, the one that is meant.
        separator: of a text file in which more than one could be.
        encoding: of a text file that is neither UTF-8 nor UTF-16, e.g. `cp1252`.
        limits: what is too large.

    Raises:
        Invalid: the file is torn, ambiguous, too large, or has no proper headings; names file, row and column.
    """
    most = limits or Limits()
    if not data:
        raise Invalid(f"{file_name} is empty")
    if len(data) > most.size:
        raise Invalid(f"{file_name} is too large to upload", given=f"{len(data)} bytes", allowed=f"{most.size} bytes")
    if data[:8] == OLE:
        raise Invalid(
            f"{file_name} is an old or protected workbook", next="Save it without password as .xlsx and upload that"
        )
    if data[:4] == b"PAR1":
        return Table(file_name, _parquet(data, file_name, most))
    if data[:4] == b"PK\x03\x04":
        rows = workbook.rows(data, file_name, sheet, most)
    elif _is_json(data, file_name):
        rows = objects.rows(data, file_name)
    else:
        rows = delimited.rows(data, file_name, separator, encoding)
    return _table(file_name, rows, most)


def _is_json(data: bytes, file_name: str) -> bool:
    return file_name.lower().endswith(".json") or data.lstrip()[:2] in (b"[{", b'{"')


def _table(file_name: str, rows: Iterator[Sequence[str]], most: Limits) -> Table:
    headings = [name.strip() for name in next(rows, [])]
    _check_headings(file_name, headings, most)
    columns: list[list[str]] = [[] for _ in headings]
    flags: list[Flag] = []
    blank = 0
    for number, row in enumerate(rows, 2):
        if not any(cell.strip() for cell in row):
            blank = blank or number
            continue
        if blank:
            raise Invalid(
                f"{file_name} row {blank} is empty, and more rows follow", next="Remove it, or the rows after it"
            )
        if number > most.rows + 1:
            raise Invalid(f"{file_name} has too many rows", allowed=f"{most.rows}", next="Seal it as Parquet")
        if len(row) != len(headings):
            raise Invalid(f"{file_name} row {number} has {len(row)} cells under {len(headings)} headings",
                          given=" | ".join(row)[:120], next="The file may be torn: export it again")  # fmt: skip
        for name, column, cell in zip(headings, columns, row, strict=True):
            _check_cell(file_name, number, name, cell, most)
            if is_formula(cell):
                flags.append(Flag(number, name, cell))
            column.append(cell)
    if not columns[0]:
        raise Invalid(f"{file_name} has headings and no rows")
    made = {name: pl.Series(name, column, dtype=pl.String) for name, column in zip(headings, columns, strict=True)}
    return Table(file_name, pl.DataFrame(made), tuple(flags))


def _check_headings(file_name: str, headings: Sequence[str], most: Limits) -> None:
    if not any(headings):
        raise Invalid(f"{file_name} has no headings in its first row", next="Put the names of the columns there")
    if len(headings) > most.columns:
        raise Invalid(f"{file_name} has too many columns", given=str(len(headings)), allowed=str(most.columns))
    for number, name in enumerate(headings, 1):
        if not name:
            raise Invalid(f"{file_name}: column {number} has no heading", given=" | ".join(headings)[:120])
        if not name.isprintable() or is_formula(name):
            raise Invalid(f"{file_name}: the heading of column {number} is no plain text", given=repr(name))
    lowered = [name.casefold() for name in headings]
    if twice := sorted({name for name in headings if lowered.count(name.casefold()) > 1}):
        raise Invalid(f"{file_name} has a heading twice", given=", ".join(twice), next="Rename one of them")


def _check_cell(file_name: str, row: int, column: str, cell: str, most: Limits) -> None:
    if len(cell) > most.cell:
        raise Invalid(
            f"{file_name} row {row}, column {column} is too long",
            given=f"{len(cell)} characters",
            allowed=str(most.cell),
        )
    if "\x00" in cell:
        raise Invalid(f"{file_name} row {row}, column {column} holds a NUL character", next="The file may be torn")


def _parquet(data: bytes, file_name: str, most: Limits) -> pl.DataFrame:
    try:
        meta = pq.read_metadata(io.BytesIO(data))
        groups = [meta.row_group(i) for i in range(meta.num_row_groups)]
        unpacked = sum(group.total_byte_size for group in groups)
        if unpacked > most.unpacked or meta.num_columns > most.columns:
            raise Invalid(
                f"{file_name} is too large when unpacked", given=f"{unpacked} bytes", allowed=f"{most.unpacked} bytes"
            )
        frame = pl.read_parquet(io.BytesIO(data))
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError) as error:
        raise Invalid(f"{file_name} is a torn Parquet file", given=str(error)[:200], next="Export it again") from error
    _check_headings(file_name, frame.columns, most)
    for name, kind in frame.schema.items():
        if not kind.is_numeric() and not isinstance(kind, FLAT):
            raise Invalid(
                f"{file_name}, column {name} does not hold plain values",
                given=str(kind),
                allowed="numbers, text, dates",
            )
    return frame
