"""JSON tables: objects with the same keys, or `{"columns": […], "rows": [[…]]}`. Numbers keep their digits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from crdmo.foundation.refusals import Invalid

ALLOWED = 'a list of objects with the same keys, or {"columns": [...], "rows": [[...]]}'


def rows(data: bytes, file_name: str) -> Iterator[list[str]]:
    """Yield the headings and then the rows.

    Raises:
        Invalid: it is no JSON table; names the row and key.
    """
    value = _parsed(data, file_name)
    if isinstance(value, dict) and set(value) == {"columns", "rows"}:
        return _listed(value, file_name)
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        return _objects(value, file_name)
    raise Invalid(f"{file_name} holds no table", given=type(value).__name__, allowed=ALLOWED)


def _parsed(data: bytes, file_name: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            names = [name for name, _ in pairs]
            raise Invalid(
                f"{file_name} has a key twice in one object",
                given=", ".join(sorted({n for n in names if names.count(n) > 1})),
            )
        return made

    def odd(name: str) -> Any:
        raise Invalid(
            f"{file_name} holds a number that JSON does not know", given=name, allowed="null for a missing value"
        )

    try:
        return json.loads(
            data.decode("utf-8-sig"), object_pairs_hook=unique, parse_float=str, parse_int=str, parse_constant=odd
        )
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise Invalid(f"{file_name} is torn or no JSON", given=str(error), next="Export the file again") from error


def _listed(value: dict[str, Any], file_name: str) -> Iterator[list[str]]:
    if not isinstance(value["columns"], list) or not isinstance(value["rows"], list):
        raise Invalid(f"{file_name} holds no table", allowed=ALLOWED)
    yield [_cell(name, file_name, 1) for name in value["columns"]]
    for number, row in enumerate(value["rows"], 2):
        if not isinstance(row, list):
            raise Invalid(f"{file_name} row {number} is no list", given=repr(row)[:80])
        yield [_cell(cell, file_name, number) for cell in row]


def _objects(value: list[dict[str, Any]], file_name: str) -> Iterator[list[str]]:
    names = list(value[0])
    yield names
    for number, row in enumerate(value, 2):
        if odd := sorted(set(row) ^ set(names)):
            raise Invalid(
                f"{file_name} row {number} has other keys than the first",
                given=", ".join(odd),
                allowed=", ".join(names),
            )
        yield [_cell(row[name], file_name, number) for name in names]


def _cell(value: Any, file_name: str, row: int) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    raise Invalid(
        f"{file_name} row {row} holds more than plain values",
        given=repr(value)[:80],
        allowed="text, numbers, true, false, null",
    )
