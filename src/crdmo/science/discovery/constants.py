"""Constants of a kinetic model: positive numbers, fitted as their logarithms, with Wald and profile-likelihood intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from crdmo.science.checks import Vector, share
from crdmo.science.least_squares import Array, Problems, Rows, covariances, solve_from_afar
from crdmo.science.method import MethodError
from crdmo.science.profile_likelihood import profile_intervals

# From the constants: predicted values (n) and their derivatives (n, p).
Law = Callable[[Vector], tuple[Vector, Array]]
# How far from the start, as a factor, a constant is looked for.
FOLLOWED = 1e6
EXACT = 1e-16
# An interval of the logarithm that reaches so far each way says nothing.
WIDEST = 25.0


@dataclass(frozen=True)
class Constant:
    """A constant in the unit of what it is compared with.

    `lower` and `upper` are the profile-likelihood interval, None where it is open; `wald` is the t interval of the logarithm,
    None where it spans ten powers of ten each way.
    A constant that ran away to the limit of the search has neither error nor interval: the data do not hold it.
    """

    name: str
    value: float
    standard_error: float | None
    lower: float | None
    upper: float | None
    wald: tuple[float, float] | None


@dataclass(frozen=True)
class Fit:
    """Constants, what is left, and the criteria by which laws are compared on the same data."""

    constants: tuple[Constant, ...]
    rss: float
    degrees_of_freedom: int
    residual_sd: float
    aicc: float

    def of(self, name: str) -> Constant:
        """Return a constant by its name."""
        return next(one for one in self.constants if one.name == name)


def fit_constants(
    law: Law, y: Vector, start: Mapping[str, float], *, weights: Vector, confidence: float, intervals: bool = True
) -> Fit:
    """Fit a law with positive constants to observations by weighted least squares.

    Parameters: `law`, `y` observed, `start` names and starting values, `weights` of observations, `confidence` of intervals,
    `intervals` False to leave profiles out where only the criteria of the fit are wanted.

    Raises `MethodError`: no observation to spare, or no minimum was found.
    """
    share("confidence", confidence)
    names, n, p = list(start), y.size, len(start)
    if n <= p:
        raise MethodError(
            "there are too few observations for this law",
            given=f"{n} observations, {p} constants",
            allowed=f"at least {p + 1} observations",
            next_step="measure more points",
        )

    def model(theta: Array, rows: Rows) -> tuple[Array, Array]:
        found = [law(np.exp(one)) for one in theta]
        slopes = np.array([slopes for _, slopes in found]) * np.exp(theta)[:, None, :]
        return np.array([values for values, _ in found]), slopes

    first = np.log(np.array([[start[name] for name in names]]))
    far = math.log(FOLLOWED)
    problems = Problems(model, y[None], weights[None], np.ones((1, p), dtype=bool), first - far, first + far)
    found = solve_from_afar(problems, first)
    # Residuals of a hundred-millionth are those of rounding, among which no direction leads down.
    if not found.converged[0] and not found.rss[0] <= EXACT * float(weights @ y**2):
        raise MethodError(
            "no constants were found for this law",
            given=f"{n} observations",
            allowed="observations that the law can follow",
            next_step="look at the data and at the units of concentrations",
        )
    rss, df = float(found.rss[0]), n - p
    square = rss / df
    with np.errstate(invalid="ignore"):
        errors = np.sqrt(np.diag(covariances(problems, found)[0]) * square)
    t = float(stats.t.ppf(0.5 + confidence / 2, df))
    constants = []
    for k, name in enumerate(names):
        at, error, value = float(found.theta[0, k]), float(errors[k]), math.exp(found.theta[0, k])
        if not (intervals and math.isfinite(error)):
            constants.append(Constant(name, value, None, None, None, None))
            continue
        lower, upper = profile_intervals(
            problems, found, k, confidence=confidence, standard_errors=np.array([max(error, 1e-9)]),
            reach=(first[:, k] - far, first[:, k] + far),
        )  # fmt: skip
        ends = [math.exp(float(end[0])) if np.isfinite(end[0]) else None for end in (lower, upper)]
        wald = (math.exp(at - t * error), math.exp(at + t * error)) if t * error < WIDEST else None
        constants.append(Constant(name, value, value * error, ends[0], ends[1], wald))
    terms, spread = p + 1, max(rss, 1e-300) / n
    correction = 2 * terms * (terms + 1) / (n - terms - 1) if n > terms + 1 else math.inf
    aicc = n * math.log(spread) + 2 * terms + correction
    return Fit(tuple(constants), rss, df, math.sqrt(square), aicc)
