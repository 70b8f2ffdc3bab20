"""Survival of several arms side by side: an estimate for each, how many are at risk when, and the log-rank test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crdmo.science.checks import finite_numbers, same_length
from crdmo.science.method import MethodError, method

from .survival import Band, KaplanMeier, LogRank, kaplan_meier, log_rank


@dataclass(frozen=True)
class ArmSurvival:
    """One arm: its subjects, those with an event, its estimate, and how many are at risk at each of the times shown."""

    arm: str
    subjects: int
    events: int
    estimate: KaplanMeier
    at_risk: tuple[int, ...]


@dataclass(frozen=True)
class SurvivalByArm:
    """The arms in the order of their names, the times at which those at risk are counted, and the test."""

    arms: tuple[ArmSurvival, ...]
    times: tuple[float, ...]
    test: LogRank


@method(
    "clinical.survival_by_arm",
    version="1.0",
    source="Kaplan EL, Meier P, JASA 1958;53:457; Mantel N, Cancer Chemother Rep 1966;50:163",
    title="Kaplan–Meier estimates by arm with log-rank test",
)
def survival_by_arm(
    *,
    time: Sequence[float],
    event: Sequence[bool],
    arm: Sequence[str],
    strata: Sequence[str] = (),
    times: Sequence[float] = (),
    confidence: float = 0.95,
    band: Band = Band.LOG_LOG,
) -> SurvivalByArm:
    """Return the estimate of each arm and the log-rank test over all of them.

    Args:
        time: to event or censoring, 0 or more, any one unit.
        event: whether it happened.
        arm: of each subject.
        strata: of the test; empty for one.
        times: at which those at risk are counted; empty for six even steps from 0 to the last time.
        confidence: of each interval.
        band: scale of the intervals, see `kaplan_meier`.

    Raises:
        MethodError: what `kaplan_meier` and `log_rank` refuse, or a time at which to count is negative.

    Source: Kaplan and Meier (1958); Mantel (1966).
    """
    at = finite_numbers("time", time)
    same_length("time", at, "event", event)
    same_length("time", at, "arm", arm)
    test = log_rank(time=time, event=event, group=arm, strata=strata)
    shown = finite_numbers("times", times) if len(times) else np.linspace(0.0, max(float(at.max()), 1.0), 6)
    if shown.min() < 0:
        raise MethodError("a time is negative", given=f"{shown.min():g}", allowed="0 or more")
    found = []
    for name in sorted(set(arm)):
        inside = np.array([value == name for value in arm])
        happened = [bool(value) for value, mine in zip(event, inside, strict=True) if mine]
        estimate = kaplan_meier(time=at[inside].tolist(), event=happened, confidence=confidence, band=band)
        risk = tuple(int(np.count_nonzero(at[inside] >= when)) for when in shown)
        found.append(ArmSurvival(name, int(inside.sum()), sum(happened), estimate, risk))
    return SurvivalByArm(tuple(found), tuple(shown.tolist()), test)
