"""Whether an assay may be read at all: each criterion with what was found; a failing one blocks the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from crdmo.science.method import MethodError


class Validity(Enum):
    """Valid; invalid: no result is given; or not judged, as what it takes was not given."""

    VALID = "valid"
    INVALID = "invalid"
    NOT_JUDGED = "not_judged"


class Call(Enum):
    """What an assay says; blocked where it is not valid."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    EQUIVOCAL = "equivocal"
    BLOCKED = "blocked"


@dataclass(frozen=True)
class Criterion:
    """One criterion: what was found, what is asked for, whether it is met (None: not given)."""

    name: str
    found: str
    asked: str
    is_met: bool | None


def judged(criteria: Sequence[Criterion]) -> Validity:
    """Return invalid where one criterion fails, not judged where one could not be asked."""
    if any(one.is_met is False for one in criteria):
        return Validity.INVALID
    return Validity.NOT_JUDGED if any(one.is_met is None for one in criteria) else Validity.VALID


def in_range(name: str, value: float, limits: tuple[float, float] | None, unit: str) -> Criterion:
    """Return whether a value lies within the laboratory's historical range, bounds included.

    Raises:
        MethodError: the range runs backwards.
    """
    if limits is None:
        return Criterion(name, f"{value:g} {unit}", "a historical range: none given", None)
    low, high = limits
    if not low <= high:
        raise MethodError(
            f"the range of {name} runs backwards",
            given=f"{low:g} to {high:g}",
            allowed="lower limit first",
            next_step="give the historical range",
        )
    return Criterion(name, f"{value:g} {unit}", f"{low:g} to {high:g} {unit}", low <= value <= high)


def rising_doses(doses: Sequence[float], at_least: int) -> None:
    """Refuse doses that do not start at 0 and rise, or too few of them."""
    if len(doses) < at_least or doses[0] != 0 or any(not b > a for a, b in pairwise(doses)):
        raise MethodError(
            "the doses are not a control and rising doses",
            given=str(list(doses)),
            allowed=f"0 first, then rising, at least {at_least} in all",
            next_step="order the groups by dose, the vehicle control first",
        )
