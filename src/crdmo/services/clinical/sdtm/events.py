"""The events of a subject of an imported study, read from the sealed tables as they came in, each with its place in its file.

Nothing is written again: a row is shown from the table that was sealed. Exposure and demographics stay in their tables, so that
no arm stands on a subject's page.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from crdmo.common.studies.models import Subject
from crdmo.foundation import datasets

from ..models import DomainTable

# Events of any kind, and medication beside the treatment.
DOMAINS = ("AE", "CE", "CM", "DS", "DV", "HO", "MH")
# What is shown in columns of its own: the first that a table has.
NAMED = {"term": ("TERM", "TRT"), "decoded": ("DECOD",), "starts": ("STDTC", "DTC"), "ends": ("ENDTC",)}


@dataclass(frozen=True)
class SourceRow:
    """A row of an imported table: its file and place in it (from 1), and what it says."""

    file: str
    row: int
    term: str
    decoded: str
    starts: str
    ends: str
    more: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SourceTable:
    """The rows of a subject in one imported table."""

    table: DomainTable
    rows: list[SourceRow]


def events_of(subject: Subject) -> list[SourceTable]:
    """Return what stands about a subject in the imported tables of events, by domain, in the order of the file."""
    tables = DomainTable.objects.filter(study=subject.study, domain__in=DOMAINS, is_void=False).select_related(
        "dataset"
    )
    found = [SourceTable(one, _rows(one, subject.code)) for one in tables.order_by("domain")]
    return [one for one in found if one.rows]


def _rows(table: DomainTable, code: str) -> list[SourceRow]:
    whole = datasets.frame(table.dataset)
    if "USUBJID" not in whole.columns:
        return []
    # A subject's code holds the first 40 characters of USUBJID.
    mine = whole.with_row_index("_row", 1).filter(pl.col("USUBJID").str.slice(0, 40) == code)
    labels = {one["name"]: one["label"] or one["name"] for one in table.variables}
    places = {
        name: next((table.domain + one for one in endings if table.domain + one in whole.columns), "")
        for name, endings in NAMED.items()
    }
    rest = [
        one
        for one in whole.columns
        if one not in {*places.values(), "STUDYID", "DOMAIN", "USUBJID", f"{table.domain}SEQ"}
    ]
    return [
        SourceRow(
            f"{table.domain.lower()}.xpt",
            int(row["_row"]),
            **{name: _said(row.get(place)) for name, place in places.items()},
            more=tuple((labels.get(one, one), _said(row[one])) for one in rest if _said(row[one])),
        )
        for row in mine.to_dicts()
    ]


def _said(value: object) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
