"""Means and standard deviations of groups over days: body weights, food, a laboratory value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from crdmo.science.checks import finite_numbers, same_length
from crdmo.science.method import MethodError, method


@dataclass(frozen=True)
class GroupDay:
    """One group on one day; the standard deviation of one value is None."""

    group: str
    day: float
    n: int
    mean: float
    sd: float | None


@dataclass(frozen=True)
class GroupCurves:
    """The groups in their order, each with its days in order."""

    groups: tuple[str, ...]
    points: tuple[GroupDay, ...]


@method(
    "preclinical.group_curves",
    version="1.0",
    title="Group means over days",
    source="mean and standard deviation with n − 1, by definition",
)
def group_curves(
    *,
    unit: Sequence[str],
    group: Sequence[str],
    day: Sequence[float],
    value: Sequence[float],
    order: Sequence[str] = (),
) -> GroupCurves:
    """Return number, mean and standard deviation of each group on each day.

    Args:
        unit: the experimental unit of each value: animal, cage or litter.
        group: of each value.
        day: study day of each value.
        value: any one unit.
        order: of the groups; by default as they come.

    Raises:
        MethodError: lists of different length, a unit with two values on a day or in two groups, a group that is not in
            `order`.

    >>> found = group_curves(unit=["1", "2", "1"], group=["0", "0", "0"], day=[1, 1, 8], value=[200, 210, 220])
    >>> [(one.day, one.n, one.mean, one.sd) for one in found.points]
    [(1.0, 2, 205.0, 7.0710678118654755), (8.0, 1, 220.0, None)]
    """
    for name, other in (("group", group), ("day", day), ("value", value)):
        same_length("unit", list(unit), name, list(other))
    days, values = finite_numbers("day", day).tolist(), finite_numbers("value", value).tolist()
    cells: dict[tuple[str, float], list[float]] = {}
    seen: set[tuple[str, float]] = set()
    home: dict[str, str] = {}
    for one, where, when, found in zip(unit, group, days, values, strict=True):
        if (one, when) in seen or home.setdefault(one, where) != where:
            raise MethodError(
                "an experimental unit counts once a day, in one group",
                given=f"{one} on day {when:g} in {where}",
                allowed="one value a unit and day",
                next_step="decide which value is reported, or name the cage or litter as the unit",
            )
        seen.add((one, when))
        cells.setdefault((where, when), []).append(found)
    groups = tuple(order) or tuple(dict.fromkeys(group))
    if strangers := sorted(set(group) - set(groups)):
        raise MethodError(
            "a group is not in the order", given=", ".join(strangers), allowed=", ".join(groups), next_step="name it"
        )
    points = [
        _point(name, when, cells[name, when]) for name in groups for when in sorted({d for g, d in cells if g == name})
    ]
    return GroupCurves(groups, tuple(points))


def _point(group: str, day: float, values: Sequence[float]) -> GroupDay:
    n, mean = len(values), math.fsum(values) / len(values)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1)) if n > 1 else None
    return GroupDay(group, day, n, mean, spread)
