"""The experimental unit: what was assigned to a group, and therefore counts as one. A litter, a cage, or an animal.

Pups of a litter resemble each other, as they share the dam that was treated; food is weighed by cage. Values are reduced to
one for each unit before any test; counted one by one they would make differences of dams into effects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crdmo.science.checks import finite_numbers, same_length
from crdmo.science.method import MethodError, method


@dataclass(frozen=True)
class UnitGroup:
    """One group: names of its units, their means, and how many members each had. The means are what tests are given."""

    group: str
    units: tuple[str, ...]
    values: tuple[float, ...]
    members: tuple[int, ...]


@dataclass(frozen=True)
class ExperimentalUnits:
    """The groups; `correlation` of two members of a unit (None: no unit has two), and by how much counting them would err.

    `design_effect` is the factor by which the variance of a group's mean exceeds that of as many independent members.
    """

    groups: tuple[UnitGroup, ...]
    correlation: float | None
    design_effect: float | None


@method(
    "preclinical.experimental_units",
    version="1.0",
    title="One value for each litter or cage",
    source="Haseman JK, Hogan MD, Teratology 1975;12:165; OECD Guidance Document 43 (2008), statistics; Donner A, Klar N, "
    "Design and Analysis of Cluster Randomization Trials, 2000, ch. 1",
)
def experimental_units(
    *, groups: Sequence[str], group: Sequence[str], unit: Sequence[str], value: Sequence[float]
) -> ExperimentalUnits:
    """Return the mean of each unit, by group.

    Args:
        groups: names in the order of dose, the control first.
        group: of each member (pup, animal).
        unit: litter or cage of each member.
        value: of each member, any one unit.

    Raises:
        MethodError: lists of different length, a member in no group, a group without units, a unit in two groups.

    Source: Haseman and Hogan (1975).

    >>> found = experimental_units(groups=["0", "1"], group=["0"] * 4 + ["1"] * 2, unit=["a", "a", "b", "b", "c", "d"],
    ...                            value=[6.0, 6.2, 5.0, 5.2, 5.5, 5.7])
    >>> [tuple(round(x, 9) for x in one.values) for one in found.groups]
    [(6.1, 5.1), (5.5, 5.7)]
    """
    seen = finite_numbers("value", value)
    same_length("value", seen, "group", group)
    same_length("value", seen, "unit", unit)
    strangers = sorted(set(group) - set(groups))
    if strangers or set(groups) - set(group) or len(set(groups)) != len(groups):
        raise MethodError(
            "members and groups do not belong together",
            given=f"members in {', '.join(strangers)}" if strangers else "a group twice or without members",
            allowed=", ".join(groups),
            next_step="leave out satellites and recovery animals, and say so",
        )
    home: dict[str, str] = {}
    for name, own in zip(unit, group, strict=True):
        if home.setdefault(name, own) != own:
            raise MethodError(
                "a unit lies in two groups",
                given=f"{name} in {home[name]} and {own}",
                allowed="each litter or cage in one group",
                next_step="if members of one litter were given different doses, the member is the unit: take blocks",
            )
    inside: dict[str, list[float]] = {}
    for name, one in zip(unit, seen.tolist(), strict=True):
        inside.setdefault(name, []).append(one)
    rows = []
    for own in groups:
        names = sorted(name for name in inside if home[name] == own)
        rows.append(
            UnitGroup(
                own,
                tuple(names),
                tuple(float(np.mean(inside[name])) for name in names),
                tuple(len(inside[name]) for name in names),
            )
        )
    correlation = _correlation(inside, home)
    size = sum(len(one) ** 2 for one in inside.values()) / len(seen)
    effect = None if correlation is None else 1 + (size - 1) * max(correlation, 0.0)
    return ExperimentalUnits(tuple(rows), correlation, effect)


def _correlation(inside: Mapping[str, Sequence[float]], home: Mapping[str, str]) -> float | None:
    """Return the correlation within units, by analysis of variance of units within groups; None where it is not defined."""
    sizes = np.array([len(one) for one in inside.values()], dtype=float)
    owners = set(home.values())
    within_df, between_df = float(sizes.sum()) - len(sizes), len(sizes) - len(owners)
    if within_df <= 0 or between_df <= 0:
        return None
    within = sum(float(((np.array(one) - np.mean(one)) ** 2).sum()) for one in inside.values())
    between, size = 0.0, float(sizes.sum())
    for own in owners:
        mine = [np.array(one) for name, one in inside.items() if home[name] == own]
        centre = float(np.concatenate(mine).mean())
        between += sum(len(one) * (float(one.mean()) - centre) ** 2 for one in mine)
        size -= sum(len(one) ** 2 for one in mine) / sum(len(one) for one in mine)
    square_b, square_w, mean_size = between / between_df, within / within_df, size / between_df
    below = square_b + (mean_size - 1) * square_w
    return float((square_b - square_w) / below) if below > 0 else None


@dataclass(frozen=True)
class CageFood:
    """One cage over one interval: what was eaten, the days that animals were in it, food an animal and day."""

    cage: str
    start: float
    end: float
    eaten: float
    animal_days: float
    per_animal_day: float


@dataclass(frozen=True)
class FoodConsumption:
    """Every interval of every cage, in the order given."""

    rows: tuple[CageFood, ...]


@dataclass(frozen=True)
class FoodInterval:
    """One weighing: food given and left over in g, spillage in g where it was collected."""

    cage: str
    start: float
    end: float
    given: float
    left: float
    spilled: float = 0.0


@method(
    "preclinical.food_consumption",
    version="1.0",
    title="Food an animal and day, by cage",
    source="OECD Test Guideline 407 (2008), paragraph 31; 408 (2018), paragraph 33",
)
def food_consumption(
    *,
    intervals: Sequence[FoodInterval],
    animals: Mapping[str, int],
    removed: Mapping[str, Sequence[float]] | None = None,
) -> FoodConsumption:
    """Return the food eaten an animal and day; the cage is the unit of every test of it.

    Args:
        intervals: weighings, days of study and grams.
        animals: in each cage at first.
        removed: days on which an animal left its cage; from then on it is not counted.

    Raises:
        MethodError: an unknown cage, days that run backwards, more food left than given, more animals removed than there
            were, or no animal in the cage over an interval.

    Source: OECD TG 407 (2008).

    >>> found = food_consumption(intervals=[FoodInterval("1", 1, 8, 700, 210)], animals={"1": 5}, removed={"1": [4]})
    >>> found.rows[0].animal_days, round(found.rows[0].per_animal_day, 3)
    (31.0, 15.806)
    """
    left_at = {name: sorted(days) for name, days in (removed or {}).items()}
    rows = []
    for one in intervals:
        days = left_at.get(one.cage, [])
        if one.cage not in animals or len(days) > animals[one.cage]:
            raise MethodError(
                "the animals of a cage are not known",
                given=f"cage {one.cage}, {len(days)} removed",
                allowed="a cage with its number of animals, not more removed than there were",
                next_step="give the housing of the study",
            )
        numbers = finite_numbers("an interval", [one.start, one.end, one.given, one.left, one.spilled])
        eaten = one.given - one.left - one.spilled
        if one.end <= one.start or numbers[2:].min() < 0 or eaten < 0:
            raise MethodError(
                "a weighing of food is impossible",
                given=f"cage {one.cage}, day {one.start:g} to {one.end:g}: {one.given:g} g given, {one.left:g} g left",
                allowed="days that rise, not more left and spilled than given",
                next_step="correct it at its source",
            )
        span = one.end - one.start
        lost = sum(min(span, max(0.0, one.end - max(day, one.start))) for day in days)
        present = float(animals[one.cage] * span - lost)
        if present <= 0:
            raise MethodError(
                "no animal was in the cage",
                given=f"{one.cage}, day {one.start:g} to {one.end:g}",
                allowed="at least one",
            )
        rows.append(CageFood(one.cage, one.start, one.end, eaten, present, eaten / present))
    return FoodConsumption(tuple(rows))
