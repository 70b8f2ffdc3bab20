"""Historical controls: the interval in which a further control group is to be expected, with what differs between studies.

Controls of several studies differ by more than chance within a study. An interval that leaves this out is too narrow, and a
range from the smallest to the largest grows with every study. Counts of animals follow the beta-binomial distribution here,
counts of colonies or cells the quasi-Poisson one, measurements the normal one with a component between studies.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from scipy import stats

from crdmo.science.checks import Vector, finite_numbers, positive, same_length, share, whole_number
from crdmo.science.method import MethodError, method

SOURCE = "Menssen M, Schaarschmidt F, Stat Med 2019;38:2652; Menssen M, Schaarschmidt F, Stat Neerl 2022;76:283"


class MeanVariance(Enum):
    """How the variance of the historical rate is taken.

    `one_cluster` is the published formula, which treats all historical animals as one correlated cluster: its interval is
    wide. `clusters` lets animals of different studies be independent: its interval keeps its confidence more closely.
    """

    ONE_CLUSTER = "one_cluster"
    CLUSTERS = "clusters"


@dataclass(frozen=True)
class PredictionInterval:
    """Expected value of a further control with its standard error and interval, in the unit of the data.

    `lower` may be below 0 for counts; `lower_shown` is cut at 0. `location` is the rate, or the mean; `dispersion` the
    correlation within studies (beta-binomial), the factor of the variance (quasi-Poisson), or the variance between studies.
    """

    expected: float
    standard_error: float
    lower: float
    upper: float
    lower_shown: float
    location: float
    dispersion: float
    confidence: float
    studies: int
    smallest: float
    largest: float
    remark: str


@method(
    "preclinical.beta_binomial_prediction",
    version="1.0",
    title="Prediction interval of a control incidence from rate and correlation",
    source=SOURCE,
)
def beta_binomial_prediction(
    *,
    rate: float,
    correlation: float,
    sizes: Sequence[int],
    new_size: int,
    confidence: float = 0.95,
    mean_variance: MeanVariance = MeanVariance.ONE_CLUSTER,
) -> PredictionInterval:
    """Return the interval of the animals affected in a further control group.

    Args:
        rate: of the finding in historical controls.
        correlation: of two animals of one study, 0 or more.
        sizes: animals of each historical control group.
        new_size: animals of the further group.
        confidence: of the interval.
        mean_variance: of the historical rate.

    Raises:
        MethodError: a rate or confidence that is no share, a correlation outside 0 to 1, or sizes below 1.

    Source: Menssen and Schaarschmidt (2019), the uncalibrated asymptotic interval; as `bb_pi` of the package predint:

    >>> found = beta_binomial_prediction(rate=0.3, correlation=0.05, sizes=[50] * 20, new_size=50)
    >>> round(found.standard_error, 4), round(found.lower, 3), round(found.upper, 3)
    (7.9356, -0.553, 30.553)
    """
    p, m = share("rate", rate), whole_number("new_size", new_size, at_least=1)
    n = _sizes(sizes)
    if not 0 <= correlation < 1:
        raise MethodError(
            "the correlation within studies is none",
            given=str(correlation),
            allowed="0 to below 1",
            next_step="set a negative estimate to 0",
        )
    own = m * p * (1 - p) * (1 + (m - 1) * correlation)
    total = float(n.sum())
    together = (total - 1) if mean_variance is MeanVariance.ONE_CLUSTER else float((n * (n - 1)).sum()) / total
    of_mean = m**2 * p * (1 - p) / total * (1 + together * correlation)
    reach = float(stats.norm.isf((1 - share("confidence", confidence)) / 2))
    return _interval(m * p, math.sqrt(own + of_mean), reach, p, correlation, confidence, n, "")


@method(
    "preclinical.historical_incidence",
    version="1.0",
    title="Historical control incidence with prediction interval",
    source=f"{SOURCE}; Lui KJ, Mayer JA, Eckhardt L, Stat Med 2000;19:2933",
)
def historical_incidence(
    *,
    affected: Sequence[int],
    examined: Sequence[int],
    new_size: int,
    confidence: float = 0.95,
    mean_variance: MeanVariance = MeanVariance.ONE_CLUSTER,
) -> PredictionInterval:
    """Return the interval of the animals affected in a further control group, from the counts of several studies.

    Args:
        affected: animals with the finding, by study.
        examined: animals examined, by study.
        new_size: animals examined in the further group.
        confidence: of the interval.
        mean_variance: of the historical rate.

    Rate and correlation by analysis of variance; a negative correlation is taken as 0. Where no or every animal is affected,
    half an animal is, as the remark says.

    Raises:
        MethodError: fewer than two studies, counts that are impossible, or no study with two animals.

    Source: Lui, Mayer and Eckhardt (2000) for the estimates.

    >>> found = historical_incidence(affected=[3, 5, 1, 8], examined=[50, 50, 49, 50], new_size=50)
    >>> round(found.location, 4), round(found.dispersion, 4)
    (0.0854, 0.0252)
    """
    x, n = np.asarray(affected, dtype=float), np.asarray(examined, dtype=float)
    same_length("affected", x, "examined", n)
    if len(n) < 2 or (n < 1).any() or (x < 0).any() or (x > n).any() or (x != np.floor(x)).any() or n.max() < 2:
        raise MethodError(
            "historical counts are impossible or too few",
            given=f"{list(affected)} of {list(examined)}",
            allowed="at least two studies, whole numbers from 0 to those examined",
            next_step="count the animals examined for this tissue in each study",
        )
    remark = ""
    if x.sum() in (0.0, n.sum()):
        who = "no animal was" if x.sum() == 0 else "every animal was"
        remark = f"{who} affected: half an animal is added or taken off"
        x = x + np.eye(1, len(x))[0] * (0.5 if x.sum() == 0 else -0.5)
    rho = _correlation(x, n)
    if rho < 0:
        remark = "; ".join([part for part in (remark, "studies differ less than by chance: correlation taken as 0") if part])  # fmt: skip
    found = beta_binomial_prediction(
        rate=float(x.sum() / n.sum()), correlation=max(rho, 0.0), sizes=[int(one) for one in n], new_size=new_size,
        confidence=confidence, mean_variance=mean_variance,
    )  # fmt: skip
    rates = [a / b for a, b in zip(affected, examined, strict=True)]
    return replace(found, smallest=min(rates), largest=max(rates), remark=remark)


def _correlation(x: Vector, n: Vector) -> float:
    studies, total = len(n), n.sum()
    between = float((x**2 / n).sum() - x.sum() ** 2 / total) / (studies - 1)
    within = float(x.sum() - (x**2 / n).sum()) / float((n - 1).sum())
    size = float(total**2 - (n**2).sum()) / ((studies - 1) * total)
    below = between + (size - 1) * within
    return float((between - within) / below) if below > 0 else 0.0


@method(
    "preclinical.historical_counts",
    version="1.0",
    title="Historical control counts with prediction interval",
    source=f"{SOURCE}; McCullagh P, Nelder JA, Generalized Linear Models, 2nd ed. 1989, 6.2",
)
def historical_counts(
    *,
    counts: Sequence[int],
    units: Sequence[float],
    new_units: float,
    confidence: float = 0.95,
    rate: float | None = None,
    factor: float | None = None,
) -> PredictionInterval:
    """Return the interval of a further count, such as revertants on the plates of a control.

    Args:
        counts: by study, of all plates (or cells) together; may be empty where rate and factor are given.
        units: plates of each study.
        new_units: plates of the further control.
        confidence: of the interval.
        rate: counts a plate; None for the historical mean.
        factor: of the Poisson variance; None for Pearson's estimate, 1 where it is smaller.

    Raises:
        MethodError: fewer than two studies and no factor, counts below 0 or not whole, units that are not greater than 0.

    Source: Menssen and Schaarschmidt (2022), quasi-Poisson, uncalibrated; as `qp_pi` of the package predint.

    >>> found = historical_counts(counts=[], units=[1, 2, 3, 4, 5, 6, 7, 8, 9], new_units=3, rate=3, factor=3)
    >>> round(found.standard_error, 4), round(found.upper, 3)
    (5.3666, 19.518)
    """
    size = finite_numbers("units", units)
    for one in size:
        positive("units", float(one))
    x = np.asarray(counts, dtype=float)
    given = rate is not None and factor is not None
    if (not given or x.size) and (
        len(x) != len(size) or not np.isfinite(x).all() or (x < 0).any() or (x != np.floor(x)).any() or len(x) < 2
    ):
        raise MethodError(
            "historical counts are impossible or too few",
            given=f"{list(counts)[:8]} on {len(size)} sets of units",
            allowed="whole numbers, 0 or more, of at least two studies, one for each entry of units",
            next_step="give the count of each study, or rate and factor",
        )
    mean = positive("rate", float(x.sum() / size.sum()) if rate is None else rate)
    spread = factor if factor is not None else float(((x - mean * size) ** 2 / (mean * size)).sum()) / (len(x) - 1)
    remark = "studies differ less than by chance: factor taken as 1" if factor is None and spread < 1 else ""
    phi = positive("factor", max(spread, 1.0) if factor is None else spread)
    m = positive("new_units", new_units)
    error = math.sqrt(m * phi * mean + m**2 * phi * mean / float(size.sum()))
    reach = float(stats.norm.isf((1 - share("confidence", confidence)) / 2))
    rates = x / size if x.size else np.array([mean])
    found = _interval(m * mean, error, reach, mean, phi, confidence, size, remark)
    return replace(found, smallest=float(rates.min()), largest=float(rates.max()))


@method(
    "preclinical.historical_values",
    version="1.0",
    title="Historical control measurements with prediction interval",
    source="Menssen M, Schaarschmidt F, Stat Neerl 2022;76:283; Hahn GJ, Meeker WQ, Statistical Intervals, Wiley 1991, 4.7; "
    "Satterthwaite FE, Biometrics 1946;2:110",
)
def historical_values(
    *, values: Sequence[Sequence[float]], new_size: int = 1, confidence: float = 0.95
) -> PredictionInterval:
    """Return the interval of the mean of a further control group, or of one animal.

    Args:
        values: measurements of the control animals of each study, any one unit.
        new_size: animals of the further group; 1 for one animal.
        confidence: of the interval.

    With groups of one size, and a new one as large, the interval is exact: t of the means of the studies.

    Raises:
        MethodError: fewer than three values, a value that is no number, or no variance.

    Source: random effects of studies by analysis of variance, degrees of freedom after Satterthwaite (1946).

    >>> found = historical_values(values=[[9.8, 10.4], [10.9, 11.3], [9.9, 10.1]], new_size=2)
    >>> round(found.expected, 3), round(found.lower, 3), round(found.upper, 3)
    (10.4, 7.378, 13.422)
    """
    samples = [finite_numbers(f"study {i}", one) for i, one in enumerate(values, 1)]
    m, level = whole_number("new_size", new_size, at_least=1), share("confidence", confidence)
    n = np.array([len(one) for one in samples], dtype=float)
    together = np.concatenate(samples) if samples else np.zeros(0)
    if len(together) < 3 or float(together.std()) == 0:
        raise MethodError(
            "historical values say nothing about their spread",
            given=f"{len(together)} values in {len(samples)} studies",
            allowed="at least three values that differ",
            next_step="add studies",
        )
    variance, df, between, remark = _normal(samples, n, m)
    means = [float(one.mean()) for one in samples]
    centre = float(together.mean())
    reach = float(stats.t.isf((1 - level) / 2, df))
    found = _interval(centre, math.sqrt(variance), reach, centre, between, level, n, remark)
    low, high = (min(means), max(means)) if m > 1 else (float(together.min()), float(together.max()))
    return replace(found, lower_shown=found.lower, smallest=low, largest=high)


def _normal(samples: Sequence[Vector], n: Vector, m: int) -> tuple[float, float, float, str]:
    """Return the variance of new minus historical mean, its degrees of freedom, the variance between studies, a remark."""
    together, studies, total = np.concatenate(samples), len(n), float(n.sum())
    pooled = float(together.var(ddof=1)) * (1 / m + 1 / total)
    if studies == 1:
        return pooled, total - 1, 0.0, "one study: what differs between studies is not known"
    centre = together.mean()
    means = np.array([one.mean() for one in samples])
    square_b = float((n * (means - centre) ** 2).sum()) / (studies - 1)
    inside = sum(float(((one - one.mean()) ** 2).sum()) for one in samples)
    if total == studies:
        return pooled, total - 1, 0.0, "one value a study: studies and animals are not told apart"
    square_w = inside / (total - studies)
    size = (total - float((n**2).sum()) / total) / (studies - 1)
    between = (square_b - square_w) / size
    if between <= 0:
        return pooled, total - 1, 0.0, "studies differ less than by chance: variance between them taken as 0"
    # New mean: between + within / m; historical mean: each animal weighs alike.
    weight_b = (1 + float((n**2).sum()) / total**2) / size
    weight_w = 1 / m + 1 / total - weight_b
    variance = weight_b * square_b + weight_w * square_w
    df = variance**2 / ((weight_b * square_b) ** 2 / (studies - 1) + (weight_w * square_w) ** 2 / (total - studies))
    return variance, df, between, ""


def _sizes(sizes: Sequence[int]) -> Vector:
    for one in sizes:
        whole_number("a historical group's size", one, at_least=1)
    return finite_numbers("sizes", [float(one) for one in sizes])


def _interval(
    centre: float, error: float, reach: float, location: float, dispersion: float, confidence: float, n: Vector, remark: str
) -> PredictionInterval:  # fmt: skip
    lower, upper = centre - reach * error, centre + reach * error
    return PredictionInterval(
        centre,
        error,
        lower,
        upper,
        max(0.0, lower),
        location,
        dispersion,
        confidence,
        len(n),
        location,
        location,
        remark,
    )
