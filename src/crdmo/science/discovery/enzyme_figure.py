"""Pictures of enzyme kinetics: rates over substrate with their curve, and a progress curve with its two rates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart, Figure

from .enzyme_kinetics import Saturation
from .progress_curves import ProgressCurve


@figure("discovery.michaelis_menten")
def saturation_figure(
    result: Saturation,
    *,
    substrate: Sequence[float] = (),
    rate: Sequence[float] = (),
    title: str = "Rate and substrate",
    substrate_unit: str = "",
    rate_unit: str = "",
) -> Figure:
    """Draw rates over substrate with the fitted curve, Km and the maximal rate.

    Args:
        result: the fit.
        substrate: concentrations.
        rate: at each of them.
        title: what was measured.
        substrate_unit: of the substrate.
        rate_unit: of the rate.
    """
    fit = result.fit
    top, km = fit.of("Vmax"), fit.of("Km")
    inhibited = next((one.value for one in fit.constants if one.name == "Ksi"), np.inf)
    chart = Chart(title, x=Axis("Substrate", substrate_unit, low=0.0), y=Axis("Rate", rate_unit, low=0.0))
    if len(substrate):
        chart.scatter("measured", [float(x) for x in substrate], [float(y) for y in rate])
    xs = np.linspace(0.0, max([*map(float, substrate), 4 * km.value if not len(substrate) else 0.0]), 121)
    chart.line("fitted", xs.tolist(), (top.value * xs / (km.value + xs + xs**2 / inhibited)).tolist())
    chart.limit(top.value, f"Vmax {top.value:.4g}", firm=False).limit(
        km.value, f"Km {km.value:.3g}", firm=False, axis="x"
    )
    ends = [f"{end:.4g}" if end is not None else "open" for end in (top.lower, top.upper, km.lower, km.upper)]
    return chart.build(f"Vmax {top.value:.4g} ({ends[0]} to {ends[1]}), Km {km.value:.3g} ({ends[2]} to {ends[3]}).")


@figure("discovery.progress_curve")
def progress_figure(
    result: ProgressCurve,
    *,
    time: Sequence[float] = (),
    product: Sequence[float] = (),
    title: str = "Progress curve",
    time_unit: str = "",
    product_unit: str = "",
) -> Figure:
    """Draw product over time with the fitted curve and the two straight lines between which it bends.

    Args:
        result: the fit.
        time: of each point.
        product: at each time.
        title: what was measured.
        time_unit: of the time.
        product_unit: of the product.
    """
    chart = Chart(title, x=Axis("Time", time_unit, low=0.0), y=Axis("Product", product_unit))
    if len(time):
        chart.scatter("measured", [float(x) for x in time], [float(y) for y in product])
    k, v0, vs = result.k_obs.value, result.v0.value, result.vs.value if result.vs is not None else 0.0
    xs = np.linspace(0.0, float(time[-1]) if len(time) else result.lifetimes / k, 121)
    chart.line("fitted", xs.tolist(), (result.offset + vs * xs + (v0 - vs) * -np.expm1(-k * xs) / k).tolist())
    chart.line("steady rate", xs.tolist(), (result.offset + vs * xs + (v0 - vs) / k).tolist())
    steady = f"{vs:.3g}" if result.vs is not None else "not above 0"
    return chart.build(f"Initial rate {v0:.3g}, steady rate {steady}, k_obs {k:.3g}.")
