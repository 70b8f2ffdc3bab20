"""Intervals by profile likelihood: how far a parameter can go before the best fit that is left becomes too bad.

The interval holds every value at which the least sum of squares over the other parameters exceeds that of the fit by at most
t² times the residual variance (Bates & Watts 1988, 6.1.2). It follows the curvature of the model, so it is not symmetric, and
it may never close: then that end is open, which is said and not replaced by a number.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from crdmo.science.least_squares import Array, Flags, Problems, Rows, Solutions, solve

_WALKS, _CLOSER = 30, 40


def profile_intervals(
    problems: Problems,
    solutions: Solutions,
    index: int,
    *,
    confidence: float,
    standard_errors: Array,
    reach: tuple[Array, Array],
) -> tuple[Array, Array]:
    """Return lower and upper ends for one parameter of each problem; NaN where an end is open.

    Parameters: `index` of the parameter, `confidence`, `standard_errors` of it (the first
    step outward is where a straight model would end),
    `reach` how far down and up is looked. Without degrees of freedom both ends are open.
    """
    spare = np.sum(problems.weights > 0, axis=1) - np.sum(problems.free, axis=1)
    t = stats.t.ppf((1 + confidence) / 2, np.maximum(spare, 1))
    allowed = solutions.rss * (1 + t**2 / np.maximum(spare, 1))
    known = (spare > 0) & solutions.converged & (solutions.rss > 0)
    held = problems.holding(index)
    ends = [
        _end(held, solutions, index, allowed, np.flatnonzero(known), side * 1.1 * t * standard_errors, edge)
        for side, edge in zip((-1.0, 1.0), reach, strict=True)
    ]
    return ends[0], ends[1]


def _end(
    held: Problems, solutions: Solutions, index: int, allowed: Array, known: Rows, first_step: Array, edge: Array
) -> Array:
    """Walk outward with growing steps until the fit is too bad, then close in on the place where it is just allowed."""
    count = len(solutions.theta)
    inner, outer = solutions.theta.copy(), solutions.theta.copy()
    inside = solutions.rss - allowed
    outside = np.full(count, np.nan)
    step, walking = first_step.copy(), known
    for _ in range(_WALKS):
        if not walking.size:
            break
        place = inner[walking, index] + step[walking]
        past = (place - edge[walking]) * np.sign(step[walking]) >= 0
        tried, over = _refit(held, inner, index, np.where(past, edge[walking], place), walking, allowed)
        hit = over > 0
        outer[walking[hit]], outside[walking[hit]] = tried[hit], over[hit]
        inner[walking[~hit]], inside[walking[~hit]] = tried[~hit], over[~hit]
        step[walking] *= 1.6
        walking = walking[~hit & ~past]
    found = np.full(count, np.nan)
    closing = np.flatnonzero(np.isfinite(outside))
    _close_in(held, index, allowed, closing, inner, outer, inside, outside)
    found[closing] = inner[closing, index]
    return found


def _refit(held: Problems, warm: Array, index: int, place: Array, rows: Rows, allowed: Array) -> tuple[Array, Array]:
    start = warm[rows].copy()
    start[:, index] = place
    answer = solve(held.taken(rows), start, most=60, rough=True)
    return answer.theta, np.where(np.isfinite(answer.rss), answer.rss, 1e300) - allowed[rows]


def _close_in(
    held: Problems,
    index: int,
    allowed: Array,
    rows: Rows,
    inner: Array,
    outer: Array,
    inside: Array,
    outside: Array,
) -> None:
    """Shrink the brackets by regula falsi with the Illinois correction; `inner` ends within 1e-7 of the crossing."""
    low, high = inside.copy(), outside.copy()
    last: Flags = np.zeros(len(inner), dtype=bool)
    twice: Flags = np.zeros(len(inner), dtype=bool)
    for turn in range(_CLOSER):
        wide = np.abs(outer[rows, index] - inner[rows, index]) > 1e-7 * (1 + np.abs(inner[rows, index]))
        off = np.abs(inside[rows]) > 1e-8 * allowed[rows]
        rows = rows[wide & off]
        if not rows.size:
            return
        a, b = inner[rows, index], outer[rows, index]
        place = a - low[rows] * (b - a) / (high[rows] - low[rows])
        place = np.where((high[rows] > 1e6 * -low[rows]) | (turn % 8 == 7), (a + b) / 2, place)
        tried, over = _refit(held, inner, index, place, rows, allowed)
        within = over <= 0
        into, out = rows[within], rows[~within]
        inner[into], inside[into], low[into] = tried[within], over[within], over[within]
        outer[out], high[out] = tried[~within], over[~within]
        twice[rows] = (last[rows] == within) & (turn > 0)
        high[into] = np.where(twice[into], high[into] / 2, high[into])
        low[out] = np.where(twice[out], low[out] / 2, low[out])
        last[rows] = within
