"""The picture of a shelf life: points, lines, bounds, limits, and where the bound meets the limit."""

from __future__ import annotations

from crdmo.science.figure_registry import figure
from crdmo.science.figures import MOST_SERIES, Axis, Chart, Figure

from .stability import Outcome, ShelfLife


@figure("quality.shelf_life_q1e")
def shelf_life_figure(result: ShelfLife, *, attribute: str = "Result", unit: str = "", title: str = "") -> Figure:
    """Draw an evaluation after ICH Q1E.

    Args:
        result: the evaluation.
        attribute: what was measured, for the axis.
        unit: its unit, for the axis.
        title: of the picture; by default the attribute and the guideline.
    """
    sides = "two-sided" if result.sides == 2 else "one-sided"
    chart = Chart(
        title or f"{attribute}: shelf life after ICH Q1E", x=Axis("Time", "month", low=0), y=Axis(attribute, unit)
    )
    pooled = result.model == "cics"
    names = list(dict.fromkeys(batch for batch, _, _ in result.points))
    shown = _shown(names, result.worst_batch, MOST_SERIES - 1 if pooled else MOST_SERIES)
    for batch in shown:
        here = [(m, v) for b, m, v in result.points if b == batch]
        chart.scatter(batch, [m for m, _ in here], [v for _, v in here])
    for curve in result.curves[:1] if pooled else [c for c in result.curves if c.batch in shown]:
        name = "all batches" if pooled and len(names) > 1 else curve.batch
        chart.line(name, curve.months, curve.fitted)
        chart.band(name, curve.months, curve.lower, curve.upper)
    if result.lower_limit is not None:
        chart.limit(result.lower_limit, f"limit {result.lower_limit:g}")
    if result.upper_limit is not None:
        chart.limit(result.upper_limit, f"limit {result.upper_limit:g}")
    if result.outcome is Outcome.FOUND and result.months is not None:
        chart.marker(result.months, f"{result.months:.2f} months")
    what = "the mean" if result.band == "confidence" else "a single result"
    count = f"{len(names)} batch{'es' if len(names) > 1 else ''}"
    drawn = "" if len(shown) == len(names) else f", of which {len(shown)} are drawn"
    band = f"{100 * result.confidence:g} % {sides} bound on {what}; {len(result.points)} results of {count}{drawn}."
    return chart.build(f"{result.reasons[-1][:1].upper()}{result.reasons[-1][1:]}. {band}")


def _shown(names: list[str], worst: str, most: int) -> list[str]:
    """Return as many batches as a chart can show, the worst always among them."""
    first = names[:most]
    return first if worst in first or worst not in names else [*first[:-1], worst]
