"""The likelihood of group means and standard deviations under a continuous model, normal, of constant or modelled variance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from .benchmark_climb import Array, Profiled, climb, profile
from .continuous_models import Shape

BELOW, ABOVE = np.log(1e6), np.log(1e3)
Measure = Literal["standard deviation", "relative"]
MOST_RHO = 18.0
# A variance model may ask for a variance of nothing; its likelihood is then as low as a number can be.
_LARGEST = 600.0


@dataclass(frozen=True)
class Groups:
    """Dose groups: doses rising, animals, means and standard deviations (n − 1)."""

    dose: Array
    subjects: Array
    mean: Array
    sd: Array

    @property
    def positive(self) -> Array:
        """The doses above 0."""
        return self.dose[self.dose > 0]


@dataclass(frozen=True)
class Response:
    """The benchmark response: how much, measured by what, and which way is adverse (+1 or −1)."""

    size: float
    measure: Measure
    direction: float


@dataclass(frozen=True)
class Means:
    """A model on its data, as `benchmark_climb` climbs it: parameters (ln D, a, ln σ, ρ, shapes); means and ln σ of groups.

    The variance of a group is σ² (|μ|/|a|)^ρ; with a constant one ρ is held at 0.
    """

    shape: Shape
    data: Groups
    response: Response
    constant: bool

    @cached_property
    def low(self) -> Array:
        """Lower bounds."""
        spread = np.log(self._pooled) - 6.0
        rho = 0.0 if self.constant else -MOST_RHO
        return np.array(
            [np.log(self.data.positive.min()) - BELOW, self._middle - self._room, spread, rho, *self.shape.low]
        )

    @cached_property
    def high(self) -> Array:
        """Upper bounds."""
        spread = np.log(self._pooled) + 6.0
        rho = 0.0 if self.constant else MOST_RHO
        return np.array(
            [np.log(self.data.positive.max()) + ABOVE, self._middle + self._room, spread, rho, *self.shape.high]
        )

    @cached_property
    def _pooled(self) -> float:
        squares = np.sum((self.data.subjects - 1.0) * self.data.sd**2)
        return float(np.sqrt(squares / np.sum(self.data.subjects)))

    @property
    def _middle(self) -> float:
        return float(self.data.mean[0])

    @property
    def _room(self) -> float:
        """How far the control's mean may lie from what was measured; where means are positive it stays so."""
        room = 10.0 * (np.ptp(self.data.mean) + self._pooled)
        return float(min(room, abs(self._middle) * (1.0 - 1e-6)) if self._middle else room)

    @property
    def shapes(self) -> tuple[tuple[float, ...], ...]:
        """Where shapes start."""
        return self.shape.starts

    def delta(self, theta: Array) -> Array:
        """Return μ(D) − μ(0) of each row."""
        size = np.exp(theta[:, 2]) if self.response.measure == "standard deviation" else np.abs(theta[:, 1])
        return np.asarray(self.response.direction * self.response.size * size)

    def predict(self, theta: Array) -> Array:
        """Return means and then ln σ of the groups, shape (s, 2 m)."""
        mean = self.shape.mean(theta, self.delta(theta), self.data.dose)
        ratio = (
            np.log(np.maximum(np.abs(mean), 1e-300)) - np.log(np.abs(theta[:, 1]))[:, None]
            if not self.constant
            else 0.0
        )
        spread = theta[:, 2][:, None] + 0.5 * theta[:, 3][:, None] * ratio + np.zeros_like(mean)
        return np.concatenate([mean, spread], axis=1)

    def _squares(self, predicted: Array) -> tuple[Array, Array]:
        m = self.data.dose.size
        apart = self.data.mean - predicted[:, :m]
        squares = (self.data.subjects - 1.0) * self.data.sd**2 + self.data.subjects * apart**2
        return apart, np.asarray(squares * np.exp(np.minimum(-2.0 * predicted[:, m:], _LARGEST)))

    def value(self, predicted: Array) -> Array:
        """Return the log-likelihood."""
        _, scaled = self._squares(predicted)
        m, n = self.data.dose.size, self.data.subjects
        return np.asarray(np.sum(-n * (0.5 * np.log(2.0 * np.pi) + predicted[:, m:]) - 0.5 * scaled, axis=1))

    def pull(self, predicted: Array) -> tuple[Array, Array]:
        """Return the score and the expected curvature in means and ln σ."""
        apart, scaled = self._squares(predicted)
        m, n = self.data.dose.size, self.data.subjects
        precision = n * np.exp(np.minimum(-2.0 * predicted[:, m:], _LARGEST))
        return (
            np.concatenate([precision * apart, scaled - n], axis=1),
            np.concatenate([precision, np.broadcast_to(2.0 * n, precision.shape)], axis=1),
        )


def maximise(surface: Means) -> tuple[Array, float]:
    """Return the parameters of greatest likelihood and its logarithm."""
    doses = surface.data.positive
    places = np.log([doses.min() / 3.0, doses.min(), np.sqrt(doses.min() * doses.max()), doses.max()])
    begin = [surface._middle, np.log(surface._pooled), 0.0]
    starts = np.array([[d, *begin, *shape] for d in places for shape in surface.shapes])
    theta, found = climb(surface, starts, np.ones(starts.shape[1], dtype=bool))
    best = int(np.argmax(found))
    return theta[best], float(found[best])


def fit(surface: Means, confidence: float) -> Profiled:
    """Return the fit with the one-sided limits of its benchmark dose."""
    return profile(surface, *maximise(surface), confidence)


__all__ = ["Groups", "Means", "Measure", "Response", "fit", "maximise"]
