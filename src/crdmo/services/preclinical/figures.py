"""Pictures of a study: curves of a test by group, profiles of concentration by dose."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from crdmo.common.studies.models import Arm
from crdmo.science.figures import Axis, Chart, Figure

from .queries import Series, mean_and_sd


def group_curves(title: str, found: Series, arms: Sequence[Arm]) -> Figure:
    """Draw the mean of each group by study day, with one standard deviation around the control."""
    chart = Chart(title, x=Axis("Study day"), y=Axis("Mean", found.unit))
    ends: dict[str, float] = {}
    for arm in arms:
        by_day = {day: [float(one.number) for _, one in rows] for day, rows in found.values[arm.code].items() if rows}
        if not by_day:
            continue
        days = sorted(by_day)
        means = [mean_and_sd(by_day[day])[0] for day in days]
        if arm.is_control:
            around = [mean_and_sd(by_day[day])[1] or 0.0 for day in days]
            chart.band(
                f"{arm.name} ± SD",
                days,
                [mean - sd for mean, sd in zip(means, around, strict=True)],
                [mean + sd for mean, sd in zip(means, around, strict=True)],
            )
        chart.joined(arm.name, days, means)
        ends[arm.name] = means[-1]
    low, high = min(ends, key=lambda name: ends[name]), max(ends, key=lambda name: ends[name])
    said = f"On the last day means lie from {ends[low]:.4g} ({low}) to {ends[high]:.4g} {found.unit} ({high})."
    return chart.build(said)


def profiles(title: str, unit: str, curves: Mapping[str, Mapping[float, float]]) -> Figure:
    """Draw mean concentrations by time on a logarithmic axis; what is below quantification is not drawn."""
    chart = Chart(title, x=Axis("Time after dose", "h"), y=Axis("Mean concentration", unit, log=True))
    top = ("", 0.0)
    for name, points in curves.items():
        times = sorted(time for time, value in points.items() if value > 0 and math.isfinite(value))
        if not times:
            continue
        values = [points[time] for time in times]
        chart.joined(name, times, values)
        top = max(top, (name, max(values)), key=lambda pair: pair[1])
    return chart.build(f"The highest mean is {top[1]:.4g} {unit}, in {top[0]}.")
