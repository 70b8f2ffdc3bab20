"""Nonlinear least squares to the last digits: Levenberg–Marquardt from a start, polished by Gauss–Newton steps.

SciPy's routine stops when a step changes little; the polish goes on until the gradient is gone, so that two starts of one
problem end at the same digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from .checks import Vector

Residual = Callable[[Vector], Vector]
Jacobian = Callable[[Vector], NDArray[np.float64]]
POLISH = 30


@dataclass(frozen=True)
class Solution:
    """Parameters, sum of squares, Jacobian of the residuals there, and whether it converged."""

    parameters: Vector
    sum_of_squares: float
    jacobian: NDArray[np.float64]
    converged: bool

    def covariance(self, mean_square: float) -> NDArray[np.float64] | None:
        """Return the Gauss–Newton covariance of the parameters, or None where the data do not determine them."""
        scale = np.sqrt((self.jacobian**2).sum(0))
        if not np.all(scale > 0):
            return None
        _, size, back = np.linalg.svd(self.jacobian / scale, full_matrices=False)
        if size[-1] < 1e-9 * size[0]:
            return None
        inverse = (back.T / size**2) @ back
        found: NDArray[np.float64] = inverse / np.outer(scale, scale) * mean_square
        return found


def numerical_jacobian(residual: Residual) -> Jacobian:
    """Return a Jacobian by central differences, for models whose derivatives nobody wrote down."""

    def jacobian(p: Vector) -> NDArray[np.float64]:
        columns = []
        for i, value in enumerate(p):
            step = 6e-6 * max(abs(float(value)), 1e-3)
            up, down = p.copy(), p.copy()
            up[i] += step
            down[i] -= step
            columns.append((residual(up) - residual(down)) / (up[i] - down[i]))
        return np.column_stack(columns)

    return jacobian


def minimise(residual: Residual, start: Vector, jacobian: Jacobian | None = None) -> Solution:
    """Return the minimum of the sum of squares that is reached from a start.

    Args:
        residual: observed less predicted at parameters of shape (p,); shape (n,), n ≥ p.
        start: parameters to begin at.
        jacobian: derivatives of the residual, shape (n, p); by default by central differences.
    """
    derive = jacobian or numerical_jacobian(residual)
    first = _reached(residual, start, derive, "lm")
    if first.converged and first.covariance(1.0) is not None and _lively(first, start):
        return first
    # A long first step can end where a parameter no longer matters; a trust region is more careful.
    second = _reached(residual, start, derive, "trf")
    return second if second.sum_of_squares < first.sum_of_squares else first


def _lively(found: Solution, start: Vector) -> bool:
    """Say whether every parameter still moves the residuals: a tenth of it changes them by more than their last digits."""
    reach = np.sqrt((found.jacobian**2).sum(0)) * np.maximum(np.abs(found.parameters), 1e-3 * np.abs(start))
    return bool(np.all(reach > 1e-9 * math.sqrt(found.sum_of_squares)))


def _reached(residual: Residual, start: Vector, derive: Jacobian, way: Literal["lm", "trf"]) -> Solution:
    lost = Solution(start, float("inf"), np.full((1, len(start)), np.nan), False)
    with np.errstate(all="ignore"):
        try:
            found = optimize.least_squares(
                residual, start, derive, method=way, x_scale="jac", xtol=1e-14, ftol=1e-14, gtol=1e-14, max_nfev=2000
            )
        except (ValueError, np.linalg.LinAlgError):
            return lost
        p = _polished(residual, derive, np.asarray(found.x, float))
        left, j = residual(p), derive(p)
    if not (np.all(np.isfinite(left)) and np.all(np.isfinite(j))):
        return lost
    return Solution(p, float(left @ left), j, bool(found.status > 0))


def _polished(residual: Residual, jacobian: Jacobian, p: Vector) -> Vector:
    best = float(np.sum(residual(p) ** 2))
    for _ in range(POLISH):
        j = jacobian(p)
        if not np.all(np.isfinite(j)):
            return p
        scale = np.sqrt((j**2).sum(0))
        scale[scale == 0] = 1.0
        step = np.linalg.lstsq(j / scale, -residual(p), rcond=None)[0] / scale
        value = float(np.sum(residual(p + step) ** 2))
        # At the minimum the sum only trembles; a step that raises it by more leads away.
        if not value <= best * (1 + 1e-13):
            return p
        p, best = p + step, min(best, value)
        if np.all(np.abs(step) <= 1e-13 * np.maximum(np.abs(p), 1e-12)):
            return p
    return p


__all__ = ["Solution", "minimise", "numerical_jacobian"]
