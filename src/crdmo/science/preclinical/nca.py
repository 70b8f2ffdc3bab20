"""Non-compartmental analysis of one concentration–time profile: exposure, terminal phase, clearance, what is not to be trusted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from crdmo.science.checks import positive
from crdmo.science.method import MethodError, method

from .exposure import Profile, Rule, area, moment, partial_area, profile
from .terminal_phase import TerminalPhase, best_fit, chosen

# Beyond this share of extrapolation an area to infinity is flagged.
EXTRAPOLATED = 0.25


class Route(Enum):
    """How the dose came in: through a barrier, at once into blood, or into blood over a time."""

    EXTRAVASCULAR = "extravascular"
    BOLUS = "bolus"
    INFUSION = "infusion"


@dataclass(frozen=True)
class Exposure:
    """What one profile says. What cannot be said is None; `flags` say why, and what is not to be trusted.

    Attributes:
        c_max, t_max: the highest concentration and its first time.
        c_last, t_last: of the last quantifiable sample.
        auc_last: area to the last quantifiable sample, concentration × time.
        auc_inf: the same to infinity, from the observed last concentration.
        auc_inf_predicted: from the concentration that the terminal line gives there.
        extrapolated: share of `auc_inf` beyond the last sample, 0 to 1.
        auc_tau: area over the dosing interval, where one was given.
        aumc_inf: first moment to infinity, concentration × time².
        mean_residence: mean residence time, time.
        c_average: auc_tau / interval, and
        fluctuation: (highest − lowest concentration within the interval) / c_average, at steady state only.
        clearance: dose / auc_inf, at steady state dose / auc_tau; apparent (CL/F) after an extravascular dose.
        volume_z: dose / (auc_inf × λz), apparent likewise.
        volume_steady: clearance × mean residence time, after a dose into blood only.
        terminal: the terminal phase, or None.
        rule, route: by which it was computed.
        samples: the samples that counted.
    """

    c_max: float
    t_max: float
    c_last: float
    t_last: float
    auc_last: float
    auc_inf: float | None
    auc_inf_predicted: float | None
    extrapolated: float | None
    auc_tau: float | None
    c_average: float | None
    fluctuation: float | None
    aumc_inf: float | None
    mean_residence: float | None
    clearance: float | None
    volume_z: float | None
    volume_steady: float | None
    terminal: TerminalPhase | None
    rule: Rule
    route: Route
    flags: tuple[str, ...]
    samples: Profile


@method(
    "preclinical.nca",
    version="1.2",
    title="Non-compartmental analysis",
    source="Gibaldi M, Perrier D, Pharmacokinetics, 2nd ed. 1982; Purves RD, J Pharmacokinet Biopharm 1992;20:211",
)
def non_compartmental(
    *,
    time: Sequence[float],
    concentration: Sequence[float | None],
    dose: float | None = None,
    route: Route = Route.EXTRAVASCULAR,
    infusion_time: float = 0.0,
    rule: Rule = Rule.LINEAR_UP_LOG_DOWN,
    interval: float | None = None,
    steady_state: bool = False,
    terminal_times: Sequence[float] | None = None,
    peak_in_terminal_phase: bool = False,
) -> Exposure:
    """Return the exposure of one animal or subject after one dose.

    Args:
        time: after the dose, rising, any one unit. Nominal or actual: never a mixture.
        concentration: of each sample; None (or 0) is below the limit of quantification. A concentration at time 0 is
            not made up: give it (0 before a first extravascular dose).
        dose: amount in any one unit; without it there is no clearance.
        route: of the dose.
        infusion_time: of an infusion, in the unit of `time`.
        rule: of the trapezoids.
        interval: dosing interval τ, in the unit of `time`; the area over it is extrapolated by λz where samples end before.
        steady_state: whether the profile is that of an interval at steady state: clearance and residence then follow from
            the area over the interval, since the area to infinity holds earlier doses too.
        terminal_times: times of the samples of the terminal phase, chosen by a person; by default the best fit.
        peak_in_terminal_phase: whether the best fit may begin at the peak (after a bolus).

    Raises:
        MethodError: see `profile`; a dose, interval or infusion time that is not positive, or given without its route;
            steady state without an interval.

    Source: Gibaldi and Perrier (1982), appendix D; window of λz as in PKNCA (best adjusted R², most samples within 1e-4).

    >>> found = non_compartmental(time=[0, 1, 2, 3], concentration=[1, 0.5, 0.25, 0.1251], peak_in_terminal_phase=True)
    >>> found.terminal.points, round(found.terminal.half_life, 6)
    (4, 1.000346)
    """
    if route is Route.INFUSION:
        positive("infusion_time", infusion_time)
    elif infusion_time:
        raise MethodError(
            "an infusion time belongs to an infusion",
            given=f"{infusion_time:g} with {route.value}",
            allowed="route infusion",
            next_step="give the route, or leave the time out",
        )
    if dose is not None:
        positive("dose", dose)
    if steady_state and interval is None:
        raise MethodError(
            "a profile at steady state has a dosing interval",
            given="steady_state without interval",
            allowed="the interval, in the unit of the times",
            next_step="give the interval",
        )
    samples = profile(time, concentration)
    ending = chosen(samples, terminal_times) if terminal_times else best_fit(samples, with_peak=peak_in_terminal_phase)
    rate = ending.rate if ending and ending.rate > 0 else None
    pairs = list(pairwise(zip(samples.times, samples.values, strict=True)))
    last_time, last = samples.times[-1], samples.values[-1]
    auc = sum(area(rule, t0, c0, t1, c1) for (t0, c0), (t1, c1) in pairs)
    aumc = sum(moment(rule, t0, c0, t1, c1) for (t0, c0), (t1, c1) in pairs)
    infinite = auc + last / rate if rate else None
    predicted = auc + _line(ending, last_time) / rate if rate and ending else None
    aumc_inf = aumc + last * last_time / rate + last / rate**2 if rate else None
    over = _over(rule, samples, positive("interval", interval), ending) if interval is not None else None
    whole = over if steady_state else infinite
    clearance = dose / whole if dose is not None and whole else None
    if steady_state and interval is not None:
        residence = _residence_at_steady_state(rule, samples, interval, over, infinite)
    else:
        residence = aumc_inf / infinite if infinite and aumc_inf is not None else None
    residence = residence - infusion_time / 2 if residence is not None else None
    average = over / interval if steady_state and over and interval else None
    within = [c for t, c in zip(samples.times, samples.values, strict=True) if interval is None or t <= interval]
    peak = max(samples.values)
    return Exposure(
        peak, samples.times[samples.values.index(peak)], last, last_time, auc, infinite, predicted,
        (infinite - auc) / infinite if infinite else None,
        over, average, (max(within) - min(within)) / average if average else None,
        aumc_inf, residence, clearance,
        clearance / rate if clearance and rate else None,
        clearance * residence if clearance and residence and route is not Route.EXTRAVASCULAR else None,
        ending, rule, route, _flags(samples, ending, infinite, auc, interval), samples,
    )  # fmt: skip


@method(
    "preclinical.partial_auc",
    version="1.0",
    title="Partial area under the curve",
    source="Gibaldi M, Perrier D, Pharmacokinetics, 2nd ed. 1982, appendix D",
)
def partial_auc(
    *,
    time: Sequence[float],
    concentration: Sequence[float | None],
    start: float,
    end: float,
    rule: Rule = Rule.LINEAR_UP_LOG_DOWN,
) -> float:
    """Return the area between two times within the samples; between samples by the rule of the trapezoids.

    Args:
        time: after the dose, rising, any one unit.
        concentration: of each sample; None (or 0) is below the limit of quantification.
        start: not before the first sample.
        end: not after the last quantifiable sample.
        rule: of the trapezoids.

    Raises:
        MethodError: see `profile`; times that samples do not cover, or that do not rise.

    >>> partial_auc(time=[0, 2, 4], concentration=[0, 4, 2], start=1, end=2)
    3.0
    """
    samples = profile(time, concentration)
    if not samples.times[0] <= start < end <= samples.times[-1]:
        raise MethodError(
            "the samples do not cover the interval",
            given=f"{start:g} to {end:g}",
            allowed=f"rising, within {samples.times[0]:g} to {samples.times[-1]:g}",
            next_step="choose times between the first and the last quantifiable sample",
        )
    return (partial_area(rule, samples, end) or 0.0) - (partial_area(rule, samples, start) or 0.0)


def _line(ending: TerminalPhase, at: float) -> float:
    return math.exp(ending.intercept - ending.rate * at)


def _over(rule: Rule, samples: Profile, end: float, ending: TerminalPhase | None) -> float | None:
    """Return the area over a dosing interval; beyond the last sample it follows the terminal phase, where there is one."""
    found = partial_area(rule, samples, end)
    if found is not None or ending is None or ending.rate <= 0:
        return found
    whole = partial_area(rule, samples, samples.times[-1]) or 0.0
    return whole + samples.values[-1] / ending.rate * (1 - math.exp(-ending.rate * (end - samples.times[-1])))


def _residence_at_steady_state(
    rule: Rule, samples: Profile, interval: float, over: float | None, infinite: float | None
) -> float | None:
    """Return (AUMC over the interval + interval × area beyond it) / area over it; None where samples do not cover it."""
    moved = partial_area(rule, samples, interval, moment)
    if moved is None or not over or infinite is None:
        return None
    return (moved + interval * (infinite - over)) / over


def _flags(
    samples: Profile, ending: TerminalPhase | None, infinite: float | None, auc: float, interval: float | None
) -> tuple[str, ...]:
    found = []
    if ending is None:
        found.append("No terminal phase: fewer than three samples after the peak")
    elif ending.flag:
        found.append(ending.flag)
    if infinite is not None and (infinite - auc) / infinite > EXTRAPOLATED:
        found.append(f"More than {EXTRAPOLATED:.0%} of the area to infinity is extrapolated")
    if interval is not None and samples.times[-1] < interval and (ending is None or ending.rate <= 0):
        found.append("The dosing interval is not covered, and nothing can be extrapolated")
    return tuple(found)
