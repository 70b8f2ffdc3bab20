"""From a fit to what is said of it: qualified EC50, intervals, tests, and flags for the reviewer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from crdmo.science.checks import Vector
from crdmo.science.least_squares import Array

from . import logistic
from .curve_result import Curvature, CurveFit, Effective, LackOfFit, Parameter
from .curve_search import Fitted

# From this p-value on a curve is no better than a constant.
_NO_RESPONSE = 0.05


@dataclass(frozen=True)
class Settings:
    """What was asked for, the same for all curves."""

    confidence: float
    absolute_level: float | None
    parts: tuple[float, ...]
    curvature: Curvature


def report(
    fitted: Fitted,
    row: int,
    data: tuple[Vector, Vector, Vector],
    covariance: Array,
    ends: tuple[float, float],
    settings: Settings,
) -> CurveFit:
    """Return what is said of one curve among those that were fitted side by side.

    Args:
        fitted: all of them.
        row: which one.
        data: its doses, responses and weights.
        covariance: of its parameters, NaN where they did not move.
        ends: of the profile interval of ln EC50, NaN where open.
        settings: what was asked for.
    """
    x, y, w = data
    p, rss = fitted.solutions.theta[row], float(fitted.solutions.rss[row])
    free, on_limit = fitted.problems.free[row], fitted.solutions.on_bound[row]
    moving: list[int] = np.flatnonzero(free & ~on_limit).tolist()
    n, k = len(y), int(free.sum())
    df = n - k
    square = rss / df
    t = float(special.stdtrit(df, 0.5 + settings.confidence / 2))
    known = bool(moving) and bool(np.isfinite(covariance[np.ix_(moving, moving)]).all())
    known = known and bool((np.diag(covariance)[moving] >= 0).all())
    # An error a million times what it is the error of says the same: nothing is determined.
    span = abs(float(p[logistic.TOP] - p[logistic.BOTTOM])) + math.sqrt(square)
    large = np.array([1e6, 1e6 * span, 1e6 * span, 1e6, 1e6]) ** 2
    known = known and bool((np.diag(covariance)[moving] <= large[moving]).all())
    filled = np.nan_to_num(covariance) if known else None
    wald: tuple[float | None, float | None] = (None, None)
    if filled is not None and logistic.EC50 in moving:
        reach = t * math.sqrt(filled[logistic.EC50, logistic.EC50])
        wald = (_exp(p[logistic.EC50] - reach), _exp(p[logistic.EC50] + reach))
    weight = float(w.sum())
    exact = square <= 1e-24 * float((w * y**2).sum()) / weight
    lower, upper = (_exp(p[logistic.EC50]),) * 2 if exact else (_exp(ends[0]), _exp(ends[1]))
    likelihood = -n / 2 * (math.log(2 * math.pi * rss / n) + 1) + float(np.log(w).sum()) / 2 if rss > 0 else math.inf
    terms = k + 1
    correction = 2 * terms * (terms + 1) / (n - terms - 1) if n > terms + 1 else math.inf
    mean = float((w * y).sum()) / weight
    total = float((w * (y - mean) ** 2).sum())
    flat = _flat(total, rss, k, df)
    tested = x[x > 0]
    lowest, highest = float(tested.min()), float(tested.max())
    ec50 = _exp(p[logistic.EC50])
    qualifier, reported = (">", highest) if flat >= _NO_RESPONSE else _reported(ec50, lowest, highest)
    level = settings.absolute_level
    crossing = None if level is None else _crossing(p, level)
    crossing_ends = _crossing_interval(p, moving, level, filled, t)
    lack = _lack_of_fit(x, y, w, rss, df)
    flags: list[str] = []
    if not fitted.solutions.converged[row]:
        flags.append("Not converged: the numbers are those of the last step")
    if flat >= _NO_RESPONSE:
        flags.append(f"No response: the curve is no better than a constant (p = {flat:.2g}); only a bound is reported")
    flags += [_limit_flag(i, p) for i in np.flatnonzero(on_limit).tolist()]
    flags += _flags(p, x, filled is not None, (lower, upper), _reported(ec50, lowest, highest)[0], lack)
    if level is not None and crossing is None:
        flags.append("The curve never crosses the level: there is no absolute EC50")
    return CurveFit(
        parameters=tuple(_parameter(i, p, free, moving, filled, t) for i in range(5)),
        ec50=ec50,
        qualifier=qualifier,
        reported=reported,
        lower=lower,
        upper=upper,
        wald_lower=wald[0],
        wald_upper=wald[1],
        absolute=crossing,
        effective=tuple(_effective(p, moving, one, filled, t) for one in settings.parts),
        residual_sd=math.sqrt(square),
        degrees_of_freedom=df,
        rss=rss,
        log_likelihood=likelihood,
        aic=2 * terms - 2 * likelihood,
        aicc=2 * terms - 2 * likelihood + correction,
        r_squared=1 - rss / total,
        lack_of_fit=lack,
        lowest_dose=lowest,
        highest_dose=highest,
        confidence=settings.confidence,
        flags=tuple(flags),
        no_response_p=flat,
        covariance=()
        if filled is None or np.abs(filled).max() >= 2.0**53
        else tuple(tuple(map(float, line)) for line in filled),
        absolute_lower=crossing_ends[0],
        absolute_upper=crossing_ends[1],
    )


def _exp(value: float) -> float | None:
    return float(math.exp(value)) if -700 < value < 700 else None


def _flat(total: float, rss: float, k: int, df: int) -> float:
    """Return the p-value of the curve against a constant; a curve with one free parameter does not hold the constant."""
    if k < 2:
        return 0.0
    return float(special.fdtrc(k - 1, df, max(total - rss, 0.0) / (k - 1) / (max(rss, 1e-300) / df)))


def _limit_flag(index: int, p: Vector) -> str:
    name = logistic.NAMES[index]
    return f"{name} lies on its limit of {p[index]:.4g}: it is no estimate"


def _parameter(i: int, p: Vector, free: Array, moving: Sequence[int], covariance: Array | None, t: float) -> Parameter:
    value = float(p[i])
    if covariance is None or i not in moving:
        return Parameter(logistic.NAMES[i], value, None, None, None, not free[i])
    error = math.sqrt(covariance[i, i])
    return Parameter(logistic.NAMES[i], value, error, value - t * error, value + t * error, False)


def _effective(p: Vector, moving: Sequence[int], part: float, covariance: Array | None, t: float) -> Effective:
    """Return a dose of a part of the change, with the delta method on the scale of the dose."""
    dose = math.exp(min(700.0, logistic.effective(p, part)))
    if covariance is None:
        return Effective(part, dose, None, None, None)
    slope = np.zeros(5)
    for i in moving:
        step = 1e-6 * max(1.0, abs(float(p[i])))
        up, down = p.copy(), p.copy()
        up[i] += step
        down[i] -= step
        slope[i] = (math.exp(logistic.effective(up, part)) - math.exp(logistic.effective(down, part))) / (2 * step)
    error = math.sqrt(max(0.0, float(slope @ covariance @ slope)))
    return Effective(part, dose, error, dose - t * error, dose + t * error)


def _reported(ec50: float | None, lowest: float, highest: float) -> tuple[str, float | None]:
    """Return a bound instead of a number that was extrapolated beyond the tested doses."""
    if ec50 is None or ec50 > highest:
        return ">", highest
    return ("<", lowest) if ec50 < lowest else ("", ec50)


def _crossing(p: Vector, level: float) -> float | None:
    """Return the dose at which the curve crosses a response, or None where it never does."""
    bottom, top = float(p[logistic.BOTTOM]), float(p[logistic.TOP])
    s = (level - bottom) / (top - bottom) if top != bottom else -1.0
    if not 0 < s < 1:
        return None
    return _exp(logistic.effective(p, 1 - s if p[logistic.SLOPE] > 0 else s))


def _crossing_interval(
    p: Vector, moving: Sequence[int], level: float | None, covariance: Array | None, t: float
) -> tuple[float | None, float | None]:
    """Return the interval of the dose of a level by the delta method on the logarithm, where the curve crosses it."""
    at = None if level is None else _crossing(p, level)
    if level is None or at is None or covariance is None:
        return None, None
    slope = np.zeros(5)
    for i in moving:
        step = 1e-6 * max(1.0, abs(float(p[i])))
        ends = []
        for side in (1, -1):
            moved = p.copy()
            moved[i] += side * step
            ends.append(_crossing(moved, level))
        if ends[0] is None or ends[1] is None:
            return None, None
        slope[i] = math.log(ends[0] / ends[1]) / (2 * step)
    reach = t * math.sqrt(max(0.0, float(slope @ covariance @ slope)))
    return _exp(math.log(at) - reach), _exp(math.log(at) + reach)


def _lack_of_fit(x: Vector, y: Vector, w: Vector, rss: float, df: int) -> LackOfFit | None:
    doses = np.unique(x)
    if len(doses) == len(y):
        return None
    pure = sum(
        float((w[x == d] * (y[x == d] - np.average(y[x == d], weights=w[x == d])) ** 2).sum()) for d in doses.tolist()
    )
    pure_df = len(y) - len(doses)
    rest = df - pure_df
    if pure_df < 1 or rest < 1 or pure <= 0:
        return None
    f = max(0.0, rss - pure) / rest / (pure / pure_df)
    return LackOfFit(f, rest, pure_df, float(special.fdtrc(rest, pure_df, f)))


def _flags(
    p: Vector,
    x: Vector,
    determined: bool,
    ends: tuple[float | None, float | None],
    qualifier: str,
    lack: LackOfFit | None,
) -> list[str]:
    found = []
    if qualifier == ">":
        found.append("EC50 lies above the highest dose: only a bound is reported")
    if qualifier == "<":
        found.append("EC50 lies below the lowest dose: only a bound is reported")
    if not determined:
        found.append("The data do not determine all parameters: no standard errors")
    if None in ends:
        sides = " and ".join(name for name, end in zip(("below", "above"), ends, strict=True) if end is None)
        found.append(f"The interval of the EC50 is open {sides}")
    doses = np.log(np.unique(x[x > 0]))
    shares = logistic.share(doses, p)
    has_control = bool((x == 0).any())
    if not has_control and max(shares[0], shares[-1]) <= 0.8:
        found.append("The upper plateau is not reached within the doses")
    if min(shares[0], shares[-1]) > 0.2:
        found.append("The lower plateau is not reached within the doses")
    if np.sum((shares > 0.1) & (shares < 0.9)) < 2:
        found.append("The slope stands on fewer than two doses between 10 % and 90 % of the change")
    if lack is not None and lack.p < 0.05:
        found.append("Lack of fit: the curve misses the means of the doses")
    return found
