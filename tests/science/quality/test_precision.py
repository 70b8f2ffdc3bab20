"""Variance components: the algebra against projection matrices, the intervals against simulation, the refusals."""

from __future__ import annotations

import numpy as np
import pytest

from crdmo.science.method import MethodError, call, to_json
from crdmo.science.quality.precision import (
    VarianceComponents,
    precision_by_sample,
    upper_limit_of_sd,
    variance_components,
)

UNBALANCED_DAY = ["a"] * 6 + ["b"] * 3 + ["c"] * 5 + ["d"] * 4
UNBALANCED_RUN = list("112223" + "111" + "11223" + "1122")


def _found(values: np.ndarray, day: list[str], run: list[str]) -> VarianceComponents:
    return variance_components(values=values.tolist(), factor_names=["day", "run"], factor_levels=[day, run])


def _projection(labels: list[str]) -> np.ndarray:
    indicator = np.array([[float(x == level) for level in sorted(set(labels))] for x in labels])
    return indicator @ np.linalg.pinv(indicator)


def test_unbalanced_mean_squares_and_their_expectations_equal_the_projection_matrices() -> None:
    y = np.random.default_rng(3).normal(50, 2, len(UNBALANCED_DAY))
    cells = [d + r for d, r in zip(UNBALANCED_DAY, UNBALANCED_RUN, strict=True)]
    chain = [["one"] * y.size, UNBALANCED_DAY, cells, [str(i) for i in range(y.size)]]
    projections = [_projection(labels) for labels in chain]
    found = _found(y, UNBALANCED_DAY, UNBALANCED_RUN)
    assert not found.balanced
    for i, row in enumerate(found.anova, start=1):
        quadratic = projections[i] - projections[i - 1]
        df = np.trace(quadratic)
        assert row.degrees_of_freedom == round(df)
        assert row.mean_square == pytest.approx(y @ quadratic @ y / df, rel=1e-9)
        for j, labels in enumerate(chain[1:], start=1):
            same = np.array([[float(a == b) for b in labels] for a in labels])
            assert row.expected[j - 1] == pytest.approx(np.trace(quadratic @ same) / df, abs=1e-9)


def test_unbalanced_components_are_unbiased() -> None:
    rng = np.random.default_rng(8)
    cells = sorted({d + r for d, r in zip(UNBALANCED_DAY, UNBALANCED_RUN, strict=True)})
    estimates = []
    for _ in range(1500):
        day = dict(zip("abcd", rng.normal(0, 2.0, 4), strict=True))
        run = dict(zip(cells, rng.normal(0, 1.5, len(cells)), strict=True))
        y = [
            100 + day[d] + run[d + r] + rng.normal(0, 1.0) for d, r in zip(UNBALANCED_DAY, UNBALANCED_RUN, strict=True)
        ]
        estimates.append([c.estimate for c in _found(np.array(y), UNBALANCED_DAY, UNBALANCED_RUN).components])
    mean = np.mean(estimates, axis=0)
    error = np.std(estimates, axis=0) / np.sqrt(len(estimates))
    assert np.all(np.abs(mean - [4.0, 2.25, 1.0]) < 4 * error)


@pytest.mark.clause("ICH Q2(R2) Precision")
def test_intervals_cover_the_true_variance_as_often_as_stated() -> None:
    truth = {"day": 4.0, "run": 2.25, "error": 1.0, "within day": 3.25, "total": 7.25}
    rng = np.random.default_rng(1)
    day = [str(d) for d in range(15) for _ in range(4)]
    run = [str(r) for _ in range(15) for r in (1, 1, 2, 2)]
    hits = dict.fromkeys(truth, 0)
    for _ in range(800):
        y = np.repeat(rng.normal(0, 2.0, 15), 4) + np.repeat(rng.normal(0, 1.5, 30), 2) + rng.normal(0, 1.0, 60)
        found = _found(100 + y, day, run)
        for one in (*found.components, *found.precision):
            if one.name in truth:
                assert one.variance_interval is not None
                hits[one.name] += one.variance_interval.lower <= truth[one.name] <= one.variance_interval.upper
    for name, times in hits.items():
        assert 0.925 <= times / 800 <= 0.985, name


def test_a_run_label_is_read_within_its_day() -> None:
    y = np.random.default_rng(2).normal(10, 1, 16)
    day = [d for d in "abcd" for _ in range(4)]
    same = _found(y, day, list("1122") * 4)
    unique = _found(y, day, [d + r for d, r in zip(day, list("1122") * 4, strict=True)])
    assert same.components == unique.components


