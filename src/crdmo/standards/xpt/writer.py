"""Writes a transport file. The same library gives the same bytes: no clock, no host and no user is read.

What a file of version 5 cannot say is refused with variable and row, never cut, rounded or turned into zero: names over
8 characters, labels over 40 bytes, texts over the variable's length, numbers outside the range of an IBM double.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from crdmo.standards.refusals import FormatError
from crdmo.standards.xpt import ibm_float
from crdmo.standards.xpt.headers import library_records, member_records
from crdmo.standards.xpt.layout import NAME, RECORD, Block, Library, MemberHeader, Special, Variable, kept_rows

BLANK = 0x20
TEXT_BYTES = 200


def encode_library(library: Library) -> bytes:
    """Return the bytes of a library with all its members."""
    return b"".join(_pieces(library))


def write_xpt(path: str | os.PathLike[str], library: Library) -> int:
    """Write a library to a file and return its bytes. The file appears whole or not at all."""
    return _whole_file(Path(path), _pieces(library))


def stream_library(
    path: str | os.PathLike[str], library: Library, members: Iterable[tuple[MemberHeader, Iterable[Block]]]
) -> int:
    """Write members whose rows come in blocks, within the memory of one block. `library` gives the head of the file."""
    return _whole_file(Path(path), _streamed(library, members))


def _pieces(library: Library) -> Iterator[bytes]:
    return _streamed(library, ((member.header, [member.block]) for member in library.members))


def _streamed(library: Library, members: Iterable[tuple[MemberHeader, Iterable[Block]]]) -> Iterator[bytes]:
    yield library_records(library)
    names: set[str] = set()
    for header, blocks in members:
        _check_header(header)
        if header.name in names:
            raise FormatError("a library cannot have two data sets of one name", given=header.name)
        names.add(header.name)
        yield member_records(header, library.encoding)
        yield from _rows(header, blocks, library.encoding)
    if not names:
        raise FormatError("a library needs a data set", given="none", allowed="at least one")


def _rows(header: MemberHeader, blocks: Iterable[Block], encoding: str) -> Iterator[bytes]:
    written = 0
    blank = 0  # blank rows at the end of what was written
    for block in blocks:
        cells = _cells(header, block, encoding, written)
        filled = np.flatnonzero((cells != BLANK).any(axis=1))
        blank = blank + len(cells) if not filled.size else len(cells) - 1 - int(filled[-1])
        written += len(cells)
        yield cells.tobytes()
    size = written * header.record_length
    whole = size + (-size % RECORD)
    if blank and kept_rows(whole, header.record_length, True) < written:
        raise FormatError(
            f"the last row of {header.name} is blank and so short that it could not be told from the file's filling",
            given=f"{header.record_length} bytes a row",
            allowed="rows of 80 bytes and more, or a last row that is not blank",
            next_step="leave the blank row out",
        )
    yield b" " * (whole - size)


def _cells(header: MemberHeader, block: Block, encoding: str, first: int) -> NDArray[np.uint8]:
    names = [variable.name for variable in header.variables]
    if block.frame.columns != names:
        raise FormatError(
            f"the columns are not the variables of {header.name} in their order",
            given=", ".join(block.frame.columns),
            allowed=", ".join(names),
        )
    if strangers := sorted(set(block.special) - {one.name for one in header.variables if one.is_numeric}):
        raise FormatError(
            "a special missing value belongs to no numeric variable", given=", ".join(strangers), allowed="numbers only"
        )
    parts = [
        _numbers(variable, block.frame[variable.name], block.special, first)
        if variable.is_numeric
        else _texts(variable, block.frame[variable.name], encoding, first)
        for variable in header.variables
    ]
    return np.concatenate(parts, axis=1)


def _numbers(variable: Variable, column: pl.Series, special: Special, first: int) -> NDArray[np.uint8]:
    if not (column.dtype.is_numeric() or column.dtype == pl.Null) or column.dtype.is_decimal():
        raise FormatError(f"{variable.name} is numeric", given=str(column.dtype), allowed="whole numbers or floats")
    values = column.cast(pl.Float64)
    if column.dtype.is_integer() and not bool((values.cast(pl.Int64, strict=False) == column).all()):
        raise FormatError(f"{variable.name} has a whole number that no double holds", allowed="up to 2**53 exactly")
    missing = values.is_null().to_numpy()
    marks = np.where(missing, ord("."), 0).astype(np.uint8)
    for row, mark in special.get(variable.name, {}).items():
        if len(mark) != 1 or mark not in ibm_float.MISSING_MARKS:
            raise FormatError(f"{variable.name} has an unknown missing value", given=mark, allowed="., _, A to Z")
        if not (0 <= row < len(column) and missing[row]):
            raise FormatError(
                f"{variable.name} has a special missing value in row {first + row + 1}, which holds a number or is none",
                given=mark,
                allowed="rows whose value is null",
            )
        marks[row] = ord(mark)
    plain = values.fill_null(0.0).to_numpy()
    outside = np.flatnonzero(ibm_float.outside_range(plain, marks))
    if outside.size:
        raise FormatError(
            f"{variable.name}, row {first + int(outside[0]) + 1}, has no image as an IBM double",
            given=repr(float(plain[outside[0]])),
            allowed=f"0, or a magnitude of {ibm_float.SMALLEST:.4e} to {ibm_float.LARGEST:.4e}",
            next_step="give a missing value, or the number in another unit",
        )
    cells = ibm_float.encode(plain, marks)
    cut = np.flatnonzero((cells[:, variable.length :] != 0).any(axis=1))
    if cut.size:
        raise FormatError(
            f"{variable.name}, row {first + int(cut[0]) + 1}, does not fit {variable.length} bytes exactly",
            given=repr(float(plain[cut[0]])),
            next_step="give the variable 8 bytes",
        )
    return cells[:, : variable.length]


def _texts(variable: Variable, column: pl.Series, encoding: str, first: int) -> NDArray[np.uint8]:
    if column.dtype not in (pl.String, pl.Null):
        raise FormatError(f"{variable.name} is a text", given=str(column.dtype), allowed="strings")
    data = _encoded(variable, column, encoding, first)
    lengths = pa.compute.binary_length(data).to_numpy(zero_copy_only=False).astype(np.int64)
    too_long = np.flatnonzero(lengths > variable.length)
    if too_long.size:
        raise FormatError(
            f"{variable.name}, row {first + int(too_long[0]) + 1}, is longer than the variable",
            given=f"{lengths[too_long[0]]} bytes",
            allowed=f"{variable.length} bytes",
            next_step=f"give the variable more bytes, up to {TEXT_BYTES}, or split the text",
        )
    cells = np.full((len(column), variable.length), BLANK, dtype=np.uint8)
    flat = np.frombuffer(data.buffers()[2] or b"", dtype=np.uint8)
    starts = np.cumsum(lengths) - lengths
    begin = np.frombuffer(data.buffers()[1], dtype=np.int64)[data.offset] if len(column) else 0
    rows = np.repeat(np.arange(len(column)), lengths)
    places = np.arange(int(lengths.sum()))
    cells[rows, places - np.repeat(starts, lengths)] = flat[begin : begin + len(places)]
    return cells


def _encoded(variable: Variable, column: pl.Series, encoding: str, first: int) -> pa.LargeBinaryArray:
    """Return the texts as bytes of the encoding; a null is an empty text, since SAS has no other."""
    texts = column.cast(pl.String).fill_null("")
    ends_blank = texts.str.ends_with(" ")
    if ends_blank.any():
        raise FormatError(
            f"{variable.name}, row {first + int(ends_blank.arg_max() or 0) + 1}, ends with blanks, which a file of fixed "
            "lengths cannot keep",
            next_step="take the trailing blanks away",
        )
    plain = pa.array(texts.to_list(), type=pa.large_string()).cast(pa.large_binary())
    used = np.frombuffer(plain.buffers()[2] or b"", dtype=np.uint8)
    if encoding == "utf-8" or not (used & 0x80).any():
        return plain
    values = []
    for row, text in enumerate(texts):
        try:
            values.append(text.encode(encoding))
        except UnicodeEncodeError as error:
            raise FormatError(
                f"{variable.name}, row {first + row + 1}, has a character that is not in {encoding}",
                given=repr(text[error.start : error.end]),
                allowed=encoding,
                next_step="replace the character, or write the library in another encoding",
            ) from error
    return pa.array(values, type=pa.large_binary())


def _check_header(header: MemberHeader) -> None:
    names = [variable.name for variable in header.variables]
    if not 1 <= len(names) <= 9999:
        raise FormatError(f"{header.name} needs variables", given=str(len(names)), allowed="1 to 9999")
    for name in [header.name, *names]:
        if not NAME.fullmatch(name):
            raise FormatError(
                "a name does not fit version 5",
                given=name,
                allowed="1 to 8 of A to Z, 0 to 9 and _, not beginning with a digit",
            )
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise FormatError(f"{header.name} has a variable twice", given=", ".join(twice))
    for variable in header.variables:
        lowest, highest = (2, 8) if variable.is_numeric else (1, TEXT_BYTES)
        if not lowest <= variable.length <= highest:
            raise FormatError(
                f"{variable.name} has a length that version 5 does not know",
                given=str(variable.length),
                allowed=f"{lowest} to {highest} bytes",
            )


def _whole_file(path: Path, pieces: Iterator[bytes]) -> int:
    """Write beside the place and move there at the end, so that a refusal leaves nothing behind."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        size = 0
        with os.fdopen(handle, "wb") as stream:
            for piece in pieces:
                size += stream.write(piece)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return size
