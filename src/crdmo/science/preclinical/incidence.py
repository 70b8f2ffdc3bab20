"""Incidences of findings: Fisher's exact test against the control and the Cochran–Armitage trend, asymptotic and exact."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from scipy import stats

from crdmo.science.method import MethodError, method

from .permutation import upper_tail

# Where fewer than this many animals are expected with (or without) the finding in a group, the exact p is the one to read.
FEW = 5.0


@dataclass(frozen=True)
class IncidenceTests:
    """Trend over all groups (χ² with one degree of freedom) and one-sided Fisher p of each dose group, in order.

    `trend_p_greater` is one-sided for a rising incidence; `trend_exact_p_greater` the same from all arrangements of the
    affected animals, None where they are too many to count; `is_exact_needed` says that counts are too small for χ².
    """

    trend_chi_square: float
    trend_p_two_sided: float
    trend_p_greater: float
    trend_exact_p_greater: float | None
    is_exact_needed: bool
    fisher_p_greater: tuple[float, ...]
    scores: tuple[float, ...]


@method(
    "preclinical.incidence",
    version="1.1",
    title="Fisher's exact test and Cochran–Armitage trend",
    source="Fisher 1935; Cochran, Biometrics 1954;10:417-451; Armitage, Biometrics 1955;11:375-386; exact: Mehta CR, "
    "Patel NR, Senchaudhuri P, Biometrics 1992;48:991",
)
def incidence_tests(*, affected: Sequence[int], examined: Sequence[int], scores: Sequence[float]) -> IncidenceTests:
    """Return the trend and the pairwise tests of an incidence; the first group is the control.

    Args:
        affected: animals with the finding, by group.
        examined: animals examined, by group.
        scores: score of each group: its dose (any one unit) or its rank. The choice changes p.

    Raises:
        MethodError: lengths differ, a count is impossible, scores do not rise, or no trend is defined.

    Source: Cochran (1954), Armitage (1955), binomial variance with N; Fisher (1935), hypergeometric tail.

    >>> found = incidence_tests(affected=[0, 3, 7], examined=[25, 25, 24], scores=[0, 10, 50])
    >>> round(found.trend_chi_square, 4), [round(p, 5) for p in found.fisher_p_greater]
    (8.5031, [0.11735, 0.00403])
    """
    checked_counts(affected, examined, scores)
    total, share = sum(examined), sum(affected) / sum(examined)
    if share in (0.0, 1.0):
        raise MethodError(
            "no trend is defined",
            given=f"{sum(affected)} of {total}",
            allowed="some, not all, affected",
            next_step="report the incidence without a trend",
        )
    centre = sum(n * d for n, d in zip(examined, scores, strict=True)) / total
    slope = sum(x * (d - centre) for x, d in zip(affected, scores, strict=True))
    spread = sum(n * (d - centre) ** 2 for n, d in zip(examined, scores, strict=True))
    chi = slope**2 / (share * (1 - share) * spread)
    x0, n0 = affected[0], examined[0]
    fisher = tuple(
        float(stats.hypergeom.sf(x - 1, n + n0, x + x0, n)) for x, n in zip(affected[1:], examined[1:], strict=True)
    )
    few = min(n * part for n in examined for part in (share, 1 - share)) < FEW
    return IncidenceTests(
        chi,
        float(stats.chi2.sf(chi, 1)),
        float(stats.norm.sf(math.copysign(math.sqrt(chi), slope))),
        upper_tail([(affected, examined)], scores),
        few,
        fisher,
        tuple(map(float, scores)),
    )


def checked_counts(affected: Sequence[int], examined: Sequence[int], scores: Sequence[float]) -> None:
    """Refuse counts that are none, and scores that do not rise from the control."""
    if not len(affected) == len(examined) == len(scores) >= 2:
        raise MethodError(
            "each group has a count, a denominator and a score",
            given=f"{len(affected)} counts, {len(examined)} denominators, {len(scores)} scores",
            allowed="as many of each, at least two groups",
            next_step="give one of each for every group, the control first",
        )
    if any(n < 1 or not 0 <= x <= n or x != int(x) or n != int(n) for x, n in zip(affected, examined, strict=True)):
        raise MethodError(
            "an incidence is impossible",
            given=f"{list(affected)} of {list(examined)}",
            allowed="whole, 0 to examined",
            next_step="count the animals examined, not those on study",
        )
    if not all(map(math.isfinite, scores)) or any(b <= a for a, b in pairwise(scores)):
        raise MethodError(
            "the scores do not rise",
            given=str(list(scores)),
            allowed="finite, rising from the control",
            next_step="order the groups by dose, the control first",
        )
