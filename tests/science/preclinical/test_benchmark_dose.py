"""Benchmark dose: what holds for every table, what is refused, and what never happens."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict

import numpy as np
import pytest

from crdmo.science.method import MethodError
from crdmo.science.preclinical.benchmark_dose import benchmark_dose
from crdmo.science.preclinical.quantal_fit import Benchmark, Data, Incidences, maximise
from crdmo.science.preclinical.quantal_models import MODELS
from tests import shared_data

TABLE = {"doses": [0, 10, 50, 150, 400], "subjects": [25, 25, 24, 24, 24], "affected": [0, 3, 7, 11, 15]}


@pytest.fixture(scope="module")
def found():
    return benchmark_dose(**TABLE)


def test_another_unit_another_order_and_a_control_in_two_groups_change_nothing(found):
    table = {
        "doses": [0.4, 0, 0.01, 0, 0.05, 0.15],
        "subjects": [24, 10, 25, 15, 24, 24],
        "affected": [15, 0, 3, 0, 7, 11],
    }
    other = benchmark_dose(**table)
    for one, again in zip(found.fits, other.fits, strict=True):
        assert again.bmd * 1000 == pytest.approx(one.bmd, rel=1e-5)
        assert again.bmdl * 1000 == pytest.approx(one.bmdl, rel=1e-4)
        assert again.aic == pytest.approx(one.aic, abs=1e-7)


def test_a_model_that_contains_another_is_never_less_likely(found):
    height = {one.model: one.log_likelihood for one in found.fits}
    for wide in ("Gamma", "Weibull", "Multistage 2", "Multistage 3"):
        assert height[wide] >= height["Quantal Linear"] - 1e-8
    assert height["Dichotomous Hill"] >= height["Log-Logistic"] - 1e-8


def test_the_curve_passes_the_benchmark_response_at_the_benchmark_dose():
    for risk in ("extra", "added"):
        for model in MODELS:
            data = Data(*(np.array(TABLE[key], dtype=float) for key in ("doses", "subjects", "affected")))
            benchmark = Benchmark(0.2, risk == "extra")
            theta, _ = maximise(Incidences(model, data, benchmark))
            at = model.probability(theta[None], np.array([0.0, np.exp(theta[0])]), 0.2, benchmark.is_extra)[0]
            rise = (at[1] - at[0]) / ((1 - at[0]) if risk == "extra" else 1.0)
            assert rise == pytest.approx(0.2, rel=1e-9), (risk, model.name)


def test_limits_stand_around_the_dose_and_widen_with_confidence(found):
    wider = benchmark_dose(**TABLE, confidence=0.99)
    for one, more in zip(found.fits, wider.fits, strict=True):
        assert more.bmdl < one.bmdl < one.bmd < one.bmdu


def sets() -> dict[str, list[tuple[float, int, int]]]:
    tables = defaultdict(list)
    with gzip.open(shared_data.path("preclinical/bmd/toxicr_dichotomousDR_733.csv.gz"), "rt") as file:
        for row in csv.DictReader(file):
            tables[row["ID"]].append((float(row["dose"]), int(float(row["n"])), int(float(row["obs"]))))
    return tables


def test_the_set_that_ends_epas_process_is_fitted():
    """Diethanolamine has no control, and every animal of its groups responds: its numerical library aborts there."""
    table = sets()["523"]
    with pytest.raises(MethodError, match=r"every animal|too few doses"):
        benchmark_dose(doses=[r[0] for r in table], subjects=[r[1] for r in table], affected=[r[2] for r in table])


def test_the_climb_on_real_tables_ends_finite_and_inside_its_bounds():
    """One fit each of two models over a part of the 733 tables: no crash, no number that is none."""
    tables = list(sets().values())[::40]
    for table in tables:
        dose, n, y = (np.array(column, dtype=float) for column in zip(*sorted(table), strict=True))
        if not 0 < y.sum() < n.sum():
            continue
        for model in (MODELS[0], MODELS[7]):
            theta, height = maximise(Incidences(model, Data(dose, n, y), Benchmark(0.1, True)))
            assert np.all(np.isfinite(theta)) and height <= 0.0


def test_a_step_of_all_or_nothing_is_followed_as_steeply_as_the_bounds_allow():
    """A background of the probit that could not fall below 1e-9 ended 0.58 below EPA's software; the logistic ends at −18."""
    found = benchmark_dose(doses=[0, 1.4, 2.9, 5.7, 11, 21], subjects=[10] * 6, affected=[0, 0, 0, 0, 0, 10])
    for name in ("Probit", "Log-Probit", "Weibull"):
        assert found.fit(name).log_likelihood > -0.02, name
    logistic = found.fit("Logistic")
    assert logistic.log_likelihood > -0.07 and logistic.parameters[0].on_bound


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"affected": [0, 3, 7, 11]}, "one number of animals"),
        ({"affected": [0, 3, 7, 11, 25]}, "more affected animals"),
        ({"affected": [0, 3, 7.5, 11, 15]}, "counted"),
        ({"affected": [0, 3, -1, 11, 15]}, "below 0"),
        ({"doses": [0, 10, float("nan"), 150, 400]}, "missing"),
        ({"doses": [10, 10, 10, 10, 10]}, "too few doses"),
        ({"affected": [0, 0, 0, 0, 0]}, "no animal"),
        ({"benchmark_response": 1.0}, "benchmark_response"),
        ({"confidence": 0.4}, "confidence"),
    ],
)
def test_what_cannot_be_fitted_is_refused(change, said):
    with pytest.raises(MethodError, match=said):
        benchmark_dose(**{**TABLE, **change})
