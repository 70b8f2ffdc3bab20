"""The files that process development takes and gives: studies that were run elsewhere, and run sheets."""

from __future__ import annotations

import re
from typing import Any

from crdmo.common.exchange import Brought, File, Kind, Look, Option, Outgoing, Taken
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.datasets.tables import read_table
from crdmo.foundation.datasets.tables.writers import WRITERS
from crdmo.foundation.refusals import Invalid

from . import exports, imports, queries
from .models import Attribute, Parameter, Study
from .workflow import studies

RANGE = re.compile(r"(.+?)\s+(-?[0-9.]+)\s*\.\.\s*(-?[0-9.]+)\Z")


def _factors(program: Program, text: str) -> list[dict[str, Any]]:
    """Return factors from `time 80..90, temp 170..180`.

    Raises:
        Invalid: names each that is no range or no parameter of the program.
    """
    known = {one.name: one for one in Parameter.objects.filter(program=program, is_void=False)}
    made, errors = [], {}
    for part in filter(None, map(str.strip, text.split(","))):
        found = RANGE.fullmatch(part)
        if found is None:
            errors[part[:60]] = "a factor is NAME LOW..HIGH, such as time 80..90"
        elif found[1] not in known:
            errors[found[1][:60]] = f"no such parameter; allowed: {', '.join(known) or 'none is defined'}"
        else:
            made.append({"parameter": known[found[1]], "low": found[2], "high": found[3]})
    if errors:
        raise Invalid("these factors cannot be taken; nothing was saved", errors=errors)
    return made


def _responses(program: Program, text: str, columns: list[str]) -> list[Attribute]:
    known = {one.name: one for one in Attribute.objects.filter(program=program, is_void=False).order_by("code")}
    names = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in names if name not in known]:
        allowed = ", ".join(known) or "none is defined"
        raise Invalid("there is no such attribute", errors={"responses": unknown[0]}, given=unknown[0], allowed=allowed)
    if names:
        return [known[name] for name in names]
    # A heading may carry its unit, such as "Yield (%)".
    plain = {(m[1] if (m := imports.WITH_UNIT.match(c)) else c.strip()) for c in columns}
    return [one for name, one in known.items() if name in plain]


def _read(program: Program, brought: Brought) -> dict[str, Any]:
    table = read_table(brought.file.data, brought.file.name)
    factors = _factors(program, brought.said("factors"))
    responses = _responses(program, brought.said("responses"), table.columns)
    if not responses:
        raise Invalid(
            f"{brought.file.name} has no column of an attribute", errors={"responses": "define the attribute first"},
            given=", ".join(table.columns)[:200],
        )  # fmt: skip
    rows = imports.read_study(brought.file.name, brought.file.data, [f["parameter"] for f in factors], responses)
    return {"factors": factors, "responses": responses, "rows": rows}


def _look_doe(program: Program, brought: Brought) -> Look:
    found = _read(program, brought)
    names = [f["parameter"].name for f in found["factors"]], [a.name for a in found["responses"]]
    line = f"{len(found['rows'])} runs over {', '.join(names[0])}; measured: {', '.join(names[1])}"
    return Look([line], {"runs": len(found["rows"]), "factors": names[0], "responses": names[1]})


def _take_doe(person: Person, program: Program, brought: Brought) -> Taken:
    made: Study = studies.import_study(
        person, program, title=brought.said("title") or brought.file.name, order=brought.said("order") or "second",
        source=brought.said("source"), file=(brought.file.name, brought.file.data), **_read(program, brought),
    )  # fmt: skip
    runs = made.runs.filter(is_void=False).count()
    return Taken(made, f"{made} is entered with {runs} runs.", {"study": made.code, "runs": runs})


def _look_runs(program: Program, brought: Brought) -> Look:
    study = queries.find_study(program, brought.said("study"))
    rows = imports.read_runs(study, brought.file.name, brought.file.data)
    return Look([f"{len(rows)} runs of {study}"], {"study": study.code, "runs": len(rows)})


def _take_runs(person: Person, program: Program, brought: Brought) -> Taken:
    study = queries.find_study(program, brought.said("study"))
    rows = imports.read_runs(study, brought.file.name, brought.file.data)
    made = studies.record_runs(person, study, rows)
    return Taken(made, f"{len(rows)} runs of {made} are recorded.", {"study": made.code, "runs": len(rows)})


def _give_runs(program: Program, code: str) -> File:
    found = queries.find_study(program, code)
    return File(f"{found.code}.csv", bytes(WRITERS["csv"](exports.run_sheet(found))))


TAKES = (
    Kind(
        "doe",
        "A designed study that was run elsewhere",
        "process.import_study",
        "A table: a column for each factor and each response, headings with units as in Yield (%); block is optional",
        _look_doe,
        _take_doe,
        (
            Option("factors", "NAME LOW..HIGH of each factor, with commas: time 80..90, temp 170..180", required=True),
            Option("source", "Where the rows come from", required=True),
            Option("responses", "Names of the attributes, with commas; all that have a column where nothing is said"),
            Option("title", "Title of the study; the file's name where nothing is said"),
            Option("order", "Order of the model: first, interactions or second"),
        ),
    ),
    Kind(
        "runs",
        "The filled run sheet of a study",
        "process.record_runs",
        "A table: run, each response, settings as achieved, comment",
        _look_runs,
        _take_runs,
        (Option("study", "Number of the running study", required=True),),
    ),
)
GIVES = (
    Outgoing("runs", "The run sheet of a study, with its values", "process.view", "number of the study", _give_runs),
)
