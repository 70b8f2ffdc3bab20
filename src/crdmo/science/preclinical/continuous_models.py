"""The continuous models of EPA's benchmark dose guidance, each written in its benchmark dose D.

μ(D) − μ(0) = Δ, where Δ is the benchmark response with the sign of the direction: so many standard deviations of the control
or such a share of its mean. Each model is a way from 0 to Δ (and beyond) along d/D. Parameters are (ln D, a = μ(0),
ln σ at the control, ρ, shapes ...); functions work on many vectors at once: `theta` (s, k), doses (m,), means (s, m).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .benchmark_climb import Array

STEEPEST = 18.0
FIRST_SHAPE = 4


@dataclass(frozen=True)
class Shape:
    """One model.

    Attributes:
        name: as EPA's software calls it.
        shapes: names of its parameters after the control's mean and the variance.
        low: their lower bounds.
        high: their upper bounds.
        starts: their values to start from.
        mean: (theta, Δ of shape (s,), dose) → means.
        natural: (theta, Δ) → the usual parameters by name, and which of them stand on a bound.
        stages: the degree of a polynomial, 1 for all others.
    """

    name: str
    shapes: tuple[str, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    starts: tuple[tuple[float, ...], ...]
    mean: Callable[[Array, Array, Array], Array]
    natural: Callable[[Array, float], dict[str, tuple[float, bool]]]
    stages: int = 1


def _scaled(theta: Array, dose: Array) -> Array:
    return dose[None, :] / np.exp(theta[:, 0])[:, None]


def _at(value: float, *bounds: float) -> bool:
    return any(abs(value - bound) <= 1e-6 * max(1.0, abs(bound)) for bound in bounds)


def _power(theta: Array, delta: Array, dose: Array) -> Array:
    return theta[:, 1][:, None] + delta[:, None] * _scaled(theta, dose) ** theta[:, FIRST_SHAPE][:, None]


def _power_natural(theta: Array, delta: float) -> dict[str, tuple[float, bool]]:
    power = float(theta[FIRST_SHAPE])
    return {
        "g": (float(theta[1]), False),
        "b": (float(delta * np.exp(-power * theta[0])), False),
        "n": (power, _at(power, 1.0, STEEPEST)),
    }


def _linear(theta: Array, delta: Array, dose: Array) -> Array:
    return theta[:, 1][:, None] + delta[:, None] * _scaled(theta, dose)


def _linear_natural(theta: Array, delta: float) -> dict[str, tuple[float, bool]]:
    return {"b0": (float(theta[1]), False), "b1": (float(delta * np.exp(-theta[0])), False)}


def _weights(theta: Array, degree: int) -> Array:
    left, parts = np.ones(len(theta)), []
    for i in range(degree - 1):
        parts.append(left * theta[:, FIRST_SHAPE + i])
        left = left * (1.0 - theta[:, FIRST_SHAPE + i])
    return np.column_stack([*parts, left])


def _polynomial(degree: int) -> Shape:
    powers = np.arange(1, degree + 1)

    def mean(theta: Array, delta: Array, dose: Array) -> Array:
        steps = _scaled(theta, dose)[:, :, None] ** powers
        return np.asarray(
            theta[:, 1][:, None] + delta[:, None] * np.einsum("smk,sk->sm", steps, _weights(theta, degree))
        )

    def natural(theta: Array, delta: float) -> dict[str, tuple[float, bool]]:
        found = {"b0": (float(theta[1]), False)}
        for power, share in zip(powers, _weights(theta[None], degree)[0], strict=True):
            found[f"b{power}"] = (float(delta * share * np.exp(-power * theta[0])), bool(share <= 1e-6))
        return found

    inner = degree - 1
    starts = tuple(tuple(row) for row in np.array(np.meshgrid(*[[0.15, 0.85]] * inner)).reshape(inner, -1).T.tolist())
    names = tuple(f"w{i + 1}" for i in range(inner))
    return Shape(f"Polynomial {degree}", names, (0.0,) * inner, (1.0,) * inner, starts, mean, natural, stages=degree)


def _hill(theta: Array, delta: Array, dose: Array) -> Array:
    """The half-way dose k is given as the logarithm of k/D."""
    n = theta[:, FIRST_SHAPE][:, None]
    half = np.exp(theta[:, FIRST_SHAPE + 1])[:, None] ** n
    x = _scaled(theta, dose) ** n
    return np.asarray(theta[:, 1][:, None] + delta[:, None] * x * (half + 1.0) / (half + x))


def _hill_natural(theta: Array, delta: float) -> dict[str, tuple[float, bool]]:
    n, ratio = float(theta[FIRST_SHAPE]), float(np.exp(theta[FIRST_SHAPE + 1]))
    return {
        "g": (float(theta[1]), False),
        "v": (float(delta * (1.0 + ratio**n)), False),
        "k": (float(ratio * np.exp(theta[0])), False),
        "n": (n, _at(n, 1.0, STEEPEST)),
    }


def _growth(theta: Array, delta: Array) -> Array:
    """Return ln(μ(D)/μ(0)); a fall of the whole mean or more has none and is taken as nearly all of it."""
    return np.log(np.maximum(1.0 + delta / theta[:, 1], 1e-12))


def _exponential_3(theta: Array, delta: Array, dose: Array) -> Array:
    way = _growth(theta, delta)[:, None] * _scaled(theta, dose) ** theta[:, FIRST_SHAPE][:, None]
    return np.asarray(theta[:, 1][:, None] * np.exp(np.minimum(way, 700.0)))


def _exponential_3_natural(theta: Array, delta: float) -> dict[str, tuple[float, bool]]:
    power = float(theta[FIRST_SHAPE])
    growth = abs(float(_growth(theta[None], np.array([delta]))[0]))
    return {
        "a": (float(theta[1]), False),
        "b": (float(growth ** (1.0 / power) * np.exp(-theta[0])), False),
        "d": (power, _at(power, 1.0, STEEPEST)),
    }


def _share_of_way(theta: Array, delta: Array) -> Array:
    """Return which share of the way to the plateau Δ is: where the mean falls, the plateau is not below 0."""
    least = np.where(delta < 0, np.minimum(np.abs(delta / theta[:, 1]), 1.0), 0.0)
    return np.asarray(np.clip(least + (1.0 - least) * theta[:, FIRST_SHAPE + 1], 1e-9, 1.0 - 1e-12))


def _exponential_5(theta: Array, delta: Array, dose: Array) -> Array:
    u = _share_of_way(theta, delta)
    way = -np.log1p(-u)[:, None] * _scaled(theta, dose) ** theta[:, FIRST_SHAPE][:, None]
    return np.asarray(theta[:, 1][:, None] - (delta / u)[:, None] * np.expm1(-way))


def _exponential_5_natural(theta: Array, delta: float) -> dict[str, tuple[float, bool]]:
    power = float(theta[FIRST_SHAPE])
    u = float(_share_of_way(theta[None], np.array([delta]))[0])
    plateau = 1.0 + delta / float(theta[1]) / u
    return {
        "a": (float(theta[1]), False),
        "b": (float((-np.log1p(-u)) ** (1.0 / power) * np.exp(-theta[0])), False),
        "c": (plateau, _at(plateau, 0.0)),
        "d": (power, _at(power, 1.0, STEEPEST)),
    }


_POWERS = ((1.0,), (1.6,), (4.0,), (12.0,))
_BOTH = tuple((n, second) for n in (1.0, 1.7, 4.0) for second in (0.1, 0.5, 0.9))
SHAPES: tuple[Shape, ...] = (
    Shape("Exponential 3", ("d",), (1.0,), (STEEPEST,), _POWERS, _exponential_3, _exponential_3_natural),
    Shape("Exponential 5", ("d", "u"), (1.0, 0.0), (STEEPEST, 1.0), _BOTH, _exponential_5, _exponential_5_natural),
    Shape("Hill", ("n", "ln(k/D)"), (1.0, -8.0), (STEEPEST, 12.0),
          tuple((n, r) for n in (1.0, 1.7, 4.0) for r in (0.2, 1.0, 2.5)), _hill, _hill_natural),
    Shape("Linear", (), (), (), ((),), _linear, _linear_natural),
    *(_polynomial(degree) for degree in (2, 3)),
    Shape("Power", ("n",), (1.0,), (STEEPEST,), _POWERS, _power, _power_natural),
)  # fmt: skip

__all__ = ["FIRST_SHAPE", "SHAPES", "Shape"]
