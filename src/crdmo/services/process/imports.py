"""Tables as they come in: a filled run sheet, a study that was run elsewhere, and the rows of the grids of pages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from crdmo.foundation.accounts.models import Program
from crdmo.foundation.computing.models import Result
from crdmo.foundation.datasets.tables import Table, read_table
from crdmo.foundation.refusals import Invalid

from .models import Attribute, DesignSpace, Parameter, Study

Rows = Sequence[Mapping[str, str]]
WITH_UNIT = re.compile(r"(.+?)\s*[(\[]([^()\[\]]+)[)\]]\s*\Z")
RISK_COLUMNS = ("parameter", "attribute", "failure", "severity", "occurrence", "detectability", "justification")
STRATEGY_COLUMNS = (
    "control", "name", "unit", "acceptable_low", "normal_low", "set_point", "normal_high", "acceptable_high", "proof",
    "justification",
)  # fmt: skip


def _read(file_name: str, data: bytes) -> Table:
    """Read a file; one that holds a formula is refused."""
    table = read_table(data, file_name)
    if table.flags:
        first = table.flags[0]
        raise Invalid(
            f"{file_name} holds a formula",
            given=first.value,
            errors={f"row {first.row}": "text or a number, no formula"},
        )
    return table


def _columns(table: Table, units: Mapping[str, str], needed: Sequence[str]) -> dict[str, str]:
    """Return the heading of each name. A heading may carry its unit, such as "Hardness (N)", which must be the right one.

    Raises:
        Invalid: a heading is missing, stands twice or has another unit.
    """
    found: dict[str, str] = {}
    errors: dict[str, str] = {}
    for heading in table.columns:
        match = WITH_UNIT.match(heading)
        name, unit = (heading.strip(), "") if heading.strip() in units or match is None else match.groups()
        if name not in units:
            errors[heading] = f"no such column; allowed: {', '.join(units)}"
        elif unit and unit != units[name]:
            errors[heading] = f"given the unit {unit}; {name} is in {units[name] or 'no unit'}"
        elif name in found:
            errors[heading] = f"a second column of {name}"
        else:
            found[name] = heading
    errors |= {name: "this column is missing" for name in needed if name not in found}
    if errors:
        raise Invalid(f"the headings of {table.file_name} do not fit; nothing was saved", errors=errors)
    return found


def read_runs(study: Study, file_name: str, data: bytes) -> list[dict[str, Any]]:
    """Read a filled run sheet, as `record_runs` takes it: run, settings as achieved, values, comment.

    Raises:
        Invalid: the file cannot be read, or a heading or number does not fit; names each.
    """
    table = _read(file_name, data)
    factors = {f.parameter.name: f.parameter.unit for f in study.factors.select_related("parameter")}
    responses = {r.attribute.name: r.attribute.unit for r in study.responses.select_related("attribute")}
    units = {"run": "", **factors, **responses, "comment": "", "block": "", "point": ""}
    columns = _columns(table, units, ["run", *responses])
    rows, errors = [], {}
    for index, row in enumerate(table.frame.iter_rows(named=True)):
        cells = {name: str(row[heading] or "").strip() for name, heading in columns.items()}
        if not cells["run"].isdigit():
            errors[table.place(index, "run")] = f"given {cells['run']!r}; the number of a run"
            continue
        rows.append(
            {
                "run": int(cells["run"]),
                "values": {name: cells[name] for name in responses},
                "achieved": {name: cells[name] for name in factors if cells.get(name)},
                "comment": cells.get("comment", ""),
            }
        )
    if errors:
        raise Invalid(f"{file_name} cannot be taken; nothing was saved", errors=errors)
    return rows


def read_study(
    file_name: str, data: bytes, factors: Sequence[Parameter], responses: Sequence[Attribute]
) -> list[dict[str, Any]]:
    """Read the rows of a study that was run elsewhere, as `import_study` takes them; a column `block` is optional."""
    table = _read(file_name, data)
    settings, values = {p.name: p.unit for p in factors}, {a.name: a.unit for a in responses}
    columns = _columns(table, {**settings, **values, "block": ""}, [*settings, *values])
    rows = []
    for row in table.frame.iter_rows(named=True):
        cells = {name: str(row[heading] or "").strip() for name, heading in columns.items()}
        rows.append(
            {
                "settings": {name: cells[name] for name in settings},
                "values": {name: cells[name] for name in values},
                "block": cells.get("block", ""),
            }
        )
    return rows


def risk_lines(program: Program, rows: Rows) -> list[dict[str, Any]]:
    """Turn rows into lines of a risk assessment; what cannot be found is left for the verb to refuse by line."""
    parameters = {p.name: p for p in Parameter.objects.filter(program=program, is_void=False)}
    attributes = {a.name: a for a in Attribute.objects.filter(program=program, is_void=False)}
    return [
        {
            "parameter": parameters.get(row.get("parameter", "")),
            "attribute": attributes.get(row.get("attribute", "")),
            "failure": row.get("failure", ""),
            "justification": row.get("justification", ""),
            **{name: _score(row.get(name, "")) for name in ("severity", "occurrence", "detectability")},
        }
        for row in rows
        if any(row.values())
    ]


def _score(text: str) -> int | str:
    return int(text) if text.isdecimal() and len(text) < 4 else text


def strategy_lines(program: Program, rows: Rows) -> list[dict[str, Any]]:
    """Turn rows into lines of a control strategy; `proof` names the study whose design space proves the range."""
    parameters = {p.name: p for p in Parameter.objects.filter(program=program, is_void=False)}
    attributes = {a.name: a for a in Attribute.objects.filter(program=program, is_void=False)}
    made, errors = [], {}
    for i, row in enumerate((r for r in rows if any(r.values())), 1):
        is_parameter = row.get("control") == "parameter"
        study = row.get("proof", "")
        proof = proof_of(program, study) if study else None
        if study and proof is None:
            errors[f"line {i}, proof"] = f"given {study!r}; the code of a study whose design space is computed"
        made.append(
            {
                **{name: row.get(name, "") for name in STRATEGY_COLUMNS if name not in ("name", "proof")},
                "parameter": parameters.get(row.get("name", "")) if is_parameter else None,
                "attribute": None if is_parameter else attributes.get(row.get("name", "")),
                "proof": proof,
            }
        )
    if errors:
        raise Invalid("these lines cannot be taken; nothing was saved", errors=errors)
    return made


def proof_of(program: Program, study: str) -> Result | None:
    """Return the latest acceptable box of a study."""
    rows = DesignSpace.objects.filter(program=program, study__code=study, is_void=False)
    found = rows.select_related("box").order_by("-entry").first()
    return found.box if found else None
