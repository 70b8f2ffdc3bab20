"""First doses that do not rest on a NOAEL: the minimal anticipated biological effect level, and anticancer drugs after ICH S9."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from crdmo.science.checks import positive
from crdmo.science.method import MethodError, method

from .starting_dose import KM_OF_MAN, RODENTS, SPECIES, Conversion, divisor

# Plasma volume of a person, L/kg, and the weight of one, kg, that the published example takes.
PLASMA_VOLUME = 0.04
USUAL_WEIGHT = 70.0
STD10_PART, HNSTD_PART = 10.0, 6.0
# Square metres of skin of a person of 60 kg by the table's Km.
SURFACE = 1.62


@dataclass(frozen=True)
class EffectLevel:
    """A level at which a first biological effect is expected, by name, with where the number comes from.

    Give either `concentration` (nmol/L in plasma: an EC10, the concentration for 10 % occupancy), or `animal_dose` (mg/kg) with
    its `species`.
    """

    name: str
    source: str
    concentration: float | None = None
    animal_dose: float | None = None
    species: str = ""


@dataclass(frozen=True)
class EffectDose:
    """The human dose at one level: mg, and mg/kg; `rule` says how it was reached."""

    name: str
    source: str
    dose: float
    per_kg: float
    rule: str


@dataclass(frozen=True)
class Mabel:
    """The minimal anticipated biological effect level: the lowest of the doses, and the dose below it by the factor (mg)."""

    lowest: str
    dose: float
    safety_factor: float
    starting_dose: float
    body_weight: float
    molar_mass: float | None
    volume: float
    levels: tuple[EffectDose, ...]


class Endpoint(Enum):
    """Dose severely toxic to 10 % of rodents, or the highest dose not severely toxic to non-rodents."""

    STD10 = "std10"
    HNSTD = "hnstd"


@dataclass(frozen=True)
class AnticancerDose:
    """A first dose after ICH S9: mg/m², mg/kg, and mg for a person of 60 kg (1.62 m²); `rule` names fraction and species."""

    species: str
    endpoint: Endpoint
    animal_dose: float
    animal_per_surface: float
    per_surface: float
    per_kg: float
    total: float
    rule: str
    flags: tuple[str, ...]


@method(
    "preclinical.mabel",
    version="1.0",
    title="Minimal anticipated biological effect level",
    source="EMA, EMEA/CHMP/SWP/28367/07 Rev. 1 (2017); Muller PY, Brennan FR, Clin Pharmacol Ther 2009;85:247",
)
def mabel(
    *,
    levels: Sequence[EffectLevel],
    molar_mass: float | None = None,
    volume: float = PLASMA_VOLUME,
    body_weight: float = USUAL_WEIGHT,
    safety_factor: float = 1.0,
    conversion: Conversion = Conversion.DIVISOR,
) -> Mabel:
    """Return the lowest dose at which any of the named levels is reached.

    Args:
        levels: each with its name and source; no level is made up.
        molar_mass: g/mol, where a level is a concentration.
        volume: into which the dose is diluted at once, L/kg; plasma by default, which gives the lowest dose.
        body_weight: kg.
        safety_factor: the lowest dose is divided by it.
        conversion: of animals' doses.

    Raises:
        MethodError: no level, one without a source, with both or none of concentration and animal dose, a concentration without
            the molar mass, a number that is not positive.

    Source: EMA (2017), section 6.2; dose = concentration × volume × weight × molar mass.

    >>> found = mabel(levels=[EffectLevel("EC10", "mixed lymphocytes", 0.32), EffectLevel("mouse", "in vivo", None, 0.004, "mouse")],
    ...               molar_mass=11160)
    >>> found.lowest, round(found.dose * 1000, 1)
    ('EC10', 10.0)
    """
    weight, litres = positive("body_weight", body_weight), positive("volume", volume)
    factor = positive("safety_factor", safety_factor)
    if not levels:
        raise MethodError("a minimal effect level needs levels", given="none", allowed="at least one",
                          next_step="name an EC10, an occupancy or an effect in animals")  # fmt: skip
    made = tuple(_effect(one, molar_mass, litres, weight, conversion) for one in levels)
    low = min(made, key=lambda one: one.dose)
    return Mabel(low.name, low.dose, factor, low.dose / factor, weight, molar_mass, litres, made)


@method(
    "preclinical.anticancer_starting_dose",
    version="1.0",
    title="Starting dose of an anticancer drug",
    source="ICH S9 (2009), note 2; ICH S9 questions and answers (2018)",
)
def anticancer_starting_dose(
    *, species: str, endpoint: Endpoint, animal_dose: float, immune_agonist: bool = False
) -> AnticancerDose:
    """Return a tenth of the STD10 of rodents, or a sixth of the HNSTD of non-rodents, by body surface.

    Args:
        species: as in the table of FDA (2005); the most appropriate one by a person's judgement.
        endpoint: of the study.
        animal_dose: mg/kg at the endpoint.
        immune_agonist: whether the drug activates the immune system: ICH S9 then asks for the minimal anticipated biological effect.

    The rule is for small molecules in patients with advanced cancer.

    Raises:
        MethodError: a species that the table does not have, an endpoint that belongs to the other kind of species, a dose not
            above 0.

    Source: ICH S9, note 2; Km of FDA (2005), table 1.

    >>> found = anticancer_starting_dose(species="rat", endpoint=Endpoint.STD10, animal_dose=10)
    >>> found.per_surface, found.rule
    (6.0, '1/10 of the STD10 of the rat, mg/m²')
    """
    divisor(species, Conversion.DIVISOR)
    is_rodent = species in RODENTS
    if is_rodent is not (endpoint is Endpoint.STD10) or species == "rabbit":
        raise MethodError(
            "the endpoint does not belong to the species", given=f"{endpoint.value} of {species}",
            allowed="std10 of rodents, hnstd of non-rodents (dog, monkey, mini-pig)",
            next_step="take the study that ICH S9 means",
        )  # fmt: skip
    surface = positive("animal_dose", animal_dose) * SPECIES[species][0]
    part = STD10_PART if is_rodent else HNSTD_PART
    per_surface = surface / part
    flags = ("The drug activates the immune system: ICH S9 asks for the minimal anticipated biological effect level",)
    return AnticancerDose(
        species, endpoint, animal_dose, surface, per_surface, per_surface / KM_OF_MAN, per_surface * SURFACE,
        f"1/{part:g} of the {endpoint.value.upper()} of the {species}, mg/m²", flags if immune_agonist else (),
    )  # fmt: skip


def _effect(
    one: EffectLevel, molar_mass: float | None, volume: float, weight: float, conversion: Conversion
) -> EffectDose:
    if not one.name.strip() or not one.source.strip() or (one.concentration is None) is (one.animal_dose is None):
        raise MethodError(
            "a level has a name, a source, and either a concentration or an animal's dose", given=one.name.strip() or "no name",
            allowed="name, source, concentration in nmol/L or dose in mg/kg", next_step="say where the number comes from",
        )  # fmt: skip
    if one.animal_dose is not None:
        by, name = divisor(one.species, conversion)
        per_kg = positive(f"animal dose of {one.name}", one.animal_dose) / by
        return EffectDose(one.name, one.source, per_kg * weight, per_kg, f"{one.species}, {name}")
    if molar_mass is None:
        raise MethodError("a concentration becomes a dose by the molar mass", given="no molar mass", allowed="g/mol",
                          next_step=f"give it for {one.name}")  # fmt: skip
    # nmol/L × L/kg × g/mol = ng/kg.
    concentration = positive(f"concentration of {one.name}", one.concentration or 0.0)
    per_kg = concentration * volume * positive("molar_mass", molar_mass) * 1e-6
    return EffectDose(
        one.name, one.source, per_kg * weight, per_kg, f"{concentration:g} nmol/L × {volume:g} L/kg × molar mass"
    )
