"""The likelihood of incidences under a dichotomous model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import special

from .benchmark_climb import Array, Profiled, climb, profile
from .quantal_models import MOST_BACKGROUND, STEEPEST, Model

_CLIP = 1e-12
# How far below the lowest and above the highest dose the benchmark dose is looked for, as logarithms.
BELOW, ABOVE = np.log(1e6), np.log(1e3)


@dataclass(frozen=True)
class Data:
    """Dose groups: doses rising, animals and affected animals of each."""

    dose: Array
    subjects: Array
    affected: Array

    @property
    def positive(self) -> Array:
        """The doses above 0."""
        return self.dose[self.dose > 0]


@dataclass(frozen=True)
class Benchmark:
    """What the benchmark dose is: the response, and whether as extra or added risk."""

    response: float
    is_extra: bool


@dataclass(frozen=True)
class Incidences:
    """A model on its data, as `benchmark_climb` climbs it: parameters (ln D, background, shapes), predicted probabilities."""

    model: Model
    data: Data
    benchmark: Benchmark

    @cached_property
    def low(self) -> Array:
        """Lower bounds."""
        least = 0.0 if self.model.link is None else -STEEPEST
        return np.array([np.log(self.data.positive.min()) - BELOW, least, *self.model.low])

    @cached_property
    def high(self) -> Array:
        """Upper bounds."""
        most = MOST_BACKGROUND if self.benchmark.is_extra else 1.0 - self.benchmark.response - 1e-6
        most = most if self.model.link is None else STEEPEST
        return np.array([np.log(self.data.positive.max()) + ABOVE, most, *self.model.high])

    @property
    def shapes(self) -> tuple[tuple[float, ...], ...]:
        """Where shapes start."""
        return self.model.starts

    def predict(self, theta: Array) -> Array:
        """Return the probability of each group."""
        p = self.model.probability(theta, self.data.dose, self.benchmark.response, self.benchmark.is_extra)
        return np.clip(p, 0.0, 1.0)

    def value(self, predicted: Array) -> Array:
        """Return the log-likelihood without the binomial constant."""
        well = self.data.subjects - self.data.affected
        terms = special.xlogy(self.data.affected, predicted) + special.xlog1py(well, -predicted)
        return np.asarray(np.sum(terms, axis=-1))

    def pull(self, predicted: Array) -> tuple[Array, Array]:
        """Return the score and the observed curvature in p.

        The expected curvature, n/(p(1 − p)), is far too large where a small p meets no response.
        """
        p, n, y = np.clip(predicted, _CLIP, 1.0 - _CLIP), self.data.subjects, self.data.affected
        return (y - n * p) / (p * (1.0 - p)), y / p**2 + (n - y) / (1.0 - p) ** 2


def _starts(surface: Incidences) -> Array:
    data = surface.data
    control = float((data.affected[0] + 0.25) / (data.subjects[0] + 0.5))
    doses = data.positive
    places = np.log([doses.min() / 10.0, doses.min(), np.sqrt(doses.min() * doses.max()), doses.max()])
    grounds = (control, max(1e-3, control / 4.0)) if control < 0.95 else (0.5,)
    link = surface.model.link or float
    return np.array([[d, link(g), *shape] for d in places for g in grounds for shape in surface.shapes])


def maximise(surface: Incidences) -> tuple[Array, float]:
    """Return the parameters of greatest likelihood and its logarithm."""
    starts = _starts(surface)
    theta, found = climb(surface, starts, np.ones(starts.shape[1], dtype=bool))
    best = int(np.argmax(found))
    return theta[best], float(found[best])


def fit(surface: Incidences, confidence: float) -> Profiled:
    """Return the fit with the one-sided limits of its benchmark dose."""
    return profile(surface, *maximise(surface), confidence)


__all__ = ["Benchmark", "Data", "Incidences", "fit", "maximise"]
