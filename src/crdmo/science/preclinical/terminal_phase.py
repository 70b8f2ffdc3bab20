"""The terminal phase of concentration–time curves: λz by regression of log concentration on time, many profiles at once.

Among the windows of last samples whose adjusted R² lies within 1e-4 of the best one, that with the most samples is taken:
no bonus is added for a sample. Two published sets of rules say which samples may be in a window; the result names the one used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from .exposure import Mask, Rows

FEWEST = 3
NEAR_BEST = 1e-4
# A slope that changes the concentration by less than this over its samples is none.
FLAT = 1e-12


class WindowRule(Enum):
    """Which samples may be in the window of λz.

    PKNCA: only those after the peak, and after the end of an infusion, for every route. WINNONLIN: the peak too after a bolus;
    after an infusion from its end on.
    """

    PKNCA = "pknca"
    WINNONLIN = "winnonlin"


class Choice(Enum):
    """Who chose the samples."""

    BEST_FIT = "best_fit"
    MANUAL = "manual"


@dataclass(frozen=True)
class TerminalPhase:
    """λz and what it stands on; a λz that is not positive is kept and flagged, and nothing is extrapolated with it.

    Attributes:
        rate: λz, 1/time.
        half_life: ln 2 / λz, time; None where there is no decline.
        intercept: natural log of concentration at time 0.
        points: how many samples were used.
        first, last: times of the first and last of them.
        r_squared, adjusted_r_squared: of the regression.
        span: how many half-lives the samples cover.
        flag: "" or why it is not used.
        times: of the samples used.
        window: the rules by which samples could be in it.
        choice: whether the best fit or a person chose them, and
        reason: why the person did.
    """

    rate: float
    half_life: float | None
    intercept: float
    points: int
    first: float
    last: float
    r_squared: float
    adjusted_r_squared: float
    span: float
    flag: str
    times: tuple[float, ...]
    window: WindowRule
    choice: Choice
    reason: str


@dataclass(frozen=True)
class Windows:
    """The regression of one window of each row; `found` says where there is one. `first_column` is where it begins."""

    found: Mask
    first_column: NDArray[np.intp]
    points: NDArray[np.int64]
    rate: Rows
    intercept: Rows
    r_squared: Rows
    adjusted: Rows

    @property
    def usable_rate(self) -> Rows:
        """λz where it is positive, else NaN."""
        return np.where(self.found & (self.rate > 0), self.rate, np.nan)


def regressions(times: Rows, values: Rows, usable: Mask, most: int | None = None) -> list[Windows]:
    """Return, for every first column from the last one back, the regression of the usable samples from there on.

    Sums are updated sample by sample about their running means, which loses no digits.
    """
    rows, columns = values.shape
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(usable, np.log(np.where(usable, values, 1.0)), 0.0)
    n, zero = np.zeros(rows, dtype=np.int64), np.zeros(rows)
    middle_t, middle_y, tt, ty, yy = zero, zero, zero, zero, zero
    found = []
    for j in range(columns - 1, -1, -1):
        used = usable[:, j]
        n = n + used
        share = np.where(used, 1.0 / np.maximum(n, 1), 0.0)
        dt, dy = times[:, j] - middle_t, logs[:, j] - middle_y
        middle_t, middle_y = middle_t + dt * share, middle_y + dy * share
        weight = np.where(used, 1.0 - share, 0.0)
        tt, ty, yy = tt + weight * dt * dt, ty + weight * dt * dy, yy + weight * dy * dy
        enough = used & (n >= FEWEST) & (n <= (most or columns))
        if not enough.any():
            continue
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = ty / tt
            r2 = np.where(yy > 0, np.minimum(ty * slope / yy, 1.0), 0.0)
            adjusted = 1.0 - (1.0 - r2) * (n - 1) / (n - 2)
        slope = np.where(np.abs(slope) * np.sqrt(tt) < FLAT, 0.0, slope)
        found.append(
            Windows(enough, np.full(rows, j, dtype=np.intp), n, -slope, middle_y - slope * middle_t, r2, adjusted)
        )
    return found


def best_fit(times: Rows, values: Rows, usable: Mask, most: int | None = None) -> Windows:
    """Return the window of the best adjusted R², with most samples among those within 1e-4 of it that decline.

    Where none of these declines, the one with the best adjusted R² is returned, rising as it is.
    """
    windows = regressions(times, values, usable, most)
    if not windows:
        return none_of(len(times))
    fits = np.array([np.where(one.found, one.adjusted, -np.inf) for one in windows])
    rates = np.array([one.rate for one in windows])
    best = fits.max(axis=0)
    near = (fits > best - NEAR_BEST) & (rates > 0)
    # Windows stand from the shortest to the longest: the last one that is near is the one with most samples.
    longest = len(windows) - 1 - near[::-1].argmax(axis=0)
    return _taken(windows, np.where(near.any(axis=0), longest, fits.argmax(axis=0)))


def all_usable(times: Rows, values: Rows, usable: Mask) -> Windows:
    """Return the regression through all usable samples of each row: those that a person chose."""
    windows = regressions(times, values, usable)
    if not windows:
        return none_of(len(times))
    reached = np.array([one.found for one in windows])
    return _taken(windows, len(windows) - 1 - reached[::-1].argmax(axis=0))


def mixed(which: Mask, ones: Windows, others: Windows) -> Windows:
    """Return the windows of `ones` where `which` says so, else those of `others`."""
    return Windows(
        np.where(which, ones.found, others.found), np.where(which, ones.first_column, others.first_column),
        np.where(which, ones.points, others.points), np.where(which, ones.rate, others.rate),
        np.where(which, ones.intercept, others.intercept), np.where(which, ones.r_squared, others.r_squared),
        np.where(which, ones.adjusted, others.adjusted),
    )  # fmt: skip


def none_of(rows: int) -> Windows:
    """Return no window for any row."""
    nothing = np.full(rows, np.nan)
    return Windows(
        np.zeros(rows, dtype=np.bool_), np.zeros(rows, dtype=np.intp), np.zeros(rows, dtype=np.int64),
        nothing, nothing, nothing, nothing,
    )  # fmt: skip


def _taken(windows: list[Windows], place: NDArray[np.intp]) -> Windows:
    def pick(name: str) -> NDArray[np.float64]:
        made: Rows = np.array([getattr(one, name) for one in windows])[place, np.arange(len(place))]
        return made

    return Windows(
        pick("found").astype(np.bool_), pick("first_column").astype(np.intp), pick("points").astype(np.int64),
        pick("rate"), pick("intercept"), pick("r_squared"), pick("adjusted"),
    )  # fmt: skip


def phase(  # one row of a Windows, written out
    rate: float, intercept: float, r_squared: float, adjusted: float, times: tuple[float, ...],
    window: WindowRule, choice: Choice, reason: str,
) -> TerminalPhase:  # fmt: skip
    """Return the terminal phase of one row, with what is wrong about it."""
    half = math.log(2) / rate if rate else None
    flag = "" if rate > 0 else "Negative half-life: the concentration rises at the end" if rate < 0 else "No decline"
    span = (times[-1] - times[0]) / half if half else 0.0
    return TerminalPhase(rate, half, intercept, len(times), times[0], times[-1], r_squared, adjusted, span, flag, times,
                         window, choice, reason)  # fmt: skip
