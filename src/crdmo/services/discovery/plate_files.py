"""A plate from a file: in long form (a row a well), or as the reader wrote it with a layout beside it. Taken whole or refused.

What a reader wrote is known by what it is: a BMG MARS export, an Allotrope document, a list of plate, well and value, or a
plain grid. What cannot be true of a reading (its wavelength, number of wells, unit) refuses the file.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import polars as pl

from crdmo.foundation.datasets.tables import read_table
from crdmo.foundation.datasets.tables.table import Table
from crdmo.foundation.refusals import Invalid
from crdmo.science.discovery.plate_layout import read_well
from crdmo.science.method import MethodError
from crdmo.standards.asm import is_asm, read_asm
from crdmo.standards.plate_readers import Reading, is_bmg, is_list, read_bmg, read_list, reading_checks
from crdmo.standards.refusals import FormatError

ROLES = {
    "sample": "sample", "negative": "negative", "negative control": "negative", "positive": "positive",
    "positive control": "positive", "blank": "blank", "empty": "empty", "": "empty",
}  # fmt: skip
NANOMOLAR = {"M": 1e9, "mM": 1e6, "uM": 1e3, "µM": 1e3, "nM": 1.0, "pM": 1e-3}
LAYOUT = ("well", "role", "lot", "dose", "unit")
LONG = (*LAYOUT, "signal")
TOLD = 30


@dataclass(frozen=True)
class PlateWells:
    """The wells of a plate as a table: well, row, column, role, lot, dose in nM, signal."""

    frame: pl.DataFrame

    def signals(self, role: str) -> list[float]:
        """Return the signals of a role."""
        return [float(v) for v in self.frame.filter(pl.col("role") == role)["signal"].to_list()]

    @property
    def lots(self) -> list[str]:
        """The lots that were tested."""
        return sorted({str(v) for v in self.frame.filter(pl.col("role") == "sample")["lot"].to_list()})


def _read(data: bytes, file_name: str) -> Table:
    found = read_table(data, file_name)
    if found.flags:
        raise Invalid(
            f"{file_name} holds what a spreadsheet would take for a formula",
            errors={f"{file_name} row {one.row}, column {one.column}": "a formula" for one in found.flags[:TOLD]},
            given=found.flags[0].value[:40],
            next="Write the value itself",
        )
    return found


def read_plate(
    data: bytes, file_name: str, wells: int, layout: tuple[bytes, str] | None = None, *, unit: str = "", plate: str = ""
) -> PlateWells:
    """Read a plate. With a layout, `data` is what the reader wrote: a vendor's file, or a grid with a column of row letters.

    `unit` is that of the assay's signal and `plate` the barcode; a file that states another one is refused.

    Raises:
        Invalid: a column is missing, a well, role, unit or number cannot be read, a well stands twice, the reading cannot
            be true, or a control has fewer than two wells.
    """
    reading = read_reading(data, file_name)
    if layout is None:
        if reading is not None:
            raise Invalid(
                f"{file_name} says what was read, not what stood in the wells",
                errors={"layout": "needed: well, role, lot, dose, unit for each well"},
                given=f"a file of {reading.source}",
                next="Bring the layout of the plate with it",
            )
        table = _read(data, file_name)
        table.require(*LONG)
        cells = _cells(table)
    else:
        placed = _read(*layout)
        placed.require(*LAYOUT)
        if reading is None:
            signals = _grid(_read(data, file_name), wells)
        else:
            _believable(reading, file_name, wells, unit, plate)
            signals = {one.well: one.text for one in reading.values}
        cells = [{**cell, "signal": signals.get(_well(cell["well"], wells), "")} for cell in _cells(placed)]
    rows: list[dict[str, Any]] = []
    errors: dict[str, str] = {}
    seen: set[str] = set()
    for number, cell in enumerate(cells, 2):
        found, problem = _row(cell, wells)
        if not problem and found["well"] in seen:
            problem = f"well {found['well']} stands twice"
        if problem:
            errors[f"row {number}"] = problem
        elif found["role"] != "empty":
            rows.append(found)
        seen.add(str(found.get("well", "")))
    if errors:
        few = dict(list(errors.items())[:TOLD])
        raise Invalid(f"{file_name} cannot be taken; nothing was saved", errors=few, given=f"{len(errors)} rows")
    made = PlateWells(pl.DataFrame(rows, infer_schema_length=None))
    _controlled(made if rows else None, file_name)
    return made


def read_reading(data: bytes, file_name: str) -> Reading | None:
    """Return what a reader's own file says; None for what is a table.

    Raises:
        Invalid: it begins as such a file and is torn.
    """
    try:
        if is_bmg(data):
            return read_bmg(data, file_name)
        if is_asm(data):
            return read_asm(data).reading
        if is_list(data):
            return read_list(data, file_name)
    except FormatError as error:
        raise Invalid(
            f"{file_name}: {error.what}" if file_name not in error.what else error.what, given=error.given,
            allowed=error.allowed, next=error.next_step,
        ) from error  # fmt: skip
    return None


def _believable(reading: Reading, file_name: str, wells: int, unit: str, plate: str) -> None:
    errors = {one.place: f"{one.what}: {one.reason}" for one in reading_checks(reading)[:TOLD]}
    if reading.wells > wells:
        errors["wells"] = f"the file has wells of a plate of {reading.wells}; the assay has {wells}"
    if unit and reading.unit and reading.unit != unit:
        errors["unit"] = f"the file is in {reading.unit}; the assay's signal is in {unit}"
    # A list names its plate for this one purpose; the fields of a reader's heading are anybody's.
    if plate and reading.source == "list" and reading.plate != plate:
        errors["plate"] = f"the file is of {reading.plate}; given {plate}"
    if errors:
        raise Invalid(
            f"{file_name} cannot be true of this plate; nothing was saved", errors=errors,
            given=", ".join(errors), next="Bring the file as the reader wrote it",
        )  # fmt: skip


def _controlled(made: PlateWells | None, file_name: str) -> None:
    for role in ("negative", "positive", "sample"):
        count = len(made.signals(role)) if made is not None else 0
        if count < (1 if role == "sample" else 2):
            raise Invalid(
                f"{file_name} lacks {role} {'wells' if role == 'sample' else 'control wells'}",
                given=f"{count} wells",
                allowed="at least one sample, and two wells of each control, or no Z' is defined",
                next="Name the role of each well: sample, negative, positive, blank, empty",
            )


def _cells(table: Table) -> list[dict[str, str]]:
    names = [name.strip().lower() for name in table.columns]
    return [
        {name: "" if value is None else str(value).strip() for name, value in zip(names, row, strict=True)}
        for row in table.frame.rows()
    ]


def _well(name: str, wells: int) -> str:
    try:
        return read_well(name, wells).name
    except MethodError:
        return ""


def _grid(table: Table, wells: int) -> dict[str, str]:
    """Return {well: signal} of a reader's grid."""
    letters, columns = table.columns[0], table.columns[1:]
    found: dict[str, str] = {}
    for row in table.frame.iter_rows(named=True):
        for column in columns:
            name = f"{str(row[letters] or '').strip()}{column.strip()}"
            well = _well(name, wells)
            if not well:
                raise Invalid("the grid has no such well", given=name[:20], allowed=f"A1 to the end of {wells} wells")
            found[well] = "" if row[column] is None else str(row[column]).strip()
    return found


def _row(cell: dict[str, str], wells: int) -> tuple[dict[str, Any], str]:  # noqa: PLR0911 — each slip has its own words
    try:
        place = read_well(cell["well"], wells)
    except MethodError as error:
        return {}, f"{error.what}: {error.given}"
    role = ROLES.get(cell["role"].lower())
    if role is None:
        return {}, f"role {cell['role']!r}; allowed: sample, negative, positive, blank, empty"
    found: dict[str, Any] = {"well": place.name, "row": place.row, "column": place.column, "role": role}
    if role == "empty":
        return found, ""
    signal = _number(cell["signal"])
    if signal is None:
        return found, f"signal {cell['signal']!r} is no number"
    found |= {"lot": "", "dose": 0.0, "signal": signal}
    if role != "sample":
        return found, ""
    dose, factor = _number(cell["dose"]), NANOMOLAR.get(cell["unit"])
    if not cell["lot"]:
        return found, "a sample well names its lot"
    if factor is None:
        return found, f"unit {cell['unit']!r}; allowed: {', '.join(NANOMOLAR)}"
    if dose is None or dose <= 0:
        return found, f"dose {cell['dose']!r}; a sample has a dose above 0"
    return found | {"lot": cell["lot"], "dose": dose * factor}, ""


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
