"""The yield of a batch: its account always closes, its basis is what was charged, what cannot be is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdmo.science.manufacturing.batch_yield import batch_yield
from crdmo.science.method import MethodError

RANGE = "95.0 – 101.0"
AMOUNTS = st.decimals(min_value="0", max_value="1000000", places=3)
SIZES = st.decimals(min_value="0.001", max_value="1000000", places=3)


@given(output=AMOUNTS, samples=AMOUNTS, rejects=AMOUNTS, size=SIZES)
def test_the_account_closes_for_every_batch(output: Decimal, samples: Decimal, rejects: Decimal, size: Decimal) -> None:
    found = batch_yield(output=str(output), samples=str(samples), rejects=str(rejects), size=str(size), limit=RANGE)
    assert output + samples + rejects + Decimal(found.unaccounted) == Decimal(found.theoretical) == size


@given(factor=st.integers(min_value=1, max_value=1000))
def test_the_percentage_does_not_depend_on_the_unit(factor: int) -> None:
    small = batch_yield(output="97.31", size="100", limit=RANGE, planned="10", charged="10.1")
    large = batch_yield(
        output=str(Decimal("97.31") * factor), size=str(100 * factor), limit=RANGE, planned="10", charged="10.1"
    )
    assert (small.percent, small.passes) == (large.percent, large.passes)


def test_more_that_was_charged_is_more_that_is_expected() -> None:
    """From the planned charge the yield would be 96.8 %; from what was charged it is 94.9 %."""
    planned = batch_yield(output="96.8", size="100", limit=RANGE)
    charged = batch_yield(output="96.8", size="100", limit=RANGE, planned="10", charged="10.2")
    assert (planned.percent, planned.passes) == ("96.8", True)
    assert (charged.theoretical, charged.percent, charged.passes) == ("102", "94.9", False)


@pytest.mark.parametrize(
    ("output", "percent", "passes"),
    [
        ("95.0", "95.0", True),
        ("94.95", "95.0", True),
        ("94.949", "94.9", False),
        ("101.04", "101.0", True),
        ("101.05", "101.1", False),
    ],
)
def test_the_end_of_the_range_is_inside_and_the_rounding_is_that_of_its_text(
    output: str, percent: str, passes: bool
) -> None:
    found = batch_yield(output=output, size="100", limit=RANGE)
    assert (found.percent, found.passes) == (percent, passes)


@pytest.mark.parametrize(
    "wrong",
    [
        {"output": "-1"},
        {"output": "many"},
        {"output": "NaN"},
        {"output": ""},
        {"size": "0"},
        {"planned": "0"},
        {"charged": "0"},
        {"samples": "-0.1"},
        {"rejects": "Infinity"},
        {"limit": "plenty"},
    ],
)
def test_what_is_no_yield_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(MethodError, match=r".+"):
        batch_yield(**{"output": "98", "size": "100", "limit": RANGE, **wrong})
