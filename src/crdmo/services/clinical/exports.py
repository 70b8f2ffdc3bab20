"""Listings of a trial as tables for other programs. A cell that begins like a formula is written as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from crdmo.common.studies.models import Event

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def plain(value: object) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def events_csv(rows: Iterable[Event]) -> str:
    """Return adverse events as CSV; what a subject got is not among the columns."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        ("subject", "term", "category", "began", "ended", "severity", "serious", "criterion", "relation", "outcome")
    )
    for one in rows:
        cells = (
            one.subject.code, one.term, one.category, one.starts, one.ends, one.severity, one.serious,
            one.details.get("criterion", ""), one.relation, one.outcome,
        )  # fmt: skip
        writer.writerow([plain(cell) for cell in cells])
    return out.getvalue()
