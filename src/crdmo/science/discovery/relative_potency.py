"""How much stronger one preparation is than another, where their dose-response curves are parallel; and whether they are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from crdmo.science.checks import share
from crdmo.science.least_squares import Array, Problems, covariances, solve
from crdmo.science.method import MethodError, method
from crdmo.science.profile_likelihood import profile_intervals

from . import logistic
from .curve_fit import fit_curves
from .curve_result import CurveData, CurveFit
from .curve_shared import joined

_RATIO = 5
_FOLLOWED = 1e6


@dataclass(frozen=True)
class Ratio:
    """Test over standard, with Fieller's interval; both ends None where the data do not hold it on a finite stretch."""

    ratio: float
    lower: float | None
    upper: float | None

    def within(self, limits: tuple[float, float]) -> bool:
        """Say whether the whole interval lies inside limits: two one-sided tests of equivalence."""
        return self.lower is not None and self.upper is not None and limits[0] <= self.lower and self.upper <= limits[1]


@dataclass(frozen=True)
class Parallelism:
    """Two free curves against two that share slope and plateaus: F, degrees of freedom, p, and how far the free ones differ.

    A p-value above 0.05 is no proof of parallelism: an imprecise assay always has one. `slopes` and `spans` (top less bottom)
    of the free curves are for limits of equivalence that the assay was validated with; their intervals have `confidence`.
    """

    f: float
    numerator: int
    denominator: int
    p: float
    slopes: Ratio
    spans: Ratio
    confidence: float


@dataclass(frozen=True)
class RelativePotency:
    """EC50 of the standard over EC50 of the test.

    Attributes:
        ratio: of the curves with shared slope and plateaus; 2 says that the test needs half of the dose.
        lower, upper: profile-likelihood interval; None where open.
        wald: t interval of the logarithm, for comparison.
        reportable: the ratio, or None where `reasons` say why it must not be reported.
        reasons: what makes the assay invalid.
        slope, bottom, top, ec50: of the shared curve; EC50 of the standard.
        residual_sd, degrees_of_freedom: of the shared fit.
        confidence: of the intervals.
    """

    ratio: float
    lower: float | None
    upper: float | None
    wald: tuple[float, float] | None
    reportable: float | None
    reasons: tuple[str, ...]
    parallelism: Parallelism
    slope: float
    bottom: float
    top: float
    ec50: float
    residual_sd: float
    degrees_of_freedom: int
    confidence: float


@method(
    "discovery.relative_potency",
    version="1.1",
    title="Relative potency of parallel logistic curves",
    source="Finney DJ (1978) Statistical Method in Biological Assay, 3rd ed.; USP <1032>, <1034>; Fieller EC, JRSS B 1954;16:175; "
    "Bates DM, Watts DG (1988), 6.1",
    tolerance=1e-6,
)
def relative_potency(
    *,
    standard: CurveData,
    test: CurveData,
    confidence: float = 0.95,
    slope_ratio_within: tuple[float, float] | None = None,
    span_ratio_within: tuple[float, float] | None = None,
    equivalence_confidence: float = 0.90,
) -> RelativePotency:
    """Return the potency of a test preparation relative to a standard, from 4-parameter curves fitted together.

    Args:
        standard: doses, responses and weights of the standard.
        test: the same of the test, doses in the same unit.
        confidence: of the intervals.
        slope_ratio_within: limits of equivalence of the slopes, test over standard; decides instead of the F test.
        span_ratio_within: limits of equivalence of top less bottom; with it too.
        equivalence_confidence: of the intervals that must lie inside these limits; 0.90 is two one-sided tests at 5 %.

    Raises:
        MethodError: as `discovery.curve_fit` for each curve, or limits that are not two numbers around 1.

    Shared plateaus and slope are a condition and not an assumption: where it fails there is no ratio to report.
    """
    share("confidence", confidence)
    share("equivalence_confidence", equivalence_confidence)
    for name, limits in (("slope_ratio_within", slope_ratio_within), ("span_ratio_within", span_ratio_within)):
        if limits is not None and not 0 < limits[0] < 1 < limits[1] < math.inf:
            raise MethodError(f"{name} are no limits of equivalence", given=str(limits), allowed="two numbers around 1")
    data = (CurveData("standard", *_of(standard)), CurveData("test", *_of(test)))
    one, other = fit_curves(curves=data, confidence=confidence, parts=(), strict=True).curves.values()
    problems, start = _joint(data, one, other)
    found = solve(problems, start)
    n = problems.y.shape[1]
    df = n - 5
    rss = float(found.rss[0])
    apart_df = one.degrees_of_freedom + other.degrees_of_freedom
    apart = one.rss + other.rss
    f = max(rss - apart, 0.0) / 3 / (max(apart, 1e-300) / apart_df)
    ratios = _ratios(one, other, apart / apart_df, equivalence_confidence)
    parallel = Parallelism(
        f, 3, apart_df, float(stats.f.sf(f, 3, apart_df)), ratios["slopes"], ratios["spans"], equivalence_confidence
    )
    p = found.theta[0]
    error = math.sqrt(covariances(problems, found)[0][_RATIO, _RATIO] * rss / df)
    ends = profile_intervals(
        problems, found, _RATIO, confidence=confidence, standard_errors=np.array([error if error > 0 else 0.5]),
        reach=(p[None, _RATIO] - math.log(_FOLLOWED), p[None, _RATIO] + math.log(_FOLLOWED)),
    )  # fmt: skip
    lower, upper = (math.exp(float(end[0])) if np.isfinite(end[0]) else None for end in ends)
    reach = float(stats.t.ppf(0.5 + confidence / 2, df)) * error
    wald = (math.exp(p[_RATIO] - reach), math.exp(p[_RATIO] + reach)) if math.isfinite(reach) and reach < 600 else None
    reasons = _reasons(one, other, parallel, slope_ratio_within, span_ratio_within)
    if not found.converged[0]:
        reasons.append("no shared curve was found")
    ratio = math.exp(p[_RATIO])
    return RelativePotency(
        ratio, lower, upper, wald, None if reasons else ratio, tuple(reasons), parallel, float(p[logistic.SLOPE]),
        float(p[logistic.BOTTOM]), float(p[logistic.TOP]), math.exp(p[logistic.EC50]), math.sqrt(rss / df), df, confidence,
    )  # fmt: skip


