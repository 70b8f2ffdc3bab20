"""Lists of a screen: a line a well with the plate, the well and the value, between tabs, without a heading.

Screening groups keep their raw plates so (the files of cellHTS2 are such lists): `FT01-G01<tab>A01<tab>887763`.
"""

from __future__ import annotations

import re

from crdmo.standards.refusals import FormatError

from .bmg import MOST, checked
from .reading import Reading, WellValue, plate_of, well_name, well_place

FIRST = re.compile(rb"[^\t\r\n]{1,60}\t[A-Z]{1,2}\d{1,2}\t[^\t\r\n]*(\r?\n|\Z)")
CELLS = 3


def is_list(data: bytes) -> bool:
    """Say whether the first line is a plate, a well and a value."""
    return FIRST.match(data.removeprefix(b"\xef\xbb\xbf")) is not None


def read_list(data: bytes, file_name: str) -> Reading:
    """Read a list of one plate.

    Raises:
        FormatError: a line has not three cells, another plate, a well that is none or stands twice, or no number.
    """
    if len(data) > MOST:
        raise FormatError(f"{file_name} is too large for a plate", given=f"{len(data)} bytes", allowed=f"{MOST} bytes")
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise FormatError(f"{file_name} is no text", given=str(error)[:60]) from error
    found: dict[str, WellValue] = {}
    places: list[tuple[int, int]] = []
    plate = ""
    for number, line in enumerate(lines, 1):
        cells = line.split("\t")
        place = f"{file_name} line {number}"
        if len(cells) != CELLS:
            raise FormatError(f"{place} is torn", given=f"{len(cells)} cells", allowed="plate, well, value")
        plate = plate or cells[0]
        if cells[0] != plate:
            raise FormatError(
                f"{place}: a second plate", given=f"{plate}, {cells[0]}", allowed="one plate a file",
                next_step="Bring each plate in a file of its own",
            )  # fmt: skip
        where = well_place(cells[1])
        name = well_name(*where)
        if name in found:
            raise FormatError(f"{place}: a well stands twice", given=cells[1], allowed="each well once")
        found[name] = WellValue(name, checked(cells[2].strip(), place))
        places.append(where)
    return Reading("list", tuple(found.values()), plate_of(places), plate=plate)
