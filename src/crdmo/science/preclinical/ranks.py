"""Comparisons by ranks: Kruskal–Wallis over all groups, Dunn's and Steel's comparisons of each dose group with the control."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special, stats

from crdmo.science.checks import Vector, share
from crdmo.science.method import MethodError, method

from .dunnett import Side, control_and_doses, extreme, together_normal


@dataclass(frozen=True)
class RankComparison:
    """One dose group against the control: the statistic, p of it alone, p adjusted for the number of comparisons."""

    group: str
    n: int
    mean_rank: float
    z: float
    p_unadjusted: float
    p: float


@dataclass(frozen=True)
class RankTest:
    """Kruskal–Wallis H with its degrees of freedom and p, and Dunn's comparisons (Bonferroni), corrected for ties."""

    control: str
    h: float
    degrees_of_freedom: int
    h_p: float
    side: Side
    comparisons: tuple[RankComparison, ...]


@dataclass(frozen=True)
class SteelComparison:
    """One dose group ranked with the control alone: rank sum of the dose group, its critical value, z, p."""

    group: str
    n: int
    rank_sum: float
    critical: int
    is_significant: bool
    z: float
    p: float


@dataclass(frozen=True)
class SteelTest:
    """The comparisons in the order given; `none` is the highest group below the first significant one, `lowest` that one."""

    control: str
    side: Side
    alpha: float
    comparisons: tuple[SteelComparison, ...]
    none: str
    lowest: str


@method(
    "preclinical.dunn",
    version="1.0",
    title="Kruskal–Wallis test and Dunn's comparisons with a control",
    source="Kruskal WH, Wallis WA, J Am Stat Assoc 1952;47:583; Dunn OJ, Technometrics 1964;6:241",
)
def dunn(*, groups: Sequence[str], values: Sequence[Sequence[float]], side: Side = Side.TWO_SIDED) -> RankTest:
    """Return Kruskal–Wallis over all groups and each dose group against the first one, the control.

    Args:
        groups: names, the control first.
        values: of each group, any one unit or scores: one value for each experimental unit.
        side: of p of the comparisons.

    Ranks are of all values together; both variances are corrected for ties. p is adjusted by Bonferroni.

    Raises:
        MethodError: as `dunnett`; all values are the same.

    Source: Kruskal and Wallis (1952); Dunn (1964), equation 6 for ties.

    Data of Sachs, Angewandte Statistik:

    >>> found = dunn(groups=["0", "1", "2"], values=[
    ...     [106, 114, 116, 127, 145], [110, 125, 143, 148, 151], [136, 139, 149, 160, 174]])
    >>> round(found.h, 2), round(found.h_p, 6), [round(one.z, 7) for one in found.comparisons]
    (5.12, 0.077305, [1.1313708, 2.2627417])
    """
    samples = control_and_doses(groups, values)
    ranks, ties = ranked(samples)
    n, total = [len(one) for one in ranks], sum(len(one) for one in ranks)
    means = [float(one.mean()) for one in ranks]
    variance = total * (total + 1) / 12 - ties / (12 * (total - 1))
    h = sum(size * (mean - (total + 1) / 2) ** 2 for size, mean in zip(n, means, strict=True)) / variance
    comparisons = []
    for i in range(1, len(n)):
        z = (means[i] - means[0]) / math.sqrt(variance * (1 / n[i] + 1 / n[0]))
        alone = (2 if side is Side.TWO_SIDED else 1) * float(special.ndtr(-extreme(z, side)))
        comparisons.append(RankComparison(groups[i], n[i], means[i], z, alone, min(1.0, alone * (len(n) - 1))))
    df = len(n) - 1
    return RankTest(groups[0], h, df, float(stats.chi2.sf(h, df)), side, tuple(comparisons))


def ranked(samples: Sequence[Vector]) -> tuple[list[Vector], float]:
    """Return the ranks of all values together by sample, and the sum of t³ − t over ties.

    Raises:
        MethodError: all values are the same.
    """
    whole = np.concatenate(samples)
    _, counts = np.unique(whole, return_counts=True)
    if len(counts) == 1:
        raise MethodError(
            "the values cannot be ranked",
            given=f"{len(whole)} times {whole[0]:g}",
            allowed="values that are not all the same",
            next_step="report the values; nothing is tested",
        )
    ranks = stats.rankdata(whole)
    ends = np.cumsum([len(one) for one in samples])[:-1]
    return np.split(ranks, ends), float((counts.astype(float) ** 3 - counts).sum())


@method(
    "preclinical.steel",
    version="1.0",
    title="Steel's many-one rank test",
    source="Steel RGD, Biometrics 1959;15:560; US EPA, EPA-821-R-02-013 (2002), appendix on Steel's test",
)
def steel(
    *, groups: Sequence[str], values: Sequence[Sequence[float]], side: Side = Side.LESS, alpha: float = 0.05
) -> SteelTest:
    """Return each dose group ranked with the first group, the control.

    Args:
        groups: names, the control first, doses rising.
        values: of each group: one value for each experimental unit.
        side: of the test; toxicity that lowers a value is `less`.
        alpha: chance of any false finding among all comparisons.

    The critical rank sum is that of Steel's table: without ties, from the multivariate normal with the correlation of
    comparisons that share a control. A rank sum at the critical value is significant. z and p are corrected for ties.

    Raises:
        MethodError: as `dunnett`; a dose group and the control are all one value.

    Source: Steel (1959); unequal groups after Hsu, Multiple Comparisons (1996).
    """
    samples = control_and_doses(groups, values)
    control, level = samples[0], share("alpha", alpha)
    n = np.array([len(one) for one in samples], float)
    loading = np.sqrt(n[1:] / (n[1:] + n[0]))
    both = side is Side.TWO_SIDED
    bound = float(
        optimize.brentq(lambda b: together_normal(loading, b, two_sided=both) - (1 - level), 0.0, 20.0, xtol=1e-12)
    )
    found = []
    for name, one in zip(groups[1:], samples[1:], strict=True):
        ranks, ties = ranked([one, control])
        size, total = len(one), len(one) + len(control)
        mean, plain = size * (total + 1) / 2, size * len(control) * (total + 1) / 12
        rank_sum = float(ranks[0].sum())
        lower = math.floor(mean - bound * math.sqrt(plain) + 1e-9)
        upper = math.ceil(mean + bound * math.sqrt(plain) - 1e-9)
        low, high = side is not Side.GREATER and rank_sum <= lower, side is not Side.LESS and rank_sum >= upper
        z = (rank_sum - mean) / math.sqrt(plain * (1 - ties / (total**3 - total)))
        p = 1.0 - together_normal(loading, extreme(z, side), two_sided=both)
        nearest = lower if side is Side.LESS or (both and rank_sum <= mean) else upper
        found.append(SteelComparison(name, size, rank_sum, nearest, low or high, z, min(1.0, max(0.0, p))))
    first = next((i for i, one in enumerate(found) if one.is_significant), None)
    lowest = "" if first is None else found[first].group
    below = found[-1].group if first is None else groups[first]
    return SteelTest(groups[0], side, level, tuple(found), below, lowest)
