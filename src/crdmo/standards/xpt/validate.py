"""What is worth knowing about a transport file that can be read: breaches of TS-140 and of the agencies' advice.

The criteria are numbered here, since neither text numbers them; the reason of each names the text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from crdmo.standards.refusals import Finding, Severity
from crdmo.standards.xpt import ibm_float
from crdmo.standards.xpt.layout import NAME, MemberHeader
from crdmo.standards.xpt.reader import XptFile

TS140 = "SAS TS-140, record layout of version 5"
GUIDE = "FDA Study Data Technical Conformance Guide, File Transport Format"
ROWS_NAMED = 3


def check(file: XptFile) -> list[Finding]:
    """Return the findings of a file, in the order of its bytes."""
    findings = [*_file(file)]
    foreign = _foreign(file)
    for number, place in enumerate(file.places):
        header = place.header
        findings += _header(header, foreign)
        if place.blank_rows_dropped:
            findings.append(
                Finding(
                    "XPT-10",
                    Severity.NOTE,
                    header.name,
                    f"{place.blank_rows_dropped} blank rows at the end are read as filling of the last record",
                    TS140,
                )
            )
        findings += _rows(file, number, place.rows)
    return findings


def _file(file: XptFile) -> Iterator[Finding]:
    if len(file.places) > 1:
        names = ", ".join(place.header.name for place in file.places)
        yield Finding("XPT-01", Severity.WARNING, file.name, f"more than one data set in a file: {names}", GUIDE)
    elif file.name and file.name != f"{file.places[0].header.name.lower()}.xpt":
        yield Finding(
            "XPT-02",
            Severity.WARNING,
            file.name,
            f"the file does not have the name of {file.places[0].header.name}",
            GUIDE,
        )


def _foreign(file: XptFile) -> dict[tuple[str, str], list[int]]:
    rows: dict[tuple[str, str], list[int]] = {}
    for member, variable, row, _ in file.foreign_texts():
        rows.setdefault((member, variable), []).append(row)
    # Labels were decoded when the file was opened; find those again that are not ASCII.
    for place in file.places:
        for one in place.header.variables:
            if not one.label.isascii() and -1 not in rows.get((place.header.name, one.name), []):
                rows.setdefault((place.header.name, one.name), []).insert(0, -1)
    return rows


def _header(header: MemberHeader, foreign: dict[tuple[str, str], list[int]]) -> Iterator[Finding]:
    for (member, variable), rows in foreign.items():
        if member == header.name:
            named = ", ".join("label" if row < 0 else f"row {row + 1}" for row in rows[:ROWS_NAMED])
            more = f" and {len(rows) - ROWS_NAMED} more" if len(rows) > ROWS_NAMED else ""
            yield Finding(
                "XPT-03", Severity.ERROR, f"{member}.{variable}", f"text that is not ASCII: {named}{more}", GUIDE
            )
    for name in [header.name, *(one.name for one in header.variables)]:
        if not NAME.fullmatch(name):
            yield Finding(
                "XPT-04", Severity.ERROR, header.name, f"{name} is no name of 1 to 8 of A-Z, 0-9 and _", TS140
            )
    for one in header.variables:
        place = f"{header.name}.{one.name}"
        if not one.label:
            yield Finding("XPT-05", Severity.WARNING, place, "the variable has no label", GUIDE)
        if not one.is_numeric and one.length > 200:
            yield Finding("XPT-06", Severity.ERROR, place, f"{one.length} bytes, more than 200", TS140)


def _rows(file: XptFile, number: int, rows: int) -> Iterator[Finding]:
    """Look at every cell once: unused length, control characters, numbers that a double does not hold."""
    header = file.places[number].header
    used: Counter[str] = Counter()
    control: Counter[str] = Counter()
    rounded: Counter[str] = Counter()
    blank: Counter[str] = Counter()
    for _, cells in file.cells(number):
        position = 0
        for one in header.variables:
            cell = cells[:, position : position + one.length]
            position += one.length
            if one.is_numeric:
                rounded[one.name] += int(ibm_float.decode(cell)[2].sum())
                blank[one.name] += int((cell == 0x20).all(axis=1).sum())
            else:
                used[one.name] = max(used[one.name], _used(cell))
                control[one.name] += int(((cell < 0x20) | (cell == 0x7F)).any(axis=1).sum())
    for one in header.variables:
        place = f"{header.name}.{one.name}"
        if control[one.name]:
            yield Finding(
                "XPT-07", Severity.WARNING, place, f"{control[one.name]} values with control characters", GUIDE
            )
        if not one.is_numeric and rows and one.length > max(used[one.name], 1):
            yield Finding(
                "XPT-08", Severity.NOTE, place, f"{one.length} bytes, the longest value needs {used[one.name]}", GUIDE
            )
        if rounded[one.name]:
            yield Finding(
                "XPT-09", Severity.NOTE, place, f"{rounded[one.name]} numbers with more bits than a double has", TS140
            )
        if blank[one.name]:
            yield Finding("XPT-11", Severity.ERROR, place, f"{blank[one.name]} numbers are blank bytes", TS140)


def _used(cell: NDArray[np.uint8]) -> int:
    """Return the most bytes that a value of the column needs."""
    columns = np.flatnonzero((cell != 0x20).any(axis=0))
    return int(columns[-1]) + 1 if columns.size else 0
