"""What the grids of this room share: rows as posted, blank rows, a table as a file."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from django.http import HttpResponse

from crdmo.foundation.datasets.tables.writers import MEDIA_TYPES, WRITERS
from crdmo.foundation.refusals import NotFound
from crdmo.web.request import PageRequest

BLANK_LINES = 4
# Columns of longer texts.
WIDE = frozenset({"parameter", "attribute", "name", "failure", "justification", "proof", "control"})
Rows = list[dict[str, str]]


def given(request: PageRequest, columns: Sequence[str]) -> Rows:
    """Return the rows of a grid as posted."""
    found = [request.POST.getlist(f"line_{name}") for name in columns]
    return [dict(zip(columns, (v.strip() for v in row), strict=True)) for row in zip(*found, strict=False)]


def headings(columns: Sequence[str]) -> list[str]:
    """Return columns as they are written above a grid."""
    return [name.replace("_", " ").capitalize() for name in columns]


def with_blanks(rows: Rows, columns: Sequence[str]) -> Rows:
    """Return rows with room for more."""
    return rows + [dict.fromkeys(columns, "") for _ in range(BLANK_LINES)]


def as_file(frame: pl.DataFrame, name: str, kind: str) -> HttpResponse:
    """Return a table as CSV, XLSX or Parquet.

    Raises:
        NotFound: it is none of them.
    """
    if kind not in WRITERS:
        raise NotFound("there is no such format", given=kind, allowed=", ".join(WRITERS))
    response = HttpResponse(WRITERS[kind](frame), content_type=MEDIA_TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response
