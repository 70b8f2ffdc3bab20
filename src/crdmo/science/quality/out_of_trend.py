"""Out of trend: whether a new stability result lies where the history of its batch says it should."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from crdmo.science.method import MethodError, method


@dataclass(frozen=True)
class OutOfTrend:
    """Where the new result was expected, and whether it lies there."""

    expected: float
    lower: float
    upper: float
    is_out_of_trend: bool
    false_alarm_rate: float
    reasons: tuple[str, ...]


@method(
    "quality.out_of_trend",
    version="1.1",
    title="Out-of-trend check of a stability result",
    source="PhRMA CMC Statistics and Stability Expert Teams, Pharm Technol 2003;27(4):38-52: regression control chart",
)
def out_of_trend(
    *,
    months: Sequence[float],
    values: Sequence[float],
    new_month: float,
    new_value: float,
    false_alarm_rate: float = 0.01,
) -> OutOfTrend:
    """Hold a new result against the prediction interval of the line through the earlier ones.

    Args:
        months: times of the earlier results, months.
        values: the earlier results, unrounded.
        new_month: time of the new result.
        new_value: the new result, in the unit of the others.
        false_alarm_rate: probability that a result in trend is flagged.

    Raises:
        MethodError: fewer than three earlier results or times, or a rate outside 0 to 0.5.

    Source: PhRMA (2003), regression control chart method.
    """
    x, y = np.asarray(months, float), np.asarray(values, float)
    if len(x) != len(y) or len(x) < 3 or len(np.unique(x)) < 2:
        raise MethodError("a trend needs three earlier results at two times or more", given=f"{len(x)} results")
    if not 0 < false_alarm_rate < 0.5:
        raise MethodError("a false-alarm rate lies between 0 and 0.5", given=str(false_alarm_rate))
    slope, intercept = np.polyfit(x, y, 1)
    df = len(x) - 2
    error = math.sqrt(float(((y - intercept - slope * x) ** 2).sum()) / df)
    spread = math.sqrt(1 + 1 / len(x) + (new_month - x.mean()) ** 2 / float(((x - x.mean()) ** 2).sum()))
    half = float(stats.t.ppf(1 - false_alarm_rate / 2, df)) * error * spread
    expected = float(intercept + slope * new_month)
    # A history without scatter has an interval of width 0, which the rounding of doubles must not miss.
    out = abs(new_value - expected) > half + 1e-9 * max(abs(expected), abs(new_value))
    told = (
        f"expected {expected:.4g} ± {half:.3g} at {new_month:g} months ({df} degrees of freedom), found {new_value:g}"
    )
    return OutOfTrend(expected, expected - half, expected + half, out, false_alarm_rate, (told,))
