"""The constants of Shewhart charts, computed rather than read from a table, for any subgroup size."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import special


@lru_cache(maxsize=64)
def d2(n: int) -> float:
    """Return the mean range of n standard normal values (Tippett 1925): 1.128 for two."""
    nodes, weights = np.polynomial.legendre.leggauss(160)
    below = special.ndtr(9.0 * nodes)
    return 9.0 * float(weights @ (1.0 - (1.0 - below) ** n - below**n))


@lru_cache(maxsize=64)
def d3(n: int) -> float:
    """Return the standard deviation of that range, from E(R²) = 2 ∬ P(min < x, max > y) over x < y."""
    nodes, weights = np.polynomial.legendre.leggauss(160)
    x, gap = 9.0 * nodes, 9.0 * (nodes + 1.0)
    low = special.ndtr(x)[:, None]
    high = special.ndtr(x[:, None] + gap[None, :])
    both = 1.0 - (1.0 - low) ** n - high**n + (high - low) ** n
    second = 2.0 * 81.0 * float(weights @ both @ weights)
    return float(np.sqrt(second - d2(n) ** 2))


@lru_cache(maxsize=64)
def c4(n: int) -> float:
    """Return the mean of the standard deviation of n standard normal values."""
    return float(np.sqrt(2.0 / (n - 1)) * np.exp(special.gammaln(n / 2.0) - special.gammaln((n - 1) / 2.0)))


def moving_range_df(ranges: int) -> float:
    """Return the degrees of freedom that σ from the mean of `ranges` moving ranges of two is worth.

    Adjacent ranges share a value: with differences correlated −1/2, cov |a||b| = (4/π)(√3/2 + π/12) − 4/π,
    and a variance estimated with ν degrees of freedom has a relative standard error of 1/√(2ν).
    """
    covariance = 4.0 / np.pi * (np.sqrt(0.75) + np.pi / 12.0 - 1.0)
    variance = (ranges * (2.0 - 4.0 / np.pi) + 2.0 * (ranges - 1) * covariance) / ranges**2
    return float(4.0 / np.pi / (2.0 * variance))


def range_df(subgroups: int, n: int) -> float:
    """Return the degrees of freedom that σ from the mean range of independent subgroups is worth."""
    return subgroups * d2(n) ** 2 / (2.0 * d3(n) ** 2)
