"""From the NOAEL of an animal to a first dose in man: human equivalent dose and maximum recommended starting dose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from crdmo.science.checks import positive
from crdmo.science.method import MethodError, method

KM_OF_MAN = 37.0
# The safety factor, and the weight of a person (kg), that the guidance takes by default.
USUAL_FACTOR = 10.0
USUAL_WEIGHT = 60.0
# 1 − b of the guidance's formula by body weight, b = 0.67.
EXPONENT = 0.33


class Conversion(Enum):
    """How a dose per kg becomes the human one; the first three scale by body surface, and differ in the third digit.

    DIVISOR is the printed divisor of the guidance (its default), KM_RATIO the ratio of its Km, BODY_WEIGHT its formula
    (animal weight / human weight)^0.33. MG_PER_KG scales by weight alone, as for proteins above 100 kDa given into a vein.
    """

    DIVISOR = "divisor"
    KM_RATIO = "km_ratio"
    BODY_WEIGHT = "body_weight"
    MG_PER_KG = "mg_per_kg"


# Species → Km (body weight / surface, kg/m²) and the divisor of the animal's dose (mg/kg).
SPECIES = {
    "mouse": (3.0, 12.3),
    "hamster": (5.0, 7.4),
    "rat": (6.0, 6.2),
    "guinea pig": (8.0, 4.6),
    "rabbit": (12.0, 3.1),
    "monkey": (12.0, 3.1),
    "dog": (20.0, 1.8),
    "mini-pig": (35.0, 1.1),
}
RODENTS = ("mouse", "hamster", "rat", "guinea pig")
SOURCE = "FDA, Estimating the Maximum Safe Starting Dose in Initial Clinical Trials, July 2005, table 1"


@dataclass(frozen=True)
class StartingDose:
    """Doses in mg/kg; `divided_by` is the number by which the animal's dose was divided, `rule` says which one it is."""

    species: str
    noael: float
    human_equivalent: float
    divided_by: float
    rule: str
    safety_factor: float
    starting_dose: float
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Noael:
    """The NOAEL of one study, mg/kg: the species, and who judged it (a person: there is no automatic NOAEL)."""

    species: str
    dose: float
    judged_by: str
    animal_weight: float | None = None


@dataclass(frozen=True)
class RecommendedDose:
    """The maximum recommended starting dose of a set of studies.

    Attributes:
        species: that it rests on, and
        why: the lowest human equivalent dose, or a person's reason for another species.
        starting_dose: mg/kg, and
        total: mg for a person of `body_weight` kg.
        studies: each study's human equivalent dose.
        active_dose: human equivalent of the pharmacologically active dose, mg/kg, where given.
        flags: what must be justified.
    """

    species: str
    why: str
    starting_dose: float
    total: float
    body_weight: float
    safety_factor: float
    studies: tuple[StartingDose, ...]
    active_dose: float | None
    flags: tuple[str, ...]


@method("preclinical.starting_dose", version="1.1", title="Human equivalent and starting dose", source=SOURCE)
def starting_dose(
    *,
    noael: float,
    species: str,
    conversion: Conversion = Conversion.DIVISOR,
    safety_factor: float = USUAL_FACTOR,
    animal_weight: float | None = None,
    body_weight: float = USUAL_WEIGHT,
) -> StartingDose:
    """Return the human equivalent dose of a NOAEL and the starting dose below it.

    Args:
        noael: of the species, mg/kg, by a person's judgement of what is adverse.
        species: as in the table of the guidance.
        conversion: which number of the table, or which formula, is used.
        safety_factor: the human equivalent dose is divided by it.
        animal_weight: kg, for the formula by body weight.
        body_weight: of a person, kg, for the same.

    A factor below ten is flagged. The rule is for systemic small molecules; for anticancer drugs in advanced disease ICH S9, and
    for biologics of high risk the minimal anticipated biological effect, decide otherwise.

    Raises:
        MethodError: a dose, weight or factor that is not positive, a species that the table does not have, or a formula without
            its weight.

    Source: FDA (2005), table 1 and its footnotes.

    >>> found = starting_dose(noael=15, species="rat")
    >>> round(found.human_equivalent, 3), round(found.starting_dose, 4), found.rule
    (2.419, 0.2419, 'divided by 6.2')
    """
    factor = positive("safety_factor", safety_factor)
    divided_by, rule = divisor(species, conversion, animal_weight, body_weight)
    equivalent = positive("noael", noael) / divided_by
    flags = [] if factor >= USUAL_FACTOR else [f"The safety factor {factor:g} is below {USUAL_FACTOR:g}: justify it"]
    if conversion is Conversion.MG_PER_KG:
        flags.append("Scaled by weight alone: justify it, as for a large protein given into a vein")
    return StartingDose(species, noael, equivalent, divided_by, rule, factor, equivalent / factor, tuple(flags))


