"""Shelf life after ICH Q1E: the path, the refusals, and what the result holds for the picture."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from crdmo.science.method import MethodError, call, from_json, to_json
from crdmo.science.quality.limits import LimitReading
from crdmo.science.quality.stability import Outcome, TimeTransformation, Transformation, shelf_life

MONTHS = [0.0, 3.0, 6.0, 9.0, 12.0, 18.0]
NOISE = [0.3, -0.4, 0.2, 0.1, -0.3, 0.1]


def _study(*lines: tuple[float, float], noise: float = 1.0) -> dict[str, Any]:
    """Return batches A, B, … on lines (intercept, slope) with a fixed scatter."""
    names = "ABCDEFGH"[: len(lines)]
    return {
        "batch": [name for name in names for _ in MONTHS],
        "month": MONTHS * len(lines),
        "value": [a + b * t + noise * e for a, b in lines for t, e in zip(MONTHS, NOISE, strict=True)],
    }


SAME = _study((100.0, -0.2), (100.1, -0.2), (100.0, -0.21))
SHIFTED = _study((100.0, -0.2), (102.0, -0.2), (104.0, -0.2))
SLANTED = _study((100.0, -0.1), (100.0, -0.3), (100.0, -0.6))


@pytest.mark.clause("ICH Q1E Appendix B")
@pytest.mark.parametrize(
    ("study", "model", "said"),
    [
        (SAME, "cics", "batches are pooled"),
        (SHIFTED, "dics", "common slope, own intercepts"),
        (SLANTED, "dids pooled", "slopes differ: separate lines with the mean square of all batches"),
    ],
)
def test_the_path_leads_to_the_model_and_is_told(study: dict[str, Any], model: str, said: str) -> None:
    found = shelf_life(**study, lower_limit=95.0)
    assert found.model == model
    assert any(said in reason for reason in found.reasons)
    assert any(reason.startswith("equal slopes: p = ") for reason in found.reasons)
    assert found.reasons[-1].endswith(f"{found.whole_months} months")


def test_intercepts_are_not_spoken_of_where_slopes_differ() -> None:
    assert not any("equal intercepts" in reason for reason in shelf_life(**SLANTED, lower_limit=95.0).reasons)


def test_the_level_of_the_poolability_tests_decides() -> None:
    p = shelf_life(**SHIFTED, lower_limit=95.0).p_intercept
    assert p is not None
    assert shelf_life(**SHIFTED, lower_limit=95.0, alpha_pool=p * 0.99).model == "cics"
    assert shelf_life(**SHIFTED, lower_limit=95.0, alpha_pool=p * 1.01).model == "dics"


def test_one_batch_is_a_line_of_its_own() -> None:
    found = shelf_life(**_study((100.0, -0.2)), lower_limit=95.0)
    assert (found.model, found.p_slope, found.p_intercept) == ("cics", None, None)
    assert "one batch: a line of its own" in found.reasons


def test_the_error_of_each_batch_alone_is_a_choice() -> None:
    study = {
        **SLANTED,
        "value": [
            v + (2 * e if i < 6 else 0.0) for i, (v, e) in enumerate(zip(SLANTED["value"], NOISE * 3, strict=True))
        ],
    }
    found = shelf_life(**study, lower_limit=95.0, mean_square="individual")
    assert found.model == "dids individual"
    own = {line.batch: line.mean_square for line in found.models[-1].lines}
    assert own["A"] == pytest.approx(9 * own["B"])
    assert {line.df for line in found.models[-1].lines} == {4}


def test_months_are_whole_months_downwards() -> None:
    found = shelf_life(**SAME, lower_limit=95.0)
    assert found.months is not None
    assert found.whole_months == int(found.months) < found.months


def test_a_two_sided_bound_is_wider_and_the_life_shorter() -> None:
    one, two = (shelf_life(**SAME, lower_limit=95.0, sides=sides).months for sides in (1, 2))
    assert one is not None and two is not None
    assert two < one


def test_a_prediction_band_is_wider_and_the_life_shorter() -> None:
    mean, single = (shelf_life(**SAME, lower_limit=95.0, band=band).months for band in ("confidence", "prediction"))
    assert mean is not None and single is not None
    assert single < mean


def test_a_loose_limit_gives_a_longer_life_than_a_tight_one() -> None:
    tight = shelf_life(**SAME, limit="≥ 95.0")
    loose = shelf_life(**SAME, limit="≥ 95.0", limit_reading=LimitReading.LOOSE)
    assert (tight.lower_limit, loose.lower_limit) == (95.0, 94.95)
    assert tight.months is not None and loose.months is not None
    assert tight.months < loose.months
    assert "the limit ≥ 95.0 is read loosely, at 94.95" in loose.reasons


def test_of_two_limits_the_first_that_is_reached_counts() -> None:
    rising = _study((100.0, 0.2), (100.1, 0.2), (100.0, 0.21))
    falling = shelf_life(**SAME, lower_limit=95.0, upper_limit=105.0, sides=2)
    growing = shelf_life(**rising, lower_limit=95.0, upper_limit=105.0, sides=2)
    assert (falling.side, growing.side) == ("lower", "upper")


def test_a_line_that_starts_outside_the_limit_has_no_shelf_life() -> None:
    found = shelf_life(**SAME, lower_limit=101.0)
    assert (found.outcome, found.months) == (Outcome.STARTS_OUTSIDE, None)
    assert found.reasons[-1] == "the pooled line starts outside the lower limit: no shelf life"


def test_a_batch_that_starts_outside_outweighs_the_others() -> None:
    found = shelf_life(**SHIFTED, lower_limit=100.9)
    assert (found.outcome, found.worst_batch, found.whole_months) == (Outcome.STARTS_OUTSIDE, "A", None)


def test_a_band_too_wide_from_the_start_is_not_a_shelf_life_of_0() -> None:
    found = shelf_life(**_study((95.2, -0.01), noise=5.0), lower_limit=95.0)
    assert (found.outcome, found.months, found.whole_months) == (Outcome.BAND_OUTSIDE, None, None)
    assert "so wide that it lies outside" in found.reasons[-1]


def test_a_bound_that_never_reaches_a_limit_is_no_intersection() -> None:
    found = shelf_life(**_study((100.0, 0.5), (100.1, 0.5)), lower_limit=95.0)
    assert (found.outcome, found.months) == (Outcome.NO_INTERSECTION, None)
    assert "the extrapolation rules do" in found.reasons[-1]


@pytest.mark.parametrize("months", [[0.0, 6.0], [0.0, 0.0, 6.0, 6.0]])
def test_a_batch_with_fewer_than_three_times_is_a_typed_outcome(months: list[float]) -> None:
    study = {
        key: SAME[key] + extra
        for key, extra in (("batch", ["D"] * len(months)), ("month", months), ("value", [100.0] * len(months)))
    }
    found = shelf_life(**study, lower_limit=95.0)
    assert (found.outcome, found.worst_batch, found.model, found.models) == (Outcome.TOO_FEW_POINTS, "D", "", ())
    assert f"batch D has {len(months)} points at 2 times" in found.reasons[-1]
    assert len(found.points) == 18 + len(months)


def test_values_that_never_change_are_pooled_and_never_end() -> None:
    study = {**SAME, "value": [0.05] * 18}
    found = shelf_life(**study, upper_limit=0.2)
    assert (found.p_slope, found.p_intercept, found.model) == (1.0, 1.0, "cics")
    assert found.outcome is Outcome.NO_INTERSECTION


def test_points_exactly_on_different_lines_are_different_for_certain() -> None:
    found = shelf_life(**_study((100.0, -0.25), (100.0, -0.5), noise=0.0), lower_limit=95.0)
    assert (found.p_slope, found.model, found.worst_batch) == (0.0, "dids pooled", "B")
    assert found.months == pytest.approx(10.0)
    assert found.whole_months == 10


def test_unequal_batches_and_repeated_pulls_are_evaluated() -> None:
    study = {
        "batch": ["A"] * 4 + ["B"] * 5,
        "month": [0, 3, 6, 12, 0, 0, 3, 3, 6],
        "value": [100.1, 99.5, 98.7, 97.6, 100.4, 100.0, 99.3, 99.1, 98.9],
    }
    found = shelf_life(**study, lower_limit=95.0)
    assert found.outcome is Outcome.FOUND
    assert [line.df for line in found.models[-1].lines] == [2, 3]


@pytest.mark.parametrize("how", [Transformation.LOG, Transformation.SQRT, Transformation.SQUARE])
def test_transformed_values_are_those_of_the_transformed_evaluation(how: Transformation) -> None:
    forward = {"log": np.log, "sqrt": np.sqrt, "square": np.square}[how.value]
    found = shelf_life(**SLANTED, lower_limit=95.0, transformation=how)
    plain = shelf_life(**{**SLANTED, "value": forward(SLANTED["value"]).tolist()}, lower_limit=float(forward(95.0)))
    assert found.months == pytest.approx(plain.months, rel=1e-12)
    assert found.curves[0].fitted[0] == pytest.approx(100.0, abs=0.3)
    assert f"values and limits are transformed: {how.value}" in found.reasons


@pytest.mark.parametrize("how", [TimeTransformation.LOG, TimeTransformation.SQRT, TimeTransformation.SQUARE])
def test_transformed_time_comes_back_in_months(how: TimeTransformation) -> None:
    forward, back = {"log": (np.log1p, np.expm1), "sqrt": (np.sqrt, np.square), "square": (np.square, np.sqrt)}[
        how.value
    ]
    found = shelf_life(**SLANTED, lower_limit=95.0, time_transformation=how)
    plain = shelf_life(**{**SLANTED, "month": forward(SLANTED["month"]).tolist()}, lower_limit=95.0)
    assert plain.months is not None
    assert found.months == pytest.approx(float(back(plain.months)), rel=1e-12)
    assert f"months are transformed: {how.value}" in found.reasons


@pytest.mark.parametrize(
    ("values", "limit", "how", "message"),
    [
        ([1.0, 0.0, 2.0], 0.5, Transformation.LOG, r"log is not defined below zero or at zero.*Given: 0\."),
        ([1.0, 2.0, 3.0], -0.5, Transformation.LOG, r"log is not defined below zero.*Given: -0\.5"),
        ([1.0, -1.0, 2.0], 0.5, Transformation.SQRT, "sqrt is not defined below zero. Given: -1"),
        ([1.0, -1.0, 2.0], 0.5, Transformation.SQUARE, "square is not defined below zero. Given: -1"),
    ],
)
def test_what_cannot_be_transformed_is_refused(
    values: list[float], limit: float, how: Transformation, message: str
) -> None:
    with pytest.raises(MethodError, match=message):
        shelf_life(batch=["A"] * 3, month=[0, 3, 6], value=values, lower_limit=limit, transformation=how)


def test_zero_has_a_square_root() -> None:
    found = shelf_life(
        batch=["A"] * 4,
        month=[0, 3, 6, 9],
        value=[0.0, 0.01, 0.05, 0.08],
        upper_limit=0.2,
        transformation=Transformation.SQRT,
    )
    assert found.outcome is Outcome.FOUND


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({}, "a shelf life needs an acceptance limit"),
        ({"lower_limit": 105.0, "upper_limit": 95.0}, "lower limit does not lie below the upper one"),
        ({"lower_limit": 95.0, "upper_limit": 95.0}, "lower limit does not lie below the upper one"),
        ({"lower_limit": float("nan")}, "a limit is not a finite number"),
        ({"limit": "≥ 95.0", "lower_limit": 95.0}, "the limit is given twice"),
        ({"limit": "conforms"}, "a limit in words has no numbers"),
        ({"limit": "≥ 95,0"}, "cannot be read with certainty"),
        ({"lower_limit": 95.0, "sides": 3}, "one- or two-sided at a confidence"),
        ({"lower_limit": 95.0, "confidence": 95.0}, "one- or two-sided at a confidence"),
        ({"lower_limit": 95.0, "alpha_pool": 0.0}, "level of the poolability tests is no share"),
        ({"lower_limit": 95.0, "mean_square": "none"}, "not an option of the evaluation. Given: none, confidence"),
        ({"lower_limit": 95.0, "band": "tolerance"}, "not an option of the evaluation. Given: pooled, tolerance"),
        ({"lower_limit": 95.0, "batch": ["A"] * 5}, "do not belong together. Given: 5, 18 and 18 entries"),
        ({"lower_limit": 95.0, "batch": [], "month": [], "value": []}, "there are no results to evaluate"),
        ({"lower_limit": 95.0, "month": [-1.0, *SAME["month"][1:]]}, "result 1 has a month or value.*month -1"),
        ({"lower_limit": 95.0, "value": [*SAME["value"][:-1], float("inf")]}, "result 18 has a month or value"),
    ],
)
def test_what_makes_no_evaluation_is_refused(choices: dict[str, Any], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        shelf_life(**{**SAME, **choices})


def test_the_result_holds_everything_that_the_picture_needs() -> None:
    found = shelf_life(**SLANTED, lower_limit=95.0)
    assert found.points[6] == ("B", 0.0, pytest.approx(100.3))
    assert [curve.batch for curve in found.curves] == ["A", "B", "C"]
    worst = next(curve for curve in found.curves if curve.batch == found.worst_batch)
    assert worst.months[0] == 0.0
    assert worst.months[-1] == pytest.approx(1.15 * 18.0)
    met = np.interp(-95.0, -np.array(worst.lower), worst.months)
    assert found.months == pytest.approx(float(met), abs=0.01)
    assert all(low < middle < high for low, middle, high in zip(worst.lower, worst.fitted, worst.upper, strict=True))


def test_a_stored_evaluation_comes_back_the_same() -> None:
    inputs = json.loads(json.dumps(SAME))
    made = call(
        "quality.shelf_life_q1e", inputs, {"limit": "≥ 95.0", "limit_reading": "loose", "transformation": "log"}
    )
    stored = json.loads(json.dumps(to_json(made), allow_nan=False))
    assert from_json("quality.shelf_life_q1e", stored) == made


@pytest.mark.parametrize("limit", [95.0, 101.0])
def test_every_outcome_is_stored_without_numbers_that_json_does_not_know(limit: float) -> None:
    few = {key: values[:2] for key, values in SAME.items()}
    for study in (SAME, few):
        json.dumps(to_json(shelf_life(**study, lower_limit=limit)), allow_nan=False)


def test_an_evaluation_takes_less_than_5_milliseconds() -> None:
    import time

    best = min(_seconds(time.perf_counter) for _ in range(20))
    assert best < 0.005


def _seconds(clock: Any) -> float:
    started = clock()
    shelf_life(**SLANTED, lower_limit=95.0)
    return float(clock() - started)
