"""The concentration at the time of the dose, where no sample gives it: by which rule it is put there."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from .exposure import Mask, Rows
from .pk_samples import Samples


class Initial(Enum):
    """What stands at time 0.

    OBSERVED puts nothing there: the curve begins at its first sample. LOG_SLOPE extrapolates the first two samples after a
    bolus back by an exponential; where these do not decline, the first one is taken. FIRST_SAMPLE takes the first
    quantifiable sample, ZERO takes 0, LOWEST the lowest concentration (of an interval at steady state). A quantifiable sample at time 0 is
    always kept.
    """

    OBSERVED = "observed"
    LOG_SLOPE = "log_slope"
    FIRST_SAMPLE = "first_sample"
    ZERO = "zero"
    LOWEST = "lowest"


def with_initial(samples: Samples, rule: Initial) -> tuple[Samples, Rows, NDArray[np.object_]]:
    """Return the samples with one at time 0 in front, its value, and the rule by which each row has it.

    Samples before time 0 belong to the dose before, and go.
    """
    rows = np.arange(len(samples.times))
    at_zero = (samples.times == 0.0) & samples.measured
    has = at_zero.any(axis=1)
    observed = np.where(has, samples.values[rows, at_zero.argmax(axis=1)], np.nan)
    names = np.where(has, Initial.OBSERVED.value, "").astype(object)
    if rule is Initial.OBSERVED or has.all():
        return samples, observed, names
    after = samples.measured & (samples.times > 0)
    first = after.argmax(axis=1)
    second = (after & (np.arange(after.shape[1])[None, :] > first[:, None])).argmax(axis=1)
    value, applied = _by(rule, samples, rows, first, second, after)
    found = np.where(has, observed, value)
    names = np.where(has, names, applied)
    # Only rows without a quantifiable sample at 0 get one in front, and lose what lies at or before 0.
    real = np.arange(samples.times.shape[1])[None, :] < samples.counts[:, None]
    kept = np.column_stack([~has, real & (has[:, None] | (samples.times > 0))])
    order = np.argsort(~kept, axis=1, kind="stable")
    counts = kept.sum(axis=1)
    width = max(2, int(counts.max()))
    order = order[:, :width]
    inside = np.arange(width)[None, :] < counts[:, None]
    order = np.where(inside, order, order[rows, counts - 1][:, None])
    no = np.zeros(len(rows), dtype=np.bool_)

    def put(front: Rows | Mask, rest: Rows | Mask) -> NDArray[np.float64]:
        made: Rows = np.take_along_axis(np.column_stack([front, rest]), order, axis=1)
        return made

    return replace(
        samples,
        times=put(np.zeros(len(rows)), samples.times),
        values=put(np.nan_to_num(found), samples.values),
        measured=put(no, samples.measured).astype(np.bool_) & inside,
        terminal=put(no, samples.terminal).astype(np.bool_) & inside,
        chosen=put(no, samples.chosen).astype(np.bool_) & inside,
        counts=counts,
    ), found, names  # fmt: skip


def _by(
    rule: Initial,
    samples: Samples,
    rows: NDArray[np.intp],
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    after: Mask,
) -> tuple[Rows, NDArray[np.object_]]:
    c1, c2 = samples.values[rows, first], samples.values[rows, second]
    t1, t2 = samples.times[rows, first], samples.times[rows, second]
    some = after.any(axis=1)
    applied = np.full(len(rows), rule.value, dtype=object)
    if rule is Initial.ZERO:
        return np.zeros(len(rows)), applied
    if rule is Initial.LOWEST:
        return np.where(some, np.where(after, samples.values, np.inf).min(axis=1), 0.0), applied
    if rule is Initial.FIRST_SAMPLE:
        return np.where(some, c1, 0.0), applied
    declining = (c1 > c2) & (second > first) & ~samples.broken
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        back = c1 * np.exp(np.log(c1 / c2) * t1 / (t2 - t1))
    applied = np.where(declining, rule.value, Initial.FIRST_SAMPLE.value).astype(object)
    return np.where(declining, back, np.where(some, c1, 0.0)), applied
