"""The terminal phase of a concentration–time curve: λz by regression of log concentration on time.

Among the windows of last samples whose adjusted R² lies within 1e-4 of the best one, that with the most samples is taken:
no bonus is added for a sample. The peak is left out (extravascular) unless it is asked for, as after a bolus.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

from crdmo.science.method import MethodError

from .exposure import Profile

FEWEST = 3
NEAR_BEST = 1e-4


@dataclass(frozen=True)
class TerminalPhase:
    """λz and what it stands on; a λz that is not positive is kept and flagged, and nothing is extrapolated with it.

    Attributes:
        rate: λz, 1/time.
        half_life: ln 2 / λz, time.
        intercept: natural log of concentration at time 0.
        points: how many samples were used.
        first, last: times of the first and last of them.
        r_squared, adjusted_r_squared: of the regression.
        span: how many half-lives the samples cover.
        flag: "" or why it is not used.
    """

    rate: float
    half_life: float
    intercept: float
    points: int
    first: float
    last: float
    r_squared: float
    adjusted_r_squared: float
    span: float
    flag: str


def fitted(times: Sequence[float], values: Sequence[float]) -> TerminalPhase:
    """Return the regression through samples, all of them positive."""
    logs = [math.log(value) for value in values]
    n = len(logs)
    centre, middle = sum(times) / n, sum(logs) / n
    t, y = [time - centre for time in times], [value - middle for value in logs]
    slope = sum(map(mul, t, y)) / sum(map(mul, t, t))
    total = sum(map(mul, y, y))
    left = sum((value - slope * time) ** 2 for time, value in zip(t, y, strict=True))
    r2 = 1.0 - left / total if total > 0 else 0.0
    adjusted = 1.0 - (1.0 - r2) * (n - 1) / (n - 2)
    rate = -slope
    half = math.log(2) / rate if rate else math.inf
    flag = "" if rate > 0 else "Negative half-life: the concentration rises at the end" if rate < 0 else "No decline"
    return TerminalPhase(rate, half, middle + rate * centre, n, times[0], times[-1], r2, adjusted,
                         (times[-1] - times[0]) / half, flag)  # fmt: skip


def best_fit(samples: Profile, *, with_peak: bool) -> TerminalPhase | None:
    """Return the terminal phase by the best adjusted R², or None where fewer than three samples follow the peak."""
    peak = samples.values.index(max(samples.values))
    start = peak if with_peak else peak + 1
    usable = [i for i in range(start, len(samples.times)) if samples.values[i] > 0]
    times, values = [samples.times[i] for i in usable], [samples.values[i] for i in usable]
    windows = [fitted(times[k:], values[k:]) for k in range(len(usable) - FEWEST + 1)]
    if not windows:
        return None
    best = max(one.adjusted_r_squared for one in windows)
    near = [one for one in windows if one.adjusted_r_squared > best - NEAR_BEST and one.rate > 0]
    return max(near, key=lambda one: one.points) if near else max(windows, key=lambda one: one.adjusted_r_squared)


def chosen(samples: Profile, times: Sequence[float]) -> TerminalPhase:
    """Return the terminal phase through the samples at times that somebody chose.

    Raises:
        MethodError: fewer than three, or a time at which there is no quantifiable sample.
    """
    known = dict(zip(samples.times, samples.values, strict=True))
    missing = [t for t in times if not known.get(float(t))]
    if missing or len(set(times)) < FEWEST:
        raise MethodError(
            "the samples chosen for the terminal phase cannot be used",
            given=", ".join(f"{t:g}" for t in times) or "none",
            allowed=f"at least {FEWEST} times with a quantifiable sample: {', '.join(f'{t:g}' for t in known)}",
            next_step="choose sampling times of this profile",
        )
    at = sorted({float(t) for t in times})
    return fitted(at, [known[t] for t in at])
