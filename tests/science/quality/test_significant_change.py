"""Significant change after ICH Q1A(R2): each criterion at its boundary, and what must have been tested."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from crdmo.science.method import MethodError, call
from crdmo.science.quality.extrapolation import Change
from crdmo.science.quality.significant_change import (
    CRITERIA,
    Criterion,
    DosageForm,
    Observation,
    significant_change,
)

pytestmark = pytest.mark.clause("ICH Q1A(R2) 2.2.7.1")

ASSAY = Observation(Criterion.ASSAY, "Assay", 6, value="98.7", initial="100.2")
GOOD = {
    Criterion.ASSAY: ASSAY,
    Criterion.POTENCY: Observation(Criterion.POTENCY, "Potency", 6, value="96", limit="80 – 125"),
    Criterion.DEGRADATION_PRODUCT: Observation(
        Criterion.DEGRADATION_PRODUCT, "Impurity A", 6, value="0.14", limit="≤ 0.2"
    ),
    Criterion.APPEARANCE: Observation(Criterion.APPEARANCE, "Appearance", 6, value="conforms", limit="White tablet"),
    Criterion.PHYSICAL: Observation(Criterion.PHYSICAL, "Viscosity", 6, value="510", limit="400 – 600"),
    Criterion.FUNCTIONALITY: Observation(Criterion.FUNCTIONALITY, "Dose", 6, value="99", limit="80 – 120"),
    Criterion.PH: Observation(Criterion.PH, "pH", 6, value="6.1", limit="5.5 – 6.5"),
    Criterion.DISSOLUTION: Observation(
        Criterion.DISSOLUTION, "Dissolution", 6, limit="80", units=tuple([Decimal("85")] * 12)
    ),
    Criterion.WATER_LOSS: Observation(Criterion.WATER_LOSS, "Water loss", 6, value="1.2"),
    Criterion.SPECIFICATION: Observation(Criterion.SPECIFICATION, "Assay", 6, value="99.1", limit="98.0 – 102.0"),
}


def _all_good(form: DosageForm) -> list[Observation]:
    return [GOOD[criterion] for criterion in CRITERIA[form]]


@pytest.mark.parametrize("form", list(DosageForm))
def test_where_everything_was_tested_and_holds_there_is_no_significant_change(form: DosageForm) -> None:
    found = significant_change(form=form, observations=_all_good(form))
    assert (found.change, found.first_month, found.findings) == (Change.NONE, None, ())


@pytest.mark.parametrize(
    ("criterion", "changed"),
    [
        (Criterion.ASSAY, {"value": "95.2"}),
        (Criterion.POTENCY, {"value": "79"}),
        (Criterion.DEGRADATION_PRODUCT, {"value": "0.25"}),
        (Criterion.APPEARANCE, {"value": "does not conform: yellow"}),
        (Criterion.PHYSICAL, {"value": "601"}),
        (Criterion.FUNCTIONALITY, {"value": "121"}),
        (Criterion.PH, {"value": "6.55"}),
        (Criterion.DISSOLUTION, {"units": (Decimal("60"),) * 12}),
        (Criterion.WATER_LOSS, {"value": "5.0"}),
        (Criterion.SPECIFICATION, {"value": "97.9"}),
    ],
)
def test_each_criterion_can_fail(criterion: Criterion, changed: dict[str, Any]) -> None:
    form = next(form for form, needed in CRITERIA.items() if criterion in needed)
    observations = [replace(o, **changed) if o.criterion is criterion else o for o in _all_good(form)]
    found = significant_change(form=form, observations=observations)
    assert found.change is Change.BETWEEN_3_AND_6
    assert len(found.findings) == 1
    assert found.findings[0].startswith("month 6: ")


@pytest.mark.parametrize(
    ("initial", "value", "changed"),
    [
        ("100.0", "95.1", False),
        ("100.0", "95.0", True),
        ("100.0", "105.0", True),
        ("102.0", "97.01", False),
        ("102.0", "97.0", True),
        ("98.0", "93.2", False),
        ("98.0", "93.1", True),
    ],
)
def test_assay_changes_by_5_points_or_5_percent_whichever_comes_first(initial: str, value: str, changed: bool) -> None:
    form = DosageForm.SOLID_ORAL
    observations = [*_all_good(form)[1:], replace(ASSAY, initial=initial, value=value)]
    assert (significant_change(form=form, observations=observations).change is not Change.NONE) is changed


@pytest.mark.parametrize(
    ("units", "changed"),
    [
        (["80"] * 12, False),
        (["79.4"] * 12, True),
        (["79.5"] * 12, False),
        (["82"] * 11 + ["65"], False),
        (["85"] * 11 + ["64.4"], True),
    ],
)
def test_dissolution_is_that_of_12_units(units: list[str], changed: bool) -> None:
    form = DosageForm.SOLID_ORAL
    observations = [*_all_good(form)[:-1], replace(GOOD[Criterion.DISSOLUTION], units=tuple(map(Decimal, units)))]
    assert (significant_change(form=form, observations=observations).change is not Change.NONE) is changed


def test_dissolution_of_6_units_is_refused() -> None:
    short = replace(GOOD[Criterion.DISSOLUTION], units=(Decimal("85"),) * 6)
    with pytest.raises(MethodError, match=r"judged on 12 units\. Given: 6 units"):
        significant_change(form=DosageForm.SOLID_ORAL, observations=[short])


@pytest.mark.parametrize(
    ("month", "change"),
    [
        (1, Change.WITHIN_3),
        (3, Change.WITHIN_3),
        (4, Change.BETWEEN_3_AND_6),
        (6, Change.BETWEEN_3_AND_6),
        (9, Change.YES),
    ],
)
def test_the_first_month_says_which_branch_of_the_tree_is_meant(month: float, change: Change) -> None:
    bad = replace(ASSAY, month=month, value="90.0")
    found = significant_change(form=DosageForm.SOLID_ORAL, observations=[replace(bad, month=month + 3), bad])
    assert (found.change, found.first_month) == (change, month)
    assert len(found.findings) == 2


@pytest.mark.parametrize("form", list(DosageForm))
def test_no_significant_change_is_refused_where_a_criterion_of_the_form_is_missing(form: DosageForm) -> None:
    for left_out in CRITERIA[form]:
        others = [o for o in _all_good(form) if o.criterion is not left_out]
        early = [*others, replace(GOOD[left_out], month=3)]
        with pytest.raises(MethodError, match=f"cannot be excluded.*not tested up to month 6: {left_out.value}"):
            significant_change(form=form, observations=early)


def test_a_failure_is_a_change_whatever_else_is_missing() -> None:
    found = significant_change(form=DosageForm.SOLID_ORAL, observations=[replace(ASSAY, value="90.0", month=1)])
    assert found.change is Change.WITHIN_3


def test_the_intermediate_condition_is_studied_for_12_months() -> None:
    with pytest.raises(MethodError, match="not tested up to month 12"):
        significant_change(
            form=DosageForm.SOLID_ORAL, observations=_all_good(DosageForm.SOLID_ORAL), months_required=12
        )


def test_a_physical_change_that_is_expected_is_said_and_is_not_significant() -> None:
    soft = replace(GOOD[Criterion.PHYSICAL], name="Softening", value="700", expected="melts above 37 °C")
    form = DosageForm.SUPPOSITORY
    found = significant_change(form=form, observations=[*_all_good(form)[:-1], soft])
    assert found.change is Change.NONE
    assert "Softening: expected at this condition: melts above 37 °C" in found.reasons


@pytest.mark.parametrize(
    ("observation", "message"),
    [
        (replace(ASSAY, initial=""), "Assay has no initial value"),
        (replace(ASSAY, initial="0"), "an initial assay is greater than zero"),
        (replace(ASSAY, value="about 98"), "not a number that can be judged"),
        (replace(GOOD[Criterion.PH], limit=""), "pH has no acceptance criterion"),
        (replace(ASSAY, month=-1), "there are no results of the condition, or one lies before"),
    ],
)
def test_a_result_that_cannot_be_judged_is_refused(observation: Observation, message: str) -> None:
    with pytest.raises(MethodError, match=message):
        significant_change(form=DosageForm.SOLID_ORAL, observations=[observation])


def test_it_is_a_method_on_plain_json() -> None:
    row = {"criterion": "assay", "name": "Assay", "month": 3, "value": "94.0", "initial": "100.0"}
    found = call("quality.significant_change", {"observations": [row]}, {"form": "solid oral"})
    assert found.change is Change.WITHIN_3
