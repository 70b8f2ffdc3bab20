"""DISS: dissolution profiles of Tsong 1996, Shah 1998 and Hoffelder 2015."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from crdmo.science.quality.dissolution_bootstrap import bootstrap_f2
from crdmo.science.quality.dissolution_multivariate import EquivalenceOutcome, t2_equivalence
from crdmo.science.quality.dissolution_profile import compare_profiles, f1, f2
from crdmo.science.quality.dissolution_rules import Regulator
from tests import shared_data

Table = list[list[float]]


def _units(name: str, column: str, value: str, prefix: str, skip: int = 0) -> Table:
    with shared_data.path(f"quality/dissolution/{name}").open() as file:
        rows = list(csv.DictReader(file))
    times = [c for c in rows[0] if c.startswith(prefix)][skip:]
    return [[float(r[t]) for t in times] for r in rows if r[column] == value]


def _tsong(product: str) -> Table:
    return _units("tsong1996_table1.csv", "type", product, "t.")


def _shah(batch: str) -> Table:
    return _units("shah1998.csv", "batch", batch, "t.", skip=1)


@pytest.mark.parametrize(
    ("points", "similarity", "difference"),
    [(6, 39.24385, 21.33300), (7, 40.83405, 18.19745), (8, 42.11197, 16.22299)],
)
def test_diss_1_f2_and_f1_of_the_first_points(points: int, similarity: float, difference: float) -> None:
    means = {
        "reference_means": np.mean(_tsong("R"), axis=0)[:points].tolist(),
        "test_means": np.mean(_tsong("T"), axis=0)[:points].tolist(),
    }
    assert (round(f2(**means), 5), round(f1(**means), 5)) == (similarity, difference)


@pytest.mark.clause("EMA CPMP/EWP/QWP/1401/98 Rev. 1 Appendix I")
def test_diss_1_the_ema_rule_keeps_one_point_above_85_percent() -> None:
    found = compare_profiles(
        times=[5, 10, 15, 20, 30, 60, 90, 120],
        reference=_tsong("R"),
        test=_tsong("T"),
        regulator=Regulator.EMA,
        required_units=6,
    )
    assert round(found.f2 or 0.0, 5) == 40.83405
    assert found.times_used == (5, 10, 15, 20, 30, 60, 90)


@pytest.mark.parametrize(("batch", "similarity"), [("b1", 60.02899), ("b2", 51.08198), ("b4", 50.07187)])
def test_diss_2_f2_against_the_reference(batch: str, similarity: float) -> None:
    found = f2(reference_means=np.mean(_shah("b0"), axis=0).tolist(), test_means=np.mean(_shah(batch), axis=0).tolist())
    assert round(found, 5) == similarity


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_diss_3_bootstrap_intervals(seed: int) -> None:
    found = bootstrap_f2(times=[30, 60, 90, 180], reference=_shah("b0"), test=_shah("b4"), seed=seed, resamples=10_000)
    assert (found.bca_lower, found.bca_upper) == (pytest.approx(48.69, abs=0.3), pytest.approx(51.99, abs=0.3))
    assert (found.shah_lower, found.shah_upper) == (pytest.approx(48.65, abs=0.3), pytest.approx(51.75, abs=0.3))
    assert not found.similar


def test_diss_4_mahalanobis_distance_and_t2_equivalence() -> None:
    found = t2_equivalence(
        times=[15, 20, 25],
        reference=_units("hoffelder2015_capsules.csv", "type", "ref", "x."),
        test=_units("hoffelder2015_capsules.csv", "type", "test", "x."),
    )
    assert round(found.mahalanobis_distance, 7) == 0.2384023
    assert round(found.t_squared, 7) == 0.3410141
    assert round(found.f_statistic, 7) == 0.1033376
    assert round(found.noncentrality, 5) == 30.32296
    assert round(found.f_critical_region, 6) == 3.098391
    assert round(found.f_critical_equivalence, 6) == 4.899274
    assert found.p_value == pytest.approx(2.890827e-08, rel=1e-4)
    assert round(found.similarity_limit, 6) == 2.248072
    assert (round(found.observed_lower, 6), round(found.observed_upper, 5)) == (1.067015, 1.54382)
    assert found.outcome is found.region_outcome is EquivalenceOutcome.SIMILAR
