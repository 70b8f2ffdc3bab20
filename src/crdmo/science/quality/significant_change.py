"""Significant change at a storage condition: ICH Q1A(R2), 2.1.7.1 for substances and 2.2.7.1 for products.

What counts depends on what is stored: the table says which criteria a dosage form calls for. Where one of them was not
tested, "no significant change" is refused.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from crdmo.science.method import MethodError, method

from .extrapolation import Change
from .limits import evaluate
from .rounding import multiplied, parse_number, quantum_of, round_to

ASSAY_CHANGE = Decimal(5)
WATER_LOSS = Decimal(5)


class Criterion(enum.Enum):
    """What is held against the criteria of significant change."""

    ASSAY = "assay"
    POTENCY = "potency"
    DEGRADATION_PRODUCT = "degradation product"
    APPEARANCE = "appearance"
    PHYSICAL = "physical attribute"
    FUNCTIONALITY = "functionality"
    PH = "pH"
    DISSOLUTION = "dissolution"
    WATER_LOSS = "water loss"
    SPECIFICATION = "specification"


class DosageForm(enum.Enum):
    """What is stored, as far as it decides the criteria."""

    DRUG_SUBSTANCE = "drug substance"
    SOLID_ORAL = "solid oral"
    ORAL_LIQUID = "oral liquid"
    PARENTERAL = "parenteral"
    SEMISOLID = "semisolid"
    INHALATION = "inhalation"
    SUPPOSITORY = "suppository"
    TRANSDERMAL = "transdermal"
    SEMIPERMEABLE = "aqueous product in a semi-permeable container"
    BIOLOGICAL = "biological product"


_ALWAYS = (Criterion.ASSAY, Criterion.DEGRADATION_PRODUCT, Criterion.APPEARANCE)
CRITERIA: Mapping[DosageForm, tuple[Criterion, ...]] = {
    DosageForm.DRUG_SUBSTANCE: (Criterion.SPECIFICATION,),
    DosageForm.SOLID_ORAL: (*_ALWAYS, Criterion.DISSOLUTION),
    DosageForm.ORAL_LIQUID: (*_ALWAYS, Criterion.PH),
    DosageForm.PARENTERAL: (*_ALWAYS, Criterion.PH),
    DosageForm.SEMISOLID: (*_ALWAYS, Criterion.PH, Criterion.PHYSICAL),
    DosageForm.INHALATION: (*_ALWAYS, Criterion.FUNCTIONALITY),
    DosageForm.SUPPOSITORY: (*_ALWAYS, Criterion.PHYSICAL),
    DosageForm.TRANSDERMAL: (*_ALWAYS, Criterion.FUNCTIONALITY),
    DosageForm.SEMIPERMEABLE: (*_ALWAYS, Criterion.PH, Criterion.WATER_LOSS),
    DosageForm.BIOLOGICAL: (Criterion.POTENCY, Criterion.DEGRADATION_PRODUCT, Criterion.APPEARANCE),
}


@dataclass(frozen=True)
class Observation:
    """One result at the condition.

    `value` is text as reported: percent of label claim for assay, percent lost for water loss. `initial` is the assay
    at month 0. `limit` is the acceptance criterion as text. For dissolution `units` are the 12 units and `limit` is Q
    as a number. `expected` marks a physical change that is expected at the accelerated condition, with the reason.
    """

    criterion: Criterion
    name: str
    month: float
    value: str = ""
    initial: str = ""
    limit: str = ""
    units: Sequence[Decimal] = ()
    expected: str = ""


@dataclass(frozen=True)
class SignificantChange:
    """Whether there was significant change and when it was first seen; `findings` tell every failed criterion."""

    change: Change
    first_month: float | None
    last_month: float
    findings: tuple[str, ...]
    reasons: tuple[str, ...]


@method(
    "quality.significant_change",
    version="1.0",
    title="Significant change at a storage condition",
    source="ICH Q1A(R2), Stability Testing of New Drug Substances and Products (2003), 2.1.7.1, 2.2.7.1 and 2.2.7.3",
)
def significant_change(
    *, form: DosageForm, observations: Sequence[Observation], months_required: float = 6.0
) -> SignificantChange:
    """Hold the results of one condition against the criteria of significant change.

    Args:
        form: what is stored; it decides which criteria must have been tested.
        observations: the results at the condition.
        months_required: how long the condition is studied: 6 at accelerated, 12 at intermediate.

    Returns:
        None, or when the change was first seen: within 3 months, between 3 and 6, or yes (later).

    Raises:
        MethodError: a criterion of the form was not tested to the end and nothing failed before, or a result cannot
            be judged.

    An assay has changed by 5 % when it lies 5 percentage points of label claim or 5 % of its initial value away,
    whichever comes first: both readings of the guideline's words are kept. It is judged on unrounded values.

    Source: ICH Q1A(R2) (2003), 2.1.7.1, 2.2.7.1, 2.2.7.3.

    >>> tablets = [Observation(Criterion.ASSAY, "Assay", 3, value="94.9", initial="100.0")]
    >>> significant_change(form=DosageForm.SOLID_ORAL, observations=tablets).change.value
    'within 3 months'
    """
    if not observations or any(not one.month >= 0 for one in observations):
        raise MethodError(
            "there are no results of the condition, or one lies before its start",
            given=f"{len(observations)} results",
            allowed="results from month 0",
            next_step="Enter the results of the condition",
        )
    failed = [(one.month, told) for one in sorted(observations, key=lambda o: o.month) if (told := _failure(one))]
    last = max(one.month for one in observations)
    expected = [f"{o.name}: expected at this condition: {o.expected}" for o in observations if o.expected]
    if failed:
        first = failed[0][0]
        findings = tuple(f"month {month:g}: {told}" for month, told in failed)
        change = _when(first)
        return SignificantChange(
            change, first, last, findings, (*findings, *expected, f"significant change {change.value}")
        )
    _refuse_what_is_missing(form, observations, months_required)
    tested = ", ".join(criterion.value for criterion in CRITERIA[form])
    told = f"no significant change up to month {last:g}; tested for {form.value}: {tested}"
    return SignificantChange(Change.NONE, None, last, (), (*expected, told))


def _when(month: float) -> Change:
    if month <= 3:
        return Change.WITHIN_3
    return Change.BETWEEN_3_AND_6 if month <= 6 else Change.YES


def _refuse_what_is_missing(form: DosageForm, observations: Sequence[Observation], required: float) -> None:
    reached = {c: max((o.month for o in observations if o.criterion is c), default=-1.0) for c in CRITERIA[form]}
    if short := [criterion.value for criterion, month in reached.items() if month < required]:
        raise MethodError(
            f"significant change cannot be excluded for {form.value}",
            given=f"not tested up to month {required:g}: {', '.join(short)}",
            allowed=f"results up to month {required:g} for: {', '.join(c.value for c in CRITERIA[form])}",
            next_step="Enter the missing results, or wait for the pull",
        )


def _failure(one: Observation) -> str:
    """Return what failed, or an empty text."""
    if one.criterion is Criterion.ASSAY:
        return _assay(one)
    if one.criterion is Criterion.WATER_LOSS:
        lost = parse_number(one.value)
        return f"{one.name} {lost} %, 5 % or more" if lost >= WATER_LOSS else ""
    if one.criterion is Criterion.DISSOLUTION:
        return _dissolution(one)
    if not one.limit:
        raise MethodError(f"{one.name} has no acceptance criterion", given=one.value, allowed="its limit as text")
    verdict = evaluate(one.value, one.limit)
    return "" if verdict.passes or one.expected else f"{one.name}: {verdict.reason}"


def _assay(one: Observation) -> str:
    if not one.initial:
        raise MethodError(
            f"{one.name} has no initial value to change from", given=one.value, allowed="the assay at month 0"
        )
    initial, value = parse_number(one.initial), parse_number(one.value)
    if initial <= 0:
        raise MethodError("an initial assay is greater than zero", given=one.initial, allowed="percent of label claim")
    moved = abs(value - initial)
    if moved < ASSAY_CHANGE and moved < multiplied(initial, ASSAY_CHANGE) / 100:
        return ""
    return f"{one.name} moved from {one.initial} to {one.value}: 5 % or more"


def _dissolution(one: Observation) -> str:
    """Judge 12 units by stage S2 of USP <711>: the mean not below Q, no unit below Q − 15."""
    q = parse_number(one.limit)
    if len(one.units) != 12:
        raise MethodError(
            "dissolution is judged on 12 units", given=f"{len(one.units)} units of {one.name}", allowed="12 units and Q"
        )
    place = quantum_of(q)
    mean = round_to(sum(one.units, Decimal(0)) / 12, place)
    if mean < q:
        return f"{one.name}: mean of 12 units {mean:f} is below Q = {one.limit}"
    low = round_to(min(one.units), place)
    return f"{one.name}: a unit of {low:f} is below Q − 15" if low < q - 15 else ""
