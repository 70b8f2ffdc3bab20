"""Charges and least weights: their identities, and what they refuse."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdmo.science.manufacturing.weighing import as_is_charge, minimum_weight
from crdmo.science.method import MethodError


@given(
    target=st.decimals(min_value="0.1", max_value="1000", places=3),
    assay=st.decimals(min_value="50", max_value="101", places=1),
    water=st.decimals(min_value="0", max_value="30", places=1),
)
def test_the_charge_holds_the_pure_dry_substance_that_was_wanted(
    target: Decimal, assay: Decimal, water: Decimal
) -> None:
    charge = Decimal(as_is_charge(target=str(target), assay=str(assay), water=str(water), places=9).amount)
    assert abs(charge * assay / 100 * (100 - water) / 100 - target) < Decimal("1e-8")


def test_a_charge_is_written_to_the_readability() -> None:
    assert as_is_charge(target="1", assay="98", places=0).amount == "1"
    assert as_is_charge(target="1", assay="80", places=1).amount == "1.3"  # 1.25, half up


@pytest.mark.parametrize(
    "wrong",
    [
        {"assay": "0"},
        {"assay": "-3"},
        {"water": "100"},
        {"water": "-1"},
        {"target": "-1"},
        {"places": 13},
        {"assay": "x"},
    ],
)
def test_what_is_no_charge_is_refused(wrong: dict) -> None:
    with pytest.raises(MethodError, match=r".+"):
        as_is_charge(**{"target": "10", "assay": "98", "water": "2", **wrong})


@pytest.mark.parametrize("wrong", [{"readability": "0"}, {"readability": "-1"}, {"repeatability": "-0.1"}])
def test_what_is_no_balance_is_refused(wrong: dict) -> None:
    with pytest.raises(MethodError, match="readability above zero"):
        minimum_weight(**{"repeatability": "0.03", "readability": "0.1", **wrong})
