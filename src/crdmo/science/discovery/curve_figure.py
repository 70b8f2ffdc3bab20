"""The picture of a dose-response curve: responses, curve, EC50 with its interval; and a small one for tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart, Figure

from . import logistic
from .curve_fit import CurveFit

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
    chart.line("fitted", xs.tolist(), logistic.response(np.log(xs), p).tolist())
    if not result.qualifier and result.ec50 is not None:
        chart.limit(result.ec50, f"EC50 {result.ec50:.3g}", firm=False, axis="x")
    said = f"EC50 {written(result, dose_unit)}, slope {abs(p[logistic.SLOPE]):.2f}, plateaus {p[1]:.3g} and {p[2]:.3g}"
    if any(x == 0 for x in dose):
        said += "; dose 0 is drawn left of the lowest dose"
    return chart.build(f"{said}.")
