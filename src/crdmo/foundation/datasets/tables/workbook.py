"""Workbooks: one sheet of plain values. Formulas are refused, for their result is not in the file's keeping."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from crdmo.foundation.refusals import Invalid

from .table import Limits

FIXED = re.compile(r"#?,?#*0(?:\.(0+))?(?:_\)|_-)?\Z")
RATIO = 200


def rows(data: bytes, file_name: str, sheet: str, most: Limits) -> Iterator[list[str]]:
    """Yield the rows of a workbook's one filled sheet, or of the sheet that is named.

    Raises:
        Invalid: it is no sound workbook, holds formulas, or several filled sheets of which none is named.
    """
    _check_archive(data, file_name, most)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, SyntaxError) as error:
        raise Invalid(
            f"{file_name} is no sound workbook", given=str(error)[:200], next="Save it again as .xlsx"
        ) from error
    return _values(_chosen(book, file_name, sheet), file_name)


def _check_archive(data: bytes, file_name: str, most: Limits) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            unpacked = sum(member.file_size for member in members)
            if unpacked > most.unpacked or unpacked > RATIO * max(len(data), 1 << 16):
                raise Invalid(
                    f"{file_name} unpacks to far more than it is",
                    given=f"{unpacked} bytes",
                    allowed=f"{most.unpacked} bytes",
                )
            for member in members:
                # Entities are how a small workbook becomes a large one, or reads another file.
                if member.filename.endswith((".xml", ".rels")) and _has_doctype(archive, member):
                    raise Invalid(
                        f"{file_name} holds a document type",
                        given=member.filename,
                        next="Save it with a spreadsheet program",
                    )
            if torn := archive.testzip():
                raise Invalid(f"{file_name} is torn", given=torn, next="Upload it again")
    except zipfile.BadZipFile as error:
        raise Invalid(f"{file_name} is torn", given=str(error), next="Upload it again") from error


def _has_doctype(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    with archive.open(member) as file:
        head = file.read(4096)
    plain = head.replace(b"\x00", b"").upper()
    return b"<!DOCTYPE" in plain or b"<!ENTITY" in plain


def _chosen(book: Any, file_name: str, sheet: str) -> Any:
    if sheet:
        if sheet not in book.sheetnames:
            raise Invalid(f"{file_name} has no such sheet", given=sheet, allowed=", ".join(book.sheetnames))
        return book[sheet]
    filled = [page for page in book.worksheets if _is_filled(page)]
    if len(filled) != 1:
        what = "is empty" if not filled else "has several filled sheets"
        raise Invalid(
            f"{file_name} {what}", given=", ".join(page.title for page in filled), next="Say which sheet is meant"
        )
    return filled[0]


def _is_filled(page: Any) -> bool:
    # What a file says of its own extent can be wrong in either direction.
    page.reset_dimensions()
    return any(cell is not None for row in page.iter_rows(max_row=50, values_only=True) for cell in row)


def _values(page: Any, file_name: str) -> Iterator[list[str]]:
    width = 0
    for number, row in enumerate(page.iter_rows(), 1):
        cells = [
            _cell(cell, f"{file_name} sheet {page.title} {get_column_letter(i)}{number}")
            for i, cell in enumerate(row, 1)
        ]
        while cells and not cells[-1]:
            cells.pop()
        width = width or len(cells)
        yield cells + [""] * (width - len(cells))


def _cell(cell: Any, place: str) -> str:
    value = cell.value
    if cell.data_type == "f":
        raise Invalid(f"{place} holds a formula", given=str(value)[:80], allowed="values",
                      next="Copy the cells and paste them as values, then upload that")  # fmt: skip
    if cell.data_type == "e":
        raise Invalid(f"{place} holds an error", given=str(value), allowed="a value or nothing")
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, int | float):
        return _number(value, str(cell.number_format))
    return str(value)


def _number(value: float, shown: str) -> str:
    """Return a number with all its digits, and with the zeros that its format shows: 99.8 under 0.00 is 99.80."""
    text = repr(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)
    fixed = FIXED.match(shown)
    if fixed and "e" not in text:
        whole, _, digits = text.partition(".")
        digits = digits.ljust(len(fixed[1] or ""), "0")
        text = f"{whole}.{digits}" if digits else whole
    return text
