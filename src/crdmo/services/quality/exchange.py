"""The files that quality control takes: tables to evaluate, and the readings of an instrument."""

from __future__ import annotations

from functools import partial
from pathlib import PurePath

from crdmo.common.exchange import Brought, Kind, Look, Option, Taken
from crdmo.common.materials.models import Lot
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.refusals import NotFound

from . import imports
from .models import Worksheet
from .workflow import analyses

OWN = ("title", "conclusion", "lot")
COMMON = (
    Option("title", "What the table is; the file's name where nothing is said"),
    Option("conclusion", "What follows from it"),
    Option("lot", "Number of the lot that it is about"),
)
COLUMNS = {
    "shelf_life": (
        Option("lower_limit", "Lower limit of the attribute"),
        Option("upper_limit", "Upper limit of the attribute"),
        Option("sides", "1 or 2"),
        Option("mean_square", "pooled or individual"),
        Option("transformation", "Of the value"),
        Option("band", "Of the confidence limit"),
        Option("month", "Name of the column of months"),
        Option("batch", "Name of the column of batches"),
        Option("value", "Name of the column of values"),
        Option("batches", "Names of batches, with commas; all where nothing is said"),
    ),
    "dissolution": (
        Option("group", "Name of the column of groups"),
        Option("reference", "Name of the reference group"),
        Option("test", "Name of the test group"),
        Option("regulator", "FDA or EMA"),
        Option("required_units", "Least units of a group"),
    ),
    "precision": (
        Option("factors", "Names of the columns of factors, outermost first, with commas"),
        Option("sample", "Name of the column of samples"),
        Option("value", "Name of the column of values"),
        Option("confidence", "Of the intervals"),
    ),
    "control_limits": (
        Option("group", "Name of the column of subgroups or batches"),
        Option("value", "Name of the column of values"),
        Option("first", "How many subgroups set the limits; all where nothing is said"),
        Option("chart", "Xbar-S or Xbar-R"),
    ),
}


def _options(brought: Brought) -> dict[str, object]:
    texts = [f"{name}={value}" for name, value in brought.options.items() if name not in OWN and value]
    return imports.options(texts)


def _look(kind: str, program: Program, brought: Brought) -> Look:
    table = imports.read(brought.file.name, brought.file.data)
    analyses.named(kind).arguments(table.frame, _options(brought))
    rows, columns = table.frame.height, table.frame.columns
    return Look([f"{rows} rows, columns {', '.join(columns)}"], {"rows": rows, "columns": columns})


def _lot(program: Program, code: str) -> Lot | None:
    if not code:
        return None
    found: Lot | None = Lot.objects.filter(program=program, code=code, is_void=False).first()
    if found is None:
        raise NotFound("there is no such lot", given=code)
    return found


def _take(kind: str, person: Person, program: Program, brought: Brought) -> Taken:
    table = imports.read(brought.file.name, brought.file.data)
    made = imports.analyse(
        person, program, table, kind=kind, title=brought.said("title") or PurePath(brought.file.name).stem,
        options=_options(brought), conclusion=brought.said("conclusion"), lot=_lot(program, brought.said("lot")),
    )  # fmt: skip
    told = {"analysis": made.code, "finding": made.finding, "result": str(made.computed_id)}
    return Taken(made, f"{made.code}: {made.finding}", told)


def _sheet(program: Program, code: str) -> Worksheet:
    found: Worksheet | None = Worksheet.objects.filter(program=program, code=code, is_void=False).first()
    if found is None:
        raise NotFound("there is no such worksheet", given=code)
    return found


def _look_readings(program: Program, brought: Brought) -> Look:
    sheet = _sheet(program, brought.said("worksheet"))
    found = imports.read_readings(sheet, brought.file.name, brought.file.data)
    return Look([f"readings of {len(found.entries)} tests for {sheet}"], {"tests": len(found.entries)})


def _take_readings(person: Person, program: Program, brought: Brought) -> Taken:
    sheet = _sheet(program, brought.said("worksheet"))
    made = imports.enter_file(person, sheet, brought.file.name, brought.file.data)
    return Taken(sheet, f"{len(made)} results of {sheet} are entered.", {"worksheet": sheet.code, "results": len(made)})


TAKES = (
    *(
        Kind(
            name,
            how.says,
            "quality.analyse_table",
            f"CSV, XLSX, JSON or Parquet. {how.hint}",
            partial(_look, name),
            partial(_take, name),
            (*COLUMNS[name], *COMMON),
        )
        for name, how in analyses.KINDS.items()
    ),
    Kind(
        "readings",
        "Readings of an instrument for a worksheet",
        "quality.enter_results",
        "A table: sample, test, value; name and unit where they apply",
        _look_readings,
        _take_readings,
        (Option("worksheet", "Number of the open worksheet", required=True),),
    ),
)
