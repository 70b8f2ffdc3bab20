"""Weighing: the charge that the potency asks for, and the least that a balance weighs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

from crdmo.science.method import MethodError, method
from crdmo.science.quality.rounding import parse_number

_EXACT = Context(prec=40)


@dataclass(frozen=True)
class Charge:
    """How much of a material as it is gives the amount of pure, dry substance that is wanted; text, unit of the target."""

    amount: str


@method(
    "manufacturing.as_is_charge",
    version="1.0",
    title="Charge of a material as it is",
    source="USP General Notices 6.50.20 (anhydrous and as-is basis)",
)
def as_is_charge(*, target: str, assay: str, water: str = "0", places: int = 4) -> Charge:
    """Return target · 100 / assay · 100 / (100 − water), rounded half up.

    Args:
        target: amount of pure, anhydrous substance, any unit, as decimal text.
        assay: percent, on the anhydrous basis.
        water: percent.
        places: decimals of the answer: the readability of the balance.

    Raises:
        MethodError: a percentage that cannot be one, or a target below zero.

    Source: USP General Notices 6.50.20.

    >>> as_is_charge(target="10.000", assay="98.5", water="2.0").amount
    '10.3595'
    """
    wanted, pure, wet = parse_number(target), parse_number(assay), parse_number(water)
    if wanted < 0:
        raise MethodError("a charge is below zero", given=target, allowed="zero or more")
    if not 0 < pure <= 200 or not 0 <= wet < 100:
        raise MethodError(
            "assay or water is no percentage that a charge can follow from",
            given=f"assay {assay}, water {water}",
            allowed="assay above 0, water from 0 to below 100",
        )
    if not 0 <= places <= 12:
        raise MethodError("places of a charge", given=str(places), allowed="0 to 12")
    exact = _EXACT.divide(wanted * 10000, pure * (100 - wet))
    return Charge(f"{exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}")


@dataclass(frozen=True)
class MinimumWeight:
    """The least net weight, in the unit of the inputs, and whether the readability decides it."""

    minimum: str
    by_readability: bool


@method("manufacturing.minimum_weight", version="1.0", title="Minimum weight of a balance", source="USP <41> Balances")
def minimum_weight(*, repeatability: str, readability: str) -> MinimumWeight:
    """Return 2000 · max(s, 0.41 d).

    Args:
        repeatability: standard deviation s of ten weighings.
        readability: scale interval d, same unit.

    Raises:
        MethodError: a repeatability below zero, or a readability that is not above zero.

    Source: USP <41> Balances, Repeatability.

    >>> minimum_weight(repeatability="0.03", readability="0.1").minimum
    '82.000'
    """
    spread, interval = parse_number(repeatability), parse_number(readability)
    if spread < 0 or interval <= 0:
        raise MethodError(
            "a balance has a readability above zero and a repeatability of zero or more",
            given=f"s {repeatability}, d {readability}",
        )
    floor = Decimal("0.41") * interval
    return MinimumWeight(f"{2000 * max(spread, floor):f}", floor >= spread)
