"""From animals to man: occupancy and MABEL of an anti-CD28 domain antibody, ICH S9, margins, and evidence for a NOAEL.

Sources: comparison of approaches in determining MABEL, J Pharmacol Exp Ther (anti-CD28 domain antibody; EC10 0.32 nM, Kd 0.41 nM,
target 0.65 nM, plasma 0.04 L/kg, 70 kg); FDA, Estimating the Maximum Safe Starting Dose (July 2005), table 1 and footnotes;
ICH S9 (2009), note 2; FDA/CiPA (hERG margins of dofetilide and cisapride).
"""

from __future__ import annotations

import math

import pytest

from crdmo.science.method import MethodError, call, from_json, to_json
from crdmo.science.preclinical.first_dose import EffectLevel, Endpoint, anticancer_starting_dose, mabel
from crdmo.science.preclinical.noael_evidence import Judgement, Observed, StudyFinding, noael_evidence
from crdmo.science.preclinical.receptor_occupancy import concentration_for_occupancy, receptor_occupancy
from crdmo.science.preclinical.safety_margins import AnimalExposure, HumanExposure, Measure, safety_margins
from crdmo.science.preclinical.starting_dose import Conversion, Noael, recommended_starting_dose, starting_dose

UNITS = {"auc_unit": "h·ng/mL", "c_max_unit": "ng/mL"}


def test_mabel_of_an_anti_cd28_domain_antibody() -> None:
    tenth = concentration_for_occupancy(occupancy=0.1, kd=0.41, target=0.65)
    assert round(tenth.concentration, 1) == 0.1 and "quadratic" in tenth.formula
    # 10 µg at 0.32 nmol/L give the molar mass; at the printed 0.1 nmol/L the printed dose of 3.1 µg follows from it.
    mass = 10e-6 / (0.32e-9 * 0.04 * 70)
    found = mabel(
        levels=[
            EffectLevel("EC10", "mixed lymphocyte reaction", 0.32),
            EffectLevel("10 % occupancy", "Kd in vitro", round(tenth.concentration, 1)),
            EffectLevel("mouse", "effect in vivo", animal_dose=0.004, species="mouse"),
        ],
        molar_mass=mass,
    )
    assert [round(one.dose * 1000, 1) for one in found.levels[:2]] == [10.0, 3.1]
    assert round(found.levels[2].dose * 1000) == 23 and found.levels[2].rule == "mouse, divided by 12.3"
    assert found.lowest == "10 % occupancy" and found.starting_dose == found.dose
    assert mabel(levels=[EffectLevel("a", "b", 1)], molar_mass=1000, safety_factor=10).starting_dose == pytest.approx(
        0.00028
    )


def test_occupancy_and_its_inverse_are_one_equation() -> None:
    for target in (0.0, 1e-9, 0.65, 50.0):
        for share in (0.01, 0.1, 0.5, 0.9, 0.99):
            needed = concentration_for_occupancy(occupancy=share, kd=0.41, target=target)
            back = receptor_occupancy(concentration=needed.concentration, kd=0.41, target=target)
            assert back.occupancy == pytest.approx(share, rel=1e-9) and back.free == pytest.approx(
                needed.free, rel=1e-6
            )
    # A target that binds much of the drug leaves less of it occupied than the simple formula says.
    assert (
        receptor_occupancy(concentration=1, kd=0.1, target=5).occupancy
        < receptor_occupancy(concentration=1, kd=0.1).occupancy
    )
    assert receptor_occupancy(concentration=1, kd=0.1, target=1e-12).occupancy == pytest.approx(1 / 1.1)
    for bad in ({"concentration": 0}, {"kd": -1}, {"target": -1}, {"target": math.nan}):
        with pytest.raises(MethodError):
            receptor_occupancy(**({"concentration": 1, "kd": 1} | bad))


def test_levels_without_source_or_mass_are_refused() -> None:
    good = EffectLevel("EC10", "assay", 1.0)
    for bad, word in (
        ({"levels": []}, "needs levels"),
        ({"levels": [good], "molar_mass": None}, "molar mass"),
        ({"levels": [EffectLevel("EC10", " ", 1.0)]}, "a source"),
        ({"levels": [EffectLevel("EC10", "assay")]}, "either"),
        ({"levels": [EffectLevel("EC10", "assay", 1.0, 2.0, "rat")]}, "either"),
        ({"levels": [EffectLevel("x", "assay", animal_dose=1.0, species="cow")]}, "no such species"),
        ({"levels": [EffectLevel("x", "assay", 0.0)]}, "greater than zero"),
    ):
        with pytest.raises(MethodError, match=word):
            mabel(**({"molar_mass": 150000} | bad))


