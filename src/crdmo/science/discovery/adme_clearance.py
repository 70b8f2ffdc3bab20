"""Intrinsic clearance from the depletion of a compound by microsomes or hepatocytes, with its acceptance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy import stats

from crdmo.science.checks import Vector, finite_numbers, positive, same_length, share
from crdmo.science.discovery.adme_acceptance import Criterion, broken
from crdmo.science.method import MethodError, method

_SOURCE = (
    "Obach RS (1999) Drug Metab Dispos 27:1350; Jones HM, Houston JB (2004) Drug Metab Dispos 32:973; "
    "detection of a slope: Currie LA (1968) Anal Chem 40:586"
)
# At this level a plateau counts as seen.
PLATEAU = 0.01


class Incubation(Enum):
    """What was incubated; the density is mg protein/mL for microsomes and 10^6 cells/mL for hepatocytes."""

    MICROSOMES = "microsomes"
    HEPATOCYTES = "hepatocytes"


@dataclass(frozen=True)
class IntrinsicClearance:
    """Intrinsic clearance of one incubation.

    Attributes:
        qualifier: "" for an estimate, "<" where the slope does not differ from zero: then `clint` is a limit.
        clint: uL/min/mg protein, or uL/min/10^6 cells.
        lower, upper: two-sided interval of an estimate, by t; None for a limit.
        rate: first-order rate of depletion, 1/min; of the line also where only a limit is said.
        rate_se: its standard error.
        slope_p: one-sided p of a slope that is zero or rises.
        half_life: minutes; None for a limit.
        start: what remains at time 0 by the line, in the unit of `remaining`.
        last: the last time on the line, minutes.
        residual_sd: of ln(remaining).
        degrees_of_freedom: of the line.
        used: positions of the points on the line, from 0.
        criteria: acceptance criteria, kept or not.
        accepted: whether all are kept.
        flags: what a reviewer must look at.
    """

    qualifier: str
    clint: float
    lower: float | None
    upper: float | None
    rate: float
    rate_se: float
    slope_p: float
    half_life: float | None
    start: float
    last: float
    residual_sd: float
    degrees_of_freedom: int
    used: tuple[int, ...]
    criteria: tuple[Criterion, ...]
    accepted: bool
    flags: tuple[str, ...]


@dataclass(frozen=True)
class _Line:
    slope: float
    intercept: float
    rss: float
    slope_se: float
    df: int


def _line(t: Vector, y: Vector) -> _Line:
    around = t - t.mean()
    square = float(around @ around)
    slope = float(around @ y) / square
    intercept = float(y.mean()) - slope * float(t.mean())
    rest = y - intercept - slope * t
    rss, df = float(rest @ rest), t.size - 2
    return _Line(slope, intercept, rss, math.sqrt(rss / df / square), df)


def _plateau(t: Vector, y: Vector) -> float | None:
    """Return the time from which depletion has stopped, or None.

    A line that ends in a level (broken at a sampled time, two or more times on each side) is set against the straight line by
    F on one degree of freedom, with Bonferroni's correction for the places tried.
    """
    times = np.unique(t)
    # A first step that is nothing beside the whole has no slope.
    places = times[1:-2][times[1:-2] - times[0] > 1e-6 * np.ptp(times)]
    if t.size < 5 or not places.size:
        return None
    straight = _line(t, y)
    bent = [(_line(np.minimum(t, place), y), float(place)) for place in places]
    best, at = min(bent, key=lambda pair: pair[0].rss)
    size = float(np.sum((y - y.mean()) ** 2))
    if best.slope >= 0 or straight.rss <= 1e-12 * size:
        return None
    f = (straight.rss - best.rss) / max(best.rss / (t.size - 3), 1e-15 * size)
    return at if stats.f.sf(f, 1, t.size - 3) * places.size < PLATEAU else None


@method("discovery.intrinsic_clearance", version="1.0", title="Intrinsic clearance", source=_SOURCE)
def intrinsic_clearance(
    *,
    minutes: Sequence[float],
    remaining: Sequence[float],
    incubation: Incubation,
    density: float,
    until: float | None = None,
    lowest: float | None = None,
    control_remaining: float | None = None,
    control_limit: float = 80.0,
    reference_clint: float | None = None,
    reference_range: tuple[float, float] | None = None,
    confidence: float = 0.95,
) -> IntrinsicClearance:
    """Return intrinsic clearance from the first-order depletion of a compound.

    Args:
        minutes: of each sample; replicates are given singly.
        remaining: of the compound at each time, as a percentage, a concentration or a peak-area ratio.
        incubation: what depletes it.
        density: mg/mL of microsomal protein, or 10^6 cells/mL.
        until: the last time on the line, minutes; later samples are left out.
        lowest: limit of quantification in the unit of `remaining`; samples below it are left out.
        control_remaining: percentage left at the end of the control without cofactor or with dead cells.
        control_limit: the least percentage of that control.
        reference_clint: of the reference compound in the same run, in the unit of the result.
        reference_range: where that must lie.
        confidence: of the interval; where it holds a slope of zero its upper end is the limit.

    Raises:
        MethodError: fewer than four samples or three times on the line, a value not above zero, or depletion that has
            stopped before the last samples: a slope through a plateau is too small.

    The verdict stands on the slope and its error, never on R²: a slow compound has a poor R² and a good answer. A slope that
    does not differ from zero gives "<" and the largest clearance that the scatter leaves possible.

    >>> left = [100 * 0.5 ** (t / 25) for t in (0, 5, 10, 20, 30)]
    >>> found = intrinsic_clearance(
    ...     minutes=[0, 5, 10, 20, 30], remaining=left, incubation=Incubation.MICROSOMES, density=0.5)
    >>> round(found.clint, 7), round(found.rate, 10)
    (55.4517744, 0.0277258872)
    """
    t, left = finite_numbers("minutes", minutes), finite_numbers("remaining", remaining)
    same_length("minutes", t, "remaining", left)
    thick, level = positive("density", density), share("confidence", confidence)
    used = _used(t, left, until, lowest)
    x, y = t[used], np.log(left[used])
    line = _line(x, y)
    if (stop := _plateau(x, y)) is not None:
        raise MethodError(
            f"the depletion has stopped by {stop:g} min: a slope through the plateau is too small",
            given=f"samples until {x.max():g} min",
            allowed="samples on one exponential",
            next_step=f"give until={stop:g}, or sample earlier, and look for loss of activity or of cofactor",
        )
    rate, error, scale = -line.slope, line.slope_se, 1000.0 / thick
    p = float(stats.t.sf(rate / error, line.df)) if error > 0 else float(rate <= 0)
    seen, half = p < (1 - level) / 2, float(stats.t.ppf(0.5 + level / 2, line.df)) * error
    if seen:
        qualifier, k, ends = "", rate, (scale * (rate - half), scale * (rate + half))
    else:
        qualifier, k, ends = "<", max(rate, 0.0) + half, None
    criteria = _criteria(control_remaining, control_limit, reference_clint, reference_range)
    half_life = math.log(2) / rate if seen else None
    flags = list(broken(criteria))
    if len(used) < t.size:
        flags.append(f"{t.size - len(used)} of {t.size} samples were left out")
    if half_life is not None and half_life > x.max() - x.min():
        flags.append("The half-life is longer than the incubation")
    later = x[x > x.min()]
    if half_life is not None and half_life < later.min() - x.min():
        flags.append("The half-life is shorter than the first interval: sample earlier")
    return IntrinsicClearance(
        qualifier, k * scale, ends[0] if ends else None, ends[1] if ends else None, rate, error, p, half_life,
        math.exp(line.intercept), float(x.max()), math.sqrt(line.rss / line.df), line.df, tuple(int(one) for one in used), criteria,
        all(one.passes for one in criteria), tuple(flags),
    )  # fmt: skip


def _used(t: Vector, left: Vector, until: float | None, lowest: float | None) -> list[int]:
    floor = positive("lowest", lowest) if lowest is not None else 0.0
    if np.any(t < 0) or (np.any(left <= 0) and lowest is None):
        raise MethodError(
            "a time is below zero or nothing is left of the compound",
            given=f"times from {t.min():g}, remaining from {left.min():g}",
            allowed="times of 0 or more, amounts above 0",
            next_step="give `lowest`, the limit of quantification: what is below it has no logarithm",
        )
    last = until if until is not None else math.inf
    below = t[left < floor]
    # After the first sample that is below the limit, the samples above it are those that scatter upward.
    end = float(below.min()) if below.size else math.inf
    used = [k for k in range(t.size) if t[k] <= last and left[k] >= floor and t[k] < end]
    if len(used) < 4 or np.unique(t[used]).size < 3:
        raise MethodError(
            "there are too few samples for a slope with an error",
            given=f"{len(used)} samples at {np.unique(t[used]).size} times that can be used",
            allowed="at least four samples at three times",
            next_step="sample earlier or more often",
        )
    if np.ptp(left[used]) <= 1e-12 * left[used].max():
        raise MethodError(
            "all samples are the same: without scatter not even a limit can be said",
            given=f"{len(used)} times {left[used[0]]:g}",
            allowed="values as the instrument gave them",
            next_step="give values before rounding or cutting at 100 %",
        )
    return used


def _criteria(
    control: float | None, least: float, reference: float | None, reach: tuple[float, float] | None
) -> tuple[Criterion, ...]:
    if (reference is None) != (reach is None):
        raise MethodError("a reference and its range go together", given="one of both", allowed="both or none")
    found = []
    if control is not None:
        found.append(Criterion("Control without metabolism, % remaining", float(control), least, None))
    if reference is not None and reach is not None:
        if not 0 < reach[0] < reach[1]:
            raise MethodError(
                "the range of the reference is not in order",
                given=f"{reach[0]:g} to {reach[1]:g}",
                allowed="from low to high, above zero",
            )
        found.append(Criterion("Reference compound, CLint", float(reference), *reach))
    return tuple(found)
