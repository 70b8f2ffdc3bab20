"""How balanced and how predictable a two-arm procedure is: exact probabilities, step by step, no simulation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from crdmo.science.checks import whole_number
from crdmo.science.method import MethodError, method

from .randomisation import Coin, CoinRule, fraction_of


@dataclass(frozen=True)
class RandomisationProperties:
    """Properties of a procedure over `length` assignments, 1:1.

    `balanced` and `mean_imbalance` are after each assignment; `deterministic` is the probability that an assignment is
    certain before it is made; `correct_guesses` is expected under the convergence strategy (guess the arm behind).
    """

    length: int
    balanced: tuple[float, ...]
    mean_imbalance: tuple[float, ...]
    deterministic: tuple[float, ...]
    correct_guesses: float

    @property
    def deterministic_share(self) -> float:
        """The expected share of assignments that are certain."""
        return sum(self.deterministic) / self.length


@method(
    "clinical.randomisation_properties",
    version="1.0",
    source="Blackwell D, Hodges JL, Ann Math Stat 1957;28:449; Rosenberger and Lachin (2016), ch. 5",
    title="Balance and predictability of a randomisation procedure",
)
def randomisation_properties(
    *,
    length: int,
    coin: Coin | None = None,
    block_size: int = 0,
    probability: str = "2/3",
    limit: int = 3,
    balls: int = 0,
    added: int = 1,
) -> RandomisationProperties:
    """Return exact properties of permuted blocks (give `block_size`) or of a coin (give `coin`), two arms 1:1.

    Raises:
        MethodError: neither or both are given, the block is odd, or a setting lies outside the procedure's.

    >>> round(randomisation_properties(length=4, block_size=4).correct_guesses, 6)
    2.833333
    """
    whole_number("length", length, at_least=1)
    if (coin is None) == (block_size == 0):
        raise MethodError("one procedure is judged at a time", given=f"coin {coin}, block size {block_size}")
    if coin is None:
        if block_size < 2 or block_size % 2:
            raise MethodError("a block cannot hold 1:1", given=str(block_size), allowed="2, 4, 6 …")
        return _walk(length, lambda a, b: _in_block(a, b, block_size))
    rule = CoinRule(coin, fraction_of(probability), limit, balls, added)
    rule.check()
    return _walk(length, rule.first)


def _in_block(first: int, second: int, size: int) -> Fraction:
    full = (first + second) // size
    return Fraction((full + 1) * size // 2 - first, (full + 1) * size - first - second)


def _walk(length: int, rule: Callable[[int, int], Fraction]) -> RandomisationProperties:
    states = {0: 1.0}
    balanced, imbalance, deterministic, guesses = [], [], [], 0.0
    for before in range(length):
        after: dict[int, float] = {}
        certain = 0.0
        for first, weight in states.items():
            second = before - first
            chance = float(rule(first, second))
            certain += weight if chance in (0.0, 1.0) else 0.0
            guesses += weight * (0.5 if first == second else chance if first < second else 1 - chance)
            after[first + 1] = after.get(first + 1, 0.0) + weight * chance
            after[first] = after.get(first, 0.0) + weight * (1 - chance)
        states = {first: weight for first, weight in after.items() if weight}
        now = before + 1
        balanced.append(states.get(now // 2, 0.0) if now % 2 == 0 else 0.0)
        imbalance.append(sum(weight * abs(2 * first - now) for first, weight in states.items()))
        deterministic.append(certain)
    return RandomisationProperties(length, tuple(balanced), tuple(imbalance), tuple(deterministic), guesses)
