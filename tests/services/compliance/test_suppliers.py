"""Suppliers: approved for a material on what was seen, as long as it holds."""

from __future__ import annotations

import pytest

from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from crdmo.services.compliance.workflow import suppliers
from tests.services.compliance.conftest import System


def qualify(system: System, material, days: int = 200, condition: str = ""):
    material.refresh_from_db()
    return suppliers.qualify_supplier(
        system.lab.qa,
        material,
        requalify_on=system.day(days),
        condition=condition,
        credentials=system.lab.sign(system.lab.qa),
    )


def test_nothing_on_record_qualifies_nobody(system: System) -> None:
    with pytest.raises(Refused, match="nothing on record"):
        qualify(system, system.material())


def test_a_questionnaire_does_for_an_ordinary_material_and_not_for_a_critical_one(system: System) -> None:
    material = system.material(critical=True)
    system.event(material, "questionnaire")
    with pytest.raises(Refused, match="a passed audit in date"):
        qualify(system, material)
    other = suppliers.propose_material(system.lab.keeper, material.supplier, material="Vials")
    assert qualify(system, other).status == "approved"
    system.event(material, "audit")
    assert qualify(system, material).status == "approved"


def test_what_failed_or_is_overdue_is_no_ground(system: System) -> None:
    material = system.material()
    system.event(material, "questionnaire", due=-1, ago=100)
    with pytest.raises(Refused, match="due since"):
        qualify(system, material)
    system.event(material, "questionnaire")
    system.event(material, "audit", passed=False)
    with pytest.raises(Refused, match="did not pass"):
        qualify(system, material)


def test_an_approval_does_not_outlast_its_grounds(system: System) -> None:
    material = system.material()
    system.event(material, "audit", due=100)
    for days in (0, 101):
        with pytest.raises(Invalid, match="while its grounds hold"):
            qualify(system, material, days)
    made = qualify(system, material, 100, condition="Every lot is tested.")
    assert made.status == "conditional"
    assert made.standing(system.day(100)) == "conditional"
    assert made.standing(system.day(101)) == "overdue"


def test_a_block_has_a_reason_and_is_qas(system: System) -> None:
    material = system.material()
    with pytest.raises(Invalid, match="block has a reason"):
        suppliers.block_supplier(system.lab.qa, material)
    material.refresh_from_db()
    with pytest.raises(NotPermitted, match="may not block"):
        suppliers.block_supplier(system.lab.analyst, material, reason="Late")
    suppliers.block_supplier(system.lab.qa, material, reason="Falsified certificate")
    with pytest.raises(Refused, match="is blocked"):
        suppliers.block_supplier(system.lab.qa, material, reason="Again")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"kind": "visit"}, "from the list"),
        ({"on": 1}, "has taken place"),
        ({"due_on": -6}, "next one is later"),
        ({"passed": False, "note": ""}, "not said"),
    ],
)
def test_an_event_that_cannot_be_is_refused(system: System, given: dict, why: str) -> None:
    values = {"kind": "audit", "on": -5, "due_on": 100, "passed": True, "note": "x", **given}
    values |= {name: system.day(values[name]) for name in ("on", "due_on")}
    with pytest.raises(Invalid, match=why):
        suppliers.log_supplier(system.lab.qa, system.material().supplier, **values)


def test_a_supplier_and_a_material_are_entered_once(system: System) -> None:
    material = system.material()
    with pytest.raises(Invalid, match="code is taken"):
        system.material()
    with pytest.raises(Invalid, match="is listed"):
        suppliers.propose_material(system.lab.keeper, material.supplier, material="hplc Columns")
