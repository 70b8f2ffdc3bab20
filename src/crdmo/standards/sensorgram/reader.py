"""Read the text of sensorgrams: header of labels ending in _X and _Y, then numbers; cycles may end at different rows."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from itertools import pairwise

from crdmo.standards.refusals import Finding, FormatError, Severity

MOST_BYTES = 200_000_000
_CYCLE = re.compile(r"\bcycle\s*:?\s*(\d+)", re.IGNORECASE)
_AMOUNT = re.compile(r"(?:^|\s)(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*([^\s\d]\S*)?\s*$")
_UNITS = frozenset({"M", "mM", "uM", "µM", "μM", "nM", "pM", "g/mL", "mg/mL", "ug/mL", "µg/mL", "μg/mL", "ng/mL"})
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Sensorgram:
    """One cycle: times in seconds, responses in the instrument's unit.

    Attributes:
        label: the header without its ending, as written.
        cycle: its number, None where the label holds none.
        amount: the last number of the label, as somebody typed it; None where there is none.
        unit: of that number; None where it is absent, cut off or broken.
        seconds: rising.
        response: at each time.
    """

    label: str
    cycle: int | None
    amount: float | None
    unit: str | None
    seconds: tuple[float, ...]
    response: tuple[float, ...]


@dataclass(frozen=True)
class Sensorgrams:
    """All cycles of a file, and what is worth knowing about it."""

    sensorgrams: tuple[Sensorgram, ...]
    findings: tuple[Finding, ...]


def _decoded(data: bytes) -> tuple[str, tuple[Finding, ...]]:
    for mark, name in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if data.startswith(mark):
            try:
                return data.decode(name), ()
            except UnicodeDecodeError as error:
                raise FormatError(
                    "the text breaks its own encoding",
                    given=f"{name}, byte {error.start}",
                    allowed="text in one encoding",
                ) from error
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        said = f"byte {data[error.start]:#04x} at {error.start} is no UTF-8; read as Windows-1252 or Latin-1"
        note = Finding("encoding", Severity.WARNING, "header", said, "Older exports write the micro sign as one byte")
        # Latin-1 gives every byte a meaning, so that nothing is lost.
        return data.decode("latin-1"), (note,)


def read_sensorgrams(data: bytes) -> Sensorgrams:
    """Return the cycles of a tab-separated export.

    Args:
        data: the bytes of the file.

    Raises:
        FormatError: empty, too large, not text, columns that are no pairs of _X and _Y, a row wider than the header, a cell that is
            no number, a response without its time, a cycle that goes on after its end, or times that do not rise.
    """
    if not data.strip() or len(data) > MOST_BYTES or (b"\x00" in data and data[:2] not in (b"\xff\xfe", b"\xfe\xff")):
        raise FormatError(
            "this is no text of sensorgrams",
            given=f"{len(data)} bytes",
            allowed=f"text of 1 to {MOST_BYTES} bytes",
            next_step="export the sensorgrams as tab-separated text",
        )
    text, findings = _decoded(data)
    lines = text.splitlines()
    names = [name.strip() for name in lines[0].rstrip("\t").split("\t")]
    labels = _labels(names)
    cycles = [_Column(label) for label in labels]
    for number, line in enumerate(lines[1:], start=2):
        cells = [cell.strip() for cell in line.split("\t")]
        if any(cells[len(names) :]):
            raise FormatError(
                "a row is wider than the header", given=f"line {number}: {len(cells)} cells", allowed=str(len(names))
            )
        cells += [""] * (len(names) - len(cells))
        for k, cycle in enumerate(cycles):
            cycle.add(cells[2 * k], cells[2 * k + 1], number)
    made = [_sensorgram(one) for one in cycles]
    notes = [note for one, column in zip(made, cycles, strict=True) for note in _notes(one, column.left_out)]
    return Sensorgrams(tuple(made), (*findings, *notes))


@dataclass
class _Column:
    """The pair of columns of one cycle while it is read."""

    label: str
    seconds: list[float] = field(default_factory=list)
    response: list[float] = field(default_factory=list)
    left_out: int = 0
    ended: bool = False

    def add(self, time: str, response: str, line: int) -> None:
        """Take one row: both cells, a time whose response was cut out, or nothing, after which nothing may follow."""
        if not time and not response:
            self.ended = True
            return
        if self.ended or not time:
            raise FormatError(
                f"{self.label} goes on after its end, or has a response without a time",
                given=f"line {line}: {time or 'no time'}, {response or 'no response'}",
                allowed="empty rows only at the end of a cycle",
                next_step="export the file again: it may be torn",
            )
        second = _number(time, line, self.label)
        if not response:
            self.left_out += 1
            return
        self.seconds.append(second)
        self.response.append(_number(response, line, self.label))


def _labels(names: list[str]) -> list[str]:
    pairs = list(zip(names[::2], names[1::2], strict=False))
    sound = len(names) >= 2 and len(names) % 2 == 0
    sound = sound and all(x.endswith("_X") and y.endswith("_Y") and x[:-2] == y[:-2] for x, y in pairs)
    if not sound or len({x for x, _ in pairs}) != len(pairs):
        raise FormatError(
            "the header does not name pairs of columns",
            given=" | ".join(names)[:80],
            allowed="for each cycle one label twice, ending in _X and _Y, every label once",
            next_step="export all curves of one channel as tab-separated text with headings",
        )
    return [x[:-2].strip() for x, _ in pairs]


def _number(word: str, line: int, label: str) -> float:
    value = float(word) if _NUMBER.fullmatch(word) else math.nan
    if not math.isfinite(value):
        raise FormatError(
            "a cell is no number",
            given=f"line {line}, {label}: {word[:30]!r}",
            allowed="numbers with a decimal point",
            next_step="export with a point as decimal sign",
        )
    return value


def _sensorgram(column: _Column) -> Sensorgram:
    label, seconds = column.label, column.seconds
    if len(seconds) < 2:
        raise FormatError(f"{label} has no points", given=str(len(seconds)), allowed="at least two")
    if any(b <= a for a, b in pairwise(seconds)):
        raise FormatError(
            f"the times of {label} do not rise", given="a time at or before its neighbour", allowed="rising"
        )
    cycle, amount = _CYCLE.search(label), _AMOUNT.search(label)
    number = float(amount[1]) if amount and not (cycle and amount.start(1) == cycle.start(1)) else None
    unit = amount[2] if number is not None and amount and amount[2] in _UNITS else None
    return Sensorgram(label, int(cycle[1]) if cycle else None, number, unit, tuple(seconds), tuple(column.response))


def _notes(one: Sensorgram, left_out: int) -> list[Finding]:
    notes = []
    if left_out:
        said = f"{left_out} times have no response"
        notes.append(Finding("gap", Severity.NOTE, one.label, said, "Somebody may have cut a spike out"))
    if one.amount is None:
        said = "the label holds no concentration"
        notes.append(Finding("label", Severity.WARNING, one.label, said, "Give it by hand"))
    elif one.unit is None:
        said = f"the concentration {one.amount:g} has no whole unit"
        notes.append(Finding("label", Severity.WARNING, one.label, said, "Exports cut labels off: give it by hand"))
    return notes
