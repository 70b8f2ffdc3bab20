"""Non-linear least squares for one problem or thousands of one shape at once, inside limits, and the information at the solution.

Levenberg–Marquardt after Moré (1978, LNM 630:105): the damped step comes from a QR factorisation of the Jacobian, never from
its square, so that badly scaled problems keep their digits. Problems of one shape are rows of arrays and are solved side by
side; each has its own damping and leaves when it has converged. Observations that a problem does not have carry weight zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.intp]
# From parameters (rows, p) and the numbers of the rows: values (rows, n) and their derivatives (rows, n, p).
Model = Callable[[Array, Rows], tuple[Array, Array]]

_SMALL_COSINE, _SMALL_REST, _TREMBLE = 1e-10, 1e-28, 1e-13
_ROUGH_COSINE, _ROUGH_GAIN = 1e-6, 1e-9
_MOST_DAMPING = 1e14


@dataclass(frozen=True)
class Problems:
    """What is fitted: rows of observations with weights (one over a variance, up to a factor), and what may move.

    Attributes:
        model: values and derivatives of rows.
        y: observations, a row a problem.
        weights: not negative; zero where there is no observation.
        free: which parameters move, a row a problem.
        low: the least value of each parameter.
        high: the greatest.
    """

    model: Model
    y: Array
    weights: Array
    free: Flags
    low: Array
    high: Array

    def taken(self, rows: Rows) -> Problems:
        """Return some of the problems, in this order; a row may be taken more than once."""
        model = self.model
        return Problems(
            lambda theta, inner: model(theta, rows[inner]),
            self.y[rows],
            self.weights[rows],
            self.free[rows],
            self.low[rows],
            self.high[rows],
        )

    def holding(self, index: int) -> Problems:
        """Return the problems with one parameter held where it starts."""
        free = self.free.copy()
        free[:, index] = False
        return Problems(self.model, self.y, self.weights, free, self.low, self.high)

    def residuals(self, theta: Array, rows: Rows) -> tuple[Array, Array, Array]:
        """Return weighted residuals, weighted derivatives, and the sum of squares."""
        with np.errstate(all="ignore"):
            values, slopes = self.model(theta, rows)
            root = np.sqrt(self.weights[rows])
            rest = np.where(root > 0, (self.y[rows] - values) * root, 0.0)
            slopes = np.where(root[..., None] > 0, slopes * root[..., None], 0.0)
            total = np.einsum("bn,bn->b", rest, rest)
        sound = np.isfinite(total) & np.isfinite(slopes).all(axis=(1, 2))
        return rest, slopes, np.where(sound, total, np.inf)


@dataclass(frozen=True)
class Solutions:
    """Where the problems ended. `on_bound`: the parameter would leave its limits if it could."""

    theta: Array
    rss: Array
    converged: Flags
    on_bound: Flags


def solve(
    problems: Problems, start: Array, *, most: int = 500, rough: bool = False, first_damping: float = 1e-3
) -> Solutions:
    """Minimise the weighted sum of squares of every problem from its start; the same start gives the same answer.

    Parameters: `start` (rows, parameters), `most` iterations, `rough` to stop as soon as the sum of squares stands to about
    ten digits, which is enough for a profile, `first_damping` large to leave the start in small steps. A problem whose
    start has no finite value does not converge.
    """
    theta = np.where(problems.free, np.clip(start, problems.low, problems.high), start)
    every = np.arange(len(theta))
    rest, slopes, rss = problems.residuals(theta, every)
    scale2 = np.einsum("bn,bn->b", problems.y * problems.weights, problems.y)
    damping = np.full(len(theta), first_damping)
    done, fine = ~np.isfinite(rss), np.zeros(len(theta), dtype=bool)
    norms = np.zeros_like(theta)
    small_cosine, small_gain = (_ROUGH_COSINE, _ROUGH_GAIN) if rough else (_SMALL_COSINE, _TREMBLE)
    for _ in range(most):
        rows = np.flatnonzero(~done)
        if not rows.size:
            break
        step, cosine, norms[rows] = _step(problems, theta, rest, slopes, damping, norms, rows)
        trial = np.where(
            problems.free[rows], np.clip(theta[rows] + step, problems.low[rows], problems.high[rows]), theta[rows]
        )
        step = trial - theta[rows]
        straight = rest[rows] - np.einsum("bnp,bp->bn", slopes[rows], step)
        promised = rss[rows] - np.einsum("bn,bn->b", straight, straight)
        new_rest, new_slopes, new_rss = problems.residuals(trial, rows)
        # At the minimum the sum only trembles: what is promised is less than its last digits, and the step ends the search.
        last = (promised <= small_gain * rss[rows]) & (damping[rows] <= 1.0)
        better = (new_rss < rss[rows]) | (last & (new_rss <= rss[rows] * (1 + _TREMBLE)))
        gain = (rss[rows] - new_rss) / np.maximum(promised, 1e-30 * rss[rows] + 1e-300)
        took = rows[better]
        theta[took], rest[took], slopes[took] = trial[better], new_rest[better], new_slopes[better]
        rss[took] = new_rss[better]
        factor = np.where(~better, 8.0, np.where(gain < 0.25, 3.0, np.where(gain > 0.75, 0.1, 1.0)))
        damping[rows] = np.maximum(damping[rows] * factor, 1e-12)
        there = (cosine < small_cosine) | (rss[rows] <= _SMALL_REST * scale2[rows]) | last
        stuck = (damping[rows] > _MOST_DAMPING) | (~step.any(axis=1) & ~better)
        fine[rows] = there | (stuck & (cosine < 1e-5))
        done[rows] = there | stuck
    return Solutions(theta, rss, fine, _outward(problems, theta, rest, slopes, every))


def best_of(one: Solutions, other: Solutions, *, rows: Rows, slack: float = -1e-12) -> Solutions:
    """Return `one`, with the `rows` that `other` solved again replaced where their sum of squares is smaller.

    With a `slack` above 0 one that has ended also replaces one that has not, if it is larger by no more than that.
    """
    win = other.rss < one.rss[rows] * (1 + np.where(other.converged & ~one.converged[rows], slack, -1e-12))
    made = Solutions(one.theta.copy(), one.rss.copy(), one.converged.copy(), one.on_bound.copy())
    for mine, theirs in (
        (made.theta, other.theta),
        (made.rss, other.rss),
        (made.converged, other.converged),
        (made.on_bound, other.on_bound),
    ):
        mine[rows[win]] = theirs[win]
    return made


def solve_from_afar(problems: Problems, start: Array) -> Solutions:
    """Minimise from a start that may be far away: once in bold steps, twice in careful ones; the best answer counts.

    Bold steps from afar can land where the model is flat and stay there (NIST BoxBOD), careful ones can creep into another
    minimum (NIST Eckerle4).
    """
    found, every = solve(problems, start), np.arange(len(start))
    for damping in (1.0, 100.0):
        found = best_of(found, solve(problems, start, first_damping=damping), rows=every)
    return found


def _outward(problems: Problems, theta: Array, rest: Array, slopes: Array, rows: Rows) -> Flags:
    """Say which free parameters lie on a limit and are pulled across it."""
    pull = np.einsum("bnp,bn->bp", slopes[rows], rest[rows])
    low = (theta[rows] <= problems.low[rows]) & (pull < 0)
    high = (theta[rows] >= problems.high[rows]) & (pull > 0)
    return problems.free[rows] & (low | high)


def _step(
    problems: Problems, theta: Array, rest: Array, slopes: Array, damping: Array, norms: Array, rows: Rows
) -> tuple[Array, Array, Array]:
    """Return the damped steps, the largest cosine between residuals and a direction, and the scales of the directions."""
    held = ~problems.free[rows] | _outward(problems, theta, rest, slopes, rows)
    j = np.where(held[:, None, :], 0.0, slopes[rows])
    r = rest[rows]
    count, n, p = j.shape
    own = np.sqrt(np.einsum("bnp,bnp->bp", j, j))
    scale = np.maximum(norms[rows], own)
    used = np.where(scale > 0, scale, 1.0)
    table = np.zeros((count, n + p, p + 1))
    table[:, :n, :p] = j / used[:, None, :]
    table[:, :n, p] = r
    table[:, n:, :p] = np.sqrt(damping[rows])[:, None, None] * np.eye(p)
    upper: Array = np.asarray(np.linalg.qr(table, mode="r"))
    # As a stack of columns: NumPy 2 reads a plain stack of vectors as one matrix.
    step = np.linalg.solve(upper[:, :p, :p], upper[:, :p, p, None])[..., 0] / used
    size = own * np.sqrt(np.einsum("bn,bn->b", r, r))[:, None]
    along = np.abs(np.einsum("bnp,bn->bp", j, r))
    cosine = np.max(np.divide(along, size, out=np.zeros_like(along), where=size > 0), axis=1, initial=0.0)
    return np.where(held, 0.0, step), cosine, scale


def covariances(problems: Problems, solutions: Solutions, *, observed: bool = False) -> Array:
    """Return the inverse information of each problem, to be multiplied by the residual variance.

    Expected information is that of Gauss–Newton (as R `nls`); observed is half the Hessian of the sum of squares (as R
    `drc`), its second derivatives by central differences. Rows and columns of parameters that did not move, or that lie on
    a limit, are NaN; all are NaN where the information has no inverse.
    """
    theta, rows = solutions.theta, np.arange(len(solutions.theta))
    rest, slopes, _ = problems.residuals(theta, rows)
    information = np.einsum("bnp,bnq->bpq", slopes, slopes)
    if observed:
        for k in range(theta.shape[1]):
            h = 1e-5 * (np.abs(theta[:, k]) + 1e-3)
            up, down = theta.copy(), theta.copy()
            up[:, k] += h
            down[:, k] -= h
            bent = (problems.residuals(up, rows)[1] - problems.residuals(down, rows)[1]) / (2 * h)[:, None, None]
            information[:, :, k] -= np.einsum("bnp,bn->bp", bent, rest)
        information = (information + information.transpose(0, 2, 1)) / 2
    moving = problems.free & ~solutions.on_bound
    found = np.full(information.shape, np.nan)
    for pattern in np.unique(moving, axis=0):
        block = np.flatnonzero((moving == pattern).all(axis=1))
        which = np.flatnonzero(pattern)
        if which.size:
            found[np.ix_(block, which, which)] = _inverses(information[np.ix_(block, which, which)])
    return found


def _inverses(matrices: Array) -> Array:
    """Return the inverses of information matrices, NaN where one is singular or not positive."""
    made = np.full(matrices.shape, np.nan)
    size = np.sqrt(np.abs(np.diagonal(matrices, axis1=1, axis2=2)))
    sound = np.flatnonzero(np.isfinite(matrices).all(axis=(1, 2)) & (size > 0).all(axis=1))
    outer = size[sound, :, None] * size[sound, None, :]
    values, vectors = np.linalg.eigh(matrices[sound] / outer)
    good = values[:, 0] > 1e-15 * values[:, -1]
    turned = vectors[good]
    made[sound[good]] = (turned / values[good, None, :]) @ turned.transpose(0, 2, 1) / outer[good]
    return made
