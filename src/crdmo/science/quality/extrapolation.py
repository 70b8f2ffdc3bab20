"""How far beyond the long-term data a retest period or shelf life may be proposed: ICH Q1E, Appendix A, as data.

X is the number of months covered by long-term data. Every path of the decision tree is one line of `RULES`; the answer
carries the path in words.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from crdmo.science.method import MethodError, method


class Storage(enum.Enum):
    """Where the product is meant to be stored."""

    ROOM = "room temperature"
    REFRIGERATED = "refrigerated"
    FREEZER = "freezer"


class Change(enum.Enum):
    """Whether there was significant change (ICH Q1A(R2), 2.2.7.1) at a condition, and when."""

    NONE = "none"
    WITHIN_3 = "within 3 months"
    BETWEEN_3_AND_6 = "between 3 and 6 months"
    YES = "yes"
    NOT_STUDIED = "not studied"


@dataclass(frozen=True)
class Extrapolation:
    """The longest period that may be proposed, whole months, and the path to it."""

    months: int
    beyond_data: bool
    rule: str
    reasons: tuple[str, ...]


def _capped(x: float, factor: float, plus: int) -> int:
    """Return min(factor × X, X + plus), whole months downwards; a factor of 0 leaves X + plus alone."""
    return int(min(x * factor, x + plus)) if factor else int(x + plus)


@method(
    "quality.extrapolation_q1e", version="1.0", title="Extrapolation after ICH Q1E, Appendix A",
    source="ICH Q1E, Evaluation for Stability Data (2003), Appendix A and section 2.4",
)  # fmt: skip
def extrapolation(
    *, months_of_data: float, storage: Storage, accelerated: Change, intermediate: Change = Change.NOT_STUDIED,
    little_change_and_variability: bool, statistical_analysis: bool, supporting_data: bool = True,
) -> Extrapolation:  # fmt: skip
    """Walk the decision tree.

    Args:
        months_of_data: X, months covered by long-term data on the batches submitted.
        storage: the intended storage.
        accelerated: significant change at the accelerated condition within 6 months.
        intermediate: significant change at the intermediate condition, needed where the accelerated one fails.
        little_change_and_variability: long-term and accelerated data show little or no change over time and little or
            no variability.
        statistical_analysis: long-term data were amenable to statistical analysis and it was done.
        supporting_data: relevant supporting data are at hand.

    Returns:
        The longest period that may be proposed; it still must not exceed what the statistical evaluation gives.

    Raises:
        MethodError: the accelerated condition was not studied, or failed and the intermediate was not studied, or there
            are no data.

    Source: ICH Q1E (2003), Appendix A: decision tree; sections 2.4.1.1, 2.4.1.2, 2.4.2, 2.4.3.

    >>> extrapolation(months_of_data=12, storage=Storage.ROOM, accelerated=Change.NONE,
    ...               little_change_and_variability=True, statistical_analysis=False).months
    24
    """
    if months_of_data <= 0:
        raise MethodError("there are no long-term data to extrapolate from", given=str(months_of_data))
    if storage is Storage.FREEZER:
        return Extrapolation(int(months_of_data), False, "freezer", ("freezer: the period follows from long-term data only",))
    if accelerated is Change.NOT_STUDIED:
        raise MethodError("it is not known whether there was significant change at the accelerated condition",
                          allowed="none, within 3 months, between 3 and 6 months, yes",
                          next_step="Evaluate the accelerated data first")  # fmt: skip
    walk = _room if storage is Storage.ROOM else _refrigerated
    return walk(months_of_data, accelerated, intermediate, little_change_and_variability, statistical_analysis, supporting_data)


def _answer(x: float, factor: float, plus: int, path: list[str]) -> Extrapolation:
    months = _capped(x, factor, plus)
    rule = f"at most {factor:g} X and not more than X + {plus} months" if factor else f"at most X + {plus} months"
    return Extrapolation(months, months > x, rule, (*path, f"X = {x:g}: {rule}: {months} months"))


def _none(x: float, path: list[str]) -> Extrapolation:
    return Extrapolation(int(x), False, "no extrapolation", (*path, f"no extrapolation: at most {int(x)} months of data"))


def _room(x: float, accelerated: Change, intermediate: Change, little: bool, statistics: bool, supporting: bool) -> Extrapolation:
    if accelerated is Change.NONE:
        path = ["no significant change at the accelerated condition within 6 months"]
        if little:
            return _answer(x, 2, 12, [*path, "little or no change over time and little or no variability"])
        path.append("change over time or variability")
        if statistics and supporting:
            return _answer(x, 2, 12, [*path, "with statistical analysis and supporting data"])
        return _answer(x, 1.5, 6, [*path, "without statistical analysis, or without supporting data"])
    path = ["significant change at the accelerated condition"]
    if intermediate is Change.NOT_STUDIED:
        raise MethodError("the intermediate condition decides where the accelerated one fails, and it was not studied",
                          allowed="none or yes", next_step="Evaluate the intermediate data first")  # fmt: skip
    if intermediate is not Change.NONE:
        return _none(x, [*path, "significant change at the intermediate condition"])
    path.append("no significant change at the intermediate condition")
    if statistics and supporting:
        return _answer(x, 1.5, 6, [*path, "with statistical analysis and supporting data"])
    return _answer(x, 0, 3, [*path, "without statistical analysis, or without supporting data"])


def _refrigerated(x: float, accelerated: Change, intermediate: Change, little: bool, statistics: bool, supporting: bool) -> Extrapolation:
    if accelerated is Change.NONE:
        path = ["refrigerated; no significant change at the accelerated condition within 6 months"]
        if little or (statistics and supporting):
            why = "little change and variability" if little else "with statistical analysis and supporting data"
            return _answer(x, 1.5, 6, [*path, why])
        return _answer(x, 0, 3, [*path, "change or variability without statistical analysis"])
    if accelerated is Change.WITHIN_3:
        return _none(x, ["refrigerated; significant change within 3 months at the accelerated condition",
                         "the effect of short excursions outside the label storage is to be discussed"])  # fmt: skip
    return _none(x, ["refrigerated; significant change between 3 and 6 months at the accelerated condition"])
