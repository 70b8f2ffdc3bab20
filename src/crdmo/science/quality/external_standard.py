"""Assay against an external standard: the everyday calculation of a chromatographic assay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation, localcontext

from crdmo.science.method import MethodError, method


@dataclass(frozen=True)
class ExternalStandard:
    """The assay in percent of the label claim (or of the substance) as decimal text, unrounded."""

    value: str
    response_factor: str
    reasons: tuple[str, ...]


def _one(name: str, texts: Sequence[str]) -> Decimal:
    if len(texts) != 1:
        raise MethodError(f"{name} is one number", given=str(len(texts)), allowed="1")
    return _positive(name, texts)[0]


def _positive(name: str, texts: Sequence[str]) -> list[Decimal]:
    try:
        numbers = [Decimal(text) for text in texts]
    except InvalidOperation as error:
        raise MethodError(f"{name} holds something that is no number", given=", ".join(texts)) from error
    if not numbers or any(n <= 0 for n in numbers):
        raise MethodError(f"{name} is above zero", given=", ".join(texts) or "nothing")
    return numbers


@method(
    "quality.external_standard",
    version="1.0",
    title="Assay by external standard",
    source="USP <621> Chromatography, Quantitation: external standard procedure",
)
def external_standard(
    *,
    standard_area: Sequence[str],
    standard_weight: Sequence[str],
    standard_potency: Sequence[str],
    sample_area: Sequence[str],
    sample_weight: Sequence[str],
    dilution_ratio: str = "1",
    water_percent: str = "0",
) -> ExternalStandard:
    """Calculate assay = (mean sample area / sample weight) ÷ (mean standard area / standard weight) × potency.

    Args:
        standard_area: peak areas of the standard injections, any one unit.
        standard_weight: weight of the standard, in the unit of the sample's weight.
        standard_potency: certified potency of the standard, percent.
        sample_area: peak areas of the injections of one sample preparation.
        sample_weight: weight of the sample (or theoretical content of the units taken).
        dilution_ratio: dilution of the sample ÷ dilution of the standard.
        water_percent: water of the sample, percent, where the assay is on the anhydrous basis.

    Returns:
        The assay in percent, unrounded.

    Raises:
        MethodError: a number is missing, not positive, or the water is 100 % or more.

    Source: USP <621>, external standard procedure. With equal weights, potency 100 and equal areas the assay is 100.

    >>> external_standard(standard_area=["1000", "1002"], standard_weight=["50.0"], standard_potency=["99.8"],
    ...                   sample_area=["1001"], sample_weight=["50.0"]).value
    '99.8'
    """
    water = Decimal(water_percent)
    if not 0 <= water < 100:
        raise MethodError("the water of a sample is from 0 to below 100 percent", given=water_percent)
    with localcontext() as context:
        context.prec = 28
        standard = _positive("standard_area", standard_area)
        sample = _positive("sample_area", sample_area)
        factor = sum(standard, Decimal(0)) / len(standard) / _one("standard_weight", standard_weight)
        response = sum(sample, Decimal(0)) / len(sample) / _one("sample_weight", sample_weight)
        potency = _one("standard_potency", standard_potency)
        value = response / factor * potency * Decimal(dilution_ratio) * 100 / (100 - water)
    reason = f"standard potency {potency} %, mean standard response {factor:f} an amount"
    return ExternalStandard(f"{value.normalize():f}", f"{factor:f}", (reason,))
