"""The pieces of a sealed file, and the proof that one of them belongs to it.

A Parquet table is cut into [header][row group 0]…[row group n−1][footer]; any other file into pieces of one mebibyte.
The root of RFC 6962 over the pieces is in the ledger, so a row group can be shown, and believed, without the rest.
"""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import polars as pl
import pyarrow.parquet as pq

from crdmo.proof import merkle

MAGIC = b"PAR1"
PIECE = 1 << 20


class PieceError(ValueError):
    """A piece is not what its proof says."""


@dataclass(frozen=True)
class Piece:
    """One stretch of a file: where it starts, how long it is, and its RFC 6962 leaf hash."""

    at: int
    size: int
    hash: str


@dataclass(frozen=True)
class RowGroupProof:
    """A row group, the header and footer that give it meaning, and the hashes that tie them to the ledger's root."""

    index: int
    file_size: int
    piece_count: int
    header: bytes
    group: bytes
    footer: bytes
    hashes: tuple[bytes, ...]


def cut(path: Path) -> list[Piece]:
    """Return the pieces of a file, in order; together they are the file."""
    with path.open("rb") as file:
        size = path.stat().st_size
        edges = [*_edges(path, size), size]
        return [_piece(file, start, end - start) for start, end in pairwise(edges)]


def _edges(path: Path, size: int) -> list[int]:
    if is_parquet(path):
        return [0, *parquet_edges(pq.read_metadata(path), size)]
    return list(range(0, size, PIECE)) or [0]


def is_parquet(path: Path) -> bool:
    """Say whether a file begins and ends as Parquet does."""
    with path.open("rb") as file:
        if file.read(4) != MAGIC or path.stat().st_size < 12:
            return False
        file.seek(-4, io.SEEK_END)
        return file.read(4) == MAGIC


def parquet_edges(meta: pq.FileMetaData, size: int) -> list[int]:
    """Return where each row group starts, and then where the footer does."""
    starts = [
        min(_column_start(group.column(j)) for j in range(group.num_columns))
        for group in map(meta.row_group, range(meta.num_row_groups))
        if group.num_columns
    ]
    if starts != sorted(starts) or (starts and starts[0] < len(MAGIC)):
        raise PieceError("the row groups of this file do not lie one after the other")
    footer = size - meta.serialized_size - 8
    return [*starts, footer]


def _column_start(column: pq.ColumnChunkMetaData) -> int:
    first = column.dictionary_page_offset
    return int(column.data_page_offset if first is None else min(first, column.data_page_offset))


def _piece(file: BinaryIO, at: int, size: int) -> Piece:
    digest = hashlib.sha256(b"\x00")
    file.seek(at)
    left = size
    while left and (block := file.read(min(left, PIECE))):
        digest.update(block)
        left -= len(block)
    return Piece(at, size, digest.hexdigest())


def root(pieces: Sequence[Piece]) -> str:
    """Return the RFC 6962 root over the pieces, in hexadecimal."""
    return merkle.root(bytes.fromhex(piece.hash) for piece in pieces).hex()


def wrong(file: BinaryIO, size: int, pieces: Sequence[Piece]) -> list[int]:
    """Return the indexes of the pieces whose bytes are not those that were sealed."""
    found = [i for i, piece in enumerate(pieces) if _piece(file, piece.at, piece.size) != piece]
    end = pieces[-1].at + pieces[-1].size
    return found if size <= end else sorted({*found, len(pieces) - 1})


def prove(read: Callable[[int, int], bytes], pieces: Sequence[Piece], index: int) -> RowGroupProof:
    """Return the proof for row group `index` (from 0); `read(at, size)` gives bytes of the file.

    Raises:
        PieceError: there is no such row group.
    """
    if not 0 <= index < len(pieces) - 2:
        raise PieceError(f"there is no row group {index}: this file has {max(len(pieces) - 2, 0)}, counted from 0")
    shown = [0, index + 1, len(pieces) - 1]
    header, group, footer = (read(pieces[i].at, pieces[i].size) for i in shown)
    hashes = merkle.batch_proof([bytes.fromhex(piece.hash) for piece in pieces], shown)
    size = pieces[-1].at + pieces[-1].size
    return RowGroupProof(index, size, len(pieces), header, group, footer, tuple(hashes))


def verify(proof: RowGroupProof, expected_root: str) -> pl.DataFrame:
    """Return the rows of the proven row group, read from nothing but the proof.

    Raises:
        PieceError: the proof does not lead to the root, or the pieces do not fit each other.
    """
    shown = {0: proof.header, proof.index + 1: proof.group, proof.piece_count - 1: proof.footer}
    try:
        leaves = {i: merkle.leaf_hash(data) for i, data in shown.items()}
        found = merkle.batch_root(proof.piece_count, leaves, list(proof.hashes))
    except merkle.ProofError as error:
        raise PieceError(f"the proof of row group {proof.index} is not well formed: {error}") from error
    if len(shown) != 3 or found.hex() != expected_root:
        raise PieceError(
            f"row group {proof.index} is not in this dataset: the proof leads to {found.hex()}, not to {expected_root}"
        )
    return _rows(proof)


def _rows(proof: RowGroupProof) -> pl.DataFrame:
    length = struct.unpack("<I", proof.footer[-8:-4])[0] + 8
    if len(proof.footer) != length:
        raise PieceError("the last piece is not a Parquet footer")
    windows = _Windows(proof.file_size, {0: proof.header, proof.file_size - length: proof.footer})
    parquet = pq.ParquetFile(windows)
    edges = parquet_edges(parquet.metadata, proof.file_size)
    if parquet.metadata.num_row_groups + 2 != proof.piece_count:
        raise PieceError("the footer speaks of another number of row groups")
    start, end = edges[proof.index], edges[proof.index + 1]
    if end - start != len(proof.group):
        raise PieceError("the row group does not have the length that the footer gives it")
    windows.shown[start] = proof.group
    made = pl.from_arrow(parquet.read_row_group(proof.index))
    if not isinstance(made, pl.DataFrame):
        raise PieceError("the row group is no table")
    return made


class _Windows(io.RawIOBase):
    """A file of which only some stretches are known; the rest reads as zeros."""

    def __init__(self, size: int, shown: dict[int, bytes]) -> None:
        super().__init__()
        self.size, self.shown, self.place = size, shown, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.place, io.SEEK_END: self.size}[whence]
        return self.place

    def read(self, count: int | None = -1) -> bytes:
        count = self.size - self.place if count is None or count < 0 else min(count, self.size - self.place)
        made = self._at(self.place, count)
        self.place += count
        return made

    def _at(self, place: int, count: int) -> bytes:
        # A reader looks at the tail of a file in one gulp; what the proof does not show reads as zeros there and is
        # never used: the footer says where the data are, and the shown stretches cover exactly that.
        made = bytearray(count)
        for start, data in self.shown.items():
            low, high = max(start, place), min(start + len(data), place + count)
            if low < high:
                made[low - place : high - place] = data[low - start : high - start]
        return bytes(made)