def test_the_order_of_observations_does_not_matter_and_the_unit_scales_the_variance() -> None:
    rng = np.random.default_rng(4)
    y, shuffle = rng.normal(10, 1, 18), rng.permutation(18)
    plain = _found(y, UNBALANCED_DAY, UNBALANCED_RUN)
    mixed = _found(1000 * y[shuffle], [UNBALANCED_DAY[i] for i in shuffle], [UNBALANCED_RUN[i] for i in shuffle])
    for a, b in zip(plain.components, mixed.components, strict=True):
        assert b.estimate == pytest.approx(1e6 * a.estimate, rel=1e-9)
        assert b.degrees_of_freedom == (None if a.degrees_of_freedom is None else pytest.approx(a.degrees_of_freedom))


def test_a_negative_component_adds_nothing_to_the_total() -> None:
    found = variance_components(
        values=[1, 5, 2, 4, 3, 3], factor_names=["run"], factor_levels=[["1", "1", "2", "2", "3", "3"]]
    )
    assert found.total.variance == pytest.approx(10 / 3)
    assert found.total.degrees_of_freedom == pytest.approx(3)
    assert found.components[0].variance_interval is not None
    assert found.components[0].variance_interval.lower == 0.0


def test_no_coefficient_of_variation_around_a_mean_of_zero() -> None:
    found = variance_components(
        values=[-1.0, -2.0, 1.0, 2.0], factor_names=["run"], factor_levels=[["1", "1", "2", "2"]]
    )
    assert found.total.cv_percent is None
    assert any("no coefficient of variation" in reason for reason in found.reasons)


def test_mixed_samples_are_refused() -> None:
    with pytest.raises(MethodError, match=r"several samples are mixed.*low, high.*precision_by_sample"):
        variance_components(
            values=[1.0, 2.0, 11.0, 12.0],
            factor_names=["run"],
            factor_levels=[["1", "1", "2", "2"]],
            samples=["low", "low", "high", "high"],
        )


def test_mixed_samples_are_pooled_when_the_protocol_states_it_and_the_result_says_so() -> None:
    found = variance_components(
        values=[1.0, 2.0, 11.0, 12.0],
        factor_names=["run"],
        factor_levels=[["1", "1", "2", "2"]],
        samples=["low", "low", "high", "high"],
        pooling_of_samples_stated=True,
    )
    assert found.sample == "low + high"
    assert any("pooled because the protocol states it" in reason for reason in found.reasons)


def test_a_design_without_replicates_is_refused() -> None:
    with pytest.raises(MethodError, match=r"nothing is replicated.*leave the innermost factor out"):
        variance_components(values=[1.0, 2.0, 3.0], factor_names=["run"], factor_levels=[["1", "2", "3"]])


def test_a_factor_with_one_level_in_each_outer_level_is_refused() -> None:
    with pytest.raises(MethodError, match="factor run has no degree of freedom"):
        variance_components(
            values=[1.0, 2.0, 3.0, 4.0],
            factor_names=["day", "run"],
            factor_levels=[["1", "1", "2", "2"], ["1", "1", "1", "1"]],
        )


def test_a_missing_value_is_refused_with_its_place() -> None:
    with pytest.raises(MethodError, match="at position 2"):
        variance_components(values=[1.0, float("nan"), 3.0], factor_names=["run"], factor_levels=[["1", "1", "2"]])


def test_levels_of_another_length_are_refused() -> None:
    with pytest.raises(MethodError, match="values and levels of run do not belong together"):
        variance_components(values=[1.0, 2.0, 3.0], factor_names=["run"], factor_levels=[["1", "1"]])


def test_the_upper_limit_of_an_sd_is_the_chi_square_one() -> None:
    found = variance_components(
        values=[1, 5, 2, 4, 3, 3], factor_names=["run"], factor_levels=[["1", "1", "2", "2", "3", "3"]]
    )
    # χ²(0.05; 3) = 0.351846
    assert upper_limit_of_sd(found.total) == pytest.approx((10 / 0.351846) ** 0.5, rel=1e-5)


def test_a_study_from_plain_json_gives_the_same_result() -> None:
    inputs = {
        "values": [1, 5, 2, 4, 3, 3.5],
        "factor_names": ["run"],
        "factor_levels": [["1", "1", "2", "2", "3", "3"]],
        "samples": ["s"] * 6,
    }
    assert to_json(call("quality.precision_by_sample", inputs, {})) == to_json(precision_by_sample(**inputs))
