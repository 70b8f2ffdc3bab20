"""The picture of safety margins: each study by each measure on a logarithmic axis, with the line of equal exposure."""

from __future__ import annotations

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart, Figure

from .safety_margins import Measure, SafetyMargins

NAMES = {Measure.AUC: "AUC", Measure.C_MAX: "Cmax", Measure.DOSE: "dose"}


@figure("preclinical.safety_margins")
def margins_figure(result: SafetyMargins, *, title: str = "Safety margins") -> Figure:
    """Draw the margins of each study and sex; unbound ones have a series of their own.

    Args:
        result: the margins.
        title: of what.
    """
    groups = list(dict.fromkeys((one.study, one.sex) for one in result.margins))
    labels = tuple(f"{study} {sex}".strip() for study, sex in groups)
    chart = Chart(title, x=Axis("", categories=labels), y=Axis("Animal / human", log=True))
    kinds = sorted(
        {(one.measure, one.unbound) for one in result.margins}, key=lambda k: (list(Measure).index(k[0]), k[1])
    )
    for i, (measure, unbound) in enumerate(kinds):
        found = [one for one in result.margins if (one.measure, one.unbound) == (measure, unbound)]
        # Series stand side by side within their study.
        places = [groups.index((one.study, one.sex)) + 0.08 * (i - (len(kinds) - 1) / 2) for one in found]
        name = f"{NAMES[measure]}, unbound" if unbound else NAMES[measure]
        chart.scatter(name, places, [one.margin for one in found])
    low = min(result.margins, key=lambda one: one.margin)
    chart.limit(1.0, "equal exposure", firm=False)
    return chart.build(
        f"The smallest margin is {low.margin:.3g}, by {NAMES[low.measure]}, in {low.study}; people: {result.human_basis}."
    )