@method(
    "preclinical.recommended_starting_dose", version="1.0", title="Maximum recommended starting dose", source=SOURCE
)
def recommended_starting_dose(
    *,
    noaels: Sequence[Noael],
    conversion: Conversion = Conversion.DIVISOR,
    safety_factor: float = USUAL_FACTOR,
    body_weight: float = USUAL_WEIGHT,
    most_appropriate: str = "",
    reason: str = "",
    active_dose: float | None = None,
) -> RecommendedDose:
    """Return the starting dose that a set of studies allows: from the species with the lowest human equivalent dose.

    Args:
        noaels: of each study, each judged by a named person.
        conversion: the same for all.
        safety_factor: as in `starting_dose`.
        body_weight: of a person, kg.
        most_appropriate: another species than the most sensitive one, and
        reason: why it is the most appropriate one.
        active_dose: human equivalent of the pharmacologically active dose, mg/kg; a starting dose above it is flagged.

    Raises:
        MethodError: no study, a NOAEL that nobody judged, a species chosen without a reason or without a study; see
            `starting_dose`.

    Source: FDA (2005), steps 1 to 5.

    >>> found = recommended_starting_dose(noaels=[Noael("rat", 15, "SD"), Noael("dog", 3, "SD")])
    >>> found.species, round(found.starting_dose, 4), round(found.total, 1)
    ('dog', 0.1667, 10.0)
    """
    if not noaels or any(not one.judged_by.strip() for one in noaels):
        raise MethodError(
            "a NOAEL is a person's judgement of what is adverse", given=f"{len(noaels)} studies, not all judged",
            allowed="at least one study, each with the name of who judged it", next_step="let the study director conclude",
        )  # fmt: skip
    made = [starting_dose(noael=one.dose, species=one.species, conversion=conversion, safety_factor=safety_factor,
                          animal_weight=one.animal_weight, body_weight=body_weight) for one in noaels]  # fmt: skip
    chosen = min(made, key=lambda one: one.human_equivalent)
    why = "the lowest human equivalent dose"
    if most_appropriate:
        of_it = [one for one in made if one.species == most_appropriate]
        if not reason.strip() or not of_it:
            raise MethodError(
                "the most appropriate species is one of the studies, chosen with a reason",
                given=f"{most_appropriate}: {reason.strip() or 'no reason'}", allowed=", ".join(one.species for one in made),
                next_step="give the reason, or leave the choice out and take the most sensitive species",
            )  # fmt: skip
        chosen, why = min(of_it, key=lambda one: one.human_equivalent), reason.strip()
    flags = list(chosen.flags)
    if chosen.human_equivalent > min(one.human_equivalent for one in made):
        flags.append("Another species is more sensitive: its human equivalent dose is lower")
    if active_dose is not None and chosen.starting_dose > positive("active_dose", active_dose):
        flags.append("The starting dose is above the pharmacologically active dose: consider a lower one")
    return RecommendedDose(chosen.species, why, chosen.starting_dose, chosen.starting_dose * body_weight, body_weight,
                           chosen.safety_factor, tuple(made), active_dose, tuple(flags))  # fmt: skip


def divisor(
    species: str, conversion: Conversion, animal_weight: float | None = None, body_weight: float = USUAL_WEIGHT
) -> tuple[float, str]:
    """Return the number by which an animal's dose per kg is divided, and its name.

    Raises:
        MethodError: a species that the table does not have, a formula without its weight.
    """
    if species not in SPECIES:
        raise MethodError(
            "the table has no such species",
            given=species,
            allowed=", ".join(SPECIES),
            next_step="choose the species of the table, or compare exposures instead of doses",
        )
    km, printed = SPECIES[species]
    weight = positive("body_weight", body_weight)
    if conversion is Conversion.DIVISOR:
        return printed, f"divided by {printed:g}"
    if conversion is Conversion.KM_RATIO:
        return KM_OF_MAN / km, f"times Km {km:g} / {KM_OF_MAN:g}"
    if conversion is Conversion.MG_PER_KG:
        return 1.0, "mg/kg to mg/kg"
    if animal_weight is None:
        raise MethodError("the formula by body weight needs the animal's weight", given="none", allowed="kg",
                          next_step="give it, or take the divisor of the table")  # fmt: skip
    own = positive("animal_weight", animal_weight)
    return (weight / own) ** EXPONENT, f"times ({own:g} kg / {weight:g} kg)^{EXPONENT:g}"
