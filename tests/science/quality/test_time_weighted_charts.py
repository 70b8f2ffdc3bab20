"""EWMA and CUSUM: the recursions, the restart, and that a small shift is found early."""

from __future__ import annotations

import numpy as np
import pytest

from crdmo.science.method import MethodError
from crdmo.science.quality.time_weighted_charts import ShiftDirection, cusum_chart, ewma_chart


def test_the_ewma_is_its_weighted_sum() -> None:
    values = np.random.default_rng(1).normal(10, 1, 30)
    chart = ewma_chart(values=values.tolist(), target=10, sigma=1, weight=0.2, width=100)
    weights = 0.2 * 0.8 ** np.arange(30)
    assert chart.points[-1] == pytest.approx(weights @ values[::-1] + 0.8**30 * 10)
    assert chart.upper[0] == pytest.approx(10 + 100 * 0.2)
    assert chart.upper[-1] == pytest.approx(10 + 100 * (0.2 / 1.8 * (1 - 0.8**60)) ** 0.5)


def test_a_weight_of_one_is_a_shewhart_chart() -> None:
    values = [0.0, 2.9, 3.1, -3.2]
    chart = ewma_chart(values=values, target=0, sigma=1, weight=1.0, width=3.0)
    assert chart.points == tuple(values)
    assert [s.position for s in chart.signals] == [3, 4]


def test_after_a_signal_the_ewma_starts_at_the_target_with_narrow_limits() -> None:
    chart = ewma_chart(values=[0.0, 8.0, 0.0], target=0, sigma=1, weight=0.2)
    assert [s.position for s in chart.signals] == [2]
    assert chart.points[2] == 0.0
    assert chart.upper[2] == chart.upper[0]


def test_a_shift_of_one_sigma_is_found_by_both_long_before_the_shewhart_chart() -> None:
    """Average run lengths at one sigma: Shewhart 43.9, EWMA and CUSUM about 10 (Montgomery 2013, ch. 9)."""
    values = (np.random.default_rng(2).standard_normal(60_000) + 1.0).tolist()
    ewma = ewma_chart(values=values, target=0, sigma=1, weight=0.1, width=2.7)
    cusum = cusum_chart(values=values, target=0, sigma=1)
    assert 60_000 / len(ewma.signals) < 12
    assert 60_000 / len(cusum.signals) < 12


def test_the_cusum_says_when_the_shift_began_and_how_large_it_is() -> None:
    values = [0.1, -0.2, 0.0, -0.1, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5]
    signal = cusum_chart(values=values, target=0, sigma=1).signals[0]
    assert (signal.position, signal.first_position, signal.direction) == (10, 5, ShiftDirection.UP)
    assert signal.estimated_mean == pytest.approx(1.5)


def test_a_fall_is_found_by_the_lower_sum() -> None:
    chart = cusum_chart(values=[-2.0] * 5, target=0, sigma=1)
    assert [(s.position, s.direction) for s in chart.signals] == [(4, ShiftDirection.DOWN)]
    assert chart.signals[0].estimated_mean == pytest.approx(-2.0)


def test_a_cusum_without_restart_signals_on() -> None:
    values = [2.0] * 8
    assert [s.position for s in cusum_chart(values=values, target=0, sigma=1).signals] == [4, 8]
    on = cusum_chart(values=values, target=0, sigma=1, restart=False)
    assert [s.position for s in on.signals] == [4, 5, 6, 7, 8]


def test_a_head_start_finds_a_shift_present_from_the_start_earlier() -> None:
    """Lucas and Crosier 1982: at one sigma, 10.4 without and 6.35 with a head start of h/2."""
    values = (np.random.default_rng(3).standard_normal(80_000) + 1.0).tolist()
    chart = cusum_chart(values=values, target=0, sigma=1, head_start=2.5)
    assert 80_000 / len({s.position for s in chart.signals}) == pytest.approx(6.35, rel=0.03)


def test_a_weight_of_zero_is_refused() -> None:
    with pytest.raises(MethodError, match="the weight of the newest point is out of range"):
        ewma_chart(values=[1.0], target=0, sigma=1, weight=0.0)


def test_a_head_start_beyond_the_limit_is_refused() -> None:
    with pytest.raises(MethodError, match="the head start is out of range"):
        cusum_chart(values=[1.0], target=0, sigma=1, head_start=5.0)
