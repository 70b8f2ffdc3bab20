"""Exact arithmetic with amounts: decimal text and a UCUM unit, within one dimension only.

Conservation must hold to the last unit, so nothing here is a float and nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from crdmo.foundation.refusals import Invalid

# UCUM code → (dimension, factor to the base unit of the dimension).
UNITS: dict[str, tuple[str, Decimal]] = {
    "ng": ("mass", Decimal("1e-9")),
    "ug": ("mass", Decimal("1e-6")),
    "mg": ("mass", Decimal("1e-3")),
    "g": ("mass", Decimal(1)),
    "kg": ("mass", Decimal("1e3")),
    "t": ("mass", Decimal("1e6")),
    "uL": ("volume", Decimal("1e-6")),
    "mL": ("volume", Decimal("1e-3")),
    "L": ("volume", Decimal(1)),
    "umol": ("substance", Decimal("1e-6")),
    "mmol": ("substance", Decimal("1e-3")),
    "mol": ("substance", Decimal(1)),
    "[iU]": ("activity", Decimal(1)),
    "{tablet}": ("tablets", Decimal(1)),
    "{capsule}": ("capsules", Decimal(1)),
    "{vial}": ("vials", Decimal(1)),
    "{syringe}": ("syringes", Decimal(1)),
    "{unit}": ("units", Decimal(1)),
}


class Quantity(NamedTuple):
    """An amount in a unit."""

    amount: Decimal
    unit: str

    def __str__(self) -> str:
        return f"{plain(self.amount)} {self.unit}"


def plain(amount: Decimal) -> str:
    """Return a decimal without exponent: 1E+3 → 1000."""
    return f"{amount:f}"


def quantity(amount: str, unit: str) -> Quantity:
    """Return a quantity from text.

    Raises:
        Invalid: the amount is no number or negative, or the unit is unknown.
    """
    if unit not in UNITS:
        raise Invalid("this unit is not known here", errors={"unit": "not known"}, given=unit, allowed=", ".join(UNITS))
    try:
        value = Decimal(amount)
    except InvalidOperation as error:
        raise Invalid(
            "an amount is a decimal number with a point", errors={"amount": "not a number"}, given=amount
        ) from error
    if not value.is_finite() or value < 0:
        raise Invalid("an amount is zero or more", errors={"amount": "negative or not finite"}, given=amount)
    return Quantity(value, unit)


def converted(of: Quantity, unit: str) -> Quantity:
    """Return the same quantity in another unit of its dimension, exactly.

    Raises:
        Invalid: the units are of different dimensions.
    """
    here, there = UNITS[of.unit], UNITS.get(unit)
    if there is None or here[0] != there[0]:
        raise Invalid(f"{of.unit} cannot be turned into {unit}", given=of.unit, allowed=_same_dimension(of.unit))
    return Quantity(of.amount * here[1] / there[1], unit)


def total(quantities: Iterable[Quantity], unit: str) -> Quantity:
    """Return the exact sum in one unit."""
    return Quantity(sum((converted(q, unit).amount for q in quantities), Decimal(0)), unit)


def _same_dimension(unit: str) -> str:
    return ", ".join(code for code, (dimension, _) in UNITS.items() if dimension == UNITS[unit][0])
