"""Logistic curves fitted side by side: starting values, limits of the search, the fit, and the profile of the EC50.

The same data have the same starts: on a grid of EC50 and slope the plateaus follow by linear least squares, and the two best
slopes are both followed to their end. Nothing is random. A curve gives the same answer alone and among thousands.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crdmo.science.least_squares import Array, Model, Problems, Rows, Solutions, best_of, solve
from crdmo.science.profile_likelihood import Refit, profile_intervals

from . import logistic
from .plateau_search import Known, Series, search

# How far beyond the tested doses, as a factor, an EC50 and its interval are followed.
FOLLOWED = 1e4
SLOPES, ASYMMETRIES = (0.05, 25.0), (0.02, 50.0)
_TRIED = (0.6, 1.2, 3.0)
_PLACES = 12


@dataclass(frozen=True)
class Fitted:
    """Curves with their fits: natural logarithms of doses (rows, n), the problems, their solutions, what the fast search knows."""

    log_dose: Array
    problems: Problems
    solutions: Solutions
    shape: Known | None


def fit_rows(log_dose: Array, y: Array, weights: Array, known: Mapping[int, float]) -> Fitted:
    """Fit a logistic with some of its parameters `known` (by number) to every row; weight 0 is no observation."""
    free = np.ones((len(y), 5), dtype=bool)
    free[:, list(known)] = False
    ends = _range(log_dose, weights)
    best: Solutions | None = None
    askew = logistic.ASYMMETRY not in known
    shape = (
        None
        if askew or logistic.SLOPE in known
        else Known(known[logistic.ASYMMETRY], known.get(logistic.BOTTOM), known.get(logistic.TOP))
    )

    def problems_from(theta: Array) -> Problems:
        low, high = _limits(ends, theta)
        return Problems(_model(log_dose), y, weights, free, low, high)

    starts: list[Array] = []
    every = np.arange(len(y))
    if askew:
        # The symmetric curve is one of these, so its own fit is a start: more parameters never fit worse.
        starts.append(fit_rows(log_dose, y, weights, {**known, logistic.ASYMMETRY: 1.0}).solutions.theta)
    for asymmetry in (0.25, 1.0, 4.0) if askew else (known[logistic.ASYMMETRY],):
        starts += _starts(log_dose, y, weights, {**known, logistic.ASYMMETRY: asymmetry})
    series = None if shape is None else Series.of(log_dose, y, weights)
    for start in starts:
        problems = problems_from(start)
        # A further way is worth its time only where the first left doubt: no end, or a parameter on its limit.
        doubt = every if best is None else np.flatnonzero(~best.converged | best.on_bound.any(axis=1) | askew)
        if not doubt.size:
            break
        if shape is not None and series is not None:
            part = series if doubt.size == len(y) else series.taken(doubt)
            again = Solutions(*search(part, shape, start[doubt], (problems.low[doubt], problems.high[doubt])))
        else:
            again = solve(problems.taken(doubt), start[doubt], most=60 if best is None else 300)
        best = again if best is None else best_of(best, again, rows=doubt)
    assert best is not None
    if shape is not None and series is not None:
        lost = np.flatnonzero(~best.converged)
        if lost.size:
            # A step between two doses: the sum of squares falls for ever towards an endless slope. The limit is the answer.
            steep = best.theta[lost]
            steep[:, logistic.SLOPE] = np.copysign(SLOPES[1], steep[:, logistic.SLOPE])
            low, high = _limits((ends[0][lost], ends[1][lost]), steep)
            again = Solutions(*search(series.taken(lost), shape, steep, (low, high)))
            best = best_of(best, again, rows=lost, slack=1e-9)
            lost = lost[~best.converged[lost]]
        for start in starts if lost.size else ():
            best = best_of(best, solve(problems_from(start).taken(lost), start[lost], most=300), rows=lost)
    if _mirrored(known):
        _upright(best.theta)
    return Fitted(log_dose, problems_from(best.theta), best, shape)


def profile_rows(fitted: Fitted, confidence: float, errors: Array) -> tuple[Array, Array]:
    """Return the profile interval of ln EC50 of every row, NaN at an open end; followed by a factor beyond the doses."""
    least, most = _range(fitted.log_dose, fitted.problems.weights)
    place = fitted.solutions.theta[:, logistic.EC50]
    step = np.clip(np.where(np.isfinite(errors), errors, 0.7), 1e-6, 1.2)
    far = math.log(FOLLOWED)
    reach = np.minimum(least, place) - far, np.maximum(most, place) + far
    refit = None if fitted.shape is None else _held(fitted, fitted.shape)
    return profile_intervals(
        fitted.problems,
        fitted.solutions,
        logistic.EC50,
        confidence=confidence,
        standard_errors=step,
        reach=reach,
        refit=refit,
    )


def _held(fitted: Fitted, shape: Known) -> Refit:
    """Return the fast search with the EC50 held; what it leaves goes the general way."""
    p = fitted.problems
    data, held = Series.of(fitted.log_dose, p.y, p.weights), p.holding(logistic.EC50)

    def refit(start: Array, rows: Rows) -> tuple[Array, Array]:
        part = data if rows.size == len(p.y) else data.taken(rows)
        theta, rss, ended, _ = search(part, shape, start, (p.low[rows], p.high[rows]), hold=True)
        rest = np.flatnonzero(~ended)
        if rest.size:
            answer = solve(held.taken(rows[rest]), start[rest], most=60, rough=True)
            theta[rest], rss[rest] = answer.theta, answer.rss
        return theta, rss

    return refit


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


def _limits(ends: tuple[Array, Array], theta: Array) -> tuple[Array, Array]:
    low, high = np.full_like(theta, -np.inf), np.full_like(theta, np.inf)
    falls = theta[:, logistic.SLOPE] > 0
    low[:, logistic.SLOPE] = np.where(falls, SLOPES[0], -SLOPES[1])
    high[:, logistic.SLOPE] = np.where(falls, SLOPES[1], -SLOPES[0])
    least, most = ends
    low[:, logistic.EC50], high[:, logistic.EC50] = least - math.log(FOLLOWED), most + math.log(FOLLOWED)
    low[:, logistic.ASYMMETRY], high[:, logistic.ASYMMETRY] = ASYMMETRIES
    return low, high


def _starts(log_dose: Array, y: Array, weights: Array, known: Mapping[int, float]) -> Sequence[Array]:
    """Return two starts a curve: the best place for each slope, then the two best slopes.

    Curves of one dose series share their grid, so that most of the work is done once a series.
    """
    if logistic.SLOPE in known:
        slopes = [known[logistic.SLOPE]]
    elif _mirrored(known):
        # A falling curve is a rising one with its plateaus exchanged: half of the grid says it all.
        slopes = list(_TRIED)
    else:
        slopes = [sign * s for sign in (1, -1) for s in _TRIED]
    parts = np.linspace(-0.05, 1.05, _PLACES)
    first, second = np.empty((len(y), 5)), np.empty((len(y), 5))
    for rows in _of_one_series(log_dose, weights):
        x, w = log_dose[rows[0]], weights[rows[0]]
        least, most = _range(x[None], w[None])
        grid = np.zeros((len(slopes), len(parts), 5))
        grid[..., logistic.TOP] = 1.0
        grid[..., logistic.SLOPE] = np.asarray(slopes)[:, None]
        grid[..., logistic.EC50] = least + parts * (most - least)
        grid[..., logistic.ASYMMETRY] = known[logistic.ASYMMETRY]
        flat = grid.reshape(-1, 5)
        score = _explained(logistic.share(x, flat[:, None, :]), y[rows], w, known).reshape(
            len(rows), len(slopes), len(parts)
        )
        place = np.argmax(score, axis=2)
        every = np.arange(len(rows))
        order = np.argsort(-score[every[:, None], np.arange(len(slopes)), place], axis=1, kind="stable")
        for start, k in ((first, 0), (second, min(1, len(slopes) - 1))):
            which = order[:, k]
            made = flat[which * len(parts) + place[every, which]]
            made[:, logistic.BOTTOM], made[:, logistic.TOP] = _plateaus(
                logistic.share(x, made[:, None, :]), y[rows], w, known
            )
            start[rows] = made
    if _mirrored(known):
        _upright(first)
        _upright(second)
    return first, second


def _mirrored(known: Mapping[int, float]) -> bool:
    """Say whether a curve turned over, with its plateaus exchanged, is the same curve."""
    return known.get(logistic.ASYMMETRY) == 1.0 and not {logistic.SLOPE, logistic.BOTTOM, logistic.TOP} & set(known)


def _of_one_series(log_dose: Array, weights: Array) -> Iterator[Rows]:
    """Yield the rows of each series of doses and weights."""
    if (log_dose == log_dose[0]).all() and (weights == weights[0]).all():
        yield np.arange(len(log_dose))
        return
    _, member = np.unique(np.hstack([log_dose, weights]), axis=0, return_inverse=True)
    for number in range(int(member.max()) + 1):
        yield np.flatnonzero(member.reshape(-1) == number)


def _direction(up: Array, w: Array, known: Mapping[int, float]) -> tuple[Array, Array]:
    """Return what the span multiplies in curves (rows) of these shares, and the sum of its weighted squares.

    Where no plateau is known it is the share less its mean; else the share above the known bottom, or below the known top.
    """
    if logistic.BOTTOM in known:
        g = up
    elif logistic.TOP in known:
        g = up - 1
    else:
        g = up - (up @ w / w.sum())[:, None]
    return g, np.maximum((w * g * g).sum(axis=1), 1e-12)


def _centre(y: Array, w: Array, known: Mapping[int, float]) -> Array:
    if logistic.BOTTOM in known:
        return np.full(len(y), known[logistic.BOTTOM])
    return np.full(len(y), known[logistic.TOP]) if logistic.TOP in known else y @ w / w.sum()


def _explained(up: Array, y: Array, w: Array, known: Mapping[int, float]) -> Array:
    """Return how much of the sum of squares of each curve (rows) each shape (columns) explains with its best plateaus.

    Endlessly little where top would lie below bottom and the curve turned over is another.
    """
    g, size = _direction(up, w, known)
    # Not a product of matrices: for sums this short the threads of a linear algebra library only get in the way.
    along = np.einsum("bn,cn->bc", (y - _centre(y, w, known)[:, None]) * w, g)
    if logistic.BOTTOM in known and logistic.TOP in known:
        span = known[logistic.TOP] - known[logistic.BOTTOM]
        return np.asarray(span * (2 * along - span * size))
    if _mirrored(known) or logistic.BOTTOM in known or logistic.TOP in known:
        return np.asarray(along * along / size)
    return np.where(along >= 0, along * along / size, -np.inf)


def _plateaus(up: Array, y: Array, w: Array, known: Mapping[int, float]) -> tuple[Array, Array]:
    """Return bottom and top of each curve by linear least squares, for one shape a curve."""
    g, size = _direction(up, w, known)
    centre = _centre(y, w, known)
    span = ((y - centre[:, None]) * w * g).sum(axis=1) / size
    if logistic.BOTTOM in known:
        return centre, np.full_like(span, known[logistic.TOP]) if logistic.TOP in known else centre + span
    if logistic.TOP in known:
        return centre - span, centre
    bottom = centre - span * (up @ w / w.sum())
    return bottom, bottom + span
