"""The picture of binding kinetics: sensorgrams as measured, with the fitted curves over them."""

from __future__ import annotations

from crdmo.science.figure_registry import figure
from crdmo.science.figures import MOST_SERIES, Axis, Chart, Figure

from .binding_result import BindingKinetics


@figure("discovery.binding_kinetics")
def binding_figure(result: BindingKinetics, *, title: str = "Binding", unit: str = "RU") -> Figure:
    """Draw the highest of the cycles with their fitted curves; six at most.

    Args:
        result: the kinetics.
        title: what bound to what.
        unit: of the response.
    """
    chart = Chart(title, x=Axis("Time", "s"), y=Axis("Response", unit))
    ordered = sorted(result.traces, key=lambda one: max(one.fitted))[-MOST_SERIES:]
    for one in ordered:
        # One point in six, so that the curve can be seen between them.
        chart.scatter(one.name, one.seconds[::6], one.measured[::6]).line(one.name, one.seconds, one.fitted)
    kd = f"kd {result.kd_qualifier}{result.kd_limit or result.kd.value:.3g} 1/s"
    if result.ka is None or result.affinity is None:
        return chart.build(f"Rmax is not identifiable, so neither ka nor KD is; {kd}.")
    said = f"ka {result.ka.value:.3g} 1/(M s), {kd}, KD {result.kd_qualifier}{result.affinity_limit or result.affinity.value:.3g} mol/L"
    if len(ordered) < len(result.traces):
        said += f"; {len(ordered)} of {len(result.traces)} cycles are drawn"
    return chart.build(f"{said}.")
