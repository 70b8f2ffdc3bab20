"""The picture of survival by arm: a step curve for each, and how many are at risk below it."""

from __future__ import annotations

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart, Figure

from .p_values import p_words
from .survival_arms import SurvivalByArm

# Below zero, and above the next tick of the upright axis.
STRIP = 0.24


@figure("clinical.survival_by_arm")
def survival_figure(
    result: SurvivalByArm, *, title: str = "Time to first event", event: str = "event", unit: str = "d"
) -> Figure:
    """Draw the curves; the number at risk of each arm stands in the figure's sentence and above the axis.

    Args:
        result: the estimates.
        title: of what.
        event: what happened, for the upright axis.
        unit: of the times.
    """
    chart = Chart(
        title,
        x=Axis("Time", unit, low=0, high=max(result.times) * 1.06),
        y=Axis(f"Free of {event}", "", low=-STRIP, high=1.0),
    )
    for row, one in enumerate(result.arms):
        estimate = one.estimate
        chart.step(one.arm, [0.0, *estimate.times], [1.0, *estimate.survival])
        censored = [i for i, dead in enumerate(estimate.events) if not dead]
        if censored:
            chart.scatter(
                one.arm,
                [estimate.times[i] for i in censored],
                [estimate.survival[i] for i in censored],
                hollow=list(range(len(censored))),
            )
        # The numbers at risk lie in a strip of their own below zero.
        for when, count in zip(result.times, one.at_risk, strict=True):
            chart.note(when, -STRIP * (row + 1.2) / (len(result.arms) + 0.6), str(count))
    risk = "; ".join(f"{one.arm} {', '.join(map(str, one.at_risk))}" for one in result.arms)
    medians = ", ".join(
        f"{one.arm} {'not reached' if one.estimate.median is None else f'{one.estimate.median:g} {unit}'}"
        for one in result.arms
    )
    return chart.build(f"Median: {medians}; log-rank {p_words(result.test.p_value)}. At risk: {risk}.")
