"""The picture of matched pairs: what the changes seen most often did to a property."""

from __future__ import annotations

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart, Figure
from crdmo.science.method import MethodError

from .matched_pairs import MatchedPairs


@figure("discovery.matched_pairs")
def matched_pairs_figure(result: MatchedPairs, *, name: str = "", title: str = "", most: int = 10) -> Figure:
    """Draw mean, least and greatest change of a property for the changes with the most pairs.

    Args:
        result: the pairs.
        name: of the property; the first that was measured if none is named.
        title: of the picture.
        most: how many changes are drawn.

    Raises:
        MethodError: no pair has the property measured.
    """
    name = name or next((one.property for one in result.changes), "")
    shown = [one for one in result.changes if one.property == name][:most]
    if not shown:
        raise MethodError("no pair has this property measured on both sides", given=name or "none",
                          allowed=", ".join(sorted({one.property for one in result.changes})) or "none")  # fmt: skip
    chart = Chart(title or f"Changes of {name}", x=Axis("Change, by number of pairs"), y=Axis(f"Difference of {name}"))
    places = [float(i) for i in range(1, len(shown) + 1)]
    told = [one.statistics for one in shown]
    chart.scatter("mean", places, [one.mean for one in told])
    ends = [*range(2 * len(shown))]
    chart.scatter("least and greatest", [*places, *places], [*(one.minimum for one in told), *(one.maximum for one in told)],
                  hollow=ends)  # fmt: skip
    chart.limit(0.0, "no difference", firm=False)
    first = shown[0]
    return chart.build(
        f"{len(result.pairs)} pairs of {result.compounds} compounds; the change seen most often, {first.before} to {first.after}, "
        f"is seen {first.statistics.count} times, with a mean of {first.statistics.mean:+.3g}."
    )
