"""Areas under a concentration–time curve: trapezoids, linear or logarithmic, and what counts below the limit.

Units are the caller's: concentration in any one unit, time in any one unit; areas are concentration × time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from crdmo.science.checks import finite_numbers, same_length
from crdmo.science.method import MethodError


class Rule(Enum):
    """How a pair of samples is joined. By the second rule every falling pair is logarithmic, also before the peak."""

    LINEAR = "linear"
    LINEAR_UP_LOG_DOWN = "linear_up_log_down"


@dataclass(frozen=True)
class Profile:
    """Samples that count: times that rise, and concentrations; below the limit before the first quantifiable one is 0."""

    times: tuple[float, ...]
    values: tuple[float, ...]


def profile(time: Sequence[float], concentration: Sequence[float | None]) -> Profile:
    """Return the samples that count.

    Below the limit of quantification (None, or 0) is 0 before the first quantifiable sample, left out between
    quantifiable ones, and dropped after the last.

    Raises:
        MethodError: lengths differ, times do not rise, a concentration is negative or no number, or nothing is quantifiable.
    """
    same_length("time", list(time), "concentration", list(concentration))
    times = finite_numbers("time", time, at_least=2)
    if any(b <= a for a, b in pairwise(times)):
        raise MethodError(
            "the times do not rise",
            given=", ".join(f"{t:g}" for t in times),
            allowed="each sample later than the one before, one sample a time",
            next_step="sort the samples by time after the dose; decide on duplicates",
        )
    values = finite_numbers("concentration", [0.0 if c is None else c for c in concentration])
    if (values < 0).any():
        raise MethodError(
            "a concentration is negative",
            given=f"{values.min():g}",
            allowed="0 or more; None below the limit of quantification",
            next_step="correct it at its source",
        )
    found = [i for i, value in enumerate(values) if value > 0]
    if not found:
        raise MethodError(
            "no sample is quantifiable",
            given=f"{len(values)} samples below the limit",
            allowed="at least one concentration above the limit of quantification",
            next_step="report the animal as not exposed; there is no area",
        )
    kept = [i for i in range(found[-1] + 1) if values[i] > 0 or i < found[0]]
    return Profile(tuple(float(times[i]) for i in kept), tuple(float(values[i]) for i in kept))


def is_logarithmic(rule: Rule, first: float, second: float) -> bool:
    """Say whether a pair is joined by an exponential: it falls, and neither end is 0 (0/0 otherwise)."""
    return rule is Rule.LINEAR_UP_LOG_DOWN and first > second > 0


def area(rule: Rule, t0: float, c0: float, t1: float, c1: float) -> float:
    """Return the area under one pair."""
    if is_logarithmic(rule, c0, c1):
        return (c0 - c1) * (t1 - t0) / math.log(c0 / c1)
    return (c0 + c1) * (t1 - t0) / 2


def moment(rule: Rule, t0: float, c0: float, t1: float, c1: float) -> float:
    """Return the area under time × concentration of one pair."""
    if is_logarithmic(rule, c0, c1):
        k = math.log(c0 / c1) / (t1 - t0)
        return (t0 * c0 - t1 * c1) / k + (c0 - c1) / k**2
    return (t0 * c0 + t1 * c1) * (t1 - t0) / 2


Piece = Callable[[Rule, float, float, float, float], float]


def between(rule: Rule, at: float, t0: float, c0: float, t1: float, c1: float) -> float:
    """Return the concentration between two samples, by the same rule as their area."""
    if is_logarithmic(rule, c0, c1):
        return c0 * math.exp(-math.log(c0 / c1) / (t1 - t0) * (at - t0))
    return c0 + (c1 - c0) * (at - t0) / (t1 - t0)


def partial_area(rule: Rule, samples: Profile, end: float, piece: Piece = area) -> float | None:
    """Return the area (or, with `moment`, the first moment) from the first sample to a time; None beyond the last one."""
    times, values = samples.times, samples.values
    if end > times[-1]:
        return None
    total = 0.0
    for t0, c0, t1, c1 in zip(times, values, times[1:], values[1:], strict=False):
        if end <= t0:
            break
        stop = min(end, t1)
        total += piece(rule, t0, c0, stop, c1 if stop == t1 else between(rule, stop, t0, c0, t1, c1))
    return total
