"""Pictures of a long study: survival by group, and tumour rates before and after they are adjusted for it."""

from __future__ import annotations

from crdmo.science.clinical.p_values import p_words
from crdmo.science.figure_registry import figure
from crdmo.science.figures import MOST_SERIES, Axis, Chart, Figure

from .poly_k import PolyK
from .survival_trend import SurvivalTrend


@figure("preclinical.survival_trend")
def survival_trend_figure(result: SurvivalTrend, *, title: str = "Survival by group", unit: str = "week") -> Figure:
    """Draw the Kaplan–Meier curves; the sentence gives the deaths and the trend.

    Args:
        result: the estimates.
        title: what is shown, with the sex.
        unit: of the times.
    """
    chart = Chart(title, x=Axis("Time on study", unit, low=0), y=Axis("Alive", "", low=0, high=1))
    for one in result.groups[:MOST_SERIES]:
        chart.step(one.group, [0.0, *one.estimate.times], [1.0, *one.estimate.survival])
    deaths = ", ".join(f"{one.group} {one.deaths} of {one.animals}" for one in result.groups)
    return chart.build(f"Deaths: {deaths}; Tarone's trend {p_words(result.p_two_sided)}.")


@figure("preclinical.poly_k")
def poly_k_figure(result: PolyK, *, title: str = "Tumour rates by group", tumour: str = "tumour") -> Figure:
    """Draw the share of animals with the tumour beside the rate adjusted for survival, with one standard error.

    Args:
        result: the rates.
        title: what is shown, with the sex.
        tumour: which, for the upright axis.
    """
    places = list(range(len(result.groups)))
    names = tuple(one.group for one in result.groups)
    chart = Chart(title, x=Axis("Group", categories=names), y=Axis(f"Animals with {tumour}", "%", low=0))
    raw = [100 * one.tumours / one.animals for one in result.groups]
    adjusted = [100 * one.rate for one in result.groups]
    ends = [100 * one.standard_error for one in result.groups]
    name = f"poly-{result.k:g} adjusted"
    chart.joined("as counted", [x - 0.06 for x in places], raw)
    chart.joined(name, [x + 0.06 for x in places], adjusted)
    for x, middle, half in zip(places, adjusted, ends, strict=True):
        chart.line(name, [x + 0.06, x + 0.06], [max(0.0, middle - half), middle + half])
    bw = p_words(result.bieler_williams_p_greater)
    return chart.build(
        f"Adjusted rates {', '.join(f'{one:.0f} %' for one in adjusted)}; one-sided trend {bw}; strokes: one SE."
    )
