"""Reads a transport file: headers first, then rows in blocks, or everything at once.

A first pass over the bytes finds where each member ends and which bytes are not ASCII; the second, in blocks of rows,
makes frames. A file of any size is read within the memory of a block.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from crdmo.standards.refusals import FormatError
from crdmo.standards.xpt import ibm_float
from crdmo.standards.xpt.headers import MEMBER_MARK, library_header, member_header
from crdmo.standards.xpt.layout import RECORD, Block, Library, Member, MemberHeader, Variable, kept_rows

BLOCK_ROWS = 50_000
CHUNK = RECORD * 32_768


@dataclass(frozen=True)
class Place:
    """Where the rows of a member lie, and how many there are."""

    header: MemberHeader
    start: int
    rows: int
    blank_rows_dropped: int


class XptFile:
    """An open transport file. `source` is a path or the bytes themselves.

    Raises:
        FormatError: the file is torn, of another version, or contradicts itself.
    """

    def __init__(self, source: str | os.PathLike[str] | bytes, *, encoding: str | None = None) -> None:
        self._source = source
        self.name = "" if isinstance(source, bytes) else Path(source).name
        with self._open() as stream:
            self.size = stream.seek(0, io.SEEK_END)
            stream.seek(0)
            self.library = library_header(stream.read(3 * RECORD), self.size)
            starts = _members(stream)
            places = [_place(stream, start, end) for start, end in zip(starts, [*starts[1:], self.size], strict=True)]
        self.places = tuple(places)
        self.encoding = encoding or encoding_of(self.foreign_texts())
        self.places = tuple(replace(place, header=_decoded(place.header, self.encoding)) for place in places)

    @property
    def members(self) -> tuple[MemberHeader, ...]:
        """Return the headers of the members, in the order of the file."""
        return tuple(place.header for place in self.places)

    def blocks(self, member: int = 0, *, rows: int = BLOCK_ROWS) -> Iterator[Block]:
        """Yield the rows of a member, `rows` at a time. A member without rows yields one empty block."""
        place = self.places[member]
        for first, cells in self.cells(member, rows=rows):
            yield _block(place.header, cells, self.encoding, first)

    def cells(self, member: int = 0, *, rows: int = BLOCK_ROWS) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield the bytes of a member's rows as (number of the first row, array of rows by bytes)."""
        place = self.places[member]
        length = place.header.record_length
        with self._open() as stream:
            stream.seek(place.start)
            for first in range(0, max(place.rows, 1), rows):
                count = min(rows, place.rows - first)
                data = stream.read(count * length)
                if len(data) != count * length:
                    raise FormatError(f"{self.name or 'the file'} became shorter while it was read")
                yield first, np.frombuffer(data, dtype=np.uint8).reshape(count, length)

    def foreign_texts(self) -> Iterator[tuple[str, str, int, bytes]]:
        """Yield each text that is not ASCII, as (member, variable, row from 0, bytes); -1 is the row of a label."""
        for number, place in enumerate(self.places):
            header = place.header
            for name, label in [("", header.label), *((one.name, one.label) for one in header.variables)]:
                if not label.isascii():
                    yield header.name, name, -1, label.encode("latin-1")
            for first, cells in self.cells(number):
                high = (cells & 0x80).astype(bool)
                position = 0
                for variable in header.variables:
                    cell = slice(position, position + variable.length)
                    position = cell.stop
                    if not variable.is_numeric:
                        for row in np.flatnonzero(high[:, cell].any(axis=1)):
                            yield header.name, variable.name, first + int(row), cells[row, cell].tobytes().rstrip(b" ")

    def read(self) -> Library:
        """Return the whole library in memory."""
        members = []
        for number, place in enumerate(self.places):
            block = next(self.blocks(number, rows=max(place.rows, 1)))
            members.append(Member(place.header, block))
        head = self.library
        return Library(tuple(members), self.encoding, head.sas_version, head.system, head.created, head.modified)

    def _open(self) -> io.BufferedIOBase:
        if isinstance(self._source, bytes):
            return io.BytesIO(self._source)
        return Path(self._source).open("rb")


def read_xpt(source: str | os.PathLike[str] | bytes, *, encoding: str | None = None) -> Library:
    """Return everything that a transport file holds. `encoding` overrides what the bytes suggest.

    Raises:
        FormatError: the file is torn, of another version, or contradicts itself.
    """
    return XptFile(source, encoding=encoding).read()


