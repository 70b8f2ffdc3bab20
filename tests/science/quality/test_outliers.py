"""Outlier tests: their error rate by simulation, their refusals, and that they never say a result is invalid."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from crdmo.science.method import MethodError
from crdmo.science.quality.outliers import (
    NOTICE,
    DixonTest,
    OutlierOutcome,
    OutlierTest,
    Tail,
    dixon_critical_value,
    outlier_dixon,
    outlier_grubbs,
    outliers_esd,
)

CLEAN = [9.8, 10.0, 10.1, 9.9, 10.2, 10.0, 9.9]


def test_a_clean_sample_is_called_an_outlier_at_the_stated_rate() -> None:
    rng = np.random.default_rng(3)
    called = [outliers_esd(values=rng.normal(size=12).tolist()).outcome for _ in range(4000)]
    rate = sum(outcome is OutlierOutcome.OUTLIER for outcome in called) / 4000
    assert rate == pytest.approx(0.05, abs=0.012)


@pytest.mark.parametrize(("n", "near", "far"), [(6, 1, 0), (9, 1, 1), (12, 2, 1), (16, 2, 2)])
def test_dixons_integral_equals_a_simulation(n: int, near: int, far: int) -> None:
    critical = dixon_critical_value(n, 0.05, near, far)
    x = np.sort(np.random.default_rng(n).standard_normal((400_000, n)), axis=1)
    ratio = (x[:, -1] - x[:, -1 - near]) / (x[:, -1] - x[:, far])
    assert np.mean(ratio > critical) == pytest.approx(0.05, abs=0.0015)


def test_masked_outliers_are_found_by_all_steps_together() -> None:
    found = outliers_esd(values=[*CLEAN, *CLEAN, 14.0, 14.1, 14.2], at_most=4)
    assert not found.steps[0].exceeds
    assert sorted(found.outlier_positions) == [15, 16, 17]


def test_grubbs_of_either_end_is_the_first_step_of_esd() -> None:
    values = [*CLEAN, 11.5]
    assert outlier_grubbs(values=values).steps == outliers_esd(values=values).steps


def test_the_suspected_end_is_the_one_tested() -> None:
    values = [*CLEAN, 11.5]
    assert outlier_grubbs(values=values, tail=Tail.HIGHEST).outlier_positions == (8,)
    assert outlier_grubbs(values=values, tail=Tail.LOWEST).outcome is OutlierOutcome.NONE
    assert outlier_dixon(values=values, tail=Tail.HIGHEST).position == 8
    assert outlier_dixon(values=values, tail=Tail.LOWEST).outcome is OutlierOutcome.NONE


def test_dixon_names_the_ratio_for_the_number_of_values() -> None:
    rng = np.random.default_rng(1)
    names = {n: outlier_dixon(values=rng.normal(size=n).tolist()).ratio_name for n in (3, 7, 8, 10, 11, 13, 14, 30)}
    assert list(names.values()) == ["r10", "r10", "r11", "r11", "r21", "r21", "r22", "r22"]


def test_a_critical_ratio_has_a_p_value_of_alpha() -> None:
    critical = dixon_critical_value(5, 0.05, 1, 0)
    values = [0.0, 0.1, 0.2, 1.0 - critical, 1.0]
    found = outlier_dixon(values=values, tail=Tail.HIGHEST)
    assert found.statistic == pytest.approx(critical)
    assert found.p_value == pytest.approx(0.05, abs=1e-6)


@pytest.mark.clause("FDA Investigating OOS Test Results (2022) IV.C")
@pytest.mark.parametrize("found", [outliers_esd(values=[*CLEAN, 20.0]), outlier_dixon(values=[*CLEAN, 20.0])])
def test_every_result_says_that_no_value_is_invalidated_and_returns_no_cleaned_data(
    found: OutlierTest | DixonTest,
) -> None:
    assert found.outcome is OutlierOutcome.OUTLIER
    assert found.reasons[-1] == NOTICE
    assert not any("clean" in f.name or "without" in f.name or "kept" in f.name for f in dataclasses.fields(found))


def test_equal_values_are_refused() -> None:
    with pytest.raises(MethodError, match="the values do not differ"):
        outliers_esd(values=[1.0, 1.0, 1.0])
    with pytest.raises(MethodError, match="the values do not differ"):
        outlier_dixon(values=[1.0, 1.0, 1.0])


def test_more_outliers_than_values_allow_are_refused() -> None:
    with pytest.raises(MethodError, match="too few values for so many outliers"):
        outliers_esd(values=[1.0, 2.0, 3.0], at_most=2)


def test_dixon_refuses_large_samples() -> None:
    with pytest.raises(MethodError, match=r"3 to 30 values.*use outliers_esd"):
        outlier_dixon(values=list(range(31)))
