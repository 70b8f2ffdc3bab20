"""Structure files record by record: SD files, and SMILES one a line. A record that is broken says so; none is lost."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from crdmo.science.method import MethodError

LARGEST = 50_000_000
MOST_RECORDS = 20_000
LONGEST_LINE = 200_000
_FIELD = re.compile(r">.*?<([^<>]*)>")


@dataclass(frozen=True)
class SourceRecord:
    """A record as it stands in its file: number from 1, name, structure, data fields; `problem` where it is broken."""

    number: int
    name: str
    structure: str
    fields: dict[str, str] = field(default_factory=dict)
    problem: str = ""


def decoded(data: bytes) -> str:
    """Return a file as text with plain line ends.

    Raises:
        MethodError: it is empty, too large, no text, or has a line that is too long.
    """
    if not data.strip():
        raise MethodError("the file is empty", given=f"{len(data)} bytes", allowed="at least one record")
    if len(data) > LARGEST:
        raise MethodError("the file is too large", given=f"{len(data)} bytes", allowed=f"at most {LARGEST}",
                          next_step="split it")  # fmt: skip
    if b"\x00" in data:
        raise MethodError("the file is no text", given="a NUL byte", allowed="SDF, CSV or SMILES as text")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    longest = max(map(len, text.split("\n")))
    if longest > LONGEST_LINE:
        raise MethodError("a line is too long for a structure file", given=f"{longest} characters",
                          allowed=f"at most {LONGEST_LINE}", next_step="check that the file is not broken")  # fmt: skip
    return text


def read_sdf(data: bytes) -> list[SourceRecord]:
    """Read an SD file, V2000 or V3000; each record is taken or says what is wrong with it.

    Raises:
        MethodError: the file is no text, too large, or has no or too many records.
    """
    pieces = re.split(r"^\$\$\$\$[^\n]*\n?", decoded(data), flags=re.MULTILINE)
    torn = bool(pieces[-1].strip())
    pieces = pieces if torn else pieces[:-1]
    _counted(len(pieces))
    records = [_record(number, piece) for number, piece in enumerate(pieces, 1)]
    if torn and not records[-1].problem:
        last = records[-1]
        why = "the file ends inside this record: $$$$ is missing"
        records[-1] = SourceRecord(last.number, last.name, last.structure, last.fields, why)
    return records


def _record(number: int, piece: str) -> SourceRecord:
    block, ended, rest = piece.partition("M  END")
    name = piece.split("\n", 1)[0].strip()[:160]
    if not ended:
        return SourceRecord(number, name, piece, {}, "M  END is missing: the connection table is torn")
    fields: dict[str, str] = {}
    key = ""
    lines: list[str] = []
    for line in [*rest.split("\n"), ">"]:
        if line.startswith(">"):
            if key:
                fields[key] = "\n".join(lines).strip()
            found = _FIELD.match(line)
            key, lines = (found[1].strip()[:80] if found else ""), []
        elif key:
            lines.append(line)
    return SourceRecord(number, name, f"{block}M  END\n", fields)


def read_smiles(text: str) -> list[SourceRecord]:
    """Read SMILES or CXSMILES, one a line, each with a name after it; empty lines and lines that begin with # are left out.

    Raises:
        MethodError: there are no or too many lines.
    """
    records = []
    for number, line in enumerate(text.split("\n"), 1):
        told = line.strip()
        if not told or told.startswith("#"):
            continue
        found = re.match(r"(\S+(?:[ \t]+\|[^|]*\|)?)[ \t]*(.*)", told)
        assert found is not None
        records.append(SourceRecord(number, found[2].strip()[:160], found[1]))
    _counted(len(records))
    return records


def _counted(count: int) -> None:
    if not 1 <= count <= MOST_RECORDS:
        raise MethodError("the number of records cannot be taken", given=str(count),
                          allowed=f"1 to {MOST_RECORDS}", next_step="split the file")  # fmt: skip
