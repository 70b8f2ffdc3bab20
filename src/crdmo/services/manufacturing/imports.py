"""A master batch record from a table: one row a material, a step, or a value of the step above it; taken whole or not at all.

Columns: kind (material, step, value), name, quantity, unit, tolerance, limit, text, equipment, flag. The flag `basis` marks the
material that the yield is counted from, `check` a step that a second person checks, `control` a value whose limit and unit are
those of the control strategy in force.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from crdmo.common.controls.models import Control
from crdmo.common.controls.queries import effective
from crdmo.common.materials.models import Substance
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.datasets.tables import Table, read_table
from crdmo.foundation.refusals import Invalid

COLUMNS = ("kind", "name", "quantity", "unit", "tolerance", "limit", "text", "equipment", "flag")
FLAGS = {"material": ("", "basis"), "step": ("", "check"), "value": ("", "control")}


@dataclass(frozen=True)
class Lines:
    """What a table holds, as `draft_master` takes it."""

    materials: list[dict[str, Any]] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)


def read_lines(program: Program, file_name: str, data: bytes) -> Lines:
    """Read a file.

    Raises:
        Invalid: the file cannot be read, a column is missing, or a row is none of the three kinds; names each row.
    """
    table = read_table(data, file_name)
    table.require(*COLUMNS)
    if table.flags:
        first = table.flags[0]
        raise Invalid(
            f"{file_name} holds a formula",
            given=first.value,
            errors={f"row {first.row}": "text or a number, no formula"},
        )
    return from_rows(program, list(_rows(table)))


def _rows(table: Table) -> list[dict[str, str]]:
    return [{name: str(row.get(name) or "").strip() for name in COLUMNS} for row in table.frame.iter_rows(named=True)]


def from_rows(program: Program, rows: list[dict[str, str]]) -> Lines:
    """Turn rows, of a file or of the grid of a page, into lines; empty ones are left out.

    Raises:
        Invalid: names each row that cannot be taken.
    """
    substances = {s.code: s for s in Substance.objects.filter(program=program, is_void=False)}
    controls = {c.name: c for c in effective(program)}
    found, errors = Lines(), {}
    for number, row in enumerate(rows, 1):
        if not any(row.values()):
            continue
        problem = _problem(row, substances, controls, found)
        if problem:
            errors[f"line {number}"] = problem
        else:
            _take(row, substances, controls, found)
    if errors:
        raise Invalid("these lines cannot be taken; nothing was saved", errors=errors)
    return found


def _problem(row: dict[str, str], substances: dict[str, Substance], controls: dict[str, Control], found: Lines) -> str:
    kind = row["kind"].casefold()
    if kind not in FLAGS:
        return f"kind {row['kind']!r}; allowed: material, step, value"
    if row["flag"].casefold() not in FLAGS[kind]:
        return f"flag {row['flag']!r}; allowed: {' or '.join(filter(None, FLAGS[kind])) or 'none'}"
    if kind == "material" and row["name"] not in substances:
        return f"no material {row['name']!r} in this program"
    if kind == "value" and not found.steps:
        return "a value stands below its step"
    if kind == "value" and row["flag"] and row["name"] not in controls:
        return f"no control {row['name']!r} in force; allowed: {', '.join(controls) or 'none, for no strategy is effective'}"
    return ""


def _take(row: dict[str, str], substances: dict[str, Substance], controls: dict[str, Control], found: Lines) -> None:
    kind, flag = row["kind"].casefold(), bool(row["flag"])
    if kind == "material":
        line = {name: row[name] for name in ("quantity", "unit", "tolerance")}
        found.materials.append({"substance": substances[row["name"]], **line, "is_basis": flag})
    elif kind == "step":
        found.steps.append(
            {
                "title": row["name"],
                "instruction": row["text"],
                "equipment_class": row["equipment"],
                "is_checked": flag,
                "values": [],
            }
        )
    else:
        line = {name: row[name] for name in ("name", "limit", "unit")}
        found.steps[-1]["values"].append({**line, "control": controls[row["name"]] if flag else None})
