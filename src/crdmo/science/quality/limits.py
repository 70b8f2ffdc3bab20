"""Limits as a specification writes them, and the verdict over a result.

A limit is kept as text because its text decides the rounding: against `≥ 98.0` a result is rounded to one place. The
rule is that of the USP General Notices 7.20: only the last calculated value is rounded, once, a 5 upwards; the limit
itself is never rounded. Everything is `Decimal`; a float would be wrong at 101.55, 0.015 and 0.00035.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from crdmo.science.method import MethodError, method

NUMBER = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
UNIT = r"\s*(?P<unit>%|ppm|ppb|[^\d\s<>≤≥][^<>≤≥]*)?"
AT_LEAST = re.compile(rf"^(?:≥|>=|NLT|not less than)\s*(?P<low>{NUMBER}){UNIT}$", re.I)
AT_MOST = re.compile(rf"^(?:≤|<=|NMT|not more than)\s*(?P<high>{NUMBER}){UNIT}$", re.I)
MORE_THAN = re.compile(rf"^(?:>|more than)\s*(?P<low>{NUMBER}){UNIT}$", re.I)
LESS_THAN = re.compile(rf"^(?:<|less than)\s*(?P<high>{NUMBER}){UNIT}$", re.I)
BETWEEN = re.compile(rf"^(?P<low>{NUMBER})\s*%?\s*(?:–|—|-|to|\.\.\.)\s*(?P<high>{NUMBER}){UNIT}$", re.I)
PLUS_MINUS = re.compile(rf"^(?P<middle>{NUMBER})\s*(?:±|\+/-)\s*(?P<half>{NUMBER}){UNIT}$", re.I)
RESULT = re.compile(rf"^(?P<below>[<>])?\s*(?P<number>{NUMBER})$")
AMBIGUOUS = re.compile(r"^[+-]?\d{1,3}(,\d{3})+$")
FRACTIONS = {"%": Decimal("1e-2"), "ppm": Decimal("1e-6"), "ppb": Decimal("1e-9")}


@dataclass(frozen=True)
class Limit:
    """A limit as understood: bounds (text kept for their places), whether they themselves pass, and the unit.

    `wording` is set instead of bounds where the limit is in words (`White to off-white powder`).
    """

    text: str
    low: str | None = None
    high: str | None = None
    strict: bool = False
    unit: str = ""
    wording: str = ""

    @classmethod
    def parse(cls, text: str) -> Limit:
        """Return the limit that a text states.

        Raises:
            MethodError: the text is empty, or its numbers cannot be read with certainty.
        """
        words = " ".join(text.split())
        if not words:
            raise MethodError("a limit is empty", allowed="≥ 98.0, ≤ 0.20, 95.0 – 105.0, < 1, or a description in words")
        for pattern, strict in ((AT_LEAST, False), (AT_MOST, False), (MORE_THAN, True), (LESS_THAN, True), (BETWEEN, False)):
            if found := pattern.match(words):
                parts = found.groupdict()
                limit = cls(words, parts.get("low"), parts.get("high"), strict, (parts["unit"] or "").strip())
                return limit._checked()
        if found := PLUS_MINUS.match(words):
            middle, half = Decimal(found["middle"]), Decimal(found["half"])
            return cls(words, f"{middle - half:f}", f"{middle + half:f}", False, (found["unit"] or "").strip())._checked()
        if re.search(r"[<>≤≥±]", words) or re.match(r"^(NLT|NMT)\b", words, re.I):
            raise MethodError("this limit cannot be read with certainty", given=text,
                              allowed="one comparison and one number with a point, such as ≤ 0.20 %")  # fmt: skip
        return cls(words, wording=words)

    def _checked(self) -> Limit:
        if self.low is not None and self.high is not None and Decimal(self.low) > Decimal(self.high):
            raise MethodError("the lower limit lies above the upper one", given=self.text)
        return self

    @property
    def quantum(self) -> Decimal:
        """Return the last place to which results are rounded: that of the limit's text with more places."""
        texts = [Decimal(t) for t in (self.low, self.high) if t is not None]
        return Decimal(1).scaleb(min(int(t.as_tuple().exponent) for t in texts))


@dataclass(frozen=True)
class Verdict:
    """A result held against a limit. `rounded` is text with the places of the limit."""

    raw: str
    rounded: str
    passes: bool
    limit: str
    reason: str


