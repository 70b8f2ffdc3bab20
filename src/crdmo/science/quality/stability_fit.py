"""Least squares of the four stability models, for many studies at once.

A stack holds studies with the same number of batches, padded with empty rows to the same number of points; an empty
row of zeros changes neither Q nor R. One study is a stack of one, so a single evaluation and a batch of ten thousand
run the same lines of code. Names of models: common or different intercept (ci, di), common or different slope (cs, ds).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]
MODELS = ("dids", "dics", "cids", "cics")
# A residual this small beside the values is the rounding of doubles, not an error of measurement.
_EXACT = 1e-12


@dataclass(frozen=True)
class Stack:
    """Studies side by side: `index`, `time`, `value` and `present` have one row a study, one column a point."""

    batches: int
    index: NDArray[np.intp]
    time: Array
    value: Array
    present: Array

    @property
    def points(self) -> Array:
        """The number of points of each study."""
        return np.asarray(self.present.sum(axis=1))


@dataclass(frozen=True)
class Fit:
    """One model over a stack: per study and batch the line, and its covariance for mean square 1."""

    intercept: Array
    slope: Array
    covariance: tuple[Array, Array, Array]
    residual: Array
    rss: Array
    df: Array

    @property
    def mean_square(self) -> Array:
        """The residual mean square of each study."""
        return self.rss / self.df


def stack(studies: Sequence[tuple[Sequence[int], Array, Array]], batches: int) -> Stack:
    """Lay studies (batch numbers, times, values) side by side, the short ones padded."""
    longest = max(len(index) for index, _, _ in studies)
    index = np.zeros((len(studies), longest), dtype=np.intp)
    time, value, present = (np.zeros((len(studies), longest)) for _ in range(3))
    for row, (numbers, times, values) in enumerate(studies):
        filled = slice(0, len(numbers))
        index[row, filled], time[row, filled], value[row, filled], present[row, filled] = numbers, times, values, 1.0
    return Stack(batches, index, time, value, present)


def design(data: Stack, model: str) -> Array:
    """Return the design of a model: intercept columns, then slope columns."""
    dummies = np.eye(data.batches)[data.index]
    one = np.ones((*data.index.shape, 1))
    left = one if model.startswith("ci") else dummies
    right = (one if model.endswith("cs") else dummies) * data.time[..., None]
    return np.concatenate([left, right], axis=-1) * data.present[..., None]


def places(model: str, batches: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return, for each batch, which coefficient is its intercept and which its slope."""
    own, common = np.arange(batches), np.zeros(batches, dtype=np.intp)
    first = common if model.startswith("ci") else own
    return first, first.max() + 1 + (common if model.endswith("cs") else own)


def fit(data: Stack, model: str) -> Fit:
    """Fit a model to every study of a stack by QR."""
    x = design(data, model)
    q, r = np.linalg.qr(x)
    inverse = np.linalg.inv(r)
    coefficients = (inverse @ (q.mT @ data.value[..., None]))[..., 0]
    residual = data.value - (x @ coefficients[..., None])[..., 0]
    rss = np.einsum("ij,ij->i", residual, residual)
    size = np.abs(data.value).max(axis=1)
    rss = np.where(rss <= (_EXACT * size) ** 2 * data.points, 0.0, rss)
    covariance = inverse @ inverse.mT
    i, j = places(model, data.batches)
    parts = (covariance[:, i, i], covariance[:, i, j], covariance[:, j, j])
    return Fit(coefficients[:, i], coefficients[:, j], parts, residual, rss, data.points - x.shape[-1])


def own_mean_squares(data: Stack, separate: Fit) -> tuple[Array, Array]:
    """Return the residual mean square of each batch about its own line, and its degrees of freedom."""
    dummies = np.eye(data.batches)[data.index] * data.present[..., None]
    df = dummies.sum(axis=1) - 2
    squares = np.einsum("ij,ijk->ik", separate.residual**2, dummies)
    size = np.abs(data.value).max(axis=1, keepdims=True)
    return np.where(squares <= (_EXACT * size) ** 2 * (df + 2), 0.0, squares) / df, df


def p_of(reduced: Fit, fuller: Fit, full: Fit, terms: int) -> Array:
    """Return the p of the extra sum of squares of `fuller` over `reduced`, F on the mean square of the full model.

    Where the points lie on their lines exactly there is no error: equal models have p = 1, different ones p = 0.
    """
    extra = np.maximum(reduced.rss - fuller.rss, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        f = extra / terms / full.mean_square
        tested = special.fdtrc(terms, full.df, f)
    return np.where(full.rss > 0, tested, np.where(extra > 0, 0.0, 1.0))


def t_quantile(confidence: float, sides: int, df: Array) -> Array:
    """Return Student's t of a one- or two-sided bound."""
    return np.asarray(special.stdtrit(df, confidence if sides == 1 else (1 + confidence) / 2))
