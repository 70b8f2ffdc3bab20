"""The baseline of a Shewhart chart: limits computed once, from a stated period, and frozen.

Sigma is the short-term one, from ranges or within subgroups; the overall standard deviation would contain the
very shifts that the chart is to find. A point may be left out for an assignable cause, which is recorded with
the limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from crdmo.science.checks import Vector, finite_numbers, table_of_numbers
from crdmo.science.method import MethodError, method
from crdmo.science.quality.control_chart_constants import c4, d2, d3

SOURCE = (
    "Shewhart WA (1931) Economic Control of Quality of Manufactured Product; ISO 7870-2:2023; "
    "Montgomery DC (2013) Introduction to Statistical Quality Control, 7th ed., Wiley, ch. 6"
)
RECOMMENDED_POINTS = 20


class ChartKind(Enum):
    """Which pair of charts."""

    I_MR = "individuals and moving range"
    XBAR_R = "means and ranges"
    XBAR_S = "means and standard deviations"


@dataclass(frozen=True)
class Baseline:
    """Frozen limits of a pair of charts; `sigma` is of single values, `location_sigma` of the plotted points."""

    kind: ChartKind
    centre: float
    sigma: float
    location_sigma: float
    lower: float
    upper: float
    spread_centre: float
    spread_lower: float
    spread_upper: float
    subgroup_size: int
    points: int
    excluded: tuple[int, ...]
    reasons: tuple[str, ...]


@method("quality.baseline_individuals", version="1.0", source=SOURCE, title="Limits of an I-MR chart")
def baseline_individuals(
    *, values: Sequence[float], excluded: Sequence[int] = (), exclusion_reasons: Sequence[str] = ()
) -> Baseline:
    """Return the limits of an individuals and moving-range chart: mean ± 3 · (mean moving range / 1.128).

    Parameters: `values` of the baseline period in time order; `excluded`, positions (from 1) left out, each
    with its assignable cause in `exclusion_reasons`. A moving range is taken only between neighbours that are
    both kept. Raises `MethodError` for fewer than three ranges, an exclusion without a reason, or ranges that
    are all 0.

    >>> round(baseline_individuals(values=[10.0, 11.0, 10.0, 11.0]).sigma, 4)
    0.8862
    """
    y = finite_numbers("values", values, at_least=3)
    keep = _kept(y.size, excluded, exclusion_reasons)
    ranges = np.abs(np.diff(y))[keep[1:] & keep[:-1]]
    if ranges.size < 3:
        raise _too_few(f"{ranges.size} moving ranges", "at least 3 moving ranges between kept neighbours")
    mean_range = float(np.mean(ranges))
    sigma = _usable_sigma(mean_range / d2(2))
    centre = float(np.mean(y[keep]))
    return Baseline(
        kind=ChartKind.I_MR,
        centre=centre,
        sigma=sigma,
        location_sigma=sigma,
        lower=centre - 3.0 * sigma,
        upper=centre + 3.0 * sigma,
        spread_centre=mean_range,
        spread_lower=0.0,
        spread_upper=mean_range * (1.0 + 3.0 * d3(2) / d2(2)),
        subgroup_size=1,
        points=int(np.count_nonzero(keep)),
        excluded=tuple(excluded),
        reasons=_said(f"σ = mean moving range {mean_range:g} / {d2(2):.4f}", keep, excluded, exclusion_reasons),
    )


@method("quality.baseline_subgroups", version="1.0", source=SOURCE, title="Limits of an Xbar-R or Xbar-S chart")
def baseline_subgroups(
    *,
    subgroups: Sequence[Sequence[float]],
    kind: ChartKind = ChartKind.XBAR_S,
    excluded: Sequence[int] = (),
    exclusion_reasons: Sequence[str] = (),
) -> Baseline:
    """Return the limits of a chart of means with ranges or standard deviations.

    Parameters: `subgroups` of one size (at least 2) in time order; `kind` XBAR_R or XBAR_S; exclusions as in
    `baseline_individuals`. Raises `MethodError` for the kind I_MR, single values, or subgroups without
    variation.

    >>> base = baseline_subgroups(subgroups=[[1.0, 2.0], [2.0, 3.0], [1.0, 2.0]], kind=ChartKind.XBAR_R)
    >>> round((base.upper - base.centre) / base.spread_centre, 3)  # A2
    1.88
    >>> round(base.spread_upper / base.spread_centre, 3)  # D4
    3.267
    """
    table = subgroup_table(subgroups, kind)
    n = table.shape[1]
    keep = _kept(table.shape[0], excluded, exclusion_reasons)
    spread = float(np.mean(spreads(table[keep], kind)))
    unbiased, relative = _spread_constants(kind, n)
    sigma = _usable_sigma(spread / unbiased)
    centre = float(np.mean(table[keep]))
    reach = 3.0 * sigma / float(np.sqrt(n))
    name = "range" if kind is ChartKind.XBAR_R else "standard deviation"
    return Baseline(
        kind=kind,
        centre=centre,
        sigma=sigma,
        location_sigma=sigma / float(np.sqrt(n)),
        lower=centre - reach,
        upper=centre + reach,
        spread_centre=spread,
        spread_lower=max(0.0, spread * (1.0 - 3.0 * relative)),
        spread_upper=spread * (1.0 + 3.0 * relative),
        subgroup_size=n,
        points=int(np.count_nonzero(keep)),
        excluded=tuple(excluded),
        reasons=_said(f"σ = mean {name} {spread:g} / {unbiased:.4f}", keep, excluded, exclusion_reasons),
    )


def spreads(table: NDArray[np.float64], kind: ChartKind) -> Vector:
    """Return the range or the standard deviation of each subgroup."""
    return np.ptp(table, axis=1) if kind is ChartKind.XBAR_R else np.std(table, axis=1, ddof=1)


def _spread_constants(kind: ChartKind, n: int) -> tuple[float, float]:
    """Return what turns the mean spread into σ, and the relative standard deviation of the spread."""
    if kind is ChartKind.XBAR_R:
        return d2(n), d3(n) / d2(n)
    return c4(n), float(np.sqrt(1.0 - c4(n) ** 2)) / c4(n)


def subgroup_table(subgroups: Sequence[Sequence[float]], kind: ChartKind) -> NDArray[np.float64]:
    """Return the subgroups as a matrix, or refuse what a chart of means cannot use."""
    table = table_of_numbers("subgroups", subgroups)
    if kind is ChartKind.I_MR or table.shape[1] < 2:
        raise MethodError(
            "a chart of means needs subgroups",
            given=f"{kind.value}, {table.shape[1]} value(s) in a subgroup",
            allowed="XBAR_R or XBAR_S with at least two values in each subgroup",
            next_step="use an individuals chart for single values",
        )
    return table


def _kept(count: int, excluded: Sequence[int], reasons: Sequence[str]) -> NDArray[np.bool_]:
    proper = len(excluded) == len(reasons) == len(set(excluded)) and all(reason.strip() for reason in reasons)
    if not proper or any(not 1 <= position <= count for position in excluded):
        raise MethodError(
            "each point left out of a baseline needs its position and an assignable cause",
            given=f"positions {list(excluded)}, {len(reasons)} reason(s)",
            allowed=f"different positions from 1 to {count}, one reason for each",
            next_step="state the cause of each exclusion, or keep the point",
        )
    keep = np.ones(count, dtype=bool)
    keep[[position - 1 for position in excluded]] = False
    if np.count_nonzero(keep) < 2:
        raise _too_few(f"{np.count_nonzero(keep)} points kept", "at least 2 points")
    return keep


def _usable_sigma(sigma: float) -> float:
    if sigma <= 0.0:
        raise MethodError(
            "the baseline does not vary",
            given="σ 0",
            allowed="σ greater than 0",
            next_step="check the resolution of the readings",
        )
    return sigma


def _too_few(given: str, allowed: str) -> MethodError:
    return MethodError(
        "the baseline is too short",
        given=given,
        allowed=allowed,
        next_step="collect more points before setting limits",
    )


def _said(first: str, keep: NDArray[np.bool_], excluded: Sequence[int], reasons: Sequence[str]) -> tuple[str, ...]:
    count = int(np.count_nonzero(keep))
    said = [first, f"baseline of {count} points, frozen"]
    if count < RECOMMENDED_POINTS:
        said.append(f"fewer than {RECOMMENDED_POINTS} points: the limits are provisional")
    return (*said, *(f"point {p} left out: {why}" for p, why in zip(excluded, reasons, strict=True)))
