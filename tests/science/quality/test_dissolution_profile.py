"""f1 and f2 by regulator: which points count, how much may vary, when f2 is not needed or not allowed."""

from __future__ import annotations

import pytest

from crdmo.science.method import MethodError, call
from crdmo.science.quality.dissolution_profile import (
    ProfileComparison,
    SimilarityOutcome,
    compare_profiles,
    f1,
    f2,
)
from crdmo.science.quality.dissolution_rules import Regulator

TIMES = [5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0]
SLOW = [7.0, 15.0, 50.0, 69.0, 82.0, 84.0, 86.0]
FAST = [10.0, 20.0, 55.0, 86.0, 90.0, 95.0, 97.0]


def _units(means: list[float], cv_percent: float = 2.0) -> list[list[float]]:
    """Return twelve units with those means; half of them above and half below by the same share."""
    step = cv_percent / 100 * (11 / 12) ** 0.5
    return [[m * (1 + sign * step) for m in means] for sign in (1, -1) for _ in range(6)]


def _compare(
    reference: list[float], test: list[float], regulator: Regulator, times: list[float] | None = None, cv: float = 2.0
) -> ProfileComparison:
    return compare_profiles(
        times=times or TIMES, reference=_units(reference, cv), test=_units(test, cv), regulator=regulator
    )


@pytest.mark.parametrize("regulator", list(Regulator))
def test_a_fast_reference_ends_the_curve_at_its_first_point_above_85(regulator: Regulator) -> None:
    assert _compare(FAST, SLOW, regulator).times_used == (5, 10, 15, 20)


@pytest.mark.parametrize(
    ("regulator", "last"),
    [(Regulator.EMA, 20), (Regulator.FDA, 20), (Regulator.HEALTH_CANADA, 20), (Regulator.ANVISA, 20)],
)
def test_a_fast_test_product_ends_the_curve_too(regulator: Regulator, last: float) -> None:
    assert _compare(SLOW, FAST, regulator).times_used[-1] == last


def test_the_who_looks_at_the_reference_alone() -> None:
    assert _compare(SLOW, FAST, Regulator.WHO).times_used == tuple(TIMES)


def test_a_mean_of_exactly_85_percent_does_not_end_the_curve_for_the_ema() -> None:
    found = _compare([30, 60, 85, 95], [30, 60, 80, 95], Regulator.EMA, times=[10, 20, 30, 45])
    assert found.times_used == (10, 20, 30, 45)


def test_time_zero_is_never_used() -> None:
    found = _compare([0, 30, 60, 80], [0, 25, 55, 75], Regulator.EMA, times=[0, 20, 30, 45])
    assert found.times_used == (20, 30, 45)
    assert found.points[0].reason == "time 0 carries no information"


@pytest.mark.parametrize(
    ("regulator", "limits"),
    [
        (Regulator.EMA, [20, 10, 10, 10]),
        (Regulator.HEALTH_CANADA, [20, 10, 10, 10]),
        (Regulator.WHO, [20, 20, 10, 10]),
        (Regulator.FDA, [20, 20, 20, 10]),
        (Regulator.ANVISA, [20, 20, 10, 10]),
    ],
)
def test_each_regulator_has_its_early_points(regulator: Regulator, limits: list[float]) -> None:
    found = _compare([20, 40, 60, 70, 80], [20, 40, 60, 70, 80], regulator, times=[5, 10, 15, 20, 30])
    assert [p.cv_limit for p in found.points[:4]] == limits


def test_too_much_variation_forbids_f2_even_for_equal_means() -> None:
    found = _compare([20, 40, 60, 80], [20, 40, 60, 80], Regulator.EMA, times=[20, 30, 45, 60], cv=12.0)
    assert found.outcome is SimilarityOutcome.F2_NOT_APPLICABLE
    assert found.f2 == pytest.approx(100.0)
    assert not found.variability_accepted
    assert any("at 30 min" in reason and "exceeds the limit of 10 %" in reason for reason in found.reasons)


def test_more_than_85_percent_in_15_minutes_needs_no_f2() -> None:
    found = _compare([60, 90, 99], [50, 88, 97], Regulator.EMA, times=[5, 15, 30])
    assert found.outcome is SimilarityOutcome.VERY_RAPID
    assert found.f2 is None


def test_exactly_85_percent_in_15_minutes_is_very_rapid_for_the_fda_and_not_for_the_ema() -> None:
    units = [[40.0, 85.0, 90.0, 95.0]] * 12
    arguments = {"times": [5, 15, 30, 45], "reference": units, "test": units}
    assert compare_profiles(**arguments, regulator=Regulator.FDA).outcome is SimilarityOutcome.VERY_RAPID
    assert compare_profiles(**arguments, regulator=Regulator.EMA).outcome is not SimilarityOutcome.VERY_RAPID


def test_health_canada_wants_every_unit_above_85_percent() -> None:
    units = [[60.0, 95.0, 99.0]] * 11 + [[60.0, 84.0, 99.0]]
    arguments = {"times": [5, 15, 30], "reference": units, "test": units}
    assert compare_profiles(**arguments, regulator=Regulator.EMA).outcome is SimilarityOutcome.VERY_RAPID
    found = compare_profiles(**arguments, regulator=Regulator.HEALTH_CANADA)
    assert found.outcome is SimilarityOutcome.F2_NOT_APPLICABLE


def test_fewer_than_three_points_are_no_f2() -> None:
    found = _compare([40, 95, 99], [30, 95, 99], Regulator.EMA, times=[20, 30, 45])
    assert found.outcome is SimilarityOutcome.F2_NOT_APPLICABLE
    assert found.f2 is None
    assert any("only 2 point(s)" in reason for reason in found.reasons)


def test_eleven_units_are_refused_unless_the_protocol_justifies_them() -> None:
    units = _units([20, 40, 60])[:11]
    with pytest.raises(MethodError, match=r"11 units at 3 times.*at least 12 units"):
        compare_profiles(times=[10, 20, 30], reference=units, test=units)
    assert compare_profiles(times=[10, 20, 30], reference=units, test=units, required_units=11).reference_units == 11


def test_times_that_do_not_rise_are_refused() -> None:
    units = _units([20, 40, 60])
    with pytest.raises(MethodError, match="times do not rise"):
        compare_profiles(times=[10, 30, 20], reference=units, test=units)


def test_f2_is_symmetric_and_f1_is_not() -> None:
    assert f2(reference_means=SLOW, test_means=FAST) == f2(reference_means=FAST, test_means=SLOW)
    assert f1(reference_means=SLOW, test_means=FAST) != f1(reference_means=FAST, test_means=SLOW)


def test_a_comparison_runs_from_plain_json() -> None:
    found = call(
        "quality.compare_profiles",
        {"times": TIMES, "reference": _units(SLOW), "test": _units(FAST)},
        {"regulator": "Health Canada"},
    )
    assert found.regulator is Regulator.HEALTH_CANADA
