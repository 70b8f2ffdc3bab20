"""Shewhart charts of measurements: individuals with moving range, means with range or standard deviation.

Limits come from a baseline and stay frozen: charting never recomputes them, because limits that follow the
data follow the drift. Sigma is the short-term one, from ranges or within subgroups; the overall standard
deviation would contain the very shifts the chart is to find. A baseline is made by one function and handed to
another, so a page cannot do both by accident.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crdmo.science.checks import Vector, finite_numbers
from crdmo.science.method import MethodError, method
from crdmo.science.quality.control_chart_baseline import SOURCE, Baseline, ChartKind, spreads, subgroup_table
from crdmo.science.quality.run_rules import BEYOND_LIMITS, NELSON, Restart, Rule, Signal, signals_of


@dataclass(frozen=True)
class Panel:
    """One drawn chart: points in order (None where there is none), centre, limits of all points, signals."""

    title: str
    points: tuple[float | None, ...]
    centre: float
    lower: float
    upper: float
    sigma: float | None
    signals: tuple[Signal, ...]


@dataclass(frozen=True)
class ControlChart:
    """A pair of charts against its baseline; `in_control` when neither signals."""

    location: Panel
    spread: Panel
    baseline: Baseline
    rules: tuple[Rule, ...]
    restart: Restart
    in_control: bool
    reasons: tuple[str, ...]


@method("quality.chart_individuals", version="1.0", source=SOURCE, title="I-MR chart against a baseline")
def chart_individuals(
    *,
    values: Sequence[float],
    baseline: Baseline,
    rules: Sequence[Rule] = NELSON,
    restart: Restart = Restart.EACH_RULE,
) -> ControlChart:
    """Chart values in time order against frozen limits; the moving range has an upper limit only.

    Parameters: `baseline` of kind I_MR; `rules` and `restart` as in `run_rules`. Nothing of the baseline is
    recomputed. Raises `MethodError` when the baseline is of another kind.
    """
    y = finite_numbers("values", values)
    _same_kind(baseline, {ChartKind.I_MR}, 1)
    return _chart(y, np.abs(np.diff(y)), baseline, rules, restart, first_spread=1)


@method("quality.chart_subgroups", version="1.0", source=SOURCE, title="Xbar chart against a baseline")
def chart_subgroups(
    *,
    subgroups: Sequence[Sequence[float]],
    baseline: Baseline,
    rules: Sequence[Rule] = NELSON,
    restart: Restart = Restart.EACH_RULE,
) -> ControlChart:
    """Chart subgroups in time order against frozen limits.

    Parameters: `subgroups` of the baseline's size; the rest as in `chart_individuals`.
    """
    table = subgroup_table(subgroups, baseline.kind)
    _same_kind(baseline, {ChartKind.XBAR_R, ChartKind.XBAR_S}, table.shape[1])
    return _chart(table.mean(axis=1), spreads(table, baseline.kind), baseline, rules, restart, first_spread=0)


_SPREAD_TITLES = {
    ChartKind.I_MR: "moving ranges",
    ChartKind.XBAR_R: "ranges",
    ChartKind.XBAR_S: "standard deviations",
}


def _chart(
    centres: Vector, spreads_: Vector, base: Baseline, rules: Sequence[Rule], restart: Restart, *, first_spread: int
) -> ControlChart:
    location = _location_panel(centres, base, rules, restart)
    spread = _spread_panel(spreads_, base, first_spread)
    said = [s.reason for s in location.signals] + [f"{spread.title}: {s.reason}" for s in spread.signals]
    return ControlChart(
        location=location,
        spread=spread,
        baseline=base,
        rules=tuple(rules),
        restart=restart,
        in_control=not said,
        reasons=tuple(said) or ("no rule signals",),
    )


def _location_panel(points: Vector, base: Baseline, rules: Sequence[Rule], restart: Restart) -> Panel:
    return Panel(
        title="individuals" if base.kind is ChartKind.I_MR else "means",
        points=tuple(points.tolist()),
        centre=base.centre,
        lower=base.lower,
        upper=base.upper,
        sigma=base.location_sigma,
        signals=signals_of(points, (points - base.centre) / base.location_sigma, rules, restart),
    )


def _spread_panel(points: Vector, base: Baseline, missing: int) -> Panel:
    return Panel(
        title=_SPREAD_TITLES[base.kind],
        points=(None,) * missing + tuple(points.tolist()),
        centre=base.spread_centre,
        lower=base.spread_lower,
        upper=base.spread_upper,
        sigma=None,
        signals=outside_limits(points, base.spread_lower, base.spread_upper, offset=missing),
    )


def outside_limits(
    points: Vector, lower: Vector | float, upper: Vector | float, *, offset: int = 0
) -> tuple[Signal, ...]:
    """Return a signal for each point outside its limits; `offset` points come before the first."""
    low, high = np.broadcast_to(lower, points.shape), np.broadcast_to(upper, points.shape)
    return tuple(
        Signal(
            int(i) + 1 + offset,
            int(i) + 1 + offset,
            BEYOND_LIMITS[0],
            float(points[i]),
            f"point {int(i) + 1 + offset}: {points[i]:g} lies outside {low[i]:g} to {high[i]:g}",
        )
        for i in np.flatnonzero((points < low) | (points > high))
    )


def _same_kind(baseline: Baseline, allowed: set[ChartKind], size: int) -> None:
    if baseline.kind not in allowed or baseline.subgroup_size != size:
        raise MethodError(
            "the baseline belongs to another chart",
            given=f"{baseline.kind.value}, subgroup size {baseline.subgroup_size}",
            allowed=f"{' or '.join(sorted(k.value for k in allowed))}, subgroup size {size}",
            next_step="make a baseline from data of the same kind",
        )
