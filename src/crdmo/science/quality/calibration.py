"""The straight calibration line: what it can detect, what it can quantify, and what a response means on it.

A detection limit means little without the statement what its standard deviation is of: here each limit names
its σ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy import stats

from crdmo.science.checks import finite_numbers, positive, same_length, share, whole_number
from crdmo.science.method import MethodError, method

_DIN = "DIN 32645:2008-11 (calibration method); Currie LA (1997) Chemom Intell Lab Syst 37:151-181"
LINE = "Draper NR, Smith H (1998) Applied Regression Analysis, 3rd ed., Wiley, ch. 1-3"


@dataclass(frozen=True)
class CalibrationLine:
    """The least-squares line response = intercept + slope · x; with its points."""

    intercept: float
    slope: float
    residual_sd: float
    intercept_se: float
    slope_se: float
    degrees_of_freedom: int
    n: int
    mean_x: float
    mean_y: float
    sum_of_squares_x: float
    r_squared: float
    x: tuple[float, ...]
    y: tuple[float, ...]
    residuals: tuple[float, ...]


@dataclass(frozen=True)
class DetectionLimits:
    """Critical value, detection and quantification limit in the unit of x; `critical_response` in that of y."""

    critical_response: float
    critical_value: float
    detection_limit: float
    quantification_limit: float
    alpha: float
    k: float
    replicates: int
    line: CalibrationLine
    reasons: tuple[str, ...]


class PredictionOutcome(Enum):
    """Whether a predicted x lies in the calibrated range."""

    WITHIN_RANGE = "within calibrated range"
    EXTRAPOLATED = "outside calibrated range"


@dataclass(frozen=True)
class InversePrediction:
    """The x of a response, with its interval; the exact (Fieller) limits are None where they do not exist."""

    x: float
    standard_error: float
    half_width: float
    lower: float
    upper: float
    exact_lower: float | None
    exact_upper: float | None
    confidence: float
    outcome: PredictionOutcome
    reasons: tuple[str, ...]


@method("quality.calibration_line", version="1.1", source=LINE, title="Least-squares calibration line")
def calibration_line(
    *, x: Sequence[float], y: Sequence[float], weights: Sequence[float] | None = None
) -> CalibrationLine:
    """Fit response = intercept + slope · x by least squares.

    Parameters: `x` contents and `y` responses of the calibration solutions, one each per measurement, any one
    unit; `weights` of each measurement, greater than 0, None for equal ones. With weights, means and sums of the
    line are weighted and the residual variance is that of weight 1. Raises `MethodError` for fewer than three
    measurements or a single content. Source: Draper and Smith 1998.

    >>> line = calibration_line(x=[0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5],
    ...                         y=[3060, 3522, 3707, 4280, 5058, 5510, 5703, 6205, 7156, 7178])
    >>> round(line.intercept, 3), round(line.slope, 3)
    (2480.867, 9661.939)
    """
    xs, ys = finite_numbers("x", x, at_least=3), finite_numbers("y", y, at_least=3)
    same_length("x", xs, "y", ys)
    w = np.ones_like(xs) if weights is None else finite_numbers("weights", weights)
    same_length("x", xs, "weights", w)
    for one in w:
        positive("a weight", float(one))
    total = float(np.sum(w))
    mean_x, mean_y = float(np.sum(w * xs)) / total, float(np.sum(w * ys)) / total
    sxx = float(np.sum(w * (xs - mean_x) ** 2))
    if np.unique(xs).size < 2:
        raise MethodError(
            "a line needs two different contents",
            given=f"all x equal {xs[0]}",
            allowed="at least two different values of x",
            next_step="add calibration solutions at other contents",
        )
    slope = float(np.sum(w * (xs - mean_x) * (ys - mean_y))) / sxx
    residuals = (ys - mean_y) - slope * (xs - mean_x)
    df = xs.size - 2
    rest = float(np.sum(w * residuals**2))
    s = float(np.sqrt(rest / df))
    syy = float(np.sum(w * (ys - mean_y) ** 2))
    return CalibrationLine(
        intercept=mean_y - slope * mean_x,
        slope=slope,
        residual_sd=s,
        intercept_se=s * float(np.sqrt(1.0 / total + mean_x**2 / sxx)),
        slope_se=s / float(np.sqrt(sxx)),
        degrees_of_freedom=df,
        n=xs.size,
        mean_x=mean_x,
        mean_y=mean_y,
        sum_of_squares_x=sxx,
        r_squared=1.0 - rest / syy if syy > 0.0 else 0.0,
        x=tuple(xs.tolist()),
        y=tuple(ys.tolist()),
        residuals=tuple(residuals.tolist()),
    )


@method(
    "quality.detection_limits_din32645",
    version="1.0",
    source=_DIN,
    title="Detection and quantification limits",
)
def detection_limits_din32645(
    *, x: Sequence[float], y: Sequence[float], alpha: float = 0.01, k: float = 3.0, replicates: int = 1
) -> DetectionLimits:
    """Return critical value, detection limit and quantification limit by the calibration method of DIN 32645.

    Parameters: `x`, `y` as in `calibration_line`; `alpha` the error of both kinds (one-sided); 1/`k` the
    relative half width that is still called quantified; `replicates` measured on the unknown later. Raises
    `MethodError` where the slope is not greater than 0 or the half width never falls to 1/k of the content.
    Source: DIN 32645:2008-11: the detection limit is twice the critical value when both errors are equal, and
    the quantification limit solves x = k · half width(x) exactly, not by its usual approximation.

    >>> limits = detection_limits_din32645(
    ...     x=[0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5],
    ...     y=[3060, 3522, 3707, 4280, 5058, 5510, 5703, 6205, 7156, 7178])
    >>> round(limits.critical_value, 7), round(limits.detection_limit, 7)
    (0.0698127, 0.1396254)
    """
    share("alpha", alpha)
    positive("k", k)
    m = whole_number("replicates", replicates, at_least=1)
    line = rising(calibration_line(x=x, y=y))
    s_x = line.residual_sd / line.slope
    spread = 1.0 / m + 1.0 / line.n
    one_sided = float(stats.t.isf(alpha, line.degrees_of_freedom))
    two_sided = float(stats.t.isf(alpha / 2.0, line.degrees_of_freedom))
    critical = s_x * one_sided * float(np.sqrt(spread + line.mean_x**2 / line.sum_of_squares_x))
    return DetectionLimits(
        critical_response=line.intercept + line.slope * critical,
        critical_value=critical,
        detection_limit=2.0 * critical,
        quantification_limit=_quantified(k * s_x * two_sided, spread, line),
        alpha=alpha,
        k=k,
        replicates=m,
        line=line,
        reasons=(
            f"σ: residual standard deviation of the line, {line.degrees_of_freedom} degrees of freedom",
            f"α = β = {alpha}, so the detection limit is twice the critical value",
            f"quantification limit: content whose two-sided {1 - alpha:.0%} half width is 1/{k:g} of it",
        ),
    )


@method("quality.inverse_prediction", version="1.0", source=f"{_DIN}; {LINE}", title="Content from a response")
def inverse_prediction(
    *, x: Sequence[float], y: Sequence[float], responses: Sequence[float], confidence: float = 0.95
) -> InversePrediction:
    """Return the content that belongs to the mean of `responses`, with its confidence interval.

    Parameters: `x`, `y` as in `calibration_line`; `responses`, one for each measurement of the unknown.
    The symmetric interval is the one of DIN 32645 and of most textbooks; the exact one is Fieller's.
    Raises `MethodError` for a slope of 0.

    >>> found = inverse_prediction(
    ...     x=[0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5],
    ...     y=[3060, 3522, 3707, 4280, 5058, 5510, 5703, 6205, 7156, 7178], responses=[3500], confidence=0.99)
    >>> round(found.x, 7), round(found.half_width, 7)
    (0.1054792, 0.0743426)
    """
    share("confidence", confidence)
    given = finite_numbers("responses", responses)
    line = _sloped(calibration_line(x=x, y=y))
    above = float(np.mean(given)) - line.mean_y
    estimate = line.mean_x + above / line.slope
    t = float(stats.t.isf((1.0 - confidence) / 2.0, line.degrees_of_freedom))
    spread = 1.0 / given.size + 1.0 / line.n + (above / line.slope) ** 2 / line.sum_of_squares_x
    se = line.residual_sd / abs(line.slope) * float(np.sqrt(spread))
    exact = _fieller(line, above, 1.0 / given.size + 1.0 / line.n, t)
    inside = min(line.x) <= estimate <= max(line.x)
    outcome = PredictionOutcome.WITHIN_RANGE if inside else PredictionOutcome.EXTRAPOLATED
    return InversePrediction(
        x=estimate,
        standard_error=se,
        half_width=t * se,
        lower=estimate - t * se,
        upper=estimate + t * se,
        exact_lower=None if exact is None else exact[0],
        exact_upper=None if exact is None else exact[1],
        confidence=confidence,
        outcome=outcome,
        reasons=(
            f"{given.size} response(s), mean {np.mean(given):g}: content {estimate:g}, {outcome.value}",
            "the exact interval does not exist: the slope does not differ from 0 at this confidence"
            if exact is None
            else f"exact interval {exact[0]:g} to {exact[1]:g}",
        ),
    )


def _sloped(line: CalibrationLine) -> CalibrationLine:
    if line.slope == 0.0:
        raise MethodError(
            "the response does not change with the content",
            given="slope 0",
            allowed="a slope different from 0",
            next_step="check the calibration solutions",
        )
    return line


def rising(line: CalibrationLine) -> CalibrationLine:
    """Return the line, or refuse one that does not rise with the content."""
    if line.slope <= 0.0:
        raise MethodError(
            "a detection limit needs a response that rises with the content",
            given=f"slope {line.slope:g}",
            allowed="a slope greater than 0",
            next_step="turn the sign of a falling response, or check the calibration solutions",
        )
    return line


def _quantified(reach: float, spread: float, line: CalibrationLine) -> float:
    """Return the positive root of x² = reach² (spread + (x − x̄)²/Sxx)."""
    q = reach**2 / line.sum_of_squares_x
    a, b, c = 1.0 - q, 2.0 * q * line.mean_x, -(reach**2 * spread + q * line.mean_x**2)
    if a <= 0.0:
        raise MethodError(
            "no content is quantified as sharply as asked",
            given=f"half width grows faster than the content (1 − k²t²s²/(b²Sxx) = {a:g})",
            allowed="a calibration whose slope is known well enough",
            next_step="measure more or wider spread calibration solutions, or allow a smaller k",
        )
    return (-b + float(np.sqrt(b * b - 4.0 * a * c))) / (2.0 * a)


def _fieller(line: CalibrationLine, above: float, spread: float, t: float) -> tuple[float, float] | None:
    """Return the limits of Fieller's theorem, or None when the slope is not significant."""
    g = (t * line.residual_sd / line.slope) ** 2 / line.sum_of_squares_x
    if g >= 1.0:
        return None
    shift = above / line.slope
    reach = (
        t * line.residual_sd / abs(line.slope) * float(np.sqrt((1.0 - g) * spread + shift**2 / line.sum_of_squares_x))
    )
    return line.mean_x + (shift - reach) / (1.0 - g), line.mean_x + (shift + reach) / (1.0 - g)
