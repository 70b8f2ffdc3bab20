"""The map of structure and activity: how like two molecules are, and how far apart their potencies."""

from __future__ import annotations

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart, Figure

from .activity_cliffs import ActivityCliffs

LABELLED = 3


@figure("discovery.activity_cliffs")
def activity_cliffs_figure(
    result: ActivityCliffs, *, title: str = "Like structures, unlike potency", quantity: str = "potency"
) -> Figure:
    """Draw every like pair by similarity and difference in potency; the steepest cliffs bear their names."""
    high = max([pair.log_ratio for pair in result.pairs] + [result.least_log_ratio]) * 1.1
    chart = Chart(
        title,
        x=Axis("Tanimoto similarity", low=result.least_similarity, high=1.0),
        y=Axis(f"log₁₀ ratio of {quantity}", low=0.0, high=high),
    )
    cliffs = [pair for pair in result.pairs if pair.is_cliff]
    others = [pair for pair in result.pairs if not pair.is_cliff]
    for name, pairs in (("like pair", others), ("activity cliff", cliffs)):
        if pairs:
            labels = {i: f"{p.potent}, {p.weak}" for i, p in enumerate(pairs[:LABELLED])} if pairs is cliffs else {}
            chart.scatter(name, [p.similarity for p in pairs], [p.log_ratio for p in pairs], labels=labels)
    chart.limit(result.least_log_ratio, f"ratio {10**result.least_log_ratio:.3g}")
    return chart.build(f"{result.cliffs} of {len(result.pairs)} like pairs are activity cliffs.")
