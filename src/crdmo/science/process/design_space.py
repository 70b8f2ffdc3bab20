"""Design space as a probability: the chance that a future batch meets every attribute, at points, on a map, in a box."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crdmo.science.checks import share, whole_number
from crdmo.science.method import MethodError, method
from crdmo.science.process.factors import Factor, Matrix, to_coded, to_natural
from crdmo.science.process.posterior import Criterion, Posterior
from crdmo.science.process.surface_model import Order

SOURCE = "Peterson 2008, J. Biopharm. Stat. 18:959; Press 2003 (posterior predictive t); ICH Q8(R2)"
# Grid points along each factor of the search for a box, by the number of factors.
BOX_STEPS = {1: 201, 2: 41, 3: 13, 4: 9, 5: 6}


@dataclass(frozen=True)
class PointProbability:
    """The chance at one point, its Monte Carlo standard error (0 where exact), and the fitted means."""

    natural: tuple[float, ...]
    probability: float
    standard_error: float
    means: tuple[float, ...]


@dataclass(frozen=True)
class SpaceProbabilities:
    """Probabilities at points. `df` is that of the joint predictive t."""

    points: tuple[PointProbability, ...]
    df: int
    correlation: tuple[tuple[float, ...], ...]
    seed: int


@dataclass(frozen=True)
class SpaceMap:
    """A map over two factors in natural units, the others fixed. A row is a value of `y`; None lies outside the region."""

    x: Factor
    y: Factor
    fixed: Mapping[str, float]
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    probabilities: tuple[tuple[float | None, ...], ...]
    means: Mapping[str, tuple[tuple[float, ...], ...]]
    criteria: tuple[Criterion, ...]
    runs: tuple[tuple[float, float], ...]
    reliability: float
    share_inside: float
    df: int
    seed: int


@dataclass(frozen=True)
class AcceptableRange:
    """The range of one factor inside the box, in its unit."""

    name: str
    unit: str
    low: float
    high: float


@dataclass(frozen=True)
class AcceptableBox:
    """The largest box of the grid in which every grid point is reliable.

    `found` is false where no box with an extent in every factor is. `share` is its part of the coded cube's volume,
    `lowest` the least probability in it, `steps` the grid points along each factor.
    """

    found: bool
    ranges: tuple[AcceptableRange, ...]
    lowest: float | None
    share: float
    reliability: float
    steps: int
    df: int
    seed: int


@method("process.design_space_points", version="1.0", source=SOURCE, title="Probability of meeting every attribute")
def design_space_points(
    *,
    factors: tuple[Factor, ...],
    settings: tuple[tuple[float, ...], ...],
    responses: Mapping[str, tuple[float, ...]],
    criteria: tuple[Criterion, ...],
    at: tuple[tuple[float, ...], ...],
    seed: int,
    order: Order = "second",
    blocks: tuple[str, ...] | None = None,
    draws: int = 20_000,
) -> SpaceProbabilities:
    """Return the chance that one future run at each point of `at` (natural units) meets all `criteria`.

    Raises:
        MethodError: a point outside the region studied, or what the fit refuses.
    """
    posterior = Posterior(factors, settings, responses, criteria, order, blocks)
    coded = to_coded(factors, at)
    inside = posterior.region.holds(coded)
    if not inside.all():
        first = at[int(np.flatnonzero(~inside)[0])]
        raise MethodError(
            "a point lies outside the region studied",
            given=", ".join(f"{f.name} {v:g} {f.unit}".rstrip() for f, v in zip(factors, first, strict=True)),
            allowed="points inside the hull of the runs",
            next_step="run the design there first: the model says nothing beyond its data",
        )
    chances, (means, _) = posterior.probability(coded, draws, seed), posterior.at(coded)
    exact = len(criteria) == 1
    return SpaceProbabilities(
        tuple(
            PointProbability(tuple(point), float(p), 0.0 if exact else math.sqrt(p * (1.0 - p) / draws), tuple(mean))
            for point, p, mean in zip(at, chances.tolist(), means.tolist(), strict=True)
        ),
        posterior.df,
        tuple(tuple(row) for row in posterior.correlation.tolist()),
        seed,
    )


@method("process.design_space_map", version="1.0", source=SOURCE, title="Design space map over two factors")
def design_space_map(
    *,
    factors: tuple[Factor, ...],
    settings: tuple[tuple[float, ...], ...],
    responses: Mapping[str, tuple[float, ...]],
    criteria: tuple[Criterion, ...],
    x: str,
    y: str,
    seed: int,
    fixed: Mapping[str, float] | None = None,
    order: Order = "second",
    blocks: tuple[str, ...] | None = None,
    reliability: float = 0.9,
    steps: int = 41,
    draws: int = 10_000,
) -> SpaceMap:
    """Map the probability over `x` and `y` inside the range of the runs; other factors at `fixed`, else at the centre.

    Raises:
        MethodError: unknown factors, a fixed value outside the runs, or what the fit refuses.
    """
    names = [factor.name for factor in factors]
    fixed = dict(fixed or {})
    if x == y or {x, y, *fixed} - set(names) or {x, y} & set(fixed):
        raise MethodError(
            "these factors cannot be mapped", given=f"{x}, {y}, fixed {', '.join(fixed) or 'none'}",
            allowed=f"two different ones of {', '.join(names)}, the fixed ones among the rest",
        )  # fmt: skip
    share("reliability", reliability)
    if whole_number("steps", steps, at_least=5) > 201:
        raise MethodError("too many steps", given=str(steps), allowed="5 to 201")
    posterior = Posterior(factors, settings, responses, criteria, order, blocks)
    coded = to_coded(factors, settings)
    i, j = names.index(x), names.index(y)
    centre = [[fixed.get(f.name, f.centre) for f in factors]]
    grid = np.tile(to_coded(factors, centre), (steps * steps, 1))
    across, up = (np.linspace(coded[:, c].min(), coded[:, c].max(), steps) for c in (i, j))
    grid[:, i], grid[:, j] = np.tile(across, steps), np.repeat(up, steps)
    chances, (means, _) = posterior.probability(grid, draws, seed), posterior.at(grid)
    if np.isnan(chances).all():
        raise MethodError(
            "the whole map lies outside the region studied",
            given=", ".join(f"{name} {value:g}" for name, value in fixed.items()) or "the centre",
            allowed="fixed values inside the hull of the runs",
        )
    natural = to_natural(factors, grid)
    known = chances[~np.isnan(chances)]
    return SpaceMap(
        factors[i],
        factors[j],
        {f.name: centre[0][m] for m, f in enumerate(factors) if m not in (i, j)},
        tuple(natural[:steps, i].tolist()),
        tuple(natural[::steps, j].tolist()),
        tuple(tuple(None if math.isnan(p) else p for p in row) for row in chances.reshape(steps, steps).tolist()),
        {c.response: _rows(means[:, m], steps) for m, c in enumerate(criteria)},
        criteria,
        tuple(dict.fromkeys((float(row[i]), float(row[j])) for row in settings)),
        reliability,
        float(np.mean(known >= reliability)),
        posterior.df,
        seed,
    )


def _rows(values: Matrix, steps: int) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in values.reshape(steps, steps).tolist())


@method("process.acceptable_box", version="1.0", source=SOURCE, title="Largest proven acceptable box")
def acceptable_box(
    *,
    factors: tuple[Factor, ...],
    settings: tuple[tuple[float, ...], ...],
    responses: Mapping[str, tuple[float, ...]],
    criteria: tuple[Criterion, ...],
    seed: int,
    order: Order = "second",
    blocks: tuple[str, ...] | None = None,
    reliability: float = 0.9,
    draws: int = 10_000,
) -> AcceptableBox:
    """Return the box of ranges, one a factor, with the greatest volume in which every point is reliable.

    It is exact on its grid: every box between grid points is compared. Points outside the region studied are never
    part of it.

    Raises:
        MethodError: more than five factors, or what the fit refuses.
    """
    share("reliability", reliability)
    if len(factors) not in BOX_STEPS:
        raise MethodError("no box of so many factors is searched", given=str(len(factors)), allowed="1 to 5")
    posterior = Posterior(factors, settings, responses, criteria, order, blocks)
    coded = to_coded(factors, settings)
    steps, k = BOX_STEPS[len(factors)], len(factors)
    axes = [np.linspace(coded[:, c].min(), coded[:, c].max(), steps) for c in range(k)]
    grid = np.array(list(itertools.product(*axes)))
    chances = posterior.probability(grid, draws, seed).reshape((steps,) * k)
    reliable = np.nan_to_num(chances, nan=-1.0) >= reliability
    found = largest_box(reliable, axes)
    if found is None:
        return AcceptableBox(False, (), None, 0.0, reliability, steps, posterior.df, seed)
    lows, highs = ([float(axes[c][found[c][end]]) for c in range(k)] for end in (0, 1))
    ends = to_natural(factors, [lows, highs])
    inside = chances[tuple(slice(a, b + 1) for a, b in found)]
    volume = math.prod(high - low for low, high in zip(lows, highs, strict=True)) / 2.0**k
    return AcceptableBox(
        True,
        tuple(AcceptableRange(f.name, f.unit, float(ends[0, c]), float(ends[1, c])) for c, f in enumerate(factors)),
        float(inside.min()),
        volume,
        reliability,
        steps,
        posterior.df,
        seed,
    )


def largest_box(good: NDArray[np.bool_], axes: Sequence[Matrix]) -> tuple[tuple[int, int], ...] | None:
    """Return first and last grid index along each axis of the largest box of good points, or None.

    Sums of bad points over boxes come from a summed-area table, so all boxes are compared at once.
    """
    table = np.zeros(tuple(n + 1 for n in good.shape), dtype=np.int32)
    table[(slice(1, None),) * good.ndim] = ~good
    for axis in range(good.ndim):
        np.cumsum(table, axis=axis, out=table)
    pairs = [np.array([(a, b) for a in range(n) for b in range(a + 1, n)]) for n in good.shape]
    bad = table
    for axis, pair in enumerate(pairs):
        bad = np.take(bad, pair[:, 1] + 1, axis=axis) - np.take(bad, pair[:, 0], axis=axis)
    volume = np.ones(())
    for pair, axis_values in zip(pairs, axes, strict=True):
        volume = np.multiply.outer(volume, axis_values[pair[:, 1]] - axis_values[pair[:, 0]])
    volume = np.where(bad == 0, volume, 0.0)
    best = np.unravel_index(int(np.argmax(volume)), volume.shape)
    if volume[best] <= 0.0:
        return None
    return tuple((int(pair[i][0]), int(pair[i][1])) for pair, i in zip(pairs, best, strict=True))
