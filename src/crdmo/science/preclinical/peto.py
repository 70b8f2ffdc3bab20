"""Peto's test for a trend of tumours with dose, which counts fatal and incidental tumours each in its own context.

A fatal tumour is compared among all animals alive when it killed; an incidental one, found at an autopsy for another
reason, among the animals that were autopsied in the same interval. So it needs the pathologist's judgement on each tumour.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from crdmo.science.checks import Vector, finite_numbers, same_length
from crdmo.science.method import MethodError, method

from .permutation import upper_tail
from .survival_trend import members


class Context(Enum):
    """What the tumour had to do with the death; a palpable one is counted at the time of its onset, like a fatal one."""

    NONE = "none"
    INCIDENTAL = "incidental"
    FATAL = "fatal"
    PALPABLE = "palpable"


@dataclass(frozen=True)
class PetoStratum:
    """One comparison: its context and when, tumours and animals at risk by group."""

    context: Context
    until: float | None
    tumours: tuple[int, ...]
    at_risk: tuple[int, ...]


@dataclass(frozen=True)
class PetoTest:
    """Observed and expected tumours by group over all strata; z, one-sided p of a rising trend, and the exact one.

    `exact_p_greater` is None where the arrangements are too many to count.
    """

    observed: tuple[float, ...]
    expected: tuple[float, ...]
    statistic: float
    variance: float
    z: float
    p_greater: float
    exact_p_greater: float | None
    strata: tuple[PetoStratum, ...]
    scores: tuple[float, ...]


@method(
    "preclinical.peto",
    version="1.0",
    title="Peto's mortality-prevalence trend test",
    source="Peto R et al., IARC Monographs, Long-Term and Short-Term Screening Assays, Suppl. 2, 1980:311-426",
)
def peto_trend(
    *,
    groups: Sequence[str],
    scores: Sequence[float],
    group: Sequence[str],
    time: Sequence[float],
    context: Sequence[Context],
    interval_ends: Sequence[float],
    killed_at_end: Sequence[bool] | None = None,
) -> PetoTest:
    """Return the trend of one tumour type.

    Args:
        groups: names, the control first.
        scores: dose of each group or its rank; the choice changes p.
        group: of each animal.
        time: of death, or of onset of a palpable tumour, any one unit.
        context: of the tumour in each animal.
        interval_ends: last time of each interval in which incidental tumours are compared, rising; later deaths are the
            last interval. Peto et al. use weeks 50, 80 and 104.
        killed_at_end: whether the animal was killed at the scheduled end; these are an interval of their own.

    An animal that died of the tumour is not at risk of an incidental one; one with a palpable tumour is at risk until onset.

    Raises:
        MethodError: lists of different length, intervals that do not rise, what `survival_trend` refuses of groups,
            fatal tumours in animals killed at the end, or no stratum in which a trend is defined.

    Source: Peto et al. (1980), the combined analysis; exact p by all arrangements within strata.

    >>> found = peto_trend(groups=["0", "1"], scores=[0, 1], group=["0", "0", "1", "1"], time=[104, 104, 104, 104],
    ...                    context=[Context.NONE, Context.NONE, Context.INCIDENTAL, Context.INCIDENTAL], interval_ends=[])
    >>> found.expected, round(found.exact_p_greater, 6)
    ((1.0, 1.0), 0.166667)
    """
    at = finite_numbers("time", time)
    member = members(groups, scores, group)
    for name, other in (("group", group), ("context", context), ("killed_at_end", killed_at_end)):
        if other is not None:
            same_length("time", at, name, list(other))
    kind = np.array([Context(one).value for one in context])
    end = np.zeros(len(at), dtype=bool) if killed_at_end is None else np.asarray(killed_at_end, dtype=bool)
    if (end & (kind == Context.FATAL.value)).any():
        raise MethodError(
            "a tumour is called fatal in an animal that was killed at the end of the study",
            given=str(int((end & (kind == Context.FATAL.value)).sum())),
            allowed="incidental or palpable in such an animal",
            next_step="ask the pathologist for the context of the tumour",
        )
    strata = [*_onsets(at, kind, member), *_intervals(at, kind, member, end, _ends(interval_ends))]
    return _tested(strata, scores, len(groups))


def _ends(interval_ends: Sequence[float]) -> list[float]:
    ends = [float(one) for one in interval_ends]
    if not all(map(math.isfinite, ends)) or any(b <= a for a, b in pairwise(ends)):
        raise MethodError(
            "the intervals do not follow each other",
            given=str(list(interval_ends)),
            allowed="finite, rising ends",
            next_step="give the last time of each interval",
        )
    return ends


def _counts(member: NDArray[Any], which: NDArray[Any]) -> tuple[int, ...]:
    return tuple(int(one) for one in member[which].sum(axis=0))


def _onsets(at: Vector, kind: NDArray[Any], member: NDArray[Any]) -> list[PetoStratum]:
    """Return a stratum for each time at which tumours killed, or showed."""
    found = []
    for context in (Context.FATAL, Context.PALPABLE):
        for when in np.unique(at[kind == context.value]):
            here = (kind == context.value) & (at == when)
            found.append(PetoStratum(context, float(when), _counts(member, here), _counts(member, at >= when)))
    return found


def _intervals(
    at: Vector, kind: NDArray[Any], member: NDArray[Any], end: NDArray[Any], ends: Sequence[float]
) -> list[PetoStratum]:
    """Return a stratum for each interval with incidental tumours, and one for the scheduled kill."""
    hit = kind == Context.INCIDENTAL.value
    watched = hit | (kind == Context.NONE.value)
    place = np.searchsorted(np.asarray(ends), at, side="left")
    parts: list[tuple[float | None, NDArray[Any]]] = [
        (until, (place == i) & ~end) for i, until in enumerate([*ends, None])
    ]
    parts.append((None, end))
    return [
        PetoStratum(Context.INCIDENTAL, until, _counts(member, inside & hit), _counts(member, inside & watched))
        for until, inside in parts
        if (inside & hit).any()
    ]


def _tested(strata: Sequence[PetoStratum], scores: Sequence[float], size: int) -> PetoTest:
    dose = np.asarray(scores, dtype=float)
    observed, expected, variance = np.zeros(size), np.zeros(size), 0.0
    for one in strata:
        x, n = np.array(one.tumours, float), np.array(one.at_risk, float)
        hit, total = x.sum(), n.sum()
        part = n / total
        observed, expected = observed + x, expected + hit * part
        if total > 1:
            mean = float(part @ dose)
            variance += float(hit * (total - hit) / (total - 1) * (part @ (dose - mean) ** 2))
    if variance <= 0:
        raise MethodError(
            "no trend of this tumour is defined",
            given=f"{int(observed.sum())} tumours",
            allowed="a stratum with animals of two groups, some of them, not all, with the tumour",
            next_step="report the incidence without a trend",
        )
    statistic = float(dose @ (observed - expected))
    z = statistic / math.sqrt(variance)
    exact = upper_tail([(one.tumours, one.at_risk) for one in strata], scores)
    return PetoTest(
        tuple(observed.tolist()), tuple(expected.tolist()), statistic, variance, z, float(stats.norm.sf(z)), exact,
        tuple(strata), tuple(dose.tolist()),
    )  # fmt: skip
