"""Temperature series: the mean kinetic temperature, and excursions with their times, extremes and allowances."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdmo.science.method import MethodError, call
from crdmo.science.quality.mean_kinetic_temperature import mean_kinetic_temperature
from crdmo.science.quality.temperature_excursion import (
    Allowance,
    Assessment,
    StorageCondition,
    TemperatureAssessment,
    temperature_excursions,
)

ROOM = StorageCondition.CONTROLLED_ROOM_TEMPERATURE
COLD = StorageCondition.CONTROLLED_COLD_TEMPERATURE


def _room(hours: list[float], celsius: list[float]) -> TemperatureAssessment:
    return temperature_excursions(hours=hours, celsius=celsius, condition=ROOM)


@given(st.lists(st.floats(-30, 60), min_size=1, max_size=20))
def test_the_mean_kinetic_temperature_lies_between_the_arithmetic_mean_and_the_highest(celsius: list[float]) -> None:
    found = mean_kinetic_temperature(celsius=celsius)
    assert found.arithmetic_mean - 1e-9 <= found.celsius <= found.highest + 1e-9


def test_a_constant_temperature_is_its_own_mean() -> None:
    assert mean_kinetic_temperature(celsius=[25.0] * 9).celsius == pytest.approx(25.0, abs=1e-9)


def test_a_weight_is_as_good_as_repeated_readings() -> None:
    weighted = mean_kinetic_temperature(celsius=[5, 15], weights=[3, 1]).celsius
    assert weighted == pytest.approx(mean_kinetic_temperature(celsius=[5, 5, 5, 15]).celsius, rel=1e-12)


def test_a_higher_activation_energy_weighs_the_heat_more() -> None:
    low, high = (mean_kinetic_temperature(celsius=[20, 30], activation_energy=e).celsius for e in (42.0, 125.0))
    assert low < high


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"celsius": []}, "each temperature has a time"),
        ({"weights": [1.0]}, "each temperature has a time"),
        ({"weights": [1.0, -1.0]}, "each temperature has a time"),
        ({"weights": [0.0, 0.0]}, "each temperature has a time"),
        ({"celsius": [20.0, 293.15]}, "outside what is stored"),
        ({"celsius": [20.0, math.nan]}, "outside what is stored"),
        ({"activation_energy": 0.0}, "outside what is stored"),
    ],
)
def test_what_is_no_temperature_series_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        mean_kinetic_temperature(**{"celsius": [20.0, 30.0], **changes})


@pytest.mark.clause("USP <659>")
def test_a_series_within_its_range_has_no_excursion() -> None:
    found = _room([0, 12, 24], [20, 25, 22])
    assert (found.assessment, found.excursions) == (Assessment.WITHIN, ())


def test_an_excursion_starts_and_ends_where_the_straight_line_crosses_the_range() -> None:
    found = _room([0, 10, 20, 100], [20, 30, 20, 20])
    excursion = found.excursions[0]
    assert (excursion.start, excursion.end, excursion.hours) == (5.0, 15.0, 10.0)
    assert (excursion.extreme, excursion.hours_in_spike) == (30.0, 0.0)
    assert found.assessment is Assessment.ALLOWED


@pytest.mark.clause("USP <659>")
@pytest.mark.parametrize(
    ("peak", "plateau", "allowed"),
    [(40.0, 20.0, True), (40.1, 20.0, False), (40.0, 24.1, False), (30.0, 24.1, True)],
)
def test_a_spike_is_allowed_up_to_40_degrees_and_24_hours(peak: float, plateau: float, allowed: bool) -> None:
    edge = 1e-6
    hours = [0, 1, 1 + edge, 1 + edge + plateau, 1 + 2 * edge + plateau, 3000]
    found = _room(hours, [20, 20, peak, peak, 20, 20])
    assert found.excursions[0].is_allowed is allowed
    assert found.assessment is (Assessment.ALLOWED if allowed else Assessment.NOT_ALLOWED)


def test_cold_below_15_degrees_is_not_allowed_at_room_temperature() -> None:
    found = _room([0, 1, 2, 50], [20, 14.9, 20, 20])
    assert (found.excursions[0].extreme, found.assessment) == (14.9, Assessment.NOT_ALLOWED)


def test_excursions_that_are_allowed_one_by_one_fail_by_the_mean_kinetic_temperature() -> None:
    found = _room([0, 24, 48], [29, 29, 29])
    assert all(one.is_allowed for one in found.excursions)
    assert found.mean_kinetic_temperature == pytest.approx(29.0)
    assert found.assessment is Assessment.NOT_ALLOWED


def test_a_cold_product_may_see_15_degrees_and_not_more() -> None:
    hours = [0.0, 1.0, 2.0, 200.0]
    warm, hot, frozen = (
        temperature_excursions(hours=hours, celsius=[5, peak, 5, 5], condition=COLD) for peak in (15.0, 15.1, -0.1)
    )
    outcomes = (warm.assessment, hot.assessment, frozen.assessment)
    assert outcomes == (Assessment.ALLOWED, Assessment.NOT_ALLOWED, Assessment.NOT_ALLOWED)


def test_high_and_low_excursions_come_in_their_order() -> None:
    found = _room([0, 1, 2, 3, 4, 50], [20, 16, 22, 28, 22, 22])
    assert [one.extreme for one in found.excursions] == [16.0, 28.0]
    assert len(found.reasons) == 4


def test_the_hours_above_are_those_of_a_fine_grid() -> None:
    rng = np.random.default_rng(41)
    hours = np.cumsum(rng.uniform(0.2, 3.0, 200))
    celsius = rng.uniform(15, 35, 200)
    found = _room(hours.tolist(), celsius.tolist())
    grid = np.linspace(hours[0], hours[-1], 2_000_001)
    line = np.interp(grid, hours, celsius)
    step = grid[1] - grid[0]
    outside = sum(one.hours for one in found.excursions)
    assert outside == pytest.approx(float(((line > 25) | (line < 20)).sum()) * step, abs=0.05)
    assert sum(one.hours_in_spike for one in found.excursions) == pytest.approx(
        float((line > 30).sum()) * step, abs=0.05
    )


def test_an_allowance_of_ones_own_is_used() -> None:
    own = Allowance(low=-25, high=-15, excursion_low=-30, excursion_high=-10, spike_high=-10, spike_hours=0, mkt=-15)
    found = temperature_excursions(hours=[0, 5, 10, 90], celsius=[-20, -12, -20, -20], allowance=own)
    assert found.assessment is Assessment.ALLOWED


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"condition": None}, "give a storage condition or an allowance"),
        ({"allowance": Allowance(2, 8, 0, 15, 25, 24, 8)}, "give a storage condition or an allowance"),
        ({"condition": None, "allowance": Allowance(8, 2, 0, 15, 25, 24, 8)}, "ends of an allowance are out of order"),
        ({"hours": [0.0]}, "hours has too few values"),
        ({"hours": [0.0, 1.0]}, "do not belong together"),
        ({"hours": [0.0, 2.0, 2.0]}, "times of the readings do not rise"),
        ({"celsius": [20.0, math.nan, 20.0]}, "no finite number, at position 2"),
    ],
)
def test_what_cannot_be_assessed_is_refused(changes: dict[str, Any], message: str) -> None:
    given = {"hours": [0.0, 1.0, 2.0], "celsius": [20.0, 26.0, 20.0], "condition": ROOM}
    with pytest.raises(MethodError, match=message):
        temperature_excursions(**{**given, **changes})


def test_it_is_a_method_on_plain_json() -> None:
    found = call(
        "quality.temperature_excursions",
        {"hours": [0, 1, 2], "celsius": [5, 5, 5]},
        {"condition": "controlled cold temperature"},
    )
    assert found.assessment is Assessment.WITHIN
