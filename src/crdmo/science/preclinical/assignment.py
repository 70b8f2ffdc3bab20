"""Animals into dose groups: stratified by body weight within each sex, at random from a seed, replayable.

Animals are ranked by weight; each block of neighbours gives one animal to each place of the groups, in random order. So each
group has light and heavy animals alike, and no person chose any of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from crdmo.science.checks import finite_numbers, positive, same_length, whole_number
from crdmo.science.method import MethodError, method

TRIES = 2000


@dataclass(frozen=True)
class Placed:
    """Where one animal went; without group it is spare, or excluded for the reason stated."""

    animal: str
    sex: str
    weight: float
    group: str
    reason: str


@dataclass(frozen=True)
class Balance:
    """The weights of one group in one sex."""

    sex: str
    group: str
    n: int
    mean: float
    sd: float
    least: float
    most: float


@dataclass(frozen=True)
class Assignment:
    """Every animal in the order given; the balance after it; p of equal mean weights of the groups by sex; the seed."""

    placed: tuple[Placed, ...]
    balance: tuple[Balance, ...]
    equal_means_p: tuple[tuple[str, float], ...]
    seed: int


@method(
    "preclinical.assign_by_weight",
    version="1.0",
    title="Weight-stratified assignment to groups",
    source="OECD Test Guideline 407 (2008), paragraphs 12 and 14; Martin RA et al., Fundam Appl Toxicol 1986;7:330",
)
def assign_by_weight(
    *,
    animals: Sequence[str],
    sexes: Sequence[str],
    weights: Sequence[float],
    groups: Mapping[str, int],
    seed: int,
    litters: Sequence[str] | None = None,
    largest_deviation: float | None = 0.20,
) -> Assignment:
    """Return the group of each animal.

    Args:
        animals: identifiers, each once.
        sexes: of each animal; each sex is assigned by itself.
        weights: body weights, any one unit.
        groups: {name: animals of each sex}, in the order of dose.
        seed: of the random order; the same seed and animals give the same groups.
        litters: litter of each animal; two of one litter never come into one group.
        largest_deviation: from the mean of the sex, as a share, beyond which an animal is excluded before the assignment
            (OECD 407: weight variation minimal, not beyond ±20 %); None excludes none.

    Animals beyond what the groups need are spare: those farthest from the median weight of their sex.

    Raises:
        MethodError: lists of different length, an identifier twice, too few animals of a sex after exclusion, or no draw
            keeps littermates apart.

    Source: OECD TG 407 (2008); blocks of weight after Martin et al. (1986).

    >>> found = assign_by_weight(animals=["1", "2", "3", "4"], sexes=["F"] * 4, weights=[180, 200, 184, 196],
    ...                          groups={"control": 2, "high": 2}, seed=7)
    >>> sorted(one.n for one in found.balance), found == assign_by_weight(animals=["1", "2", "3", "4"], sexes=["F"] * 4,
    ...     weights=[180, 200, 184, 196], groups={"control": 2, "high": 2}, seed=7)
    ([2, 2], True)
    """
    mass = _checked(animals, sexes, weights, groups, litters)
    rng = np.random.default_rng(whole_number("seed", seed, at_least=0))
    where: dict[int, tuple[str, str]] = {}
    for sex in sorted(set(sexes)):
        own = [i for i, one in enumerate(sexes) if one == sex]
        kept = _without_outliers(own, mass, largest_deviation, where)
        wanted = sum(groups.values())
        if len(kept) < wanted:
            raise MethodError(
                f"there are too few animals of sex {sex}",
                given=f"{len(kept)} of {len(own)} within the permitted weights",
                allowed=f"at least {wanted}",
                next_step="order more animals, or permit a larger deviation and say why",
            )
        middle = float(np.median([mass[i] for i in kept]))
        kept.sort(key=lambda i: (abs(mass[i] - middle), animals[i]))
        where |= {i: ("", "spare") for i in kept[wanted:]}
        chosen = sorted(kept[:wanted], key=lambda i: (mass[i], animals[i]))
        where |= {i: (group, "") for i, group in _drawn(chosen, groups, litters, rng).items()}
    placed = tuple(Placed(a, sexes[i], float(mass[i]), *where[i]) for i, a in enumerate(animals))
    return Assignment(placed, _balance(placed, groups), _equal_means(placed, groups), seed)


def _checked(
    animals: Sequence[str], sexes: Sequence[str], weights: Sequence[float], groups: Mapping[str, int],
    litters: Sequence[str] | None,
) -> list[float]:  # fmt: skip
    same_length("animals", list(animals), "sexes", list(sexes))
    same_length("animals", list(animals), "weights", list(weights))
    if litters is not None:
        same_length("animals", list(animals), "litters", list(litters))
    twice = [name for name, n in Counter(animals).items() if n > 1]
    if twice:
        raise MethodError(
            "an animal is given twice",
            given=", ".join(twice),
            allowed="each animal once",
            next_step="remove the repetition",
        )
    if len(groups) < 2:
        raise MethodError(
            "there is nothing to assign to",
            given=f"{len(groups)} group",
            allowed="at least two groups",
            next_step="name them",
        )
    for name, size in groups.items():
        whole_number(f"size of group {name}", size, at_least=1)
    mass = finite_numbers("weights", weights, at_least=2).tolist()
    for value in mass:
        positive("a body weight", value)
    return [float(value) for value in mass]


def _without_outliers(
    own: list[int], mass: list[float], largest: float | None, where: dict[int, tuple[str, str]]
) -> list[int]:
    """Return the animals whose weight may be used, and note the others; the mean is that of all animals of the sex."""
    if largest is None:
        return list(own)
    mean = float(np.mean([mass[i] for i in own]))
    out = [i for i in own if abs(mass[i] / mean - 1) > positive("largest_deviation", largest)]
    where |= {i: ("", f"weight {mass[i] / mean - 1:+.1%} from the mean") for i in out}
    return [i for i in own if i not in set(out)]


def _drawn(
    ranked: list[int], groups: Mapping[str, int], litters: Sequence[str] | None, rng: np.random.Generator
) -> dict[int, str]:
    """Return a draw in blocks of neighbouring weights that keeps littermates apart."""
    for _ in range(TRIES):
        found = _one_draw(ranked, groups, rng)
        if litters is None or len({(litters[i], group) for i, group in found.items()}) == len(found):
            return found
    raise MethodError(
        "no draw keeps littermates apart",
        given=f"{TRIES} draws of {len(ranked)} animals into {len(groups)} groups",
        allowed="at most one animal of a litter, sex and group",
        next_step="take fewer animals of a litter, or leave the constraint out and say why",
    )


def _one_draw(ranked: list[int], groups: Mapping[str, int], rng: np.random.Generator) -> dict[int, str]:
    left, found, place = dict(groups), {}, 0
    while place < len(ranked):
        # One place of each group that still has one: groups of unequal size get theirs from the lighter blocks first.
        block = [name for name, n in left.items() if n > 0]
        for i, name in zip(ranked[place : place + len(block)], rng.permutation(block).tolist(), strict=True):
            found[i] = str(name)
            left[str(name)] -= 1
        place += len(block)
    return found


def _balance(placed: Sequence[Placed], groups: Mapping[str, int]) -> tuple[Balance, ...]:
    rows = []
    for sex in sorted({one.sex for one in placed}):
        for group in groups:
            own = np.array([one.weight for one in placed if (one.sex, one.group) == (sex, group)])
            sd = float(own.std(ddof=1)) if len(own) > 1 else float("nan")
            rows.append(Balance(sex, group, len(own), float(own.mean()), sd, float(own.min()), float(own.max())))
    return tuple(rows)


def _equal_means(placed: Sequence[Placed], groups: Mapping[str, int]) -> tuple[tuple[str, float], ...]:
    found = []
    for sex in sorted({one.sex for one in placed}):
        lists = [[one.weight for one in placed if (one.sex, one.group) == (sex, group)] for group in groups]
        if all(len(one) > 1 for one in lists) and any(len(set(one)) > 1 for one in lists):
            found.append((sex, float(stats.f_oneway(*lists).pvalue)))
    return tuple(found)
