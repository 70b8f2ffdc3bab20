"""How far beyond the long-term data a retest period or shelf life may be proposed: ICH Q1E, Appendix A, as data.

X is the number of months covered by long-term data. Every path of the decision tree is one line of `RULES`; the first
line that fits answers, and the answer carries the path in words.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

from crdmo.science.method import MethodError, method


class Storage(enum.Enum):
    """Where the substance or product is meant to be stored."""

    ROOM = "room temperature"
    REFRIGERATED = "refrigerated"
    FREEZER = "freezer"
    BELOW_FREEZER = "below -20 °C"


class Change(enum.Enum):
    """Whether there was significant change (ICH Q1A(R2), 2.2.7.1) at a condition, and when."""

    NONE = "none"
    WITHIN_3 = "within 3 months"
    BETWEEN_3_AND_6 = "between 3 and 6 months"
    YES = "yes"
    NOT_STUDIED = "not studied"


@dataclass(frozen=True)
class Extrapolation:
    """The longest period that may be proposed and the path to it.

    `months` is `exact_months` downwards; the statistical evaluation may allow less.
    """

    months: int
    exact_months: float
    beyond_data: bool
    rule: str
    section: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """One path of the tree. What is None does not matter on it; a factor of None leaves X + plus alone."""

    storage: tuple[Storage, ...]
    accelerated: tuple[Change, ...]
    intermediate: tuple[Change, ...] | None
    little: bool | None
    statistics: bool | None
    supporting: bool | None
    factor: float | None
    plus: int
    section: str
    path: tuple[str, ...]


_CHANGED = (Change.WITHIN_3, Change.BETWEEN_3_AND_6, Change.YES)
_ROOM, _COLD = (Storage.ROOM,), (Storage.REFRIGERATED,)
_NONE = (Change.NONE,)
_HOLDS = "no significant change at the accelerated condition within 6 months"
_FAILS = "significant change at the accelerated condition"
_BETWEEN_HOLDS = "no significant change at the intermediate condition"
_LITTLE = "little or no change over time and little or no variability"
_VARIES = "change over time or variability"
_TESTED = "with statistical analysis and relevant supporting data"
_UNTESTED = "without statistical analysis, with relevant supporting data"
_UNSUPPORTED = "without relevant supporting data"
_EXCURSIONS = "the effect of short excursions outside the label storage is to be discussed"
_ALONE = "the period follows from long-term data only"

RULES = (
    Rule(_ROOM, _NONE, None, True, None, None, 2.0, 12, "2.4.1.1", (_HOLDS, _LITTLE)),
    Rule(_ROOM, _NONE, None, False, True, True, 2.0, 12, "2.4.1.2", (_HOLDS, _VARIES, _TESTED)),
    Rule(_ROOM, _NONE, None, False, False, True, 1.5, 6, "2.4.1.2", (_HOLDS, _VARIES, _UNTESTED)),
    Rule(_ROOM, _NONE, None, False, None, False, 1.0, 0, "2.4.1.2", (_HOLDS, _VARIES, _UNSUPPORTED)),
    Rule(_ROOM, _CHANGED, _NONE, None, True, True, 1.5, 6, "2.4.2", (_FAILS, _BETWEEN_HOLDS, _TESTED)),
    Rule(_ROOM, _CHANGED, _NONE, None, False, True, None, 3, "2.4.2", (_FAILS, _BETWEEN_HOLDS, _UNTESTED)),
    Rule(_ROOM, _CHANGED, _NONE, None, None, False, 1.0, 0, "2.4.2", (_FAILS, _BETWEEN_HOLDS, _UNSUPPORTED)),
    Rule(
        _ROOM,
        _CHANGED,
        _CHANGED,
        None,
        None,
        None,
        1.0,
        0,
        "2.4.2",
        (_FAILS, "significant change at the intermediate condition", _ALONE),
    ),
    Rule(_COLD, _NONE, None, True, None, None, 1.5, 6, "2.5.1", (_HOLDS, _LITTLE)),
    Rule(_COLD, _NONE, None, False, True, True, 1.5, 6, "2.5.1", (_HOLDS, _VARIES, _TESTED)),
    Rule(_COLD, _NONE, None, False, False, True, None, 3, "2.5.1", (_HOLDS, _VARIES, _UNTESTED)),
    Rule(_COLD, _NONE, None, False, None, False, 1.0, 0, "2.5.1", (_HOLDS, _VARIES, _UNSUPPORTED)),
    Rule(
        _COLD,
        (Change.BETWEEN_3_AND_6,),
        None,
        None,
        None,
        None,
        1.0,
        0,
        "2.5.1",
        (f"{_FAILS} between 3 and 6 months", _ALONE),
    ),
    Rule(
        _COLD,
        (Change.WITHIN_3,),
        None,
        None,
        None,
        None,
        1.0,
        0,
        "2.5.1",
        (f"{_FAILS} within 3 months", _ALONE, _EXCURSIONS),
    ),
    Rule((Storage.FREEZER,), tuple(Change), None, None, None, None, 1.0, 0, "2.5.2", (_ALONE, _EXCURSIONS)),
    Rule((Storage.BELOW_FREEZER,), tuple(Change), None, None, None, None, 1.0, 0, "2.5.3", (_ALONE, "case by case")),
)


@method(
    "quality.extrapolation_q1e",
    version="1.1",
    title="Extrapolation after ICH Q1E, Appendix A",
    source="ICH Q1E, Evaluation for Stability Data (2003), sections 2.4 and 2.5, Appendix A",
)
def extrapolation(
    *,
    months_of_data: float,
    storage: Storage,
    accelerated: Change,
    intermediate: Change = Change.NOT_STUDIED,
    little_change_and_variability: bool,
    statistical_analysis: bool,
    supporting_data: bool = True,
) -> Extrapolation:
    """Walk the decision tree.

    Args:
        months_of_data: X, months covered by long-term data on the batches submitted.
        storage: the intended storage.
        accelerated: significant change at the accelerated condition within 6 months.
        intermediate: significant change at the intermediate condition, needed where the accelerated one fails at room
            temperature.
        little_change_and_variability: long-term and accelerated data show little or no change over time and little or
            no variability.
        statistical_analysis: long-term data were amenable to statistical analysis and it was done.
        supporting_data: relevant supporting data (development batches, related formulations) are at hand.

    Returns:
        The longest period that may be proposed; it still must not exceed what the statistical evaluation gives.

    Raises:
        MethodError: there are no long-term data, or the significant-change data on which the path depends are missing.

    Source: ICH Q1E (2003), Appendix A: decision tree; sections 2.4 and 2.5.

    >>> extrapolation(months_of_data=12, storage=Storage.ROOM, accelerated=Change.NONE,
    ...               little_change_and_variability=True, statistical_analysis=False).months
    24
    """
    if not (math.isfinite(months_of_data) and months_of_data > 0):
        raise MethodError(
            "there are no long-term data to extrapolate from", given=str(months_of_data), allowed="more than 0 months"
        )
    _refuse_what_is_missing(storage, accelerated, intermediate)
    facts = (little_change_and_variability, statistical_analysis, supporting_data)
    rule = next(rule for rule in RULES if _fits(rule, storage, accelerated, intermediate, facts))
    return _answer(months_of_data, storage, rule)


def _refuse_what_is_missing(storage: Storage, accelerated: Change, intermediate: Change) -> None:
    if storage in (Storage.FREEZER, Storage.BELOW_FREEZER):
        return
    if accelerated is Change.NOT_STUDIED:
        raise MethodError(
            "it is not known whether there was significant change at the accelerated condition",
            given=accelerated.value,
            allowed="none, within 3 months, between 3 and 6 months, yes",
            next_step="Evaluate the accelerated data first",
        )
    if storage is Storage.REFRIGERATED and accelerated is Change.YES:
        raise MethodError(
            "for refrigerated storage it matters when the significant change occurred",
            given=accelerated.value,
            allowed="within 3 months, between 3 and 6 months",
            next_step="Say by which pull it had occurred",
        )
    if storage is Storage.ROOM and accelerated is not Change.NONE and intermediate is Change.NOT_STUDIED:
        raise MethodError(
            "the intermediate condition decides where the accelerated one fails, and it was not studied",
            given=intermediate.value,
            allowed="none, within 3 months, between 3 and 6 months, yes",
            next_step="Evaluate the intermediate data first",
        )


def _fits(
    rule: Rule, storage: Storage, accelerated: Change, intermediate: Change, facts: tuple[bool, bool, bool]
) -> bool:
    wanted = (rule.little, rule.statistics, rule.supporting)
    return (
        storage in rule.storage
        and accelerated in rule.accelerated
        and (rule.intermediate is None or intermediate in rule.intermediate)
        and all(want is None or want == fact for want, fact in zip(wanted, facts, strict=True))
    )


def _answer(x: float, storage: Storage, rule: Rule) -> Extrapolation:
    exact = x + rule.plus if rule.factor is None else min(rule.factor * x, x + rule.plus)
    words = f"at most X + {rule.plus} months"
    if rule.factor is not None:
        words = (
            f"at most {rule.factor:g} X, and not more than X + {rule.plus} months" if rule.plus else "no extrapolation"
        )
    months = math.floor(exact + 1e-9)
    told = f"X = {x:g}, {words}: {months} months at most"
    return Extrapolation(months, exact, exact > x, words, rule.section, (storage.value, *rule.path, told))
