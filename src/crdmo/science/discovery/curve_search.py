"""Logistic curves fitted side by side: starting values, limits of the search, the fit, and the profile of the EC50.

The same data have the same starts: on a grid of EC50 and slope the plateaus follow by linear least squares, and the two best
slopes are both followed to their end. Nothing is random. A curve gives the same answer alone and among thousands.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crdmo.science.least_squares import Array, Model, Problems, Rows, Solutions, best_of, solve
from crdmo.science.profile_likelihood import profile_intervals

from . import logistic

# How far beyond the tested doses, as a factor, an EC50 and its interval are followed.
FOLLOWED = 1e4
SLOPES, ASYMMETRIES = (0.05, 25.0), (0.02, 50.0)
_TRIED = (0.6, 1.2, 3.0)
_PLACES = 12


@dataclass(frozen=True)
class Fitted:
    """Curves with their fits: natural logarithms of doses (rows, n), the problems and their solutions."""

    log_dose: Array
    problems: Problems
    solutions: Solutions


def fit_rows(log_dose: Array, y: Array, weights: Array, known: Mapping[int, float]) -> Fitted:
    """Fit a logistic with some of its parameters `known` (by number) to every row; weight 0 is no observation."""
    free = np.ones((len(y), 5), dtype=bool)
    free[:, list(known)] = False
    best: Solutions | None = None

    def problems_from(theta: Array) -> Problems:
        low, high = _limits(log_dose, weights, theta)
        return Problems(_model(log_dose), y, weights, free, low, high)

    starts: list[Array] = []
    askew = logistic.ASYMMETRY not in known
    if askew:
        # The symmetric curve is one of these, so its own fit is a start: more parameters never fit worse.
        starts.append(fit_rows(log_dose, y, weights, {**known, logistic.ASYMMETRY: 1.0}).solutions.theta)
    for asymmetry in (0.25, 1.0, 4.0) if askew else (known[logistic.ASYMMETRY],):
        starts += _starts(log_dose, y, weights, {**known, logistic.ASYMMETRY: asymmetry})
    for start in starts:
        problems = problems_from(start)
        if best is None:
            best = solve(problems, start, most=60)
            continue
        # A further way is worth its time only where the first left doubt: no end, or a parameter on its limit.
        doubt = np.flatnonzero(~best.converged | best.on_bound.any(axis=1) | askew)
        if doubt.size:
            again = solve(problems.taken(doubt), start[doubt], most=300)
            best = best_of(best, again, rows=doubt)
    assert best is not None
    if known.get(logistic.ASYMMETRY) == 1.0 and not {logistic.SLOPE, logistic.BOTTOM, logistic.TOP} & set(known):
        _upright(best.theta)
    return Fitted(log_dose, problems_from(best.theta), best)


def profile_rows(fitted: Fitted, confidence: float, errors: Array) -> tuple[Array, Array]:
    """Return the profile interval of ln EC50 of every row, NaN at an open end; followed by a factor beyond the doses."""
    least, most = _range(fitted.log_dose, fitted.problems.weights)
    place = fitted.solutions.theta[:, logistic.EC50]
    step = np.clip(np.where(np.isfinite(errors), errors, 0.7), 1e-6, 1.2)
    far = math.log(FOLLOWED)
    reach = np.minimum(least, place) - far, np.maximum(most, place) + far
    return profile_intervals(
        fitted.problems, fitted.solutions, logistic.EC50, confidence=confidence, standard_errors=step, reach=reach
    )


def _model(log_dose: Array) -> Model:
    def model(theta: Array, rows: Rows) -> tuple[Array, Array]:
        p = theta[:, None, :]
        return logistic.response(log_dose[rows], p), logistic.derivatives(log_dose[rows], p)

    return model


def _upright(theta: Array) -> None:
    """Turn curves whose bottom is above their top: the same curve with the slope reversed."""
    turned = theta[:, logistic.BOTTOM] > theta[:, logistic.TOP]
    theta[turned] = theta[turned][:, [logistic.SLOPE, logistic.TOP, logistic.BOTTOM, logistic.EC50, logistic.ASYMMETRY]]
    theta[turned, logistic.SLOPE] *= -1


def _range(log_dose: Array, weights: Array) -> tuple[Array, Array]:
    there = (weights > 0) & np.isfinite(log_dose)
    return np.min(np.where(there, log_dose, np.inf), axis=1), np.max(np.where(there, log_dose, -np.inf), axis=1)


def _limits(log_dose: Array, weights: Array, theta: Array) -> tuple[Array, Array]:
    low, high = np.full_like(theta, -np.inf), np.full_like(theta, np.inf)
    falls = theta[:, logistic.SLOPE] > 0
    low[:, logistic.SLOPE] = np.where(falls, SLOPES[0], -SLOPES[1])
    high[:, logistic.SLOPE] = np.where(falls, SLOPES[1], -SLOPES[0])
    least, most = _range(log_dose, weights)
    low[:, logistic.EC50], high[:, logistic.EC50] = least - math.log(FOLLOWED), most + math.log(FOLLOWED)
    low[:, logistic.ASYMMETRY], high[:, logistic.ASYMMETRY] = ASYMMETRIES
    return low, high


def _starts(log_dose: Array, y: Array, weights: Array, known: Mapping[int, float]) -> Sequence[Array]:
    """Return two starts a curve: the best place for each slope, then the two best slopes.

    Curves of one dose series share their grid, so that most of the work is done once a series.
    """
    slopes = [known[logistic.SLOPE]] if logistic.SLOPE in known else [sign * s for sign in (1, -1) for s in _TRIED]
    parts = np.linspace(-0.05, 1.05, _PLACES)
    series, member = np.unique(np.hstack([log_dose, weights]), axis=0, return_inverse=True)
    first, second = np.empty((len(y), 5)), np.empty((len(y), 5))
    for number, row in enumerate(series):
        rows = np.flatnonzero(member.reshape(-1) == number)
        x, w = row[: y.shape[1]], row[y.shape[1] :]
        least, most = _range(x[None], w[None])
        grid = np.zeros((len(slopes), len(parts), 5))
        grid[..., logistic.TOP] = 1.0
        grid[..., logistic.SLOPE] = np.asarray(slopes)[:, None]
        grid[..., logistic.EC50] = least + parts * (most - least)
        grid[..., logistic.ASYMMETRY] = known[logistic.ASYMMETRY]
        flat = grid.reshape(-1, 5)
        bottom, top, rest = _plateaus(logistic.share(x, flat[:, None, :]), y[rows], w, known)
        score = rest.reshape(len(rows), len(slopes), len(parts))
        place = np.argmin(score, axis=2)
        order = np.argsort(np.min(score, axis=2), axis=1, kind="stable")
        for start, k in ((first, 0), (second, min(1, len(slopes) - 1))):
            which = order[:, k]
            cell = which * len(parts) + place[np.arange(len(rows)), which]
            # Where only one slope has a start, it stands in for the other.
            cell = np.where(np.isfinite(rest[np.arange(len(rows)), cell]), cell, order[:, 0] * len(parts))
            start[rows] = flat[cell]
            start[rows, logistic.BOTTOM] = bottom[np.arange(len(rows)), cell]
            start[rows, logistic.TOP] = top[np.arange(len(rows)), cell]
    return first, second


def _plateaus(up: Array, y: Array, w: Array, known: Mapping[int, float]) -> tuple[Array, Array, Array]:
    """Return bottom, top (linear least squares) and what is left, of every curve (rows) with every shape (columns).

    What is left is endless where top would lie below bottom.
    """
    down = 1 - up
    ay, by = (y * w) @ down.T, (y * w) @ up.T
    aa, ab, bb = (np.sum(w * p * q, axis=1) for p, q in ((down, down), (down, up), (up, up)))
    if logistic.BOTTOM in known and logistic.TOP in known:
        bottom, top = np.full_like(ay, known[logistic.BOTTOM]), np.full_like(ay, known[logistic.TOP])
    elif logistic.BOTTOM in known:
        bottom = np.full_like(ay, known[logistic.BOTTOM])
        top = (by - bottom * ab) / np.maximum(bb, 1e-12)
    elif logistic.TOP in known:
        top = np.full_like(ay, known[logistic.TOP])
        bottom = (ay - top * ab) / np.maximum(aa, 1e-12)
    else:
        det = aa * bb - ab * ab
        det = np.where(det > 1e-9 * np.maximum(aa * bb, 1e-300), det, np.nan)
        bottom, top = (bb * ay - ab * by) / det, (aa * by - ab * ay) / det
    rest = (w * y * y).sum(axis=1)[:, None] - 2 * (bottom * ay + top * by)
    rest = rest + bottom**2 * aa + 2 * bottom * top * ab + top**2 * bb
    ordered = (top >= bottom) | (logistic.BOTTOM in known) | (logistic.TOP in known)
    return bottom, top, np.where(np.isfinite(rest) & ordered, rest, np.inf)
