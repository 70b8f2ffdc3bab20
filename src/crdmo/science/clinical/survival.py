"""Survival without a model: the Kaplan–Meier estimate with its intervals and median, and the log-rank test."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from crdmo.science.checks import Vector, finite_numbers, same_length, share
from crdmo.science.method import MethodError, method


class Band(Enum):
    """The scale on which the interval of a survival probability is symmetric. SAS defaults to log-log, R to log."""

    PLAIN = "plain"
    LOG = "log"
    LOG_LOG = "log_log"


@dataclass(frozen=True)
class KaplanMeier:
    """The estimate after each distinct time; an interval that is undefined is NaN, a median not reached None."""

    times: tuple[float, ...]
    at_risk: tuple[int, ...]
    events: tuple[int, ...]
    survival: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    median: float | None
    median_lower: float | None
    median_upper: float | None


@method(
    "clinical.kaplan_meier",
    version="1.0",
    source="Kaplan EL, Meier P, JASA 1958;53:457; Greenwood 1926; Brookmeyer R, Crowley J, Biometrics 1982;38:29",
    title="Kaplan–Meier estimate with median",
)
def kaplan_meier(
    *, time: Sequence[float], event: Sequence[bool], confidence: float = 0.95, band: Band = Band.LOG_LOG
) -> KaplanMeier:
    """Return the survival estimate; subjects censored at a time are at risk for the events of that time.

    Args:
        time: to event or censoring, 0 or more, any one unit.
        event: whether it happened.
        confidence: of each interval.
        band: scale of the intervals; that of the median inverts it. Where a curve is flat at exactly one half the
            median is the middle of the flat part.

    Raises:
        MethodError: nothing is given, lengths differ, or a time is negative or no number.
    """
    at, happened = times_and_events(time, event)
    z = float(special.ndtri(0.5 + share("confidence", confidence) / 2))
    times = np.unique(at)
    risk = np.array([np.count_nonzero(at >= when) for when in times])
    deaths = np.array([np.count_nonzero(happened & (at == when)) for when in times])
    survival = np.cumprod(1 - deaths / risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(np.cumsum(deaths / (risk * (risk - deaths))))
        lower, upper = _limits(survival, error, z, band)
    middle = [_half(times, deaths, curve) for curve in (survival, lower, upper)]
    return KaplanMeier(
        tuple(times.tolist()),
        tuple(risk.tolist()),
        tuple(deaths.tolist()),
        tuple(survival.tolist()),
        tuple(lower.tolist()),
        tuple(upper.tolist()),
        *middle,
    )


def _limits(survival: Vector, error: Vector, z: float, band: Band) -> tuple[Vector, Vector]:
    if band is Band.PLAIN:
        low, high = survival * (1 - z * error), survival * (1 + z * error)
    elif band is Band.LOG:
        low, high = survival * np.exp(-z * error), survival * np.exp(z * error)
    else:
        spread = np.exp(z * error / np.abs(np.log(survival)))
        low, high = survival**spread, survival ** (1 / spread)
    low, high = np.maximum(low, 0.0), np.minimum(high, 1.0)
    none = survival == 1
    low[none] = high[none] = 1.0
    # After the last death Greenwood's variance does not exist.
    low[survival == 0] = high[survival == 0] = np.nan
    return low, high


def _half(times: Vector, deaths: Vector, curve: Vector) -> float | None:
    """Return the time at which a falling curve passes one half."""
    steps = [(when, value) for when, dead, value in zip(times, deaths, curve, strict=True) if dead]
    for place, (when, value) in enumerate(steps):
        if math.isclose(value, 0.5, rel_tol=1e-9):
            later = [next_time for next_time, _ in steps[place + 1 :]]
            return float((when + (later[0] if later else times[-1])) / 2)
        if value < 0.5:
            return float(when)
    return None


@dataclass(frozen=True)
class LogRank:
    """Observed and expected events of each group, the chi-square and its p-value."""

    groups: tuple[str, ...]
    observed: tuple[float, ...]
    expected: tuple[float, ...]
    chi_square: float
    degrees_of_freedom: int
    p_value: float


@method(
    "clinical.log_rank",
    version="1.0",
    source="Mantel N, Cancer Chemother Rep 1966;50:163; Harrington DP, Fleming TR, Biometrika 1982;69:553",
    title="Log-rank test, stratified, with Fleming–Harrington weights",
)
def log_rank(
    *, time: Sequence[float], event: Sequence[bool], group: Sequence[str], strata: Sequence[str] = (), rho: float = 0.0
) -> LogRank:
    """Return the test that survival is the same in all groups.

    Args:
        time: to event or censoring.
        event: whether it happened.
        group: of each subject.
        strata: of each subject; empty for one. Numerators and variances are summed over strata.
        rho: weight S(t−)^rho, of the pooled estimate in the stratum; 0 is the log-rank test, 1 Peto and Peto's.

    Raises:
        MethodError: lengths differ, there is one group, or the groups are never at risk together.
    """
    at, happened = times_and_events(time, event)
    same_length("time", at, "group", group)
    layers = list(strata) or ["all"] * len(group)
    same_length("time", at, "strata", layers)
    finite_numbers("rho", [rho])
    names = sorted(set(group))
    if len(names) < 2:
        raise MethodError("there is nothing to compare", given=f"{len(names)} group", allowed="at least two")
    member = np.array([[value == name for name in names] for value in group])
    observed, expected = np.zeros(len(names)), np.zeros(len(names))
    variance = np.zeros((len(names), len(names)))
    for layer in sorted(set(layers)):
        inside = np.array([value == layer for value in layers])
        parts = risk_sets(at[inside], happened[inside], member[inside], rho)
        observed, expected, variance = observed + parts[0], expected + parts[1], variance + parts[2]
    rank = int(np.linalg.matrix_rank(variance))
    if rank == 0:
        raise MethodError("no event happened while two groups were at risk", given=f"{int(happened.sum())} events")
    gap = observed - expected
    # The rows of the variance sum to zero; the generalised inverse needs no group to be left out.
    chi = float(gap @ np.linalg.pinv(variance, hermitian=True) @ gap)
    return LogRank(
        tuple(names), tuple(observed.tolist()), tuple(expected.tolist()), chi, rank, float(stats.chi2.sf(chi, rank))
    )


def risk_sets(
    at: Vector, happened: NDArray[Any], member: NDArray[Any], rho: float = 0.0
) -> tuple[Vector, Vector, NDArray[Any]]:
    """Return observed and expected events by group and their variance, over the times of one stratum.

    Args:
        at: time of each subject.
        happened: whether it was an event.
        member: which group each subject belongs to, shape (subjects, groups).
        rho: weight S(t−)^rho.
    """
    size = member.shape[1]
    observed, expected, variance, before = np.zeros(size), np.zeros(size), np.zeros((size, size)), 1.0
    for when in np.unique(at[happened]):
        risk = member[at >= when].sum(axis=0).astype(float)
        dead = member[happened & (at == when)].sum(axis=0).astype(float)
        n, d = risk.sum(), dead.sum()
        weight, part = before**rho, risk / n
        observed += weight * dead
        expected += weight * d * part
        if n > 1:
            # Hypergeometric: with ties the factor (n − d)/(n − 1) is not one.
            variance += weight**2 * d * (n - d) / (n - 1) * (np.diag(part) - np.outer(part, part))
        before *= 1 - d / n
    return observed, expected, variance


def times_and_events(time: Sequence[float], event: Sequence[bool]) -> tuple[Vector, NDArray[Any]]:
    """Return times and whether each was an event, or refuse."""
    at = finite_numbers("time", time)
    same_length("time", at, "event", event)
    if at.min() < 0:
        raise MethodError("a time is negative", given=f"{at.min():g}", allowed="0 or more")
    if any(value not in (0, 1) for value in event):
        raise MethodError("an event is neither yes nor no", allowed="true or false", next_step="map the status codes")
    return at, np.asarray(event, dtype=bool)
