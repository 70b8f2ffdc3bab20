"""Tables that people bring: read strictly, sealed with the file that they came in, evaluated."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from crdmo.common.materials.models import Lot
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.datasets.tables import Table, read_table
from crdmo.foundation.datasets.tables.numbers import Decimal
from crdmo.foundation.ledger.acts import Actor
from crdmo.foundation.refusals import Invalid

from .models import Analysis
from .workflow import analyses


@dataclass(frozen=True)
class Brought:
    """A table as it was brought: the bytes, and its columns with types."""

    file_name: str
    original: bytes
    frame: pl.DataFrame


WORDS = frozenset({"batch", "type", "sample", "site", "operator", "instrument", "day", "run", "lot", "group"})


def read(file_name: str, data: bytes, *, numbers: Collection[str] | None = None, decimal: Decimal | None = None) -> Brought:
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
    made: dict[str, Any] = {}
    for text in texts:
        name, found, value = text.partition("=")
        if not found or not name.strip():
            raise Invalid("an option is NAME=VALUE", given=text, allowed="lower_limit=95.0")
        made[name.strip()] = _plain(value.strip())
    return made


def _plain(value: str) -> Any:
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def analyse(
    actor: Actor, program: Program, table: Brought, *, kind: str, title: str, options: Mapping[str, Any], conclusion: str = "",
    lot: Lot | None = None,
) -> Analysis:  # fmt: skip
    """Seal and evaluate a table that was read."""
    made: Analysis = analyses.analyse_table(
        actor, program, kind=kind, title=title, frame=table.frame, original=table.original, file_name=table.file_name,
        options=dict(options), conclusion=conclusion, lot=lot,
    )  # fmt: skip
    return made
