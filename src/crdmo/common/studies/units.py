"""Units of observations: UCUM codes, checked by the grammar of UCUM over the atoms that studies use.

A unit is taken as written and never changed; `ng/mL` and `ug/L` stay apart until a method converts them by
`factor_to`.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from crdmo.foundation.refusals import Invalid

PREFIXES = {"p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "c": 1e-2, "d": 1e-1, "k": 1e3, "M": 1e6, "G": 1e9}
# Atom → (dimension with its power, size in the base unit). Only metric atoms take a prefix.
METRIC: dict[str, tuple[dict[str, int], float]] = {
    "g": ({"mass": 1}, 1.0),
    "m": ({"length": 1}, 1.0),
    "s": ({"time": 1}, 1.0),
    "L": ({"length": 3}, 1e-3),
    "l": ({"length": 3}, 1e-3),
    "mol": ({"substance": 1}, 1.0),
    "eq": ({"equivalent": 1}, 1.0),
    "osm": ({"osmole": 1}, 1.0),
    "Pa": ({"mass": 1, "length": -1, "time": -2}, 1e3),
    "V": ({"voltage": 1}, 1.0),
    "J": ({"mass": 1, "length": 2, "time": -2}, 1e3),
    "Hz": ({"time": -1}, 1.0),
    "kat": ({"catalysis": 1}, 1.0),
    "U": ({"enzyme": 1}, 1.0),
    "[iU]": ({"international unit": 1}, 1.0),
    "m[Hg]": ({"mass": 1, "length": -1, "time": -2}, 133322e3),
    "cal": ({"mass": 1, "length": 2, "time": -2}, 4184.0),
}
PLAIN: dict[str, tuple[dict[str, int], float]] = {
    "%": ({}, 1e-2),
    "1": ({}, 1.0),
    "min": ({"time": 1}, 60.0),
    "h": ({"time": 1}, 3600.0),
    "d": ({"time": 1}, 86400.0),
    "wk": ({"time": 1}, 604800.0),
    "mo": ({"time": 1}, 2629800.0),
    "a": ({"time": 1}, 31557600.0),
    "Cel": ({"temperature": 1}, 1.0),
    "[pH]": ({"acidity": 1}, 1.0),
    "[in_i]": ({"length": 1}, 0.0254),
    "[lb_av]": ({"mass": 1}, 453.59237),
    "[ppm]": ({}, 1e-6),
    "[ppb]": ({}, 1e-9),
}
_PART = re.compile(
    r"(?P<op>[./]?)(?P<atom>(?:10\*|[A-Za-z%]*\[[A-Za-z_]+\]|[A-Za-z%]+|1)?)(?P<power>[+-]?\d+)?(?P<note>\{[^{}]*\})?"
)
Dimensions = tuple[tuple[str, int], ...]


def _atom(text: str) -> tuple[dict[str, int], float] | None:
    if text in PLAIN:
        return PLAIN[text]
    if text in METRIC:
        return METRIC[text]
    found = METRIC.get(text[1:])
    return (found[0], found[1] * PREFIXES[text[0]]) if found and text[0] in PREFIXES else None


@lru_cache(maxsize=2048)
def parsed(unit: str) -> tuple[Dimensions, float]:
    """Return the dimensions of a UCUM code and its size in their base units.

    Raises:
        Invalid: this is no UCUM code that is known here.
    """
    sizes: Counter[str] = Counter()
    factor, at = 1.0, 0
    while at < len(unit):
        found = _PART.match(unit, at)
        if not found or found.end() == at or (at == 0 and found["op"] == "."):
            raise _unknown(unit)
        sign = -1 if found["op"] == "/" else 1
        power = int(found["power"] or 1) * sign
        if (at and not found["op"]) or not (found["atom"] or found["note"]):
            raise _unknown(unit)
        if found["atom"] == "10*":
            factor *= 10.0**power
        elif found["atom"]:
            known = _atom(found["atom"])
            if known is None:
                raise _unknown(unit)
            factor *= known[1] ** power
            for name, size in known[0].items():
                sizes[name] += size * power
        at = found.end()
    return tuple(sorted((name, size) for name, size in sizes.items() if size)), factor


def _unknown(unit: str) -> Invalid:
    return Invalid(
        "this unit is no UCUM code that is known here",
        errors={"unit": "not known"},
        given=unit,
        allowed="such as g, mg/kg, ng/mL, h.ng/mL, 10*9/L, %, {score}",
    )


def checked(unit: str) -> str:
    """Return a unit as written; a value without unit has the empty one.

    Raises:
        Invalid: this is no UCUM code that is known here.
    """
    if unit:
        parsed(unit)
    return unit


def factor_to(unit: str, wanted: str) -> float:
    """Return by what a number in `unit` is multiplied to be in `wanted`.

    Raises:
        Invalid: the units are of different dimensions, or one is not known.
    """
    here, there = parsed(unit), parsed(wanted)
    if here[0] != there[0]:
        raise Invalid(f"{unit} cannot be turned into {wanted}", errors={"unit": "another dimension"}, given=unit)
    return here[1] / there[1]
