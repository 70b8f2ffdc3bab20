"""The picture of a concentration–time curve: samples on a logarithmic axis, and the line of the terminal phase."""

from __future__ import annotations

import math

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart, Figure

from .nca_result import Exposure


@figure("preclinical.nca")
def concentration_figure(
    result: Exposure, *, title: str = "Concentration over time", unit: str = "ng/mL", time_unit: str = "h"
) -> Figure:
    """Draw the quantifiable samples; those outside the terminal phase are hollow.

    Args:
        result: the exposure.
        title: whose curve it is, after which dose.
        unit: of the concentration.
        time_unit: of the time.
    """
    found = [(t, c) for t, c in zip(result.samples.times, result.samples.values, strict=True) if c > 0]
    ending = result.terminal
    outside = [i for i, (t, _) in enumerate(found) if ending is None or t not in ending.times]
    times, values = [t for t, _ in found], [c for _, c in found]
    chart = Chart(title, x=Axis("Time after dose", time_unit, low=0.0), y=Axis("Concentration", unit, log=True))
    chart.line("samples", times, values)
    chart.scatter("samples", times, values, hollow=outside)
    said = [f"Cmax {result.c_max:.4g} {unit} at {result.t_max:g} {time_unit}, AUC to {result.t_last:g} {time_unit} "
            f"{result.auc_last:.4g}"]  # fmt: skip
    if ending is not None:
        ends = [ending.first, ending.last]
        chart.line("terminal phase", ends, [math.exp(ending.intercept - ending.rate * t) for t in ends])
        if ending.half_life is not None:
            said.append(f"half-life {ending.half_life:.4g} {time_unit} from {ending.points} samples")
    return chart.build("; ".join([*said, *result.flags]) + ".")