def test_anticancer_drugs_after_ich_s9() -> None:
    rat = anticancer_starting_dose(species="rat", endpoint=Endpoint.STD10, animal_dose=5)
    assert (rat.animal_per_surface, rat.per_surface) == (30, 3) and rat.per_kg == pytest.approx(3 / 37)
    dog = anticancer_starting_dose(species="dog", endpoint=Endpoint.HNSTD, animal_dose=3, immune_agonist=True)
    assert (
        dog.per_surface == pytest.approx(60 / 6)
        and "minimal anticipated" in dog.flags[0]
        and "1/6 of the HNSTD" in dog.rule
    )
    for species, endpoint in (("dog", Endpoint.STD10), ("rat", Endpoint.HNSTD), ("rabbit", Endpoint.HNSTD)):
        with pytest.raises(MethodError, match="does not belong"):
            anticancer_starting_dose(species=species, endpoint=endpoint, animal_dose=1)


def test_the_number_by_which_a_dose_is_scaled_is_named() -> None:
    """Trap 14: Km 6 of the rat is not its divisor 6.2, and a factor below ten is flagged."""
    found = {how: starting_dose(noael=15, species="rat", conversion=how, animal_weight=0.15) for how in Conversion}
    assert found[Conversion.DIVISOR].human_equivalent == pytest.approx(15 / 6.2)
    assert found[Conversion.KM_RATIO].human_equivalent == pytest.approx(15 * 6 / 37)
    # Footnote of table 1: a rat of 150 g and a person of 60 kg give about the standard factor.
    assert found[Conversion.BODY_WEIGHT].human_equivalent == pytest.approx(15 * (0.15 / 60) ** 0.33)
    assert found[Conversion.MG_PER_KG].human_equivalent == 15 and "justify" in found[Conversion.MG_PER_KG].flags[0]
    assert len({one.rule for one in found.values()}) == 4
    with pytest.raises(MethodError, match="needs the animal's weight"):
        starting_dose(noael=15, species="rat", conversion=Conversion.BODY_WEIGHT)


def test_the_starting_dose_rests_on_the_most_sensitive_species_or_a_reason() -> None:
    studies = [Noael("rat", 15, "SD"), Noael("dog", 3, "SD")]
    plain = recommended_starting_dose(noaels=studies, active_dose=0.1)
    assert (
        plain.species == "dog"
        and plain.total == pytest.approx(3 / 1.8 / 10 * 60)
        and "pharmacologically" in plain.flags[0]
    )
    told = recommended_starting_dose(noaels=studies, most_appropriate="rat", reason="the dog lacks the target")
    assert told.species == "rat" and told.why == "the dog lacks the target" and "more sensitive" in told.flags[0]
    for bad, word in (({"noaels": []}, "judgement"), ({"noaels": [Noael("rat", 15, " ")]}, "judgement"),
                      ({"most_appropriate": "rat"}, "reason"), ({"most_appropriate": "mouse", "reason": "x"}, "reason")):  # fmt: skip
        with pytest.raises(MethodError, match=word):
            recommended_starting_dose(**({"noaels": studies} | bad))


def test_margins_by_each_measure_and_unbound_only_with_both_fractions() -> None:
    rat = AnimalExposure("4 weeks, rat", "rat", "M", 30, 6000, 900, 0.1)
    human = HumanExposure("trial 1", 1.0, 500, 60, 0.2)
    found = safety_margins(animals=[rat, AnimalExposure("4 weeks, dog", "dog", "F", 1.2, 400)], human=human, **UNITS)
    by = {(one.species, one.measure, one.unbound): one for one in found.margins}
    assert by["rat", Measure.AUC, False].margin == 12 and by["rat", Measure.AUC, True].margin == pytest.approx(6)
    assert by["rat", Measure.DOSE, False].margin == pytest.approx(30 / 6.2)
    assert by["rat", Measure.DOSE, False].formula == "human equivalent dose (divided by 6.2) / human dose"
    assert ("dog", Measure.AUC, True) not in by and ("dog", Measure.C_MAX, False) not in by
    assert [one.species for one in found.smallest] == ["dog", "rat", "rat", "rat", "dog"]
    assert sum("below 1" in one for one in found.flags) == 2 and any("one side only" in one for one in found.flags)
    assert from_json("preclinical.safety_margins", to_json(found)) == found


@pytest.mark.parametrize(("ic50", "c_max", "margin"), [(6.125, 2, "3.06"), (11.27, 2.6, "4.33")])
def test_herg_margins_are_the_same_division(ic50, c_max, margin) -> None:
    found = safety_margins(animals=[AnimalExposure("hERG", "rat", "", 1, c_max=ic50)], human=HumanExposure("label", c_max=c_max),
                           auc_unit="nmol·h/L", c_max_unit="nmol/L")  # fmt: skip
    assert f"{found.margins[0].margin:.2f}" == margin


