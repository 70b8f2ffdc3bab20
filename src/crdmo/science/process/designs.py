"""Designs of experiments with their run sheet: factorial, central composite, Box–Behnken, Plackett–Burman.

Every run has a place in the standard order and one in the random order in which it is to be done. The random order comes
from the seed alone and stays inside each block, so the same seed gives the same run sheet for ever.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from crdmo.science.checks import whole_number
from crdmo.science.clinical.draws import Draws
from crdmo.science.method import MethodError, method
from crdmo.science.process.factors import Factor, checked_factors, to_natural
from crdmo.science.process.regular_fraction import RegularFraction, regular_fraction

Coded = list[tuple[float, ...]]
MOST_CENTRES = 20
# First rows of Plackett and Burman (1946); each further row is the one before, moved one place to the right.
PLACKETT_BURMAN = {
    8: "+++-+--",
    12: "++-+++---+-",
    20: "++--++++-+-+----++-",
    24: "+++++-+-++--++--+-+----",
}


@dataclass(frozen=True)
class DesignRun:
    """A run: its number in the standard order, its place in the random order, its block and its settings."""

    standard: int
    order: int
    block: int
    point: str
    coded: tuple[float, ...]
    natural: tuple[float, ...]


@dataclass(frozen=True)
class Design:
    """A design in standard order. `alpha` is the axial distance in coded units, where there is one.

    `resolution`, `generators` and `aliases` (main effects and two-factor interactions only) are those of a two-level
    fraction; a full factorial has resolution None and no aliases.
    """

    kind: str
    factors: tuple[Factor, ...]
    runs: tuple[DesignRun, ...]
    seed: int
    alpha: float | None = None
    generators: tuple[str, ...] = ()
    resolution: int | None = None
    aliases: tuple[tuple[str, ...], ...] = ()


@method(
    "process.factorial_design",
    version="1.0",
    source="Box, Hunter & Hunter, Statistics for Experimenters, 5 and 6; Montgomery, DAE, 6.8 (centre points)",
    title="Two-level factorial, full or fractional, with centre points",
)
def factorial_design(
    *, factors: tuple[Factor, ...], seed: int, generators: tuple[str, ...] = (), centre_points: int = 0
) -> Design:
    """Return every combination of low and high; the last factors may be generated, such as "ABC" or "-AB".

    Raises:
        MethodError: fewer than two factors, a range that is empty, or a generator that is no product of basic factors.
    """
    checked_factors(factors, at_least=2)
    _centres(centre_points)
    made = regular_fraction(basic=len(factors) - len(generators), generators=generators)
    corners: Coded = [tuple(float(v) for v in run) for run in made.runs]
    kind = "fractional factorial" if generators else "full factorial"
    return Design(
        kind,
        factors,
        _sheet(factors, [("corner", corners, centre_points)], seed),
        seed,
        generators=generators,
        resolution=made.resolution,
        aliases=_low_aliases(made),
    )


@method(
    "process.central_composite",
    version="1.0",
    source="Box & Wilson 1951; Box & Hunter 1957; Myers, Montgomery & Anderson-Cook, RSM 3e, 8.4",
    title="Central composite design: rotatable, face-centred, or in orthogonal blocks",
)
def central_composite(
    *,
    factors: tuple[Factor, ...],
    seed: int,
    shape: Literal["rotatable", "face", "orthogonal blocks"] = "rotatable",
    centre_points: int = 3,
    axial_centre_points: int = 0,
) -> Design:
    """Return corners, axial points and centre points; from five factors on the corners are the half fraction.

    The axial distance is F^(1/4) (rotatable), 1 (face), or sqrt(F (2k + na) / (2 (F + nc))) (orthogonal blocks, where the
    corners with nc centre points are block 1 and the axial points with na centre points are block 2). The ranges of the
    factors are those of the corners: rotatable and blocked designs reach beyond them.

    Raises:
        MethodError: fewer than 2 or more than 7 factors, or no centre point where the blocks need them.
    """
    checked_factors(factors, at_least=2, at_most=7)
    _centres(centre_points)
    _centres(axial_centre_points)
    k = len(factors)
    generators = ("ABCDEFGHJKL"[: k - 1],) if k >= 5 else ()
    fraction = regular_fraction(basic=k - len(generators), generators=generators)
    corners: Coded = [tuple(float(v) for v in run) for run in fraction.runs]
    if shape == "orthogonal blocks" and not (centre_points and axial_centre_points):
        raise MethodError(
            "each block needs a centre point of its own",
            given=f"{centre_points} beside the corners, {axial_centre_points} beside the axial points",
            allowed="at least one in each block",
        )
    if shape == "orthogonal blocks":
        f = len(corners)
        alpha = math.sqrt(f * (2 * k + axial_centre_points) / (2.0 * (f + centre_points)))
    else:
        alpha = 1.0 if shape == "face" else len(corners) ** 0.25
    axial: Coded = [tuple(s * alpha if j == i else 0.0 for j in range(k)) for i in range(k) for s in (-1.0, 1.0)]
    if shape == "orthogonal blocks":
        runs = _sheet(factors, [("corner", corners, centre_points), ("axial", axial, axial_centre_points)], seed)
    else:
        runs = _together(factors, corners, axial, centre_points + axial_centre_points, seed)
    return Design(
        f"central composite, {shape}",
        factors,
        runs,
        seed,
        alpha,
        generators,
        fraction.resolution,
        _low_aliases(fraction),
    )


@method(
    "process.box_behnken",
    version="1.0",
    source="Box & Behnken 1960, Technometrics 2:455",
    title="Box–Behnken design",
)
def box_behnken(*, factors: tuple[Factor, ...], seed: int, centre_points: int = 3) -> Design:
    """Return the middles of the edges of a cube (3 to 5 factors) and centre points: no run is at a corner.

    Raises:
        MethodError: fewer than 3 or more than 5 factors; beyond that the design is no longer made of pairs.
    """
    checked_factors(factors, at_least=3, at_most=5)
    _centres(centre_points)
    k = len(factors)
    edges: Coded = []
    for i, j in itertools.combinations(range(k), 2):
        for b, a in itertools.product((-1.0, 1.0), repeat=2):
            edges.append(tuple(a if m == i else b if m == j else 0.0 for m in range(k)))
    return Design("Box–Behnken", factors, _sheet(factors, [("edge", edges, centre_points)], seed), seed, 1.0)


@method(
    "process.plackett_burman",
    version="1.0",
    source="Plackett & Burman 1946, Biometrika 33:305",
    title="Plackett–Burman screening design",
)
def plackett_burman(*, factors: tuple[Factor, ...], seed: int, centre_points: int = 0) -> Design:
    """Return the smallest design of 8, 12, 20 or 24 runs that holds the factors: main effects only.

    Main effects are clear of each other but mixed with two-factor interactions (resolution III).

    Raises:
        MethodError: fewer than 2 or more than 11 factors.
    """
    checked_factors(factors, at_least=2)
    _centres(centre_points)
    size = next(n for n in PLACKETT_BURMAN if n > len(factors))
    first = [1.0 if sign == "+" else -1.0 for sign in PLACKETT_BURMAN[size]]
    rows = [first[-i:] + first[:-i] if i else first for i in range(size - 1)] + [[-1.0] * (size - 1)]
    corners: Coded = [tuple(row[: len(factors)]) for row in rows]
    return Design(
        "Plackett–Burman", factors, _sheet(factors, [("corner", corners, centre_points)], seed), seed, resolution=3
    )


def _centres(count: int) -> None:
    whole_number("the number of centre points", count, at_least=0)
    if count > MOST_CENTRES:
        raise MethodError("too many centre points", given=str(count), allowed=f"at most {MOST_CENTRES}")


def _together(
    factors: Sequence[Factor], corners: Coded, axial: Coded, centres: int, seed: int
) -> tuple[DesignRun, ...]:
    """One block of all points; the names of the points are kept."""
    runs = _sheet(factors, [("corner", corners + axial, centres)], seed)
    place = range(len(corners), len(corners) + len(axial))
    return tuple(
        DesignRun(r.standard, r.order, r.block, "axial" if r.standard - 1 in place else r.point, r.coded, r.natural)
        for r in runs
    )


def _sheet(factors: Sequence[Factor], blocks: list[tuple[str, Coded, int]], seed: int) -> tuple[DesignRun, ...]:
    """Lay out blocks of (name of points, points, centre points), each in a random order of its own."""
    runs: list[DesignRun] = []
    for number, (point, coded, centres) in enumerate(blocks, start=1):
        settings = coded + [(0.0,) * len(factors)] * centres
        natural = np.round(to_natural(factors, settings), 10)
        places = Draws(seed, f"run order of block {number}").shuffled(range(1, len(settings) + 1))
        start = len(runs)
        for i, (c, n) in enumerate(zip(settings, natural.tolist(), strict=True)):
            name = "centre" if i >= len(coded) else point
            runs.append(DesignRun(start + i + 1, start + places[i], number, name, c, tuple(n)))
    return tuple(runs)


def _low_aliases(fraction: RegularFraction) -> tuple[tuple[str, ...], ...]:
    """Keep of every alias set the main effects and two-factor interactions, where at least two stand together."""
    if fraction.resolution is None:
        return ()
    short = [tuple(e for e in members if len(e.removeprefix("-")) <= 2) for members in fraction.aliases]
    return tuple(members for members in short if len(members) > 1)
