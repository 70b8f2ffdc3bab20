"""Whatever is done with a lot, what went out and what is left is what came in, to the last digit."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crdmo.common.materials import workflow as stock
from crdmo.common.materials.models import Lot
from crdmo.common.materials.quantities import UNITS, Quantity, converted, quantity, total
from crdmo.common.materials.queries import balance, remaining
from crdmo.foundation.refusals import Refused

amounts = st.decimals(min_value=0, max_value=600, places=4, allow_nan=False).map(lambda d: f"{d:f}")
steps = st.lists(
    st.tuples(st.sampled_from(["sample", "split", "container", "use"]), amounts, st.sampled_from(["g", "mg", "kg"])),
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(steps=steps)
def test_any_sequence_of_steps_conserves_the_amount(house, steps: list[tuple[str, str, str]]) -> None:
    lot = house.lot(amount="1000.00")
    sample = stock.receive_sample(house.keeper, house.sample(lot, "100"), location="R3")
    for step, amount, unit in steps:
        try:
            if step == "sample":
                house.sample(lot, amount, unit)
            elif step == "split":
                stock.split_lot(house.keeper, lot, amount=amount, unit=unit)
            elif step == "container":
                stock.fill_container(house.keeper, lot, amount=amount, unit=unit, location="R3")
            else:
                stock.use_sample(house.keeper, sample, amount=amount, unit=unit)
        except Refused as refused:
            assert "does not hold that much" in str(refused)
    for thing in (lot, sample):
        assert balance(thing).holds
    out = sum((converted(quantity(f.amount, f.unit), "g").amount for f in balance(lot).out), Decimal(0))
    assert out + remaining(lot).amount == Decimal("1000.00")


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(parts=st.lists(amounts.filter(lambda a: Decimal(a) > 0), min_size=2, max_size=5))
def test_merging_loses_and_makes_nothing(house, parts: list[str]) -> None:
    lots = [house.lot(amount=part) for part in parts]
    merged = stock.merge_lots(house.keeper, lots)
    assert Decimal(merged.amount) == sum(map(Decimal, parts))
    assert all(remaining(Lot.objects.get(pk=lot.pk)).amount == 0 for lot in lots)


@given(
    st.decimals(min_value=0, max_value=10**6, places=6, allow_nan=False),
    st.sampled_from(sorted(UNITS)),
    st.sampled_from(sorted(UNITS)),
)
def test_there_and_back_is_exact(amount: Decimal, here: str, there: str) -> None:
    if UNITS[here][0] != UNITS[there][0]:
        return
    assert converted(converted(Quantity(amount, here), there), here).amount == amount


def test_a_sum_is_exact_where_floats_are_not() -> None:
    assert total([Quantity(Decimal("0.1"), "g")] * 3, "g").amount == Decimal("0.3")
    with pytest.raises(Refused, match="cannot be turned into"):
        total([Quantity(Decimal(1), "g")], "mL")
