"""When a bound on a stability line reaches a limit: closed form, for many lines at once.

With u(t) = ±(line − limit), the bound is inside while u(t) > q·s·√v(t), where v is a convex square. At the start it is
inside, so the end is the smallest positive root of u² = q²s²v; before it u cannot change its sign.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Outcome(enum.Enum):
    """How the search for the shelf life ended."""

    FOUND = "found"
    NO_INTERSECTION = "no intersection"
    BAND_OUTSIDE = "no intersection: the band lies outside the limit from the start"
    STARTS_OUTSIDE = "starts outside the limit"
    TOO_FEW_POINTS = "too few points"


# From worst to best: the place in this list is the code in arrays.
RANKED = (Outcome.STARTS_OUTSIDE, Outcome.BAND_OUTSIDE, Outcome.FOUND, Outcome.NO_INTERSECTION)
_FOUND, _NEVER = RANKED.index(Outcome.FOUND), RANKED.index(Outcome.NO_INTERSECTION)
SIDES = ("lower", "upper")
# A slope that is only the rounding of doubles crosses a limit somewhere beyond all times.
_LATEST = 1e9


@dataclass(frozen=True)
class Lines:
    """Lines with the uncertainty of their bound: `spread` are the three coefficients of q²s²v(t) in 1, 2t and t²."""

    intercept: Array
    slope: Array
    spread: tuple[Array, Array, Array]


@dataclass(frozen=True)
class Ends:
    """The end of each line: a code of `RANKED`, the months (NaN: none) and the side (0 lower, 1 upper)."""

    code: NDArray[np.intp]
    months: Array
    side: NDArray[np.intp]


def _first_root(a: Array, b: Array, c: Array) -> Array:
    """Return the smallest positive root of a t² + 2 b t + c with c > 0, or NaN."""
    discriminant = b * b - a * c
    # A line without error touches its limit in a double root, which the rounding of doubles may just miss.
    discriminant = np.where(np.abs(discriminant) <= 1e-14 * b * b, 0.0, discriminant)
    with np.errstate(divide="ignore", invalid="ignore"):
        root = -(b + np.copysign(np.sqrt(discriminant), b))
        pair = np.stack([root / a, c / root])
    pair = np.where((pair > 0) & (pair < _LATEST), pair, np.inf)
    least = pair.min(axis=0)
    return np.where(np.isfinite(least), least, np.nan)


def crossing(lines: Lines, limit: Array, sign: int) -> tuple[NDArray[np.intp], Array]:
    """Return the code and the months at which each bound reaches a limit below (sign 1) or above (sign −1) it.

    A limit of NaN is none: it is never reached.
    """
    a, b = sign * (lines.intercept - limit), sign * lines.slope
    s0, s1, s2 = lines.spread
    months = _first_root(b * b - s2, a * b - s1, a * a - s0)
    code = np.where(np.isnan(months), _NEVER, _FOUND)
    code = np.where(a <= np.sqrt(s0), RANKED.index(Outcome.BAND_OUTSIDE), code)
    code = np.where(a <= 0, RANKED.index(Outcome.STARTS_OUTSIDE), code)
    return code, np.where(code == _FOUND, months, np.nan)


def rank(code: NDArray[np.intp], months: Array) -> Array:
    """Return a number that orders ends from worst to best: by outcome, then by months."""
    return np.asarray(code + np.where(code == _FOUND, months / (1.0 + np.nan_to_num(months)), 0.0), dtype=np.float64)


def first_ends(lines: Lines, lower: Array | None, upper: Array | None) -> Ends:
    """Return the worse of the two ends of each line; a limit that is None bounds nothing."""
    found = [
        (*crossing(lines, limit, sign), side)
        for limit, sign, side in ((lower, 1, 0), (upper, -1, 1))
        if limit is not None
    ]
    code, months, side = found[0]
    sides = np.full(code.shape, side)
    if len(found) == 2:
        other, other_months, _ = found[1]
        worse = rank(other, other_months) < rank(code, months)
        code, months, sides = (np.where(worse, x, y) for x, y in ((other, code), (other_months, months), (1, sides)))
    return Ends(code, months, sides)
