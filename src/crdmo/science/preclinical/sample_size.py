"""How many animals a group needs, for means compared with a control and for incidences: no more than the question asks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from crdmo.science.checks import positive, share, whole_number
from crdmo.science.method import MethodError, method

from .dunnett import Side, quantile

# Beyond this many a group the design is not one of toxicology.
MOST, MOST_OF_INCIDENCE = 5000, 200

Power = Callable[[int], float]


@dataclass(frozen=True)
class SampleSize:
    """Units a group, the power that they reach, and that with one unit less; units of the whole design."""

    a_group: int
    total: int
    power: float
    power_with_one_less: float | None
    asked: float


@method(
    "preclinical.sample_size_means",
    version="1.0",
    title="Group size for means against a control",
    source="Cohen J, Statistical Power Analysis, 2nd ed. 1988, ch. 2; Dunnett CW, J Am Stat Assoc 1955;50:1096; Liu W, J Stat "
    "Plan Inference 1997;62:255",
)
def sample_size_means(
    *,
    difference: float,
    sd: float,
    dose_groups: int = 1,
    power: float = 0.8,
    alpha: float = 0.05,
    side: Side = Side.TWO_SIDED,
) -> SampleSize:
    """Return the units a group that find a difference of one dose group from the control by Dunnett's test.

    Args:
        difference: of the means that must not be missed, any one unit; its sign does not matter.
        sd: of units within a group, the same unit. Of litters or cages it is that of their means.
        dose_groups: compared with the control; one is the t-test.
        power: for the one group that differs.
        alpha: of all comparisons together.
        side: of the test.

    Raises:
        MethodError: a difference of 0, values outside their range, or more than 5000 a group.

    Source: non-central t with the pooled degrees of freedom, critical value of Dunnett's test (Liu 1997, per comparison).

    Cohen (1988), table 2.4.1: 64 a group for d = 0.5, 26 for 0.8.

    >>> sample_size_means(difference=0.5, sd=1).a_group, sample_size_means(difference=0.8, sd=1).a_group
    (64, 26)
    """
    effect = abs(difference) / positive("sd", sd)
    positive("the size of the difference", abs(difference))
    k, wanted, level = (
        whole_number("dose_groups", dose_groups, at_least=1),
        share("power", power),
        share("alpha", alpha),
    )

    def reached(n: int) -> float:
        df = (k + 1) * (n - 1)
        bound = quantile(np.full(k, math.sqrt(0.5)), df, 1 - level, two_sided=side is Side.TWO_SIDED)
        shift = effect * math.sqrt(n / 2)
        above = float(stats.nct.sf(bound, df, shift))
        # Far from 0 the other side adds nothing, and SciPy's value there is no number.
        below = float(np.nan_to_num(stats.nct.cdf(-bound, df, shift))) if side is Side.TWO_SIDED else 0.0
        return above + below

    return _smallest(reached, wanted, 2, k + 1)


def _smallest(reached: Power, wanted: float, least: int, groups: int) -> SampleSize:
    high = least
    while reached(high) < wanted:
        if high >= MOST:
            raise MethodError(
                "no group size of a study reaches the power",
                given=f"{wanted:.0%}",
                allowed=f"up to {MOST} a group",
                next_step="ask for a larger difference, or a less variable endpoint",
            )
        high = min(2 * high, MOST)
    low = max(least - 1, high // 2)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) >= wanted else (middle, high)
    return SampleSize(high, high * groups, reached(high), reached(high - 1) if high > least else None, wanted)


@method(
    "preclinical.sample_size_incidence",
    version="1.0",
    title="Group size for an incidence against a control",
    source="Fisher RA 1935; Casagrande JT, Pike MC, Smith PG, Biometrics 1978;34:483 (exact power of Fisher's test)",
)
def sample_size_incidence(
    *, control: float, treated: float, dose_groups: int = 1, power: float = 0.8, alpha: float = 0.05
) -> SampleSize:
    """Return the animals a group that find a higher incidence by Fisher's exact test, one-sided.

    Args:
        control: incidence in the control, 0 or more.
        treated: incidence that must not be missed, above that of the control.
        dose_groups: in the design; each is compared by itself.
        power: of the comparison, over all tables, exactly.
        alpha: one-sided.

    The power of an exact test does not rise with every animal. The size returned is the smallest from which on it stays
    above the one asked for, over the next ten sizes.

    Raises:
        MethodError: incidences outside 0 to 1 or in the wrong order, or more than 200 a group.

    Source: Casagrande, Pike and Smith (1978).

    >>> found = sample_size_incidence(control=0.05, treated=0.5)
    >>> found.a_group, found.power > 0.8
    (14, True)
    """
    if not 0 <= control < treated <= 1:
        raise MethodError(
            "the incidences are not a control and a higher one",
            given=f"{control} and {treated}",
            allowed="0 ≤ control < treated ≤ 1",
            next_step="write 5 % as 0.05",
        )
    k, wanted, level = (
        whole_number("dose_groups", dose_groups, at_least=1),
        share("power", power),
        share("alpha", alpha),
    )
    seen: dict[int, float] = {}

    def reached(n: int) -> float:
        if n not in seen:
            seen[n] = exact_power(n, control, treated, level)
        return seen[n]

    # The largest size first: where it does not suffice, none does.
    for n in range(2, MOST_OF_INCIDENCE + 1) if reached(MOST_OF_INCIDENCE) >= wanted else ():
        if reached(n) >= wanted and all(reached(n + i) >= wanted for i in range(1, 11)):
            return SampleSize(n, n * (k + 1), reached(n), reached(n - 1) if n > 2 else None, wanted)
    raise MethodError(
        "no group size of a study reaches the power",
        given=f"{control:.0%} against {treated:.0%}",
        allowed=f"up to {MOST_OF_INCIDENCE} a group",
        next_step="ask for a larger difference",
    )


def exact_power(n: int, control: float, treated: float, alpha: float) -> float:
    """Return the probability that Fisher's one-sided p is at most alpha, over all tables of two groups of n."""
    x = np.arange(n + 1)
    # p of the table with b treated of m affected, for every m: the upper tail of the hypergeometric distribution.
    ways = special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1)
    a, b = np.meshgrid(x, x, indexing="ij")
    joint = np.full((2 * n + 1, n + 1), -np.inf)
    joint[a + b, b] = ways[a] + ways[b]
    tail = np.cumsum(np.exp(joint - special.logsumexp(joint, axis=1, keepdims=True))[:, ::-1], axis=1)[:, ::-1]
    weights = np.outer(stats.binom.pmf(x, n, control), stats.binom.pmf(x, n, treated))
    return float(weights[tail[a + b, b] <= alpha * (1 + 1e-11)].sum())