def encoding_of(foreign: Iterable[tuple[str, str, int, bytes]]) -> str:
    """Return what the texts that are not ASCII suggest: ascii, utf-8, windows-1252 or latin-1, in this order."""
    candidates = ["ascii", "utf-8", "windows-1252", "latin-1"]
    for _, _, _, data in foreign:
        while not _decodes(data, candidates[0]):
            candidates.pop(0)
    return candidates[0]


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _decoded(header: MemberHeader, encoding: str) -> MemberHeader:
    """Return the header with its labels in the encoding of the file."""

    def text(label: str) -> str:
        return label if label.isascii() else label.encode("latin-1").decode(encoding, "backslashreplace")

    variables = tuple(replace(variable, label=text(variable.label)) for variable in header.variables)
    return replace(header, label=text(header.label), variables=variables)


def _members(stream: io.BufferedIOBase) -> list[int]:
    """Return where the members start: a MEMBER header record at a multiple of 80 bytes."""
    stream.seek(0)
    starts: list[int] = []
    offset = 0
    while chunk := stream.read(CHUNK):
        found = chunk.find(MEMBER_MARK)
        while found >= 0:
            if found % RECORD == 0:
                starts.append(offset + found)
            found = chunk.find(MEMBER_MARK, found + 1)
        offset += len(chunk)
    if not starts:
        raise FormatError("the file has no data set", allowed="at least one MEMBER header record behind the library")
    return starts


def _place(stream: io.BufferedIOBase, start: int, end: int) -> Place:
    """Read a member's header and find its rows."""
    stream.seek(start)
    header, body = member_header(stream, start, end)
    length = header.record_length
    size = end - body
    rows = size // length if length else 0
    stream.seek(body + rows * length)
    rest = stream.read(size - rows * length)
    if rest.strip(b" ") or len(rest) >= RECORD:
        raise FormatError(
            f"the rows of {header.name} do not fill its section: the file is torn or its record length is wrong",
            given=f"{size} bytes, rows of {length} bytes, {len(rest)} bytes left over that are not filling",
            allowed="whole rows, then fewer than 80 blanks",
            next_step="fetch the file again from who made it",
        )
    stream.seek(body + (rows - 1) * length if rows else body)
    last_is_blank = rows > 0 and not stream.read(length).strip(b" ")
    kept = _kept(stream, body, size, length, rows) if last_is_blank else rows
    return Place(header, body, kept, rows - kept)


def _kept(stream: io.BufferedIOBase, body: int, size: int, length: int, rows: int) -> int:
    """Return the number of rows without the blank ones that may be filling."""
    fewest = kept_rows(size, length, True)
    kept = rows
    while kept > fewest:
        stream.seek(body + (kept - 1) * length)
        if stream.read(length).strip(b" "):
            break
        kept -= 1
    return kept


def _block(header: MemberHeader, cells: NDArray[np.uint8], encoding: str, first: int) -> Block:
    columns: dict[str, pl.Series] = {}
    special: dict[str, dict[int, str]] = {}
    position = 0
    for variable in header.variables:
        cell = cells[:, position : position + variable.length]
        position += variable.length
        if variable.is_numeric:
            values, marks, _ = ibm_float.decode(cell)
            columns[variable.name] = pl.Series(variable.name, values).fill_nan(None)
            rows = np.flatnonzero((marks != 0) & (marks != ord(".")))
            if rows.size:
                special[variable.name] = {int(row): chr(marks[row]) for row in rows}
        else:
            columns[variable.name] = _texts(variable, cell, encoding, first)
    return Block(pl.DataFrame(columns), special)


def _texts(variable: Variable, cell: NDArray[np.uint8], encoding: str, first: int) -> pl.Series:
    """Return a column of texts without trailing blanks."""
    rows = len(cell)
    buffer = pa.py_buffer(np.ascontiguousarray(cell).tobytes())
    fixed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(variable.length), rows, [None, buffer])
    if encoding in ("ascii", "utf-8") or not (cell & 0x80).any():
        try:
            text = fixed.cast(pa.binary()).cast(pa.string())
            return pl.Series(variable.name, pc.ascii_rtrim(text, characters=" "), dtype=pl.String)
        except pa.ArrowInvalid:
            pass  # named below, with its row
    texts = []
    for row, data in enumerate(fixed.to_pylist()):
        try:
            texts.append(data.rstrip(b" ").decode(encoding))
        except UnicodeDecodeError as error:
            raise FormatError(
                f"{variable.name}, row {first + row + 1}, is no text in {encoding}",
                given=data.rstrip(b" ")[:40].hex(" "),
                next_step="read the file with the encoding that it was written in, such as windows-1252 or latin-1",
            ) from error
    return pl.Series(variable.name, texts, dtype=pl.String)
