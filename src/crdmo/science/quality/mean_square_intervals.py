"""Confidence intervals for sums and differences of mean squares.

A variance component is a difference of mean squares, so no exact interval exists. The modified large-sample
interval keeps its stated coverage at the few degrees of freedom that a precision study has, where a normal
approximation does not.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from crdmo.science.checks import Vector


def chi_square_interval(variance: float, df: float, confidence: float) -> tuple[float, float]:
    """Return the interval of a variance with `df` degrees of freedom (exact for one mean square)."""
    tail = (1.0 - confidence) / 2.0
    return (
        float(df * variance / stats.chi2.isf(tail, df)),
        float(df * variance / stats.chi2.ppf(tail, df)),
    )


def modified_large_sample_interval(
    coefficients: Vector, mean_squares: Vector, df: Vector, confidence: float
) -> tuple[float, float]:
    """Return the interval of Σ c·MS whose coefficients have both signs.

    Source: Ting N, Burdick RK, Graybill FA, Jeyaratnam S, Lu TFC (1990) J Stat Comput Simul 35:135-143, with
    the terms for pairs of unlike sign; Burdick RK, Graybill FA (1992) Confidence Intervals on Variance
    Components, ch. 3.
    """
    tail = (1.0 - confidence) / 2.0
    estimate = float(coefficients @ mean_squares)
    positive, negative = coefficients > 0.0, coefficients < 0.0
    plus, minus = (
        coefficients[positive] * mean_squares[positive],
        -coefficients[negative] * mean_squares[negative],
    )
    below = _squared_reach(plus, df[positive], minus, df[negative], tail)
    above = _squared_reach(minus, df[negative], plus, df[positive], tail)
    return estimate - float(np.sqrt(below)), estimate + float(np.sqrt(above))


def _squared_reach(gain: Vector, gain_df: Vector, loss: Vector, loss_df: Vector, tail: float) -> float:
    """Return the squared distance from Σ gain − Σ loss down to its lower limit.

    The upper limit of a sum is minus the lower limit of its negative, so one function serves both.
    """
    g = 1.0 - gain_df / stats.chi2.isf(tail, gain_df)
    h = loss_df / stats.chi2.ppf(tail, loss_df) - 1.0
    f = stats.f.isf(tail, gain_df[:, None], loss_df[None, :])
    cross = ((f - 1.0) ** 2 - (g[:, None] * f) ** 2 - h[None, :] ** 2) / f
    total = np.sum((g * gain) ** 2) + np.sum((h * loss) ** 2) + np.sum(cross * gain[:, None] * loss[None, :])
    return max(float(total), 0.0)
