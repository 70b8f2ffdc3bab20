"""Sealing: bytes go into the store first, then one entry of the ledger names them.

A process that dies in between leaves bytes that nobody names, never a record without its bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from crdmo.foundation.accounts.models import Organization, Program
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.ledger.thread import sources_of
from crdmo.proof import canonical

from ..refusals import Invalid
from . import pieces, store
from .models import Dataset
from .tables import read_table
from .tables.numbers import Decimal
from .tables.table import Kind

PARQUET = "application/vnd.apache.parquet"
ROW_GROUP = 1 << 17
Data = pl.DataFrame | bytes | Path


def seal(
    act: Act, *, name: str, data: Data, kind: str, program: Program | None = None,
    organization: Organization | None = None, original: bytes | Path | None = None, file_name: str = "",
    units: Mapping[str, str] | None = None, device: str = "", sources: Iterable[Record] = (), media_type: str = "",
    note: str = "",
) -> Dataset:  # fmt: skip
    """Seal a table, or a file as it is, and write its entry.

    `original` is the file that the table was read from; its bytes are hashed and kept before anything else happens.
    `units` gives UCUM units by column.

    Raises:
        Invalid: a unit is given for a column that is not there; a column has no plain name; the data are no file.
    """
    raw = "" if original is None else _put(original)
    blob = write_parquet(data) if isinstance(data, pl.DataFrame) else _put(data)
    held = store.path(blob)
    parts = pieces.cut(held)
    return act.create(
        Dataset, program=program, **_tenant(program, organization), name=name, kind=kind, blob=blob,
        media_type=media_type or _media_type(held), size=held.stat().st_size, **_table(held, units or {}),
        pieces_root=pieces.root(parts), pieces=store.put(canonical.encode([asdict(part) for part in parts])),
        original=raw, file_name=file_name or (original.name if isinstance(original, Path) else ""), device=device,
        sources=sources_of(sources), note=note,
    )  # fmt: skip


def seal_upload(
    act: Act, raw: bytes, file_name: str, *, name: str, kind: str, program: Program, columns: Mapping[str, Kind],
    units: Mapping[str, str] | None = None, decimal: Decimal | None = None, sheet: str = "", device: str = "",
    note: str = "",
) -> Dataset:  # fmt: skip
    """Read an uploaded table and seal it with the file that it came in; `columns` names the columns and their kinds.

    Raises:
        Invalid: the table is torn or doubtful, a column is missing, or a cell does not fit; nothing is sealed then.
    """
    frame = read_table(raw, file_name, sheet=sheet).typed(columns, decimal=decimal)
    return seal(
        act, name=name, data=frame, kind=kind, program=program, original=raw, file_name=file_name, units=units,
        device=device, note=note,
    )  # fmt: skip


def _tenant(program: Program | None, organization: Organization | None) -> dict[str, Any]:
    return {"organization": organization} if program is None else {}


def _put(data: bytes | Path) -> str:
    return store.put_file(data) if isinstance(data, Path) else store.put(data)


def write_parquet(frame: pl.DataFrame) -> str:
    """Store a frame as Parquet and return the blob's name: the same rows give the same bytes, whatever their chunks."""
    _check_names(frame.columns)
    with store.writer() as (file, path):
        frame.rechunk().write_parquet(path, compression="zstd", row_group_size=ROW_GROUP, statistics=True)
        file.seek(0, 2)
        return store.keep(file, path)


def _check_names(columns: Sequence[str]) -> None:
    for name in columns:
        if not name.strip() or name != name.strip() or not name.isprintable():
            raise Invalid(
                "a column needs a plain name", given=repr(name), allowed="printable text without spaces around it"
            )


def _media_type(path: Path) -> str:
    return PARQUET if pieces.is_parquet(path) else "application/octet-stream"


def _table(path: Path, units: Mapping[str, str]) -> dict[str, Any]:
    if not pieces.is_parquet(path):
        if units:
            raise Invalid(
                "units belong to the columns of a table", given=", ".join(units), next="Seal the table, not the file"
            )
        return {"rows": None, "columns": []}
    schema = pl.read_parquet_schema(path)
    if unknown := set(units) - set(schema):
        raise Invalid("a unit is given for no column", given=", ".join(sorted(unknown)), allowed=", ".join(schema))
    columns = [{"name": name, "type": str(kind), "unit": units.get(name)} for name, kind in schema.items()]
    return {"rows": pq.read_metadata(path).num_rows, "columns": columns}
