"""The lowest dose with an effect when effects follow the dose: Williams' test on means, Shirley's on ranks.

The means of the dose groups, without the control, are made monotone; the statistic of a dose is its monotone mean against the
control. Under the null hypothesis the largest amalgamated mean of the last groups exceeds a bound exactly when a random walk
of the group sums crosses it. So its distribution is computed by integration for any group sizes, the same at every run,
where Williams' tables are for equal dose groups.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import optimize, special, stats

from crdmo.science.checks import Vector, share
from crdmo.science.method import MethodError, method

from .dunnett import NODES, Side, control_and_doses
from .quadrature import FAR, nodes, normal_nodes
from .ranks import ranked


@dataclass(frozen=True)
class Step:
    """One dose group: its amalgamated mean (or mean rank), the statistic, its critical value, p of the step alone.

    `is_tested` is whether the step was reached: testing stops at the first dose from above that is not significant.
    """

    group: str
    n: int
    mean: float
    amalgamated: float
    t: float
    critical: float
    p: float
    is_tested: bool
    is_significant: bool


@dataclass(frozen=True)
class StepDown:
    """The dose groups in the order given; `lowest` is the lowest dose with an effect, "" where there is none."""

    control: str
    control_n: int
    control_mean: float
    degrees_of_freedom: float
    side: Side
    alpha: float
    steps: tuple[Step, ...]
    lowest: str


@method(
    "preclinical.williams",
    version="1.0",
    title="Williams' test",
    source="Williams DA, Biometrics 1971;27:103; Biometrics 1972;28:519",
)
def williams(
    *, groups: Sequence[str], values: Sequence[Sequence[float]], side: Side = Side.GREATER, alpha: float = 0.05
) -> StepDown:
    """Return Williams' test from the highest dose down.

    Args:
        groups: names, the control first, doses rising.
        values: of each group, any one unit: one value for each experimental unit.
        side: the direction that is expected of the dose, `greater` or `less`.
        alpha: one-sided level.

    Raises:
        MethodError: as `dunnett`; a side that is not one direction.

    Source: Williams (1971, 1972); distribution by integration, see the head of the file.

    Data of Sachs, Angewandte Statistik:

    >>> found = williams(groups=["0", "1", "2"], values=[
    ...     [106, 114, 116, 127, 145], [110, 125, 143, 148, 151], [136, 139, 149, 160, 174]])
    >>> [(round(one.t, 7), round(one.critical, 3)) for one in found.steps], found.lowest
    ([(1.3567719, 1.782), (2.9495041, 1.873)], '2')
    """
    samples = control_and_doses(groups, values)
    sign = _sign(side)
    n = np.array([len(one) for one in samples], float)
    means = np.array([one.mean() for one in samples])
    df = int(n.sum()) - len(n)
    square = float(sum(((one - one.mean()) ** 2).sum() for one in samples)) / df
    if square <= 0:
        raise MethodError(
            "there is no variance within the groups",
            given="all values of each group are the same",
            allowed="groups whose values differ",
            next_step="report the values; nothing is tested",
        )
    risen = sign * amalgamated(sign * means[1:], n[1:])
    t = [sign * (risen[i] - means[0]) / math.sqrt(square * (1 / n[i + 1] + 1 / n[0])) for i in range(len(risen))]
    return _stepped(groups, n, means, risen.tolist(), [float(one) for one in t], df, side, alpha)


@method(
    "preclinical.shirley",
    version="1.0",
    title="Shirley's test",
    source="Shirley E, Biometrics 1977;33:386; Williams DA, Biometrics 1986;42:183",
)
def shirley(
    *, groups: Sequence[str], values: Sequence[Sequence[float]], side: Side = Side.GREATER, alpha: float = 0.05
) -> StepDown:
    """Return the same on ranks: at each step the control and the doses up to that one are ranked anew.

    Args:
        groups: names, the control first, doses rising.
        values: of each group: one value or score for each experimental unit.
        side: the direction that is expected of the dose, `greater` or `less`.
        alpha: one-sided level.

    Raises:
        MethodError: as `dunnett`; a side that is not one direction; all values are the same.

    Source: Shirley (1977) with the ranking of Williams (1986); variance corrected for ties.
    """
    samples = control_and_doses(groups, values)
    sign = _sign(side)
    n = np.array([len(one) for one in samples], float)
    t, risen, own = [], [], []
    for step in range(1, len(samples)):
        ranks, ties = ranked(samples[: step + 1])
        means, total = np.array([one.mean() for one in ranks]), float(n[: step + 1].sum())
        variance = total * (total + 1) / 12 - ties / (12 * (total - 1))
        last = sign * float(amalgamated(sign * means[1:], n[1 : step + 1])[-1])
        risen.append(last)
        own.append(float(means[-1]))
        t.append(sign * (last - float(means[0])) / math.sqrt(variance * (1 / n[step] + 1 / n[0])))
        first = float(means[0])
    return _stepped(groups, n, np.array([first, *own]), risen, t, math.inf, side, alpha)


def _sign(side: Side) -> float:
    if side is Side.TWO_SIDED:
        raise MethodError(
            "a test for effects that follow the dose has one direction",
            given=side.value,
            allowed="greater, less",
            next_step="give the direction, or take the trend test's",
        )
    return 1.0 if side is Side.GREATER else -1.0


def amalgamated(means: Vector, weights: Vector) -> Vector:
    """Return the means that rise, by pooling neighbours that fall, weighted."""
    pools: list[tuple[float, float, int]] = []
    for mean, weight in zip(means.tolist(), weights.tolist(), strict=True):
        pools.append((mean, weight, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, wa, na), (b, wb, nb) = pools[-2:]
            pools[-2:] = [((a * wa + b * wb) / (wa + wb), wa + wb, na + nb)]
    return np.array([mean for mean, _, count in pools for _ in range(count)])


def _stepped(
    groups: Sequence[str], n: Vector, means: Vector, risen: Sequence[float], t: Sequence[float], df: float, side: Side,
    alpha: float,
) -> StepDown:  # fmt: skip
    level = share("alpha", alpha)
    steps: list[Step] = []
    goes_on = True
    for i in range(len(t) - 1, -1, -1):
        sizes = tuple(n[: i + 2].tolist())
        critical = quantile(sizes, df, 1 - level)
        p = 1.0 - below(sizes, df, t[i])
        significant = goes_on and t[i] >= critical
        steps.append(
            Step(groups[i + 1], int(n[i + 1]), float(means[i + 1]), risen[i], t[i], critical, min(1.0, max(0.0, p)),
                 goes_on, significant)
        )  # fmt: skip
        goes_on = significant
    steps.reverse()
    lowest = next((one.group for one in steps if one.is_significant), "")
    return StepDown(groups[0], int(n[0]), float(means[0]), df, side, level, tuple(steps), lowest)


@lru_cache(maxsize=256)
def _killed(weights: tuple[float, ...]) -> tuple[Vector, Vector]:
    """Return nodes and log density × weight of a walk without drift that never rose above 0; its steps have these variances."""
    whole = sum(weights)
    reach = FAR * (whole + math.sqrt(whole)) + 4.0
    count = max(96, 16 * math.ceil(reach / 6 / min(1.0, math.sqrt(min(weights)))))
    at, of = nodes(min(count, 1200))
    x, of_x = (at - 1) * reach / 2, of * reach / 2
    # A walk's last steps come first: the bound is crossed by the mean of the last groups.
    steps = weights[::-1]
    log = -(x**2) / (2 * steps[0]) - 0.5 * math.log(2 * math.pi * steps[0])
    for variance in steps[1:]:
        apart = -((x[:, None] - x[None, :]) ** 2) / (2 * variance) - 0.5 * math.log(2 * math.pi * variance)
        log = special.logsumexp(apart + (log + np.log(of_x))[None, :], axis=1)
    return x, log + np.log(of_x)


def _stays(weights: tuple[float, ...], drift: Vector) -> Vector:
    """Return the chance that all amalgamated means of the last groups stay below a bound; `drift` is the bound."""
    x, log = _killed(weights)
    near = np.minimum(drift, FAR / math.sqrt(min(weights)))
    chance = np.exp(log[None, :] - near[:, None] * x[None, :] - sum(weights) * near[:, None] ** 2 / 2).sum(axis=1)
    return np.asarray(np.clip(chance, 0.0, 1.0))


def below(sizes: tuple[float, ...], df: float, bound: float) -> float:
    """Return the chance that the statistic of the highest of these groups is below a bound, where no dose has an effect.

    Args:
        sizes: of the control and the dose groups up to the one tested.
        df: degrees of freedom of the mean square; infinite on ranks.
        bound: of the statistic.
    """
    mean = sum(sizes[1:]) / (len(sizes) - 1)
    weights, control = tuple(size / mean for size in sizes[1:]), sizes[0] / mean
    error = math.sqrt(1 / weights[-1] + 1 / control)
    z, of_z = normal_nodes(NODES)
    if math.isinf(df):
        return float(of_z @ _stays(weights, z / math.sqrt(control) + bound * error))
    low, high = (math.sqrt(float(stats.chi2.ppf(q, df)) / df) for q in (1e-14, 1 - 1e-14))
    at, of = nodes(NODES // 2)
    s = low + (high - low) * (at + 1) / 2
    of_s = of * (high - low) / 2 * stats.chi2.pdf(df * s**2, df) * 2 * df * s
    drift = (z[:, None] / math.sqrt(control) + bound * error * s[None, :]).ravel()
    return float(of_z @ _stays_by_table(weights, drift).reshape(len(z), len(s)) @ of_s)


def _stays_by_table(weights: tuple[float, ...], drift: Vector) -> Vector:
    """Return the same for many bounds, from an interpolating polynomial of the chance over all bounds that matter."""
    low, high = -FAR * 2.0, FAR / math.sqrt(min(weights))
    table = _table(weights, low, high)
    found = np.where(drift >= high, 1.0, table(np.clip(drift, low, high)))
    return np.asarray(np.where(drift <= low, 0.0, found))


@lru_cache(maxsize=256)
def _table(weights: tuple[float, ...], low: float, high: float) -> np.polynomial.Chebyshev:
    return np.polynomial.Chebyshev.interpolate(lambda x: _stays(weights, x), 160, domain=[low, high])


@lru_cache(maxsize=1024)
def quantile(sizes: tuple[float, ...], df: float, confidence: float) -> float:
    """Return the bound that the statistic stays below with a probability; Student's t for one dose group."""
    return float(optimize.brentq(lambda bound: below(sizes, df, bound) - confidence, 0.0, 60.0, xtol=1e-10))
