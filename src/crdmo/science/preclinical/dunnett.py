"""Comparisons of dose groups with one control: Dunnett's test, by numerical integration, with unequal groups.

The correlation of two comparisons is √(nᵢnⱼ/((nᵢ+n₀)(nⱼ+n₀))), a product, so that the multivariate t probability is a double
integral. It is computed by fixed nodes: the same numbers at every run, to ten digits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

import numpy as np
from scipy import optimize, special, stats

from crdmo.science.checks import Vector, finite_numbers, share
from crdmo.science.method import MethodError, method

from .quadrature import nodes, normal_nodes

# Nodes over the common normal part, and over the estimated standard deviation. Where the control is much smaller than a dose
# group the integrand is steep in the common part, and more are taken: the probability keeps ten digits.
NODES = 160
STEEP_NODES = ((0.92, NODES), (0.98, 320), (1.0, 960))
# With few degrees of freedom the standard deviation spreads far.
NODES_OF_S, NODES_OF_WIDE_S, WIDE_UP_TO = 64, 96, 10


class Side(Enum):
    """What is looked for against the control."""

    TWO_SIDED = "two_sided"
    LESS = "less"
    GREATER = "greater"


@dataclass(frozen=True)
class Comparison:
    """One dose group against the control: difference of means with simultaneous interval, t, adjusted p."""

    group: str
    n: int
    mean: float
    difference: float
    lower: float
    upper: float
    t: float
    p: float


@dataclass(frozen=True)
class DunnettTest:
    """The comparisons in the order given; `critical` is the quantile of the multivariate t at the confidence."""

    control: str
    control_n: int
    control_mean: float
    mean_square: float
    degrees_of_freedom: int
    f: float
    f_p: float
    critical: float
    confidence: float
    side: Side
    comparisons: tuple[Comparison, ...]


@method(
    "preclinical.dunnett",
    version="1.0",
    title="Dunnett's comparisons with a control",
    source="Dunnett CW, J Am Stat Assoc 1955;50:1096; Biometrics 1964;20:482; Hsu JC, Multiple Comparisons 1996",
)
def dunnett(
    *,
    groups: Sequence[str],
    values: Sequence[Sequence[float]],
    side: Side = Side.TWO_SIDED,
    confidence: float = 0.95,
) -> DunnettTest:
    """Return every dose group against the first one, the control.

    Args:
        groups: names, the control first.
        values: of each group, any one unit: one value for each experimental unit (animal, cage, litter).
        side: of p and of the intervals.
        confidence: that all intervals hold together.

    Raises:
        MethodError: fewer than two groups or names that repeat, a group with fewer than two values, a value that is no
            number, or no variance within groups.

    Source: Dunnett (1955); unequal groups after Hsu (1996), section 3.

    Blanket `b2` of the recovery data of Bretz, Hothorn and Westfall (2010), with all four blankets in the mean square:

    >>> found = dunnett(groups=["b0", "b1", "b2", "b3"], values=[
    ...     [15, 13, 12, 16, 16, 17, 13, 13, 16, 17, 17, 19, 17, 15, 13, 12, 16, 10, 17, 12], [13, 16, 9], [5, 8, 9],
    ...     [14, 16, 16, 12, 7, 12, 13, 13, 9, 16, 13, 18, 13, 12, 13]])
    >>> [round(one.t, 5) for one in found.comparisons], round(found.critical, 4)
    ([-1.33019, -4.65565, -1.88372], 2.4886)
    """
    samples = control_and_doses(groups, values)
    n = np.array([len(one) for one in samples])
    means = np.array([one.mean() for one in samples])
    df = int(n.sum() - len(n))
    square = float(sum(((one - one.mean()) ** 2).sum() for one in samples) / df)
    if square <= 0:
        raise MethodError(
            "there is no variance within the groups",
            given="all values of each group are the same",
            allowed="groups whose values differ",
            next_step="report the values; nothing is tested",
        )
    grand = float((n * means).sum() / n.sum())
    f = float((n * (means - grand) ** 2).sum() / (len(n) - 1) / square)
    error = np.sqrt(square * (1 / n[1:] + 1 / n[0]))
    difference = means[1:] - means[0]
    t = difference / error
    loading = np.sqrt(n[1:] / (n[1:] + n[0]))
    p = [1.0 - together(loading, df, extreme(one, side), two_sided=side is Side.TWO_SIDED) for one in t.tolist()]
    critical = quantile(loading, df, share("confidence", confidence), two_sided=side is Side.TWO_SIDED)
    lower = difference - critical * error if side is not Side.LESS else np.full(len(t), -math.inf)
    upper = difference + critical * error if side is not Side.GREATER else np.full(len(t), math.inf)
    return DunnettTest(
        groups[0], int(n[0]), float(means[0]), square, df, f, float(stats.f.sf(f, len(n) - 1, df)), critical, confidence, side,
        tuple(
            Comparison(groups[i + 1], int(n[i + 1]), float(means[i + 1]), float(difference[i]), float(lower[i]),
                       float(upper[i]), float(t[i]), min(1.0, max(0.0, p[i])))
            for i in range(len(t))
        ),
    )  # fmt: skip


def control_and_doses(groups: Sequence[str], values: Sequence[Sequence[float]]) -> list[Vector]:
    """Return the values of each group, the control first, or refuse."""
    if len(groups) != len(values) or len(groups) < 2 or len(set(groups)) != len(groups):
        raise MethodError(
            "the groups are not a control and dose groups",
            given=f"names {list(groups)}, {len(values)} lists of values",
            allowed="at least two different names with a list of values each, the control first",
            next_step="give the control first",
        )
    return [finite_numbers(f"group {name}", one, at_least=2) for name, one in zip(groups, values, strict=True)]


def extreme(t: float, side: Side) -> float:
    """Return a statistic so that a large one speaks for what is looked for."""
    return {Side.TWO_SIDED: abs(t), Side.LESS: -t, Side.GREATER: t}[side]


def together(loading: Vector, df: int, bound: float, *, two_sided: bool) -> float:
    """Return the probability that no comparison exceeds a bound: of |t| two-sided, of t one-sided.

    Args:
        loading: √(nᵢ/(nᵢ+n₀)) of each comparison, shape (groups,).
        df: degrees of freedom of the mean square, 1 or more.
        bound: of the statistic.
        two_sided: whether both directions count.
    """
    if len(loading) == 1:
        below = float(stats.t.cdf(bound, df))
        return max(0.0, 2 * below - 1) if two_sided else below
    # s: √(χ²/df); z: the common part, standard normal.
    s, of_s = _scales(df, NODES_OF_S if df > WIDE_UP_TO else NODES_OF_WIDE_S)
    kinds, times = np.unique(loading, return_counts=True)
    z, of_z = normal_nodes(next(count for most, count in STEEP_NODES if kinds[-1] <= most))
    if two_sided:
        # The integrand is the same on both sides of 0.
        z, of_z = z[len(z) // 2 :], 2 * of_z[len(of_z) // 2 :]
    rest = np.sqrt(1 - kinds**2)[:, None, None]
    shift, reach = kinds[:, None, None] * z[None, :, None], bound * s[None, None, :]
    inside = special.ndtr((shift + reach) / rest)
    if two_sided:
        inside = inside - special.ndtr((shift - reach) / rest)
    return float(of_z @ np.prod(inside ** times[:, None, None], axis=0) @ of_s)


@lru_cache(maxsize=256)
def _scales(df: int, count: int) -> tuple[Vector, Vector]:
    """Return nodes and weights of the estimated standard deviation, between quantiles beyond which nothing is left."""
    low, high = (math.sqrt(float(stats.chi2.ppf(q, df)) / df) for q in (1e-14, 1 - 1e-14))
    at, weights = nodes(count)
    s = low + (high - low) * (at + 1) / 2
    return s, weights * (high - low) / 2 * stats.chi2.pdf(df * s**2, df) * 2 * df * s


def together_normal(loading: Vector, bound: float, *, two_sided: bool) -> float:
    """Return the same for infinite degrees of freedom: normal statistics with a known variance."""
    z, of_z = normal_nodes(NODES)
    rest = np.sqrt(1 - loading**2)[:, None]
    shift = loading[:, None] * z
    inside = special.ndtr((shift + bound) / rest)
    if two_sided:
        inside = inside - special.ndtr((shift - bound) / rest)
    return float(of_z @ np.prod(inside, axis=0))


def quantile(loading: Vector, df: int, confidence: float, *, two_sided: bool) -> float:
    """Return the bound that no comparison exceeds with a probability: between that of one comparison and Bonferroni's."""
    tail = (1 - confidence) / (2 if two_sided else 1)
    low, high = (float(stats.t.isf(share_of, df)) for share_of in (tail, tail / len(loading)))
    if len(loading) == 1:
        return low

    def excess(bound: float) -> float:
        # The logarithm of the tail is nearly straight, so that few steps are needed.
        return math.log(max(1 - together(loading, df, bound, two_sided=two_sided), 1e-300) / (1 - confidence))

    return float(optimize.brentq(excess, low - 1e-6, high + 1e-6, xtol=1e-10))
