"""The picture of a model's card: predicted against measured needs the measured values; errors by domain do not."""

from __future__ import annotations

from collections.abc import Sequence

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart, Figure

from .qsar import ModelCard


@figure("discovery.qsar_model_card")
def model_card_figure(result: ModelCard, *, measured: Sequence[float] = (), title: str = "") -> Figure:
    """Draw predicted against measured values of the test compounds; those out of the domain are hollow.

    Args:
        result: the card.
        measured: of the test compounds, in their order; without them the similarity to training stands across.
        title: of the picture.
    """
    shown = len(measured) == len(result.predictions)
    xs = list(measured) if shown else [one.similarity for one in result.predictions]
    ys = [one.value for one in result.predictions]
    across = Axis("Measured") if shown else Axis("Similarity to the nearest training compound")
    chart = Chart(title or result.endpoint, x=across, y=Axis("Predicted"))
    outside = [i for i, one in enumerate(result.predictions) if not one.in_domain]
    chart.scatter("test compounds", xs, ys, hollow=outside)
    if shown:
        ends = [min(xs), max(xs)]
        chart.line("predicted equals measured", ends, ends)
    chart.limit(result.train_mean, f"mean {result.train_mean:.2f}", firm=False)
    e = result.errors
    return chart.build(
        f"{e.count} test compounds: mean absolute error {e.mae:.3f}, of the mean alone {e.baseline_mae:.3f}; "
        f"{100 * result.confidence:g} % intervals held {100 * e.coverage:.1f} %. Hollow: {len(outside)} out of the domain."
    )
