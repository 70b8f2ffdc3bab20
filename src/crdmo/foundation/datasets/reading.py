"""Reading sealed datasets: whole, as a query, or one proven row group; and finding what was altered."""

from __future__ import annotations

import json
from typing import BinaryIO

import polars as pl

from ..refusals import Invalid, Refused
from . import pieces, store
from .models import Dataset
from .pieces import Piece, PieceError, RowGroupProof


def read(dataset: Dataset) -> bytes:
    """Return the sealed bytes, checked.

    Raises:
        BlobMissing, BlobAltered: the store does not hold what was sealed.
    """
    return store.get(dataset.blob)


def read_original(dataset: Dataset) -> bytes:
    """Return the file that the table was read from, checked.

    Raises:
        Invalid: this dataset has none.
    """
    if not dataset.original:
        raise Invalid(f"{dataset} was not read from a file", next="Read the dataset itself")
    return store.get(dataset.original)


def scan(dataset: Dataset) -> pl.LazyFrame:
    """Return the table as a query that reads only the columns and row groups it needs. The bytes are checked first.

    Raises:
        Invalid: this is a file, not a table.
    """
    if not dataset.is_table:
        raise Invalid(
            f"{dataset} is a file, not a table", given=dataset.media_type, allowed="Parquet", next="Read its bytes"
        )
    return pl.scan_parquet(store.path(dataset.blob))


def frame(dataset: Dataset) -> pl.DataFrame:
    """Return the whole table, in memory.

    Raises:
        Invalid: this is a file, not a table.
    """
    return scan(dataset).collect()


def pieces_of(dataset: Dataset) -> list[Piece]:
    """Return the pieces that were sealed, checked against the root in the ledger.

    Raises:
        Refused: the list does not lead to the root.
    """
    found = [Piece(**part) for part in json.loads(store.get(dataset.pieces))]
    if pieces.root(found) != dataset.pieces_root:
        raise Refused(f"the list of pieces of {dataset} is not the one that was sealed", given=pieces.root(found))
    return found


def prove_row_group(dataset: Dataset, index: int) -> RowGroupProof:
    """Return the proof that row group `index` (from 0) belongs to a dataset, for somebody who may not see the rest.

    Raises:
        Invalid: there is no such row group.
    """
    with store.open_unchecked(dataset.blob) as file:
        try:
            return pieces.prove(lambda at, size: _stretch(file, at, size), pieces_of(dataset), index)
        except PieceError as error:
            raise Invalid(str(error)) from error


def _stretch(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)


def verify_row_group(proof: RowGroupProof, root: str) -> pl.DataFrame:
    """Return the rows of a proven row group; `root` is the dataset's `pieces_root`. The file itself is not needed.

    Raises:
        PieceError: the row group is not in the dataset with this root.
    """
    return pieces.verify(proof, root)


def altered(dataset: Dataset) -> list[str]:
    """Return what of a dataset's bytes is not as sealed, by row group and rows; empty when all is well."""
    found = store.problem(dataset.blob)
    if found is None:
        return []
    if isinstance(found, store.BlobMissing):
        return [f"{dataset}: the file is missing"]
    parts = pieces_of(dataset)
    with store.open_unchecked(dataset.blob) as file:
        wrong = pieces.wrong(file, store.size(dataset.blob), parts)
    return [f"{dataset}: {_place(dataset, index, len(parts))} was altered" for index in wrong]


def _place(dataset: Dataset, index: int, count: int) -> str:
    if not dataset.is_table:
        return f"the piece from byte {index * pieces.PIECE}"
    if index == 0:
        return "the header"
    if index == count - 1:
        return "the footer"
    return f"row group {index - 1}"
