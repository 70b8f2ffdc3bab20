"""Non-compartmental analysis of concentration–time profiles: exposure, terminal phase, clearance, what is not to be trusted.

One profile and thousands take the same way: the rows of one table, computed side by side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crdmo.science.checks import finite_numbers, positive, whole_number
from crdmo.science.method import MethodError, method

from .exposure import Rule, joined, up_to
from .initial_concentration import Initial
from .nca_columns import Route, Settings, analyse
from .nca_result import Exposure, Limits, beyond, written
from .pk_samples import BelowLimit, Exclusion, ProfileData, read
from .terminal_phase import FEWEST, WindowRule

# Profiles are computed in parts of this size, which stay in the processor's cache.
PART = 1024
USUAL_RULES, USUAL_LIMITS = BelowLimit(), Limits()


@dataclass(frozen=True)
class NamedExposure:
    """The exposure of one profile, or why there is none."""

    name: str
    exposure: Exposure | None
    refusal: str


@dataclass(frozen=True)
class Exposures:
    """The exposures in the order given, and how many profiles were refused."""

    profiles: tuple[NamedExposure, ...]
    refused: int


@method(
    "preclinical.nca",
    version="2.0",
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
    initial: Initial = Initial.OBSERVED,
    below: BelowLimit = USUAL_RULES,
    window: WindowRule = WindowRule.PKNCA,
    peak_in_terminal_phase: bool | None = None,
    most_points: int | None = None,
    not_before: float | None = None,
    terminal_times: Sequence[float] | None = None,
    terminal_reason: str = "",
    exclusions: Sequence[Exclusion] = (),
    partial: Sequence[tuple[float, float]] = (),
    limits: Limits = USUAL_LIMITS,
) -> Exposure:
    """Return the exposure of one animal or subject after one dose.

    Args:
        time: after the dose, rising, any one unit. Nominal or actual: never a mixture.
        concentration: of each sample; None (or 0) is below the limit of quantification.
        dose: amount in any one unit; without it there is no clearance.
        route: of the dose.
        infusion_time: of an infusion, in the unit of `time`.
        rule: of the trapezoids.
        interval: dosing interval τ, in the unit of `time`; the area over it is extrapolated by λz where samples end before.
        steady_state: whether the profile is that of an interval at steady state: clearance and residence then follow from
            the area over the interval, since the area to infinity holds earlier doses too.
        initial: what stands at time 0 where no sample does; by default nothing is made up.
        below: what counts below the limit of quantification.
        window: which published rules say which samples may be in the window of λz.
        peak_in_terminal_phase: whether the window may begin at the peak; by default as the rules say.
        most_points: the largest number of samples in the window.
        not_before: the window does not begin before this time.
        terminal_times: times of the samples of the terminal phase, chosen by a person; by default the best fit.
        terminal_reason: why they were chosen.
        exclusions: samples left out by a person, each with its reason.
        partial: start and end of partial areas; beyond the last sample they follow λz.
        limits: beyond which a parameter is flagged.

    Raises:
        MethodError: times that do not rise, a concentration that is negative or no number, nothing quantifiable; a dose,
            interval or infusion time that is not positive, or given without its route; steady state without an interval; a
            choice or an exclusion without its sample or its reason; a rule that the route does not have.

    Source: Gibaldi and Perrier (1982), appendix D; window of λz as in PKNCA 0.12 and in Phoenix WinNonlin's user guide (best
    adjusted R², most samples within 1e-4).

    >>> found = non_compartmental(time=[0, 1, 2, 3], concentration=[1, 0.5, 0.25, 0.1251], peak_in_terminal_phase=True)
    >>> found.terminal.points, round(found.terminal.half_life, 6)
    (4, 1.000346)
    """
    how = _settings(route, infusion_time, rule, interval, steady_state, initial, below, window, peak_in_terminal_phase,
                    most_points, not_before, partial)  # fmt: skip
    one = ProfileData("", time, concentration, dose, exclusions, terminal_times, terminal_reason)
    found = _exposures([one], how, limits)[0]
    if isinstance(found, MethodError):
        raise found
    return found


@method(
    "preclinical.nca_many",
    version="1.0",
    title="Non-compartmental analysis of many profiles",
    source="Gibaldi M, Perrier D, Pharmacokinetics, 2nd ed. 1982; Purves RD, J Pharmacokinet Biopharm 1992;20:211",
)
def non_compartmental_many(
    *,
    profiles: Sequence[ProfileData],
    route: Route = Route.EXTRAVASCULAR,
    infusion_time: float = 0.0,
    rule: Rule = Rule.LINEAR_UP_LOG_DOWN,
    interval: float | None = None,
    steady_state: bool = False,
    initial: Initial = Initial.OBSERVED,
    below: BelowLimit = USUAL_RULES,
    window: WindowRule = WindowRule.PKNCA,
    peak_in_terminal_phase: bool | None = None,
    most_points: int | None = None,
    not_before: float | None = None,
    partial: Sequence[tuple[float, float]] = (),
    limits: Limits = USUAL_LIMITS,
) -> Exposures:
    """Return the exposure of each profile by one set of rules; a profile that is not sound is told, and stops no other.

    Args:
        profiles: names, samples, doses, and what a person decided about each.
        route: as in `non_compartmental`, like all others.
        infusion_time: of an infusion.
        rule: of the trapezoids.
        interval: dosing interval.
        steady_state: whether the profiles are those of an interval at steady state.
        initial: what stands at time 0.
        below: what counts below the limit of quantification.
        window: which rules say which samples may be in the window of λz.
        peak_in_terminal_phase: whether the window may begin at the peak.
        most_points: in the window.
        not_before: start of the window.
        partial: start and end of partial areas.
        limits: beyond which a parameter is flagged.

    Raises:
        MethodError: no profile, a name that stands twice, or rules that contradict each other.

    >>> made = [ProfileData("a", [0, 1, 2, 3, 4], [0, 8, 4, 2, 1]), ProfileData("b", [0, 1], [0, 0])]
    >>> found = non_compartmental_many(profiles=made)
    >>> found.profiles[0].exposure.terminal.half_life, found.refused
    (1.0, 1)
    """
    how = _settings(route, infusion_time, rule, interval, steady_state, initial, below, window, peak_in_terminal_phase,
                    most_points, not_before, partial)  # fmt: skip
    names = [one.name for one in profiles]
    if not names or len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})[:3] if len(names) < PART else ["one"]
        raise MethodError(
            "each profile has a name of its own", given=f"{', '.join(twice)} twice" if names else "no profile",
            allowed="at least one profile, no name twice", next_step="name them by animal and day",
        )  # fmt: skip
    made: list[NamedExposure] = []
    for start in range(0, len(profiles), PART):
        part = profiles[start : start + PART]
        for one, found in zip(part, _exposures(part, how, limits), strict=True):
            if isinstance(found, MethodError):
                made.append(NamedExposure(one.name, None, str(found)))
            else:
                made.append(NamedExposure(one.name, found, ""))
    return Exposures(tuple(made), sum(one.exposure is None for one in made))


@method(
    "preclinical.partial_auc",
    version="2.0",
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
        MethodError: see `non_compartmental`; times that samples do not cover, or that do not rise.

    >>> partial_auc(time=[0, 2, 4], concentration=[0, 4, 2], start=1, end=2)
    3.0
    """
    found = read([ProfileData("", time, concentration)], USUAL_RULES)
    if found.refused:
        raise found.refused[0]
    times, values = found.samples.times, found.samples.values
    if not times[0, 0] <= start < end <= times[0, -1]:
        raise MethodError(
            "the samples do not cover the interval",
            given=f"{start:g} to {end:g}",
            allowed=f"rising, within {times[0, 0]:g} to {times[0, -1]:g}",
            next_step="choose times between the first and the last quantifiable sample",
        )
    curves = joined(rule, times, values)
    return float(up_to(curves, np.array([end]))[0] - up_to(curves, np.array([start]))[0])


