"""How well a likelihood determines its parameters: the observed information, and profile intervals."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy import stats

from crdmo.science.checks import Vector

from .dose_models import Matrix
from .likelihood_fit import Maximum, Task, climb, hessian


def covariance(task: Task, at: Maximum) -> Matrix | None:
    """Return the inverse of the observed information over parameters and log scale; None where it is not positive."""
    moving = [*np.flatnonzero(task.free & ~at.on_bound).tolist(), task.free.size]

    def goal(u: Matrix) -> tuple[Vector, Matrix]:
        total, slopes = task.scores(u[:, :-1], u[:, -1])
        return -total, -slopes

    place = np.append(at.theta, at.log_scale)
    bent = hessian(goal, place, moving)
    size = np.sqrt(np.abs(np.diag(bent)))
    if at.exact or np.any(size == 0) or not np.isfinite(bent).all():
        return None
    values, vectors = np.linalg.eigh(bent / np.outer(size, size))
    if values[0] <= 1e-10 * values[-1]:
        return None
    found = np.zeros((task.free.size + 1,) * 2)
    found[np.ix_(moving, moving)] = (vectors / values) @ vectors.T / np.outer(size, size)
    return found


def profile(task: Task, at: Maximum, index: int, error: float, confidence: float) -> tuple[float | None, float | None]:
    """Return the ends of the profile-likelihood interval of one parameter, None where it stays open.

    An end is where twice the fall of the log-likelihood is n·ln(1 + t²/df): for normal errors the interval of Bates and
    Watts, and with many responses that of the chi-square.
    """
    n, df = task.data.y.size, task.data.y.size - int(task.free.sum())
    if df < 1 or at.exact or not task.free[index] or at.on_bound[index]:
        return None, None
    allowed = 0.5 * n * math.log1p(float(stats.t.ppf(0.5 + confidence / 2, df)) ** 2 / df)

    def fall(value: float, warm: Maximum) -> tuple[float, Maximum]:
        held = task.holding(index, value, warm.theta)
        found = climb(held, held.start[0], warm.log_scale)
        # The root of the fall is nearly straight in the parameter, so that few steps close in on the end.
        return math.sqrt(max(at.log_likelihood - found.log_likelihood, 0.0)) - math.sqrt(allowed), found

    ends: list[float | None] = []
    for side, edge in ((-1, task.low[index]), (1, task.high[index])):
        inner, outer, warm, step = float(at.theta[index]), None, at, max(error * 1.8, 1e-6)
        below, above = -math.sqrt(allowed), 0.0
        for _ in range(25):
            place = inner + side * step
            past = (place - edge) * side >= 0
            place = float(edge) if past else place
            height, tried = fall(place, warm)
            if height > 0:
                outer, above = place, height
                break
            inner, below, warm, step = place, height, tried, step * 1.6
            if past:
                break
        ends.append(None if outer is None else _between(fall, warm, inner, outer, below, above))
    return ends[0], ends[1]


def _between(
    fall: Callable[[float, Maximum], tuple[float, Maximum]],
    warm: Maximum,
    inner: float,
    outer: float,
    below: float,
    above: float,
) -> float:
    """Close in on the crossing by regula falsi with the Illinois correction."""
    last = 0
    for _ in range(40):
        place = inner - below * (outer - inner) / (above - below)
        height, tried = fall(place, warm)
        if abs(height) < 1e-8 or abs(outer - inner) < 1e-9 * (1 + abs(inner)):
            return place
        if height <= 0:
            inner, below, warm = place, height, tried
            above, last = (above / 2 if last < 0 else above), -1
        else:
            outer, above = place, height
            below, last = (below / 2 if last > 0 else below), 1
    return inner
