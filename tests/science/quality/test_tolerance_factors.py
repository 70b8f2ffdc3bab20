"""Tolerance factors: by simulation, by noncentral t, at the ends of their range."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from crdmo.science.method import MethodError, call
from crdmo.science.quality.tolerance_factors import (
    Sides,
    tolerance_factor_one_sided,
    tolerance_factor_two_sided,
    tolerance_interval,
)


@pytest.mark.parametrize(("n", "content", "confidence"), [(5, 0.9, 0.95), (20, 0.99, 0.9), (8, 0.75, 0.99)])
def test_the_two_sided_interval_holds_its_content_as_often_as_stated(n: int, content: float, confidence: float) -> None:
    k = tolerance_factor_two_sided(n=n, content=content, confidence=confidence).factor
    data = np.random.default_rng(n).standard_normal((200_000, n))
    mean, s = data.mean(axis=1), data.std(axis=1, ddof=1)
    held = stats.norm.cdf(mean + k * s) - stats.norm.cdf(mean - k * s)
    error = (confidence * (1 - confidence) / 200_000) ** 0.5
    assert np.mean(held >= content) == pytest.approx(confidence, abs=4 * error)


@pytest.mark.parametrize("n", [2, 5, 30, 200])
@pytest.mark.parametrize("content", [0.05, 0.5, 0.9, 0.999])
def test_the_one_sided_factor_is_the_noncentral_t_quantile(n: int, content: float) -> None:
    quantile = stats.nct.ppf(0.95, n - 1, stats.norm.ppf(content) * n**0.5) / n**0.5
    assert tolerance_factor_one_sided(n=n, content=content).factor == pytest.approx(quantile, rel=1e-6)


def test_a_large_sample_needs_little_more_than_the_normal_quantile() -> None:
    assert tolerance_factor_two_sided(n=100_000, content=0.95).factor == pytest.approx(1.96, abs=0.01)
    assert tolerance_factor_one_sided(n=100_000, content=0.95).factor == pytest.approx(1.645, abs=0.01)


def test_two_values_have_a_factor_of_their_own() -> None:
    """Krishnamoorthy and Mathew 2009: n = 2, content 0.90, confidence 0.95."""
    assert tolerance_factor_two_sided(n=2, content=0.90).factor == pytest.approx(31.09, abs=0.01)


def test_a_better_known_sigma_narrows_the_interval() -> None:
    alone = tolerance_factor_two_sided(n=6, content=0.95)
    pooled = tolerance_factor_two_sided(n=6, content=0.95, degrees_of_freedom=40)
    assert pooled.factor < alone.factor


def test_an_interval_is_open_on_the_side_not_asked_for() -> None:
    values = [99.0, 100.0, 101.0, 100.5, 99.5]
    lower = tolerance_interval(values=values, content=0.9, sides=Sides.LOWER)
    both = tolerance_interval(values=values, content=0.9)
    assert lower.upper is None
    assert lower.lower is not None and both.lower is not None
    assert lower.lower > both.lower


@pytest.mark.parametrize("content", [0.0, 1.0, 95.0])
def test_a_content_that_is_no_share_is_refused(content: float) -> None:
    with pytest.raises(MethodError, match=r"content is no share.*write 95 % as 0\.95"):
        tolerance_factor_two_sided(n=10, content=content)


def test_one_value_is_refused() -> None:
    with pytest.raises(MethodError, match="n is not a count that can be used"):
        tolerance_factor_one_sided(n=1, content=0.9)


def test_a_factor_runs_from_plain_json() -> None:
    found = call("quality.tolerance_interval", {"values": [1, 2, 3]}, {"content": 0.9, "sides": "upper"})
    assert found.lower is None
