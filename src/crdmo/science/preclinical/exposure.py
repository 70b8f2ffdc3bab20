"""Areas under concentration–time curves, many at once: how a pair of samples is joined, and what the area up to a time is.

Units are the caller's: concentration in any one unit, time in any one unit; areas are concentration × time. A row is a
profile; rows are filled up at their end with their last sample, so that a filling has no width and no area.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]
Mask = NDArray[np.bool_]
# Below this change over a pair the closed form of the moment loses digits, and its series is taken.
SMALL = 0.1
TERMS = 12


class Rule(Enum):
    """How a pair of samples is joined: by a line, or by an exponential where both ends are above 0 and differ.

    LOG takes the exponential for every such pair. By LINEAR_UP_LOG_DOWN every falling pair is logarithmic, also before the
    peak; by LINEAR_LOG every pair after the peak, also a rising one.
    """

    LINEAR = "linear"
    LOG = "log"
    LINEAR_UP_LOG_DOWN = "linear_up_log_down"
    LINEAR_LOG = "linear_log"


@dataclass(frozen=True)
class Profile:
    """Samples that count: times that rise, and concentrations."""

    times: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Curves:
    """Profiles as rows, each joined by one rule: times, values, and which pairs are joined by an exponential."""

    times: Rows
    values: Rows
    is_log: Mask


def joined(rule: Rule, times: Rows, values: Rows) -> Curves:
    """Return the rows with the kind of each pair; a pair with 0 or with equal ends is never logarithmic (0/0 otherwise)."""
    before, after = values[:, :-1], values[:, 1:]
    if rule is Rule.LINEAR:
        return Curves(times, values, np.zeros(before.shape, dtype=np.bool_))
    can = (before > 0) & (after > 0) & (before != after)
    if rule is Rule.LINEAR_UP_LOG_DOWN:
        can &= before > after
    elif rule is Rule.LINEAR_LOG:
        peak = np.take_along_axis(times, values.argmax(axis=1)[:, None], axis=1)
        can &= times[:, :-1] >= peak
    return Curves(times, values, can)


def areas(is_log: Mask, t0: Rows, c0: Rows, t1: Rows, c1: Rows) -> Rows:
    """Return the area under each pair."""
    width = t1 - t0
    found = (c0 + c1) * width / 2
    if is_log.any():
        # log1p of the relative change keeps its digits where the ends are nearly equal.
        a, b = c0[is_log], c1[is_log]
        found[is_log] = (a - b) * width[is_log] / np.log1p((a - b) / b)
    return found


def moments(is_log: Mask, t0: Rows, c0: Rows, t1: Rows, c1: Rows) -> Rows:
    """Return the area under time × concentration of each pair."""
    width = t1 - t0
    found = (t0 * c0 + t1 * c1) * width / 2
    if is_log.any():
        a, b, w = c0[is_log], c1[is_log], width[is_log]
        x = np.log1p((a - b) / b)
        found[is_log] = t0[is_log] * (a - b) * w / x + a * w**2 * _moment_of_decline(x)
    return found


def _moment_of_decline(x: Rows) -> Rows:
    """Return ∫₀¹ s·exp(−x·s) ds, without loss of digits where x is small."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (1 - np.exp(-x) * (1 + x)) / x**2
    small = np.abs(x) < SMALL
    if small.any():
        s, total, power = x[small], np.zeros(int(small.sum())), np.ones(int(small.sum()))
        for m in range(TERMS):
            total += power / (m + 2)
            power = power * -s / (m + 1)
        found[small] = total
    return found


def value_at(curves: Curves, end: Rows) -> Rows:
    """Return the concentration that the joined samples give at a time of each row; NaN outside them."""
    t0, t1 = curves.times[:, :-1], curves.times[:, 1:]
    within = (t0 <= end[:, None]) & (end[:, None] <= t1) & (t1 > t0)
    place = within.argmax(axis=1)
    rows = np.arange(len(end))
    found = _between(curves, np.broadcast_to(end[:, None], t0.shape))[rows, place]
    return np.where(within.any(axis=1), found, np.nan)


def _between(curves: Curves, at: Rows) -> Rows:
    """Return the concentration at a time within each pair, by the rule that joins it."""
    t0, c0, t1, c1 = _pairs(curves)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        part = np.where(t1 > t0, (at - t0) / (t1 - t0), 0.0)
        straight = c0 + (c1 - c0) * part
        found = (
            np.where(curves.is_log, c0 * np.exp(np.log(c1 / c0) * part), straight) if curves.is_log.any() else straight
        )
    # The samples themselves are given back to their digits.
    return np.where(at == t1, c1, np.where(at == t0, c0, found))


def up_to(curves: Curves, end: Rows, *, moment: bool = False) -> Rows:
    """Return of each row the area (or the first moment) from its first sample to a time, not beyond its last sample."""
    t0, c0, t1, c1 = _pairs(curves)
    stop = np.clip(end[:, None], t0, t1)
    whole = stop == t1
    reached = c1 if whole.all() else np.where(whole, c1, _between(curves, stop))
    # A pair that is cut at its start has no width, and joins equal ends.
    is_log = curves.is_log & (stop > t0) & (reached != c0) & (reached > 0)
    pieces = (moments if moment else areas)(is_log, t0, c0, stop, reached)
    # A running sum adds from the first pair on, so that fillings behind the last one change no digit.
    found: Rows = np.cumsum(pieces, axis=1)[:, -1] if pieces.shape[1] else np.zeros(len(end))
    return found


def _pairs(curves: Curves) -> tuple[Rows, Rows, Rows, Rows]:
    return curves.times[:, :-1], curves.values[:, :-1], curves.times[:, 1:], curves.values[:, 1:]
