"""WEIGH: the least weight of a balance (USP <41> Balances: 2000 times the larger of s and 0.41 d)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crdmo.science.manufacturing.weighing import as_is_charge, minimum_weight


@pytest.mark.parametrize(
    ("repeatability", "readability", "minimum", "by_readability"),
    [
        ("0.03", "0.1", "82", True),  # mg; s below 0.41 d: the readability decides
        ("0.0041", "0.01", "8.2", True),
        ("0.05", "0.1", "100", False),
    ],
)
def test_the_least_weight_is_two_thousand_times_the_larger_of_spread_and_readability(
    repeatability: str, readability: str, minimum: str, by_readability: bool
) -> None:
    found = minimum_weight(repeatability=repeatability, readability=readability)
    assert (Decimal(found.minimum), found.by_readability) == (Decimal(minimum), by_readability)


def test_ten_kilograms_of_pure_dry_substance_at_98_5_percent_and_2_percent_water() -> None:
    """Target · 100/assay · 100/(100 − water), assay on the anhydrous basis (USP General Notices 6.50.20)."""
    assert as_is_charge(target="10.000", assay="98.5", water="2.0").amount == "10.3595"
