"""Limits as a specification writes them: what their text states, with the places that it is written to.

A limit is kept as text because its text decides the rounding: against `≥ 98.0` a result is rounded to one place. A text
that holds a comparison or a number but cannot be read with certainty is refused, never taken for words.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from crdmo.science.method import MethodError

from .rounding import NUMBER, multiplied, parse_number, plain_text, quantum_of, round_to

# A unit starts with a letter or sign and holds no comparison, list or second number: `10^3` is no `10` of a unit.
UNIT = r"(?P<unit>[%‰°A-Za-zµμΩÅ(\[/][^\s<>≤≥±^,;:]*(?:\s(?!and\b|or\b|not\b|to\b)[A-Za-zµ%()/.\-]+){0,3})"
_SIGNS = {
    "low": r"≥|>=|=>|NLT|not less than|no less than|at least|min(?:imum|\.)?",
    "high": r"≤|<=|=<|NMT|not more than|no more than|at most|max(?:imum|\.)?",
    "low_open": r">|more than|greater than",
    "high_open": r"<|less than",
}
_ONE_SIDED = [
    (kind, re.compile(rf"(?:{sign})\s*(?P<number>{NUMBER})(?:\s*{UNIT})?", re.I)) for kind, sign in _SIGNS.items()
]
_FIRST_UNIT = r"(?:\s*(?P<first_unit>[^\s0-9–—-]+?))?"
_BETWEEN = [
    re.compile(rf"(?P<low>{NUMBER}){_FIRST_UNIT}\s*(?:–|—|-|to|\.\.\.|…)\s*(?P<high>{NUMBER})(?:\s*{UNIT})?", re.I),
    re.compile(rf"between\s+(?P<low>{NUMBER}){_FIRST_UNIT}\s+and\s+(?P<high>{NUMBER})(?:\s*{UNIT})?", re.I),
]
_PLUS_MINUS = re.compile(rf"(?P<middle>{NUMBER})\s*(?:±|\+/-)\s*(?P<half>{NUMBER})(?:\s*{UNIT})?")
_TWO = re.compile(r"\s*,?\s+and\s+|\s*[,;]\s*", re.I)
_OPENING = (
    r"NLT|NMT|(?:not|no) (?:less|more) than|at (?:least|most)|min\b|max\b|minimum|maximum|between|(?:less|more) than"
)
_NUMERIC = re.compile(rf"[<>≤≥±]|^[+-]?[.,]?[0-9]|^(?:{_OPENING}).*[0-9]|^(?:NLT|NMT)\b", re.I)
FRACTIONS = {"%": Decimal("1e-2"), "ppm": Decimal("1e-6"), "ppb": Decimal("1e-9")}
_EXAMPLES = "≥ 98.0, ≤ 0.20 %, 95.0 – 105.0, < 1, 5.0 ± 0.5, or a description in words"


class LimitReading(enum.Enum):
    """Whether a calculation meets a limit at its number, or at the last value that still rounds to it."""

    TIGHT = "tight"
    LOOSE = "loose"


@dataclass(frozen=True)
class Limit:
    """A limit as understood: its ends as text (which keeps their places), whether an end itself fails, and the unit.

    `wording` is set instead of ends where the limit is in words (`White to off-white powder`).
    """

    text: str
    low: str | None = None
    high: str | None = None
    low_open: bool = False
    high_open: bool = False
    unit: str = ""
    wording: str = ""

    @classmethod
    def parse(cls, text: str) -> Limit:
        """Return the limit that a text states.

        Raises:
            MethodError: the text is empty, or its numbers cannot be read with certainty.

        >>> Limit.parse("98.0 – 102.0 %").high, Limit.parse("NMT 2.0").quantum
        ('102.0', Decimal('0.1'))
        """
        return _parse(text)

    @property
    def is_numeric(self) -> bool:
        """Whether the limit is one of numbers."""
        return not self.wording

    @property
    def quantum(self) -> Decimal:
        """The last place to which results are rounded: that of the end with more places, so the stricter one."""
        if not self.is_numeric:
            raise MethodError("a limit in words has no places", given=self.text)
        return min(quantum_of(Decimal(end)) for end in (self.low, self.high) if end is not None)

    def admits(self, rounded: Decimal) -> str:
        """Return an empty text where a rounded value meets the limit, else `below` or `above`."""
        if self.low is not None and (rounded < (low := Decimal(self.low)) or (self.low_open and rounded == low)):
            return "below"
        if self.high is not None and (rounded > (high := Decimal(self.high)) or (self.high_open and rounded == high)):
            return "above"
        return ""

    def ends(self, reading: LimitReading = LimitReading.TIGHT) -> tuple[Decimal | None, Decimal | None]:
        """Return the ends for a calculation on unrounded values.

        A loose end is the outermost value with one more place that still rounds into the limit: 94.95 for `≥ 95.0`,
        and 3.54 for `≤ 3.5` (LeBlond et al. 2011 evaluate shelf lives against these).

        >>> Limit.parse("1.5 to 3.5").ends(LimitReading.LOOSE)
        (Decimal('1.45'), Decimal('3.54'))
        """
        low = None if self.low is None else Decimal(self.low)
        high = None if self.high is None else Decimal(self.high)
        if reading is LimitReading.TIGHT:
            return low, high
        return (None if low is None else self._outermost(low, -1), None if high is None else self._outermost(high, 1))

    def _outermost(self, end: Decimal, direction: int) -> Decimal:
        quantum = self.quantum
        step = quantum.scaleb(-1) * direction
        candidates = (end + step * k for k in range(9, -11, -1))
        return next(value for value in candidates if not self.admits(round_to(value, quantum)))


@lru_cache(maxsize=4096)
def _parse(text: str) -> Limit:
    words = plain_text(text)
    if not words:
        raise MethodError("a limit is empty", allowed=_EXAMPLES)
    found = _two_ends(words) or _one_end(words) or _joined(words)
    if found is not None:
        return _checked(replace(found, text=" ".join(text.split())), text)
    if _NUMERIC.search(words):
        raise MethodError(
            "this limit cannot be read with certainty",
            given=text,
            allowed=_EXAMPLES,
            next_step="Write each number in full, with a point and no comma; 10^3 as 1000",
        )
    return Limit(words, wording=words)


def _one_end(words: str) -> Limit | None:
    for kind, pattern in _ONE_SIDED:
        if found := pattern.fullmatch(words):
            number, unit = found["number"], found["unit"] or ""
            if kind.startswith("low"):
                return Limit(words, low=number, low_open=kind == "low_open", unit=unit)
            return Limit(words, high=number, high_open=kind == "high_open", unit=unit)
    return None


def _two_ends(words: str) -> Limit | None:
    for pattern in _BETWEEN:
        if found := pattern.fullmatch(words):
            unit, first = found["unit"] or "", found["first_unit"] or ""
            if first not in ("", unit):
                return None
            return Limit(words, found["low"], found["high"], unit=unit)
    if found := _PLUS_MINUS.fullmatch(words):
        middle, half = Decimal(found["middle"]), Decimal(found["half"])
        return Limit(words, f"{middle - half:f}", f"{middle + half:f}", unit=found["unit"] or "")
    return None


def _joined(words: str) -> Limit | None:
    """Read `NLT 98.0 % and NMT 102.0 %`."""
    parts = [_one_end(part) for part in _TWO.split(words)]
    if len(parts) != 2 or parts[0] is None or parts[1] is None:
        return None
    low, high = sorted(parts, key=lambda part: part is None or part.low is None)
    if low is None or high is None or low.low is None or high.high is None or (low.unit and low.unit != high.unit):
        return None
    return Limit(words, low.low, high.high, low.low_open, high.high_open, high.unit)


def _checked(limit: Limit, given: str) -> Limit:
    numbers = [parse_number(end) for end in (limit.low, limit.high) if end is not None]
    if len(numbers) == 2 and numbers[0] > numbers[1]:
        raise MethodError("the lower limit lies above the upper one", given=given)
    return limit


def factor_between(unit: str, wanted: str) -> Decimal:
    """Return what a value in one unit is multiplied by to be in another; an unstated unit is that of the other.

    Raises:
        MethodError: the units differ and are not both fractions (%, ppm, ppb).
    """
    if not unit or not wanted or unit == wanted:
        return Decimal(1)
    if unit in FRACTIONS and wanted in FRACTIONS:
        return FRACTIONS[unit] / FRACTIONS[wanted]
    raise MethodError("the result is in another unit than the limit", given=unit, allowed=wanted)


def convert(value: str, unit: str, wanted: str) -> str:
    """Return a value in another unit, exactly, as text.

    >>> convert("3", "ppm", "%"), convert("0.0003", "%", "ppm")
    ('0.0003', '3')
    """
    made = multiplied(parse_number(value), factor_between(unit, wanted))
    # Places that conversion adds behind a whole number say nothing: 3 ppm, not 3.0000.
    return f"{made.normalize():f}" if unit != wanted and made == made.to_integral_value() else f"{made:f}"


def loose_or_tight(limit: str, reading: LimitReading) -> Mapping[str, float]:
    """Return the ends of a limit's text as numbers, by the argument names of the shelf-life methods.

    Raises:
        MethodError: the limit is in words.
    """
    parsed = Limit.parse(limit)
    if not parsed.is_numeric:
        raise MethodError("a limit in words has no numbers", given=limit, allowed=_EXAMPLES)
    low, high = parsed.ends(reading)
    named = {"lower_limit": low, "upper_limit": high}
    return {name: float(end) for name, end in named.items() if end is not None}
