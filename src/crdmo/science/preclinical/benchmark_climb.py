"""Maximum likelihood inside bounds from many starts at once, and the profile of the first parameter, the benchmark dose.

Gauss–Newton steps on what the data speak of, with Levenberg's damping. Rows of `theta` are independent problems on the same
data: starts of one fit, or the places of a profile. A parameter on a bound whose gradient points outward is held there for
that step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]
_MOST_STEPS = 80


class Surface(Protocol):
    """A likelihood over parameters whose first is ln D; `shapes` are values of the last parameters to start from."""

    @property
    def low(self) -> Array:
        """Lower bounds, shape (k,)."""

    @property
    def high(self) -> Array:
        """Upper bounds, shape (k,)."""

    @property
    def shapes(self) -> tuple[tuple[float, ...], ...]:
        """Starting values of the last parameters."""

    def predict(self, theta: Array) -> Array:
        """Return what the data speak of, shape (s, q), at parameters of shape (s, k)."""

    def value(self, predicted: Array) -> Array:
        """Return the log-likelihood, shape (s,)."""

    def pull(self, predicted: Array) -> tuple[Array, Array]:
        """Return gradient and (not negative) curvature of it in each predicted quantity, both of shape (s, q)."""


def _derivatives(surface: Surface, theta: Array, moving: NDArray[np.intp]) -> Array:
    """Return d(predicted)/dθ of shape (s, q, k): by central differences, one-sided where a bound is near.

    All differences are one call, because the cost of a call is far above that of its rows. A parameter that is held has
    none: nothing changes with it.
    """
    s, k = theta.shape
    step = 1e-5 * np.maximum(1.0, np.abs(theta[:, moving])).T[:, :, None] * np.eye(k)[moving][:, None, :]
    above = np.minimum(theta + step, surface.high).reshape(-1, k)
    below = np.maximum(theta - step, surface.low).reshape(-1, k)
    width = np.sum(above - below, axis=1)
    both = surface.predict(np.concatenate([above, below]))
    rise = (both[: len(above)] - both[len(above) :]) / width[:, None]
    found = np.zeros((s, rise.shape[1], k))
    found[:, :, moving] = rise.reshape(moving.size, s, -1).transpose(1, 2, 0)
    return found


def climb(surface: Surface, theta: Array, free: NDArray[np.bool_], *, tolerance: float = 1e-12) -> tuple[Array, Array]:
    """Climb from each row to a maximum of the likelihood over the parameters that are `free`.

    A climb ends where a step gains less than `tolerance` of the log-likelihood; at the usual one also the step must be small.
    Returns the rows (s, k) where the climbs ended and their log-likelihoods (s,).
    """
    low, high = surface.low, surface.high
    theta = np.clip(theta, low, high)

    def at(place: Array) -> tuple[Array, Array]:
        predicted = surface.predict(place)
        value = surface.value(predicted)
        return predicted, np.where(np.isfinite(value), value, -1e300)

    predicted, best = at(theta)
    damping = np.full(len(theta), 1e-3)
    going = np.arange(len(theta))
    diagonal = np.arange(theta.shape[1])
    held = np.logical_not(free) | (low == high)
    moving = np.flatnonzero(~held)
    if not moving.size:
        return theta, best
    for _ in range(_MOST_STEPS):
        here = theta[going]
        slope = _derivatives(surface, here, moving)
        pull, curvature = surface.pull(predicted[going])
        gradient = np.einsum("sm,smk->sk", pull, slope)
        outward = ((here <= low) & (gradient < 0)) | ((here >= high) & (gradient > 0)) | held
        gradient = np.where(outward, 0.0, gradient)
        matrix = np.einsum("sm,smk,sml->skl", curvature, slope, slope)
        keep = np.logical_not(outward)
        matrix = matrix * keep[:, :, None] * keep[:, None, :]
        main = matrix[:, diagonal, diagonal]
        matrix[:, diagonal, diagonal] = np.where(
            outward, 1.0, main * (1.0 + damping[going][:, None]) + 1e-10 * (1.0 + main.max(axis=1, keepdims=True))
        )
        step = np.linalg.solve(matrix, gradient[:, :, None])[:, :, 0]
        # No step may leave the region by more than a few units, or the surface it was read from says nothing.
        step = np.clip(step, -3.0 * np.maximum(1.0, np.abs(here)), 3.0 * np.maximum(1.0, np.abs(here)))
        there = np.clip(here + step, low, high)
        tried, value = at(there)
        better = value >= best[going]
        gain = value - best[going]
        damping[going] = np.where(better, np.maximum(damping[going] / 6.0, 1e-9), damping[going] * 8.0)
        small = (np.abs(there - here).max(axis=1) < 1e-8) | (tolerance > 1e-12)
        done = (better & (gain <= tolerance * (1.0 + np.abs(value))) & small) | (damping[going] > 1e12)
        moved = going[better]
        theta[moved], predicted[moved], best[moved] = there[better], tried[better], value[better]
        going = going[np.logical_not(done)]
        if not going.size:
            break
    return theta, best


@dataclass(frozen=True)
class Profiled:
    """A fit and the ends of its benchmark dose; an end is None where the likelihood never falls far enough."""

    theta: Array
    log_likelihood: float
    lower: float | None
    upper: float | None


def allowed_fall(confidence: float) -> float:
    """Return by how much the log-likelihood may fall within a one-sided limit of this confidence."""
    return float(stats.chi2.ppf(2.0 * confidence - 1.0, 1)) / 2.0


def _height(surface: Surface, places: Array, warm: Array, *, near: bool = False) -> tuple[Array, Array]:
    """Return the best rest of the parameters at each place of ln D: from the fit beside it and, unless near, every shape."""
    free = np.ones(warm.size, dtype=bool)
    free[0] = False
    shapes = [] if near else [shape for shape in surface.shapes if shape]
    rows = [[d, *warm[1:]] for d in places]
    rows += [[d, *warm[1 : warm.size - len(shape)], *shape] for d in places for shape in shapes]
    found, value = climb(surface, np.array(rows), free, tolerance=1e-10 if near else 1e-7)
    order = np.concatenate([np.arange(len(places)), np.repeat(np.arange(len(places)), len(shapes))])
    pick = [max(np.flatnonzero(order == i), key=lambda r: float(value[r])) for i in range(len(places))]
    return found[pick], value[pick]


def profile(surface: Surface, theta: Array, best: float, confidence: float) -> Profiled:
    """Find the one-sided limits of the benchmark dose; a better fit met on the way replaces the first."""
    allowed = allowed_fall(confidence)
    low, high = surface.low, surface.high
    ends: list[float | None] = []
    reach = 0.02 * 1.55 ** np.arange(18)
    for side in (-1.0, 1.0):
        # Most limits lie near; what is far is looked at only where the near places do not reach the limit.
        for part in (reach[:10], reach):
            places = np.clip(theta[0] + side * part, low[0], high[0])
            rows, value = _height(surface, places, theta)
            top = int(np.argmax(value))
            if value[top] > best + 1e-7 * (1.0 + abs(best)):
                again, now = climb(surface, rows[top][None], np.ones(theta.size, dtype=bool))
                return profile(surface, again[0], float(now[0]), confidence)
            out = np.flatnonzero(value < best - allowed)
            if out.size:
                break
        else:
            ends.append(None)
            continue
        k = int(out[0])
        inner, outer = (float(theta[0]) if k == 0 else float(places[k - 1])), float(places[k])
        warm = theta if k == 0 else rows[k - 1]
        for _ in range(4):
            between = np.linspace(inner, outer, 10)[1:-1]
            rest, height = _height(surface, between, warm, near=True)
            beyond = np.flatnonzero(height < best - allowed)
            j = int(beyond[0]) if beyond.size else len(between)
            if j > 0:
                inner, warm = float(between[j - 1]), rest[j - 1]
            if j < len(between):
                outer = float(between[j])
        ends.append(float(np.exp((inner + outer) / 2.0)))
    return Profiled(theta, best, ends[0], ends[1])


__all__ = ["Array", "Profiled", "Surface", "allowed_fall", "climb", "profile"]
