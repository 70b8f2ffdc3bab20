"""The header records of a transport file, read and written.

Every record is 80 bytes. A variable is described by a NAMESTR of 140 bytes, big-endian; the NAMESTRs of a member follow
each other and only the last is filled with blanks to 80.
"""

from __future__ import annotations

import io
import struct

from crdmo.standards.refusals import FormatError
from crdmo.standards.xpt.layout import NAMESTR, RECORD, Library, MemberHeader, Variable

LIBRARY_MARK = b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!"
MEMBER_MARK = b"HEADER RECORD*******MEMBER  HEADER RECORD!!!!!!!"
DESCRIPTOR_MARK = b"HEADER RECORD*******DSCRPTR HEADER RECORD!!!!!!!"
NAMESTR_MARK = b"HEADER RECORD*******NAMESTR HEADER RECORD!!!!!!!"
ROWS_MARK = b"HEADER RECORD*******OBS     HEADER RECORD!!!!!!!"
ZEROS = b"0" * 30 + b"  "
_STRUCT = struct.Struct(">hhhh8s40s8shhh2s8shhl")


def library_header(data: bytes, size: int) -> Library:
    """Return the library's header from the first three records, without members."""
    if data.startswith(b"HEADER RECORD*******LIBV8"):
        raise FormatError(
            "this is a transport file of version 8",
            given="LIBV8 header record",
            allowed="version 5, the one that agencies take",
            next_step="write it again as version 5 (SAS: the XPORT engine, or %loc2xpt with filetype V5)",
        )
    if data.startswith(b"**COMPRESSED**"):
        raise FormatError(
            "this file was made by PROC CPORT and is no XPORT file",
            allowed="a file of the XPORT engine",
            next_step="write it again with PROC COPY and the XPORT engine",
        )
    if not data.startswith(LIBRARY_MARK):
        raise FormatError(
            "this is no SAS transport file",
            given=repr(data[:24]),
            allowed="a file that begins with the LIBRARY header record",
        )
    if size % RECORD or len(data) < 3 * RECORD:
        raise FormatError(
            "the file is torn: its length is no multiple of 80 bytes",
            given=f"{size} bytes, {size % RECORD} over",
            next_step="fetch the file again, in binary mode",
        )
    real, modified = data[RECORD : 2 * RECORD], data[2 * RECORD : 3 * RECORD]
    if real[:24] != b"SAS     SAS     SASLIB  ":
        raise FormatError("the library header is not that of SAS", given=repr(real[:24]))
    return Library(
        (),
        sas_version=_text(real[24:32]),
        system=_text(real[32:40]),
        created=_text(real[64:80]),
        modified=_text(modified[:16]),
    )


