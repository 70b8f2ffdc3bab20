"""The picture of a sparse curve: the means by time with their standard errors, and the area that they enclose."""

from __future__ import annotations

import math

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart, Figure

from .sparse_auc import SparseArea


@figure("preclinical.sparse_auc")
def sparse_figure(
    result: SparseArea, *, title: str = "Mean concentration over time", unit: str = "ng/mL", time_unit: str = "h"
) -> Figure:
    """Draw the means, joined by lines as the area is, with one standard error of each mean around them.

    Args:
        result: the area.
        title: whose curve it is.
        unit: of the concentration.
        time_unit: of the time.
    """
    times, means = [one.time for one in result.times], [one.mean for one in result.times]
    errors = [(one.standard_deviation or 0.0) / math.sqrt(one.n) for one in result.times]
    chart = Chart(title, x=Axis("Time after dose", time_unit, low=0.0), y=Axis("Concentration", unit, low=0.0))
    chart.band("mean ± standard error", times, [max(m - e, 0.0) for m, e in zip(means, errors, strict=True)],
               [m + e for m, e in zip(means, errors, strict=True)])  # fmt: skip
    chart.joined("mean", times, means)
    freedom = f", {result.degrees_of_freedom:.2f} degrees of freedom" if result.degrees_of_freedom else ""
    said = (
        f"{result.design.value} design: area {result.auc:.4g} {time_unit}·{unit}, standard error {result.standard_error:.3g}"
        f"{freedom}, {result.confidence:.0%} interval {result.lower:.4g} to {result.upper:.4g}"
    )
    return chart.build("; ".join([said, *result.flags]) + ".")
