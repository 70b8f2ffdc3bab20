"""The picture of group means over days, each with a stroke of one standard deviation to both sides."""

from __future__ import annotations

import math
from itertools import pairwise

from crdmo.science.figure_registry import figure
from crdmo.science.figures import MOST_SERIES, Axis, Chart, Figure

from .group_curves import GroupCurves, GroupDay


@figure("preclinical.group_curves")
def group_curves_figure(
    result: GroupCurves, *, title: str = "Group means", quantity: str = "Body weight", unit: str = "g"
) -> Figure:
    """Draw the curves; groups are moved a little beside each other, so that their strokes do not cover one another.

    Args:
        result: the means.
        title: what is shown, with the sex.
        quantity: what was measured, for the axis.
        unit: its unit.
    """
    shown = result.groups[:MOST_SERIES]
    days = sorted({one.day for one in result.points})
    apart = min((b - a for a, b in pairwise(days)), default=1.0)
    chart = Chart(title, x=Axis("Study day"), y=Axis(quantity, unit))
    for place, name in enumerate(shown):
        own = [one for one in result.points if one.group == name]
        shift = (place - (len(shown) - 1) / 2) * 0.05 * apart
        chart.joined(name, [one.day + shift for one in own], [one.mean for one in own])
        xs, ys = _strokes(own, shift)
        if xs:
            chart.line(name, xs, ys)
    numbers = [one.n for one in result.points if one.group in shown]
    said = f"Means of {min(numbers)} to {max(numbers)}" if min(numbers) < max(numbers) else f"Means of {numbers[0]}"
    rest = f"; not shown: {', '.join(result.groups[MOST_SERIES:])}" if len(result.groups) > MOST_SERIES else ""
    return chart.build(f"{said} in {len(shown)} groups on {len(days)} days; strokes are one standard deviation{rest}.")


def _strokes(points: list[GroupDay], shift: float) -> tuple[list[float], list[float]]:
    xs: list[float] = []
    ys: list[float] = []
    for one in points:
        if one.sd is not None:
            xs += [one.day + shift, one.day + shift, math.nan]
            ys += [one.mean - one.sd, one.mean + one.sd, math.nan]
    return xs, ys
