"""Plates: formats, names of wells, what stands in a well, and how four plates become one.

A well has one name, such as A1 or AF48; A01 is the same well. Rows after Z are AA to AF. Some readers write the rows
27 to 32 of a 1536-well plate as lower-case a to f: that is read only when it is asked for, because elsewhere a
lower-case letter is a slip.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from crdmo.science.method import MethodError, method

FORMATS: Mapping[int, tuple[int, int]] = {
    6: (2, 3),
    12: (3, 4),
    24: (4, 6),
    48: (6, 8),
    96: (8, 12),
    384: (16, 24),
    1536: (32, 48),
}
_WELL = re.compile(r"([A-Za-z]{1,2})(0?[1-9]|[1-9][0-9])")
_SOURCE = "ANSI/SLAS 4-2004 (R2012) Microplates: well positions"


class WellRole(Enum):
    """What stands in a well."""

    SAMPLE = "sample"
    NEGATIVE = "negative control"
    POSITIVE = "positive control"
    REFERENCE = "reference compound"
    BLANK = "blank"
    EMPTY = "empty"


@dataclass(frozen=True)
class Well:
    """A place on a plate; row and column count from 1."""

    row: int
    column: int

    @property
    def name(self) -> str:
        """The name as written, without leading zeros."""
        return f"{row_letters(self.row)}{self.column}"


def plate_shape(wells: int) -> tuple[int, int]:
    """Return rows and columns of a plate format, or refuse one that there is not."""
    if wells not in FORMATS:
        raise MethodError(
            "there is no such plate format",
            given=f"{wells} wells",
            allowed=", ".join(map(str, FORMATS)),
            next_step="name the format of the plate, not the number of wells that were read",
        )
    return FORMATS[wells]


def row_letters(row: int) -> str:
    """Return the letters of a row that counts from 1: A to Z, then AA to AF."""
    return chr(64 + row) if row <= 26 else "A" + chr(64 + row - 26)


def read_well(name: str, wells: int, *, lower_case_rows: bool = False) -> Well:
    """Return the place that a name means on a plate of so many wells.

    Parameters: `name` such as A1, A01 or AF48; `lower_case_rows` reads a to f as rows 27 to 32, as BMG readers write
    them. Raises `MethodError` for a name that is none, or a well that the plate does not have.

    >>> read_well("AF48", 1536), read_well("e48", 1536, lower_case_rows=True).name
    (Well(row=32, column=48), 'AE48')
    """
    rows, columns = plate_shape(wells)
    found = _WELL.fullmatch(name.strip())
    letters = found[1] if found else ""
    if lower_case_rows and letters in set("abcdef"):
        letters = "A" + letters.upper()
    if not found or letters != letters.upper() or (len(letters) == 2 and letters[0] != "A"):
        raise MethodError(
            "this is no name of a well",
            given=name[:20],
            allowed=f"A1 to {Well(rows, columns).name}",
            next_step="write rows in capitals; say lower_case_rows for a reader that writes rows 27 to 32 as a to f",
        )
    row = ord(letters[-1]) - 64 + (26 if len(letters) == 2 else 0)
    well = Well(row, int(found[2]))
    if not (row <= rows and 1 <= well.column <= columns):
        raise MethodError(
            f"a plate of {wells} wells has no such well",
            given=name[:20],
            allowed=f"A1 to {Well(rows, columns).name}",
            next_step="check the format of the plate",
        )
    return well


def well_at(number: int, wells: int, *, by: Literal["row", "column"]) -> Well:
    """Return the well of a number that counts from 1 along the rows or down the columns."""
    rows, columns = plate_shape(wells)
    if not 1 <= number <= wells:
        raise MethodError("the plate has no such well number", given=str(number), allowed=f"1 to {wells}")
    if by == "row":
        return Well((number - 1) // columns + 1, (number - 1) % columns + 1)
    return Well((number - 1) % rows + 1, (number - 1) // rows + 1)


@dataclass(frozen=True)
class Reformatted:
    """Where each well of four plates lies on one plate of four times as many wells, and the format of that plate."""

    wells: int
    destinations: tuple[str, ...]


@method("discovery.reformat_quadrants", version="1.0", source=_SOURCE, title="Four plates onto one by quadrants")
def reformat_quadrants(*, wells: int, plates: Sequence[int], names: Sequence[str]) -> Reformatted:
    """Say where wells of plates 1 to 4 lie after interleaving them into one plate.

    Parameters: `wells` of each source plate, 96 or 384; `plates`, the source plate 1 to 4 of each well; `names` of
    the wells. Plate 1 gives A1, plate 2 A2, plate 3 B1, plate 4 B2. Raises `MethodError` for another format or
    plate, or when a well is named twice.

    >>> reformat_quadrants(wells=96, plates=[1, 2, 3, 4, 4], names=["A1", "A1", "A1", "A1", "H12"]).destinations
    ('A1', 'A2', 'B1', 'B2', 'P24')
    """
    if wells not in (96, 384):
        raise MethodError("four such plates do not fill one", given=f"{wells} wells", allowed="96 or 384")
    if len(plates) != len(names):
        raise MethodError(
            "plates and wells do not belong together",
            given=f"{len(plates)} plates, {len(names)} wells",
            allowed="one plate for each well",
        )
    made: dict[Well, str] = {}
    for plate, name in zip(plates, names, strict=True):
        if plate not in (1, 2, 3, 4):
            raise MethodError("there is no such source plate", given=str(plate), allowed="1, 2, 3 or 4")
        source = read_well(name, wells)
        place = Well(2 * source.row - 1 + (plate - 1) // 2, 2 * source.column - 1 + (plate - 1) % 2)
        if place in made:
            raise MethodError("a well is named twice", given=f"plate {plate}, well {name}", allowed="each well once")
        made[place] = place.name
    return Reformatted(4 * wells, tuple(made.values()))


@dataclass(frozen=True)
class LayoutReview:
    """Counts of each role, and what is weak about the places of the controls."""

    counts: dict[str, int]
    warnings: tuple[str, ...]


@method("discovery.review_layout", version="1.0", source="NCATS Assay Guidance Manual, HTS assay validation",
        title="Review of a plate layout")  # fmt: skip
def review_layout(*, wells: int, roles: Mapping[str, WellRole]) -> LayoutReview:
    """Count what stands on a plate and say where its controls cannot show what they should.

    Parameters: `wells` of the plate; `roles` by name of well; wells that are not named are empty. Raises `MethodError`
    when a name is none or a well has two names (A1 and A01).
    """
    rows, columns = plate_shape(wells)
    placed: dict[Well, WellRole] = {}
    for name, role in roles.items():
        well = read_well(name, wells)
        if well in placed:
            raise MethodError("a well is named twice", given=name, allowed="each well once")
        placed[well] = role
    counts = {role.value: sum(1 for r in placed.values() if r is role) for role in WellRole}
    counts[WellRole.EMPTY.value] += wells - len(placed)
    warnings = []
    for role in (WellRole.NEGATIVE, WellRole.POSITIVE):
        places = [well for well, r in placed.items() if r is role]
        if len(places) < 2:
            warnings.append(f"{role.value}: {len(places)} wells; Z' and SSMD need at least 2 of each control")
        elif all(w.row in (1, rows) or w.column in (1, columns) for w in places):
            warnings.append(f"{role.value}: all on the edge, so an edge effect cannot be told from the control")
        elif len({w.column for w in places}) == 1:
            warnings.append(f"{role.value}: all in column {places[0].column}, so drift along the plate is not seen")
    return LayoutReview(counts, tuple(warnings))
