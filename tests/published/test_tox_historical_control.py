"""Prediction intervals of historical controls: Menssen and Schaarschmidt (Stat Med 2019;38:2652), as in the package predint.

`bb_pi`: new size 50, rate 0.3, correlation 0.05, twenty groups of 50. `qp_pi`: three new plates, mean 3, factor 3, one to nine
plates. Beside them the coverage by seeded simulation: the published variance of the historical rate takes all animals as one
cluster and does not shrink with more studies, so that its interval covers more than it says.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from crdmo.science.method import MethodError
from crdmo.science.preclinical.historical_control import (
    MeanVariance,
    beta_binomial_prediction,
    historical_counts,
    historical_incidence,
    historical_values,
)


def test_beta_binomial_interval_to_the_printed_digits() -> None:
    found = beta_binomial_prediction(rate=0.3, correlation=0.05, sizes=[50] * 20, new_size=50)
    assert (found.expected, round(found.lower, 3), round(found.upper, 3)) == (15.0, -0.553, 30.553)
    assert round(found.standard_error, 4) == 7.9356
    assert found.lower_shown == 0.0  # cut for display only


def test_quasi_poisson_interval() -> None:
    found = historical_counts(counts=[], units=range(1, 10), new_units=3, rate=3, factor=3)
    # 3 · 3 · 3 of the new plates, 9 · 3 · 3 / 45 of the mean.
    assert found.standard_error == pytest.approx(np.sqrt(27 + 81 / 45), rel=1e-12)


def test_the_correlation_is_that_of_an_analysis_of_variance_of_the_animals() -> None:
    affected, examined = [3, 5, 1, 8], [50, 40, 49, 50]
    animals = [np.repeat([1.0, 0.0], [x, n - x]) for x, n in zip(affected, examined, strict=True)]
    f = stats.f_oneway(*animals).statistic
    size = (189 - sum(n**2 for n in examined) / 189) / 3
    found = historical_incidence(affected=affected, examined=examined, new_size=50)
    assert found.dispersion == pytest.approx((f - 1) / (f - 1 + size), rel=1e-10)
    assert (found.smallest, found.largest) == (1 / 49, 8 / 50)


def test_coverage_of_incidences() -> None:
    rng = np.random.default_rng(8)
    inside = dict.fromkeys(MeanVariance, 0)
    for _ in range(500):
        rates = rng.beta(0.3 * 19, 0.7 * 19, 16)  # correlation 1 / 20
        counts = rng.binomial(50, rates)
        for kind in MeanVariance:
            found = historical_incidence(
                affected=counts[:15].tolist(), examined=[50] * 15, new_size=50, mean_variance=kind
            )
            inside[kind] += found.lower <= counts[15] <= found.upper
    assert 0.90 <= inside[MeanVariance.CLUSTERS] / 500 <= 0.98
    assert inside[MeanVariance.ONE_CLUSTER] >= inside[MeanVariance.CLUSTERS]


def test_coverage_of_counts_and_that_of_poisson_alone() -> None:
    rng = np.random.default_rng(9)
    inside = poisson = 0
    for _ in range(500):
        counts = rng.negative_binomial(30 / 2, 1 / 3, 21)  # mean 30, factor 3
        found = historical_counts(counts=counts[:20].tolist(), units=[1] * 20, new_units=1)
        inside += found.lower <= counts[20] <= found.upper
        mean = counts[:20].mean()
        poisson += abs(counts[20] - mean) <= 1.96 * np.sqrt(mean * 1.05)
    assert 0.91 <= inside / 500 <= 0.98 and poisson / 500 < 0.85


def test_coverage_of_measurements_needs_what_differs_between_studies() -> None:
    rng = np.random.default_rng(10)
    inside = naive = 0
    for _ in range(500):
        data = rng.normal(0, 1, (9, 10)) + rng.normal(0, 1, (9, 1))
        found = historical_values(values=data[:8].tolist(), new_size=10)
        inside += found.lower <= data[8].mean() <= found.upper
        naive += abs(data[8].mean() - data[:8].mean()) <= 2 * data[:8].std() * np.sqrt(1 / 10 + 1 / 80)
    assert 0.92 <= inside / 500 <= 0.98 and naive / 500 < 0.7


def test_equal_studies_give_the_t_interval_of_their_means_and_one_study_hahns() -> None:
    data = [[9.8, 10.4], [10.9, 11.3], [9.9, 10.1]]
    means = [10.1, 11.1, 10.0]
    reach = stats.t.ppf(0.975, 2) * np.std(means, ddof=1) * np.sqrt(1 + 1 / 3)
    assert historical_values(values=data, new_size=2).upper == pytest.approx(np.mean(means) + reach, rel=1e-12)
    one = historical_values(values=[[5.0, 6.0, 7.5, 5.5]])
    assert one.upper == pytest.approx(6 + stats.t.ppf(0.975, 3) * np.std([5, 6, 7.5, 5.5], ddof=1) * np.sqrt(1.25))
    assert "not known" in one.remark


def test_no_animal_affected_and_studies_alike_are_said() -> None:
    none = historical_incidence(affected=[0, 0, 0], examined=[50, 50, 50], new_size=50)
    assert none.upper > 0 and "half an animal" in none.remark
    alike = historical_incidence(affected=[10, 10, 10], examined=[50, 50, 50], new_size=50)
    assert alike.dispersion == 0 and "less than by chance" in alike.remark
    counts = historical_counts(counts=[20, 20, 21], units=[1, 1, 1], new_units=1)
    assert counts.dispersion == 1 and counts.remark
    assert "taken as 0" in historical_values(values=[[1, 2, 3], [1, 2, 3.1]]).remark


@pytest.mark.parametrize(
    ("function", "given"),
    [
        (historical_incidence, {"affected": [51, 1], "examined": [50, 50], "new_size": 50}),
        (historical_incidence, {"affected": [1], "examined": [50], "new_size": 50}),
        (historical_incidence, {"affected": [1.5, 1], "examined": [50, 50], "new_size": 50}),
        (historical_incidence, {"affected": [1, 1], "examined": [50, 50], "new_size": 0}),
        (beta_binomial_prediction, {"rate": 0.0, "correlation": 0.1, "sizes": [50], "new_size": 50}),
        (beta_binomial_prediction, {"rate": 0.1, "correlation": -0.1, "sizes": [50], "new_size": 50}),
        (historical_counts, {"counts": [-1, 3], "units": [1, 1], "new_units": 1}),
        (historical_counts, {"counts": [2], "units": [1], "new_units": 1}),
        (historical_counts, {"counts": [2, 3], "units": [1, 0], "new_units": 1}),
        (historical_values, {"values": [[1, 1, 1]]}),
        (historical_values, {"values": [[1, float("nan"), 1]]}),
    ],
)
def test_what_cannot_be_predicted_is_refused(function: Any, given: dict[str, Any]) -> None:
    with pytest.raises(MethodError):
        function(**given)
