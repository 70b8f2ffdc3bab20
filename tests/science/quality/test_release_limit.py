"""Release limit: the assurance is the stated one, by simulation, and the margin is made of what is said."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from crdmo.science.method import MethodError
from crdmo.science.quality.release_limit import release_limit, release_limit_of_study

from .test_stability import SAME, SLANTED

GIVEN: dict[str, Any] = {
    "shelf_life_limit": 95.0,
    "side": "lower",
    "shelf_life_months": 24.0,
    "slope": -0.1,
    "slope_standard_error": 0.02,
    "slope_df": 18.0,
    "result_sd": 0.6,
    "result_df": 10.0,
    "replicates": 2,
}


@pytest.mark.parametrize(("side", "slope"), [("lower", -0.1), ("upper", 0.1)])
def test_a_batch_that_would_just_fail_is_released_as_seldom_as_stated(side: str, slope: float) -> None:
    """The batch ends exactly at its limit. 20 000 batches: standard error 0.0015; Satterthwaite is an approximation."""
    rng = np.random.default_rng(51)
    sign = 1 if side == "lower" else -1
    released = 0
    for _ in range(20_000):
        slope_error = 0.02 * math.sqrt(rng.chisquare(18) / 18)
        sd = 0.6 * math.sqrt(rng.chisquare(10) / 10)
        found = release_limit(
            **{
                **GIVEN,
                "side": side,
                "slope": slope + rng.normal(0, 0.02),
                "slope_standard_error": slope_error,
                "result_sd": sd,
            }
        )
        result = 95.0 - slope * 24.0 + rng.normal(0, 0.6 / math.sqrt(2))
        released += sign * (result - found.release_limit) >= 0
    assert released / 20_000 == pytest.approx(0.05, abs=0.008)


def test_the_limit_is_that_of_the_shelf_life_plus_change_plus_margin() -> None:
    found = release_limit(**GIVEN)
    assert found.expected_change == pytest.approx(-2.4)
    assert found.margin == pytest.approx(found.quantile * math.hypot(24 * 0.02, 0.6 / math.sqrt(2)))
    assert found.release_limit == pytest.approx(95.0 + 2.4 + found.margin)
    assert 10.0 < found.df < 28.0


def test_a_change_in_the_safe_direction_earns_nothing() -> None:
    rising, flat = (release_limit(**{**GIVEN, "slope": slope}) for slope in (0.1, 0.0))
    assert rising.release_limit == flat.release_limit
    assert "earns nothing" in rising.reasons[0]


def test_an_upper_limit_is_the_mirror_of_a_lower_one() -> None:
    lower = release_limit(**GIVEN)
    upper = release_limit(**{**GIVEN, "side": "upper", "slope": 0.1})
    assert lower.release_limit - 95.0 == pytest.approx(95.0 - upper.release_limit)


def test_more_replicates_lower_the_margin() -> None:
    assert release_limit(**{**GIVEN, "replicates": 6}).margin < release_limit(**GIVEN).margin


@pytest.mark.parametrize(
    ("study", "said"),
    [(SAME, "common slope of all batches"), (SLANTED, "slopes differ (p = 0.00000): that of batch C")],
)
def test_the_slope_of_a_study_is_common_or_that_of_the_batch_that_changes_fastest(
    study: dict[str, Any], said: str
) -> None:
    found = release_limit_of_study(
        **study, shelf_life_limit=95.0, side="lower", shelf_life_months=12, result_sd=0.5, result_df=10
    )
    assert found.reasons[0].startswith(said)


def test_a_study_of_one_batch_has_the_slope_of_that_batch() -> None:
    one = {key: values[:6] for key, values in SLANTED.items()}
    found = release_limit_of_study(
        **one, shelf_life_limit=95.0, side="lower", shelf_life_months=12, result_sd=0.5, result_df=10
    )
    assert found.expected_change == pytest.approx(12 * float(np.polyfit(one["month"], one["value"], 1)[0]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"side": "both"}, "a limit bounds one side. Given: both"),
        ({"shelf_life_months": 0.0}, "shelf_life_months must be greater than zero"),
        ({"slope": math.nan}, "slope is no finite number"),
        ({"result_sd": 0.0}, "result_sd must be greater than zero"),
        ({"replicates": 0}, "replicates is not a count"),
        ({"confidence": 95.0}, "confidence is no share"),
    ],
)
def test_what_makes_no_release_limit_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        release_limit(**{**GIVEN, **changes})


def test_a_batch_with_too_few_points_has_no_slope() -> None:
    few = {key: values[:2] for key, values in SAME.items()}
    with pytest.raises(MethodError, match="batch A has too few points for a slope"):
        release_limit_of_study(
            **few, shelf_life_limit=95.0, side="lower", shelf_life_months=12, result_sd=0.5, result_df=10
        )
