"""Shewhart charts of counts: p, np, c and u, with limits frozen from a baseline.

Binomial and Poisson limits are too narrow for counts that vary more than chance, as environmental counts do;
the baseline therefore tests for overdispersion, and widens the limits by Laney's factor only when asked.
Counts that are mostly zero have no useful three-sigma limits: the false-alarm rate that the limits really
have is computed and said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy import stats

from crdmo.science.checks import Vector, finite_numbers, same_length
from crdmo.science.method import MethodError, method
from crdmo.science.quality.control_chart_constants import d2
from crdmo.science.quality.run_rules import BEYOND_LIMITS, Restart, Rule, Signal, signals_of

_SOURCE = (
    "ISO 7870-2:2023; Montgomery DC (2013) Introduction to Statistical Quality Control, 7th ed., Wiley, "
    "ch. 7; Laney DB (2002) Qual Eng 14:531-537"
)


class AttributeKind(Enum):
    """What is counted, and per what."""

    P = "share of nonconforming units"
    NP = "number of nonconforming units"
    C = "number of nonconformities"
    U = "nonconformities per unit of area of opportunity"


@dataclass(frozen=True)
class AttributeBaseline:
    """The frozen centre and dispersion; `size` is the sample size of np and c charts, None for p and u.

    `dispersion` is χ²/df of the baseline (1 for pure chance); `laney_factor` is 1 unless widening was asked
    for. `false_alarm_rate` is what the three-sigma limits really have at the (median) baseline size.
    """

    kind: AttributeKind
    rate: float
    size: float | None
    laney_factor: float
    dispersion: float
    dispersion_p: float
    false_alarm_rate: float
    points: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class AttributeChart:
    """Points with the limits of each (they vary with the size of p and u samples), and the signals."""

    points: tuple[float, ...]
    centre: float
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    signals: tuple[Signal, ...]
    baseline: AttributeBaseline
    in_control: bool
    reasons: tuple[str, ...]


@method("quality.baseline_attributes", version="1.0", source=_SOURCE, title="Limits of a p, np, c or u chart")
def baseline_attributes(
    *,
    kind: AttributeKind,
    counts: Sequence[float],
    sizes: Sequence[float],
    widen_for_overdispersion: bool = False,
) -> AttributeBaseline:
    """Return the frozen rate of a chart of counts.

    Parameters: `counts` of the baseline period in time order, whole numbers; `sizes`, the units tested (p,
    np) or the area of opportunity (c, u) of each sample, all equal for np and c; `widen_for_overdispersion`
    applies Laney's p′/u′ factor. Raises `MethodError` for counts that are negative, not whole or larger than
    p/np samples, unequal sizes where they must be equal, or a rate of 0 or 1, which gives no limits.

    >>> base = baseline_attributes(kind=AttributeKind.C, counts=[4, 5, 3, 6, 4, 2], sizes=[1] * 6)
    >>> base.rate, round(base.false_alarm_rate, 4)
    (4.0, 0.0028)
    """
    k, n = _counts(kind, counts, sizes, at_least=5)
    rate = float(np.sum(k) / np.sum(n))
    if rate <= 0.0 or (_is_binomial(kind) and rate >= 1.0):
        raise MethodError(
            "a baseline in which nothing, or everything, was counted gives no limits",
            given=f"rate {rate:g}",
            allowed="a rate greater than 0" + (" and smaller than 1" if _is_binomial(kind) else ""),
            next_step="lengthen the baseline, or chart the time or number of units between events",
        )
    z = (k / n - rate) / _standard_error(kind, rate, n)
    dispersion = float(np.sum(z**2)) / (k.size - 1)
    p = float(stats.chi2.sf(np.sum(z**2), k.size - 1))
    factor = max(1.0, float(np.mean(np.abs(np.diff(z)))) / d2(2)) if widen_for_overdispersion else 1.0
    size = float(n[0]) if kind in (AttributeKind.NP, AttributeKind.C) else None
    alarms = _false_alarm_rate(kind, rate, float(np.median(n)), factor)
    return AttributeBaseline(
        kind=kind,
        rate=rate,
        size=size,
        laney_factor=factor,
        dispersion=dispersion,
        dispersion_p=p,
        false_alarm_rate=alarms,
        points=k.size,
        reasons=_reasons(rate, dispersion, p, factor, alarms, widen_for_overdispersion),
    )


@method("quality.chart_attributes", version="1.0", source=_SOURCE, title="p, np, c or u chart against a baseline")
def chart_attributes(
    *,
    counts: Sequence[float],
    sizes: Sequence[float],
    baseline: AttributeBaseline,
    rules: Sequence[Rule] = BEYOND_LIMITS,
    restart: Restart = Restart.EACH_RULE,
) -> AttributeChart:
    """Chart counts against a frozen rate; lower limits end at 0, and the upper limit of a share at 1.

    Parameters: as in `baseline_attributes`; `rules`, by default the limits alone, because runs of counts are
    not normal. Raises `MethodError` as there, or when np and c samples differ in size from the baseline.
    """
    k, n = _counts(baseline.kind, counts, sizes, at_least=1)
    if baseline.size is not None and np.any(n != baseline.size):
        raise MethodError(
            "the samples differ in size from the baseline",
            given=f"sizes {n.min():g} to {n.max():g}",
            allowed=f"size {baseline.size:g} throughout",
            next_step="use a p or u chart for samples of varying size",
        )
    scale = n if baseline.size is not None else np.ones_like(n)
    points, centre = k / n * scale, baseline.rate * scale
    reach = 3.0 * _standard_error(baseline.kind, baseline.rate, n) * baseline.laney_factor * scale
    ceiling = scale if _is_binomial(baseline.kind) else np.full_like(n, np.inf)
    lower, upper = np.maximum(centre - reach, 0.0), np.minimum(centre + reach, ceiling)
    signals = signals_of(points, 3.0 * (points - centre) / reach, rules, restart)
    return AttributeChart(
        points=tuple(points.tolist()),
        centre=float(centre[0]),
        lower=tuple(lower.tolist()),
        upper=tuple(upper.tolist()),
        signals=signals,
        baseline=baseline,
        in_control=not signals,
        reasons=tuple(s.reason for s in signals) or ("no rule signals",),
    )


def _is_binomial(kind: AttributeKind) -> bool:
    return kind in (AttributeKind.P, AttributeKind.NP)


def _standard_error(kind: AttributeKind, rate: float, n: Vector) -> Vector:
    return np.sqrt(rate * (1.0 - rate) / n) if _is_binomial(kind) else np.sqrt(rate / n)


def _counts(
    kind: AttributeKind, counts: Sequence[float], sizes: Sequence[float], *, at_least: int
) -> tuple[Vector, Vector]:
    k, n = (
        finite_numbers("counts", counts, at_least=at_least),
        finite_numbers("sizes", sizes, at_least=at_least),
    )
    same_length("counts", k, "sizes", n)
    whole = bool(np.all(k >= 0.0) and np.all(k == np.round(k)) and np.all(n > 0.0))
    if _is_binomial(kind):
        whole = whole and bool(np.all(n == np.round(n)) and np.all(k <= n))
    if not whole:
        raise MethodError(
            "counts and sizes do not describe samples",
            given=f"counts {k.min():g} to {k.max():g}, sizes {n.min():g} to {n.max():g}",
            allowed="whole counts from 0, sizes greater than 0, no more nonconforming units than units",
            next_step="check the counts",
        )
    if kind in (AttributeKind.NP, AttributeKind.C) and np.any(n != n[0]):
        raise MethodError(
            "this chart needs samples of one size",
            given=f"sizes {n.min():g} to {n.max():g}",
            allowed="equal sizes",
            next_step="use a p or u chart for samples of varying size",
        )
    return k, n


def _false_alarm_rate(kind: AttributeKind, rate: float, size: float, factor: float) -> float:
    mean = rate * size
    reach = 3.0 * factor * float(_standard_error(kind, rate, np.array([size]))[0]) * size
    chance = stats.binom(int(size), rate) if _is_binomial(kind) else stats.poisson(mean)
    below = float(chance.cdf(np.ceil(mean - reach) - 1.0)) if mean > reach else 0.0
    return float(chance.sf(np.floor(mean + reach))) + below


def _reasons(rate: float, dispersion: float, p: float, factor: float, alarms: float, widened: bool) -> tuple[str, ...]:
    said = [f"rate {rate:g}, frozen; dispersion {dispersion:.2f} of what chance gives (p {p:.3g})"]
    if widened:
        said.append(f"limits widened by Laney's factor {factor:.3f}")
    elif p < 0.05:
        said.append("the counts vary more than chance: limits are too narrow unless widened")
    said.append(f"these limits signal by chance at {alarms:.2%} of points")
    return tuple(said)
