"""The picture of earned value: planned, earned and spent over time, in one currency."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from crdmo.science.figures import Axis, Chart, Figure


def s_curves(
    title: str,
    days: Sequence[dt.date],
    *,
    planned: Sequence[float],
    earned: Sequence[float],
    spent: Sequence[float],
    currency: str,
    today: dt.date,
) -> Figure:
    """Draw the three curves; what is earned and spent ends today, what is planned goes to the end of the plan.

    Args:
        title: what it is of.
        days: ascending; the first is day 0 of the axis.
        planned: cumulative, at each day.
        earned: cumulative, at each day up to today.
        spent: cumulative, at each day up to today.
        currency: of all amounts.
        today: where the curves of records end.

    Raises:
        ValueError: lists that do not belong together.
    """
    along = [(day - days[0]).days for day in days]
    passed = [x for x, day in zip(along, days, strict=True) if day <= today]
    chart = Chart(
        title, x=Axis("Time since the start", "d"), y=Axis("Cumulative value", currency), width=860, height=340
    )
    chart.step("Planned", along, planned)
    chart.step("Earned by records", passed, earned[: len(passed)])
    chart.step("Spent", passed, spent[: len(passed)])
    if days[0] <= today <= days[-1]:
        chart.limit((today - days[0]).days, "today", firm=False, axis="x")
    last = len(passed) - 1
    if last < 0:
        return chart.build(f"The plan begins on {days[0]}.")
    now = f"planned {planned[last]:,.2f}, earned {earned[last]:,.2f}, spent {spent[last]:,.2f} {currency}"
    return chart.build(f"By {days[last]}: {now}.")
