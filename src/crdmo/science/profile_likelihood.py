"""Intervals by profile likelihood: how far a parameter can go before the best fit that is left becomes too bad.

The interval holds every value at which the least sum of squares over the other parameters exceeds that of the fit by at most
t² times the residual variance (Bates & Watts 1988, 6.1.2). It follows the curvature of the model, so it is not symmetric, and
it may never close: then that end is open, which is said and not replaced by a number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from crdmo.science.least_squares import Array, Flags, Problems, Rows, Solutions, solve

_WALKS, _CLOSER = 30, 40
# From starts (rows, parameters) with one parameter held, and the numbers of their problems: ends and sums of squares.
Refit = Callable[[Array, Rows], tuple[Array, Array]]


def profile_intervals(
    problems: Problems,
    solutions: Solutions,
    index: int,
    *,
    confidence: float,
    standard_errors: Array,
    reach: tuple[Array, Array],
    refit: Refit | None = None,
) -> tuple[Array, Array]:
    """Return lower and upper ends for one parameter of each problem; NaN where an end is open.

    Parameters: `index` of the parameter, `confidence`, `standard_errors` of it (the first step outward is where a straight
    model would end), `reach` how far down and up is looked, `refit` where the problems have a faster search of their own.
    Without degrees of freedom both ends are open.
    """
    spare = np.sum(problems.weights > 0, axis=1) - np.sum(problems.free, axis=1)
    t = stats.t.ppf((1 + confidence) / 2, np.maximum(spare, 1))
    allowed = solutions.rss * (1 + t**2 / np.maximum(spare, 1))
    known = (spare > 0) & solutions.converged & (solutions.rss > 0)
    span = np.sqrt(np.maximum(allowed - solutions.rss, 0.0))
    found = _Profile(solutions, index, span, refit or _general(problems.holding(index)))
    ends = [
        found.end(np.flatnonzero(known), side * 1.02 * t * standard_errors, edge)
        for side, edge in zip((-1.0, 1.0), reach, strict=True)
    ]
    return ends[0], ends[1]


def _general(held: Problems) -> Refit:
    def refit(start: Array, rows: Rows) -> tuple[Array, Array]:
        answer = solve(held.taken(rows), start, most=60, rough=True)
        return answer.theta, answer.rss

    return refit


@dataclass(frozen=True)
class _Profile:
    """The profile of one parameter: how far above what is allowed the root of the rise of the sum of squares is.

    That root is nearly straight in the parameter, so that few steps close in on an end.
    """

    solutions: Solutions
    index: int
    span: Array
    refit: Refit

    def at(self, warm: Array, place: Array, rows: Rows) -> tuple[Array, Array]:
        """Return the best parameters with the one held at a place, and the height there."""
        start = warm[rows].copy()
        start[:, self.index] = place
        theta, rss = self.refit(start, rows)
        rise = np.maximum(np.where(np.isfinite(rss), rss, 1e300) - self.solutions.rss[rows], 0.0)
        return theta, np.sqrt(rise) - self.span[rows]

    def end(self, known: Rows, first_step: Array, edge: Array) -> Array:
        """Walk outward with growing steps until the fit is too bad, then close in on the place where it is just allowed."""
        inner, outer = self.solutions.theta.copy(), self.solutions.theta.copy()
        inside, outside = -self.span, np.full(len(inner), np.nan)
        step, walking = first_step.copy(), known
        for _ in range(_WALKS):
            if not walking.size:
                break
            place = inner[walking, self.index] + step[walking]
            past = (place - edge[walking]) * np.sign(step[walking]) >= 0
            tried, over = self.at(inner, np.where(past, edge[walking], place), walking)
            hit = over > 0
            outer[walking[hit]], outside[walking[hit]] = tried[hit], over[hit]
            inner[walking[~hit]], inside[walking[~hit]] = tried[~hit], over[~hit]
            step[walking] *= 1.6
            walking = walking[~hit & ~past]
        found = np.full(len(inner), np.nan)
        closing = np.flatnonzero(np.isfinite(outside))
        self.close_in(closing, inner, outer, inside, outside)
        found[closing] = inner[closing, self.index]
        return found

    def close_in(self, rows: Rows, inner: Array, outer: Array, inside: Array, outside: Array) -> None:
        """Shrink the brackets by regula falsi with the Illinois correction; `inner` ends within 1e-8 of the crossing."""
        low, high, index = inside.copy(), outside.copy(), self.index
        last: Flags = np.zeros(len(inner), dtype=bool)
        for turn in range(_CLOSER):
            wide = np.abs(outer[rows, index] - inner[rows, index]) > 1e-8 * (1 + np.abs(inner[rows, index]))
            rows = rows[wide & (np.abs(inside[rows]) > 1e-7 * self.span[rows])]
            if not rows.size:
                return
            a, b = inner[rows, index], outer[rows, index]
            place = a - low[rows] * (b - a) / (high[rows] - low[rows])
            place = np.where((high[rows] > 1e3 * -low[rows]) | (turn % 8 == 7), (a + b) / 2, place)
            tried, over = self.at(inner, place, rows)
            # So near above the crossing is as good as so near below.
            within = over <= 1e-7 * self.span[rows]
            twice = (last[rows] == within) & (turn > 0)
            into, out = rows[within], rows[~within]
            inner[into], inside[into], low[into] = tried[within], over[within], np.minimum(over[within], 0.0)
            outer[out], high[out] = tried[~within], over[~within]
            high[into] = np.where(twice[within], high[into] / 2, high[into])
            low[out] = np.where(twice[~within], low[out] / 2, low[out])
            last[rows] = within
