"""Baselines: sigma from short-term variation, exclusions with their cause, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from crdmo.science.method import MethodError
from crdmo.science.quality.control_chart_baseline import ChartKind, baseline_individuals, baseline_subgroups


def test_a_drift_hardly_widens_the_limits() -> None:
    noise = np.random.default_rng(1).normal(0, 1, 60)
    still = baseline_individuals(values=noise.tolist())
    drifting = baseline_individuals(values=(noise + np.linspace(0, 12, 60)).tolist())
    assert drifting.sigma == pytest.approx(still.sigma, rel=0.1)
    assert np.std(noise + np.linspace(0, 12, 60), ddof=1) > 3 * still.sigma


@pytest.mark.parametrize("kind", [ChartKind.XBAR_R, ChartKind.XBAR_S])
@pytest.mark.parametrize("n", [2, 5, 9])
def test_sigma_is_unbiased(kind: ChartKind, n: int) -> None:
    data = np.random.default_rng(n).normal(10, 2, (4000, n))
    assert baseline_subgroups(subgroups=data.tolist(), kind=kind).sigma == pytest.approx(2.0, rel=0.02)


def test_sigma_of_individuals_is_unbiased() -> None:
    data = np.random.default_rng(3).normal(10, 2, 20_000)
    assert baseline_individuals(values=data.tolist()).sigma == pytest.approx(2.0, rel=0.02)


@pytest.mark.parametrize(
    ("n", "a2", "lower", "upper"),
    [(2, 1.880, 0.0, 3.267), (5, 0.577, 0.0, 2.114), (7, 0.419, 0.076, 1.924)],
)
def test_the_factors_of_mean_and_range_charts(n: int, a2: float, lower: float, upper: float) -> None:
    """Montgomery 2013, appendix VI: A2, D3, D4 (D4 of n = 5 is printed 2.114 or 2.115)."""
    base = baseline_subgroups(subgroups=np.random.default_rng(1).normal(0, 1, (30, n)).tolist(), kind=ChartKind.XBAR_R)
    assert (base.upper - base.centre) / base.spread_centre == pytest.approx(a2, abs=0.0006)
    assert base.spread_lower / base.spread_centre == pytest.approx(lower, abs=0.0006)
    assert base.spread_upper / base.spread_centre == pytest.approx(upper, abs=0.0011)


@pytest.mark.parametrize(("n", "a3", "lower", "upper"), [(5, 1.427, 0.0, 2.089), (10, 0.975, 0.284, 1.716)])
def test_the_factors_of_mean_and_sd_charts(n: int, a3: float, lower: float, upper: float) -> None:
    """Montgomery 2013, appendix VI: A3, B3, B4."""
    base = baseline_subgroups(subgroups=np.random.default_rng(1).normal(0, 1, (30, n)).tolist(), kind=ChartKind.XBAR_S)
    assert (base.upper - base.centre) / base.spread_centre == pytest.approx(a3, abs=0.0006)
    assert base.spread_lower / base.spread_centre == pytest.approx(lower, abs=0.0006)
    assert base.spread_upper / base.spread_centre == pytest.approx(upper, abs=0.0006)


def test_an_excluded_point_leaves_no_range_across_the_gap() -> None:
    values = [10.0, 11.0, 10.0, 11.0, 99.0, 20.0, 21.0, 20.0]
    base = baseline_individuals(values=values, excluded=[5], exclusion_reasons=["pump failed"])
    assert base.spread_centre == 1.0
    assert base.points == 7
    assert "point 5 left out: pump failed" in base.reasons


@pytest.mark.parametrize(("excluded", "reasons"), [([2], []), ([2], [" "]), ([9], ["why"]), ([2, 2], ["a", "b"])])
def test_an_exclusion_without_position_or_cause_is_refused(excluded: list[int], reasons: list[str]) -> None:
    with pytest.raises(MethodError, match="its position and an assignable cause"):
        baseline_individuals(values=[1.0, 2.0, 1.0, 2.0, 1.0], excluded=excluded, exclusion_reasons=reasons)


def test_few_points_make_provisional_limits() -> None:
    assert any("provisional" in reason for reason in baseline_individuals(values=[1.0, 2.0, 1.0, 2.0]).reasons)


def test_values_that_do_not_vary_are_refused() -> None:
    with pytest.raises(MethodError, match="the baseline does not vary"):
        baseline_individuals(values=[5.0] * 10)


def test_single_values_are_no_subgroups() -> None:
    with pytest.raises(MethodError, match="a chart of means needs subgroups"):
        baseline_subgroups(subgroups=[[1.0], [2.0]])


def test_subgroups_of_different_size_are_refused() -> None:
    with pytest.raises(MethodError, match="not a full table"):
        baseline_subgroups(subgroups=[[1.0, 2.0], [2.0]])
