"""What a reader saw on a plate, and the checks that every reading stands up to, whoever wrote the file.

A file that names a wavelength of 1 nm, a plate of 104 wells or an absorbance of 0.07 mAU is wrong however it is
packed: such values were seen in converted files that others took for the truth.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from crdmo.standards.refusals import Finding, FormatError, Severity

# ANSI/SLAS 4-2004 (R2012): rows and columns by the number of wells.
FORMATS = {6: (2, 3), 12: (3, 4), 24: (4, 6), 48: (6, 8), 96: (8, 12), 384: (16, 24), 1536: (32, 48)}
WELL = re.compile(r"([A-Z]{1,2}|[a-f])0?([1-9][0-9]?)")
# What monochromators and filters of plate readers can be set to, in nm.
SHORTEST, LONGEST = 180.0, 1100.0
# No reader tells an absorbance below a thousandth from none; a whole plate below a hundredth was read in another unit.
LEAST_ABSORBANCE = 0.01
MILLI = {"mAU": 1e-3, "mOD": 1e-3, "OD": 1.0, "AU": 1.0}
UNITS = {"absorbance": ("OD", "AU", "mAU", "mOD"), "luminescence": ("RLU",), "fluorescence": ("RFU",)}


@dataclass(frozen=True)
class WellValue:
    """A well by its name, such as A1 or AE48, and what was printed for it."""

    well: str
    text: str

    @property
    def value(self) -> float:
        """The number that was printed."""
        return float(self.text)


@dataclass(frozen=True)
class Reading:
    """The wells that a reader read on one plate.

    `wells` is the format of the plate; `stated_wells` the number that the file states, if it states one.
    `wavelength` is in nm; where no filter was used there is none. `unit` is that of the values.
    """

    source: str
    values: tuple[WellValue, ...]
    wells: int
    detection: str = ""
    unit: str = ""
    wavelength: float | None = None
    plate: str = ""
    stated_wells: int | None = None


def well_place(name: str, *, lower_case_rows: bool = False) -> tuple[int, int]:
    """Return row and column, from 1, of a name such as A1, A01 or AF48.

    `lower_case_rows` reads a to f as rows 27 to 32, as BMG readers print them; elsewhere a small letter is a slip.

    Raises:
        FormatError: it is no name of a well.

    >>> well_place("e48", lower_case_rows=True), well_place("AE48")
    ((31, 48), (31, 48))
    """
    found = WELL.fullmatch(name.strip())
    letters = found[1] if found else ""
    if found and letters.islower():
        letters = f"A{letters.upper()}" if lower_case_rows else ""
    if not found or not letters or (len(letters) == 2 and not "AA" <= letters <= "AF"):
        raise FormatError("this is no name of a well", given=name[:20], allowed="A1 to AF48")
    return ord(letters[-1]) - 64 + (26 if len(letters) == 2 else 0), int(found[2])


def well_name(row: int, column: int) -> str:
    """Return the name of a well without leading zeros."""
    return f"{chr(64 + row) if row <= 26 else 'A' + chr(64 + row - 26)}{column}"


def plate_of(places: Iterable[tuple[int, int]]) -> int:
    """Return the smallest plate that has all these wells: 288 wells that reach column 48 are of a 1536-well plate.

    Raises:
        FormatError: there is no well, or no plate has them.
    """
    known = list(places)
    if not known:
        raise FormatError("no well was read", given="none", allowed="at least one")
    row, column = max(r for r, _ in known), max(c for _, c in known)
    for wells, (rows, columns) in FORMATS.items():
        if row <= rows and column <= columns and wells >= 96:
            return wells
    raise FormatError("no plate has such a well", given=well_name(row, column), allowed="A1 to AF48")


def reading_checks(one: Reading, vendor: Reading | None = None) -> list[Finding]:
    """Return what cannot be true of a reading; with the reader's own file, also what differs from it.

    Criteria: PR-1 wavelength, PR-2 number of wells, PR-3 unit, PR-4 a value that is not the reader's.
    """
    return [*_wavelength(one, vendor), *_count(one), *_unit(one, vendor), *_values(one, vendor)]


def _error(criterion: str, place: str, what: str, reason: str) -> Finding:
    return Finding(criterion, Severity.ERROR, place, what, reason)


def _wavelength(one: Reading, vendor: Reading | None) -> list[Finding]:
    if one.wavelength is not None and not SHORTEST <= one.wavelength <= LONGEST:
        reason = f"plate readers are set from {SHORTEST:g} to {LONGEST:g} nm"
        return [_error("PR-1", "wavelength", f"{one.wavelength:g} nm", reason)]
    if vendor is not None and one.wavelength != vendor.wavelength:
        told = "none" if vendor.wavelength is None else f"{vendor.wavelength:g} nm"
        return [_error("PR-1", "wavelength", f"{one.wavelength or 0:g} nm", f"the reader's file says {told}")]
    return []


def _count(one: Reading) -> list[Finding]:
    if one.stated_wells is None or one.stated_wells == one.wells:
        return []
    reason = f"{len(one.values)} wells are there, of a plate of {one.wells}"
    return [_error("PR-2", "well count", f"{one.stated_wells} wells", reason)]


def _unit(one: Reading, vendor: Reading | None) -> list[Finding]:
    if vendor is not None and one.unit != vendor.unit:
        return [_error("PR-3", "unit", one.unit or "none", f"the reader's file is in {vendor.unit or 'no unit'}")]
    allowed = UNITS.get(one.detection)
    if allowed and one.unit not in allowed:
        return [_error("PR-3", "unit", one.unit or "none", f"{one.detection} is in {' or '.join(allowed)}")]
    if one.detection == "absorbance":
        most = max(abs(v.value) for v in one.values) * MILLI[one.unit]
        if most < LEAST_ABSORBANCE:
            reason = f"the most of the plate would be {most:.6f} OD, which no reader tells from nothing"
            return [_error("PR-3", "unit", one.unit, reason)]
    return []


def _values(one: Reading, vendor: Reading | None) -> list[Finding]:
    if vendor is None:
        return []
    there, own = {v.well: v.value for v in vendor.values}, {v.well: v.value for v in one.values}
    return [
        _error("PR-4", name, f"{own.get(name)}", f"the reader's file says {there.get(name)}")
        for name in sorted(set(there) | set(own))
        if there.get(name) != own.get(name)
    ]
