"""From two studies to a first dose: human equivalent doses, a minimal effect level, and margins (made-up numbers)."""

from crdmo.science.preclinical.first_dose import EffectLevel, mabel
from crdmo.science.preclinical.noael_evidence import Judgement, Observed, StudyFinding, noael_evidence
from crdmo.science.preclinical.receptor_occupancy import concentration_for_occupancy
from crdmo.science.preclinical.safety_margins import AnimalExposure, HumanExposure, safety_margins
from crdmo.science.preclinical.safety_margins_figure import margins_figure
from crdmo.science.preclinical.starting_dose import Noael, recommended_starting_dose


def main() -> str:
    """Print the way from findings to a dose; return the picture of the margins."""
    doses = (0, 5, 15, 50)

    def seen(*counts: int) -> list[Observed]:
        return [Observed(dose, count, 20) for dose, count in zip(doses, counts, strict=True)]

    rat = noael_evidence(doses=doses, unit="mg/kg/day", findings=[
        StudyFinding("hepatocellular hypertrophy", "M", seen(0, 1, 9, 18), Judgement(False, "adaptive, reversible", "A. Bee")),
        StudyFinding("tubular degeneration", "M", seen(0, 0, 0, 6), Judgement(True, "with raised creatinine", "A. Bee", 50)),
    ])  # fmt: skip
    print("rat:", rat.statement)
    first = recommended_starting_dose(noaels=[Noael("rat", rat.implied_noael, "A. Bee"), Noael("dog", 3, "C. Dee")])
    for one in first.studies:
        print(f"{one.species}: {one.noael:g} mg/kg {one.rule} = {one.human_equivalent:.3f} mg/kg in man")
    print(f"starting dose from the {first.species}, {first.why}: {first.total:.1f} mg for {first.body_weight:g} kg")
    tenth = concentration_for_occupancy(occupancy=0.1, kd=2.0, target=1.0)
    lowest = mabel(
        levels=[EffectLevel("10 % occupancy", "Kd in vitro", tenth.concentration)], molar_mass=450, body_weight=60
    )
    print(
        f"10 % occupancy at {tenth.concentration:.2f} nmol/L, {tenth.formula}: {lowest.dose * 1000:.1f} µg in plasma alone"
    )
    rats = AnimalExposure("rat, 4 weeks", "rat", "M", 15, 4200, 610, 0.08)
    dogs = AnimalExposure("dog, 4 weeks", "dog", "F", 3, 2900, 480, 0.12)
    people = HumanExposure("prediction for 10 mg", first.starting_dose, 310, 42, 0.10)
    margins = safety_margins(animals=[rats, dogs], human=people, auc_unit="h·ng/mL", c_max_unit="ng/mL")
    for one in margins.smallest:
        print(
            f"smallest margin by {one.measure.value}{', unbound' if one.unbound else ''}: {one.margin:.1f} ({one.study})"
        )
    return margins_figure(margins, title="Margins of two studies over the first dose").svg


if __name__ == "__main__":
    main()
