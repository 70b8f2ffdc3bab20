"""Chromatographic system suitability, USP <621> (2022, harmonised), from the numbers of the peaks.

The peak numbers come from the integration; here they become tailing, plates, resolution, signal-to-noise and
repeatability, and are held against the criteria of the method. A criterion without a result is not met:
silence is not suitability.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy import stats

from crdmo.science.checks import finite_numbers, positive, whole_number
from crdmo.science.method import MethodError, method

_SOURCE = "USP <621> Chromatography (2022, harmonised); Ph. Eur. 2.2.46 Chromatographic separation techniques"


@dataclass(frozen=True)
class Peak:
    """What the integration gives of one peak, all times in one unit; None where it was not measured.

    `width_half` at half height; `width_5_percent` at 5 % of the height and `front_5_percent` from the leading
    edge there to the apex; `height` of the peak and `noise` peak to peak of the baseline, in one unit of
    response.
    """

    retention_time: float
    width_half: float
    width_5_percent: float | None = None
    front_5_percent: float | None = None
    height: float | None = None
    noise: float | None = None


@dataclass(frozen=True)
class PeakQuality:
    """The suitability numbers of one peak; None where the peak lacks what they need."""

    plates: float
    symmetry_factor: float | None
    signal_to_noise: float | None
    retention_factor: float | None


@dataclass(frozen=True)
class Repeatability:
    """Relative standard deviation of replicate injections, percent."""

    relative_sd_percent: float
    mean: float
    standard_deviation: float
    n: int


class SuitabilityOutcome(Enum):
    """Whether the system may be used."""

    SUITABLE = "suitable"
    NOT_SUITABLE = "not suitable"


class SuitabilityParameter(Enum):
    """What a criterion is about."""

    RELATIVE_SD = "relative standard deviation, %"
    SYMMETRY = "symmetry factor"
    PLATES = "plate number"
    RESOLUTION = "resolution"
    SIGNAL_TO_NOISE = "signal-to-noise ratio"
    RETENTION_FACTOR = "retention factor"
    PEAK_TO_VALLEY = "peak-to-valley ratio"


@dataclass(frozen=True)
class SuitabilityCriterion:
    """A criterion of the method: what, of which peak or pair, and the limits (at least one)."""

    parameter: SuitabilityParameter
    of: str
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True)
class MeasuredParameter:
    """What was found on the system."""

    parameter: SuitabilityParameter
    of: str
    value: float


@dataclass(frozen=True)
class CriterionResult:
    """One criterion with what was found (None: nothing was) and whether it is met."""

    criterion: SuitabilityCriterion
    found: float | None
    met: bool


@dataclass(frozen=True)
class SystemSuitability:
    """The verdict that gates the sequence."""

    outcome: SuitabilityOutcome
    results: tuple[CriterionResult, ...]
    reasons: tuple[str, ...]


@method("quality.injection_repeatability", version="1.0", source=_SOURCE, title="%RSD of replicate injections")
def injection_repeatability(*, responses: Sequence[float]) -> Repeatability:
    """Return 100 s / mean of the peak responses (area or height) of replicate injections of one solution.

    Raises `MethodError` for fewer than two responses or a mean not greater than 0.

    >>> round(injection_repeatability(responses=[99.0, 100.0, 101.0]).relative_sd_percent, 4)
    1.0
    """
    y = finite_numbers("responses", responses, at_least=2)
    mean = positive("mean of the responses", float(np.mean(y)))
    s = float(np.std(y, ddof=1))
    return Repeatability(100.0 * s / mean, mean, s, y.size)


@method("quality.permitted_rsd", version="1.0", source=_SOURCE, title="Maximum permitted %RSD of an assay")
def permitted_relative_sd(*, upper_limit_percent: float, injections: int) -> float:
    """Return the largest RSD (percent) that the assay of an active substance with target 100 % permits.

    Parameters: `upper_limit_percent` of the specification, e.g. 102.0, so that B = 2.0; `injections`, 3 to 6.
    RSD = K B √n / t(90 %, n − 1) with K = 0.349 = (0.6/√2) t(90 %, 5)/√6, that is 0.6 % after six injections
    at B = 1.0.

    >>> [round(permitted_relative_sd(upper_limit_percent=102.0, injections=n), 2) for n in (3, 4, 5, 6)]
    [0.41, 0.59, 0.73, 0.85]
    """
    b = positive("upper_limit_percent − 100", round(upper_limit_percent - 100.0, 9))
    n = whole_number("injections", injections, at_least=3)
    if n > 6:
        raise MethodError(
            "the permitted RSD is defined for three to six injections",
            given=str(n),
            allowed="3 to 6",
            next_step="use the value of six injections",
        )
    return 0.349 * b * float(np.sqrt(n)) / float(stats.t.ppf(0.95, n - 1))


@method("quality.peak_quality", version="1.0", source=_SOURCE, title="Plates, symmetry, S/N of a peak")
def peak_quality(*, peak: Peak, hold_up_time: float | None = None) -> PeakQuality:
    """Return N = 5.54 (t_R/w_h)², A_s = w_0.05/(2d), S/N = 2H/h and k = (t_R − t_M)/t_M.

    Parameters: `peak`; `hold_up_time` t_M in the unit of the peak. Raises `MethodError` for numbers that no
    peak has.

    >>> quality = peak_quality(peak=Peak(10.0, 0.2, 0.5, 0.2, 100.0, 2.0), hold_up_time=2.0)
    >>> quality.plates, quality.symmetry_factor, quality.signal_to_noise, quality.retention_factor
    (13850.0, 1.25, 100.0, 4.0)
    """
    _check_peak(peak)
    if hold_up_time is not None and not 0.0 < hold_up_time <= peak.retention_time:
        raise MethodError(
            "the hold-up time does not fit the peak",
            given=f"{hold_up_time} with a retention time of {peak.retention_time}",
            allowed="greater than 0, not after the peak",
            next_step="check units and the unretained peak",
        )
    symmetry = noise_ratio = None
    if peak.width_5_percent is not None and peak.front_5_percent is not None:
        symmetry = peak.width_5_percent / (2.0 * peak.front_5_percent)
    if peak.height is not None and peak.noise is not None:
        noise_ratio = 2.0 * peak.height / peak.noise
    return PeakQuality(
        plates=5.54 * (peak.retention_time / peak.width_half) ** 2,
        symmetry_factor=symmetry,
        signal_to_noise=noise_ratio,
        retention_factor=None if hold_up_time is None else (peak.retention_time - hold_up_time) / hold_up_time,
    )


@method("quality.resolution", version="1.0", source=_SOURCE, title="Resolution of two peaks")
def resolution(*, first: Peak, second: Peak) -> float:
    """Return R_s = 1.18 (t_R2 − t_R1) / (w_h1 + w_h2) of two peaks, the first eluting first.

    >>> round(resolution(first=Peak(10.0, 0.2), second=Peak(11.0, 0.2)), 2)
    2.95
    """
    _check_peak(first)
    _check_peak(second)
    if second.retention_time < first.retention_time:
        raise MethodError(
            "the peaks are not in order of elution",
            given=f"{first.retention_time} before {second.retention_time}",
            allowed="the earlier peak first",
            next_step="swap the peaks",
        )
    return 1.18 * (second.retention_time - first.retention_time) / (first.width_half + second.width_half)


@method("quality.peak_to_valley", version="1.0", source=_SOURCE, title="Peak-to-valley ratio")
def peak_to_valley(*, minor_peak_height: float, valley_height: float) -> float:
    """Return H_p/H_v of two peaks not separated to the baseline; heights are above the extrapolated baseline.

    >>> peak_to_valley(minor_peak_height=30.0, valley_height=10.0)
    3.0
    """
    return positive("minor_peak_height", minor_peak_height) / positive("valley_height", valley_height)


@method("quality.system_suitability", version="1.0", source=_SOURCE, title="System suitability against criteria")
def system_suitability(
    *, measured: Sequence[MeasuredParameter], criteria: Sequence[SuitabilityCriterion]
) -> SystemSuitability:
    """Hold what was found against every criterion of the method; one without a result is not met.

    Parameters: `measured`, one value for a parameter of a peak or pair; where several are given, each must
    meet the criterion. Raises `MethodError` for no criteria, or a criterion without a limit.

    >>> rsd = SuitabilityParameter.RELATIVE_SD
    >>> system_suitability(measured=[MeasuredParameter(rsd, "main peak", 0.4)],
    ...                    criteria=[SuitabilityCriterion(rsd, "main peak", at_most=0.73)]).outcome.value
    'suitable'
    """
    if not criteria or any(c.at_least is None and c.at_most is None for c in criteria):
        raise MethodError(
            "there is nothing to judge the system by",
            given=f"{len(criteria)} criteria",
            allowed="at least one criterion, each with a limit",
            next_step="take the criteria from the method",
        )
    finite_numbers("measured values", [m.value for m in measured], at_least=0)
    results = tuple(
        _judge(c, [m.value for m in measured if (m.parameter, m.of) == (c.parameter, c.of)]) for c in criteria
    )
    suitable = all(result.met for result in results)
    outcome = SuitabilityOutcome.SUITABLE if suitable else SuitabilityOutcome.NOT_SUITABLE
    return SystemSuitability(outcome, results, (*(_sentence(r) for r in results), outcome.value))


def _judge(criterion: SuitabilityCriterion, values: Sequence[float]) -> CriterionResult:
    """Return the result at the worst value: the one farthest beyond, or nearest to, a limit."""
    if not values:
        return CriterionResult(criterion, None, False)

    def room(value: float) -> float:
        low = np.inf if criterion.at_least is None else value - criterion.at_least
        high = np.inf if criterion.at_most is None else criterion.at_most - value
        return float(min(low, high))

    worst = min(values, key=room)
    return CriterionResult(criterion, worst, room(worst) >= 0.0)


def _sentence(result: CriterionResult) -> str:
    c = result.criterion
    limits = " and ".join(
        text
        for text in (
            None if c.at_least is None else f"at least {c.at_least:g}",
            None if c.at_most is None else f"at most {c.at_most:g}",
        )
        if text
    )
    found = "no result" if result.found is None else f"{result.found:g}"
    return f"{c.parameter.value} of {c.of}: {found}, {limits}: {'met' if result.met else 'not met'}"


def _check_peak(peak: Peak) -> None:
    positive("retention_time", peak.retention_time)
    positive("width_half", peak.width_half)
    for name in ("width_5_percent", "front_5_percent", "height", "noise"):
        value = getattr(peak, name)
        if value is not None:
            positive(name, value)
    front, width = peak.front_5_percent, peak.width_5_percent
    if front is not None and width is not None and front >= width:
        raise MethodError(
            "the front of the peak is as wide as the peak",
            given=f"front {front}, width {width} at 5 % of the height",
            allowed="a front narrower than the whole width",
            next_step="check the peak table",
        )
