"""Precision of a method: variance components of a nested design, and the precision a result will really have.

A relative standard deviation over all results hides where the variation comes from. Nested analysis of
variance splits it into site, day, run and repeatability, so that a replication strategy can be chosen. Each
concentration is a study of its own: pooling samples would count the distance between them as imprecision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, stats

from crdmo.science.checks import Vector, finite_numbers, same_length, share
from crdmo.science.method import MethodError, method
from crdmo.science.quality.mean_square_intervals import chi_square_interval, modified_large_sample_interval
from crdmo.science.quality.nested_anova import MeanSquareRow, nested_anova, nested_cells

_SOURCE = (
    "Searle SR, Casella G, McCulloch CE (1992) Variance Components, Wiley, ch. 3 and 5 (ANOVA type 1, "
    "unbalanced nested); Satterthwaite FE (1946) Biometrics Bulletin 2:110-114; Ting N et al. (1990) J Stat Comput "
    "Simul 35:135-143 (intervals); CLSI EP05-A3 (2014)"
)


@dataclass(frozen=True)
class Interval:
    """A two-sided confidence interval."""

    lower: float
    upper: float


@dataclass(frozen=True)
class Component:
    """One variance component, or a sum of them: variance in squared unit of the result, SD in its unit.

    `estimate` is what the mean squares gave and may be negative; `variance` is the reported one, never below
    0.
    """

    name: str
    estimate: float
    variance: float
    standard_deviation: float
    cv_percent: float | None
    percent_of_total: float
    degrees_of_freedom: float | None
    variance_interval: Interval | None
    standard_deviation_interval: Interval | None


@dataclass(frozen=True)
class VarianceComponents:
    """The variance components of one sample.

    `components` from the outermost factor to the error; `precision` are the sums from the error outwards:
    repeatability first, then with each wider condition added, the last being the total.
    """

    sample: str | None
    n: int
    mean: float
    balanced: bool
    anova: tuple[MeanSquareRow, ...]
    components: tuple[Component, ...]
    precision: tuple[Component, ...]
    total: Component
    confidence: float
    reasons: tuple[str, ...]


@method(
    "quality.variance_components",
    version="1.0",
    source=_SOURCE,
    title="Variance components of a nested precision study",
)
def variance_components(
    *,
    values: Sequence[float],
    factor_names: Sequence[str],
    factor_levels: Sequence[Sequence[str]],
    samples: Sequence[str] | None = None,
    confidence: float = 0.95,
    pooling_of_samples_stated: bool = False,
) -> VarianceComponents:
    """Split the variance of `values` into the nested factors and the error (ANOVA type 1, balanced or not).

    Parameters: `values`, one per observation, any one unit; `factor_names` from the outermost inwards, e.g.
    day, run; `factor_levels`, for each factor one label per observation (a label is read within its outer
    factors, so run 1 of day 1 is not run 1 of day 2); `samples`, the concentration that each observation
    belongs to; `confidence` of the intervals.

    Returns the table, each component and the cumulated precision. Raises `MethodError` when several samples
    are mixed (unless the protocol states the pooling), when a factor has no freedom, or when nothing is
    replicated.

    Source: Searle, Casella and McCulloch 1992; negative estimates are reported 0 and not part of the total.

    >>> runs = variance_components(
    ...     values=[1, 5, 2, 4, 3, 3], factor_names=["run"], factor_levels=[list("aabbcc")])
    >>> round(runs.components[0].estimate, 3), runs.components[0].variance
    (-1.667, 0.0)
    """
    y = finite_numbers("values", values, at_least=3)
    share("confidence", confidence)
    sample = _one_sample(y, samples, pooling_of_samples_stated)
    cells = nested_cells(y, factor_names, factor_levels)
    names = (*factor_names, "error")
    rows = nested_anova(y, names, cells)
    mean = float(np.mean(y))
    fit = _Fit.of(rows, mean, confidence)
    components = tuple(fit.component(name, [i]) for i, name in enumerate(names))
    precision = tuple(fit.component(_condition(names, i), range(i, len(names))) for i in reversed(range(len(names))))
    balanced = all(np.unique(np.bincount(cell)).size == 1 for cell in cells)
    return VarianceComponents(
        sample=sample,
        n=y.size,
        mean=mean,
        balanced=balanced,
        anova=rows,
        components=components,
        precision=precision,
        total=precision[-1],
        confidence=confidence,
        reasons=_reasons(components, balanced, pooling_of_samples_stated, mean),
    )


@method(
    "quality.precision_by_sample",
    version="1.0",
    source=_SOURCE,
    title="Variance components of each sample by itself",
)
def precision_by_sample(
    *,
    values: Sequence[float],
    factor_names: Sequence[str],
    factor_levels: Sequence[Sequence[str]],
    samples: Sequence[str],
    confidence: float = 0.95,
) -> tuple[VarianceComponents, ...]:
    """Return `variance_components` for each sample, in the order in which the samples first appear.

    Parameters, errors and source as in `variance_components`.
    """
    y = finite_numbers("values", values, at_least=3)
    same_length("values", y, "samples", samples)
    for levels in factor_levels:
        same_length("values", y, "factor levels", levels)
    return tuple(
        variance_components(
            values=[float(v) for v, s in zip(y, samples, strict=True) if s == sample],
            factor_names=factor_names,
            factor_levels=[[x for x, s in zip(f, samples, strict=True) if s == sample] for f in factor_levels],
            samples=[s for s in samples if s == sample],
            confidence=confidence,
        )
        for sample in dict.fromkeys(samples)
    )


def _one_sample(y: Vector, samples: Sequence[str] | None, pooling_stated: bool) -> str | None:
    if samples is None:
        return None
    same_length("values", y, "samples", samples)
    distinct = list(dict.fromkeys(samples))
    if len(distinct) > 1 and not pooling_stated:
        raise MethodError(
            "several samples are mixed in one precision study",
            given=", ".join(distinct),
            allowed="one sample, or a protocol that states the pooling",
            next_step="analyse each sample by itself (precision_by_sample), or set pooling_of_samples_stated",
        )
    return " + ".join(distinct)


@dataclass(frozen=True)
class _Fit:
    """The solved mean-square equations: row i of `weights` turns mean squares into component i."""

    weights: NDArray[np.float64]
    mean_squares: Vector
    df: Vector
    estimates: Vector
    mean: float
    confidence: float

    @classmethod
    def of(cls, rows: Sequence[MeanSquareRow], mean: float, confidence: float) -> _Fit:
        expected = np.array([row.expected for row in rows])
        ms = np.array([row.mean_square for row in rows])
        weights = linalg.solve_triangular(expected, np.eye(len(rows)))
        df = np.array([float(row.degrees_of_freedom) for row in rows])
        return cls(weights, ms, df, weights @ ms, mean, confidence)

    def component(self, name: str, members: Sequence[int]) -> Component:
        """Return the sum of the components `members`, negative ones left out."""
        kept = [i for i in members if self.estimates[i] > 0.0]
        variance = float(np.sum(self.estimates[kept]))
        total = float(np.sum(self.estimates[self.estimates > 0.0]))
        estimate = float(np.sum(self.estimates[list(members)]))
        df = self._satterthwaite(kept)
        interval = self._interval(kept or list(members), variance, df)
        sd = float(np.sqrt(variance))
        return Component(
            name=name,
            estimate=estimate,
            variance=variance,
            standard_deviation=sd,
            cv_percent=100.0 * sd / self.mean if self.mean > 0.0 else None,
            percent_of_total=100.0 * variance / total if total > 0.0 else 0.0,
            degrees_of_freedom=df,
            variance_interval=interval,
            standard_deviation_interval=_root(interval),
        )

    def _satterthwaite(self, kept: Sequence[int]) -> float | None:
        parts = self.weights[list(kept)].sum(axis=0) * self.mean_squares if kept else np.zeros(1)
        spread = float(np.sum(parts**2 / self.df)) if kept else 0.0
        return float(np.sum(parts)) ** 2 / spread if spread > 0.0 else None

    def _interval(self, kept: Sequence[int], variance: float, df: float | None) -> Interval | None:
        """Return χ² with Satterthwaite's df for sums of mean squares, else the modified large-sample interval."""
        if not np.any(self.mean_squares > 0.0):
            return None
        coefficients = self.weights[list(kept)].sum(axis=0)
        coefficients[np.abs(coefficients) < 1e-12 * np.max(np.abs(coefficients))] = 0.0
        if np.all(coefficients >= 0.0) and df is not None:
            lower, upper = chi_square_interval(variance, df, self.confidence)
        else:
            lower, upper = modified_large_sample_interval(coefficients, self.mean_squares, self.df, self.confidence)
        return Interval(max(lower, 0.0), max(upper, 0.0))


