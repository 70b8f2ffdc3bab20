"""The files that manufacturing takes and gives: the lines of a master batch record, and executed records."""

from __future__ import annotations

import json

from crdmo.common.exchange import Brought, File, Kind, Look, Option, Outgoing, Taken
from crdmo.common.materials.models import Substance
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.refusals import Invalid, NotFound

from . import exports, imports, queries
from .workflow import masters

HEAD = ("title", "size", "unit", "yield_limit", "storage")


def _look(program: Program, brought: Brought) -> Look:
    found = imports.read_lines(program, brought.file.name, brought.file.data)
    line = f"{len(found.materials)} materials, {len(found.steps)} steps"
    return Look([line], {"materials": len(found.materials), "steps": len(found.steps)})


def _take(person: Person, program: Program, brought: Brought) -> Taken:
    code, months = brought.said("product"), brought.said("shelf_life_months")
    product = Substance.objects.filter(program=program, code=code, is_void=False).first()
    if product is None:
        raise NotFound("there is no such product", given=code)
    if months and not (months.isascii() and months.isdigit() and 0 < int(months) < 1000):
        raise Invalid("a shelf life is whole months", errors={"shelf_life_months": "such as 24"}, given=months)
    lines = imports.read_lines(program, brought.file.name, brought.file.data)
    made = masters.draft_master(
        person, product, materials=lines.materials, steps=lines.steps, shelf_life_months=int(months) if months else None,
        **{name: brought.said(name) for name in HEAD},
    )  # fmt: skip
    told = {"master": made.code, "version": made.number, "materials": len(lines.materials), "steps": len(lines.steps)}
    return Taken(made, f"{made} is drafted. The head of production approves it, then QA.", told)


def _give(program: Program, code: str) -> File:
    told = json.dumps(exports.batch_record(queries.find_batch(program, code)), ensure_ascii=False, indent=1)
    return File(f"{code}.json", told.encode())


TAKES = (
    Kind(
        "master",
        "A master batch record from its lines",
        "manufacturing.draft_master",
        f"A table with the columns {', '.join(imports.COLUMNS)}",
        _look,
        _take,
        (
            Option("product", "Code of the product", required=True),
            Option("title", "What is made, by which process", required=True),
            Option("size", "Batch size: the theoretical yield of the planned charge", required=True),
            Option("unit", "Unit of the batch size, such as kg", required=True),
            Option("yield_limit", "Expected yield in percent, such as 95.0 – 101.0", required=True),
            Option("shelf_life_months", "Whole months"),
            Option("storage", "As on the label"),
        ),
    ),
)
GIVES = (Outgoing("batch", "An executed batch record", "manufacturing.view", "number of the batch", _give),)
