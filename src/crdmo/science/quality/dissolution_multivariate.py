"""Equivalence of dissolution profiles by the Mahalanobis distance: the ways out when f2 may not be used.

Two decisions on the same distance: Tsong's confidence region, and Hoffelder's T² test for equivalence, which
keeps its level. Both compare with the distance that a difference of (by default) 10 % at every time would
have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from crdmo.science.checks import Vector, positive, share
from crdmo.science.method import MethodError, method
from crdmo.science.quality.dissolution_profile import matching_tables

_SOURCE = (
    "Tsong Y, Hammerstrom T, Sathe P, Shah VP (1996) Drug Inf J 30:1105-1112; Hoffelder T, Goessl R, "
    "Wellek S (2015) J Biopharm Stat 25:417-437; Wellek S (2010) Testing Statistical Hypotheses of Equivalence, "
    "2nd ed."
)


class EquivalenceOutcome(Enum):
    """What the two multivariate decisions came to."""

    SIMILAR = "similar"
    NOT_SHOWN = "similarity not shown"


@dataclass(frozen=True)
class T2Equivalence:
    """Mahalanobis distance, both decisions and everything they rest on."""

    outcome: EquivalenceOutcome
    region_outcome: EquivalenceOutcome
    mahalanobis_distance: float
    t_squared: float
    f_statistic: float
    degrees_of_freedom: tuple[int, int]
    noncentrality: float
    f_critical_region: float
    f_critical_equivalence: float
    p_value: float
    similarity_limit: float
    observed_lower: float
    observed_upper: float
    mean_difference: tuple[float, ...]
    times: tuple[float, ...]
    confidence: float
    reasons: tuple[str, ...]


@method("quality.t2_equivalence", version="1.0", source=_SOURCE, title="T² equivalence of dissolution profiles")
def t2_equivalence(
    *,
    times: Sequence[float],
    reference: Sequence[Sequence[float]],
    test: Sequence[Sequence[float]],
    confidence: float = 0.95,
    allowed_difference: float = 10.0,
    required_units: int = 12,
) -> T2Equivalence:
    """Judge two products by the Mahalanobis distance of their mean profiles.

    Parameters: `times`, `reference`, `test`, `required_units` as in `compare_profiles`, all times given are
    used; `confidence` of the region, 1 − `confidence` being the level of the equivalence test;
    `allowed_difference` in percent dissolved at every time. `observed_lower` and `observed_upper` are the
    distances of the two ends of the region in the direction of the observed difference; the region lies
    within the limit when the larger does.

    Raises `MethodError` when there are too few units for the times, or the covariance cannot be inverted.
    """
    share("confidence", confidence)
    positive("allowed_difference", allowed_difference)
    t, ref, tst = matching_tables(times, reference, test, required_units)
    p, df = t.size, ref.shape[0] + tst.shape[0] - 2
    difference = tst.mean(axis=0) - ref.mean(axis=0)
    whiten = _whitening(ref, tst, df)
    distance = float(np.linalg.norm(whiten @ difference))
    limit = float(np.linalg.norm(whiten @ np.full(p, allowed_difference)))
    size = ref.shape[0] * tst.shape[0] / (ref.shape[0] + tst.shape[0])
    to_f = (df - p + 1) / (df * p)
    f = size * distance**2 * to_f
    f_region = float(stats.f.ppf(confidence, p, df - p + 1))
    noncentrality = size * limit**2
    f_equivalence = float(stats.ncf.ppf(1.0 - confidence, p, df - p + 1, noncentrality))
    reach = float(np.sqrt(f_region / (size * to_f)))
    outcome = _shown(f < f_equivalence)
    region = _shown(distance + reach < limit)
    return T2Equivalence(
        outcome=outcome,
        region_outcome=region,
        mahalanobis_distance=distance,
        t_squared=size * distance**2,
        f_statistic=f,
        degrees_of_freedom=(p, df - p + 1),
        noncentrality=noncentrality,
        f_critical_region=f_region,
        f_critical_equivalence=f_equivalence,
        p_value=float(stats.ncf.cdf(f, p, df - p + 1, noncentrality)),
        similarity_limit=limit,
        observed_lower=abs(distance - reach),
        observed_upper=distance + reach,
        mean_difference=tuple(difference.tolist()),
        times=tuple(t.tolist()),
        confidence=confidence,
        reasons=_reasons(f, f_equivalence, outcome, distance + reach, limit, region),
    )


def _reasons(
    f: float, critical: float, outcome: EquivalenceOutcome, farthest: float, limit: float, region: EquivalenceOutcome
) -> tuple[str, ...]:
    return (
        f"equivalence test: F {f:.4g}, critical {critical:.4g}: {outcome.value}",
        f"confidence region: farthest end {farthest:.4g}, limit {limit:.4g}: {region.value}",
    )


def _shown(is_shown: bool) -> EquivalenceOutcome:
    return EquivalenceOutcome.SIMILAR if is_shown else EquivalenceOutcome.NOT_SHOWN


def _whitening(ref: NDArray[np.float64], tst: NDArray[np.float64], df: int) -> NDArray[np.float64]:
    """Return W with WᵀW the inverse of the pooled covariance."""
    p = ref.shape[1]
    if df - p + 1 < 1:
        raise MethodError(
            "too few units for the number of times",
            given=f"{df + 2} units, {p} times",
            allowed=f"at least {p + 2} units in all",
            next_step="test more units or compare at fewer times",
        )
    residuals: Vector = np.vstack([ref - ref.mean(axis=0), tst - tst.mean(axis=0)])
    spread = np.linalg.svd(residuals, compute_uv=False)
    if spread[-1] <= 1e-10 * spread[0]:
        raise MethodError(
            "the covariance of the times cannot be inverted",
            given="a time without variation, or times that repeat each other",
            allowed="times that vary between units, none a combination of others",
            next_step="leave out times before release begins or on the plateau",
        )
    return np.asarray(np.linalg.inv(np.linalg.cholesky(residuals.T @ residuals / df)), dtype=np.float64)
