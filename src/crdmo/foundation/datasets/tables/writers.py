"""Tables on the way out: the same rows as CSV, workbook, JSON or Parquet; the same rows give the same bytes."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import zipfile
from collections.abc import Callable, Collection
from typing import Any

import openpyxl
import polars as pl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from .numbers import PLAIN
from .table import is_formula

EPOCH = (1980, 1, 1, 0, 0, 0)
STAMP = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:)")
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
}
EXACT = 15


def csv_safe(value: Any) -> str:
    """Return a cell for CSV; what a spreadsheet would run as a formula gets an apostrophe before it."""
    text = _text(value)
    return "'" + text if is_formula(text) else text


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def write_csv(frame: pl.DataFrame) -> bytes:
    """Return a table as CSV after RFC 4180, in UTF-8 with a mark that spreadsheets need to see."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([csv_safe(name) for name in frame.columns])
    writer.writerows([csv_safe(value) for value in row] for row in frame.iter_rows())
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def write_json(frame: pl.DataFrame) -> bytes:
    """Return a table as a list of objects; measured values stay text with their digits."""
    return json.dumps(frame.to_dicts(), ensure_ascii=False, indent=1, default=_text, allow_nan=False).encode() + b"\n"


def write_parquet(frame: pl.DataFrame) -> bytes:
    """Return a table as Parquet."""
    out = io.BytesIO()
    frame.rechunk().write_parquet(out, compression="zstd", statistics=True)
    return out.getvalue()


def write_xlsx(frame: pl.DataFrame, *, measured: Collection[str] = (), title: str = "Table") -> bytes:
    """Return a table as a workbook. Text is never taken for a formula.

    The text columns named in `measured` become numbers that show the digits they were given: 99.80 as 99.8 under 0.00.
    """
    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", title)[:31] or "Table")
    page.freeze_panes = "A2"
    page.append([_written(page, name, bold=True) for name in frame.columns])
    makers = [_measured if name in measured else _written for name in frame.columns]
    for row in frame.iter_rows():
        page.append([make(page, value) for make, value in zip(makers, row, strict=True)])
    out = io.BytesIO()
    book.save(out)
    return _undated(out.getvalue())


def _written(page: Any, value: Any, *, bold: bool = False) -> Any:
    plain = value if isinstance(value, int | float) and math.isfinite(value) else _text(value)
    cell = WriteOnlyCell(page, value=plain)
    if isinstance(plain, str):
        cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell


def _measured(page: Any, value: Any) -> Any:
    text = _text(value)
    digits = sum(char.isdigit() for char in text)
    if not PLAIN.match(text) or "e" in text.lower() or digits > EXACT:
        return _written(page, value)
    cell = WriteOnlyCell(page, value=float(text))
    places = len(text.partition(".")[2])
    cell.number_format = "0." + "0" * places if places else "0"
    return cell


def _undated(data: bytes) -> bytes:
    """Return a workbook without the moment of its making, which would make each copy another file."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist()):
            content = STAMP.sub(rb"\g<1>1980-01-01T00:00:00Z\g<3>", old.read(name))
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            new.writestr(info, content)
    return out.getvalue()


WRITERS: dict[str, Callable[[pl.DataFrame], bytes]] = {
    "csv": write_csv, "xlsx": write_xlsx, "json": write_json, "parquet": write_parquet,
}  # fmt: skip
