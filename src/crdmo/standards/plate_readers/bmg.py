"""BMG LABTECH MARS table exports (CSV): a few lines of heading, the kind of measurement, the grid of raw data.

The heading is not a table: `User: …,Path: …`, `ID1: …`, the measurement on a line of its own, then `Raw Data (450 1)`
with the wavelength and the number of the reading, or `Raw Data (No filter)`. A grid holds only the rows that were read.
Rows 27 to 32 of a 1536-well plate are printed as a to f.
"""

from __future__ import annotations

import csv
import io
import math
import re

from crdmo.standards.refusals import FormatError

from .reading import Reading, WellValue, plate_of, well_name, well_place

RAW = re.compile(r"Raw Data \((.*)\)")
FILTER = re.compile(r"(\d{1,4}(?:\.\d+)?)(?:\s+\d+)?(?:\s*nm)?")
NO_FILTER = {"no filter", "lens"}
# What MARS prints: absorbance as optical density, light as relative units.
PRINTED = {"absorbance": "OD", "luminescence": "RLU", "fluorescence": "RFU"}
HEADING = "User:"
MOST = 4 * 2**20


def is_bmg(data: bytes) -> bool:
    """Say whether these bytes begin as a MARS export does."""
    head = data[:2000].removeprefix(b"\xef\xbb\xbf")
    return head.startswith(HEADING.encode()) and b"Test run no" in head


def _lines(data: bytes, file_name: str) -> list[list[str]]:
    if len(data) > MOST:
        raise FormatError(f"{file_name} is too large for a plate", given=f"{len(data)} bytes", allowed=f"{MOST} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="strict") if b"\x81" not in data else ""
    if not text or "\x00" in text:
        raise FormatError(f"{file_name} is no text", next_step="Export the table from MARS as CSV again")
    return [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text))]


def read_bmg(data: bytes, file_name: str) -> Reading:
    """Read a MARS export.

    Raises:
        FormatError: heading, measurement or grid is missing or torn, a row stands twice or is not as long as the plate is
            wide, a value is no number; each with its line.
    """
    rows = _lines(data, file_name)
    raw = [(i, found) for i, row in enumerate(rows) if row and (found := RAW.fullmatch(row[0]))]
    if len(raw) != 1:
        raise FormatError(
            f"{file_name} holds one reading of one plate", given=f"{len(raw)} lines with Raw Data", allowed="one",
            next_step="Export each reading into a file of its own",
        )  # fmt: skip
    at, found = raw[0]
    heading = " ".join(" ".join(row) for row in rows[:at])
    kinds = [row[0].casefold() for row in rows[:at] if row and row[0].casefold() in PRINTED]
    if len(kinds) != 1:
        raise FormatError(f"{file_name} does not say what was measured", allowed=", ".join(PRINTED))
    values = _grid(rows, at + 1, file_name)
    wells = plate_of(well_place(v.well) for v in values)
    plate = re.search(r"ID1:\s*(.*?)\s*ID2:", heading)
    return Reading(
        "BMG MARS", values, wells, kinds[0], PRINTED[kinds[0]], _wavelength(found[1], kinds[0], file_name),
        plate[1] if plate else "",
    )  # fmt: skip


def _wavelength(text: str, kind: str, file_name: str) -> float | None:
    if text.casefold() in NO_FILTER and kind != "absorbance":
        return None
    found = FILTER.fullmatch(text)
    if found is None:
        if kind == "absorbance":
            raise FormatError(
                f"{file_name}: an absorbance has its wavelength", given=text[:40], allowed="such as 450 1"
            )
        return None
    return float(found[1])


def _grid(rows: list[list[str]], start: int, file_name: str) -> tuple[WellValue, ...]:
    at = next((i for i in range(start, len(rows)) if any(rows[i])), len(rows))
    head = rows[at] if at < len(rows) else []
    columns = [cell for cell in head[1:] if cell]
    if head[:1] != [""] or columns != [str(i) for i in range(1, len(columns) + 1)] or not columns:
        raise FormatError(f"{file_name} line {at + 1}: the numbers of the columns are missing", allowed="1, 2, 3, …")
    found: dict[str, WellValue] = {}
    for number, row in enumerate(rows[at + 1 :], at + 2):
        if not any(row):
            continue
        cells = row[1 : len(columns) + 1]
        place = f"{file_name} line {number}"
        if len(cells) < len(columns) or "" in cells or any(row[len(columns) + 1 :]):
            raise FormatError(
                f"{place}: the row is torn", given=f"{len([c for c in row[1:] if c])} values", allowed=f"{len(columns)}"
            )
        line = well_place(f"{row[0]}1", lower_case_rows=True)[0]
        for column, text in enumerate(cells, 1):
            name = well_name(line, column)
            if name in found:
                raise FormatError(f"{place}: a row stands twice", given=row[0], allowed="each row once")
            found[name] = WellValue(name, checked(text, f"{place}, column {column}"))
    return tuple(found.values())


def checked(text: str, place: str) -> str:
    """Return the text of a finite number.

    Raises:
        FormatError: it is none.
    """
    try:
        good = math.isfinite(float(text))
    except ValueError:
        good = False
    if not good:
        raise FormatError(f"{place}: no number", given=text[:40], allowed="a number with a point")
    return text
