"""The floor: weighing within tolerance from released stock, steps in order, second persons, late entries, corrections."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from crdmo.common.materials.models import Container, Lot
from crdmo.common.materials.queries import balance, remaining
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from crdmo.foundation.signing import CredentialsRefused, signatures_of
from crdmo.services.manufacturing import queries
from crdmo.services.manufacturing.models import BatchException, Dispensing, StepRecord, ValueRecord
from crdmo.services.manufacturing.progress import progress
from crdmo.services.manufacturing.workflow import floor
from tests.services.manufacturing.plant import GOOD, Plant, released


def test_a_weight_on_the_tolerance_is_inside_and_one_beyond_is_refused(plant: Plant) -> None:
    """10 kg ± 2 %: 9.8 to 10.2."""
    batch = plant.batch()
    with pytest.raises(Refused, match="more Active than the tolerance allows"):
        plant.dispense(batch, "ACT", "10.201")
    assert not Dispensing.objects.exists() and str(remaining(plant.containers["ACT"])) == "25 kg"
    plant.dispense(batch, "ACT", "10.2")
    with pytest.raises(Refused, match="enough Active is dispensed"):
        plant.dispense(batch, "ACT", "1")


def test_several_containers_make_up_a_quantity_and_the_account_adds_up(plant: Plant) -> None:
    batch = plant.batch()
    plant.dispense(batch, "ACT", "4.25", tare="0.25")
    line = progress(batch).next_material
    assert line is not None and (line.material.substance.code, line.missing) == ("ACT", "6.00")
    second = plant.stock(plant.active, "5.80")
    plant.dispense(batch, "ACT", "5800", container=second, unit="g")
    second.refresh_from_db()
    assert second.state == "empty"
    assert progress(batch).materials[0].charged.amount == Decimal("9.8")
    assert progress(batch).materials[0].is_done
    assert all(balance(one).holds for one in (*Lot.objects.all(), *Container.objects.all()))
    with pytest.raises(Refused, match="holds nothing to use"):
        plant.dispense(plant.batch("B-2"), "ACT", "1", container=second)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"status": "quarantine"}, "is not released"),
        ({"status": "hold"}, "is not released"),
        ({"status": "rejected"}, "is not released"),
        ({"days": -1}, "has expired"),
    ],
)
def test_stock_that_is_not_released_or_expired_is_neither_offered_nor_taken(
    plant: Plant, given: dict, said: str
) -> None:
    bad = plant.stock(plant.active, "50", **given)
    offered = [c.code for c, _ in queries.stock_for(plant.material("ACT"), plant.today)]
    assert offered == [plant.containers["ACT"].code]
    with pytest.raises(Refused, match=said):
        plant.dispense(plant.batch(), "ACT", "10", container=bad)


def test_what_expires_first_is_offered_first_with_what_is_left_in_it(plant: Plant) -> None:
    sooner = plant.stock(plant.active, "3", days=5)
    plant.dispense(plant.batch(), "ACT", "1", container=sooner)
    offered = [(c.code, str(left)) for c, left in queries.stock_for(plant.material("ACT"), plant.today)]
    assert offered == [(sooner.code, "2 kg"), (plant.containers["ACT"].code, "25 kg")]


def test_another_material_more_than_there_is_and_another_clients_stock_are_refused(plant: Plant) -> None:
    batch = plant.batch()
    with pytest.raises(Refused, match="holds another material"):
        plant.dispense(batch, "ACT", "10", container=plant.containers["FIL"])
    with pytest.raises(Refused, match="does not hold that much"):
        plant.dispense(batch, "ACT", "10", container=plant.stock(plant.active, "9"))
    from crdmo.common.materials import workflow as stock

    assert plant.qa.organization is not None
    foreign = stock.register_lot(plant.keeper, plant.active, amount="50", unit="kg", owner=plant.qa.organization)
    drum = stock.fill_container(plant.keeper, foreign, amount="50", unit="kg", location="Dispensary")
    released(foreign)
    drum = Container.objects.select_related("lot__substance").get(pk=drum.pk)
    with pytest.raises(Refused, match="different owners"):
        plant.dispense(batch, "ACT", "10", container=drum)


def test_a_scale_below_its_minimum_out_of_calibration_or_no_scale_at_all_is_refused(plant: Plant) -> None:
    batch = plant.batch()
    with pytest.raises(Refused, match="does not weigh so little"):
        plant.dispense(batch, "ACT", "0.049")
    with pytest.raises(Refused, match="is no scale"):
        plant.dispense(batch, "ACT", "10", scale=plant.reactor)
    plant.log(plant.scale, "failure", note="Drift")
    plant.scale.refresh_from_db()
    with pytest.raises(Refused, match="cannot be used"):
        plant.dispense(batch, "ACT", "10")


@pytest.mark.parametrize(
    ("gross", "tare"), [("1", "1"), ("1", "2"), ("NaN", "0"), ("ten", "0"), ("-3", "0"), ("Infinity", "0")]
)
def test_a_reading_that_is_no_weight_is_refused(plant: Plant, gross: str, tare: str) -> None:
    with pytest.raises(Invalid):
        plant.dispense(plant.batch(), "ACT", gross, tare=tare)
    assert not Dispensing.objects.exists()


def test_a_weighing_is_voided_with_a_reason_before_the_first_step_and_the_material_is_back(plant: Plant) -> None:
    batch = plant.batch()
    drum = plant.stock(plant.active, "10")
    weighed = plant.dispense(batch, "ACT", "10", container=drum)
    drum.refresh_from_db()
    assert drum.state == "empty"
    weighed = Dispensing.objects.get(pk=weighed.pk)
    with pytest.raises(Invalid, match="reason"):
        floor.void_dispensing(plant.operator, weighed)
    floor.void_dispensing(plant.operator, weighed, reason="Wrong drum")
    drum.refresh_from_db()
    assert drum.state == "stored" and str(remaining(drum)) == "10 kg"
    plant.dispensed(batch)
    plant.step(batch, 1, GOOD)
    with pytest.raises(Refused, match="the material is in process"):
        floor.void_dispensing(plant.operator, batch.dispensings.filter(is_void=False)[0], reason="Too late")


@pytest.mark.clause("21 CFR 211.101(d)")
def test_nobody_checks_what_they_did_themselves(plant: Plant) -> None:
    batch = plant.batch()
    weighed = plant.dispense(batch, "ACT", "10")
    with pytest.raises(NotPermitted, match="nobody checks their own work"):
        plant.check(weighed, plant.operator)
    plant.check(weighed)
    assert [m.meaning for m in signatures_of(weighed) if m.holds] == ["performed", "verified"]
    with pytest.raises(Refused, match="waits for no check"):
        plant.check(weighed, plant.supervisor)
    plant.check(plant.dispense(batch, "FIL", "90"))
    record = plant.step(batch, 1, GOOD)
    with pytest.raises(NotPermitted, match="nobody checks their own work"):
        plant.check(record, plant.operator)
    with pytest.raises(NotPermitted, match="may not check"):
        plant.check(record, plant.qa)


def test_steps_are_done_in_order_each_once_after_everything_before_is_checked(plant: Plant) -> None:
    batch = plant.batch()
    with pytest.raises(Refused, match="step 1 cannot begin"):
        plant.step(batch, 1, GOOD)
    weighed = [plant.dispense(batch, "ACT", "10"), plant.dispense(batch, "FIL", "90")]
    with pytest.raises(Refused, match="step 1 cannot begin"):
        plant.step(batch, 1, GOOD)
    for one in weighed:
        plant.check(one)
    with pytest.raises(Refused, match="in their order"):
        plant.step(batch, 2, {"pH": "7.0"})
    record = plant.step(batch, 1, GOOD)
    with pytest.raises(Refused, match="in their order"):
        plant.step(batch, 1, GOOD)
    with pytest.raises(Refused, match="step 2 cannot begin"):
        plant.step(batch, 2, {"pH": "7.0"})
    plant.check(record)
    unchecked = plant.step(batch, 2, {"pH": "7.0"})
    with pytest.raises(Refused, match="asks for no second person"):
        plant.check(unchecked)
    with pytest.raises(Refused, match="in their order"):
        plant.step(batch, 3, {})


def test_a_step_is_recorded_whole_or_not_at_all(plant: Plant) -> None:
    batch = plant.batch()
    plant.dispensed(batch)
    for values, place in (
        ({"Temperature": "22"}, "Appearance"),
        ({**GOOD, "Colour": "red"}, "Colour"),
        ({**GOOD, "Temperature": "warm"}, "Temperature"),
        ({**GOOD, "Temperature": "NaN"}, "Temperature"),
        ({**GOOD, "Appearance": "hm"}, "Appearance"),
    ):
        with pytest.raises(Invalid, match="recorded whole") as told:
            plant.step(batch, 1, values)
        assert set(told.value.errors) == {place}
    assert not StepRecord.objects.exists() and not ValueRecord.objects.exists()


def test_a_wrong_password_leaves_nothing_behind(plant: Plant) -> None:
    batch = plant.batch()
    plant.dispensed(batch)
    wrong = plant.sign(plant.second)
    with pytest.raises(CredentialsRefused):
        floor.perform_step(plant.operator, batch, 1, values=GOOD, equipment=plant.reactor, credentials=wrong)
    assert not StepRecord.objects.exists()


@pytest.mark.parametrize(
    ("temperature", "raised"), [("20", False), ("25", False), ("25.4", False), ("25.5", True), ("19.4", True)]
)
def test_a_value_on_the_limit_is_inside_and_one_that_rounds_beyond_becomes_an_exception(
    plant: Plant, temperature: str, raised: bool
) -> None:
    batch = plant.batch()
    plant.dispensed(batch)
    plant.step(batch, 1, {**GOOD, "Temperature": temperature})
    found = list(BatchException.objects.all())
    assert bool(found) == raised
    if raised:
        assert found[0].kind == "limit" and temperature in found[0].text and found[0].state == "open"


@pytest.mark.clause("21 CFR 211.100(b)")
def test_a_late_entry_is_said_with_its_reason_and_both_times_stand(plant: Plant) -> None:
    batch = plant.batch()
    plant.dispensed(batch)
    now = dt.datetime.now(dt.UTC)
    with pytest.raises(Invalid, match="not in the future"):
        plant.step(batch, 1, GOOD, done_at=now + dt.timedelta(hours=1), comment="Early")
    with pytest.raises(Invalid, match="after the one before it"):
        plant.step(batch, 1, GOOD, done_at=now - dt.timedelta(days=1), comment="Long ago")
    with pytest.raises(Invalid, match="has its zone"):
        plant.step(batch, 1, GOOD, done_at=dt.datetime(2026, 1, 1), comment="Where?")


def test_what_is_written_a_quarter_of_an_hour_later_is_an_exception(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = plant.batch()
    plant.dispensed(batch)
    started = batch.started_at
    monkeypatch.setattr(floor, "PROMPT", dt.timedelta(0))
    with pytest.raises(Invalid, match="says why it is late"):
        plant.step(batch, 1, GOOD, done_at=started)
    record = plant.step(batch, 1, GOOD, done_at=started, comment="The tablet was being charged")
    assert record.is_late and record.done_at == started and record.at > started
    assert [(e.kind, e.state) for e in BatchException.objects.all()] == [("late", "open")]


def test_a_correction_has_a_reason_is_judged_again_and_checked_again(plant: Plant) -> None:
    batch = plant.batch()
    plant.dispensed(batch)
    record = plant.step(batch, 1, GOOD)
    plant.check(record)
    value = ValueRecord.objects.get(asked__name="Temperature")

    def correct(new: str, reason: str = "Misread", who=plant.operator):
        return floor.correct_value(who, value, new=new, credentials=plant.sign(who), reason=reason)

    with pytest.raises(Invalid, match="a correction has a reason"):
        correct("24", "")
    with pytest.raises(Invalid, match="the value that stands"):
        correct("22")
    with pytest.raises(Invalid, match="cannot be taken"):
        correct("about 24")
    correct("26")
    record.refresh_from_db()
    assert record.state == "done" and record.checked_by is None
    assert BatchException.objects.get().kind == "limit"
    assert [e.version for e in Entry.objects.filter(record_id=value.pk).order_by("version")] == [1, 2]
    with pytest.raises(Refused, match="step 2 cannot begin"):
        plant.step(batch, 2, {"pH": "7.0"})
    with pytest.raises(NotPermitted):
        plant.check(record, plant.operator)
    plant.check(record)


def test_a_step_names_equipment_of_its_class_and_none_where_none_is_used(plant: Plant) -> None:
    batch = plant.batch()
    plant.dispensed(batch)
    with pytest.raises(Refused, match="another class of equipment"):
        plant.step(batch, 1, GOOD, equipment=None)
    with pytest.raises(Refused, match="another class of equipment"):
        plant.step(batch, 1, GOOD, equipment=plant.vessel("BL-1", kind="Blender"))
    plant.check(plant.step(batch, 1, GOOD))
    with pytest.raises(Invalid, match="uses no equipment"):
        plant.step(batch, 2, {"pH": "7.0"}, equipment=plant.reactor)
