"""The picture of joint confidence: date and cost of draws, with the date and the budget that are asked for."""

from __future__ import annotations

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart, Figure

from .schedule_risk import ScheduleRisk


@figure("engagements.schedule_risk")
def schedule_risk_figure(result: ScheduleRisk, *, title: str = "Date and cost together", unit: str = "") -> Figure:
    """Draw the first draws as points; what lies left of the date and below the budget meets both.

    Args:
        result: of the simulation.
        title: what it is of.
        unit: currency of the cost, where it is known.
    """
    chart = Chart(title, x=Axis("Duration from the first day", "d"), y=Axis("Cost", unit), width=640, height=360)
    chart.scatter("Draws", [x for x, _ in result.sample], [y for _, y in result.sample])
    if result.deadline is not None:
        chart.limit(result.deadline, f"day {result.deadline:g}", axis="x")
    if result.budget is not None:
        chart.limit(result.budget, f"budget {result.budget:,.0f}")
    dates = ", ".join(f"{d:.1f} d with {level:.0%}" for level, d in zip(result.levels, result.dates, strict=True))
    both = (
        "" if result.joint is None else f"Date and budget are both met in {result.joint:.0%} of {result.draws} draws. "
    )
    return chart.build(f"{both}Duration {dates}; {result.shape.replace('_', ' ')} durations.")