def _refuse_number(text: str) -> MethodError:
    if AMBIGUOUS.match(text):
        return MethodError("this number can be read in two ways", given=text, allowed="1500 or 1.500, with a point and no comma")
    return MethodError("this is not a number that can be judged", given=text, allowed="a decimal number with a point, < or > before it")


def round_to(value: Decimal, quantum: Decimal) -> Decimal:
    """Return a value rounded once, to the place of `quantum`, a 5 away from zero (USP General Notices 7.20)."""
    return value.quantize(quantum, ROUND_HALF_UP)


@method(
    "quality.evaluate", version="1.0", title="Verdict over one result",
    source="USP General Notices 7.20, Rounding Rules",
)  # fmt: skip
def evaluate(value: str, limit: str, unit: str = "") -> Verdict:
    """Round a result as its limit is written and judge it.

    Args:
        value: the result as decimal text in full precision, `< 0.05` where it lies below the quantification limit,
            or words where the limit is in words.
        limit: the limit's text.
        unit: unit of the value; `%`, `ppm` and `ppb` are converted into each other, others must equal the limit's.

    Returns:
        The verdict, with the rounded value as text and a sentence that says why.

    Raises:
        MethodError: the value cannot be read with certainty, or its unit is not that of the limit.

    Source: USP General Notices 7.20.

    >>> evaluate("101.55", "≤ 101.5").rounded, evaluate("101.55", "≤ 101.5").passes
    ('101.6', False)
    """
    bound = Limit.parse(limit)
    text = " ".join(value.split())
    if not text:
        raise MethodError("a result is empty", allowed="a number or words")
    if bound.wording:
        return _words(text, bound)
    found = RESULT.match(text)
    if found is None:
        raise _refuse_number(text)
    number = Decimal(found["number"]) * _factor(unit, bound.unit)
    rounded = round_to(number, bound.quantum)
    if found["below"]:
        return _censored(text, found["below"], number, bound)
    return _numeric(text, rounded, bound)


def _factor(unit: str, wanted: str) -> Decimal:
    if not unit or not wanted or unit == wanted:
        return Decimal(1)
    if unit in FRACTIONS and wanted in FRACTIONS:
        return FRACTIONS[unit] / FRACTIONS[wanted]
    raise MethodError("the result is in another unit than the limit", given=unit, allowed=wanted)


def _numeric(text: str, rounded: Decimal, bound: Limit) -> Verdict:
    shown = f"{rounded:f}"
    low = None if bound.low is None else Decimal(bound.low)
    high = None if bound.high is None else Decimal(bound.high)
    if low is not None and (rounded < low or (bound.strict and rounded == low)):
        return Verdict(text, shown, False, bound.text, f"{shown} is below the limit {bound.text}")
    if high is not None and (rounded > high or (bound.strict and rounded == high)):
        return Verdict(text, shown, False, bound.text, f"{shown} is above the limit {bound.text}")
    return Verdict(text, shown, True, bound.text, f"{shown} meets {bound.text}")


def _censored(text: str, sign: str, number: Decimal, bound: Limit) -> Verdict:
    """Judge `< 0.05`: it passes an upper limit that is not below 0.05; against a lower limit nothing can be said."""
    high = None if bound.high is None else Decimal(bound.high)
    low = None if bound.low is None else Decimal(bound.low)
    if sign == "<" and low is None and high is not None and number <= high:
        return Verdict(text, text, True, bound.text, f"{text} meets {bound.text}")
    if sign == ">" and high is None and low is not None and number >= low:
        return Verdict(text, text, True, bound.text, f"{text} meets {bound.text}")
    raise MethodError("nothing can be said about this result against this limit", given=f"{text} against {bound.text}",
                      allowed="a number", next_step="Report the number, or use a method that quantifies at the limit")  # fmt: skip


def _words(text: str, bound: Limit) -> Verdict:
    """Judge words: `conforms` or the very words of the limit pass, `does not conform` fails, others are refused."""
    said = text.casefold().rstrip(".")
    if said in ("conforms", "complies", "pass", "passes") or said == bound.wording.casefold().rstrip("."):
        return Verdict(text, text, True, bound.text, f"“{text}” meets “{bound.text}”")
    if said.startswith(("does not conform", "does not comply", "fail", "not ")):
        return Verdict(text, text, False, bound.text, f"“{text}” does not meet “{bound.text}”")
    raise MethodError("a result in words says whether it conforms", given=text,
                      allowed="conforms, does not conform: …, or the words of the limit")  # fmt: skip
