"""Randomisation lists: permuted and mixed blocks, and the coins and urns for two arms; each from its seed, forever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction

from crdmo.science.checks import whole_number
from crdmo.science.method import MethodError, method

from .draws import Draws

_BOOK = "Rosenberger WF, Lachin JM (2016) Randomization in Clinical Trials, 2nd ed., Wiley, ch. 3"


class Coin(Enum):
    """How a sequential procedure for two arms, 1:1, tosses."""

    COMPLETE = "complete"
    EFRON = "efron"
    BIG_STICK = "big_stick"
    URN = "urn"


@dataclass(frozen=True)
class Slot:
    """One place on a list. The arm and the block are kept out of its text, so that a log does not unblind."""

    stratum: str
    number: int
    arm: str = field(repr=False)
    block: int = field(repr=False)
    block_size: int = field(repr=False)


@dataclass(frozen=True)
class RandomisationList:
    """A list in order of stratum and number. `generator` names the draws that it is replayed with."""

    slots: tuple[Slot, ...]
    generator: str


@method("clinical.permuted_blocks", version="1.0", source=_BOOK, title="Randomisation list in permuted blocks")
def permuted_blocks(
    *,
    arms: Sequence[str],
    ratio: Sequence[int],
    block_sizes: Sequence[int],
    length: int,
    seed: int,
    strata: Sequence[str] = ("all",),
) -> RandomisationList:
    """Return a list in permuted blocks; each stratum has its own stream, so a new stratum leaves the others as they are.

    Args:
        arms: their names.
        ratio: subjects an arm, as whole numbers, e.g. 2, 1.
        block_sizes: multiples of the sum of the ratio; with several, each block draws its size at random.
        length: places wanted in each stratum; the last block is completed, so there may be more.
        seed: a whole number, kept secret.
        strata: their names.

    Raises:
        MethodError: names repeat, the ratio is not of the arms, or a block is no multiple of the ratio's sum.

    Source: Rosenberger and Lachin (2016), section 3.6.
    """
    check_names(arms, strata)
    parts = ratio_of(arms, ratio)
    whole_number("length", length, at_least=1)
    total = sum(parts)
    if not block_sizes or any(whole_number("block size", size, at_least=1) % total for size in block_sizes):
        raise MethodError(
            "a block cannot hold the ratio",
            given=", ".join(str(size) for size in block_sizes) or "no size",
            allowed=f"multiples of {total}",
            next_step="choose other block sizes",
        )
    if len(set(block_sizes)) != len(block_sizes):
        raise MethodError("a block size is given twice", given=", ".join(str(size) for size in block_sizes))
    slots: list[Slot] = []
    for stratum in strata:
        draws, number, block = Draws(seed, f"blocks/{stratum}"), 0, 0
        while number < length:
            block += 1
            size = block_sizes[draws.below(len(block_sizes)) if len(block_sizes) > 1 else 0]
            content = [arm for arm, part in zip(arms, parts, strict=True) for _ in range(part * size // total)]
            for arm in draws.shuffled(content):
                number += 1
                slots.append(Slot(stratum, number, arm, block, size))
    return RandomisationList(tuple(slots), "crdmo-draws-1")


@method("clinical.coin_list", version="1.0", source=_BOOK, title="Randomisation list by biased coin, big stick or urn")
def coin_list(
    *,
    arms: Sequence[str],
    coin: Coin,
    length: int,
    seed: int,
    probability: str = "2/3",
    limit: int = 3,
    balls: int = 0,
    added: int = 1,
    strata: Sequence[str] = ("all",),
) -> RandomisationList:
    """Return a list for two arms, 1:1, by a coin that knows the imbalance so far.

    Args:
        arms: two names.
        coin: complete randomisation, Efron's biased coin, the big stick, or Wei's urn.
        length: places in each stratum.
        seed: a whole number, kept secret.
        probability: Efron's probability of the arm that is behind, 1/2 to 1, as a fraction or a decimal text.
        limit: of the big stick: at this difference the arm that is behind is assigned.
        balls: of the urn UD(α, β): α, balls of each arm at first.
        added: β, balls of the other arm put in after an assignment.
        strata: their names.

    Raises:
        MethodError: there are not two arms, or a setting lies outside what the procedure allows.

    Source: Efron, Biometrika 1971;58:403; Soares and Wu, Comm Stat 1983;12:2017; Wei, Ann Stat 1978;6:92.
    """
    check_names(arms, strata)
    if len(arms) != 2:
        raise MethodError("a coin has two sides", given=f"{len(arms)} arms", allowed="two arms")
    whole_number("length", length, at_least=1)
    rule = CoinRule(coin, fraction_of(probability), limit, balls, added)
    rule.check()
    slots: list[Slot] = []
    for stratum in strata:
        draws, first = Draws(seed, f"{coin.value}/{stratum}"), 0
        for before in range(length):
            chance = rule.first(first, before - first)
            chosen = draws.choose((chance, 1 - chance))
            first += 1 - chosen
            slots.append(Slot(stratum, before + 1, arms[chosen], 0, 0))
    return RandomisationList(tuple(slots), "crdmo-draws-1")


@dataclass(frozen=True)
class CoinRule:
    """The probability of the first arm, given how many each arm has."""

    coin: Coin
    probability: Fraction = Fraction(2, 3)
    limit: int = 3
    balls: int = 0
    added: int = 1

    def check(self) -> None:
        """Refuse settings that the procedure does not know."""
        if not Fraction(1, 2) <= self.probability <= 1:
            raise MethodError("this is no biased coin", given=str(self.probability), allowed="1/2 to 1")
        whole_number("limit", self.limit, at_least=1)
        whole_number("balls", self.balls, at_least=0)
        whole_number("added", self.added, at_least=0)
        if self.balls + self.added == 0:
            raise MethodError("the urn stays empty", given="balls 0, added 0", allowed="one of them at least 1")

    def first(self, first: int, second: int) -> Fraction:
        """Return the probability that the next subject gets the first arm."""
        ahead = first - second
        half = Fraction(1, 2)
        if self.coin is Coin.EFRON and ahead:
            return self.probability if ahead < 0 else 1 - self.probability
        if self.coin is Coin.BIG_STICK and abs(ahead) >= self.limit:
            return Fraction(int(ahead < 0))
        if self.coin is Coin.URN and first + second + self.balls:
            return Fraction(self.balls + self.added * second, 2 * self.balls + self.added * (first + second))
        return half


def check_names(arms: Sequence[str], strata: Sequence[str]) -> None:
    """Refuse names that are missing, empty or given twice, and a single arm."""
    for name, values in (("arms", arms), ("strata", strata)):
        if not values or len(set(values)) != len(values) or any(not value.strip() for value in values):
            raise MethodError(f"{name} have no names of their own", given=", ".join(values), allowed="different names")
    if len(arms) < 2:
        raise MethodError("one arm cannot be randomised", given=arms[0], allowed="at least two arms")


def ratio_of(arms: Sequence[str], ratio: Sequence[int]) -> list[int]:
    """Return one whole part of the ratio for each arm, or refuse."""
    if len(ratio) != len(arms):
        raise MethodError("the ratio is not of these arms", given=f"{len(ratio)} parts for {len(arms)} arms")
    return [whole_number("part of the ratio", part, at_least=1) for part in ratio]


def fraction_of(text: str) -> Fraction:
    """Return "2/3" or "0.8" exactly, or refuse."""
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise MethodError("this is no probability", given=text, allowed='e.g. "2/3" or "0.8"') from error
