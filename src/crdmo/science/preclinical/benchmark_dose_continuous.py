"""Benchmark dose of a measured quantity from group means: EPA's continuous models, their limits, tests and recommendation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from scipy import stats

from crdmo.science.checks import positive
from crdmo.science.method import MethodError, method
from crdmo.science.preclinical.benchmark_climb import Array, climb
from crdmo.science.preclinical.benchmark_rules import Goodness, ModelFit, counted, recommend, told
from crdmo.science.preclinical.continuous_fit import MOST_RHO, Groups, Means, Measure, Response, fit
from crdmo.science.preclinical.continuous_models import SHAPES, Shape

_SOURCE = (
    "US EPA (2012) Benchmark Dose Technical Guidance, EPA/100/R-12/001; US EPA BMDS 3 user guide (continuous models, tests of "
    "means and variances, default rules); Crump KS (1995) Risk Anal 15:79-89 (response in standard deviations of the control); "
    "Slob W (2002) Toxicol Sci 66:298-312 (exponential models)"
)
Direction = Literal["up", "down", "by the data"]
Variance = Literal["constant", "modelled", "by the test"]


@dataclass(frozen=True)
class VarianceTests:
    """Likelihoods without a dose-response model, and what they say.

    `p_dose`: means and variances of all groups are one. `p_constant`: the variances are one. `p_modelled`: the variance
    follows σ² (|μ|/|a|)^ρ. Each is a likelihood-ratio test; None where it has no degrees of freedom.
    """

    log_likelihood_constant: float
    log_likelihood_free: float
    log_likelihood_modelled: float
    p_dose: float
    p_constant: float
    p_modelled: float | None


@dataclass(frozen=True)
class ContinuousBenchmarkDose:
    """All fits, and the model that the rules recommend, with the reason; None where no model is viable."""

    fits: tuple[ModelFit, ...]
    recommended: str | None
    reason: str
    benchmark_response: float
    measure: str
    direction: str
    variance: str
    tests: VarianceTests
    confidence: float

    def fit(self, model: str) -> ModelFit:
        """Return the fit of a model by its name."""
        return next(one for one in self.fits if one.model == model)


def _refuse(what: str, given: str, allowed: str, next_step: str = "correct the table") -> MethodError:
    return MethodError(what, given=given, allowed=allowed, next_step=next_step)


def _read(
    doses: Sequence[float], subjects: Sequence[int], means: Sequence[float], standard_deviations: Sequence[float]
) -> Groups:
    if not len(doses) == len(subjects) == len(means) == len(standard_deviations):
        raise _refuse(
            "each dose group has one number of animals, one mean and one standard deviation",
            f"{len(doses)} doses, {len(subjects)}, {len(means)} and {len(standard_deviations)} numbers",
            "lists of one length",
        )
    table = np.array([doses, subjects, means, standard_deviations], dtype=float)
    if not np.all(np.isfinite(table)) or np.any(table[0] < 0):
        raise _refuse(
            "a value is missing, or a dose is below 0", str(table.T.tolist()), "finite numbers, doses of 0 or more"
        )
    if np.any(table[1] < 2) or np.any(table[1] % 1):
        raise _refuse("a standard deviation needs two animals", str(table[1].tolist()), "whole numbers of 2 or more")
    if np.any(table[3] <= 0):
        raise _refuse(
            "a group does not vary",
            str(table[3].tolist()),
            "standard deviations above 0",
            "give more digits, or leave it out",
        )
    if len(set(table[0].tolist())) != table.shape[1] or table.shape[1] < 3 or np.sum(table[0] > 0) < 2:
        raise _refuse(
            "the doses are too few, or one is there twice",
            str(table[0].tolist()),
            "three or more different doses, two of them above 0",
            "join groups of one dose before",
        )
    table = table[:, np.argsort(table[0])]
    if table[2, 0] == 0.0:
        raise _refuse(
            "the control's mean is 0", "0", "a mean that is not 0", "give the quantity, not its change from the control"
        )
    return Groups(*table)


@dataclass(frozen=True)
class _FreeMeans:
    """Means of groups as they please, variance modelled: what a model's fit is compared with."""

    data: Groups

    @cached_property
    def _room(self) -> float:
        return float(10.0 * (np.ptp(self.data.mean) + self.data.sd.max()))

    @property
    def low(self) -> Array:
        """Lower bounds of (means, ln σ, ρ)."""
        return np.array([*(self.data.mean - self._room), np.log(self.data.sd.min()) - 6.0, -MOST_RHO])

    @property
    def high(self) -> Array:
        """Upper bounds of (means, ln σ, ρ)."""
        return np.array([*(self.data.mean + self._room), np.log(self.data.sd.max()) + 6.0, MOST_RHO])

    @property
    def shapes(self) -> tuple[tuple[float, ...], ...]:
        """There is nothing to start from but the data."""
        return ((),)

    def predict(self, theta: Array) -> Array:
        """Return means and ln σ."""
        mean = theta[:, :-2]
        ratio = np.log(np.maximum(np.abs(mean), 1e-300)) - np.log(np.maximum(np.abs(mean[:, :1]), 1e-300))
        return np.concatenate([mean, theta[:, -2:-1] + 0.5 * theta[:, -1:] * ratio], axis=1)

    def value(self, predicted: Array) -> Array:
        """Return the log-likelihood."""
        return self._as_means.value(predicted)

    def pull(self, predicted: Array) -> tuple[Array, Array]:
        """Return score and curvature."""
        return self._as_means.pull(predicted)

    @cached_property
    def _as_means(self) -> Means:
        return Means(SHAPES[0], self.data, Response(1.0, "relative", 1.0), constant=False)


