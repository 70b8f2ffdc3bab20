"""Safety margins: exposure of animals at a dose without adverse effects over the exposure of people, by AUC, Cmax and dose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from crdmo.science.checks import positive
from crdmo.science.method import MethodError, method

from .starting_dose import Conversion, divisor


class Measure(Enum):
    """What is compared."""

    AUC = "auc"
    C_MAX = "c_max"
    DOSE = "dose"


@dataclass(frozen=True)
class AnimalExposure:
    """What animals had at the dose that a person judged to be without adverse effects.

    Attributes:
        study: by which the level was judged, such as "4 weeks, rat".
        species: as in the table of the starting dose.
        sex: F, M, or both.
        dose: mg/kg a day.
        auc, c_max: of the last day, in the units of the people's; None where not measured.
        fraction_unbound: in plasma, 0 to 1, where known.
    """

    study: str
    species: str
    sex: str
    dose: float
    auc: float | None = None
    c_max: float | None = None
    fraction_unbound: float | None = None


@dataclass(frozen=True)
class HumanExposure:
    """What people have, or are expected to have, at a dose; `dose` in mg/kg a day. `basis` says whence (trial, prediction)."""

    basis: str
    dose: float | None = None
    auc: float | None = None
    c_max: float | None = None
    fraction_unbound: float | None = None


@dataclass(frozen=True)
class Margin:
    """One ratio: animals over people. `formula` says what was divided by what; `unbound` whether both are free drug."""

    study: str
    species: str
    sex: str
    measure: Measure
    unbound: bool
    animal: float
    human: float
    margin: float
    formula: str


@dataclass(frozen=True)
class SafetyMargins:
    """All margins in the order of the studies; `smallest` is the smallest margin of each measure, unbound apart."""

    margins: tuple[Margin, ...]
    smallest: tuple[Margin, ...]
    auc_unit: str
    c_max_unit: str
    human_basis: str
    flags: tuple[str, ...]


@method(
    "preclinical.safety_margins",
    version="1.0",
    title="Safety margins",
    source="ICH M3(R2) (2009), section 1.4; ICH S3A (1994); FDA, Estimating the Maximum Safe Starting Dose, July 2005",
)
def safety_margins(
    *,
    animals: Sequence[AnimalExposure],
    human: HumanExposure,
    auc_unit: str,
    c_max_unit: str,
    conversion: Conversion = Conversion.DIVISOR,
) -> SafetyMargins:
    """Return the margin of each study by each measure that both sides have.

    Args:
        animals: exposure at the level judged in each study, sexes apart where they differ.
        human: exposure that it is compared with.
        auc_unit: of all areas, said once: both sides are in it.
        c_max_unit: of all highest concentrations, likewise.
        conversion: of the animals' doses to human equivalent ones.

    An unbound margin is given only where both fractions are known: total exposure × fraction unbound. Repeated dosing compares
    the areas of one interval; the formula of each margin stands beside it.

    Raises:
        MethodError: no study, a unit or basis that is missing, a number that is not positive, a fraction above 1, nothing that
            both sides have.

    Source: ICH M3(R2) and S3A compare exposures; FDA (2005) scales doses.

    >>> found = safety_margins(animals=[AnimalExposure("4 weeks", "rat", "M", 30, 6000, 900, 0.1)],
    ...     human=HumanExposure("predicted", 1.0, 500, 60, 0.2), auc_unit="h·ng/mL", c_max_unit="ng/mL")
    >>> [(one.measure.value, one.unbound, round(one.margin, 2)) for one in found.margins]
    [('auc', False, 12.0), ('auc', True, 6.0), ('c_max', False, 15.0), ('c_max', True, 7.5), ('dose', False, 4.84)]
    """
    if not animals or not human.basis.strip() or not auc_unit.strip() or not c_max_unit.strip():
        raise MethodError(
            "margins need a study, what the human exposure rests on, and the units", given=f"{len(animals)} studies",
            allowed="at least one study; basis and units in words", next_step="complete them",
        )  # fmt: skip
    made = [margin for one in animals for margin in _margins(one, human, conversion)]
    if not made:
        raise MethodError("nothing is known on both sides", given="no measure in common",
                          allowed="AUC, Cmax or dose of both", next_step="add the human exposure or dose")  # fmt: skip
    groups = {(one.measure, one.unbound): one for one in sorted(made, key=lambda one: -one.margin)}
    smallest = tuple(groups[key] for key in sorted(groups, key=lambda key: (list(Measure).index(key[0]), key[1])))
    flags = [
        f"{one.study}, {one.species} {one.sex}: the margin by {_words(one)} is below 1"
        for one in made
        if one.margin < 1
    ]
    half = [one.study for one in animals if (one.fraction_unbound is None) is not (human.fraction_unbound is None)]
    flags += [
        f"{name}: the fraction unbound is known on one side only, so margins are of total drug"
        for name in dict.fromkeys(half)
    ]
    return SafetyMargins(tuple(made), smallest, auc_unit.strip(), c_max_unit.strip(), human.basis.strip(), tuple(flags))


def _margins(one: AnimalExposure, human: HumanExposure, conversion: Conversion) -> list[Margin]:
    own, other = _fraction(one.study, one.fraction_unbound), _fraction("people", human.fraction_unbound)
    found = []
    for measure, above, below in ((Measure.AUC, one.auc, human.auc), (Measure.C_MAX, one.c_max, human.c_max)):
        if above is None or below is None:
            continue
        a, h = positive(f"{measure.value} of {one.study}", above), positive(f"{measure.value} of people", below)
        found.append(Margin(one.study, one.species, one.sex, measure, False, a, h, a / h, "animal / human, total"))
        if own is not None and other is not None:
            words = f"animal × {own:g} / (human × {other:g})"
            found.append(
                Margin(one.study, one.species, one.sex, measure, True, a * own, h * other, a * own / (h * other), words)
            )
    if human.dose is not None:
        by, name = divisor(one.species, conversion)
        equivalent = positive(f"dose of {one.study}", one.dose) / by
        dose = positive("dose of people", human.dose)
        found.append(Margin(one.study, one.species, one.sex, Measure.DOSE, False, equivalent, dose, equivalent / dose,
                            f"human equivalent dose ({name}) / human dose"))  # fmt: skip
    return found


def _fraction(name: str, value: float | None) -> float | None:
    if value is None:
        return None
    if not 0 < value <= 1:
        raise MethodError(f"the fraction unbound of {name} is no share", given=f"{value:g}", allowed="above 0, at most 1",
                          next_step="write 5 % as 0.05")  # fmt: skip
    return float(value)


def _words(one: Margin) -> str:
    names = {Measure.AUC: "AUC", Measure.C_MAX: "Cmax", Measure.DOSE: "dose"}
    return f"unbound {names[one.measure]}" if one.unbound else names[one.measure]
