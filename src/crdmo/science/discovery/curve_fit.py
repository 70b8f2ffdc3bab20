"""Dose-response curves: 3-, 4- and 5-parameter logistic fits with Wald and profile-likelihood intervals and what is wrong with them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy import optimize, stats

from crdmo.science.checks import Vector, finite_numbers, same_length, share, whole_number
from crdmo.science.least_squares import Solution, minimise
from crdmo.science.method import MethodError, method

from . import logistic

# How far beyond the tested doses, as a factor, an interval is followed before it counts as open.
FOLLOWED = 1e4


class Curvature(Enum):
    """What standard errors stand on: the expected information (Gauss–Newton, R's nls) or the observed one (R's drc)."""

    EXPECTED = "expected"
    OBSERVED = "observed"


@dataclass(frozen=True)
class Parameter:
    """One parameter: estimate, standard error, Wald interval by t; fixed ones have none."""

    name: str
    estimate: float
    standard_error: float | None
    lower: float | None
    upper: float | None
    fixed: bool


@dataclass(frozen=True)
class Effective:
    """The dose at which a part of the whole change is reached, with its Wald interval on the scale of the dose."""

    part: float
    dose: float
    standard_error: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class LackOfFit:
    """The curve against the means of the doses: F, degrees of freedom and p."""

    f: float
    numerator: int
    denominator: int
    p: float


@dataclass(frozen=True)
class CurveFit:
    """A fitted curve.

    Attributes:
        parameters: slope, bottom, top, ln_ec50, asymmetry.
        ec50: the relative EC50, in the unit of the dose; None where the curve says none.
        qualifier: "" for an estimate inside the tested doses, ">" or "<" where only a bound can be said: then `reported` is
            the highest or lowest dose.
        reported: what a table prints.
        lower, upper: profile-likelihood interval of the EC50; None where it is open on that side.
        wald_lower, wald_upper: interval from the scale of ln EC50, for comparison.
        absolute: dose at which the curve crosses the level asked for, or None: then it never does.
        effective: ED10, ED50, ED90 or the parts asked for.
        residual_sd: of one response.
        rss, log_likelihood, aic, aicc, r_squared: of the fit.
        lack_of_fit: None without replicates.
        flags: what a reviewer must look at.
    """

    parameters: tuple[Parameter, ...]
    ec50: float | None
    qualifier: str
    reported: float | None
    lower: float | None
    upper: float | None
    wald_lower: float | None
    wald_upper: float | None
    absolute: float | None
    effective: tuple[Effective, ...]
    residual_sd: float
    degrees_of_freedom: int
    rss: float
    log_likelihood: float
    aic: float
    aicc: float
    r_squared: float
    lack_of_fit: LackOfFit | None
    lowest_dose: float
    highest_dose: float
    confidence: float
    flags: tuple[str, ...]

    @property
    def values(self) -> Vector:
        """The five parameters as a vector."""
        return np.array([one.estimate for one in self.parameters])


@method(
    "discovery.curve_fit",
    version="1.0",
    title="Logistic dose-response curve",
    source="Ritz C et al., PLoS ONE 2015;10:e0146021; Bates DM, Watts DG, Nonlinear Regression Analysis, 1988, chapter 6",
)
def fit_curve(
    *,
    dose: Sequence[float],
    response: Sequence[float],
    parameters: int = 4,
    fixed: Mapping[str, float] | None = None,
    weights: Sequence[float] | None = None,
    confidence: float = 0.95,
    absolute_level: float | None = None,
    parts: Sequence[float] = (0.1, 0.5, 0.9),
    curvature: Curvature = Curvature.EXPECTED,
) -> CurveFit:
    """Return the least-squares fit of a logistic curve.

    Args:
        dose: of each response, 0 or more, any one unit; dose 0 is a control and stays one.
        response: any one unit; replicates as they are, not averaged.
        parameters: 3 (bottom 0), 4, or 5 (asymmetry).
        fixed: values of parameters that are known: slope, bottom, top, asymmetry.
        weights: of each response, greater than 0; the residual variance is that of weight 1.
        confidence: of every interval.
        absolute_level: response whose dose is wanted (the absolute IC50), in the unit of the response.
        parts: shares of the whole change whose doses are wanted.
        curvature: that standard errors and Wald intervals stand on; profile intervals need none.

    Raises:
        MethodError: lists of different length, a dose below 0, fewer than four doses or no more responses than parameters,
            all responses alike, an unknown parameter, or no convergence.

    Source: Ritz et al. (2015), LL.3 to LL.5; profile interval after Bates and Watts (1988).

    Ryegrass (Inderjit, Streibig, Olofsdotter 2002), means of the doses with their numbers of replicates:

    >>> fit = fit_curve(dose=[0, 0.94, 1.88, 3.75, 7.5, 15, 30], weights=[6, 3, 3, 3, 3, 3, 3],
    ...                 response=[7.7493, 7.6733, 6.4146, 3.0149, 1.0339, 0.6792, 0.3033])
    >>> round(fit.ec50, 3), fit.qualifier
    (3.058, '')
    """
    x, y, w = _checked(dose, response, weights)
    known = _known(parameters, fixed or {})
    free = [i for i, name in enumerate(logistic.NAMES) if name not in known]
    if len(y) <= len(free):
        raise MethodError(
            "there are too few responses for this curve",
            given=f"{len(y)} responses, {len(free)} parameters to find",
            allowed="more responses than parameters",
            next_step="fix a plateau, or add doses",
        )
    log_dose = np.log(x, where=x > 0, out=np.full(len(x), -np.inf))
    base = np.array([known.get(name, 0.0) for name in logistic.NAMES])
    if logistic.NAMES[logistic.ASYMMETRY] not in known:
        base[logistic.ASYMMETRY] = 1.0
    problem = _Problem(log_dose, y, np.sqrt(w), base, free)
    solution = problem.best()
    p = problem.whole(solution.parameters)
    df = len(y) - len(free)
    square = solution.sum_of_squares / df
    covariance = solution.covariance(square)
    if covariance is not None and curvature is Curvature.OBSERVED:
        covariance = problem.observed(solution.parameters, square)
    t = float(stats.t.ppf(0.5 + share("confidence", confidence) / 2, df))
    errors = None if covariance is None else np.sqrt(np.diag(covariance))
    shown = _parameters(p, free, errors, t)
    place = free.index(logistic.EC50)
    lower, upper = problem.profile(solution, place, t, math.sqrt(square)) if square > 0 else (p[3], p[3])
    wald = (None, None) if errors is None else (_exp(p[3] - t * errors[place]), _exp(p[3] + t * errors[place]))
    n, rss = len(y), solution.sum_of_squares
    likelihood = -n / 2 * (math.log(2 * math.pi * rss / n) + 1) + float(np.log(w).sum()) / 2 if rss > 0 else math.inf
    k = len(free) + 1
    tested = x[x > 0]
    ec50 = _exp(p[logistic.EC50])
    qualifier, reported = _reported(ec50, float(tested.min()), float(tested.max()))
    crossing = None if absolute_level is None else _crossing(p, absolute_level)
    mean = float(np.average(y, weights=w))
    total = float((w * (y - mean) ** 2).sum())
    return CurveFit(
        shown, ec50, qualifier, reported, None if lower is None else _exp(lower), None if upper is None else _exp(upper),
        *wald, crossing, tuple(_effective(p, free, one, covariance, t) for one in parts), math.sqrt(square), df, rss,
        likelihood, 2 * k - 2 * likelihood, 2 * k - 2 * likelihood + 2 * k * (k + 1) / (n - k - 1) if n > k + 1 else math.inf,
        1 - rss / total, _lack_of_fit(x, y, w, rss, df), float(tested.min()), float(tested.max()), confidence,
        _flags(p, log_dose, errors, lower, upper, qualifier, absolute_level, crossing, _lack_of_fit(x, y, w, rss, df)),
    )  # fmt: skip


def _exp(value: float) -> float | None:
    return float(math.exp(value)) if -700 < value < 700 else None


def _checked(
    dose: Sequence[float], response: Sequence[float], weights: Sequence[float] | None
) -> tuple[Vector, Vector, Vector]:
    same_length("dose", list(dose), "response", list(response))
    x, y = finite_numbers("dose", dose, at_least=4), finite_numbers("response", response)
    w = finite_numbers("weights", weights) if weights is not None else np.ones(len(x))
    same_length("weights", w, "response", y)
    if (x < 0).any() or (w <= 0).any():
        raise MethodError(
            "a dose is below 0 or a weight is not above 0",
            given=f"lowest dose {x.min():g}, lowest weight {w.min():g}",
            allowed="doses of 0 or more, weights greater than 0",
            next_step="correct the value; a logarithm of a dose is not a dose",
        )
    if len(set(x[x > 0].tolist())) < 3 or len(set(x.tolist())) < 4:
        raise MethodError(
            "there are too few doses for a curve",
            given=f"{len(set(x.tolist()))} different doses",
            allowed="at least four, three of them above 0",
            next_step="test more doses",
        )
    if float(y.max() - y.min()) <= 1e-12 * max(1.0, float(np.abs(y).max())):
        raise MethodError(
            "all responses are the same",
            given=f"{len(y)} times {y[0]:g}",
            allowed="responses that differ",
            next_step="report the compound as inactive; there is no curve",
        )
    return x, y, w


def _known(parameters: int, fixed: Mapping[str, float]) -> dict[str, float]:
    whole_number("parameters", parameters, at_least=3)
    by_number: dict[int, dict[str, float]] = {3: {"bottom": 0.0, "asymmetry": 1.0}, 4: {"asymmetry": 1.0}, 5: {}}
    allowed = ("slope", "bottom", "top", "asymmetry")
    if parameters not in by_number or any(name not in allowed for name in fixed):
        raise MethodError(
            "this curve is not known",
            given=f"{parameters} parameters, fixed {', '.join(fixed) or 'none'}",
            allowed=f"3, 4 or 5 parameters; fixed: {', '.join(allowed)}",
            next_step="choose one of them",
        )
    known = by_number[parameters] | {name: float(value) for name, value in fixed.items()}
    finite_numbers("fixed parameters", list(known.values()) or [0.0])
    if known.get("slope") == 0 or known.get("asymmetry", 1.0) <= 0:
        raise MethodError(
            "a fixed parameter makes no curve",
            given=", ".join(f"{name} {value:g}" for name, value in known.items()),
            allowed="slope other than 0, asymmetry above 0",
            next_step="leave it free",
        )
    return known


class _Problem:
    """The residuals of one data set as a function of the free parameters; asymmetry is searched as its logarithm."""

    def __init__(self, log_dose: Vector, y: Vector, root: Vector, base: Vector, free: list[int]) -> None:
        self.log_dose, self.y, self.root, self.base, self.free = log_dose, y, root, base, free

    def whole(self, part: Vector) -> Vector:
        p = self.base.copy()
        p[self.free] = part
        return p

    def best(self) -> Solution:
        """Return the best of the minima reached from a grid of EC50 and slope; plateaus are linear and solved for."""
        inner = self.log_dose[np.isfinite(self.log_dose)]
        places = np.linspace(inner.min(), inner.max(), 13)
        slopes = [self.base[0]] if logistic.SLOPE not in self.free else [-4.0, -2.0, -1.0, -0.5, 0.5, 1.0, 2.0, 4.0]
        starts = sorted((self._start(at, slope) for at in places for slope in slopes), key=lambda one: one[0])
        found: Solution | None = None
        for _, start in starts[:6]:
            again = minimise(self.residual, start, self.jacobian)
            if np.isfinite(again.sum_of_squares) and (
                found is None or again.sum_of_squares < found.sum_of_squares * (1 - 1e-12)
            ):
                found = again
        if found is None:
            raise MethodError(
                "no curve was found",
                given=f"{len(self.y)} responses",
                allowed="responses that a logistic curve can follow",
                next_step="look at the data; fix a plateau or the slope",
            )
        return self._upright(found)

    def _start(self, at: float, slope: float) -> tuple[float, Vector]:
        p = self.base.copy()
        p[logistic.EC50], p[logistic.SLOPE] = at, slope
        s = logistic.share(self.log_dose, p)
        columns = {logistic.BOTTOM: 1 - s, logistic.TOP: s}
        free = [i for i in columns if i in self.free]
        left = self.y - sum((p[i] * columns[i] for i in columns if i not in free), np.zeros(len(s)))
        if free:
            table = np.column_stack([columns[i] for i in free]) * self.root[:, None]
            p[free] = np.linalg.lstsq(table, left * self.root, rcond=None)[0]
        part = p[self.free]
        return float((self.residual(part) ** 2).sum()), part

    def _upright(self, found: Solution) -> Solution:
        """Turn a curve whose bottom is above its top, where the model allows it: the same curve with the slope reversed."""
        p = self.whole(found.parameters)
        swappable = {logistic.SLOPE, logistic.BOTTOM, logistic.TOP} <= set(
            self.free
        ) and logistic.ASYMMETRY not in self.free
        if not swappable or p[logistic.BOTTOM] <= p[logistic.TOP]:
            return found
        p[[logistic.BOTTOM, logistic.TOP]] = p[[logistic.TOP, logistic.BOTTOM]]
        p[logistic.SLOPE] = -p[logistic.SLOPE]
        return minimise(self.residual, p[self.free], self.jacobian)

    def residual(self, part: Vector) -> Vector:
        p = self.whole(part)
        if p[logistic.ASYMMETRY] <= 0:
            return np.full(len(self.y), np.inf)
        return (logistic.response(self.log_dose, p) - self.y) * self.root

    def jacobian(self, part: Vector) -> np.ndarray:
        return logistic.derivatives(self.log_dose, self.whole(part))[:, self.free] * self.root[:, None]

    def observed(self, part: Vector, square: float) -> np.ndarray | None:
        """Return the covariance from the curvature of the sum of squares itself, or None where it is no minimum."""

        def gradient(at: Vector) -> Vector:
            found: Vector = self.jacobian(at).T @ self.residual(at)
            return found

        rows = []
        for i, value in enumerate(part):
            step = 1e-5 * max(abs(float(value)), 1e-2)
            up, down = part.copy(), part.copy()
            up[i] += step
            down[i] -= step
            rows.append((gradient(up) - gradient(down)) / (2 * step))
        hessian = (np.array(rows) + np.array(rows).T) / 2
        if float(np.linalg.eigvalsh(hessian).min()) <= 0:
            return None
        return np.linalg.inv(hessian) * square

    def profile(self, found: Solution, place: int, t: float, sd: float) -> tuple[float | None, float | None]:
        """Return where the signed root of the likelihood ratio reaches ±t, on each side; None where it never does."""
        others = [i for i in range(len(self.free)) if i != place]
        centre = float(found.parameters[place])
        inner = self.log_dose[np.isfinite(self.log_dose)]
        ends = (min(centre, inner.min()) - math.log(FOLLOWED), max(centre, inner.max()) + math.log(FOLLOWED))

        def excess(at: float, near: Vector) -> tuple[float, Vector]:
            fixed = _Problem(self.log_dose, self.y, self.root, self.base, [self.free[i] for i in others])
            fixed.base = self.base.copy()
            fixed.base[self.free[place]] = at
            again = minimise(fixed.residual, near, fixed.jacobian) if others else None
            rss = again.sum_of_squares if again else float((self.residual(np.array([at])) ** 2).sum())
            return math.sqrt(max(0.0, rss - found.sum_of_squares)) / sd - t, again.parameters if again else near

        limits: list[float | None] = []
        for end in ends:
            near, inside, step = found.parameters[others], centre, 0.05 * (1 if end > centre else -1)
            limit = None
            while abs(inside - centre) < abs(end - centre):
                outside = inside + step
                value, ahead = excess(outside, near)
                if value >= 0:
                    held = near
                    limit = float(
                        optimize.brentq(lambda at, held=held: excess(at, held)[0], inside, outside, xtol=1e-11)
                    )
                    break
                inside, near, step = outside, ahead, step * 1.4
            limits.append(limit)
        return limits[0], limits[1]


def _parameters(p: Vector, free: list[int], errors: Vector | None, t: float) -> tuple[Parameter, ...]:
    rows = []
    for i, name in enumerate(logistic.NAMES):
        if i not in free:
            rows.append(Parameter(name, float(p[i]), None, None, None, True))
            continue
        error = None if errors is None else float(errors[free.index(i)])
        reach = None if error is None else t * error
        low, high = (None, None) if reach is None else (float(p[i] - reach), float(p[i] + reach))
        rows.append(Parameter(name, float(p[i]), error, low, high, False))
    return tuple(rows)


def _effective(p: Vector, free: list[int], part: float, covariance: np.ndarray | None, t: float) -> Effective:
    """Return a dose of a part of the change, with the delta method on the scale of the dose."""
    dose = math.exp(min(700.0, logistic.effective(p, share("part", part))))
    if covariance is None:
        return Effective(part, dose, None, None, None)
    slope = np.zeros(len(free))
    for n, i in enumerate(free):
        step = 1e-6 * max(1.0, abs(float(p[i])))
        up, down = p.copy(), p.copy()
        up[i] += step
        down[i] -= step
        slope[n] = (math.exp(logistic.effective(up, part)) - math.exp(logistic.effective(down, part))) / (2 * step)
    error = math.sqrt(float(slope @ covariance @ slope))
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


def _lack_of_fit(x: Vector, y: Vector, w: Vector, rss: float, df: int) -> LackOfFit | None:
    doses = np.unique(x)
    pure = sum(
        float((w[x == d] * (y[x == d] - np.average(y[x == d], weights=w[x == d])) ** 2).sum()) for d in doses.tolist()
    )
    pure_df = len(y) - len(doses)
    rest = df - pure_df
    if pure_df < 1 or rest < 1 or pure <= 0:
        return None
    f = max(0.0, rss - pure) / rest / (pure / pure_df)
    return LackOfFit(f, rest, pure_df, float(stats.f.sf(f, rest, pure_df)))


def _flags(
    p: Vector, log_dose: Vector, errors: Vector | None, lower: float | None, upper: float | None, qualifier: str,
    level: float | None, crossing: float | None, lack: LackOfFit | None,
) -> tuple[str, ...]:  # fmt: skip
    found = []
    if qualifier == ">":
        found.append("EC50 lies above the highest dose: only a bound is reported")
    if qualifier == "<":
        found.append("EC50 lies below the lowest dose: only a bound is reported")
    if errors is None:
        found.append("The data do not determine all parameters: no standard errors")
    if lower is None or upper is None:
        sides = " and ".join(name for name, end in (("below", lower), ("above", upper)) if end is None)
        found.append(f"The interval of the EC50 is open {sides}")
    inner = log_dose[np.isfinite(log_dose)]
    reached = [float(logistic.share(np.array([at]), p)[0]) for at in (inner.min(), inner.max())]
    if np.isfinite(log_dose).all() and not (max(reached) > 0.8 or np.isneginf(log_dose).any()):
        found.append("The upper plateau is not reached within the doses")
    if min(reached) > 0.2:
        found.append("The lower plateau is not reached within the doses")
    if level is not None and crossing is None:
        found.append("The curve never crosses the level: there is no absolute EC50")
    if lack is not None and lack.p < 0.05:
        found.append("Lack of fit: the curve misses the means of the doses")
    return tuple(found)
