"""Text tables: which encoding, which separator, and the rows, strictly."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator

from crdmo.foundation.refusals import Invalid

SEPARATORS = {";": "semicolon", ",": "comma", "\t": "tab", "|": "bar"}
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
SAMPLE = 20


def rows(data: bytes, file_name: str, separator: str, encoding: str) -> Iterator[list[str]]:
    """Yield the rows of a delimited text file.

    Raises:
        Invalid: the encoding or separator is in doubt, or a quotation does not end.
    """
    text = _text(data, file_name, encoding)
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        # Excel's own way to name the separator.
        separator, text = separator or first.strip()[4], rest
    return _parsed(text, file_name, separator or _separator(text, file_name))


def _parsed(text: str, file_name: str, separator: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        yield from reader
    except csv.Error as error:
        raise Invalid(f"{file_name} line {reader.line_num} is torn: {error}", next="Export the file again") from error


def _text(data: bytes, file_name: str, encoding: str) -> str:
    found = encoding or next((name for bom, name in BOMS if data.startswith(bom)), "") or _unmarked(data)
    try:
        return data.decode(found)
    except LookupError:
        raise Invalid("there is no such encoding", given=found, allowed="utf-8, utf-16, cp1252, latin-1, …") from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Invalid(
            f"{file_name} line {line} is not {found.upper()} text",
            given=f"byte {data[error.start]:#04x} at {error.start}",
            next="Save it as UTF-8, or say which encoding it has",
        ) from None  # fmt: skip


def _unmarked(data: bytes) -> str:
    """Return UTF-16 for text in which every other byte is zero, else UTF-8."""
    head = data[:1000]
    if len(head) >= 4 and b"\x00" in head:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        if max(even, odd) > len(head) // 4:
            return "utf-16-le" if odd > even else "utf-16-be"
    return "utf-8"


def _separator(text: str, file_name: str) -> str:
    """Return the one separator that splits the first lines into equally many cells.

    Raises:
        Invalid: two would do, so it must be said.
    """
    fitting = {mark: width for mark in SEPARATORS if (width := _width(text, mark)) > 1}
    if not fitting:
        return ","
    best = [mark for mark, width in fitting.items() if width == max(fitting.values())]
    heading = next(iter(text.splitlines()), "")
    in_heading = [mark for mark in fitting if mark in heading]
    if len(fitting) > 1 and len(best) != 1:
        raise Invalid(
            f"{file_name} can be split in two ways", given=heading[:120],
            allowed=" or ".join(SEPARATORS[mark] for mark in in_heading), next="Say which is the separator",
        )  # fmt: skip
    return best[0]


def _width(text: str, mark: str) -> int:
    """Return into how many cells a separator splits each of the first lines, 0 when they differ."""
    widths = set()
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)):
            if number >= SAMPLE:
                break
            if row:
                widths.add(len(row))
    except csv.Error:
        return 0
    return widths.pop() if len(widths) == 1 else 0
