"""The picture of dose proportionality: geometric means by dose on two logarithmic axes, the power model, and proportionality."""

from __future__ import annotations

import math

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart, Figure

from .dose_proportionality import PowerModel


@figure("preclinical.dose_proportionality")
def proportionality_figure(
    result: PowerModel,
    *,
    title: str = "Exposure by dose",
    measure: str = "AUC",
    unit: str = "h·ng/mL",
    dose_unit: str = "mg/kg",
) -> Figure:
    """Draw the geometric mean of each dose, the power model, and the line of proportionality through its middle.

    Args:
        result: the power model.
        title: of what.
        measure: the exposure, such as AUC or Cmax.
        unit: of the exposure.
        dose_unit: of the dose.
    """
    doses = [one.dose for one in result.levels]
    ends = [doses[0], doses[-1]]
    middle = math.sqrt(ends[0] * ends[1])
    centre = math.exp(result.intercept + result.slope * math.log(middle))
    chart = Chart(title, x=Axis("Dose", dose_unit, log=True), y=Axis(measure, unit, log=True))
    chart.scatter("geometric mean", doses, [one.geometric_mean for one in result.levels])
    chart.line("power model", ends, [math.exp(result.intercept + result.slope * math.log(d)) for d in ends])
    chart.line("proportional", ends, [centre * d / middle for d in ends])
    verdict = result.criterion.verdict.value.replace("_", " ")
    said = f"Slope {result.slope:.3f} ({result.confidence:.0%} interval {result.lower:.3f} to {result.upper:.3f}): {verdict}"
    return chart.build("; ".join([said, *result.flags]) + ".")
