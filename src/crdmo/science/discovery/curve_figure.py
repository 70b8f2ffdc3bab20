"""The picture of a dose-response curve: responses, curve, EC50 with its interval; and a small one for tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart, Figure
from crdmo.science.figures import drawing as d
from crdmo.science.least_squares import Array

from . import logistic
from .curve_result import CurveFit

POINTS = 121


def written(fit: CurveFit, unit: str = "") -> str:
    """Return the EC50 as a table prints it, with its interval."""
    if fit.reported is None:
        return "no EC50"
    value = f"{fit.qualifier}{fit.reported:.3g}{f' {unit}' if unit else ''}"
    if fit.qualifier:
        return value
    ends = [f"{end:.3g}" if end is not None else "open" for end in (fit.lower, fit.upper)]
    return f"{value} ({ends[0]} to {ends[1]})"


def curve_line(fit: CurveFit, doses: Array) -> tuple[Array, Array, Array]:
    """Return the curve at doses and the ends of its pointwise confidence band, NaN where there are no standard errors."""
    log_dose, p = np.log(doses), fit.values
    middle = logistic.response(log_dose, p)
    if not fit.covariance:
        return middle, np.full_like(middle, np.nan), np.full_like(middle, np.nan)
    slopes = logistic.derivatives(log_dose, p)
    variance = np.einsum("np,pq,nq->n", slopes, np.asarray(fit.covariance), slopes)
    half = stats.t.ppf(0.5 + fit.confidence / 2, fit.degrees_of_freedom) * np.sqrt(np.maximum(variance, 0.0))
    return middle, middle - half, middle + half


@figure("discovery.curve_fit")
def curve_figure(
    result: CurveFit,
    *,
    dose: Sequence[float] = (),
    response: Sequence[float] = (),
    left_out: Sequence[int] = (),
    title: str = "Dose and response",
    dose_unit: str = "",
    response_name: str = "Response",
    response_unit: str = "",
) -> Figure:
    """Draw responses and curve over the logarithm of the dose; controls at dose 0 stand left of the lowest dose.

    Args:
        result: the fit.
        dose: what was tested.
        response: what was measured at each dose.
        left_out: positions that the fit left out; they are hollow.
        title: what was tested.
        dose_unit: of the dose.
        response_name: what was read.
        response_unit: in which unit.
    """
    control = result.lowest_dose / 10
    chart = Chart(title, x=Axis("Dose", dose_unit, log=True), y=Axis(response_name, response_unit))
    if len(dose):
        places = [float(x) if x > 0 else control for x in dose]
        chart.scatter("measured", places, [float(y) for y in response], hollow=list(left_out))
    p = result.values
    xs = np.geomspace(result.lowest_dose / 2, result.highest_dose * 2, POINTS)
    middle, low, high = curve_line(result, xs)
    chart.line("fitted", xs.tolist(), middle.tolist())
    if np.isfinite(low).all():
        chart.band("fitted", xs.tolist(), low.tolist(), high.tolist())
    if not result.qualifier and result.ec50 is not None:
        chart.limit(result.ec50, f"EC50 {result.ec50:.3g}", firm=False, axis="x")
    said = f"EC50 {written(result, dose_unit)}, slope {abs(p[logistic.SLOPE]):.2f}, plateaus {p[1]:.3g} and {p[2]:.3g}"
    if any(x == 0 for x in dose):
        said += "; dose 0 is drawn left of the lowest dose"
    if result.covariance:
        said += f"; the band is the {100 * result.confidence:g} % confidence of the curve at each dose"
    return chart.build(f"{said}.")


def thumbnail(
    fit: CurveFit,
    *,
    dose: Sequence[float],
    response: Sequence[float],
    low: float,
    high: float,
    left_out: Sequence[int] = (),
    width: int = 120,
    height: int = 64,
) -> str:
    """Return a small SVG of responses and curve for a cell of a table.

    Args:
        fit: the curve.
        dose: what was tested; controls at dose 0 are not drawn.
        response: what was measured at each dose.
        low: lower end of the axis that all cells share.
        high: its upper end; what lies outside is drawn at the edge.
        left_out: positions that the fit left out; they are hollow.
        width: in CSS pixels.
        height: in CSS pixels.

    Raises:
        ValueError: the ends of the axis are not in order.
    """
    if not low < high:
        raise ValueError(f"an axis goes from low to high; given: {low:g} to {high:g}")
    left, right = np.log(fit.lowest_dose), np.log(fit.highest_dose)

    def at(x: float, y: float) -> d.Point:
        across = (np.log(x) - left) / (right - left)
        return 4 + float(across) * (width - 8), height - 4 - min(max((y - low) / (high - low), 0.0), 1.0) * (height - 8)

    xs = np.geomspace(fit.lowest_dose, fit.highest_dose, 41)
    middle = curve_line(fit, xs)[0]
    stroke = d.attributes(fill="none", stroke=d.COLOURS[0], stroke_width=1.5, css="s1")
    body = [f'<path d="{d.path_of([at(x, y) for x, y in zip(xs, middle, strict=True)])}" {stroke}/>']
    for i, (x, y) in enumerate(zip(dose, response, strict=True)):
        if x > 0:
            body.append(d.mark(0, *at(x, y), hollow=i in left_out, size=2.2))
    if not fit.qualifier and fit.ec50 is not None:
        x = at(fit.ec50, low)[0]
        body.append(d.rule(x, 4, x, height - 4, colour=d.MARK, css="mk", dash="3 3"))
    return d.wrap("Dose-response curve", f"EC50 {written(fit)}", width, height, body)
