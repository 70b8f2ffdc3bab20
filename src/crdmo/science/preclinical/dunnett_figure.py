"""The picture of comparisons with a control: differences of means with their simultaneous intervals."""

from __future__ import annotations

import math

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart, Figure

from .dunnett import DunnettTest


@figure("preclinical.dunnett")
def dunnett_figure(
    result: DunnettTest, *, title: str = "Dose groups against the control", quantity: str = "Difference", unit: str = ""
) -> Figure:
    """Draw the difference of each dose group from the control; an interval that leaves 0 out is significant.

    Args:
        result: the comparisons.
        title: what is shown, with the sex.
        quantity: what was measured.
        unit: its unit.
    """
    rows = result.comparisons
    chart = Chart(
        title,
        x=Axis("Group", categories=tuple(one.group for one in rows)),
        y=Axis(f"{quantity} minus control", unit),
        legend=False,
    )
    name = f"{result.confidence:.0%} simultaneous interval"
    chart.scatter(name, list(range(len(rows))), [one.difference for one in rows])
    # A one-sided interval is drawn to the side that it bounds, as far as the longest difference.
    far = 1.3 * max(abs(end) for one in rows for end in (one.difference, one.lower, one.upper) if math.isfinite(end))
    for x, one in enumerate(rows):
        low, high = max(one.lower, -far), min(one.upper, far)
        chart.line(name, [x, x], [low, high])
    chart.limit(0.0, result.control, firm=False)
    found = [one.group for one in rows if one.p <= 1 - result.confidence]
    said = f"Significant: {', '.join(found)}" if found else "No group differs"
    return chart.build(f"{said} (Dunnett, {result.side.value.replace('_', '-')}); {name}s.")
