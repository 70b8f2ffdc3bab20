"""Whether a run of study samples counts, and whether study samples measured again give the same: ICH M10, run acceptance and ISR."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from crdmo.science.checks import same_length, whole_number
from crdmo.science.method import MethodError, method

from .bioanalysis_limits import LIMITS, SOURCE, Asked, Platform, exact, exacts, nominal_of, relative_error

LEVELS, LEAST_AT_LEVEL = 3, 2


@dataclass(frozen=True)
class ControlSample:
    """One quality control: error in percent of nominal, and whether it is within the limit."""

    nominal: float
    found: float
    error: float
    is_met: bool


@dataclass(frozen=True)
class RunAcceptance:
    """The controls, the share within the limit over all and by level, and why the run is accepted or not."""

    platform: Platform
    limit: int
    controls: tuple[ControlSample, ...]
    share_met: float
    share_by_level: tuple[tuple[float, float], ...]
    is_accepted: bool
    reasons: tuple[str, ...]


@method(
    "preclinical.bioanalysis_run",
    version="1.0",
    title="Acceptance of a bioanalytical run",
    source=f"{SOURCE}, 3.3.2 and 4.3.2",
)
def bioanalysis_run(
    *,
    nominal: Sequence[float],
    found: Sequence[float],
    study_samples: int,
    is_calibration_accepted: bool,
    platform: Platform = Platform.CHROMATOGRAPHY,
) -> RunAcceptance:
    """Return whether a run is accepted by its quality controls.

    Args:
        nominal: concentration of each quality control, any one unit.
        found: measured concentration of each.
        study_samples: in the run.
        is_calibration_accepted: result of `bioanalysis_calibration`.
        platform: decides the limit, 15 % or 20 %.

    Two thirds of all controls and half of those at each level must be within the limit. There are at least three levels
    in duplicate, and as many controls as 5 % of the study samples.

    Raises:
        MethodError: lists of different length, a nominal concentration that is not greater than 0, a number below 0.

    Source: ICH M10 (2022), 3.3.2 and 4.3.2.

    >>> run = bioanalysis_run(nominal=[3, 3, 50, 50, 80, 80], found=[3.45, 2.55, 50, 58, 80, 93], study_samples=60,
    ...                       is_calibration_accepted=True)
    >>> round(run.share_met, 4), run.is_accepted
    (0.6667, True)
    """
    want, seen = [nominal_of(one) for one in nominal], exacts("found", found)
    same_length("nominal", want, "found", seen)
    samples = whole_number("study_samples", study_samples, at_least=0)
    limit = LIMITS[platform].error
    errors = [relative_error(b, a) for a, b in zip(want, seen, strict=True)]
    met = [abs(error) <= limit for error in errors]
    levels = {level: [ok for a, ok in zip(want, met, strict=True) if a == level] for level in sorted(set(want))}
    needed = max(LEVELS * LEAST_AT_LEVEL, math.ceil(samples / 20))
    asked = Asked()
    asked.that("the calibration is accepted", is_calibration_accepted)
    paired = len(levels) >= LEVELS and all(len(one) >= LEAST_AT_LEVEL for one in levels.values())
    asked.that(f"at least {LEVELS} levels in duplicate ({len(levels)} levels)", paired)
    asked.that(f"at least {needed} controls for {samples} samples ({len(want)})", len(want) >= needed)
    asked.that(f"two thirds of all controls within {limit} % ({sum(met)} of {len(met)})", 3 * sum(met) >= 2 * len(met))
    for level, those in levels.items():
        said = f"half of the controls at {float(level):g} within {limit} % ({sum(those)} of {len(those)})"
        asked.that(said, 2 * sum(those) >= len(those))
    rows = tuple(
        ControlSample(float(a), float(b), float(error), ok)
        for a, b, error, ok in zip(want, seen, errors, met, strict=True)
    )
    return RunAcceptance(
        platform, limit, rows, sum(met) / len(met),
        tuple((float(level), sum(those) / len(those)) for level, those in levels.items()),
        asked.are_met,
        asked.told,
    )  # fmt: skip


@dataclass(frozen=True)
class Reanalysis:
    """One sample: difference in percent of the mean of both values, and whether it is within the limit."""

    first: float
    repeat: float
    difference: float
    is_met: bool


@dataclass(frozen=True)
class IncurredSampleReanalysis:
    """The pairs, how many samples the study asks for, and the verdict; `mean_difference` shows a drift to one side."""

    platform: Platform
    limit: int
    samples: tuple[Reanalysis, ...]
    needed: int
    share_met: float
    mean_difference: float
    is_accepted: bool
    reasons: tuple[str, ...]


@method(
    "preclinical.bioanalysis_isr",
    version="1.0",
    title="Incurred sample reanalysis",
    source=f"{SOURCE}, 5",
)
def incurred_sample_reanalysis(
    *,
    first: Sequence[float],
    repeat: Sequence[float],
    study_samples: int,
    platform: Platform = Platform.CHROMATOGRAPHY,
) -> IncurredSampleReanalysis:
    """Return whether study samples measured again agree with their first values.

    Args:
        first: concentration of each sample at first, greater than 0, any one unit.
        repeat: when measured again.
        study_samples: of the whole study: 10 % of the first 1000 and 5 % of those above are needed.
        platform: decides the limit, 20 % or 30 %, of the difference in percent of the mean of the two.

    Two thirds of the repeats must be within the limit.

    Raises:
        MethodError: lists of different length, no pair, or a concentration that is not greater than 0.

    Source: ICH M10 (2022), section 5.

    >>> isr = incurred_sample_reanalysis(first=[90, 100, 10], repeat=[110, 130, 11], study_samples=25)
    >>> [round(one.difference, 2) for one in isr.samples], isr.needed, isr.is_accepted
    ([20.0, 26.09, 9.52], 3, True)
    """
    one, two = [nominal_of(value) for value in first], [nominal_of(value) for value in repeat]
    same_length("first", one, "repeat", two)
    if not one:
        raise MethodError("no sample was measured again", given="0", allowed="at least one", next_step="select samples")
    total = whole_number("study_samples", study_samples, at_least=len(one))
    needed = math.ceil(exact(min(total, 1000)) / 10 + exact(max(total - 1000, 0)) / 20)
    limit = LIMITS[platform].repeat
    differences = [200 * (b - a) / (a + b) for a, b in zip(one, two, strict=True)]
    met = [abs(value) <= limit for value in differences]
    asked = Asked()
    asked.that(f"{needed} of {total} samples measured again ({len(one)})", len(one) >= needed)
    asked.that(f"two thirds within {limit} % of the mean ({sum(met)} of {len(met)})", 3 * sum(met) >= 2 * len(met))
    rows = tuple(
        Reanalysis(float(a), float(b), float(value), ok)
        for a, b, value, ok in zip(one, two, differences, met, strict=True)
    )
    return IncurredSampleReanalysis(
        platform, limit, rows, needed, sum(met) / len(met), float(sum(differences)) / len(met), asked.are_met, asked.told,
    )  # fmt: skip
