"""Animals into dose groups: stratified by body weight within each sex, at random from a seed, replayable.

Animals are ranked by weight. The places of each group are spread evenly over the ranks, each at random within its share of
them: of equal groups, each block of neighbours gives one animal to each group; of unequal ones, a small group has light and heavy
animals like a large one. No person chose any of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from crdmo.science.checks import finite_numbers, positive, same_length, whole_number
from crdmo.science.method import MethodError, method

# Draws with littermates apart of which the best balanced is taken, and exchanges within a draw before it is given up.
DRAWS = 24
TRIES = 200


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
    version="2.0",
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
    cages: Sequence[str] | None = None,
    largest_deviation: float | None = 0.20,
) -> Assignment:
    """Return the group of each animal.

    Args:
        animals: identifiers, each once.
        sexes: of each animal; each sex is assigned by itself.
        weights: body weights, any one unit.
        groups: {name: animals of each sex}, in the order of dose.
        seed: of the random order; the same seed and animals give the same groups.
        litters: litter of each animal; two of one litter and sex never come into one group.
        cages: cage of each animal, where cage mates stay together: whole cages are ranked by their mean weight and assigned.
            A cage with an excluded animal is spare.
        largest_deviation: from the mean of the sex, as a share, beyond which an animal is excluded before the assignment
            (OECD 407: weight variation minimal, not beyond ±20 %); None excludes none.

    Animals beyond what the groups need are spare: those farthest from the median weight of their sex.

    Raises:
        MethodError: lists of different length, an identifier twice, too few animals of a sex after exclusion; more
            littermates than groups, or none of the draws keeps them apart; cages of both sexes or of unequal numbers, or a
            group that is no whole number of cages; litters and cages together.

    Source: OECD TG 407 (2008); blocks of weight after Martin et al. (1986).

    >>> found = assign_by_weight(animals=["1", "2", "3", "4"], sexes=["F"] * 4, weights=[180, 200, 184, 196],
    ...                          groups={"control": 2, "high": 2}, seed=7)
    >>> sorted(one.n for one in found.balance), found == assign_by_weight(animals=["1", "2", "3", "4"], sexes=["F"] * 4,
    ...     weights=[180, 200, 184, 196], groups={"control": 2, "high": 2}, seed=7)
    ([2, 2], True)
    """
    mass = _checked(animals, sexes, weights, groups, litters, cages)
    rng = np.random.default_rng(whole_number("seed", seed, at_least=0))
    where: dict[int, tuple[str, str]] = {}
    for sex in sorted(set(sexes)):
        own = [i for i, one in enumerate(sexes) if one == sex]
        kept = _without_outliers(own, mass, largest_deviation, where)
        units, places = _units(sex, own, kept, cages, groups, where)
        weight = {unit: float(np.mean([mass[i] for i in unit])) for unit in units}
        wanted = sum(places.values())
        if len(units) < wanted:
            raise MethodError(
                f"there are too few animals of sex {sex}",
                given=f"{len(kept)} of {len(own)} within the permitted weights"
                + (f", {len(units)} whole cages" if cages is not None else ""),
                allowed=f"at least {sum(groups.values())}",
                next_step="order more animals, or permit a larger deviation and say why",
            )
        middle = float(np.median(list(weight.values())))
        units.sort(key=lambda unit: (abs(weight[unit] - middle), animals[unit[0]]))
        where |= {i: ("", "spare") for unit in units[wanted:] for i in unit}
        chosen = sorted(units[:wanted], key=lambda unit: (weight[unit], animals[unit[0]]))
        drawn = _drawn(places, rng)
        if litters is not None:
            drawn = _apart(places, [litters[unit[0]] for unit in chosen], [weight[unit] for unit in chosen], rng)
        where |= {i: (group, "") for unit, group in zip(chosen, drawn, strict=True) for i in unit}
    placed = tuple(Placed(a, sexes[i], float(mass[i]), *where[i]) for i, a in enumerate(animals))
    return Assignment(placed, _balance(placed, groups), _equal_means(placed, groups), seed)


def _checked(
    animals: Sequence[str], sexes: Sequence[str], weights: Sequence[float], groups: Mapping[str, int],
    litters: Sequence[str] | None, cages: Sequence[str] | None,
) -> list[float]:  # fmt: skip
    same_length("animals", list(animals), "sexes", list(sexes))
    same_length("animals", list(animals), "weights", list(weights))
    for name, other in (("litters", litters), ("cages", cages)):
        if other is not None:
            same_length("animals", list(animals), name, list(other))
    if litters is not None and cages is not None:
        raise MethodError(
            "cage mates cannot stay together while littermates are parted",
            given="litters and cages",
            allowed="one of them",
            next_step="choose which constraint the protocol states",
        )
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


def _units(
    sex: str,
    own: Sequence[int],
    kept: Sequence[int],
    cages: Sequence[str] | None,
    groups: Mapping[str, int],
    where: dict[int, tuple[str, str]],
) -> tuple[list[tuple[int, ...]], dict[str, int]]:
    """Return what is assigned, single animals or whole cages, and how many of them each group takes."""
    if cages is None:
        return [(i,) for i in kept], dict(groups)
    mates: dict[str, list[int]] = {}
    for i in own:
        mates.setdefault(cages[i], []).append(i)
    whole = {name: tuple(members) for name, members in mates.items() if set(members) <= set(kept)}
    where |= {i: ("", f"cage mate of an excluded animal in {cages[i]}") for i in kept if cages[i] not in whole}
    sizes = {len(members) for members in mates.values()}
    size = max(sizes)
    mixed = {name for name, cage in zip(cages, range(len(cages)), strict=True) if name in mates and cage not in own}
    if len(sizes) > 1 or mixed or any(n % size for n in groups.values()):
        raise MethodError(
            f"cages of sex {sex} cannot be assigned whole",
            given=f"cages of {', '.join(map(str, sorted(sizes)))} animals" + (f", {sorted(mixed)[0]} of both sexes" if mixed else "")
            + f"; groups of {', '.join(str(n) for n in groups.values())}",
            allowed="cages of one sex with equal numbers, and groups that are whole numbers of cages",
            next_step="house the animals anew before the assignment, or assign them singly",
        )  # fmt: skip
    return list(whole.values()), {name: n // size for name, n in groups.items()}


def _drawn(places: Mapping[str, int], rng: np.random.Generator) -> list[str]:
    """Return the group of each rank: the k-th of n places of a group lies at random within the k-th n-th of all ranks."""
    at = [((k + float(rng.random())) / n, name) for name, n in places.items() for k in range(n)]
    return [name for _, name in sorted(at)]


def _apart(
    places: Mapping[str, int], litters: Sequence[str], weights: Sequence[float], rng: np.random.Generator
) -> list[str]:
    """Return the draw that keeps littermates apart and, of several, has the closest mean weights of the groups."""
    litter, most = Counter(litters).most_common(1)[0]
    if most > len(places):
        raise _not_apart(f"{most} littermates of {litter} for {len(places)} groups")
    kept = []
    for _ in range(DRAWS):
        drawn = _drawn(places, rng)
        if _keep_apart(drawn, litters, rng):
            means = [
                float(np.mean([w for w, own in zip(weights, drawn, strict=True) if own == name])) for name in places
            ]
            kept.append((max(means) - min(means), drawn))
    if not kept:
        raise _not_apart(f"{DRAWS} draws of {len(litters)} animals into {len(places)} groups")
    return min(kept, key=lambda one: one[0])[1]


def _keep_apart(drawn: list[str], litters: Sequence[str], rng: np.random.Generator) -> bool:
    """Exchange places of near ranks until no litter is twice in a group, and say whether that was reached.

    An exchange is taken when it does not make more pairs of littermates share a group; ties are broken at random.
    """
    for _ in range(TRIES):
        pairs = Counter(zip(litters, drawn, strict=True))
        clash = [i for i, key in enumerate(zip(litters, drawn, strict=True)) if pairs[key] > 1]
        if not clash:
            return True
        i = clash[int(rng.integers(len(clash)))]
        others = [j for j in range(len(drawn)) if drawn[j] != drawn[i]]
        cost = {j: _shared(pairs, litters, drawn, i, j) for j in others}
        least = min(cost.values(), default=1)
        if least > 0:
            return False
        best = sorted((j for j in others if cost[j] == least), key=lambda j: (abs(j - i), j))[:4]
        j = best[int(rng.integers(len(best)))]
        drawn[i], drawn[j] = drawn[j], drawn[i]
    return False


def _shared(pairs: Counter[tuple[str, str]], litters: Sequence[str], drawn: Sequence[str], i: int, j: int) -> int:
    """Return by how many an exchange changes the littermates that an animal meets in its group."""
    one, other = litters[i], litters[j]
    if one == other:
        return 0
    now = pairs[one, drawn[i]] - 1 + pairs[other, drawn[j]] - 1
    return pairs[one, drawn[j]] + pairs[other, drawn[i]] - now


def _not_apart(given: str) -> MethodError:
    return MethodError(
        "no draw keeps littermates apart",
        given=given,
        allowed="at most one animal of a litter, sex and group",
        next_step="take fewer animals of a litter, or leave the constraint out and say why",
    )


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
