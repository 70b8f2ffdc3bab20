"""PREC: variance components of CLSI EP05 designs, to the printed digits of the reference computations."""

from __future__ import annotations

import csv

import pytest

from crdmo.science.quality.precision import VarianceComponents, precision_by_sample, variance_components
from tests import shared_data


def _rows(name: str) -> list[dict[str, str]]:
    with shared_data.path(f"quality/precision/{name}").open() as file:
        return list(csv.DictReader(file))


def _day_run(name: str) -> VarianceComponents:
    rows = _rows(name)
    return variance_components(
        values=[float(r["y"]) for r in rows],
        factor_names=["day", "run"],
        factor_levels=[[r["day"] for r in rows], [r["run"] for r in rows]],
    )


def _variances(found: VarianceComponents) -> list[float]:
    return [component.variance for component in found.components]


def test_prec_1_day_run_error_and_the_total_with_its_degrees_of_freedom() -> None:
    found = _day_run("ep05a2_2.csv")
    assert [round(v, 6) for v in _variances(found)] == [1.853772, 2.826050, 3.720281]
    assert round(found.total.variance, 6) == 8.400103
    assert round(found.total.degrees_of_freedom or 0.0, 5) == 54.78206
    assert round(found.mean, 5) == 75.40645


def test_prec_2_day_run_error() -> None:
    assert [round(v, 6) for v in _variances(_day_run("ep05a2_1.csv"))] == [0.001096, 1.344492, 1.953397]


@pytest.mark.parametrize(
    ("sample", "components", "mean"),
    [
        ("P1", [0.384291, 0.177773, 0.524800], 12.08133),
        ("P2", [1.618888, 0.123160, 1.634800], 41.58400),
        ("Q3", [3.174189, 0.523173, 1.559933], 55.74667),
    ],
)
def test_prec_3_each_sample_by_itself(sample: str, components: list[float], mean: float) -> None:
    rows = _rows("ep05a3_ca19_9.csv")
    found = precision_by_sample(
        values=[float(r["result"]) for r in rows],
        factor_names=["site", "day"],
        factor_levels=[[r["site"] for r in rows], [r["day"] for r in rows]],
        samples=[r["sample"] for r in rows],
    )
    one = next(f for f in found if f.sample == sample)
    assert [round(v, 6) for v in _variances(one)] == components
    assert round(one.mean, 5) == mean


def test_prec_4_a_negative_component_is_reported_as_zero_and_said() -> None:
    found = variance_components(
        values=[1, 5, 2, 4, 3, 3], factor_names=["run"], factor_levels=[["1", "1", "2", "2", "3", "3"]]
    )
    run = found.components[0]
    assert round(run.estimate, 3) == -1.667
    assert run.variance == 0.0
    assert any("run" in reason and "-1.667" in reason and "reported as 0" in reason for reason in found.reasons)
