"""Alerts inform; properties are those of one molecule, with what a chemist must know of them."""

from __future__ import annotations

import dataclasses

import pytest

from crdmo.science.discovery.alerts import Alert, Alerts, structural_alerts
from crdmo.science.discovery.drug_likeness import drug_likeness
from crdmo.science.method import MethodError, call, from_json, to_json


def test_an_alert_informs_and_rejects_nothing() -> None:
    """A marketed drug with PAINS: eltrombopag. The answer names alerts, and has no field for a verdict."""
    eltrombopag = "Cc1ccc(cc1C)-n1nc(C)c(N=Nc2cccc(c2O)-c2cccc(c2)C(O)=O)c1O"
    made = structural_alerts(structure=eltrombopag)
    assert [alert.name for alert in made.alerts if alert.set.startswith("PAINS")] == ["azo_A(324)"]
    assert {field.name for field in dataclasses.fields(Alerts)} == {"alerts", "looked_in", "toolkit"}
    assert {field.name for field in dataclasses.fields(Alert)} == {"set", "name", "source", "atoms"}


def test_an_alert_says_where_it_lies() -> None:
    made = structural_alerts(structure="CCCCC(=S)N", sets=["BRENK"]).alerts
    assert [(one.name, one.atoms) for one in made] == [("Thiocarbonyl_group", ((4, 5),))]


def test_the_result_comes_back_from_its_json() -> None:
    made = call("discovery.structural_alerts", {"structure": "O=C1NC(=S)SC1=Cc1ccccc1"}, {"sets": ["NIH"]})
    assert from_json("discovery.structural_alerts", to_json(made)) == made
    other = drug_likeness(structure="CCO")
    assert from_json("discovery.drug_likeness", to_json(other)) == other


@pytest.mark.parametrize("sets", [[], ["PAIN"], ["BRENK", ""]])
def test_a_set_that_is_not_known_is_refused(sets) -> None:
    with pytest.raises(MethodError, match="PAINS_A"):
        structural_alerts(structure="CC", sets=sets)


@pytest.mark.parametrize("structure", ["C1CC", "", "CN(C)(C)(C)C", "C\x00"])
def test_a_structure_that_cannot_be_read_is_refused(structure) -> None:
    for method in (structural_alerts, drug_likeness):
        with pytest.raises(MethodError):
            method(structure=structure)


def test_a_salt_has_no_drug_likeness() -> None:
    with pytest.raises(MethodError, match="take the parent"):
        drug_likeness(structure="CCN.Cl")


def test_what_bends_the_numbers_is_said() -> None:
    assert "charged (+1)" in drug_likeness(structure="CC[NH3+]").notes[0]
    assert "labelled" in drug_likeness(structure="[2H]CC").notes[0]
    assert drug_likeness(structure="CCN").notes == ()
    assert drug_likeness(structure="C").synthetic_accessibility is None


def test_each_limit_holds_at_its_value_and_breaks_above_it() -> None:
    """Five hydroxyls are five donors and no breach; a sixth is one. Ten rotatable bonds are allowed, eleven are not."""
    assert drug_likeness(structure="OCC(O)C(O)C(O)CO").lipinski == ()
    assert drug_likeness(structure="OCC(O)C(O)C(O)C(O)CO").lipinski == ("more than 5 donors",)
    assert drug_likeness(structure="C" * 13).rotatable_bonds == 10
    assert drug_likeness(structure="C" * 13).veber == ()
    assert drug_likeness(structure="C" * 14).veber == ("more than 10 rotatable bonds",)
    sugar = drug_likeness(structure="OCC1OC(OC2(CO)OC(CO)C(O)C2O)C(O)C(O)C1O")
    assert sugar.veber == ("TPSA above 140 Å²",)
    assert sugar.lipinski == ("more than 5 donors", "more than 10 acceptors")
