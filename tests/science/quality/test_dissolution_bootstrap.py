"""Bootstrap f2: repeatable, by unit, and fast."""

from __future__ import annotations

import time

import numpy as np
import pytest

from crdmo.science.method import MethodError, find
from crdmo.science.quality.dissolution_bootstrap import bootstrap_f2
from crdmo.science.quality.dissolution_rules import Regulator

TIMES = [10, 20, 30, 45]
RNG = np.random.default_rng(12)
REFERENCE = (np.array([20, 45, 65, 80]) + RNG.normal(0, 6, (12, 1)) + RNG.normal(0, 2, (12, 4))).tolist()
TEST = (np.array([17, 40, 60, 77]) + RNG.normal(0, 6, (12, 1)) + RNG.normal(0, 2, (12, 4))).tolist()


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others() -> None:
    runs = [bootstrap_f2(times=TIMES, reference=REFERENCE, test=TEST, seed=s, resamples=1000) for s in (1, 1, 2)]
    assert runs[0] == runs[1]
    assert runs[0].bca_lower != runs[2].bca_lower


def test_it_is_registered_as_a_random_method() -> None:
    assert find("quality.bootstrap_f2").is_random


def test_units_are_resampled_whole() -> None:
    """Units that differ only as wholes (same shape, other level) give the spread of unit means."""
    level = np.linspace(-9, 9, 12)[:, None]
    units = (np.array([20.0, 45.0, 65.0, 80.0]) + level).tolist()
    other = (np.array([30.0, 55.0, 75.0, 84.0]) + level).tolist()
    found = bootstrap_f2(times=TIMES, reference=units, test=other, seed=1, resamples=5000)
    difference = np.random.default_rng(0).choice(level.ravel(), (2, 5000, 12)).mean(axis=2)
    shift = difference[0] - difference[1]
    values = 100 - 25 * np.log10(1 + np.mean((np.array([10.0, 10.0, 10.0, 4.0])[:, None] - shift) ** 2, axis=0))
    assert found.percentile_lower == pytest.approx(np.quantile(values, 0.05), abs=0.8)
    assert found.percentile_upper == pytest.approx(np.quantile(values, 0.95), abs=0.8)


def test_the_interval_holds_the_estimate_and_widens_with_confidence() -> None:
    narrow = bootstrap_f2(times=TIMES, reference=REFERENCE, test=TEST, seed=3, confidence=0.80)
    wide = bootstrap_f2(times=TIMES, reference=REFERENCE, test=TEST, seed=3, confidence=0.95)
    assert wide.bca_lower < narrow.bca_lower < narrow.f2 < narrow.bca_upper < wide.bca_upper


def test_ten_thousand_resamples_take_less_than_a_fifth_of_a_second() -> None:
    best = min(_seconds() for _ in range(3))
    assert best < 0.2


def _seconds() -> float:
    start = time.perf_counter()
    bootstrap_f2(times=TIMES, reference=REFERENCE, test=TEST, seed=3, resamples=10_000)
    return time.perf_counter() - start


def test_the_points_are_chosen_once_by_the_regulators_rule() -> None:
    late = [[*row, 96.0, 99.0] for row in REFERENCE]
    other = [[*row, 95.0, 98.0] for row in TEST]
    by_rule = bootstrap_f2(times=[*TIMES, 60, 90], reference=late, test=other, seed=1, regulator=Regulator.EMA)
    all_points = bootstrap_f2(times=[*TIMES, 60, 90], reference=late, test=other, seed=1, regulator=None)
    assert by_rule.times_used == (10, 20, 30, 45, 60)
    assert all_points.times_used == (10, 20, 30, 45, 60, 90)
    assert all_points.f2 > by_rule.f2


def test_two_usable_times_are_refused() -> None:
    with pytest.raises(MethodError, match="too few time points for f2"):
        bootstrap_f2(times=[20, 30], reference=[[40.0, 60.0]] * 12, test=[[41.0, 61.0]] * 12, seed=1)


def test_too_few_resamples_are_refused() -> None:
    with pytest.raises(MethodError, match="at least 1000"):
        bootstrap_f2(times=TIMES, reference=REFERENCE, test=TEST, seed=1, resamples=100)
