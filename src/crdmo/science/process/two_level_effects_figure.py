"""The half-normal plot of effects: what does not lie on the line of the small ones is active."""

from __future__ import annotations

from scipy import stats

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart, Figure

from .two_level_effects import TwoLevelEffects


@figure("process.two_level_effects")
def half_normal_figure(
    result: TwoLevelEffects, *, title: str = "Half-normal plot of effects", unit: str = ""
) -> Figure:
    """Draw absolute effects against half-normal quantiles, with Lenth's margins (Daniel 1959; Lenth 1989).

    Args:
        result: the effects.
        title: of the picture.
        unit: of the response.
    """
    ordered = sorted(result.effects, key=lambda e: abs(e.effect))
    count = len(ordered)
    places = [float(stats.norm.ppf(0.5 + 0.5 * (i + 0.5) / count)) for i in range(count)]
    chart = Chart(title, x=Axis("Half-normal quantile", low=0), y=Axis("|Effect|", unit, low=0), legend=False)
    named = {i: e.name for i, e in enumerate(ordered) if e.exceeds_me}
    chart.scatter("effect", places, [abs(e.effect) for e in ordered], labels=named)
    if result.pseudo_standard_error > 0.0:
        chart.line("inert effects", [0.0, places[-1]], [0.0, places[-1] * result.pseudo_standard_error])
        chart.limit(result.margin_of_error, f"ME {result.margin_of_error:.3g}", firm=False)
        chart.limit(result.simultaneous_margin_of_error, f"SME {result.simultaneous_margin_of_error:.3g}")
    active = [e.name for e in result.effects if e.exceeds_me]
    return chart.build(f"Beyond the margin of error: {', '.join(active) or 'none'} of {count} effects.")
