"""Bootstrap f2: the confidence interval of the similarity factor when profiles vary too much for f2 itself.

Units are resampled, never time points: the values of one tablet belong together. The estimate f2 is biased
downwards, so a percentile interval is not enough; the bias-corrected and accelerated one is used, in two
published forms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from crdmo.science.checks import Vector, share, whole_number
from crdmo.science.method import MethodError, method
from crdmo.science.quality.dissolution_profile import (
    SIMILAR_FROM,
    matching_tables,
    similarity_factors,
    usable_times,
)
from crdmo.science.quality.dissolution_rules import Regulator

_SOURCE = (
    "Shah VP, Tsong Y, Sathe P, Liu JP (1998) Pharm Res 15:889-896; Efron B, Tibshirani RJ (1993) "
    "An Introduction to the Bootstrap, ch. 14; Davison AC, Hinkley DV (1997) Bootstrap Methods and "
    "their Application, ch. 5"
)


@dataclass(frozen=True)
class BootstrapF2:
    """Estimates of f2 and the intervals; `similar` when the lower BCa limit is at least 50."""

    f2: float
    bias_corrected_f2: float
    bca_lower: float
    bca_upper: float
    shah_lower: float
    shah_upper: float
    percentile_lower: float
    percentile_upper: float
    similar: bool
    confidence: float
    resamples: int
    seed: int
    times_used: tuple[float, ...]
    quantile_levels: tuple[float, ...]
    quantiles: tuple[float, ...]
    reasons: tuple[str, ...]


@method("quality.bootstrap_f2", version="1.0", source=_SOURCE, title="Bootstrap confidence interval of f2")
def bootstrap_f2(
    *,
    times: Sequence[float],
    reference: Sequence[Sequence[float]],
    test: Sequence[Sequence[float]],
    seed: int,
    resamples: int = 5000,
    confidence: float = 0.90,
    regulator: Regulator | None = Regulator.EMA,
    required_units: int = 12,
) -> BootstrapF2:
    """Resample the units of both products and return the interval of f2.

    Parameters: `times`, `reference`, `test`, `required_units` as in `compare_profiles`; `regulator` whose
    rule chooses the time points once, from the data in hand, or None for all points after time 0;
    `resamples`, at least 1000. The same seed gives the same numbers. Raises `MethodError` for fewer than
    three usable times.

    Source: BCa with the acceleration of two strata (Davison and Hinkley 1997); "Shah" pools the
    leave-one-out values of both products about their common mean (Shah et al. 1998).
    """
    share("confidence", confidence)
    count = whole_number("resamples", resamples, at_least=1000)
    t, ref, tst = matching_tables(times, reference, test, required_units)
    used = t > 0.0 if regulator is None else usable_times(t, ref, tst, regulator)
    _enough(used)
    ref, tst = ref[:, used], tst[:, used]
    estimate = float(similarity_factors(ref.mean(axis=0), tst.mean(axis=0)))
    values = _resampled(ref, tst, count, seed)
    z0 = _bias_correction(values, estimate)
    left_out = _leave_one_out(ref, tst)
    bca = _bca_limits(values, z0, _stratified_acceleration(left_out), confidence)
    shah = _bca_limits(values, z0, _pooled_acceleration(left_out), confidence)
    tail = (1.0 - confidence) / 2.0
    plain = np.quantile(values, [tail, 1.0 - tail])
    levels = np.linspace(0.005, 0.995, 100)
    return BootstrapF2(
        f2=estimate,
        bias_corrected_f2=2.0 * estimate - float(np.mean(values)),
        bca_lower=bca[0],
        bca_upper=bca[1],
        shah_lower=shah[0],
        shah_upper=shah[1],
        percentile_lower=float(plain[0]),
        percentile_upper=float(plain[1]),
        similar=bca[0] >= SIMILAR_FROM,
        confidence=confidence,
        resamples=count,
        seed=seed,
        times_used=tuple(t[used].tolist()),
        quantile_levels=tuple(levels.tolist()),
        quantiles=tuple(np.quantile(values, levels).tolist()),
        reasons=_reasons(count, (ref.shape[0], tst.shape[0], ref.shape[1]), seed, confidence, bca[0]),
    )


def _enough(used: NDArray[np.bool_]) -> None:
    if np.count_nonzero(used) < 3:
        raise MethodError(
            "too few time points for f2",
            given=f"{np.count_nonzero(used)} usable times",
            allowed="at least three after time 0",
            next_step="compare over more times, or judge very rapid dissolution without f2",
        )


def _reasons(count: int, shape: tuple[int, int, int], seed: int, confidence: float, lower: float) -> tuple[str, ...]:
    similar = lower >= SIMILAR_FROM
    return (
        f"{count} resamples of {shape[0]} + {shape[1]} units over {shape[2]} times, seed {seed}",
        f"lower {confidence:.0%} BCa limit {lower:.2f} {'≥' if similar else '<'} {SIMILAR_FROM:g}: "
        f"{'similar' if similar else 'similarity not shown'}",
    )


def _resampled(ref: NDArray[np.float64], tst: NDArray[np.float64], count: int, seed: int) -> Vector:
    """Return f2 of each resample; a resample is a vector of how often each unit was drawn."""
    rng = np.random.default_rng(seed)
    means = [_drawn_weights(rng, table.shape[0], count) @ table / table.shape[0] for table in (ref, tst)]
    return similarity_factors(means[0], means[1])


def _drawn_weights(rng: np.random.Generator, units: int, count: int) -> NDArray[np.float64]:
    drawn = rng.integers(0, units, size=(count, units)) + np.arange(count)[:, None] * units
    return np.bincount(drawn.ravel(), minlength=count * units).reshape(count, units).astype(np.float64)


def _bias_correction(values: Vector, estimate: float) -> float:
    """Return z0; a share of 0 or 1 is moved by half a resample, so that z0 stays finite."""
    below = float(np.count_nonzero(values < estimate)) / values.size
    return float(special.ndtri(np.clip(below, 0.5 / values.size, 1.0 - 0.5 / values.size)))


def _leave_one_out(ref: NDArray[np.float64], tst: NDArray[np.float64]) -> tuple[Vector, Vector]:
    """Return f2 without each reference unit, and without each test unit."""
    ref_means, test_means = ref.mean(axis=0), tst.mean(axis=0)
    ref_without = (ref.sum(axis=0) - ref) / (ref.shape[0] - 1)
    test_without = (tst.sum(axis=0) - tst) / (tst.shape[0] - 1)
    return similarity_factors(ref_without, test_means), similarity_factors(ref_means, test_without)


def _stratified_acceleration(left_out: tuple[Vector, Vector]) -> float:
    """Return the acceleration with the influence of each unit taken within its own product."""
    third = second = 0.0
    for values in left_out:
        influence = (values.size - 1) * (np.mean(values) - values)
        third += float(np.sum(influence**3)) / values.size**3
        second += float(np.sum(influence**2)) / values.size**2
    return third / (6.0 * second**1.5) if second > 0.0 else 0.0


def _pooled_acceleration(left_out: tuple[Vector, Vector]) -> float:
    """Return the acceleration with all units taken about one mean."""
    values = np.concatenate(left_out)
    difference = np.mean(values) - values
    second = float(np.sum(difference**2))
    return float(np.sum(difference**3)) / (6.0 * second**1.5) if second > 0.0 else 0.0


def _bca_limits(values: Vector, z0: float, acceleration: float, confidence: float) -> tuple[float, float]:
    tail = (1.0 - confidence) / 2.0
    z = z0 + special.ndtri(np.array([tail, 1.0 - tail]))
    levels = special.ndtr(z0 + z / (1.0 - acceleration * z))
    lower, upper = np.quantile(values, levels)
    return float(lower), float(upper)
