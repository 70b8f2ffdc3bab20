"""Units of pharmacokinetic parameters, and the pictures of margins and proportionality."""

from __future__ import annotations

import pytest

from crdmo.science.figure_registry import draw
from crdmo.science.method import MethodError, call, to_json
from crdmo.science.preclinical.nca import Route, non_compartmental
from crdmo.science.preclinical.pk_units import parameter_units


@pytest.mark.parametrize(
    ("concentration", "dose", "mass", "factor", "clearance"),
    [
        ("ng/mL", "mg/kg", None, 1000, "L/h/kg"), ("mg/L", "mg", None, 1, "L/h"), ("µg/L", "mg", None, 1000, "L/h"),
        ("nM", "mg", 500.0, 2000, "L/h"), ("ng/mL", "µmol/kg", 500.0, 500, "L/h/kg"), ("pg/mL", "µg/m2", None, 1000, "L/h/m2"),
    ],
)  # fmt: skip
def test_clearance_comes_out_in_litres(concentration, dose, mass, factor, clearance) -> None:
    found = parameter_units(concentration=concentration, time="h", dose=dose, molar_mass=mass)
    assert found.factor == pytest.approx(factor, rel=1e-12) and found.clearance == clearance


def test_the_same_profile_in_two_units_has_one_clearance() -> None:
    given = {"time": [0, 1, 2, 3, 4], "route": Route.BOLUS}
    value = [8.0, 4, 2, 1, 0.5]
    one = non_compartmental(**given, concentration=value, dose=100)
    other = non_compartmental(**given, concentration=[1e6 * c for c in value], dose=0.1)
    mg_l, ng_l = (parameter_units(concentration=c, time="h", dose=d) for c, d in (("mg/L", "mg"), ("ng/L", "g")))
    assert one.clearance * mg_l.factor == pytest.approx(other.clearance * ng_l.factor, rel=1e-12)


def test_units_that_do_not_meet_are_refused() -> None:
    for bad, word in (({"concentration": "nM"}, "molar mass"), ({"concentration": "ng"}, "known"), ({"time": "hours"}, "known"),
                      ({"dose": "mg/cm"}, "known"), ({"concentration": "nM", "molar_mass": 0.0}, "greater than zero")):  # fmt: skip
        with pytest.raises(MethodError, match=word):
            parameter_units(**({"concentration": "ng/mL", "time": "h", "dose": "mg"} | bad))


def test_the_picture_of_proportionality_says_slope_and_verdict() -> None:
    found = call("preclinical.dose_proportionality", {"dose": [1, 1, 10, 10], "exposure": [9, 11, 40, 44]}, {})
    svg = draw("preclinical.dose_proportionality", to_json(found), title="AUC, day 29").svg
    assert "AUC, day 29" in svg and f"Slope {found.slope:.3f}" in svg and "not proportional" in svg


def test_the_picture_of_margins_says_the_smallest() -> None:
    animals = [{"study": "4 weeks", "species": "rat", "sex": "M", "dose": 30, "auc": 6000, "fraction_unbound": 0.1}]
    human = {"basis": "trial 1", "auc": 500, "fraction_unbound": 0.2}
    found = call(
        "preclinical.safety_margins",
        {"animals": animals, "human": human},
        {"auc_unit": "h·ng/mL", "c_max_unit": "ng/mL"},
    )
    svg = draw("preclinical.safety_margins", to_json(found)).svg
    assert "smallest margin is 6, by AUC" in svg and "AUC, unbound" in svg