def test_margins_that_cannot_be_are_refused() -> None:
    rat, human = AnimalExposure("s", "rat", "M", 30, 6000), HumanExposure("trial", auc=500)
    for bad, word in (
        ({"animals": []}, "units"), ({"human": HumanExposure(" ", auc=1)}, "rests on"), ({"auc_unit": ""}, "units"),
        ({"human": HumanExposure("trial", c_max=5)}, "both sides"), ({"human": HumanExposure("trial", auc=0)}, "greater than zero"),
        ({"animals": [AnimalExposure("s", "rat", "M", 30, 6000, None, 1.5)]}, "no share"),
        ({"human": HumanExposure("trial", dose=1), "animals": [AnimalExposure("s", "cow", "M", 30)]}, "no such species"),
    ):  # fmt: skip
        with pytest.raises(MethodError, match=word):
            safety_margins(**({"animals": [rat], "human": human} | UNITS | bad))


def seen(*counts: int, p: float | None = None) -> list[Observed]:
    return [Observed(d, c, 10, None, p if d == 100 else None) for d, c in zip((0, 10, 30, 100), counts, strict=True)]


def test_a_noael_is_judged_and_not_computed() -> None:
    """Trap 13: not "the highest dose with p > 0.05"; significance alone makes no finding adverse, and its absence none harmless."""
    adaptive = StudyFinding("hypertrophy", "M", seen(0, 1, 5, 9, p=0.0001),
                            Judgement(False, "adaptive: no degeneration, reversible", "A. Bee"), is_reversible=True)  # fmt: skip
    rare = StudyFinding("necrosis", "F", seen(0, 0, 1, 2, p=0.24), Judgement(True, "never in controls", "A. Bee", 30),
                        historical_high=0.02)  # fmt: skip
    found = noael_evidence(doses=[0, 10, 30, 100], unit="mg/kg/day", findings=[adaptive, rare])
    assert (found.implied_noael, found.implied_loael) == (10, 30) and found.open == ()
    assert [one.counts_as_adverse for one in found.rows[1].cells] == [False, False, True, True]
    assert [one.outside_history for one in found.rows[1].cells] == [False, False, True, True]
    assert [one.incidence for one in found.rows[0].cells] == [0, 0.1, 0.5, 0.9]
    alone = noael_evidence(doses=[0, 10, 30, 100], unit="mg/kg/day", findings=[adaptive])
    assert alone.implied_noael == 100 and alone.implied_loael is None
    assert from_json("preclinical.noael_evidence", to_json(found)) == found


def test_what_nobody_judged_leaves_the_level_open() -> None:
    rows = [StudyFinding("necrosis", "F", seen(0, 0, 1, 8, p=0.001)), StudyFinding("pallor", "M", seen(0, 0, 0, 0),
            Judgement(False, "none seen", "A. Bee"))]  # fmt: skip
    found = noael_evidence(doses=[0, 10, 30, 100], unit="mg/kg/day", findings=rows)
    assert found.implied_noael is None and found.open == ("necrosis, F",) and found.statement.startswith("Open")
    lowest = StudyFinding("necrosis", "F", seen(0, 4, 6, 8), Judgement(True, "dose response", "A. Bee", 10))
    none = noael_evidence(doses=[0, 10, 30, 100], unit="mg/kg/day", findings=[lowest])
    assert none.implied_noael is None and none.implied_loael == 10 and "no level" in none.statement


def test_evidence_that_is_not_whole_is_refused() -> None:
    good = StudyFinding("necrosis", "F", seen(0, 0, 1, 8))

    def judged(*args: object) -> StudyFinding:
        return StudyFinding("x", "F", seen(0, 0, 0, 0), Judgement(*args))  # type: ignore[arg-type]

    for bad, word in (
        ({"doses": [10, 30]}, "needs the doses"), ({"doses": [0, 30, 10, 100]}, "needs the doses"), ({"findings": []}, "findings"),
        ({"findings": [StudyFinding("x", "F", seen(0, 0, 0, 0)[:3])]}, "each dose"),
        ({"findings": [StudyFinding("x", "F", seen(0, 0, 0, 11))]}, "cannot be"),
        ({"findings": [StudyFinding("x", "F", seen(0, 0, 0, 1, p=1.5))]}, "cannot be"),
        ({"findings": [judged(True, "why", "A. Bee")]}, "not complete"), ({"findings": [judged(True, "why", "A. Bee", 0)]}, "complete"),
        ({"findings": [judged(False, " ", "A. Bee")]}, "no reason"), ({"findings": [judged(False, "why", "")]}, "nobody"),
    ):  # fmt: skip
        with pytest.raises(MethodError, match=word):
            noael_evidence(**({"doses": [0, 10, 30, 100], "unit": "mg/kg/day", "findings": [good]} | bad))
    with pytest.raises(MethodError):
        call("preclinical.noael_evidence", {"doses": [0, 1], "unit": "mg", "findings": [{"name": "x", "p": 1}]}, {})