def _root(interval: Interval | None) -> Interval | None:
    return None if interval is None else Interval(float(np.sqrt(interval.lower)), float(np.sqrt(interval.upper)))


def _condition(names: Sequence[str], outermost: int) -> str:
    if outermost == len(names) - 1:
        return "repeatability"
    return "total" if outermost == 0 else f"within {names[outermost - 1]}"


def _reasons(components: Sequence[Component], balanced: bool, pooled: bool, mean: float) -> tuple[str, ...]:
    said = ["the design is balanced" if balanced else "the design is not balanced: type-1 sums of squares are used"]
    said += [
        f"{c.name}: the estimate {c.estimate:.4g} is negative, reported as 0 and not part of the total"
        for c in components
        if c.estimate < 0.0
    ]
    if pooled:
        said.append("samples are pooled because the protocol states it")
    if mean <= 0.0:
        said.append("the mean is not greater than 0: no coefficient of variation")
    return tuple(said)


def upper_limit_of_sd(component: Component, confidence: float = 0.95) -> float | None:
    """Return the one-sided upper confidence limit of an SD, to hold against a criterion (ICH Q2(R2) 2023)."""
    share("confidence", confidence)
    if component.degrees_of_freedom is None:
        return None
    nu = component.degrees_of_freedom
    return float(component.standard_deviation * np.sqrt(nu / stats.chi2.ppf(1.0 - confidence, nu)))
