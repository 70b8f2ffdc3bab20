"""The picture of a control chart: values in time order between frozen limits, each signal with the rule that it met."""

from __future__ import annotations

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Figure, control_chart

from .control_charts import ControlChart


@figure("quality.chart_subgroups")
@figure("quality.chart_individuals")
def control_chart_figure(
    result: ControlChart, *, title: str = "Control chart", attribute: str = "Value", unit: str = "", labels: str = ""
) -> Figure:
    """Draw the chart of single values or means.

    Args:
        result: the chart.
        title: what is watched.
        attribute: the quantity, for the axis.
        unit: its unit.
        labels: names of the points, one a line, such as lots; empty for numbers.
    """
    panel = result.location
    named: dict[int, str] = {}
    for signal in panel.signals:
        before = named.get(signal.position - 1)
        named[signal.position - 1] = f"{before}, {signal.rule.value.split()[-1]}" if before else signal.rule.value
    said = "; ".join(result.reasons)
    finding = "No rule signals" if result.in_control else f"Signals: {said}"
    return control_chart(
        title,
        panel.points,
        centre=panel.centre,
        lower=panel.lower,
        upper=panel.upper,
        sigma=panel.sigma,
        y=Axis(attribute, unit),
        labels=labels.split("\n") if labels else (),
        signals=named,
        finding=f"{finding}. Limits frozen from {result.baseline.points} points.",
    )
