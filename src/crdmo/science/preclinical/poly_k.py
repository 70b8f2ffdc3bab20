"""The poly-k test: tumour incidences when animals die at different times and no cause of death is known.

An animal without the tumour that died early was at risk for a part of the study only. It counts as (t / t_max)^k of an
animal; one with the tumour counts as one. k = 3 is the NTP's choice: most spontaneous tumours rise with about that power.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from crdmo.science.checks import Vector, finite_numbers, positive, same_length
from crdmo.science.method import MethodError, method

from .dunnett import together_normal
from .survival_trend import members


class RateVariance(Enum):
    """The variance of an adjusted rate.

    `bailer_portier` is the binomial one with the adjusted number of animals; `bieler_williams` the delta method's, which
    knows that this number is random; `add_one` is binomial after half a tumour in one more animal (also where none has one).
    """

    BAILER_PORTIER = "bailer_portier"
    BIELER_WILLIAMS = "bieler_williams"
    ADD_ONE = "add_one"


@dataclass(frozen=True)
class GroupRate:
    """One group: animals, tumours, adjusted number of animals and rate; against the control: z, simultaneous p, one-sided p.

    `z` and `p_simultaneous` (two-sided, all dose groups together) use the chosen variance, None where a variance is zero.
    `p_greater` is the Bieler–Williams test of this group and the control alone, None where it is not defined.
    """

    group: str
    animals: int
    tumours: int
    adjusted_animals: float
    rate: float
    standard_error: float
    z: float | None
    p_simultaneous: float | None
    p_greater: float | None


@dataclass(frozen=True)
class PolyK:
    """Adjusted rates by group, and the trend over scores by Bailer and Portier and by Bieler and Williams (one-sided p)."""

    groups: tuple[GroupRate, ...]
    scores: tuple[float, ...]
    k: float
    end: float
    variance: RateVariance
    bailer_portier_z: float
    bailer_portier_p_greater: float
    bieler_williams_z: float
    bieler_williams_p_greater: float


@method(
    "preclinical.poly_k",
    version="1.0",
    title="Poly-k test of survival-adjusted tumour rates",
    source="Bailer AJ, Portier CJ, Biometrics 1988;44:417; Bieler GS, Williams RL, Biometrics 1993;49:793; Schaarschmidt F, "
    "Sill M, Hothorn LA, Biom J 2008;50:934",
)
def poly_k(
    *,
    groups: Sequence[str],
    scores: Sequence[float],
    group: Sequence[str],
    time: Sequence[float],
    tumour: Sequence[bool],
    k: float = 3.0,
    end: float | None = None,
    variance: RateVariance = RateVariance.BAILER_PORTIER,
) -> PolyK:
    """Return the adjusted rates, their comparison with the control, and the trend.

    Args:
        groups: names, the control first.
        scores: dose of each group or its rank; the choice changes p.
        group: of each animal.
        time: of death, any one unit, greater than 0.
        tumour: whether the animal had it.
        k: power of the share of the study that an animal lived.
        end: of the study; None for the last death.
        variance: of the rates and of z.

    Raises:
        MethodError: lists of different length, a time that is not greater than 0 or after the end, what `survival_trend`
            refuses of groups, or no or all animals with the tumour.

    Source: Bailer and Portier (1988); trend with m = n*²/n after Bieler and Williams (1993); comparisons after
    Schaarschmidt, Sill and Hothorn (2008).

    >>> found = poly_k(groups=["0", "1"], scores=[0, 1], group=["0"] * 3 + ["1"] * 3,
    ...                time=[104, 104, 52, 104, 104, 52], tumour=[False, False, True, True, True, False])
    >>> [one.adjusted_animals for one in found.groups], round(found.groups[1].rate, 4)
    ([3.0, 2.125], 0.9412)
    """
    at, member, hit = finite_numbers("time", time), members(groups, scores, group), np.asarray(tumour, dtype=bool)
    same_length("time", at, "group", group)
    same_length("time", at, "tumour", tumour)
    last = float(at.max()) if end is None else float(end)
    if at.min() <= 0 or at.max() > last:
        raise MethodError(
            "a death lies outside the study",
            given=f"{at.min():g} to {at.max():g}",
            allowed=f"greater than 0, up to {last:g}",
            next_step="count the time from the first dose, and give the end of the study",
        )
    if hit.all() or not hit.any():
        raise MethodError(
            "no trend is defined",
            given=f"{int(hit.sum())} of {len(hit)}",
            allowed="some, not all, animals with the tumour",
            next_step="report the incidence without a trend",
        )
    weight = np.where(hit, 1.0, (at / last) ** positive("k", k))
    dose = np.asarray(scores, dtype=float)
    bp, bw = _bailer_portier(hit, weight, member, dose), _bieler_williams(hit, weight, member, dose)
    if bw is None:
        raise MethodError(
            "no trend is defined",
            given="animals that do not differ within the groups",
            allowed="a group in which some, not all, animals have the tumour",
            next_step="report the incidence without a trend",
        )
    rows = _rows(groups, hit, weight, member, variance)
    return PolyK(
        rows, tuple(dose.tolist()), float(k), last, variance, bp, float(stats.norm.sf(bp)), bw, float(stats.norm.sf(bw))
    )


def _bailer_portier(hit: NDArray[Any], weight: Vector, member: NDArray[Any], dose: Vector) -> float:
    """Return the Cochran–Armitage z with adjusted numbers of animals."""
    n, x = weight @ member, hit @ member.astype(float)
    share = float(hit.sum() / weight.sum())
    centre = float(n @ dose / n.sum())
    spread = share * (1 - share) * float(n @ (dose - centre) ** 2)
    return float((x - share * n) @ dose) / math.sqrt(spread)


def _bieler_williams(hit: NDArray[Any], weight: Vector, member: NDArray[Any], dose: Vector) -> float | None:
    """Return the trend of the rates, weighted by m = n*²/n, with the variance of y − pw within groups; None if that is 0."""
    size, n, x = member.sum(axis=0), weight @ member, hit @ member.astype(float)
    m, rate = n**2 / size, x / n
    rest = hit - float(hit.sum() / weight.sum()) * weight
    within = sum(float(((rest[own] - rest[own].mean()) ** 2).sum()) for own in member.T)
    if len(hit) <= len(size) or within <= 1e-12 * len(hit):
        return None
    variance = within / (len(hit) - len(size))
    spread = variance * float(m @ dose**2 - (m @ dose) ** 2 / m.sum())
    return float(m @ (rate * dose) - (m @ dose) * (m @ rate) / m.sum()) / math.sqrt(spread)


def _rates(hit: NDArray[Any], weight: Vector, kind: RateVariance) -> tuple[float, float]:
    """Return the rate of one group that is compared, and its variance."""
    n, x, size = float(weight.sum()), float(hit.sum()), len(hit)
    if kind is RateVariance.ADD_ONE:
        n, x = n + 1, x + 0.5
    rate = x / n
    if kind is RateVariance.BIELER_WILLIAMS:
        return rate, size * float(((hit - rate * weight) ** 2).sum()) / ((size - 1) * n**2) if size > 1 else 0.0
    return rate, rate * (1 - rate) / n


def _rows(
    groups: Sequence[str], hit: NDArray[Any], weight: Vector, member: NDArray[Any], kind: RateVariance
) -> tuple[GroupRate, ...]:
    rates = [_rates(hit[own], weight[own], kind) for own in member.T]
    (base, base_variance), doses = rates[0], rates[1:]
    # A group with a variance of zero has no simultaneous p; nor have the others then, as all are judged together.
    usable = all(variance > 0 for _, variance in doses)
    z = [(rate - base) / math.sqrt(variance + base_variance) if usable else None for rate, variance in doses]
    loading = np.array([math.sqrt(base_variance / (variance + base_variance)) for _, variance in doses]) if usable else None  # fmt: skip
    found = []
    for place, own in enumerate(member.T):
        n, x = float(weight[own].sum()), int(hit[own].sum())
        mine = z[place - 1] if place else None
        p = None
        if mine is not None and loading is not None:
            p = min(1.0, max(0.0, 1 - together_normal(loading, abs(mine), two_sided=True)))
        alone = _alone(hit, weight, member, place) if place else None
        found.append(GroupRate(groups[place], int(own.sum()), x, n, x / n, math.sqrt(rates[place][1]), mine, p, alone))
    return tuple(found)


def _alone(hit: NDArray[Any], weight: Vector, member: NDArray[Any], place: int) -> float | None:
    both = member[:, 0] | member[:, place]
    if hit[both].all() or not hit[both].any():
        return None
    z = _bieler_williams(hit[both], weight[both], member[both][:, [0, place]], np.array([0.0, 1.0]))
    return None if z is None else float(stats.norm.sf(z))
