"""Equipment: fit only in service, in date and clean; its log is one, in the order of time."""

from __future__ import annotations

import datetime as dt

import pytest

from crdmo.foundation.refusals import Invalid, Refused
from crdmo.services.manufacturing.models import EquipmentEvent
from crdmo.services.manufacturing.plant import standing
from crdmo.services.manufacturing.workflow import equipment
from tests.services.manufacturing.plant import GOOD, Plant

DAY = dt.timedelta(days=1)


def stands(plant: Plant, one, on: dt.date | None = None) -> tuple[bool, str]:
    one.refresh_from_db()
    found = standing([one], on or plant.today)[one.id]
    return found.fit, found.words


@pytest.mark.clause("21 CFR 211.67(a)")
def test_a_vessel_that_is_not_clean_is_refused(plant: Plant) -> None:
    batch = plant.batch()
    plant.dispensed(batch)
    dirty = plant.vessel("R-2", clean=False)
    with pytest.raises(Refused, match="R-2 cannot be used") as told:
        plant.step(batch, 1, GOOD, equipment=dirty)
    assert "not cleaned" in told.value.given and not EquipmentEvent.objects.filter(kind="use", equipment=dirty).exists()
    plant.log(dirty, "cleaning", passed=False, note="Residue seen")
    assert stands(plant, dirty) == (False, "not cleaned")
    plant.log(dirty, "cleaning")
    plant.step(batch, 1, GOOD, equipment=dirty)


def test_what_one_batch_used_is_cleaned_before_the_next_and_not_between_its_own_steps(plant: Plant) -> None:
    steps = [
        {"title": t, "instruction": "Do it.", "equipment_class": "Reactor", "values": []} for t in ("Charge", "Empty")
    ]
    plant.master = plant.effective(plant.draft(code="MBR-2", steps=steps))
    first, second = plant.batch("B-1"), plant.batch("B-2")
    for batch in (first, second):
        plant.dispensed(batch)
    plant.step(first, 1, {})
    plant.step(first, 2, {}, equipment=plant.reactor)
    with pytest.raises(Refused, match="cannot be used") as told:
        plant.step(second, 1, {})
    assert told.value.given == "used since the last cleaning"
    plant.log(plant.reactor, "cleaning", plant.today - DAY)  # dated before the use: it cleaned nothing of it
    with pytest.raises(Refused, match="cannot be used"):
        plant.step(second, 1, {})
    plant.log(plant.reactor, "cleaning")
    plant.step(second, 1, {})
    with pytest.raises(Refused, match="in their order"):
        plant.step(first, 1, {})


@pytest.mark.clause("21 CFR 211.68(a)")
def test_calibration_service_and_clean_hold_each_refuse_at_their_day(plant: Plant) -> None:
    assert stands(plant, plant.reactor)[0]
    assert stands(plant, plant.reactor, plant.today + 7 * DAY)[0]
    ends = plant.today + 7 * DAY
    assert stands(plant, plant.reactor, plant.today + 8 * DAY) == (False, f"clean hold ended {ends}")
    fit, words = stands(plant, plant.reactor, plant.today + 301 * DAY)
    assert not fit and words.startswith("calibration overdue since")
    assert plant.qa.organization is not None
    bare = equipment.register_equipment(plant.supervisor, plant.qa.organization, name="New", kind="Reactor")
    assert stands(plant, bare) == (False, "never calibrated or qualified")
    plant.log(plant.reactor, "failure", note="Stirrer")
    assert stands(plant, plant.reactor) == (False, "out of service")
    plant.log(plant.reactor, "qualification", due_on=plant.today + DAY)
    assert stands(plant, plant.reactor)[0]


def test_the_log_is_written_by_the_day_and_a_use_by_the_batch_record_alone(plant: Plant) -> None:
    with pytest.raises(Invalid, match="not written ahead"):
        plant.log(plant.reactor, "cleaning", plant.today + DAY)
    with pytest.raises(Invalid, match="by the batch record alone"):
        plant.log(plant.reactor, "use")
    with pytest.raises(Invalid, match="by the batch record alone"):
        plant.log(plant.reactor, "polish")
    with pytest.raises(Invalid, match="until when it holds"):
        plant.log(plant.reactor, "calibration")
    batch = plant.batch()
    plant.dispensed(batch)
    plant.step(batch, 1, GOOD)
    used = EquipmentEvent.objects.get(equipment=plant.reactor, kind="use")
    assert (used.batch, used.person) == (batch, plant.operator)
    entries = list(EquipmentEvent.objects.order_by("entry").values_list("at", flat=True))
    assert entries == sorted(entries)


def test_equipment_is_registered_once_with_sense(plant: Plant) -> None:
    assert plant.qa.organization is not None
    for given, said in (
        ({"code": "R-1"}, "code is taken"),
        ({"minimum": "0", "minimum_unit": "g"}, "more than zero"),
        ({"minimum": "5", "minimum_unit": "stone"}, "unit is not known"),
        ({"clean_days": 0}, "a day at least"),
    ):
        with pytest.raises(Invalid, match=said):
            equipment.register_equipment(plant.supervisor, plant.qa.organization, name="X", kind="Y", **given)