def _tests(data: Groups) -> VarianceTests:
    n, total, m = data.subjects, float(np.sum(data.subjects)), data.dose.size
    own = (n - 1.0) * data.sd**2 / n
    pooled = float(np.sum(n * own) / total)
    mean = float(np.sum(n * data.mean) / total)
    common = float(np.sum(n * own + n * (data.mean - mean) ** 2) / total)

    def height(variance: Array | float) -> float:
        return float(np.sum(-0.5 * n * (np.log(2.0 * np.pi * variance) + 1.0)))

    constant, free, reduced = height(pooled), height(own), height(common)
    starts = np.array([[*data.mean, 0.5 * np.log(pooled), rho] for rho in (-1.0, 0.0, 1.0, 2.0)])
    modelled = float(climb(_FreeMeans(data), starts, np.ones(m + 2, dtype=bool))[1].max())
    return VarianceTests(
        constant,
        free,
        modelled,
        float(stats.chi2.sf(2.0 * (free - reduced), 2 * (m - 1))),
        float(stats.chi2.sf(2.0 * (free - constant), m - 1)),
        float(stats.chi2.sf(max(0.0, 2.0 * (free - modelled)), m - 2)) if m > 2 else None,
    )


@method(
    "preclinical.benchmark_dose_continuous",
    version="1.0",
    source=_SOURCE,
    title="Benchmark dose of a measured quantity",
    tolerance=1e-6,
)
def benchmark_dose_continuous(
    *,
    doses: Sequence[float],
    subjects: Sequence[int],
    means: Sequence[float],
    standard_deviations: Sequence[float],
    benchmark_response: float = 1.0,
    measure: Measure = "standard deviation",
    direction: Direction = "by the data",
    variance: Variance = "by the test",
    confidence: float = 0.95,
) -> ContinuousBenchmarkDose:
    """Fit all continuous models to group means and recommend one.

    Parameters: `doses` in one unit; `subjects`, `means` and `standard_deviations` (n − 1) of each group, in the unit of the
    quantity; `benchmark_response` in standard deviations of the control, or as a share of its mean (`measure`); `direction`
    that is adverse, or the sign of the slope over the doses; `variance` constant, modelled as a power of the mean, or the
    latter where the test of equal variances gives p < 0.05; `confidence`, one-sided, of the limits. Raises `MethodError` for a
    torn table, groups that do not vary, or fewer than three doses.

    >>> found = benchmark_dose_continuous(
    ...     doses=[0, 10, 50, 150, 400], subjects=[111, 142, 143, 93, 42], means=[2.112, 2.095, 1.956, 1.587, 1.254],
    ...     standard_deviations=[0.235, 0.209, 0.231, 0.263, 0.159],
    ... )
    >>> found.variance, round(found.fit("Linear").bmd, 4), round(found.fit("Linear").aic, 3)
    ('modelled', 99.9419, -12.348)
    """
    data = _read(doses, subjects, means, standard_deviations)
    positive("benchmark_response", benchmark_response)
    if not 0.5 < confidence < 1.0:
        raise _refuse("the confidence of a limit", f"{confidence:g}", "above 0.5 and below 1", "0.95 is usual")
    slope = float(np.polyfit(data.dose, data.mean, 1, w=np.sqrt(data.subjects))[0])
    sign = {"up": 1.0, "down": -1.0}.get(direction, 1.0 if slope >= 0 else -1.0)
    if measure == "relative" and sign < 0 and benchmark_response >= 1.0:
        raise _refuse("a mean cannot fall by all of itself", f"{benchmark_response:g}", "a share below 1")
    tests = _tests(data)
    constant = variance == "constant" or (variance == "by the test" and tests.p_constant >= 0.05)
    used = [shape for shape in SHAPES if shape.stages <= max(1, data.dose.size - 2)]
    response = Response(benchmark_response, measure, sign)
    fits = tuple(_fit(shape, data, response, constant, tests, confidence) for shape in used)
    recommended, reason = recommend(fits)
    return ContinuousBenchmarkDose(
        fits,
        recommended,
        reason,
        benchmark_response,
        measure,
        "up" if sign > 0 else "down",
        "constant" if constant else "modelled",
        tests,
        confidence,
    )


def _fit(
    shape: Shape, data: Groups, response: Response, constant: bool, tests: VarianceTests, confidence: float
) -> ModelFit:
    surface = Means(shape, data, response, constant)
    found = fit(surface, confidence)
    delta = float(surface.delta(found.theta[None])[0])
    natural = shape.natural(found.theta, delta)
    natural["ln sigma"] = (float(found.theta[2]), False)
    if not constant:
        natural["rho"] = (float(found.theta[3]), abs(float(found.theta[3])) >= MOST_RHO - 1e-6)
    predicted = surface.predict(found.theta[None])[0]
    m = data.dose.size
    residual = (data.mean - predicted[:m]) / (np.exp(predicted[m:]) / np.sqrt(data.subjects))
    full, parameters = (tests.log_likelihood_constant, m + 1) if constant else (tests.log_likelihood_modelled, m + 2)
    goodness = Goodness(max(0.0, 2.0 * (full - found.log_likelihood)), parameters - counted(natural), residual)
    return told(shape.name, surface, found, natural, data.dose, predicted[:m], goodness)


__all__ = ["ContinuousBenchmarkDose", "VarianceTests", "benchmark_dose_continuous"]
