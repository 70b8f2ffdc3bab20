"""Maximum likelihood of a dose-response model: normal or heavy-tailed errors, weights, and responses that are only bounds.

With errors after Student's t with four degrees of freedom a stray response loses its weight (Lange, Little, Taylor 1989);
tcplFit2 fits so. A response beyond the reader's range counts with the probability of lying there. The search starts from the
bounded least squares of all starts at once, climbs in damped Newton steps. Nothing is random.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from crdmo.science.checks import Vector
from crdmo.science.least_squares import Problems, Rows, solve

from .dose_models import DoseModel, Matrix, Scales

Flags = NDArray[np.bool_]
# From rows of places: what is to be small, and its slopes.
Goal = Callable[[Matrix], tuple[Vector, Matrix]]
_TINY = 1e-30
_MOST_STEPS = 150
_T_CONSTANT = math.lgamma(2.5) - math.lgamma(2.0) - 0.5 * math.log(4 * math.pi)


@dataclass(frozen=True)
class Observed:
    """Doses, responses, weights (one over a variance, up to a factor), and which responses are bounds (−1 below, 1 above)."""

    x: Vector
    y: Vector
    w: Vector
    side: NDArray[np.int8]
    heavy: bool

    @property
    def plain(self) -> bool:
        """Whether least squares is the answer: normal errors, no bounds."""
        return not self.heavy and not self.side.any()

    @property
    def scales(self) -> Scales:
        """What starts and limits of a search stand on."""
        doses = np.unique(self.x)
        middle = np.array([np.median(self.y[self.x == d]) for d in doses])
        tested = self.x[self.x > 0]
        peak = float(middle[int(np.argmax(np.abs(middle)))]) or 0.01
        falls = float(np.corrcoef(np.arange(middle.size), middle)[0, 1]) < 0
        return Scales(float(tested.min()), float(tested.max()), float(self.y.min()), float(self.y.max()), peak, falls)


@dataclass(frozen=True)
class Maximum:
    """Where the likelihood is greatest: parameters and logarithm of the scale, on the scale of the search."""

    theta: Vector
    log_scale: float
    log_likelihood: float
    on_bound: Flags
    converged: bool
    exact: bool


@dataclass(frozen=True)
class Task:
    """A model, its data, and what may move between which limits (on the scale of the search)."""

    model: DoseModel
    data: Observed
    free: Flags
    start: Matrix
    low: Vector
    high: Vector

    def values(self, theta: Any) -> Any:
        """Return responses of the model, a row a row of parameters."""
        with np.errstate(all="ignore"):
            return self.model.function(self.data.x, theta)

    def slopes(self, theta: Matrix) -> Matrix:
        """Return the derivatives (..., p, n) of the responses: by complex steps, exact to the last digit."""
        moved = self.values(theta[..., None, :] + 1j * _TINY * np.eye(theta.shape[-1]))
        made: Matrix = moved.imag / _TINY
        return made

    def scores(self, theta: Matrix, log_scale: Vector) -> tuple[Vector, Matrix]:
        """Return the log-likelihood and its derivatives by every parameter and the log of the scale, a row a row of them.

        Where a response overflows, the likelihood is nothing and has no slope.
        """
        with np.errstate(all="ignore"):
            total, made = self._scores(theta, log_scale)
        sound = np.isfinite(total) & np.isfinite(made).all(axis=1)
        return np.where(sound, total, -np.inf), np.where(sound[:, None], made, 0.0)

    def _scores(self, theta: Matrix, log_scale: Vector) -> tuple[Vector, Matrix]:
        d = self.data
        scale = np.exp(log_scale)[:, None] / np.sqrt(d.w)
        z = (d.y - self.values(theta)) / scale
        if d.heavy:
            density, by_z = _T_CONSTANT - 2.5 * np.log1p(z * z / 4), 5 * z / (4 + z * z)
        else:
            density, by_z = -0.5 * z * z - 0.5 * math.log(2 * math.pi), z
        by_scale = z * by_z - 1
        terms = density - np.log(scale)
        if d.side.any():
            c = np.flatnonzero(d.side)
            # The tail beyond a bound, from the other side for "<": one function serves both.
            s = d.side[c].astype(float)
            u = -s * z[:, c]
            tail = np.log(special.stdtr(4, u)) if d.heavy else special.log_ndtr(u)
            ratio = np.exp(density[:, c] - tail)
            by_z = by_z.copy()
            terms[:, c], by_z[:, c], by_scale[:, c] = tail, s * ratio, s * z[:, c] * ratio
        total = terms.sum(axis=1)
        by_theta = np.einsum("bn,bpn->bp", by_z / scale, self.slopes(theta))
        return total, np.concatenate([by_theta, by_scale.sum(axis=1)[:, None]], axis=1)

    def log_likelihood(self, theta: Vector, log_scale: float) -> float:
        """Return the log-likelihood of one row of parameters."""
        return float(self.scores(theta[None], np.array([log_scale]))[0][0])

    def holding(self, index: int, value: float, theta: Vector) -> Task:
        """Return the task with one parameter held, started elsewhere."""
        free, start = self.free.copy(), theta.copy()
        free[index], start[index] = False, value
        return replace(self, free=free, start=start[None])


def maximise(task: Task) -> Maximum:
    """Find the greatest likelihood: from the two best least squares of the starts, then uphill."""
    first = _least_squares(task)
    if task.data.plain:
        return _squares(task, *first[0])
    best: Maximum | None = None
    for theta, log_scale in first:
        found = climb(task, theta, log_scale)
        if best is None or found.log_likelihood > best.log_likelihood + 1e-9:
            best = found
    assert best is not None
    return best


def _least_squares(task: Task) -> list[tuple[Vector, float]]:
    d = task.data
    floor = 1e-12 * max(float(np.abs(d.y).max()), 1e-300)
    if not task.free.any():
        theta = task.start[0]
        rss = float(np.sum(d.w * (d.y - task.values(theta)) ** 2))
        return [(theta, math.log(max(math.sqrt(rss / d.y.size), floor)))]

    problems = _problems(task, len(task.start))
    coarse = solve(problems, task.start, most=40, rough=True)
    order = np.argsort(coarse.rss, kind="stable")
    kept: list[int] = []
    for row in order.tolist():
        near = any(coarse.rss[row] <= coarse.rss[k] * (1 + 1e-4) for k in kept)
        if len(kept) < 2 and np.isfinite(coarse.rss[row]) and not near:
            kept.append(row)
    fine = solve(problems.taken(np.array(kept)), coarse.theta[kept], most=100)
    return [
        (theta, math.log(max(math.sqrt(rss / d.y.size) * (0.8 if d.heavy else 1.0), floor)))
        for theta, rss in zip(fine.theta, fine.rss.tolist(), strict=True)
    ]


def _problems(task: Task, count: int) -> Problems:
    """Return the bounded least squares of a task, a start a row."""

    def model(theta: Matrix, rows: Rows) -> tuple[Matrix, Any]:
        moved = task.values(theta[:, None, :] + 1j * _TINY * np.eye(theta.shape[1]))
        return task.values(theta), moved.imag.swapaxes(1, 2) / _TINY

    d = task.data
    y, w, low, high = (np.tile(v, (count, 1)) for v in (d.y, d.w, task.low, task.high))
    return Problems(model, y, w, np.tile(task.free, (count, 1)), low, high)


def _squares(task: Task, theta: Vector, log_scale: float) -> Maximum:
    """Return the maximum that least squares is: from one place to the nearest minimum."""
    d = task.data
    converged = True
    if task.free.any():
        found = solve(_problems(task, 1), theta[None], most=200)
        theta, converged = found.theta[0], bool(found.converged[0])
        log_scale = 0.5 * math.log(max(float(found.rss[0]) / d.y.size, 1e-300))
    exact = math.exp(log_scale) <= 1e-9 * max(float(np.abs(d.y).max()), 1e-300)
    return Maximum(theta, log_scale, task.log_likelihood(theta, log_scale), _on_bound(task, theta), converged, exact)


def climb(task: Task, theta: Vector, log_scale: float) -> Maximum:
    """Go up from one place to the nearest maximum."""
    d = task.data
    if d.plain:
        return _squares(task, theta, log_scale)
    theta = np.where(task.free, np.clip(theta, task.low, task.high), theta)
    size = max(float(np.abs(d.y).max()), 1e-300)
    moving = np.flatnonzero(task.free)
    if math.exp(log_scale) <= 1e-9 * size and not d.side.any():
        # The curve passes through every response: the likelihood has no maximum, and least squares is the answer.
        bound = _on_bound(task, theta)
        return Maximum(theta, log_scale, task.log_likelihood(theta, log_scale), bound, True, True)
    span = max(float(d.y.max() - d.y.min()), 1e-300)
    unit = np.append([_unit(task.model.parameters[i], theta[i], span) for i in moving], 1.0)
    origin = np.append(theta[moving], log_scale)
    lowest = math.log(1e-12 * size)
    limits = [(float(a), float(b)) for a, b in zip(
        (np.append(task.low[moving], lowest) - origin) / unit, (np.append(task.high[moving], math.log(1e3 * size)) - origin) / unit,
        strict=True)]  # fmt: skip

    columns = np.append(moving, task.free.size)

    def split(u: Matrix) -> tuple[Matrix, Vector]:
        place = origin + u * unit
        full = np.tile(theta, (len(u), 1))
        full[:, moving] = np.clip(place[:, :-1], task.low[moving], task.high[moving])
        return full, place[:, -1]

    def goal(u: Matrix) -> tuple[Vector, Matrix]:
        total, slopes = task.scores(*split(u))
        return np.minimum(-total, 1e300), -slopes[:, columns] * unit

    u, small = _newton(goal, np.zeros(unit.size), limits)
    full, last = split(u[None])
    return Maximum(full[0], float(last[0]), -float(goal(u[None])[0][0]), _on_bound(task, full[0]), small, False)


def _unit(name: str, value: float, span: float) -> float:
    if name in ("bottom", "top", "tp"):
        return span
    return max(abs(value), 1e-300) if name == "a" else 1.0


def _newton(goal: Goal, u: Vector, limits: list[tuple[float, float]]) -> tuple[Vector, bool]:
    """Go down by damped Newton steps inside the limits; say whether a minimum was reached.

    Where the surface bends the wrong way its curvature is turned over, so that a step never leads to a saddle.
    """
    low, high = (np.array([pair[k] for pair in limits]) for k in (0, 1))
    value, slope = _one(goal, u)
    damping, bent, moving = 1e-3, None, np.arange(u.size)
    for _ in range(_MOST_STEPS):
        if bent is None:
            moving = np.flatnonzero(((u > low) | (slope < 0)) & ((u < high) | (slope > 0)))
            if not moving.size:
                return u, True
            bent = np.linalg.eigh(hessian(goal, u, moving))
            if not np.isfinite(bent[0]).all():
                return u, False
        curves, vectors = bent
        step = np.zeros_like(u)
        step[moving] = -(vectors / (np.abs(curves) + damping * max(1.0, float(curves[-1]) * 1e-3))) @ (
            vectors.T @ slope[moving]
        )
        # Up to the first limit on the way: what lands there is held from the next step on, if the slope holds it there.
        step[((u <= low) & (step < 0)) | ((u >= high) & (step > 0))] = 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            room = np.where(step > 0, (high - u) / step, np.where(step < 0, (low - u) / step, np.inf))
        trial = np.clip(u + min(1.0, float(room.min())) * step, low, high)
        after, steep = _one(goal, trial)
        if after > value + 1e-13 * abs(value):
            damping *= 10
            if damping > 1e9:
                return u, bool(np.abs(slope[moving]).max() < 1e-4)
            continue
        near = float(np.abs(trial - u).max())
        # A step that changes nothing ends the search, but along a ridge it is no minimum.
        flat = value - after <= 1e-9 * (1 + abs(value))
        u, value, slope, bent = trial, after, steep, None
        if near < 1e-8 or flat:
            return u, bool(curves[0] > 1e-7 * max(float(curves[-1]), 1e-300)) or near < 1e-8
        damping = max(damping / 10, 1e-12)
    return u, False


def _one(goal: Goal, u: Vector) -> tuple[float, Vector]:
    value, slope = goal(u[None])
    return float(value[0]), slope[0]


def hessian(goal: Goal, u: Vector, moving: Any) -> Matrix:
    """Return the second derivatives by central differences of the first."""
    h = np.zeros((len(moving), u.size))
    h[np.arange(len(moving)), moving] = 1e-5 * np.maximum(1.0, np.abs(u[moving]))
    slopes = goal(np.concatenate([u + h, u - h]))[1][:, moving]
    made: Matrix = (slopes[: len(moving)] - slopes[len(moving) :]) / (2 * h.max(axis=1))[:, None]
    return (made + made.T) / 2


def _on_bound(task: Task, theta: Vector) -> Flags:
    """Say which free parameters lie on a limit of the search."""
    near = 1e-7 * (1 + np.abs(theta))
    with np.errstate(invalid="ignore"):
        hit: Flags = task.free & ((theta - task.low <= near) | (task.high - theta <= near))
    return hit