def _exposures(profiles: Sequence[ProfileData], how: Settings, limits: Limits) -> list[Exposure | MethodError]:
    found = read(profiles, how.below)
    made: dict[int, Exposure | MethodError] = dict(found.refused)
    if found.sound:
        sound = [profiles[i] for i in found.sound]
        doses = np.array([math.nan if one.dose is None else one.dose for one in sound])
        # What overflows or divides by nothing is NaN or infinite here, and None or a refusal in the result.
        with np.errstate(all="ignore"):
            columns = analyse(found.samples, doses, how)
            exposures = written(sound, columns, how, limits)
        made.update(zip(found.sound, exposures, strict=True))
        made.update((found.sound[i], _too_large()) for i in beyond(columns))
    return [made[i] for i in range(len(profiles))]


def _too_large() -> MethodError:
    return MethodError(
        "the concentration put at time 0 is too large to be kept", given="a steep decline between the first two samples",
        allowed="areas below 9e15", next_step="take the first sample, or what was observed",
    )  # fmt: skip


def _settings(
    route: Route, infusion_time: float, rule: Rule, interval: float | None, steady_state: bool, initial: Initial,
    below: BelowLimit, window: WindowRule, with_peak: bool | None, most_points: int | None, not_before: float | None,
    partial: Sequence[tuple[float, float]],
) -> Settings:  # fmt: skip
    if route is Route.INFUSION:
        positive("infusion_time", infusion_time)
    elif infusion_time:
        raise MethodError(
            "an infusion time belongs to an infusion", given=f"{infusion_time:g} with {route.value}",
            allowed="route infusion", next_step="give the route, or leave the time out",
        )  # fmt: skip
    if interval is not None:
        positive("interval", interval)
    elif steady_state:
        raise MethodError(
            "a profile at steady state has a dosing interval", given="steady_state without interval",
            allowed="the interval, in the unit of the times", next_step="give the interval",
        )  # fmt: skip
    allowed = {
        Initial.LOG_SLOPE: route is Route.BOLUS, Initial.FIRST_SAMPLE: route is Route.BOLUS, Initial.OBSERVED: True,
        Initial.ZERO: not steady_state, Initial.LOWEST: steady_state and route is not Route.BOLUS,
    }  # fmt: skip
    if not allowed[initial]:
        raise MethodError(
            "this rule for the concentration at time 0 does not fit the dose", given=f"{initial.value} with {route.value}",
            allowed="log_slope and first_sample after a bolus, zero after a single dose, lowest at steady state",
            next_step="choose another rule, or measure it",
        )  # fmt: skip
    if most_points is not None:
        whole_number("most_points", most_points, at_least=FEWEST)
    if not_before is not None:
        finite_numbers("not_before", [not_before])
    for start, end in partial:
        if not (math.isfinite(start) and math.isfinite(end) and 0 <= start < end):
            raise MethodError(
                "a partial area begins before it ends", given=f"{start:g} to {end:g}", allowed="0 ≤ start < end",
                next_step="give the two times in the unit of the samples",
            )  # fmt: skip
    return Settings(route, infusion_time, rule, interval, steady_state, initial, below, window, with_peak, most_points,
                    not_before, tuple((float(a), float(b)) for a, b in partial))  # fmt: skip
