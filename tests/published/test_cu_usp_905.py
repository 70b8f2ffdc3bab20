"""CU: the worked example of the USP <905> frequently asked questions."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crdmo.science.quality.dissolution_stages import StageOutcome
from crdmo.science.quality.uniformity import content_uniformity, reference_value


def _units(mean: str, sd: str, n: int) -> list[Decimal]:
    """Return n contents, half of them above and half below, with exactly that mean and, to 28 digits, that SD."""
    step = Decimal(sd) * (Decimal(n - 1) / Decimal(n)).sqrt()
    return [Decimal(mean) + sign * step for sign in (1, -1) for _ in range(n // 2)]


@pytest.mark.clause("USP <905>")
def test_cu_1_ten_units_of_mean_105_9_and_sd_5_0() -> None:
    found = content_uniformity(contents=_units("105.9", "5.0", 10))
    assert found.reference_value == Decimal("101.5")
    assert found.acceptance_value_rounded == Decimal("16.4")
    assert found.outcome is StageOutcome.NEXT_STAGE


@pytest.mark.clause("USP <905>")
def test_cu_1_thirty_units_use_k_2_and_individual_limits_of_75_to_125_percent_of_m() -> None:
    found = content_uniformity(contents=_units("105.9", "5.0", 10) + _units("105.9", "5.0", 20))
    assert found.k == Decimal("2.0")
    assert found.l1 == Decimal("15.0")
    assert (found.individual_lower, found.individual_upper) == (Decimal("76.125"), Decimal("126.875"))
    assert found.outcome is StageOutcome.CONFORMS


@pytest.mark.clause("USP <905>")
def test_cu_1_a_target_of_105_makes_m_the_mean_up_to_105() -> None:
    assert reference_value(Decimal("103"), Decimal("105")) == Decimal("103")
    assert reference_value(Decimal("106"), Decimal("105")) == Decimal("105")
