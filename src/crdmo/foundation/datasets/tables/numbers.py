"""Numbers as people write them, with point or comma, into the one form that records keep: `1.5`, digits as given.

What can be read in two ways is refused with the question, never guessed: `1,500` is one and a half to one reader and
one thousand five hundred to another.
"""

from __future__ import annotations

import re
from typing import Literal

from crdmo.foundation.refusals import Invalid

Decimal = Literal["point", "comma"]
SPACES = re.compile(r"(?<=[0-9])[ \u00a0\u2009\u202f](?=[0-9]{3}(?![0-9]))")
PLAIN = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?\Z")
THOUSANDS = {
    ",": re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]*)?\Z"),
    ".": re.compile(r"[+-]?[1-9][0-9]{0,2}(\.[0-9]{3})+(,[0-9]*)?\Z"),
}
COMMA = re.compile(r"[+-]?([0-9]+,[0-9]*|,[0-9]+)([eE][+-]?[0-9]{1,3})?\Z")


class Ambiguous(Invalid):
    """A number that can be read in two ways."""

    kind = "ambiguous"


def number_text(text: str, decimal: Decimal | None = None) -> str:
    """Return a number with a decimal point and without group separators; its digits stay as they were given.

    `decimal` says which mark the file uses where that was asked; None takes only what can be read in one way.

    Raises:
        Ambiguous: it can be read in two ways.
        Invalid: it is no number.
    """
    given = SPACES.sub("", text.strip().replace("\u2212", "-"))
    found = _marked(given, decimal) if decimal else _unmarked(given)
    if found is None or not PLAIN.match(found):
        raise Invalid(
            "this is no number", given=repr(text), allowed="digits with one decimal mark, such as 99.80 or 1.2e-3"
        )
    return found


def _marked(given: str, decimal: Decimal) -> str | None:
    mark, group = (".", ",") if decimal == "point" else (",", ".")
    if group in given:
        if not THOUSANDS[group].match(given):
            return None
        given = given.replace(group, "")
    return given.replace(mark, ".") if given.count(mark) <= 1 else None


def _unmarked(given: str) -> str | None:
    if "," not in given:
        # The point is the house's own decimal mark; two of them group thousands.
        return given if given.count(".") <= 1 else _marked(given, "comma")
    if "." in given:
        return _marked(given, "point" if given.rindex(".") > given.rindex(",") else "comma")
    if given.count(",") > 1:
        return _marked(given, "point")
    if THOUSANDS[","].match(given):
        raise Ambiguous(
            f"{given} can be read in two ways", given=given,
            allowed=f"{given.replace(',', '.')} or {given.replace(',', '')}",
            next="Say whether the comma is the decimal mark of this file, or write the number with a point",
        )  # fmt: skip
    return given.replace(",", ".") if COMMA.match(given) else None


def uses(text: str) -> Decimal | None:
    """Return the decimal mark that a number shows beyond doubt, or None: for finding both in one column."""
    given = SPACES.sub("", text.strip())
    if "," in given and "." in given:
        return "point" if given.rindex(".") > given.rindex(",") else "comma"
    if given.count(",") == 1 and not THOUSANDS[","].match(given):
        return "comma"
    return "point" if given.count(".") == 1 and not THOUSANDS["."].match(given) else None
