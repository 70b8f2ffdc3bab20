"""Tables that a laboratory brings: animals, and findings in long form, checked cell by cell before anything is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from crdmo.common.studies.models import Activity, Study, Visit
from crdmo.common.studies.queries import in_force
from crdmo.foundation.datasets.tables import read_table
from crdmo.foundation.datasets.tables.table import Table
from crdmo.foundation.ledger.fields import MEASURED
from crdmo.foundation.refusals import Invalid

SEX = {"m": "M", "male": "M", "f": "F", "female": "F"}
MOST_SHOWN = 30


def _table(data: bytes, file_name: str, *needed: str) -> Table:
    found = read_table(data, file_name)
    found.require(*needed)
    if found.flags:
        first = found.flags[0]
        raise Invalid(
            f"{file_name} holds what a spreadsheet would take for a formula",
            errors={f"{file_name} row {one.row}, column {one.column}": "a formula" for one in found.flags[:MOST_SHOWN]},
            given=first.value[:40],
            allowed="plain values",
            next="Write the value itself",
        )
    return found


def _cells(table: Table) -> list[dict[str, str]]:
    names = table.columns
    return [
        {name: "" if value is None else str(value).strip() for name, value in zip(names, row, strict=True)}
        for row in table.frame.rows()
    ]


def read_animals(data: bytes, file_name: str) -> list[dict[str, Any]]:
    """Return animals from a table with the columns animal and sex, and where known born and cage.

    Raises:
        Invalid: a column is missing, a cell cannot be read, or a formula is among them.
    """
    table = _table(data, file_name, "animal", "sex")
    rows, errors = [], {}
    for i, cell in enumerate(_cells(table)):
        row: dict[str, Any] = {"code": cell["animal"], "cage": cell.get("cage", "")}
        if cell["sex"].lower() not in SEX:
            errors[table.place(i, "sex")] = "M or F"
        row["sex"] = SEX.get(cell["sex"].lower(), "")
        if cell.get("born"):
            try:
                row["born_on"] = dt.date.fromisoformat(cell["born"])
            except ValueError:
                errors[table.place(i, "born")] = "a date, such as 2026-11-24"
        rows.append(row)
    if errors:
        raise Invalid(f"{file_name} cannot be taken; nothing was saved", errors=dict(list(errors.items())[:MOST_SHOWN]))
    return rows


def read_findings(study: Study, data: bytes, file_name: str) -> list[dict[str, Any]]:
    """Return findings from a table in long form: animal, day, test, value, unit, and where they apply specimen, time, date.

    `test` is an item of the protocol, whose unit must be the one given. `day` is the code or number of a planned day.

    Raises:
        Invalid: names each cell that does not fit the study: an unknown animal or test, another unit, no number.
    """
    table = _table(data, file_name, "animal", "day", "test", "value", "unit")
    animals = {one.code: one for one in study.subjects.filter(is_void=False)}
    visits = {key: one for one in in_force(study, Visit) for key in (one.code, str(one.day))}
    items = _items(study)
    errors: dict[str, str] = {}
    rows = []
    for i, cell in enumerate(_cells(table)):
        animal, visit = animals.get(cell["animal"]), visits.get(cell["day"])
        if animal is None:
            errors[table.place(i, "animal")] = f"{cell['animal'] or 'nothing'} is not in {study}"
        if visit is None:
            errors[table.place(i, "day")] = f"{cell['day'] or 'nothing'} is no planned day"
        key = (cell["test"], cell.get("specimen", ""), cell.get("time", ""))
        found = items.get(key)
        if found is None:
            errors[table.place(i, "test")] = f"{' '.join(filter(None, key)) or 'nothing'} is no item of the protocol"
            continue
        activity, item = found
        if cell["unit"] != item.get("unit", ""):
            errors[table.place(i, "unit")] = f"given {cell['unit'] or 'none'}, planned {item.get('unit') or 'none'}"
        rows.append(_row(table, i, cell, activity, item, errors) | {"subject": animal, "visit": visit})
    if errors:
        shown = dict(list(errors.items())[:MOST_SHOWN])
        raise Invalid(f"{file_name}: {len(errors)} cells do not fit the study; nothing was saved", errors=shown)
    return rows


def _items(study: Study) -> dict[tuple[str, str, str], tuple[Activity, Mapping[str, str]]]:
    return {
        (item["code"], item.get("specimen", ""), item.get("time_point", "")): (activity, item)
        for activity in in_force(study, Activity)
        for item in activity.items
    }


def _row(
    table: Table, i: int, cell: Mapping[str, str], activity: Activity, item: Mapping[str, str], errors: dict[str, str]
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "domain": activity.domain,
        "code": item["code"],
        "name": item.get("name", item["code"]),
        "specimen": item.get("specimen", ""),
        "time_point": item.get("time_point", ""),
        "elapsed": item.get("elapsed", ""),
        "unit": item.get("unit", ""),
        "starts": cell.get("date", ""),
        "value": cell["value"],
    }
    text = cell["value"]
    if text.upper().startswith("ND"):
        return {**row, "unit": "", "value": "", "not_done": True, "why_not": text[2:].strip(" :")}
    if item.get("unit") and not MEASURED.match(text):
        if text.upper() != "BLQ" or not item.get("lower_limit"):
            errors[table.place(i, "value")] = f"{text or 'nothing'} is no number"
        row |= {"value": "BLQ", "lower_limit": item.get("lower_limit", "")}
    return row
