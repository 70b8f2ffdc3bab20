"""Q1E: LeBlond, Griffith, Aubuchon, J Valid Technol 2011;17(3):47-68, to 1e-4 month.

One-sided 95 % bound, lower limit 95.0 read loosely (94.95), F tests on the mean square of the full model. Digits beyond
the paper's are those of expirest (R), recomputed from the same data.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import Any

import pytest

from crdmo.science.quality.limits import LimitReading
from crdmo.science.quality.stability import Outcome, ShelfLife, shelf_life
from crdmo.science.quality.stability_what_if import WhatIf, what_if_shelf_life
from tests import shared_data

TOLERANCE = 1e-4


def _points(name: str, batches: Sequence[str] = ()) -> dict[str, list[Any]]:
    with shared_data.path(f"quality/stability/leblond2011_{name}.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if not batches or row["batch"] in batches]
    value = next(column for column in rows[0] if column not in ("batch", "month"))
    return {
        "batch": [row["batch"] for row in rows],
        "month": [float(row["month"]) for row in rows],
        "value": [float(row[value]) for row in rows],
    }


def _potency(*batches: str, **choices: Any) -> ShelfLife:
    return shelf_life(**_points("potency", batches), limit="≥ 95.0", limit_reading=LimitReading.LOOSE, **choices)


def _months(found: ShelfLife | WhatIf, model: str) -> float | None:
    return next(one.months for one in found.models if one.name == model)


@pytest.mark.clause("ICH Q1E Appendix B")
def test_q1e_1_common_intercept_and_slope() -> None:
    found = _potency("b2", "b5", "b7")
    assert found.lower_limit == 94.95
    assert (found.p_slope, found.p_intercept) == (pytest.approx(0.79723, abs=5e-6), pytest.approx(0.65145, abs=5e-6))
    assert found.model == "cics"
    assert found.months == pytest.approx(26.22410, abs=TOLERANCE)
    assert found.whole_months == 26


@pytest.mark.parametrize(
    ("model", "months"), [("dics", 24.80030), ("dids pooled", 23.66724), ("dids individual", 23.34184)]
)
def test_q1e_1_the_other_models_by_their_worst_batch(model: str, months: float) -> None:
    assert _months(_potency("b2", "b5", "b7"), model) == pytest.approx(months, abs=TOLERANCE)


@pytest.mark.clause("ICH Q1E Appendix B")
def test_q1e_2_different_slopes_with_the_error_of_each_batch() -> None:
    found = _potency("b4", "b5", "b8", mean_square="individual")
    assert found.p_slope == pytest.approx(0.17042, abs=5e-6)
    assert found.p_intercept is not None
    assert found.p_intercept < 1e-4
    assert found.model == "dids individual"
    assert found.months == pytest.approx(15.96453, abs=TOLERANCE)


def test_q1e_2_different_slopes_with_the_error_of_all_batches() -> None:
    found = _potency("b4", "b5", "b8")
    assert found.model == "dids pooled"
    assert found.months == pytest.approx(15.7235, abs=TOLERANCE)
    assert _months(found, "cics") == pytest.approx(28.1252, abs=TOLERANCE)
    assert _months(found, "dics") == pytest.approx(22.4794, abs=TOLERANCE)


@pytest.fixture
def moisture() -> ShelfLife:
    return shelf_life(**_points("moisture"), limit="1.5 – 3.5", limit_reading=LimitReading.LOOSE, sides=2)


def test_q1e_3_two_limits_and_a_two_sided_bound(moisture: ShelfLife) -> None:
    assert (moisture.lower_limit, moisture.upper_limit) == (1.45, 3.54)
    p = (moisture.p_slope, moisture.p_intercept)
    assert p == (pytest.approx(0.48280, abs=5e-6), pytest.approx(0.70518, abs=5e-6))
    assert (moisture.model, moisture.side) == ("cics", "upper")
    assert moisture.months == pytest.approx(46.85172, abs=TOLERANCE)


@pytest.mark.parametrize(
    ("model", "months", "side"),
    [("dics", 41.84802, "upper"), ("dids pooled", 22.41808, "upper"), ("dids individual", 22.50966, "lower")],
)
def test_q1e_3_the_other_models_and_the_limit_that_binds(
    moisture: ShelfLife, model: str, months: float, side: str
) -> None:
    found = next(one for one in moisture.models if one.name == model)
    worst = next(line for line in found.lines if line.batch == found.worst_batch)
    assert (found.months, worst.side) == (pytest.approx(months, abs=TOLERANCE), side)


def test_q1e_4_an_upper_limit_gives_the_same_as_the_mirrored_lower_one() -> None:
    found = shelf_life(**_points("related"), upper_limit=0.3015, mean_square="individual")
    mirrored = _potency("b4", "b5", "b8", mean_square="individual")
    assert found.model == mirrored.model == "dids individual"
    assert (found.p_slope, found.p_intercept) == pytest.approx((mirrored.p_slope, mirrored.p_intercept), rel=1e-6)
    assert found.months == pytest.approx(15.96453, abs=TOLERANCE)
    assert found.side == "upper"


def test_q1e_4_a_prediction_band_that_never_meets_the_limit_is_no_intersection_and_never_0() -> None:
    found = shelf_life(**_points("moisture"), lower_limit=1.5, band="prediction")
    assert found.outcome is Outcome.BAND_OUTSIDE
    assert found.outcome.value.startswith("no intersection")
    assert (found.months, found.whole_months) == (None, None)


@pytest.fixture
def what_if() -> WhatIf:
    return what_if_shelf_life(**_points("potency", ("b2", "b5", "b7")), release_limit=97.95, shelf_life_limit=94.95)


def test_q1e_5_what_if_a_batch_is_released_at_its_limit(what_if: WhatIf) -> None:
    assert what_if.model == "cics"
    assert what_if.months == pytest.approx(14.07398, abs=TOLERANCE)
    assert _months(what_if, "dics") == pytest.approx(13.23176, abs=TOLERANCE)


@pytest.mark.parametrize(
    ("model", "months"),
    [
        ("dids individual", {"b2": 13.34561, "b5": 11.95175, "b7": 13.38735}),
        ("dids pooled", {"b2": 13.80696, "b5": 12.14152, "b7": 13.27204}),
    ],
)
def test_q1e_5_every_batch_is_printed(what_if: WhatIf, model: str, months: dict[str, float]) -> None:
    lines = next(one.lines for one in what_if.models if one.name == model)
    assert {line.batch: line.months for line in lines} == pytest.approx(months, abs=TOLERANCE)
    told = next(reason for reason in what_if.reasons if reason.startswith(model))
    assert all(batch in told for batch in months)


def test_q1e_5_the_rule_that_picks_is_named_and_is_the_shortest(what_if: WhatIf) -> None:
    """The package expirest reports 13.34561 and 13.80695, those of b2, which are not the smallest."""
    for model in what_if.models:
        assert model.months == min(line.months for line in model.lines if line.months is not None)
    assert "the shortest time of all batches" in what_if.rule
    assert what_if.rule in what_if.reasons[-1]


def test_q1e_6_three_reasons_for_no_shelf_life_are_three_outcomes() -> None:
    points = _points("potency", ("b2", "b5", "b7"))
    starts_outside = shelf_life(**points, lower_limit=104.0)
    rising = shelf_life(**{**points, "value": [200.0 - v for v in points["value"]]}, lower_limit=94.95)
    few = shelf_life(**{key: values[:2] for key, values in points.items()}, lower_limit=94.95)
    outcomes = (starts_outside.outcome, rising.outcome, few.outcome)
    assert outcomes == (Outcome.STARTS_OUTSIDE, Outcome.NO_INTERSECTION, Outcome.TOO_FEW_POINTS)
    assert [found.months for found in (starts_outside, rising, few)] == [None, None, None]
