"""The units of pharmacokinetic parameters, from those of concentration, time and dose, and clearance and volume as people read them."""

from __future__ import annotations

from dataclasses import dataclass

from crdmo.science.checks import positive
from crdmo.science.method import MethodError, method

# Powers of ten of grams and of moles.
MASS = {"fg": -15, "pg": -12, "ng": -9, "ug": -6, "µg": -6, "mg": -3, "g": 0, "kg": 3}
AMOUNT = {"pmol": -12, "nmol": -9, "umol": -6, "µmol": -6, "mmol": -3, "mol": 0}
VOLUME = {"uL": -6, "µL": -6, "mL": -3, "dL": -1, "L": 0}
MOLAR = {"pM": "pmol/L", "nM": "nmol/L", "uM": "umol/L", "µM": "µmol/L", "mM": "mmol/L", "M": "mol/L"}
TIMES = ("s", "min", "h", "d")


@dataclass(frozen=True)
class ParameterUnits:
    """Units in words, and the factors that turn clearance and volumes as computed into litres.

    Attributes:
        concentration, time, dose: as given.
        auc, aumc, rate: of areas, moments and λz.
        clearance, volume: litres (per kg where the dose is), over time.
        factor: clearance or volume as computed (dose unit over concentration unit …) × factor is in litres.
        per_dose_auc, per_dose_c_max: of what is divided by the dose.
    """

    concentration: str
    time: str
    dose: str
    auc: str
    aumc: str
    rate: str
    clearance: str
    volume: str
    factor: float
    per_dose_auc: str
    per_dose_c_max: str


@method("preclinical.pk_units", version="1.0", title="Units of pharmacokinetic parameters",
        source="CDISC SEND controlled terminology, PKUNIT; dimensional analysis")  # fmt: skip
def parameter_units(*, concentration: str, time: str, dose: str, molar_mass: float | None = None) -> ParameterUnits:
    """Return the unit of each parameter.

    Args:
        concentration: such as ng/mL, µg/L or nM.
        time: s, min, h or d.
        dose: such as mg, mg/kg or µmol/kg.
        molar_mass: g/mol, where one of concentration and dose is molar and the other is not.

    Raises:
        MethodError: a unit that is not known, or molar beside mass without the molar mass.

    >>> found = parameter_units(concentration="ng/mL", time="h", dose="mg/kg")
    >>> found.auc, found.clearance, found.factor
    ('h·ng/mL', 'L/h/kg', 1000.0)
    """
    above, _, below = MOLAR.get(concentration.strip(), concentration.strip()).partition("/")
    amount, _, per = dose.strip().partition("/")
    known = above in MASS or above in AMOUNT
    if (
        not known
        or below not in VOLUME
        or not (amount in MASS or amount in AMOUNT)
        or per not in ("", "kg", "m2")
        or time not in TIMES
    ):
        raise MethodError(
            "the unit of a parameter follows from units that are known", given=f"{concentration}, {time}, {dose}",
            allowed=f"mass or amount per {', '.join(VOLUME)}; {', '.join(TIMES)}; mass or amount, per kg or m2",
            next_step="write them like ng/mL, h, mg/kg",
        )  # fmt: skip
    power = (MASS.get(amount, 0) if amount in MASS else AMOUNT[amount]) - (
        MASS[above] if above in MASS else AMOUNT[above]
    )
    factor = 10.0 ** (power + VOLUME[below])
    if (amount in MASS) is not (above in MASS):
        if molar_mass is None:
            raise MethodError("mass and amount meet by the molar mass", given=f"{concentration} and {dose}", allowed="g/mol",
                              next_step="give the molar mass of the analyte")  # fmt: skip
        factor *= 1 / positive("molar_mass", molar_mass) if amount in MASS else positive("molar_mass", molar_mass)
    c, tail = concentration.strip(), f"/{per}" if per else ""
    return ParameterUnits(c, time, dose.strip(), f"{time}·{c}", f"{time}²·{c}", f"1/{time}", f"L/{time}{tail}", f"L{tail}", factor,
                          f"{time}·{c}/({dose.strip()})", f"{c}/({dose.strip()})")  # fmt: skip
