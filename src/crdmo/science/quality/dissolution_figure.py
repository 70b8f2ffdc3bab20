"""The picture of a comparison of dissolution profiles: both means over time, and which points the factors used."""

from __future__ import annotations

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart, Figure

from .dissolution_profile import ProfileComparison

RAPID = 85.0


@figure("quality.compare_profiles")
def profile_figure(
    result: ProfileComparison,
    *,
    title: str = "Dissolution profiles",
    reference: str = "reference",
    test: str = "test",
    unit: str = "min",
) -> Figure:
    """Draw the two mean profiles; points that the rules leave out are hollow.

    Args:
        result: the comparison.
        title: what was compared.
        reference: name of the reference.
        test: name of the test product.
        unit: of the times.
    """
    times = [point.time for point in result.points]
    out = [i for i, point in enumerate(result.points) if not point.used]
    chart = Chart(title, x=Axis("Time", unit, low=0), y=Axis("Dissolved", "% of label claim", low=0))
    for name, means in (
        (reference, [p.reference_mean for p in result.points]),
        (test, [p.test_mean for p in result.points]),
    ):
        chart.line(name, times, means)
        chart.scatter(name, times, means, hollow=out)
    chart.limit(RAPID, f"{RAPID:g} %", firm=False)
    factors = ", ".join(
        f"{name} {value:.2f}" for name, value in (("f2", result.f2), ("f1", result.f1)) if value is not None
    )
    units = f"{result.reference_units} and {result.test_units} units, rules of {result.regulator.value}"
    used = f"{len(result.times_used)} of {len(times)} points used" if out else "all points used"
    return chart.build(f"{result.outcome.value.capitalize()}{': ' + factors if factors else ''}; {used}; {units}.")
