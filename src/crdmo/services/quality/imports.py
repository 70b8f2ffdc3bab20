"""Tables that people bring: read strictly, sealed with the file that they came in, evaluated."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from crdmo.common.exchange import options_from
from crdmo.common.materials.models import Lot
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.datasets.sealing import seal_upload
from crdmo.foundation.datasets.tables import Table, read_table
from crdmo.foundation.datasets.tables.numbers import Decimal
from crdmo.foundation.ledger.acts import Actor, act
from crdmo.foundation.refusals import Invalid, NotFound

from .models import Analysis, Reading, Result, Test, Worksheet
from .workflow import analyses, testing


@dataclass(frozen=True)
class Brought:
    """A table as it was brought: the bytes, and its columns with types."""

    file_name: str
    original: bytes
    frame: pl.DataFrame


WORDS = frozenset(
    {"batch", "type", "sample", "site", "operator", "instrument", "day", "run", "lot", "group", "subgroup", "phase"}
)


def read(
    file_name: str, data: bytes, *, numbers: Collection[str] | None = None, decimal: Decimal | None = None
) -> Brought:
    """Read a table. The columns in `numbers` must hold numbers, all others stay text.

    Without `numbers`, columns that name things (batch, day, site …) stay text and all others must be numbers. `decimal`
    says which mark the file uses where that is doubtful.

    Raises:
        Invalid: the file cannot be read with certainty, or a number cannot; names file, row and column.
    """
    table: Table = read_table(data, file_name)
    wanted = {c for c in table.columns if c.casefold() not in WORDS} if numbers is None else set(numbers)
    table.require(*wanted)
    kinds: dict[str, Any] = {name: "number" if name in wanted else "text" for name in table.columns}
    return Brought(file_name, data, table.typed(kinds, decimal=decimal))


def options(texts: Sequence[str]) -> dict[str, Any]:
    """Return options from `name=value` texts; numbers become numbers.

    Raises:
        Invalid: a text has no equals sign.
    """
    return {name: _plain(value) for name, value in options_from(texts).items()}


def _plain(value: str) -> Any:
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def analyse(
    actor: Actor,
    program: Program,
    table: Brought,
    *,
    kind: str,
    title: str,
    options: Mapping[str, Any],
    conclusion: str = "",
    lot: Lot | None = None,
) -> Analysis:
    """Seal and evaluate a table that was read."""
    made: Analysis = analyses.analyse_table(
        actor,
        program,
        kind=kind,
        title=title,
        frame=table.frame,
        original=table.original,
        file_name=table.file_name,
        options=dict(options),
        conclusion=conclusion,
        lot=lot,
    )
    return made


@dataclass(frozen=True)
class Asked:
    """Readings for a test that is named by sample and line of the specification."""

    sample: str
    test: str
    values: tuple[str, ...]
    names: tuple[str, ...] = ()


def entries(program: Program, asked: Sequence[Asked]) -> list[testing.Entry]:
    """Return what is to be entered, with the tests found in one query however many there are.

    Raises:
        NotFound: a test is not there.
    """
    rows = Test.objects.filter(program=program, sample__code__in={one.sample for one in asked}, is_void=False)
    known = {
        (t.sample.code, t.criterion.name): t
        for t in rows.select_related("criterion__method", "sample__lot").order_by("pk")
    }
    found = []
    for place, one in enumerate(asked):
        test = known.get((one.sample, one.test))
        if test is None:
            raise NotFound(f"entries/{place}: there is no such test", given=f"{one.test} of {one.sample}")
        if one.names and len(one.names) != len(one.values):
            raise Invalid(
                "each reading has its name",
                errors={f"entries/{place}/names": "as many as values"},
                given=str(len(one.names)),
                allowed=str(len(one.values)),
            )
        found.append(testing.Entry(test, one.values, one.names))
    return found


@dataclass(frozen=True)
class Readings:
    """The table of an instrument, with what is to be entered from it."""

    table: Table
    entries: list[testing.Entry]


def read_readings(sheet: Worksheet, file_name: str, data: bytes, names: tuple[str, ...] = ()) -> Readings:
    """Read an instrument's table: columns sample, test, value; optionally name and unit.

    Raises:
        Invalid: the table is torn, holds a formula, or a unit is not that of the specification. NotFound: no such test.
    """
    assert sheet.program is not None
    table = read_table(data, file_name)
    table.require("sample", "test", "value")
    if table.flags:
        first = table.flags[0]
        raise Invalid(
            f"{file_name} holds a formula", given=first.value[:40], errors={f"row {first.row}": "a value, no formula"}
        )
    found: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in table.frame.iter_rows(named=True):
        line = {name: str(value).strip() for name, value in row.items()}
        found.setdefault((line["sample"], line["test"]), []).append(line)
    asked = [
        Asked(
            sample,
            test,
            tuple(r["value"] for r in rows),
            tuple(r["name"] for r in rows) if "name" in rows[0] else names,
        )
        for (sample, test), rows in found.items()
    ]
    made = entries(sheet.program, asked)
    for entry, rows in zip(made, found.values(), strict=True):
        if wrong := {r["unit"] for r in rows if r.get("unit", entry.test.criterion.unit) != entry.test.criterion.unit}:
            raise Invalid(
                f"{file_name}: readings of {entry.test} are in another unit",
                given=", ".join(sorted(wrong)),
                allowed=entry.test.criterion.unit,
            )
    return Readings(table, made)


def enter_file(
    actor: Actor, sheet: Worksheet, file_name: str, data: bytes, names: tuple[str, ...] = ()
) -> list[Result]:
    """Enter the readings of an instrument's table, sealed as it came.

    Raises:
        Invalid: see `read_readings`, or a reading cannot be taken. Nothing is sealed then.
    """
    found = read_readings(sheet, file_name, data, names)
    assert sheet.program is not None
    with act(actor, "quality.enter_results") as opened:
        dataset = seal_upload(
            opened,
            data,
            file_name,
            name=f"Readings of {sheet.code}",
            kind="quality.readings",
            program=sheet.program,
            columns=dict.fromkeys(found.table.columns, "text"),
            device=sheet.instrument.code if sheet.instrument else "",
        )
        results: list[Result] = testing.enter_results.within(
            opened, sheet, found.entries, source=Reading.Source.FILE, file=dataset
        )
    return results
