"""Bootstrap intervals of a logistic curve: thousands of curves made from the fitted one, each fitted again, from a seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from crdmo.science.checks import share, whole_number
from crdmo.science.method import MethodError, method

from . import logistic
from .curve_fit import fit_curve
from .curve_search import FOLLOWED, fit_rows

_MOST = 20_000


class Resampling(Enum):
    """How responses are made anew: normal scatter around the curve, or the residuals of the fit drawn with replacement."""

    NORMAL = "normal"
    RESIDUALS = "residuals"


@dataclass(frozen=True)
class BootstrapInterval:
    """Percentile interval of one quantity; an end is None where more resamples than its share ran to a limit of the search."""

    name: str
    estimate: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class CurveBootstrap:
    """Intervals of the EC50 and of every free parameter.

    `beyond` is the share of resamples whose EC50 lies outside of the tested doses, `lost` that of those that found no end.
    """

    ec50: BootstrapInterval
    parameters: tuple[BootstrapInterval, ...]
    resamples: int
    seed: int
    beyond: float
    lost: float
    confidence: float


@method(
    "discovery.curve_bootstrap",
    version="1.0",
    title="Bootstrap intervals of a logistic curve",
    source="Efron B, Tibshirani RJ (1993) An Introduction to the Bootstrap, 9.4 and 13.3; Davison AC, Hinkley DV (1997), 6.3",
    tolerance=1e-5,
)
def bootstrap_curve(
    *,
    dose: Sequence[float],
    response: Sequence[float],
    seed: int,
    parameters: int = 4,
    fixed: Mapping[str, float] | None = None,
    weights: Sequence[float] | None = None,
    resamples: int = 2000,
    resampling: Resampling = Resampling.NORMAL,
    confidence: float = 0.95,
) -> CurveBootstrap:
    """Return percentile intervals from curves that are made from the fitted one.

    Args:
        dose: of each response, 0 or more, any one unit.
        response: any one unit.
        seed: of the random numbers; the same seed gives the same intervals.
        parameters: 3 (bottom 0), 4 or 5.
        fixed: values of parameters that are known.
        weights: of each response, greater than 0.
        resamples: how many curves are made, 200 to 20,000.
        resampling: normal scatter, or the residuals themselves, blown up for the degrees of freedom that the fit took.
        confidence: of the intervals.

    Raises:
        MethodError: as `discovery.curve_fit`, a seed below 0, or a number of resamples outside its range.
    """
    share("confidence", confidence)
    whole_number("seed", seed, at_least=0)
    if not 200 <= whole_number("resamples", resamples, at_least=200) <= _MOST:
        raise MethodError("this is no number of resamples", given=str(resamples), allowed=f"200 to {_MOST}",
                          next_step="2000 are enough for an interval of 95 %")  # fmt: skip
    fit = fit_curve(dose=dose, response=response, parameters=parameters, fixed=fixed, weights=weights, parts=())
    x, y = np.asarray(dose, dtype=float), np.asarray(response, dtype=float)
    w = np.ones_like(y) if weights is None else np.asarray(weights, dtype=float)
    with np.errstate(divide="ignore"):
        log_dose = np.log(x)
    middle = logistic.response(log_dose, fit.values)
    rng = np.random.default_rng(seed)
    if resampling is Resampling.NORMAL:
        scatter = rng.normal(0.0, fit.residual_sd, (resamples, y.size))
    else:
        rest = (y - middle) * np.sqrt(w)
        rest = (rest - rest.mean()) * math.sqrt(y.size / fit.degrees_of_freedom)
        scatter = rest[rng.integers(0, y.size, (resamples, y.size))]
    known = {i: one.estimate for i, one in enumerate(fit.parameters) if one.fixed}
    tile = np.ones((resamples, 1))
    found = fit_rows(np.tile(log_dose, (resamples, 1)),
                     middle + scatter / np.sqrt(w), w * tile, known)  # fmt: skip
    theta, good = found.solutions.theta, found.solutions.converged
    if good.sum() < 0.9 * resamples:
        raise MethodError("too many resamples found no curve", given=f"{resamples - int(good.sum())} of {resamples}",
                          allowed="at most a tenth", next_step="fix a plateau, or use the profile interval")  # fmt: skip
    theta, hit = theta[good], found.solutions.on_bound[good]
    tested = log_dose[np.isfinite(log_dose)]
    place = theta[:, logistic.EC50]
    far = (tested.min() - math.log(FOLLOWED), tested.max() + math.log(FOLLOWED))
    low, high = _percentiles(place, hit[:, logistic.EC50], confidence)
    ends = [None if end is None or not far[0] < end < far[1] else math.exp(end) for end in (low, high)]
    moving = [i for i in range(5) if i not in known]
    return CurveBootstrap(
        BootstrapInterval("ec50", math.exp(fit.values[logistic.EC50]), ends[0], ends[1]),
        tuple(BootstrapInterval(logistic.NAMES[i], float(fit.values[i]), *_percentiles(theta[:, i], hit[:, i], confidence))
              for i in moving),
        resamples, seed, float(np.mean((place < tested.min()) | (place > tested.max()))), 1 - float(good.mean()), confidence,
    )  # fmt: skip


def _percentiles(values: np.ndarray, hit: np.ndarray, confidence: float) -> tuple[float | None, float | None]:
    """Return the percentiles of the tails, None where the tail is made of resamples that ran to a limit."""
    tail = (1 - confidence) / 2
    low, high = (float(v) for v in np.quantile(values, [tail, 1 - tail]))
    on_limit = values[hit]
    return (
        None if (on_limit <= low).sum() > tail * values.size / 2 else low,
        None if (on_limit >= high).sum() > tail * values.size / 2 else high,
    )