def member_header(stream: io.BufferedIOBase, start: int, end: int) -> tuple[MemberHeader, int]:
    """Return the header of the member that starts at `start`, and where its rows begin."""
    stream.seek(start)
    head = stream.read(5 * RECORD)
    records = [head[RECORD * i : RECORD * (i + 1)] for i in range(5)]
    where = f"the member at byte {start}"
    if len(head) < 5 * RECORD or not records[1].startswith(DESCRIPTOR_MARK):
        raise FormatError(f"{where} has no DSCRPTR header record behind its MEMBER header record")
    if records[0][74:78] != b"0140":
        raise FormatError(
            f"{where} describes its variables in records of another length",
            given=_text(records[0][74:78]),
            allowed="0140 (files of VAX/VMS with 0136 are not read)",
        )
    if not records[4].startswith(NAMESTR_MARK):
        raise FormatError(f"{where} has no NAMESTR header record where it belongs, at byte {start + 4 * RECORD}")
    count = _count(records[4][54:58], where)
    length = -(-count * NAMESTR // RECORD) * RECORD
    data = stream.read(length)
    mark = stream.read(RECORD)
    body = start + 6 * RECORD + length
    if body > end or not mark.startswith(ROWS_MARK):
        raise FormatError(
            f"{where} ends within its description, or has another number of variables than it says",
            given=f"{count} variables",
            allowed=f"an OBS header record at byte {body - RECORD}",
            next_step="fetch the file again from who made it",
        )
    variables = _variables([data[NAMESTR * i : NAMESTR * (i + 1)] for i in range(count)], where)
    header = MemberHeader(
        name=_text(records[2][8:16]),
        variables=variables,
        label=_text(records[3][32:72]),
        kind=_text(records[3][72:80]),
        sas_version=_text(records[2][24:32]),
        system=_text(records[2][32:40]),
        created=_text(records[2][64:80]),
        modified=_text(records[3][:16]),
    )
    return header, body


def _variables(records: list[bytes], where: str) -> tuple[Variable, ...]:
    """Return the variables in the order of their bytes in a row, and refuse gaps and overlaps."""
    placed = sorted((_variable(record, where) for record in records), key=lambda one: one[0])
    expected = 0
    for position, variable in placed:
        if position != expected:
            raise FormatError(
                f"{where}: variable {variable.name} does not begin where the one before it ends",
                given=f"byte {position}",
                allowed=f"byte {expected}",
            )
        expected += variable.length
    names = [variable.name for _, variable in placed]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise FormatError(f"{where} has a variable twice", given=", ".join(twice))
    return tuple(variable for _, variable in placed)


def _variable(record: bytes, where: str) -> tuple[int, Variable]:
    (kind, _, length, _, name, label, form, width, decimals, justify, _, informat, in_width, in_decimals, position) = (
        _STRUCT.unpack(record[: _STRUCT.size])
    )
    text = _text(name)
    if kind not in (1, 2):
        raise FormatError(f"{where}: variable {text} has an unknown type", given=str(kind), allowed="1 or 2")
    numeric = kind == 1
    if length < (2 if numeric else 1) or (numeric and length > 8):
        raise FormatError(
            f"{where}: variable {text} has a length that cannot be",
            given=str(length),
            allowed="2 to 8 bytes for a number, 1 and more for a text",
        )
    return position, Variable(
        name=text,
        is_numeric=numeric,
        length=length,
        label=_text(label),
        format=_text(form),
        format_length=width,
        format_decimals=decimals,
        justification=justify,
        informat=_text(informat),
        informat_length=in_width,
        informat_decimals=in_decimals,
    )


def library_records(library: Library) -> bytes:
    """Return the three records that begin a file."""
    real = b"SAS     SAS     SASLIB  " + _field(library.sas_version, 8, "SAS version")
    real += _field(library.system, 8, "operating system") + b" " * 24 + _field(library.created, 16, "created")
    return LIBRARY_MARK + ZEROS + real + _field(library.modified, 16, "modified") + b" " * 64


def member_records(header: MemberHeader, encoding: str) -> bytes:
    """Return the records of a member up to its rows."""
    member = MEMBER_MARK + b"0" * 17 + b"1600000000140  "
    real = b"SAS     " + _field(header.name, 8, "name") + b"SASDATA " + _field(header.sas_version, 8, "SAS version")
    real += _field(header.system, 8, "operating system") + b" " * 24 + _field(header.created, 16, "created")
    second = _field(header.modified, 16, "modified") + b" " * 16
    second += _field(header.label, 40, f"label of {header.name}", encoding) + _field(header.kind, 8, "type")
    described = b"".join(_records_of(header, encoding))
    count = NAMESTR_MARK + b"000000" + f"{len(header.variables):04d}".encode() + b"0" * 20 + b"  "
    return member + DESCRIPTOR_MARK + ZEROS + real + second + count + padded(described) + ROWS_MARK + ZEROS


def padded(data: bytes) -> bytes:
    """Return the bytes, filled with blanks to whole records."""
    return data + b" " * (-len(data) % RECORD)


def _records_of(header: MemberHeader, encoding: str) -> list[bytes]:
    records = []
    position = 0
    for number, variable in enumerate(header.variables, 1):
        packed = _STRUCT.pack(
            1 if variable.is_numeric else 2,
            0,
            variable.length,
            number,
            _field(variable.name, 8, "variable name"),
            _field(variable.label, 40, f"label of {variable.name}", encoding),
            _field(variable.format, 8, f"format of {variable.name}"),
            variable.format_length,
            variable.format_decimals,
            variable.justification,
            b"\0\0",
            _field(variable.informat, 8, f"informat of {variable.name}"),
            variable.informat_length,
            variable.informat_decimals,
            position,
        )
        records.append(packed.ljust(NAMESTR, b"\0"))
        position += variable.length
    return records


def _field(text: str, width: int, name: str, encoding: str = "ascii") -> bytes:
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError as error:
        raise FormatError(f"the {name} has a character that is not in {encoding}", given=text) from error
    if len(data) > width:
        raise FormatError(f"the {name} is too long", given=f"{text} ({len(data)} bytes)", allowed=f"{width} bytes")
    return data.ljust(width)


def _text(data: bytes) -> str:
    """Return a header's text without filling, each byte as one character; `XptFile` decodes what is not ASCII."""
    return data.rstrip(b" ").decode("latin-1")


def _count(data: bytes, where: str) -> int:
    if not data.isdigit() or int(data) == 0:
        raise FormatError(f"{where} does not say how many variables it has", given=repr(data), allowed="0001 to 9999")
    return int(data)
