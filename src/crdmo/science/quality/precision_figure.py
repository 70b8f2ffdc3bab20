"""The picture of a precision study: how much of the scatter comes from where, sample by sample."""

from __future__ import annotations

from crdmo.science.figure_registry import figure
from crdmo.science.figures import MOST_SERIES, Axis, Chart, Figure

from .precision import Component, VarianceComponents


@figure("quality.precision_by_sample")
def precision_figure(result: tuple[VarianceComponents, ...], *, title: str = "Precision", unit: str = "") -> Figure:
    """Draw each component's standard deviation with its interval; of several samples, the coefficient of variation.

    Args:
        result: the variance components of each sample.
        title: what was studied.
        unit: unit of the results, for the axis.
    """
    relative = len(result) > 1 and all(part.cv_percent is not None for one in result for part in one.components)
    names = (*(c.name for c in result[0].components), "total")
    y = Axis("Coefficient of variation", "%", low=0) if relative else Axis("Standard deviation", unit, low=0)
    chart = Chart(title, x=Axis("Source of variation", categories=names), y=y)
    for number, one in enumerate(result[:MOST_SERIES]):
        scale = 100 / abs(one.mean) if relative else 1.0
        shift = 0.0 if len(result) == 1 else (number - (min(len(result), MOST_SERIES) - 1) / 2) * 0.14
        parts = (*one.components, one.total)
        name = f"sample {one.sample}" if len(result) > 1 else "standard deviation"
        places = [i + shift for i in range(len(parts))]
        chart.scatter(name, places, [c.standard_deviation * scale for c in parts])
        _intervals(chart, name, places, parts, scale)
    return chart.build(_finding(result))


def _intervals(chart: Chart, name: str, places: list[float], parts: tuple[Component, ...], scale: float) -> None:
    """Draw the interval of each standard deviation as an upright stroke; one without an upper end is left out."""
    xs: list[float] = []
    ys: list[float] = []
    for place, part in zip(places, parts, strict=True):
        interval = part.standard_deviation_interval
        if interval is not None and interval.upper < float("inf"):
            xs += [place, place, float("nan")]
            ys += [interval.lower * scale, interval.upper * scale, float("nan")]
    if xs:
        chart.line(name, xs, ys)


def _finding(result: tuple[VarianceComponents, ...]) -> str:
    said = []
    for one in result:
        largest = max(one.components, key=lambda c: c.variance)
        share = f"{largest.percent_of_total:.0f} % of the variance is {largest.name}"
        said.append(f"sample {one.sample}: {share}, total SD {one.total.standard_deviation:.4g}")
    intervals = f"strokes are {result[0].confidence:.0%} intervals"
    return f"S{'; '.join(said)[1:]}; {intervals}."
