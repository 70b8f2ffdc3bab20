"""EWMA and CUSUM charts: small lasting shifts that single points do not show.

Both start from a target and a sigma that are given, never estimated from the points charted. After a signal
the statistic starts again, so that one shift is one signal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from crdmo.science.checks import finite_numbers, positive
from crdmo.science.method import MethodError, method

_EWMA = "Roberts SW (1959) Technometrics 1:239-250; Lucas JM, Saccucci MS (1990) Technometrics 32:1-12"
_CUSUM = "Page ES (1954) Biometrika 41:100-115; Lucas JM, Crosier RB (1982) Technometrics 24:199-205; ISO 7870-4:2021"


class ShiftDirection(Enum):
    """Which way the process has moved."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True)
class ShiftSignal:
    """A shift: signalled at `position`, begun about `first_position` (from 1), with the estimated new mean."""

    position: int
    first_position: int
    direction: ShiftDirection
    statistic: float
    limit: float
    estimated_mean: float
    reason: str


@dataclass(frozen=True)
class EwmaChart:
    """The smoothed points with their limits (narrow after each start) and the signals."""

    values: tuple[float, ...]
    points: tuple[float, ...]
    centre: float
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    signals: tuple[ShiftSignal, ...]
    weight: float
    width: float
    sigma: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class CusumChart:
    """The two one-sided sums in units of sigma, both counted upwards, against the decision interval."""

    values: tuple[float, ...]
    upper_sums: tuple[float, ...]
    lower_sums: tuple[float, ...]
    decision_interval: float
    reference_value: float
    target: float
    sigma: float
    signals: tuple[ShiftSignal, ...]
    reasons: tuple[str, ...]


@method("quality.ewma_chart", version="1.0", source=_EWMA, title="Exponentially weighted moving average chart")
def ewma_chart(
    *,
    values: Sequence[float],
    target: float,
    sigma: float,
    weight: float = 0.2,
    width: float = 2.86,
    restart: bool = True,
) -> EwmaChart:
    """Chart z_i = λ x_i + (1 − λ) z_{i−1} against target ± L σ √(λ/(2 − λ) · (1 − (1 − λ)^{2i})).

    Parameters: `values` in time order; `target` and `sigma` of the values, from a baseline; `weight` λ in (0,
    1]; `width` L; `restart` begins again at the target after a signal. Raises `MethodError` for a λ or L out
    of range.

    >>> chart = ewma_chart(values=[10.0, 12.0], target=10.0, sigma=1.0, weight=0.1, width=2.7)
    >>> [round(x, 3) for x in chart.points], [round(x, 3) for x in chart.upper]
    ([10.0, 10.2], [10.27, 10.363])
    """
    y = finite_numbers("values", values)
    positive("sigma", sigma)
    positive("width", width)
    _proper_weight(weight)
    asymptote = width * sigma * float(np.sqrt(weight / (2.0 - weight)))
    points, reach = [], []
    level, fade, start = float(target), 1.0, 0
    signals = []
    for i, x in enumerate(y.tolist()):
        level += weight * (x - level)
        fade *= (1.0 - weight) ** 2
        limit = asymptote * (1.0 - fade) ** 0.5
        points.append(level)
        reach.append(limit)
        if abs(level - target) > limit:
            signals.append(_ewma_signal(i, start, level, target, limit))
            if restart:
                level, fade, start = float(target), 1.0, i + 1
    return EwmaChart(
        values=tuple(y.tolist()),
        points=tuple(points),
        centre=float(target),
        lower=tuple(target - r for r in reach),
        upper=tuple(target + r for r in reach),
        signals=tuple(signals),
        weight=weight,
        width=width,
        sigma=sigma,
        reasons=tuple(s.reason for s in signals) or ("no signal",),
    )


