"""T² equivalence: against the textbook formula, under change of units, and at its level."""

from __future__ import annotations

import numpy as np
import pytest

from crdmo.science.method import MethodError
from crdmo.science.quality.dissolution_multivariate import EquivalenceOutcome, t2_equivalence

TIMES = [15, 20, 30]
COVARIANCE = np.array([[30.0, 18.0, 6.0], [18.0, 20.0, 8.0], [6.0, 8.0, 10.0]])


def _sample(rng: np.random.Generator, mean: list[float], n: int = 12) -> list[list[float]]:
    return rng.multivariate_normal(mean, COVARIANCE, n).tolist()


def test_distance_and_t_squared_equal_the_inverse_of_the_pooled_covariance() -> None:
    rng = np.random.default_rng(5)
    ref, test = np.array(_sample(rng, [40, 60, 80])), np.array(_sample(rng, [36, 58, 79], 14))
    pooled = (11 * np.cov(ref.T) + 13 * np.cov(test.T)) / 24
    difference = test.mean(axis=0) - ref.mean(axis=0)
    found = t2_equivalence(times=TIMES, reference=ref.tolist(), test=test.tolist())
    squared = difference @ np.linalg.inv(pooled) @ difference
    assert found.mahalanobis_distance == pytest.approx(squared**0.5)
    assert found.t_squared == pytest.approx(12 * 14 / 26 * squared)
    assert found.degrees_of_freedom == (3, 22)


def test_a_change_of_unit_changes_nothing() -> None:
    rng = np.random.default_rng(6)
    ref, test = np.array(_sample(rng, [40, 60, 80])), np.array(_sample(rng, [38, 59, 80]))
    percent = t2_equivalence(times=TIMES, reference=ref.tolist(), test=test.tolist())
    share = t2_equivalence(
        times=TIMES, reference=(ref / 100).tolist(), test=(test / 100).tolist(), allowed_difference=0.1
    )
    assert share.mahalanobis_distance == pytest.approx(percent.mahalanobis_distance)
    assert share.p_value == pytest.approx(percent.p_value)


def test_products_at_the_limit_are_called_similar_at_most_as_often_as_the_level() -> None:
    rng = np.random.default_rng(7)
    similar = 0
    for _ in range(600):
        found = t2_equivalence(times=TIMES, reference=_sample(rng, [50, 65, 80]), test=_sample(rng, [40, 55, 70]))
        similar += found.outcome is EquivalenceOutcome.SIMILAR
    assert similar / 600 <= 0.05 + 2 * (0.05 * 0.95 / 600) ** 0.5


def test_a_time_without_variation_is_refused() -> None:
    ref = [[0.0, 50.0 + i, 80.0 - i * i] for i in range(12)]
    with pytest.raises(MethodError, match="covariance of the times cannot be inverted"):
        t2_equivalence(times=TIMES, reference=ref, test=ref)


def test_more_times_than_units_allow_are_refused() -> None:
    rng = np.random.default_rng(8)
    rows = rng.normal(50, 5, (3, 6)).tolist()
    with pytest.raises(MethodError, match="too few units for the number of times"):
        t2_equivalence(times=[5, 10, 15, 20, 25, 30], reference=rows, test=rows, required_units=3)
