"""The logistic curve of a dose and a response, with the logarithm of its EC50 as a parameter.

    y = bottom + (top − bottom) / (1 + exp(slope·(ln x − ln e)))^asymmetry,   ln e = ln EC50 − ln(2^(1/asymmetry) − 1)/slope

With a positive slope the response falls from `top` at dose 0 to `bottom`. EC50 is the dose at which the response is half-way;
`e` is a parameter of the five-parameter curve and equals EC50 only without asymmetry.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from crdmo.science.checks import Vector

NAMES = ("slope", "bottom", "top", "ln_ec50", "asymmetry")
SLOPE, BOTTOM, TOP, EC50, ASYMMETRY = range(5)


def share(log_dose: Vector, p: Vector) -> Vector:
    """Return where between bottom (0) and top (1) the curve is; −∞ as logarithm is dose 0.

    `p` ends in the five parameters; what is before them broadcasts with the doses, so that rows of curves are one call.
    """
    found: Vector = np.exp(-p[..., ASYMMETRY] * np.logaddexp(0.0, _exponent(log_dose, p)))
    return found


def _exponent(log_dose: Vector, p: Vector) -> Vector:
    slope, there = p[..., SLOPE], np.isfinite(log_dose)
    with np.errstate(over="ignore", invalid="ignore"):
        inner = slope * np.where(there, log_dose - p[..., EC50], 0.0) + np.log(np.expm1(np.log(2) / p[..., ASYMMETRY]))
        found: Vector = np.where(there, inner, np.where(slope > 0, -np.inf, np.inf))
    return found


def response(log_dose: Vector, p: Vector) -> Vector:
    """Return the response at doses given as natural logarithms; shapes as in `share`."""
    return p[..., BOTTOM] + (p[..., TOP] - p[..., BOTTOM]) * share(log_dose, p)


def derivatives(log_dose: Vector, p: Vector) -> NDArray[np.float64]:
    """Return the derivatives of the response by the five parameters, on the last axis; other shapes as in `share`."""
    slope, f, span = p[..., SLOPE], p[..., ASYMMETRY], p[..., TOP] - p[..., BOTTOM]
    there = np.isfinite(log_dose)
    away = np.where(there, log_dose - p[..., EC50], 0.0)
    root = np.log(2) / f
    with np.errstate(over="ignore", invalid="ignore"):
        u = _exponent(log_dose, p)
        softened = np.logaddexp(0.0, u)
        s = np.exp(-f * softened)
        steep = np.exp(u - softened)  # e^u / (1 + e^u)
        steep = np.where(u > 700, 1.0, steep)
        along = -span * f * s * steep
        offset = -root / f * np.exp(root) / np.expm1(root)  # d ln(2^(1/f) − 1) / df
        by_f = np.where(s > 0, span * s * (-softened - f * steep * offset), 0.0)
        by_place = np.where(there, -along * slope, 0.0)
    return np.stack(np.broadcast_arrays(along * away, 1 - s, s, by_place, by_f), axis=-1)


def effective(p: Vector, part: float) -> float:
    """Return the natural logarithm of the dose at which a part (0 to 1) of the whole change is reached, from dose 0 on."""
    slope, f = float(p[SLOPE]), float(p[ASYMMETRY])
    left = 1 - part if slope > 0 else part
    return float(p[EC50]) + (math.log(math.expm1(-math.log(left) / f)) - math.log(math.expm1(math.log(2) / f))) / slope