@method("quality.cusum_chart", version="1.0", source=_CUSUM, title="Tabular CUSUM chart")
def cusum_chart(
    *,
    values: Sequence[float],
    target: float,
    sigma: float,
    reference_value: float = 0.5,
    decision_interval: float = 5.0,
    head_start: float = 0.0,
    restart: bool = True,
) -> CusumChart:
    """Chart C⁺ = max(0, C⁺ + z − k) and C⁻ = max(0, C⁻ − z − k), z = (x − target)/σ, against h.

    Parameters: `values` in time order; `target`, `sigma` from a baseline; `reference_value` k (half the shift
    to find, in sigmas); `decision_interval` h; `head_start`, the sum at each start (h/2 for a fast initial
    response); `restart` begins again after a signal. A signal's estimated mean is target ± σ (k + C/N), N
    points since the sum was last 0. Raises `MethodError` for a head start outside 0 to h.
    """
    y = finite_numbers("values", values)
    positive("sigma", sigma)
    positive("reference_value", reference_value)
    positive("decision_interval", decision_interval)
    _proper_head_start(head_start, decision_interval)
    up, down = _Sum(head_start), _Sum(head_start)
    upper, lower, signals = [], [], []
    for i, z in enumerate(((y - target) / sigma).tolist()):
        upper.append(up.add(z - reference_value))
        lower.append(down.add(-z - reference_value))
        for run, direction in ((up, ShiftDirection.UP), (down, ShiftDirection.DOWN)):
            if run.value > decision_interval:
                shift = reference_value + (run.value - run.begun_with) / run.length
                signals.append(_cusum_signal(i, run, direction, target, sigma * shift, decision_interval))
        if restart and max(up.value, down.value) > decision_interval:
            up, down = _Sum(head_start), _Sum(head_start)
    return CusumChart(
        values=tuple(y.tolist()),
        upper_sums=tuple(upper),
        lower_sums=tuple(lower),
        decision_interval=decision_interval,
        reference_value=reference_value,
        target=float(target),
        sigma=sigma,
        signals=tuple(signals),
        reasons=tuple(s.reason for s in signals) or ("no signal",),
    )


@dataclass
class _Sum:
    """One one-sided sum while it runs: how much it holds, over how many points, and what it began with."""

    value: float
    length: int = 0
    begun_with: float = 0.0

    def __post_init__(self) -> None:
        self.begun_with = self.value

    def add(self, step: float) -> float:
        """Add one point's step; a sum that falls to 0 begins anew."""
        self.value = max(0.0, self.value + step)
        self.length += 1
        if self.value == 0.0:
            self.length, self.begun_with = 0, 0.0
        return self.value


def _ewma_signal(i: int, start: int, level: float, target: float, limit: float) -> ShiftSignal:
    direction = ShiftDirection.UP if level > target else ShiftDirection.DOWN
    side = target + limit if level > target else target - limit
    return ShiftSignal(
        i + 1,
        start + 1,
        direction,
        level,
        side,
        level,
        f"point {i + 1}: average {level:g} beyond the limit {side:g}",
    )


def _cusum_signal(
    i: int, run: _Sum, direction: ShiftDirection, target: float, shift: float, limit: float
) -> ShiftSignal:
    first = i - run.length + 2
    mean = target + (shift if direction is ShiftDirection.UP else -shift)
    words = f"point {i + 1}: sum {run.value:.3g} above {limit:g}; {direction.value} since about point {first}"
    return ShiftSignal(i + 1, first, direction, run.value, limit, mean, f"{words}, mean about {mean:g}")


def _proper_weight(weight: float) -> None:
    if not 0.0 < weight <= 1.0:
        raise MethodError(
            "the weight of the newest point is out of range",
            given=str(weight),
            allowed="greater than 0 and at most 1",
            next_step="0.05 to 0.25 is usual",
        )


def _proper_head_start(head_start: float, decision_interval: float) -> None:
    if not 0.0 <= head_start < decision_interval:
        raise MethodError(
            "the head start is out of range",
            given=str(head_start),
            allowed="from 0 to less than the decision interval",
            next_step="use half the decision interval, or 0",
        )
