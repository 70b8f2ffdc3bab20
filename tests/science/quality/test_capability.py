"""Capability: coverage of the intervals, the two sigmas, normality, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.diagnostic import normal_ad

from crdmo.science.method import MethodError
from crdmo.science.quality.capability import (
    anderson_darling_p,
    process_capability,
    process_capability_subgroups,
    process_performance,
)


def test_the_interval_of_ppk_covers_the_truth_about_as_often_as_stated() -> None:
    rng = np.random.default_rng(1)
    found = [
        process_performance(values=rng.normal(10, 1, 60).tolist(), lower_limit=6.0, upper_limit=15.0).centred
        for _ in range(2000)
    ]
    assert np.mean([i.lower <= 4 / 3 <= i.upper for i in found]) == pytest.approx(0.95, abs=0.02)


def test_the_interval_of_pp_is_exact() -> None:
    rng = np.random.default_rng(2)
    found = [
        process_performance(values=rng.normal(10, 1, 12).tolist(), lower_limit=6.0, upper_limit=14.0).potential
        for _ in range(3000)
    ]
    assert np.mean([i.lower <= 4 / 3 <= i.upper for i in found if i]) == pytest.approx(0.95, abs=0.012)


def test_the_interval_of_cpk_from_moving_ranges_covers_the_truth_about_as_often_as_stated() -> None:
    rng = np.random.default_rng(3)
    found = [
        process_capability(values=rng.normal(10, 1, 60).tolist(), lower_limit=6.0, upper_limit=15.0).centred
        for _ in range(2000)
    ]
    assert np.mean([i.lower <= 4 / 3 <= i.upper for i in found]) == pytest.approx(0.95, abs=0.02)


def test_moving_ranges_are_worth_the_degrees_of_freedom_that_are_stated() -> None:
    data = np.random.default_rng(4).standard_normal((20_000, 30))
    sigma = np.abs(np.diff(data, axis=1)).mean(axis=1) / 1.128379
    worth = np.mean(sigma) ** 2 / (2 * np.var(sigma))
    stated = process_capability(values=data[0].tolist(), upper_limit=9.0).degrees_of_freedom
    assert stated == pytest.approx(worth, rel=0.04)


def test_a_drift_lowers_ppk_and_not_cpk() -> None:
    values = np.random.default_rng(5).normal(0, 1, 100) + np.linspace(-3, 3, 100)
    performance = process_performance(values=values.tolist(), lower_limit=-6.0, upper_limit=6.0)
    capability = process_capability(values=values.tolist(), lower_limit=-6.0, upper_limit=6.0)
    assert capability.centred.estimate > 1.5 * performance.centred.estimate
    assert (performance.centred.name, capability.centred.name) == ("Ppk", "Cpk")


def test_sigma_within_subgroups_leaves_the_distance_between_them_out() -> None:
    rng = np.random.default_rng(6)
    groups = rng.normal(0, 1, (50, 4)) + rng.normal(0, 3, (50, 1))
    found = process_capability_subgroups(subgroups=groups.tolist(), upper_limit=10.0)
    assert found.sigma == pytest.approx(1.0, rel=0.15)
    assert found.degrees_of_freedom == 150


def test_one_limit_gives_no_potential_index() -> None:
    found = process_performance(values=[1.0, 2.0, 3.0, 2.0, 1.5], upper_limit=5.0)
    assert found.potential is None
    assert found.centred.estimate == pytest.approx((5.0 - found.mean) / (3 * found.sigma))


def test_the_nearer_limit_counts() -> None:
    found = process_performance(values=[9.0, 10.0, 11.0, 10.0, 10.0], lower_limit=8.0, upper_limit=20.0)
    assert found.centred.estimate == pytest.approx(2.0 / (3 * found.sigma))


@pytest.mark.parametrize("scale", [1.0, 0.4, 0.15])
def test_anderson_darling_equals_statsmodels(scale: float) -> None:
    values = np.exp(np.random.default_rng(7).normal(0, scale, 40))
    assert anderson_darling_p(values) == pytest.approx(normal_ad(values)[1], rel=1e-6)


def test_a_skewed_process_is_said_not_to_be_normal() -> None:
    values = np.random.default_rng(8).exponential(1.0, 80)
    found = process_performance(values=values.tolist(), upper_limit=8.0)
    assert any("not normal" in reason and "not to be relied on" in reason for reason in found.reasons)


def test_no_limit_is_refused() -> None:
    with pytest.raises(MethodError, match="the specification limits cannot be used"):
        process_performance(values=[1.0, 2.0, 3.0, 4.0, 5.0])


def test_limits_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(MethodError, match="the lower below the upper"):
        process_performance(values=[1.0, 2.0, 3.0, 4.0, 5.0], lower_limit=5.0, upper_limit=1.0)


def test_values_that_do_not_vary_are_refused() -> None:
    with pytest.raises(MethodError, match="the values do not vary"):
        process_performance(values=[1.0] * 5, upper_limit=2.0)
