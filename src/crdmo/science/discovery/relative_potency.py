"""How much stronger one preparation is than another, where their dose-response curves are parallel; and whether they are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from crdmo.science.checks import share
from crdmo.science.least_squares import Array, Problems, Rows, covariances, solve
from crdmo.science.method import MethodError, method
from crdmo.science.profile_likelihood import profile_intervals

from . import logistic
from .curve_fit import fit_curves
from .curve_result import CurveData, CurveFit

_RATIO = 5
_FOLLOWED = 1e6


@dataclass(frozen=True)
class Parallelism:
    """Two free curves against two that share slope and plateaus: F, degrees of freedom, p, and how far the free ones differ.

    A p-value above 0.05 is no proof of parallelism: an imprecise assay always has one. `slope_ratio` and `span_ratio` (test
    over standard, of the free curves) are for limits of equivalence that the assay was validated with.
    """

    f: float
    numerator: int
    denominator: int
    p: float
    slope_ratio: float
    span_ratio: float


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
    version="1.0",
    title="Relative potency of parallel logistic curves",
    source="Finney DJ (1978) Statistical Method in Biological Assay, 3rd ed.; USP <1034>; Bates DM, Watts DG (1988), 6.1",
    tolerance=1e-6,
)
def relative_potency(
    *,
    standard: CurveData,
    test: CurveData,
    confidence: float = 0.95,
    slope_ratio_within: tuple[float, float] | None = None,
    span_ratio_within: tuple[float, float] | None = None,
) -> RelativePotency:
    """Return the potency of a test preparation relative to a standard, from 4-parameter curves fitted together.

    Args:
        standard: doses, responses and weights of the standard.
        test: the same of the test, doses in the same unit.
        confidence: of the intervals.
        slope_ratio_within: limits of equivalence of the slopes, test over standard; decides instead of the F test.
        span_ratio_within: limits of equivalence of top less bottom; with it too.

    Raises:
        MethodError: as `discovery.curve_fit` for each curve, or limits that are not two numbers around 1.

    Shared plateaus and slope are a condition and not an assumption: where it fails there is no ratio to report.
    """
    share("confidence", confidence)
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
    spans = [fit.values[logistic.TOP] - fit.values[logistic.BOTTOM] for fit in (one, other)]
    parallel = Parallelism(
        f,
        3,
        apart_df,
        float(stats.f.sf(f, 3, apart_df)),
        float(other.values[logistic.SLOPE] / one.values[logistic.SLOPE]),
        float(spans[1] / spans[0]) if spans[0] else math.nan,
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
    with np.errstate(divide="ignore"):
        log_dose = np.log(np.concatenate([np.asarray(curve.dose, dtype=float) for curve in data]))
    of_test = np.repeat([0.0, 1.0], [len(curve.dose) for curve in data])
    y = np.concatenate([np.asarray(curve.response, dtype=float) for curve in data])[None]
    weights = [np.ones(len(c.dose)) if c.weights is None else np.asarray(c.weights, dtype=float) for c in data]

    def model(theta: Array, rows: Rows) -> tuple[Array, Array]:
        p = np.repeat(theta[:, None, :5], len(log_dose), axis=1)
        p[..., logistic.EC50] -= theta[:, None, _RATIO] * of_test
        slopes = logistic.derivatives(log_dose, p)
        by_ratio = -slopes[..., logistic.EC50] * of_test
        return logistic.response(log_dose, p), np.concatenate([slopes, by_ratio[..., None]], axis=-1)

    start = np.append(one.values, one.values[logistic.EC50] - other.values[logistic.EC50])
    if one.values[logistic.SLOPE] * other.values[logistic.SLOPE] > 0:
        start[:3] = (one.values[:3] + other.values[:3]) / 2
    free = np.array([[True, True, True, True, False, True]])
    wide = np.full((1, 6), np.inf)
    return Problems(model, y, np.concatenate(weights)[None], free, -wide, wide), start[None]


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
    for name, value, limits in (
        ("slopes", parallel.slope_ratio, slope_within),
        ("spans", parallel.span_ratio, span_within),
    ):
        if limits is not None and not limits[0] <= value <= limits[1]:
            reasons.append(f"the ratio of the {name} is {value:.3g}, outside {limits[0]:g} to {limits[1]:g}")
    return reasons
