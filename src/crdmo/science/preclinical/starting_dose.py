"""From the NOAEL of an animal to a first dose in man: human equivalent dose and maximum recommended starting dose."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from crdmo.science.checks import positive
from crdmo.science.method import MethodError, method

KM_OF_MAN = 37.0
# The safety factor that the guidance takes by default.
USUAL_FACTOR = 10.0


class Conversion(Enum):
    """By the printed divisor of the guidance (its default), or by the ratio of Km; they differ in the third digit."""

    DIVISOR = "divisor"
    KM_RATIO = "km_ratio"


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


@method(
    "preclinical.starting_dose",
    version="1.0",
    title="Human equivalent and starting dose",
    source="FDA, Estimating the Maximum Safe Starting Dose in Initial Clinical Trials, July 2005, table 1",
)
def starting_dose(
    *,
    noael: float,
    species: str,
    conversion: Conversion = Conversion.DIVISOR,
    safety_factor: float = USUAL_FACTOR,
) -> StartingDose:
    """Return the human equivalent dose of a NOAEL and the starting dose below it.

    Args:
        noael: of the species, mg/kg, by a person's judgement of what is adverse.
        species: as in the table of the guidance.
        conversion: which number of the table is used.
        safety_factor: the human equivalent dose is divided by it.

    A factor below ten is flagged. The rule is for systemic small molecules; for anticancer drugs in advanced disease ICH S9, and
    for biologics of high risk the minimal anticipated biological effect, decide otherwise.

    Raises:
        MethodError: a dose or factor that is not positive, or a species that the table does not have.

    Source: FDA (2005), table 1.

    >>> found = starting_dose(noael=15, species="rat")
    >>> round(found.human_equivalent, 3), round(found.starting_dose, 4), found.rule
    (2.419, 0.2419, 'divided by 6.2')
    """
    positive("noael", noael)
    factor = positive("safety_factor", safety_factor)
    if species not in SPECIES:
        raise MethodError(
            "the table has no such species",
            given=species,
            allowed=", ".join(SPECIES),
            next_step="choose the species of the table, or compare exposures instead of doses",
        )
    km, divisor = SPECIES[species]
    by_table = conversion is Conversion.DIVISOR
    divided_by = divisor if by_table else KM_OF_MAN / km
    rule = f"divided by {divisor:g}" if by_table else f"times Km {km:g} / {KM_OF_MAN:g}"
    equivalent = noael / divided_by
    flags = () if factor >= USUAL_FACTOR else (f"The safety factor {factor:g} is below {USUAL_FACTOR:g}: justify it",)
    return StartingDose(species, noael, equivalent, divided_by, rule, factor, equivalent / factor, flags)
