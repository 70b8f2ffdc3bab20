"""The picture of a depletion: what remains over time on a logarithmic scale, the line, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart, Figure

from .adme_clearance import IntrinsicClearance


@figure("discovery.intrinsic_clearance")
def depletion_figure(
    result: IntrinsicClearance,
    *,
    minutes: Sequence[float] = (),
    remaining: Sequence[float] = (),
    title: str = "Depletion",
    unit: str = "%",
    clint_unit: str = "µL/min/mg",
) -> Figure:
    """Draw what remains over time with the line of the slope.

    Args:
        result: the intrinsic clearance.
        minutes: of each sample.
        remaining: at each time; what is not above zero cannot be drawn on a logarithmic scale and is left away.
        title: what was incubated.
        unit: of what remains.
        clint_unit: of the clearance.
    """
    chart = Chart(title, x=Axis("Time", "min", low=0.0), y=Axis("Remaining", unit, log=True))
    shown = [k for k in range(len(minutes)) if remaining[k] > 0]
    if shown:
        hollow = [place for place, k in enumerate(shown) if k not in result.used]
        seen = [float(remaining[k]) for k in shown]
        chart.scatter("compound", [float(minutes[k]) for k in shown], seen, hollow=hollow)
    xs = np.linspace(0.0, result.last, 41)
    chart.line("compound", xs.tolist(), (result.start * np.exp(-result.rate * xs)).tolist())
    said = f"CLint {result.qualifier}{result.clint:.3g} {clint_unit}"
    if result.lower is not None and result.upper is not None and result.half_life is not None:
        said += f" ({result.lower:.3g} to {result.upper:.3g}), half-life {result.half_life:.3g} min"
    else:
        said += ": the slope does not differ from zero"
    return chart.build(f"{said}.")
