"""The physical thread: nothing leaves twice, nothing goes where it does not belong, dates and states are kept."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from crdmo.common.materials import workflow as stock
from crdmo.common.materials.models import Custody, Flow, Lot, Sample
from crdmo.common.materials.queries import balance, genealogy, remaining
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from tests import factories


def test_a_lot_begins_in_quarantine_and_belongs_to_the_sponsor(house) -> None:
    lot = house.lot()
    assert (lot.status, lot.owner, lot.code[:4]) == ("quarantine", house.program.sponsor, "LOT-")


def test_numbers_follow_each_other_and_none_is_given_twice(house) -> None:
    first, second = house.lot(), house.lot()
    assert int(second.code[-4:]) == int(first.code[-4:]) + 1
    with pytest.raises(Invalid, match="taken"):
        house.lot(first.code)


@pytest.mark.parametrize(
    ("amount", "unit", "why"),
    [("-1", "g", "zero or more"), ("ten", "g", "decimal"), ("NaN", "g", "zero or more"), ("1", "gram", "not known")],
)
def test_an_amount_that_cannot_be_is_refused(house, amount: str, unit: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        house.lot(amount=amount, unit=unit)
    assert not Lot.objects.exists()


def test_a_sample_in_another_unit_of_mass_is_taken_off_exactly(house) -> None:
    lot = house.lot(amount="1.000", unit="kg")
    house.sample(lot, "250.0", "mg")
    assert remaining(lot).amount == Decimal("0.99975")


def test_more_than_there_is_cannot_be_taken(house) -> None:
    lot = house.lot(amount="10")
    before = Entry.objects.count()
    with pytest.raises(Refused, match="does not hold that much"):
        house.sample(lot, "10.001")
    assert (Sample.objects.count(), Flow.objects.count(), Entry.objects.count()) == (0, 0, before + 1)


def test_a_mass_is_not_taken_as_a_volume(house) -> None:
    with pytest.raises(Invalid, match="cannot be turned into"):
        house.sample(house.lot(), "1", "mL")


def test_a_sample_is_not_taken_in_the_future(house) -> None:
    with pytest.raises(Invalid, match="future"):
        stock.register_sample(
            house.keeper,
            house.lot(),
            purpose="release",
            amount="1",
            unit="g",
            taken_on=house.today + dt.timedelta(days=3),
        )


@pytest.mark.clause("21 CFR 11.10(f)")
def test_a_sample_is_received_once(house) -> None:
    sample = house.sample(house.lot())
    stock.receive_sample(house.keeper, sample, location="R3")
    with pytest.raises(Refused, match="received before"):
        stock.receive_sample(house.keeper, sample, location="R3")


def test_a_sample_that_arrives_broken_is_rejected_and_used_no_more(house) -> None:
    sample = stock.receive_sample(
        house.keeper, house.sample(house.lot()), location="R3", condition="vial broken", accepted=False
    )
    assert sample.state == "rejected"
    with pytest.raises(Refused, match="no longer here"):
        stock.use_sample(house.keeper, sample, amount="1", unit="g")


def test_what_is_not_received_is_not_used(house) -> None:
    with pytest.raises(Refused, match="not been received"):
        stock.use_sample(house.keeper, house.sample(house.lot()), amount="1", unit="g")


def test_an_expired_sample_is_not_used(house) -> None:
    sample = house.sample(house.lot(), expires_on=house.today - dt.timedelta(days=1))
    stock.receive_sample(house.keeper, sample, location="R3")
    with pytest.raises(Refused, match="has expired"):
        stock.use_sample(house.keeper, sample, amount="1", unit="g")


def test_a_disposal_needs_a_reason_and_leaves_nothing(house) -> None:
    sample = stock.receive_sample(house.keeper, house.sample(house.lot()), location="R3")
    with pytest.raises(Invalid, match="reason"):
        stock.dispose_sample(house.keeper, sample)
    stock.dispose_sample(house.keeper, sample, reason="Tested and reported")
    assert remaining(sample).amount == 0 and sample.state == "disposed"
    assert list(Custody.objects.filter(sample=sample).order_by("entry").values_list("step", flat=True)) == [
        "registered",
        "received",
        "disposed",
    ]


def test_a_split_lot_has_the_dates_of_its_lot_and_a_merge_the_earliest(house) -> None:
    near, far = house.today + dt.timedelta(days=10), house.today + dt.timedelta(days=20)
    one, two = house.lot("A", expires_on=near), house.lot("B", expires_on=far)
    part = stock.split_lot(house.keeper, two, amount="400", unit="g")
    assert part.expires_on == far
    with pytest.raises(Refused, match="earliest expiry first"):
        stock.merge_lots(house.keeper, [part, one])
    merged = stock.merge_lots(house.keeper, [one, part])
    assert (merged.expires_on, merged.amount) == (near, "1400")
    assert remaining(one).amount == remaining(part).amount == 0


def test_a_lot_is_not_merged_with_itself_or_with_another_substance(house) -> None:
    lot = house.lot()
    other = stock.register_substance(house.keeper, house.program, code="API-2", name="Other", kind="drug_substance")
    with pytest.raises(Invalid, match="different lots"):
        stock.merge_lots(house.keeper, [lot, lot])
    with pytest.raises(Refused, match="one substance"):
        stock.merge_lots(house.keeper, [lot, stock.register_lot(house.keeper, other, amount="1", unit="g")])


def test_stock_of_two_sponsors_is_kept_apart(house) -> None:
    other = factories.program("OTHER-1", owner=factories.sponsor("OTHER"))
    product = stock.register_substance(house.keeper, other, code="API-1", name="Velatide", kind="drug_substance")
    foreign = stock.register_lot(house.keeper, product, amount="1", unit="g")
    with pytest.raises(Refused, match=r"one substance|kept apart"):
        stock.merge_lots(house.keeper, [house.lot(), foreign])


def test_the_genealogy_goes_both_ways(house) -> None:
    lot = house.lot("A")
    part = stock.split_lot(house.keeper, lot, amount="100", unit="g", code="B")
    sample = house.sample(part, code="S-1")
    assert [(str(s.thing), s.depth) for s in genealogy(lot, down=True)] == [("B", 1), ("S-1", 2)]
    assert [(str(s.thing), s.depth) for s in genealogy(sample, down=False)] == [("B", 1), ("A", 2)]
    assert balance(lot).holds


def test_a_sponsor_keeps_no_stock(house) -> None:
    with pytest.raises(NotPermitted, match="may not register a lot"):
        stock.register_lot(house.lead, house.product, amount="1", unit="g")
