"""Benchmark dose of a measured quantity: what holds for every table, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from crdmo.science.method import MethodError
from crdmo.science.preclinical.benchmark_dose_continuous import benchmark_dose_continuous
from crdmo.science.preclinical.continuous_fit import Groups, Means, Response, maximise
from crdmo.science.preclinical.continuous_models import SHAPES

TABLE = {
    "doses": [0, 1, 3, 10],
    "subjects": [10, 10, 10, 10],
    "means": [100.0, 97.0, 88.0, 70.0],
    "standard_deviations": [8.0, 7.5, 8.4, 7.9],
}


@pytest.fixture(scope="module")
def found():
    return benchmark_dose_continuous(**TABLE)


def test_units_of_dose_and_quantity_do_not_matter(found):
    table = {key: list(value) for key, value in TABLE.items()}
    table["doses"] = [dose * 1000 for dose in table["doses"]]
    for key in ("means", "standard_deviations"):
        table[key] = [value / 50 for value in table[key]]
    other = benchmark_dose_continuous(**table)
    for one, again in zip(found.fits, other.fits, strict=True):
        assert again.bmd / 1000 == pytest.approx(one.bmd, rel=1e-4), one.model
        assert again.bmdl / 1000 == pytest.approx(one.bmdl, rel=1e-3), one.model


def test_variances_that_do_not_differ_are_one(found):
    assert found.variance == "constant" and found.direction == "down"
    assert all("rho" not in {p.name for p in one.parameters} for one in found.fits)


def test_a_model_that_contains_another_is_never_less_likely(found):
    height = {one.model: one.log_likelihood for one in found.fits}
    for wide in ("Polynomial 2", "Power"):
        assert height[wide] >= height["Linear"] - 1e-7
    assert height["Exponential 5"] >= height["Exponential 3"] - 1e-3
    assert all(value <= found.tests.log_likelihood_constant + 1e-9 for value in height.values())


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
@pytest.mark.parametrize("measure", ["standard deviation", "relative"])
def test_the_mean_has_moved_by_the_benchmark_response_at_the_benchmark_dose(shape, measure):
    data = Groups(*(np.array(TABLE[key], dtype=float) for key in TABLE))
    surface = Means(shape, data, Response(0.1 if measure == "relative" else 1.0, measure, -1.0), constant=True)
    theta, _ = maximise(surface)
    delta = surface.delta(theta[None])
    at = shape.mean(theta[None], delta, np.array([0.0, np.exp(theta[0])]))[0]
    wanted = -0.1 * abs(theta[1]) if measure == "relative" else -np.exp(theta[2])
    assert at[1] - at[0] == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"means": [100.0, 97.0, 88.0]}, "one mean"),
        ({"means": [100.0, float("nan"), 88.0, 70.0]}, "missing"),
        ({"subjects": [10, 1, 10, 10]}, "two animals"),
        ({"standard_deviations": [8.0, 0.0, 8.4, 7.9]}, "does not vary"),
        ({"doses": [0, 1, 1, 10]}, "there twice"),
        ({"means": [0.0, -3.0, -12.0, -30.0]}, "control's mean is 0"),
        ({"benchmark_response": 0.0}, "benchmark_response"),
        ({"benchmark_response": 1.5, "measure": "relative"}, "fall by all"),
        ({"confidence": 1.0}, "confidence"),
    ],
)
def test_what_cannot_be_fitted_is_refused(change, said):
    with pytest.raises(MethodError, match=said):
        benchmark_dose_continuous(**{**TABLE, **change})
