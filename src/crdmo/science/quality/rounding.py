"""Numbers as they are written, and rounding by USP General Notices 7.20.

Only the last calculated value is rounded, once, to the places of the limit; a 5 goes away from zero. Everything is
`Decimal` from text: a binary double of 101.55, 0.015 or 0.00035 lies on the wrong side of the half.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, localcontext

from crdmo.science.method import MethodError

# More digits and tens than any result has; a text beyond them is a slip or an attack, and would cost memory.
MOST_DIGITS = 60
MOST_TENS = 60
_DIGITS_OF_WORK = 2 * (MOST_DIGITS + MOST_TENS)
NUMBER = r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?"
_WHOLE = re.compile(NUMBER)
_WITH_COMMAS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+")
_TENS = re.compile(r"\s*[×x*·]\s*10(?:\^|\*\*)?\s*(?P<power>[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+|(?<=[\^*])[+-]?[0-9]+)(?![0-9.])")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_PLAIN = str.maketrans({"−": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "＜": "<", "＞": ">"})


def plain_text(text: str) -> str:
    """Return a text with single spaces, the hyphen as minus sign, and `3.5 × 10^-4` or `3.5 × 10⁻⁴` as `3.5e-4`."""
    words = " ".join(text.translate(_PLAIN).split())
    return _TENS.sub(lambda found: "e" + found["power"].translate(_RAISED), words)


def parse_number(text: str) -> Decimal:
    """Return the number that a text states, with its places kept.

    Raises:
        MethodError: the text can be read in two ways (`1,500`), is no number, or is longer than any result.

    >>> parse_number("98.0"), parse_number("3.5 × 10⁻⁴")
    (Decimal('98.0'), Decimal('0.00035'))
    """
    words = plain_text(text)
    if _WITH_COMMAS.fullmatch(words):
        raise MethodError(
            "this number can be read in two ways", given=text, allowed="1500 or 1.500, with a point and no comma"
        )
    if not _WHOLE.fullmatch(words):
        raise MethodError(
            "this is not a number that can be judged", given=text, allowed="a decimal number with a point, such as 98.0"
        )
    number = Decimal(words)
    if len(number.as_tuple().digits) > MOST_DIGITS or abs(number.adjusted()) > MOST_TENS:
        raise MethodError(
            "this number is longer than any result",
            given=text[:80],
            allowed=f"at most {MOST_DIGITS} digits, between 1e-{MOST_TENS} and 1e{MOST_TENS}",
        )
    return number


def quantum_of(number: Decimal) -> Decimal:
    """Return the last place that a number is written to: 0.1 for 98.0, 1 for 98, 100 for 1.5e3."""
    return Decimal(1).scaleb(int(number.as_tuple().exponent))


def multiplied(value: Decimal, factor: Decimal) -> Decimal:
    """Return an exact product: nothing is rounded before the last step."""
    with localcontext() as context:
        context.prec = _DIGITS_OF_WORK
        return value * factor


def round_to(value: Decimal, quantum: Decimal) -> Decimal:
    """Return a value rounded once, to the place of `quantum`, a 5 away from zero; never a negative zero.

    Source: USP General Notices 7.20, Rounding Rules.

    >>> round_to(Decimal("101.55"), Decimal("0.1")), round_to(Decimal("0.00025"), Decimal("0.0001"))
    (Decimal('101.6'), Decimal('0.0003'))
    """
    with localcontext() as context:
        context.prec = _DIGITS_OF_WORK
        rounded = value.quantize(quantum, ROUND_HALF_UP)
    return abs(rounded) if rounded.is_zero() else rounded


def rounded_like(value: str, example: str) -> str:
    """Return a value as text with the places of an example, such as a limit's number.

    >>> rounded_like("97.95", "98.0"), rounded_like("97.95", "98")
    ('98.0', '98')
    """
    return f"{round_to(parse_number(value), quantum_of(parse_number(example))):f}"
