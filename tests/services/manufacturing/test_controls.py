"""A value of a master taken from the control strategy: filled, pinned, and not effective once that is superseded."""

from __future__ import annotations

from typing import Any

import pytest

from crdmo.common.controls.models import Control
from crdmo.common.controls.workflow import publish
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.services.manufacturing import exports, imports
from crdmo.services.manufacturing.workflow import masters
from tests import factories
from tests.services.manufacturing.plant import Plant
from tests.services.manufacturing.test_pages import Desk
from tests.services.quality.browsing import text

FORCE = {"kind": "parameter", "name": "Force", "unit": "kN", "limit": "10.5 – 11.5", "set_point": "11.0"}


def put_in_force(plant: Plant, number: int = 1, **changed: str) -> Control:
    """Put a control in force as an effective strategy does."""
    with act(SYSTEM, "process.release_strategy") as opened:
        (made,) = publish(
            opened, plant.program, source=plant.product, code="CS-1", number=number, lines=[{**FORCE, **changed}]
        )
    return made


def steps(control: Any, **value: str) -> list[dict[str, Any]]:
    return [
        {"title": "Compress", "instruction": "Set the press.", "values": [{"name": "", "control": control, **value}]}
    ]


def test_limit_and_unit_are_filled_and_pinned(plant: Plant) -> None:
    control = put_in_force(plant)
    master = plant.draft(steps=steps(control))
    (value,) = exports.master_record(master)["steps"][0]["values"]
    assert value == {"name": "Force", "limit": "10.5 – 11.5", "unit": "kN", "control": "CS-1 version 1"}
    assert plant.effective(master).control_decision == ""


@pytest.mark.parametrize("given", [{"limit": "9 – 12"}, {"unit": "MPa"}])
def test_another_limit_or_unit_than_the_strategy_says_is_refused(plant: Plant, given: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        plant.draft(steps=steps(put_in_force(plant), **given))
    assert "CS-1 version 1 says 10.5 – 11.5 kN" in refused.value.errors["steps/1/values/Force"]


def test_a_superseded_control_cannot_be_pinned_and_one_of_another_program_is_unknown(plant: Plant) -> None:
    old = put_in_force(plant)
    put_in_force(plant, 2)
    old.refresh_from_db()
    with pytest.raises(Invalid) as refused:
        plant.draft(steps=steps(old))
    assert "is superseded" in refused.value.errors["steps/1/values/Force"]
    other = factories.program("LQ-7", owner=factories.sponsor("OTHER"))
    with act(SYSTEM, "process.release_strategy") as opened:
        (foreign,) = publish(opened, other, source=other, code="CS-9", number=1, lines=[FORCE])
    with pytest.raises(Invalid) as refused:
        plant.draft(steps=steps(foreign))
    assert refused.value.errors["steps/1/values/Force"] == "no control of this program"


def test_a_master_with_a_superseded_pin_is_not_effective_without_a_decision(plant: Plant) -> None:
    master = plant.draft(steps=steps(put_in_force(plant)))
    masters.approve_master(plant.head, master, credentials=plant.sign(plant.head))
    put_in_force(plant, 2, limit="10.0 – 11.0")
    assert [v.name for v in masters.superseded_controls(master)] == ["Force"]
    given = {"effective_from": plant.today, "credentials": plant.sign(plant.qa)}
    with pytest.raises(Refused, match="no longer in force"):
        masters.release_master(plant.qa, master, **given)
    master.refresh_from_db()
    assert master.state == "reviewed"
    masters.release_master(plant.qa, master, **given, decision="The batch of the validation runs on version 1")
    assert master.control_decision.startswith("The batch")


def test_two_strategies_cannot_hold_the_same_name(plant: Plant) -> None:
    put_in_force(plant)
    with pytest.raises(Refused, match="controlled by another strategy"), act(SYSTEM, "test") as opened:
        publish(opened, plant.program, source=plant.product, code="CS-2", number=1, lines=[FORCE])


def test_the_flag_control_of_a_row_takes_the_control_in_force(plant: Plant) -> None:
    control = put_in_force(plant)
    blank = dict.fromkeys(imports.COLUMNS, "")
    rows = [
        {**blank, "kind": "step", "name": "Compress", "text": "Set the press."},
        {**blank, "kind": "value", "name": "Force", "flag": "control"},
    ]
    assert imports.from_rows(plant.program, rows).steps[0]["values"][0]["control"] == control
    with pytest.raises(Invalid) as refused:
        imports.from_rows(plant.program, [rows[0], {**rows[1], "name": "Speed"}])
    assert "allowed: Force" in refused.value.errors["line 2"]


def test_the_page_says_that_the_strategy_went_on_and_asks_for_the_decision(plant: Plant) -> None:
    head, qa = Desk(plant.head), Desk(plant.qa)
    author = Desk(plant.supervisor)
    put_in_force(plant)
    names = imports.COLUMNS
    rows = [
        {"kind": "material", "name": "ACT", "quantity": "10", "unit": "kg", "tolerance": "2", "flag": "basis"},
        {"kind": "step", "name": "Compress", "text": "Set the press."},
        {"kind": "value", "name": "Force", "flag": "control"},
    ]
    head_ = {
        "title": "Tablets",
        "product": str(plant.product.pk),
        "size": "100",
        "unit": "kg",
        "yield_limit": "95 – 101",
    }
    assert "control: 10.5 – 11.5 kN" in text(author.get("masters/draft/"))
    made = author.post("masters/draft/", {**head_, **{f"line_{n}": [row.get(n, "") for row in rows] for n in names}})
    assert made.status_code == 302
    place = made["Location"].removeprefix(author.root)
    assert "CS-1 version 1" in text(author.get(place))
    assert head.post(place, step="approve", sign=True).status_code == 302
    put_in_force(plant, 2)
    page = text(qa.get(place))
    assert "The control strategy went on" in page and "Why the superseded limits hold" in page
    assert qa.post(place, step="release", sign=True).status_code == 409
    assert qa.post(place, step="release", decision="Validation runs on version 1", sign=True).status_code == 302
    assert "Decision: Validation runs on version 1" in text(qa.get(place))
