"""Maximum likelihood for dichotomous models, inside bounds, from many starts at once; and the profile of the benchmark dose.

Gauss–Newton steps on the probabilities with Levenberg's damping. Rows of `theta` are independent problems on the same data:
starts of one fit, or the places of a profile. A parameter on a bound whose gradient points outward is held there for that
step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from .quantal_models import MOST_BACKGROUND, Array, Model

_CLIP = 1e-12
_MOST_STEPS = 80
# How far below the lowest and above the highest dose the benchmark dose is looked for, as logarithms.
BELOW, ABOVE = np.log(1e6), np.log(1e3)


@dataclass(frozen=True)
class Data:
    """Dose groups: doses rising, animals and affected animals of each."""

    dose: Array
    subjects: Array
    affected: Array

    @property
    def positive(self) -> Array:
        """The doses above 0."""
        return self.dose[self.dose > 0]


@dataclass(frozen=True)
class Benchmark:
    """What the benchmark dose is: the response, and whether as extra or added risk."""

    response: float
    is_extra: bool


def log_likelihood(p: Array, data: Data) -> Array:
    """Return the log-likelihood of each row of probabilities, without the binomial constant."""
    return np.asarray(
        np.sum(special.xlogy(data.affected, p) + special.xlog1py(data.subjects - data.affected, -p), axis=-1)
    )


def bounds(model: Model, data: Data, benchmark: Benchmark) -> tuple[Array, Array]:
    """Return lower and upper bounds of (ln D, background, shapes)."""
    most = MOST_BACKGROUND if benchmark.is_extra else 1.0 - benchmark.response - 1e-6
    least = 0.0 if model.has_background else 1e-9
    low = np.array([np.log(data.positive.min()) - BELOW, least, *model.low])
    high = np.array([np.log(data.positive.max()) + ABOVE, most, *model.high])
    return low, high


def _derivatives(model: Model, theta: Array, data: Data, benchmark: Benchmark, low: Array, high: Array) -> Array:
    """Return dp/dθ of shape (s, m, k): by central differences, one-sided where a bound is near."""
    found = np.empty((len(theta), data.dose.size, theta.shape[1]))
    for j in range(theta.shape[1]):
        step = 1e-5 * np.maximum(1.0, np.abs(theta[:, j]))
        above, below = theta.copy(), theta.copy()
        above[:, j] = np.minimum(theta[:, j] + step, high[j])
        below[:, j] = np.maximum(theta[:, j] - step, low[j])
        rise = model.probability(above, data.dose, benchmark.response, benchmark.is_extra) - model.probability(
            below, data.dose, benchmark.response, benchmark.is_extra
        )
        found[:, :, j] = rise / (above[:, j] - below[:, j])[:, None]
    return found


def climb(model: Model, theta: Array, data: Data, benchmark: Benchmark, free: Array) -> tuple[Array, Array]:
    """Climb from each row to a maximum of the likelihood over the parameters that are `free`.

    Returns the rows (s, k) where the climbs ended and their log-likelihoods (s,).
    """
    low, high = bounds(model, data, benchmark)
    theta = np.clip(theta, low, high)

    def at(place: Array) -> tuple[Array, Array]:
        p = np.clip(model.probability(place, data.dose, benchmark.response, benchmark.is_extra), 0.0, 1.0)
        value = log_likelihood(p, data)
        return p, np.where(np.isfinite(value), value, -1e300)

    p, best = at(theta)
    damping = np.full(len(theta), 1e-3)
    going = np.arange(len(theta))
    diagonal = np.arange(theta.shape[1])
    for _ in range(_MOST_STEPS):
        here = theta[going]
        slope = _derivatives(model, here, data, benchmark, low, high)
        near = np.clip(p[going], _CLIP, 1.0 - _CLIP)
        # The observed curvature in p: the expected one, n/(p(1 − p)), is far too large where a small p meets no response.
        information = data.affected / near**2 + (data.subjects - data.affected) / (1.0 - near) ** 2
        gradient = np.einsum("sm,smk->sk", (data.affected - data.subjects * near) / (near * (1.0 - near)), slope)
        outward = ((here <= low) & (gradient < 0)) | ((here >= high) & (gradient > 0)) | np.logical_not(free)
        gradient = np.where(outward, 0.0, gradient)
        matrix = np.einsum("sm,smk,sml->skl", information, slope, slope)
        keep = ~outward
        matrix = matrix * keep[:, :, None] * keep[:, None, :]
        main = matrix[:, diagonal, diagonal]
        matrix[:, diagonal, diagonal] = np.where(
            outward, 1.0, main * (1.0 + damping[going][:, None]) + 1e-10 * (1.0 + main.max(axis=1, keepdims=True))
        )
        step = np.linalg.solve(matrix, gradient[:, :, None])[:, :, 0]
        # No step may leave the region by more than a few units, or the surface it was read from says nothing.
        step = np.clip(step, -3.0, 3.0)
        there = np.clip(here + step, low, high)
        tried, value = at(there)
        better = value >= best[going]
        gain = value - best[going]
        damping[going] = np.where(better, np.maximum(damping[going] / 6.0, 1e-9), damping[going] * 8.0)
        done = (better & (gain <= 1e-12 * (1.0 + np.abs(value))) & (np.abs(there - here).max(axis=1) < 1e-8)) | (
            damping[going] > 1e12
        )
        moved = going[better]
        theta[moved], p[moved], best[moved] = there[better], tried[better], value[better]
        going = going[~done]
        if not going.size:
            break
    return theta, best


def _starts(model: Model, data: Data, benchmark: Benchmark) -> Array:
    control = float((data.affected[0] + 0.25) / (data.subjects[0] + 0.5))
    doses = data.positive
    places = np.log([doses.min() / 10.0, doses.min(), np.sqrt(doses.min() * doses.max()), doses.max()])
    grounds = (control, max(1e-3, control / 4.0)) if control < 0.95 else (0.5,)
    return np.array([[d, g, *shape] for d in places for g in grounds for shape in model.starts])


def maximise(model: Model, data: Data, benchmark: Benchmark) -> tuple[Array, float]:
    """Return the parameters of greatest likelihood and its logarithm."""
    starts = _starts(model, data, benchmark)
    theta, found = climb(model, starts, data, benchmark, np.ones(starts.shape[1], dtype=bool))
    best = int(np.argmax(found))
    return theta[best], float(found[best])


@dataclass(frozen=True)
class Profiled:
    """A fit and the ends of its benchmark dose; an end is None where the likelihood never falls far enough."""

    theta: Array
    log_likelihood: float
    lower: float | None
    upper: float | None


def profile(model: Model, theta: Array, best: float, data: Data, benchmark: Benchmark, confidence: float) -> Profiled:
    """Find the one-sided limits of the benchmark dose at this confidence; a better fit met on the way replaces the first."""
    allowed = float(stats.chi2.ppf(2.0 * confidence - 1.0, 1)) / 2.0
    free = np.ones(theta.size, dtype=bool)
    free[0] = False
    low, high = bounds(model, data, benchmark)
    shapes = [list(shape) for shape in model.starts]

    def height(places: Array, warm: Array) -> tuple[Array, Array]:
        rows = [[d, *warm[1:]] for d in places] + [[d, warm[1], *shape] for d in places for shape in shapes if shape]
        found, value = climb(model, np.array(rows), data, benchmark, free)
        order = np.concatenate(
            [np.arange(len(places)), np.repeat(np.arange(len(places)), len(rows) // len(places) - 1)]
        )
        pick = [max(np.flatnonzero(order == i), key=lambda r: value[r]) for i in range(len(places))]
        return found[pick], value[pick]

    ends: list[float | None] = []
    for side in (-1.0, 1.0):
        reach = 0.02 * 1.55 ** np.arange(18)
        # Most limits lie near; what is far is looked at only where the near places do not reach the limit.
        for part in (reach[:10], reach):
            places = np.clip(theta[0] + side * part, low[0], high[0])
            rows, value = height(places, theta)
            top = int(np.argmax(value))
            if value[top] > best + 1e-7 * (1.0 + abs(best)):
                again, now = climb(model, rows[top][None], data, benchmark, np.ones(theta.size, dtype=bool))
                return profile(model, again[0], float(now[0]), data, benchmark, confidence)
            out = np.flatnonzero(value < best - allowed)
            if out.size:
                break
        else:
            ends.append(None)
            continue
        k = int(out[0])
        inner, outer = (theta[0] if k == 0 else places[k - 1]), places[k]
        warm = theta if k == 0 else rows[k - 1]
        for _ in range(4):
            between = np.linspace(inner, outer, 10)[1:-1]
            rows_b, value_b = height(between, warm)
            beyond = np.flatnonzero(value_b < best - allowed)
            j = int(beyond[0]) if beyond.size else len(between)
            if j > 0:
                inner, warm = between[j - 1], rows_b[j - 1]
            if j < len(between):
                outer = between[j]
        ends.append(float(np.exp((inner + outer) / 2.0)))
    return Profiled(theta, best, ends[0], ends[1])


__all__ = ["Benchmark", "Data", "Profiled", "bounds", "climb", "log_likelihood", "maximise", "profile"]
