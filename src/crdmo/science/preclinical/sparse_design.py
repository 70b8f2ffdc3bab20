"""Concentrations of animals that were each sampled at some of the times: the table of animals by times, and its area.

The variance of the area of mean concentrations needs the covariance of two times that share animals; it is estimated from the
animals that were sampled at both (Nedelman and Jia 1998), for overlapping sets of animals too (Jaki and Wolfsegger 2012).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from crdmo.science.checks import finite_numbers, same_length
from crdmo.science.method import MethodError

from .exposure import Rows, Rule


class Design(Enum):
    """Who is sampled when: each animal once (serial), sets of animals at some of the times (batch), all at all (complete)."""

    SERIAL = "serial"
    BATCH = "batch"
    COMPLETE = "complete"


@dataclass(frozen=True)
class SparseSamples:
    """Samples of one group: the animal, the time and the concentration of each; below the limit of quantification is 0."""

    animal: Sequence[str]
    time: Sequence[float]
    concentration: Sequence[float]


@dataclass(frozen=True)
class Table:
    """Animals by times. `values` are 0 where an animal was not `sampled`; `batch` numbers the sets of animals with the same times."""

    times: Rows
    weights: Rows
    values: Rows
    sampled: Rows
    batch: NDArray[np.intp]

    @property
    def sizes(self) -> NDArray[np.intp]:
        """Return how many animals each batch has."""
        return np.bincount(self.batch)

    @property
    def design(self) -> Design:
        """Return the kind of design."""
        if len(self.sizes) == 1:
            return Design.COMPLETE
        return Design.SERIAL if (self.sampled.sum(axis=1) == 1).all() else Design.BATCH


def tabled(samples: SparseSamples, rule: Rule = Rule.LINEAR) -> Table:
    """Return the table of a group.

    Raises:
        MethodError: another rule than the linear one; lengths differ, an animal has two samples at one time, a set of animals with
            the same times has one animal only, a concentration is negative, or fewer than two times.
    """
    if rule is not Rule.LINEAR:
        raise MethodError(
            "the standard error of a sparse area is defined for the linear rule only", given=rule.value, allowed="linear",
            next_step="take the linear rule, or give no standard error",
        )  # fmt: skip
    same_length("animal", list(samples.animal), "time", list(samples.time))
    same_length("time", list(samples.time), "concentration", list(samples.concentration))
    at, value = finite_numbers("time", samples.time, at_least=2), finite_numbers("concentration", samples.concentration)
    if (value < 0).any():
        raise MethodError(
            "a concentration is negative", given=f"{value.min():g}", allowed="0 or more; 0 below the limit of quantification",
            next_step="correct it at its source",
        )  # fmt: skip
    times = np.unique(at)
    if len(times) < 2:
        raise MethodError("one time makes no curve", given=f"{len(times)} time", allowed="at least two",
                          next_step="add the other times")  # fmt: skip
    names = {name: i for i, name in enumerate(dict.fromkeys(map(str, samples.animal)))}
    values, sampled = np.zeros((len(names), len(times))), np.zeros((len(names), len(times)))
    columns = np.searchsorted(times, at)
    for name, j, found in zip(map(str, samples.animal), columns.tolist(), value.tolist(), strict=True):
        if sampled[names[name], j]:
            raise MethodError(
                "an animal has two samples at one time", given=f"{name} at {times[j]:g}", allowed="one sample an animal and time",
                next_step="average the replicates of a sample first",
            )  # fmt: skip
        values[names[name], j], sampled[names[name], j] = found, 1.0
    kinds, batch = np.unique(sampled, axis=0, return_inverse=True)
    batch = batch.reshape(-1)
    single = np.flatnonzero(np.bincount(batch) < 2)
    if single.size:
        raise MethodError(
            "there is no variance of one animal",
            given=f"one animal sampled at {', '.join(f'{t:g}' for t in times[kinds[single[0]] > 0])}",
            allowed="at least two animals with the same sampling times",
            next_step="pool animals with the same times, or analyse the animal by itself",
        )  # fmt: skip
    return Table(times, _weights(times.tolist()), values, sampled, batch)


def _weights(times: Sequence[float]) -> Rows:
    """Return the weight of the mean at each time in the linear trapezoid."""
    widths = [b - a for a, b in pairwise(times)]
    return (np.array([*widths, 0.0]) + np.array([0.0, *widths])) / 2


def estimates(table: Table, values: Rows | None = None) -> tuple[Rows, Rows]:
    """Return the area, and the part of its variance that each batch brings.

    `values` may hold many tables of the same design (a first axis): resamples of animals within their batches.
    """
    y = table.values[None] if values is None else values
    m, sizes = table.sampled, table.sizes
    n = m.sum(axis=0)
    means = y.sum(axis=1) / n
    apart = (y - means[:, None, :]) * m
    shared = m.T @ m
    # Unbiased also where only some of the animals of a time were sampled at the other one.
    freedom = (shared - 1) + (1 - shared / n[:, None]) * (1 - shared / n[None, :])
    freedom = np.where((shared > 0) & (freedom > 0), freedom, np.inf)
    covariance = np.matmul(apart.transpose(0, 2, 1), apart) / freedom
    spread = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    # A covariance of few animals may exceed what the variances allow.
    most = spread[:, :, None] * spread[:, None, :]
    covariance = np.clip(covariance, -most, most)
    first = np.array([np.flatnonzero(table.batch == b)[0] for b in range(len(sizes))])
    weights = table.weights * m[first] * sizes[:, None] / n
    parts = np.einsum("bj,rjk,bk->rb", weights, covariance, weights) / sizes
    return means @ table.weights, np.maximum(parts, 0.0)


def freedom_of(parts: Rows, sizes: NDArray[np.intp], scale: float = 1.0) -> tuple[float, float]:
    """Return the variance and the sum of squares that Satterthwaite's degrees of freedom are the ratio of."""
    scaled = scale * parts
    return float(scaled.sum()), float((scaled**2 / (sizes - 1)).sum())
