"""The verdict over one result: rounded as its limit is written, and judged.

The rule is that of the USP General Notices 7.20: only the last calculated value is rounded, once, a 5 upwards, to the
places of the limit's text; the limit itself is never rounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from crdmo.science.method import MethodError, method

from .limit_texts import FRACTIONS, Limit, LimitReading, convert, factor_between, loose_or_tight
from .rounding import multiplied, parse_number, plain_text, round_to

__all__ = ["FRACTIONS", "Limit", "LimitReading", "Verdict", "convert", "evaluate", "loose_or_tight", "round_to"]

_CENSORED = re.compile(r"(?P<sign>[<>])\s*(?P<number>[^<>=≤≥].*)")
_CONFORMS = ("conforms", "complies", "pass", "passes", "meets")
_CONFORMS_NOT = re.compile(r"(does not (conform|comply|meet|pass)|not conforming|non-?conforming|fails?)\b", re.I)
# What a specification calls absent is reported in several words that mean the same.
_ABSENT = ("absent", "not detected", "none detected", "negative", "none")
_PRESENT = ("present", "detected", "positive")


@dataclass(frozen=True)
class Verdict:
    """A result held against a limit. `rounded` is text with the places of the limit."""

    raw: str
    rounded: str
    passes: bool
    limit: str
    reason: str


@method(
    "quality.evaluate",
    version="1.1",
    title="Verdict over one result",
    source="USP General Notices 7.20, Rounding Rules",
)
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
        MethodError: the value cannot be read with certainty, its unit is not that of the limit, or nothing can be said
            about it against this limit.

    Source: USP General Notices 7.20.

    >>> evaluate("101.55", "≤ 101.5").rounded, evaluate("101.55", "≤ 101.5").passes
    ('101.6', False)
    >>> evaluate("3.5", "≤ 0.0003 %", "ppm").rounded
    '0.0004'
    """
    bound = Limit.parse(limit)
    text = plain_text(value)
    if not text:
        raise MethodError("a result is empty", allowed="a number or words")
    if not bound.is_numeric:
        return _words(text, bound)
    factor = factor_between(unit.strip(), bound.unit)
    if censored := _CENSORED.fullmatch(text):
        return _censored(text, censored["sign"], parse_number(censored["number"]), factor, bound)
    return _numeric(text, round_to(multiplied(parse_number(text), factor), bound.quantum), bound)


def _verdict(raw: str, shown: str, passes: bool, bound: Limit, said: str) -> Verdict:
    return Verdict(raw, shown, passes, bound.text, f"{shown} {said} {bound.text}")


def _numeric(text: str, rounded: Decimal, bound: Limit) -> Verdict:
    side = bound.admits(rounded)
    said = f"is {side} the limit" if side else "meets"
    return _verdict(text, f"{rounded:f}", not side, bound, said)


def _censored(text: str, sign: str, number: Decimal, factor: Decimal, bound: Limit) -> Verdict:
    """Judge `< 0.05`: it passes an upper limit that is not below 0.05; what it leaves open is refused."""
    value = multiplied(number, factor)
    shown = text if factor == 1 else f"{sign} {value:f}"
    rounded = round_to(value, bound.quantum)
    near, far = (bound.high, bound.low) if sign == "<" else (bound.low, bound.high)
    # Every value that the result may have rounds to this or lies further out.
    if far is not None and (rounded < Decimal(far) if sign == "<" else rounded > Decimal(far)):
        return _verdict(text, shown, False, bound, f"is {'below' if sign == '<' else 'above'} the limit")
    if far is None and near is not None:
        inside = value <= Decimal(near) if sign == "<" else value >= Decimal(near)
        if inside or not bound.admits(rounded):
            return _verdict(text, shown, True, bound, "meets")
    raise MethodError(
        "nothing can be said about this result against this limit",
        given=f"{text} against {bound.text}",
        allowed="a number",
        next_step="Report the number, or use a method that quantifies at the limit",
    )


def _words(text: str, bound: Limit) -> Verdict:
    """Judge words: `conforms` or the very words of the limit pass, `does not conform` fails, others are refused."""
    said, wanted = (words.casefold().rstrip(" .") for words in (text, bound.wording))
    if said == wanted or said in _CONFORMS or (wanted in _ABSENT and said in _ABSENT):
        return Verdict(text, text, True, bound.text, f"“{text}” meets “{bound.text}”")
    if _CONFORMS_NOT.match(said) or (wanted in _ABSENT and said in _PRESENT):
        return Verdict(text, text, False, bound.text, f"“{text}” does not meet “{bound.text}”")
    raise MethodError(
        "a result in words says whether it conforms",
        given=text,
        allowed="conforms, does not conform: …, or the words of the limit",
    )
