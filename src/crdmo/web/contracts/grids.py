"""Rows of a table that somebody filled in: read from the form as they were typed, empty ones left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import QueryDict

from crdmo.foundation.accounts.models import Program
from crdmo.foundation.datasets.tables.numbers import number_text
from crdmo.foundation.refusals import Invalid

MOST = 200


def rows(data: QueryDict, prefix: str, names: Sequence[str]) -> list[dict[str, str]]:
    """Return the rows `prefix_name` of a posted table; a row without anything typed is none."""
    columns = {name: data.getlist(f"{prefix}_{name}")[:MOST] for name in names}
    count = max((len(values) for values in columns.values()), default=0)
    made = [
        {name: values[i].strip() if i < len(values) else "" for name, values in columns.items()} for i in range(count)
    ]
    return [row for row in made if any(row.values())]


def filled(given: Sequence[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """Return rows to show: those given, and empty ones up to `count`."""
    return [*given, *({} for _ in range(max(count - len(given), 1)))]


def number(text: str, place: str) -> str:
    """Return a number as it is written in records; `1,5` is read as `1.5`.

    Raises:
        Invalid: it cannot be read in one way.
    """
    try:
        return number_text(text)
    except Invalid as refused:
        refused.errors = {place: refused.what}
        raise


def at(program: Program | None, place: str) -> str:
    """Return an address below the contracts of a program."""
    assert program is not None
    return f"/{program.code}/contracts/{place}"
