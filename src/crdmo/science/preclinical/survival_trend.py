"""Survival of the groups of a long study: Kaplan–Meier by group, and Tarone's test for a trend with dose.

Without it no tumour incidence can be read: animals that die early of toxicity cannot show late tumours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from crdmo.science.checks import same_length
from crdmo.science.clinical.survival import KaplanMeier, kaplan_meier, risk_sets, times_and_events
from crdmo.science.method import MethodError, method


@dataclass(frozen=True)
class GroupSurvival:
    """One group: animals, deaths, those expected if survival were the same in all, the estimate, p against the control.

    `p_two_sided` is the log-rank test of this group and the control alone; None for the control and where no animal of
    the two died.
    """

    group: str
    animals: int
    deaths: int
    expected: float
    estimate: KaplanMeier
    p_two_sided: float | None


@dataclass(frozen=True)
class SurvivalTrend:
    """Tarone's trend: z is positive where deaths come sooner with dose. `departure` is what the trend leaves of log-rank."""

    groups: tuple[GroupSurvival, ...]
    scores: tuple[float, ...]
    z: float
    p_two_sided: float
    chi_square: float
    degrees_of_freedom: int
    p_any_difference: float
    departure_chi_square: float


@method(
    "preclinical.survival_trend",
    version="1.0",
    title="Survival by group and Tarone's life-table trend",
    source="Kaplan EL, Meier P, JASA 1958;53:457; Tarone RE, Biometrika 1975;62:679; Cox DR, J R Stat Soc B 1972;34:187",
)
def survival_trend(
    *,
    groups: Sequence[str],
    scores: Sequence[float],
    group: Sequence[str],
    time: Sequence[float],
    died: Sequence[bool],
) -> SurvivalTrend:
    """Return the survival of each group and the trend over their scores.

    Args:
        groups: names, the control first.
        scores: dose of each group or its rank; the choice changes p.
        group: of each animal.
        time: on study until death, any one unit.
        died: whether the animal was found dead or killed moribund; not so for scheduled kills and accidents.

    Raises:
        MethodError: groups and scores do not fit, an animal is in none of them, a group has no animal, times are
            negative or no number, or no animal died while others were at risk.

    Source: Tarone (1975), the log-rank numerator weighted by score.

    >>> found = survival_trend(groups=["0", "1", "2"], scores=[0, 1, 2], group=["0", "0", "1", "1", "2", "2"],
    ...                        time=[104, 104, 90, 104, 60, 80], died=[False, False, True, False, True, True])
    >>> [one.deaths for one in found.groups], round(found.z, 4)
    ([0, 1, 2], 2.2219)
    """
    at, happened = times_and_events(time, died)
    member = members(groups, scores, group)
    same_length("time", at, "group", group)
    seen, expected, variance = risk_sets(at, happened, member)
    dose = np.asarray(scores, dtype=float)
    spread = float(dose @ variance @ dose)
    if spread <= 0:
        raise MethodError(
            "no trend of survival is defined",
            given=f"{int(happened.sum())} deaths",
            allowed="a death while animals of two groups are at risk",
            next_step="report survival without a test",
        )
    z = float(dose @ (seen - expected)) / math.sqrt(spread)
    chi, rank = _any_difference(seen - expected, variance)
    rows = []
    for place, name in enumerate(groups):
        own = member[:, place]
        alone = _against_control(at, happened, member, place) if place else None
        estimate = kaplan_meier(time=at[own].tolist(), event=happened[own].tolist())
        rows.append(GroupSurvival(name, int(own.sum()), int(seen[place]), float(expected[place]), estimate, alone))
    return SurvivalTrend(
        tuple(rows), tuple(dose.tolist()), z, float(2 * stats.norm.sf(abs(z))),
        chi, rank, float(stats.chi2.sf(chi, rank)), max(0.0, chi - z**2),
    )  # fmt: skip


def members(groups: Sequence[str], scores: Sequence[float], group: Sequence[str]) -> NDArray[Any]:
    """Return which group each animal belongs to, shape (animals, groups), or refuse."""
    same_length("groups", groups, "scores", scores)
    if len(groups) < 2 or len(set(groups)) != len(groups):
        raise MethodError(
            "the groups are not a control and dose groups",
            given=str(list(groups)),
            allowed="at least two different names, the control first",
            next_step="name each group once",
        )
    if not all(map(math.isfinite, scores)) or any(b <= a for a, b in pairwise(scores)):
        raise MethodError(
            "the scores do not rise",
            given=str(list(scores)),
            allowed="finite, rising from the control",
            next_step="order the groups by dose, the control first",
        )
    strangers = sorted(set(group) - set(groups))
    if strangers or set(groups) - set(group):
        raise MethodError(
            "animals and groups do not belong together",
            given=f"animals in {', '.join(strangers)}" if strangers else "a group without animals",
            allowed=", ".join(groups),
            next_step="leave out satellites and recovery animals, and groups of another study",
        )
    return np.array([[value == name for name in groups] for value in group])


def _any_difference(gap: NDArray[Any], variance: NDArray[Any]) -> tuple[float, int]:
    rank = int(np.linalg.matrix_rank(variance))
    return float(gap @ np.linalg.pinv(variance, hermitian=True) @ gap), rank


def _against_control(at: NDArray[Any], happened: NDArray[Any], member: NDArray[Any], place: int) -> float | None:
    both = member[:, 0] | member[:, place]
    seen, expected, variance = risk_sets(at[both], happened[both], member[both][:, [0, place]])
    if variance[1, 1] <= 0:
        return None
    return float(stats.chi2.sf((seen[1] - expected[1]) ** 2 / variance[1, 1], 1))
