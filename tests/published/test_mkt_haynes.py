"""MKT: mean kinetic temperature after Haynes (1971) with ΔH 83.144 kJ/mol, to the printed hundredth."""

from __future__ import annotations

import pytest

from crdmo.science.quality.mean_kinetic_temperature import mean_kinetic_temperature

pytestmark = pytest.mark.clause("USP <1079.2>")


def test_mkt_equal_times_at_20_and_30_degrees() -> None:
    assert round(mean_kinetic_temperature(celsius=[20, 30]).celsius, 2) == 26.26


def test_mkt_22_days_at_5_and_two_at_15_degrees() -> None:
    assert round(mean_kinetic_temperature(celsius=[5, 15], weights=[22, 2]).celsius, 2) == 6.46
