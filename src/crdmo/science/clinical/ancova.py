"""Analysis of covariance: arms compared at equal covariates, as least-squares means, their differences and a type III test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from crdmo.science.checks import Vector, finite_numbers, same_length, share
from crdmo.science.method import MethodError, method

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class LeastSquaresMean:
    """The mean of an arm at the mean of every covariate and evenly over the levels of every factor."""

    arm: str
    subjects: int
    raw_mean: float
    estimate: float
    standard_error: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Difference:
    """Arm minus reference, adjusted; the p-value is two-sided and not adjusted for multiplicity."""

    arm: str
    reference: str
    estimate: float
    standard_error: float
    lower: float
    upper: float
    t: float
    p_value: float


@dataclass(frozen=True)
class EffectTest:
    """Whether a term of the model explains anything beyond all others (type III)."""

    term: str
    degrees_of_freedom: int
    f: float
    p_value: float


@dataclass(frozen=True)
class Ancova:
    """An analysis of covariance; `residual_df` and `root_mean_square` belong to its error."""

    means: tuple[LeastSquaresMean, ...]
    differences: tuple[Difference, ...]
    tests: tuple[EffectTest, ...]
    residual_df: int
    root_mean_square: float
    confidence: float


@method(
    "clinical.ancova",
    version="1.0",
    source="Searle SR, Linear Models for Unbalanced Data, Wiley 1987, ch. 6; Searle, Speed, Milliken, Am Stat 1980;34:216",
    title="Analysis of covariance with least-squares means",
)
def ancova(
    *,
    response: Sequence[float],
    arm: Sequence[str],
    covariates: Mapping[str, Sequence[float]] | None = None,
    factors: Mapping[str, Sequence[str]] | None = None,
    reference: str,
    confidence: float = 0.95,
) -> Ancova:
    """Return adjusted means of all arms and every pairwise difference; those against the reference come first.

    Args:
        response: what is compared, e.g. change from baseline, in any one unit.
        arm: of each subject.
        covariates: numbers known before treatment, such as the baseline, one for each subject.
        factors: classes known before treatment, such as site or stratum.
        reference: the control arm; a difference is arm minus reference.
        confidence: of each interval.

    Raises:
        MethodError: lengths differ, a value is no number, there is one arm, a term is confounded with others, or no
            degree of freedom is left for the error.

    Source: Searle (1987), chapter 6; least-squares means as in Searle, Speed and Milliken (1980), also called
        population marginal means: covariates at their mean over all subjects, levels of factors weighted equally.
    """
    y = finite_numbers("response", response, at_least=3)
    same_length("response", y, "arm", arm)
    level = share("confidence", confidence)
    numbers, classes = dict(covariates or {}), dict(factors or {})
    arms = _arms(arm, reference)
    _check_terms(y, numbers, classes)
    terms = _terms(arm, arms, numbers, classes)
    design = np.column_stack([np.ones(y.size), *(columns for _, columns in terms)])
    _check_rank(design, terms, y.size)
    fit = _Fit.of(design, y, level)
    held = [columns.mean(axis=0) if name in numbers else np.zeros(columns.shape[1]) for name, columns in terms]
    grid = np.concatenate([[1.0], *held])
    rows = {name: _at(grid, arms, name) for name in arms}
    means = tuple(_mean(fit, name, rows[name], y[np.asarray(arm) == name]) for name in arms)
    against = [(name, arms[0]) for name in arms[1:]] + [(b, a) for a, b in combinations(arms[1:], 2)]
    differences = tuple(_difference(fit, one, other, rows[one] - rows[other]) for one, other in against)
    return Ancova(means, differences, _tests(fit, terms), fit.df, float(np.sqrt(fit.variance)), level)


def _arms(arm: Sequence[str], reference: str) -> list[str]:
    names = sorted(set(arm))
    if reference not in names:
        raise MethodError("the reference is no arm of these subjects", given=reference, allowed=", ".join(names))
    if len(names) < 2:
        raise MethodError("there is nothing to compare", given="one arm", allowed="at least two")
    return [reference, *(name for name in names if name != reference)]


def _check_terms(y: Vector, numbers: Mapping[str, Sequence[float]], classes: Mapping[str, Sequence[str]]) -> None:
    if twice := {"arm"} & (numbers.keys() | classes.keys()) or numbers.keys() & classes.keys():
        raise MethodError("two terms have the same name", given=", ".join(sorted(twice)), allowed="names of their own")
    for name, values in numbers.items():
        same_length("response", y, name, finite_numbers(name, values))
    for name, levels in classes.items():
        same_length("response", y, name, levels)


def _terms(
    arm: Sequence[str],
    arms: Sequence[str],
    numbers: Mapping[str, Sequence[float]],
    classes: Mapping[str, Sequence[str]],
) -> list[tuple[str, Matrix]]:
    """Return the columns of each term: deviations from the mean over levels, so that a level's effects sum to zero.

    With sum-to-zero coding the test that the coefficients of a term are zero is the type III test, and the mean over
    levels is where all of them are zero.
    """
    found = [("arm", _deviations(arm, arms))]
    found += [(name, np.asarray(values, dtype=float)[:, None]) for name, values in numbers.items()]
    for name, values in classes.items():
        levels = sorted(set(values))
        # A factor with one level says nothing and is left out.
        if len(levels) > 1:
            found.append((name, _deviations(values, levels)))
    return found


def _deviations(values: Sequence[str], levels: Sequence[str]) -> Matrix:
    place = {name: i for i, name in enumerate(levels)}
    coding = np.vstack([np.eye(len(levels) - 1), -np.ones(len(levels) - 1)])
    return np.asarray(coding[[place[value] for value in values]])


def _check_rank(design: Matrix, terms: Sequence[tuple[str, Matrix]], size: int) -> None:
    width = design.shape[1]
    # Columns on one scale, so that a covariate in large numbers hides no dependence.
    scaled = design / np.maximum(np.abs(design).max(axis=0), 1e-300)
    if np.linalg.matrix_rank(scaled) < width:
        raise MethodError(
            "a term is confounded with the others",
            given=", ".join(name for name, _ in terms),
            allowed="terms that vary within each other's levels",
            next_step="leave out a covariate that is constant, or a factor that follows from the others",
        )
    if size <= width:
        raise MethodError(
            "no degree of freedom is left for the error", given=f"{size} subjects, {width} coefficients",
            allowed=f"at least {width + 1} subjects", next_step="leave terms out",
        )  # fmt: skip


@dataclass(frozen=True)
class _Fit:
    """Coefficients, the inverse of X'X, the error's variance and degrees of freedom, and the t quantile in use."""

    coefficients: Vector
    inverse: Matrix
    variance: float
    df: int
    quantile: float

    @classmethod
    def of(cls, design: Matrix, y: Vector, level: float) -> _Fit:
        q, r = np.linalg.qr(design)
        coefficients = np.linalg.solve(r, q.T @ y)
        back = np.linalg.solve(r, np.eye(r.shape[0]))
        df = y.size - design.shape[1]
        rest = y - design @ coefficients
        variance = float(rest @ rest) / df
        if variance <= 1e-24 * max(float(np.var(y)), 1e-300):
            raise MethodError(
                "the model leaves no error to test against", given="residuals of zero",
                allowed="responses that vary beyond the terms", next_step="look for a response copied from a covariate",
            )  # fmt: skip
        return cls(coefficients, back @ back.T, variance, df, float(stats.t.ppf(0.5 + level / 2, df)))

    def combination(self, row: Vector) -> tuple[float, float]:
        return float(row @ self.coefficients), float(np.sqrt(self.variance * (row @ self.inverse @ row)))


def _at(grid: Vector, arms: Sequence[str], name: str) -> Vector:
    row = grid.copy()
    row[1 : len(arms)] = _deviations([name], arms)[0]
    return row


def _mean(fit: _Fit, name: str, row: Vector, raw: Vector) -> LeastSquaresMean:
    estimate, error = fit.combination(row)
    half = fit.quantile * error
    return LeastSquaresMean(name, raw.size, float(raw.mean()), estimate, error, estimate - half, estimate + half)


def _difference(fit: _Fit, one: str, other: str, row: Vector) -> Difference:
    estimate, error = fit.combination(row)
    half, t = fit.quantile * error, estimate / error
    return Difference(one, other, estimate, error, estimate - half, estimate + half, t, float(2 * stats.t.sf(abs(t), fit.df)))  # fmt: skip


def _tests(fit: _Fit, terms: Sequence[tuple[str, Any]]) -> tuple[EffectTest, ...]:
    found, start = [], 1
    for name, columns in terms:
        end = start + columns.shape[1]
        part = fit.coefficients[start:end]
        f = float(part @ np.linalg.solve(fit.inverse[start:end, start:end], part)) / (part.size * fit.variance)
        found.append(EffectTest(name, part.size, f, float(stats.f.sf(f, part.size, fit.df))))
        start = end
    return tuple(found)
