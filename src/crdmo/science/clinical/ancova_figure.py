"""The picture of an analysis of covariance: the adjusted mean of each arm with its interval."""

from __future__ import annotations

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart, Figure

from .ancova import Ancova
from .p_values import p_words


@figure("clinical.ancova")
def ancova_figure(
    result: Ancova, *, title: str = "Least-squares means", response: str = "Change from baseline", unit: str = ""
) -> Figure:
    """Draw the adjusted means of the arms, each with its confidence interval.

    Args:
        result: the analysis.
        title: of what, at which visit.
        response: what was compared.
        unit: of the response.
    """
    names = tuple(one.arm for one in result.means)
    chart = Chart(title, x=Axis("Arm", categories=names), y=Axis(response, unit), legend=False)
    band = f"{result.confidence * 100:g} % confidence"
    for place, one in enumerate(result.means):
        chart.line(band, [place, place], [one.lower, one.upper])
    chart.scatter(
        band,
        list(range(len(names))),
        [one.estimate for one in result.means],
        labels=[f"{one.estimate:.2f} (n {one.subjects})" for one in result.means],
    )
    first = result.differences[0]
    return chart.build(
        f"{first.arm} minus {first.reference}: {first.estimate:.2f} {unit}".rstrip()
        + f" ({first.lower:.2f} to {first.upper:.2f}), {p_words(first.p_value)}."
    )
