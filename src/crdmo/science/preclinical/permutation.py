"""Exact conditional distributions of a trend: who is affected is drawn anew among all, with every total kept.

Within a stratum each choice of the affected animals is equally likely: groups are independent binomials with any one rate,
given their total. Strata are independent, and their sums are convolved. The same p at every call, for any scores.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from crdmo.science.checks import Vector

Sums = tuple[NDArray[np.int64], Vector]

# Sums that are kept, and merged, at once; beyond them no exact p is given.
MOST_SUMS = 300_000


def whole_scores(scores: Sequence[float]) -> tuple[int, ...]:
    """Return scores in whole units: their decimal digits decide, so that equal sums are equal."""
    exact = [Fraction(repr(float(one))) for one in scores]
    unit = math.lcm(*(one.denominator for one in exact))
    whole = [int(one * unit) for one in exact]
    common = math.gcd(*whole) or 1
    return tuple(one // common for one in whole)


def _merged(parts: Sequence[Sums]) -> Sums | None:
    if sum(len(totals) for totals, _ in parts) > MOST_SUMS:
        return None
    totals, place = np.unique(np.concatenate([one for one, _ in parts]), return_inverse=True)
    return totals, np.bincount(place, weights=np.concatenate([p for _, p in parts])).astype(np.float64)


def sums_of_scores(sizes: Sequence[int], affected: int, scores: Sequence[int]) -> Sums | None:
    """Return the sums of scores over the affected of one stratum, rising, and their probabilities.

    Args:
        sizes: animals at risk, by group.
        affected: of all groups together.
        scores: of each group, whole.

    Returns:
        None where more than `MOST_SUMS` would have to be kept, or sums are too large to be whole numbers of a machine.
    """
    if max(map(abs, scores)) * max(affected, 1) > 2**62:
        return None
    rest, rate = sum(sizes), affected / sum(sizes)
    ways: dict[int, Sums] = {0: (np.zeros(1, dtype=np.int64), np.ones(1))}
    for size, score in zip(sizes, scores, strict=True):
        rest -= size
        chance = stats.binom.pmf(np.arange(size + 1), size, rate)
        found: dict[int, Sums] = {}
        # As many as are still needed must fit into the groups that follow.
        for count in range(max(0, affected - rest), affected + 1):
            parts = [
                (totals + (count - before) * score, p * chance[count - before])
                for before, (totals, p) in ways.items()
                if 0 <= count - before <= size
            ]
            merged = _merged(parts) if parts else None
            if parts and merged is None:
                return None
            if merged is not None:
                found[count] = merged
        ways = found
        if sum(len(totals) for totals, _ in ways.values()) > MOST_SUMS:
            return None
    totals, p = ways[affected]
    return totals, p / math.fsum(p.tolist())


def upper_tail(strata: Sequence[tuple[Sequence[int], Sequence[int]]], scores: Sequence[float]) -> float | None:
    """Return the probability of a sum of scores at least as large as the one observed, over all strata.

    Args:
        strata: (affected by group, at risk by group) of each stratum.
        scores: of each group.
    """
    whole = whole_scores(scores)
    seen = sum(x * score for affected, _ in strata for x, score in zip(affected, whole, strict=True))
    joint: Sums | None = (np.zeros(1, dtype=np.int64), np.ones(1))
    for affected, sizes in strata:
        own = sums_of_scores(sizes, sum(affected), whole)
        if own is None or joint is None or len(own[0]) * len(joint[0]) > MOST_SUMS:
            return None
        joint = _merged([(joint[0] + total, joint[1] * p) for total, p in zip(own[0], own[1], strict=True)])
    if joint is None:
        return None
    return min(1.0, math.fsum(joint[1][joint[0] >= seen].tolist()))
