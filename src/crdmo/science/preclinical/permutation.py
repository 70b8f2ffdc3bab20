"""Exact conditional distributions of a trend: who is affected is drawn anew among all, with every total kept.

Within a stratum each choice of the affected animals is equally likely. So the ways to reach a sum of scores are counted, in
whole numbers; strata are independent, and their sums are convolved. The same p at every call, for any scores.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction

# Sums that are kept at once; beyond them no exact p is given.
MOST_SUMS = 400_000


def whole_scores(scores: Sequence[float]) -> tuple[int, ...]:
    """Return scores in whole units: their decimal digits decide, so that equal sums are equal."""
    exact = [Fraction(repr(float(one))) for one in scores]
    unit = math.lcm(*(one.denominator for one in exact))
    whole = [int(one * unit) for one in exact]
    common = math.gcd(*whole) or 1
    return tuple(one // common for one in whole)


def sums_of_scores(sizes: Sequence[int], affected: int, scores: Sequence[int]) -> dict[int, float] | None:
    """Return the probability of each sum of scores over the affected, in one stratum.

    Args:
        sizes: animals at risk, by group.
        affected: of all groups together.
        scores: of each group, whole.

    Returns:
        None where more sums than `MOST_SUMS` would have to be kept.
    """
    ways: dict[tuple[int, int], int] = {(0, 0): 1}
    rest = sum(sizes)
    for size, score in zip(sizes, scores, strict=True):
        rest -= size
        found: defaultdict[tuple[int, int], int] = defaultdict(int)
        for (count, total), times in ways.items():
            # As many as are still needed must fit into the groups that follow.
            for k in range(max(0, affected - count - rest), min(size, affected - count) + 1):
                found[count + k, total + k * score] += times * math.comb(size, k)
        if len(found) > MOST_SUMS:
            return None
        ways = found
    all_ways = math.comb(sum(sizes), affected)
    return {total: times / all_ways for (_, total), times in ways.items()}


def convolved(one: Mapping[int, float], other: Mapping[int, float]) -> dict[int, float] | None:
    """Return the distribution of the sum of two independent sums; None beyond `MOST_SUMS`."""
    found: defaultdict[int, float] = defaultdict(float)
    for a, p in one.items():
        for b, q in other.items():
            found[a + b] += p * q
        if len(found) > MOST_SUMS:
            return None
    return dict(found)


def upper_tail(strata: Sequence[tuple[Sequence[int], Sequence[int]]], scores: Sequence[float]) -> float | None:
    """Return the probability of a sum of scores at least as large as the one observed, over all strata.

    Args:
        strata: (affected by group, at risk by group) of each stratum.
        scores: of each group.
    """
    whole = whole_scores(scores)
    seen = sum(x * score for affected, _ in strata for x, score in zip(affected, whole, strict=True))
    joint: dict[int, float] | None = {0: 1.0}
    for affected, sizes in strata:
        own = sums_of_scores(sizes, sum(affected), whole)
        joint = None if own is None or joint is None else convolved(joint, own)
        if joint is None:
            return None
    assert joint is not None
    return min(1.0, math.fsum(p for total, p in joint.items() if total >= seen))