def _of(curve: CurveData) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...] | None]:
    return tuple(curve.dose), tuple(curve.response), None if curve.weights is None else tuple(curve.weights)


def _joint(data: tuple[CurveData, CurveData], one: CurveFit, other: CurveFit) -> tuple[Problems, Array]:
    """Return both curves as one problem: the five parameters of the logistic and ln of the ratio."""
    matrix = np.zeros((2, 5, 6))
    matrix[:, np.arange(5), np.arange(5)] = 1.0
    matrix[1, logistic.EC50, _RATIO] = -1.0
    start = np.append(one.values, one.values[logistic.EC50] - other.values[logistic.EC50])
    if one.values[logistic.SLOPE] * other.values[logistic.SLOPE] > 0:
        start[:3] = (one.values[:3] + other.values[:3]) / 2
    return joined(data, matrix, np.array([True, True, True, True, False, True])), start[None]


def fieller(
    numerator: float, denominator: float, variances: tuple[float, float], t: float
) -> tuple[float | None, float | None]:
    """Return Fieller's interval of a ratio of two independent estimates; None where the denominator may be zero."""
    above, below = variances
    square = denominator**2 - t**2 * below
    inside = (numerator * denominator) ** 2 - square * (numerator**2 - t**2 * above)
    if not square > 0 or not inside >= 0:
        return None, None
    return (
        (numerator * denominator - math.sqrt(inside)) / square,
        (numerator * denominator + math.sqrt(inside)) / square,
    )


def _ratios(one: CurveFit, other: CurveFit, pooled: float, confidence: float) -> dict[str, Ratio]:
    """Return how the free curves differ, with Fieller's intervals from their pooled scatter."""
    df = one.degrees_of_freedom + other.degrees_of_freedom
    t = float(stats.t.ppf(0.5 + confidence / 2, df))
    made = {}
    for name, pick in (("slopes", [1.0, 0, 0, 0, 0]), ("spans", [0, -1.0, 1.0, 0, 0])):
        values, variances = [], []
        for fit in (other, one):
            values.append(float(fit.values @ np.array(pick)))
            own = fit.rss / fit.degrees_of_freedom
            spread = (
                float(np.array(pick) @ np.array(fit.covariance) @ np.array(pick))
                if fit.covariance and own > 0
                else math.nan
            )
            variances.append(spread * pooled / own if own > 0 else math.nan)
        lower, upper = fieller(values[0], values[1], (variances[0], variances[1]), t)
        made[name] = Ratio(values[0] / values[1] if values[1] else math.nan, lower, upper)
    return made


def _reasons(
    one: CurveFit,
    other: CurveFit,
    parallel: Parallelism,
    slope_within: tuple[float, float] | None,
    span_within: tuple[float, float] | None,
) -> list[str]:
    reasons = []
    for name, fit in (("standard", one), ("test", other)):
        if fit.no_response_p >= 0.05:
            reasons.append(f"the {name} shows no response (p = {fit.no_response_p:.2g})")
        if fit.lack_of_fit is not None and fit.lack_of_fit.p < 0.05:
            reasons.append(f"the curve of the {name} misses its replicates (p = {fit.lack_of_fit.p:.2g})")
    if slope_within is None and span_within is None and parallel.p < 0.05:
        reasons.append(f"the curves are not parallel (F = {parallel.f:.3g}, p = {parallel.p:.2g})")
    for name, value, limits in (("slopes", parallel.slopes, slope_within), ("spans", parallel.spans, span_within)):
        if limits is not None and not value.within(limits):
            ends = "open" if value.lower is None or value.upper is None else f"{value.lower:.3g} to {value.upper:.3g}"
            reasons.append(
                f"the ratio of the {name} is {value.ratio:.3g} ({ends}), not shown to lie within {limits[0]:g} to {limits[1]:g}"
            )
    return reasons
