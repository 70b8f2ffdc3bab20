"""What the validation of a bioanalytical method has to show: accuracy and precision, dilution, stability, carry-over."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from crdmo.science.checks import positive
from crdmo.science.method import MethodError, method

from .bioanalysis_limits import (
    LIMITS,
    SOURCE,
    Asked,
    Platform,
    exact,
    exacts,
    mean_of,
    nominal_of,
    relative_error,
    squared_cv,
)

# Runs, and replicates in a run at each level.
RUNS = {Platform.CHROMATOGRAPHY: (3, 5), Platform.LIGAND_BINDING: (6, 3)}
LEAST_LEVELS = 4
# Carry-over in a blank after the highest standard: percent of the response at the LLOQ, and of the internal standard.
CARRY_OVER, CARRY_OVER_INTERNAL = 20, 5


@dataclass(frozen=True)
class LevelRuns:
    """The control samples of one level: nominal concentration, found ones by run."""

    nominal: float
    runs: Sequence[Sequence[float]]


@dataclass(frozen=True)
class Figures:
    """Mean, error in percent of nominal, CV in percent, their sum where it is limited, and whether all are within limits."""

    n: int
    mean: float
    error: float
    cv: float
    total_error: float | None
    is_met: bool


@dataclass(frozen=True)
class LevelFigures:
    """One level: each run by itself, and all runs together."""

    nominal: float
    limit: int
    total_limit: int | None
    within_runs: tuple[Figures, ...]
    between_runs: Figures


@dataclass(frozen=True)
class AccuracyPrecision:
    """Every level with its figures, and the verdict with its reasons."""

    platform: Platform
    levels: tuple[LevelFigures, ...]
    is_accepted: bool
    reasons: tuple[str, ...]


@method(
    "preclinical.bioanalysis_accuracy_precision",
    version="1.0",
    title="Accuracy and precision of a bioanalytical method",
    source=f"{SOURCE}, 3.2.5 and 4.2.5",
)
def accuracy_precision(
    *, levels: Sequence[LevelRuns], lloq: float, platform: Platform = Platform.CHROMATOGRAPHY
) -> AccuracyPrecision:
    """Return accuracy and precision within and between runs.

    Args:
        levels: control samples at the LLOQ and at least at a low, a middle and a high level, in several runs.
        lloq: nominal concentration of the lowest level, where the limits are wider.
        platform: decides limits, runs and replicates: 3 runs of 5, or 6 runs of 3 for ligand binding.

    Within 15 % (20 % at the LLOQ) in each run and over all; ligand binding 20 % (25 %), and |error| + CV at most 30 % (40 %).

    Raises:
        MethodError: a level twice, a run with fewer than two values, a concentration that is none, a mean of 0.

    Source: ICH M10 (2022), 3.2.5 and 4.2.5. Between runs: all values of a level together.
    """
    nominal = [nominal_of(one.nominal) for one in levels]
    if not nominal or len(set(nominal)) != len(nominal):
        raise MethodError(
            "the levels are not told apart",
            given=", ".join(f"{float(one):g}" for one in nominal) or "none",
            allowed="each level once, with all its runs",
            next_step="put all runs of a level together",
        )
    lowest = nominal_of(lloq)
    rows = tuple(_level(want, one.runs, want == lowest, platform) for want, one in zip(nominal, levels, strict=True))
    runs, replicates = RUNS[platform]
    asked = Asked()
    asked.that(
        f"at least {LEAST_LEVELS} levels with the LLOQ ({len(rows)})", len(rows) >= LEAST_LEVELS and lowest in nominal
    )
    asked.that(f"at least {runs} runs of each level", all(len(one.within_runs) >= runs for one in rows))
    enough = all(r.n >= replicates for one in rows for r in one.within_runs)
    asked.that(f"at least {replicates} replicates in each run", enough)
    for one in rows:
        bad = sum(not run.is_met for run in one.within_runs)
        asked.that(f"{one.nominal:g} within {one.limit} % in each run ({bad} runs beyond)", bad == 0)
        between = one.between_runs
        asked.that(f"{one.nominal:g} between runs (error {between.error:.2f} %, CV {between.cv:.2f} %)", between.is_met)
    return AccuracyPrecision(platform, rows, asked.are_met, asked.told)


def _level(want: Fraction, runs: Sequence[Sequence[float]], at_lloq: bool, platform: Platform) -> LevelFigures:
    limits = LIMITS[platform]
    limit, total = (limits.error_at_lloq, limits.total_at_lloq) if at_lloq else (limits.error, limits.total)
    values = [exacts(f"run {i} of level {float(want):g}", one, at_least=2) for i, one in enumerate(runs, 1)]
    if not values:
        raise MethodError(f"level {float(want):g} has no run", given="0", allowed="at least one", next_step="add runs")
    every = [one for run in values for one in run]
    return LevelFigures(
        float(want), limit, total, tuple(_figures(run, want, limit, total) for run in values),
        _figures(every, want, limit, total),
    )  # fmt: skip


def _figures(values: Sequence[Fraction], want: Fraction, limit: int, total: int | None) -> Figures:
    mean = mean_of(values)
    if mean <= 0:
        raise MethodError(
            "a mean concentration is not greater than 0",
            given=f"{float(mean):g}",
            allowed="> 0",
            next_step="check the run",
        )
    error, square = relative_error(mean, want), squared_cv(values)
    # |error| + CV within the total, without a root: CV² within (total − |error|)².
    room = None if total is None else total - abs(error)
    met = abs(error) <= limit and square <= limit**2 and (room is None or (room >= 0 and square <= room**2))
    cv = math.sqrt(square)
    return Figures(len(values), float(mean), float(error), cv, None if total is None else float(abs(error)) + cv, met)


@dataclass(frozen=True)
class QualityFigures:
    """Figures at each level asked, and the verdict with its reasons."""

    platform: Platform
    levels: tuple[tuple[float, Figures], ...]
    is_accepted: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Diluted:
    """Replicates of one dilution: its factor, and the concentrations found in the diluted samples."""

    factor: float
    found: Sequence[float]


@method(
    "preclinical.bioanalysis_dilution",
    version="1.0",
    title="Dilution integrity",
    source=f"{SOURCE}, 3.2.8 and 4.2.7",
)
def dilution_integrity(
    *, nominal: float, dilutions: Sequence[Diluted], uloq: float, platform: Platform = Platform.CHROMATOGRAPHY
) -> QualityFigures:
    """Return whether samples above the range may be diluted.

    Args:
        nominal: concentration before dilution, above the ULOQ, any one unit.
        dilutions: replicates (at least 5, ligand binding 3) of each factor that will be used.
        uloq: upper limit of quantification.
        platform: decides the limits: mean and CV within 15 %; ligand binding 20 %.

    Raises:
        MethodError: a concentration that is not above the ULOQ, a factor that is not above 1, a diluted sample above the
            ULOQ, fewer than two replicates.

    Source: ICH M10 (2022), 3.2.8 and 4.2.7.

    >>> found = dilution_integrity(nominal=2000, uloq=1000, dilutions=[Diluted(10, [201, 196, 214, 189, 205])])
    >>> round(found.levels[0][1].error, 2), found.is_accepted
    (0.5, True)
    """
    want, top, limit = nominal_of(nominal), nominal_of(uloq), LIMITS[platform].error
    if want <= top:
        raise MethodError(
            "a concentration within the range shows nothing of dilution",
            given=f"{nominal:g}",
            allowed=f"above {uloq:g}",
            next_step="spike above the ULOQ",
        )
    _, replicates = RUNS[platform]
    rows: list[tuple[float, Figures]] = []
    asked = Asked()
    for one in dilutions:
        seen = exacts("found", one.found, at_least=2)
        if one.factor <= 1 or max(seen) > top:
            raise MethodError(
                "the dilution does not bring the sample into the range",
                given=f"factor {one.factor:g}, up to {float(max(seen)):g}",
                allowed=f"a factor above 1 and concentrations up to {uloq:g}",
                next_step="dilute further",
            )
        figures = _figures([value * exact(one.factor) for value in seen], want, limit, None)
        rows.append((float(one.factor), figures))
        asked.that(f"factor {one.factor:g}: {figures.n} replicates, at least {replicates}", figures.n >= replicates)
        said = f"factor {one.factor:g}: error {figures.error:.2f} %, CV {figures.cv:.2f} % within {limit} %"
        asked.that(said, figures.is_met)
    if not rows:
        raise MethodError("no dilution is given", given="0", allowed="at least one", next_step="dilute")
    return QualityFigures(platform, tuple(rows), asked.are_met, asked.told)


@dataclass(frozen=True)
class Stored:
    """Replicates of one level after storage: nominal concentration and found ones."""

    nominal: float
    found: Sequence[float]


@method(
    "preclinical.bioanalysis_stability",
    version="1.0",
    title="Stability of an analyte in the matrix",
    source=f"{SOURCE}, 3.2.9 and 4.2.8",
)
def matrix_stability(*, levels: Sequence[Stored], platform: Platform = Platform.CHROMATOGRAPHY) -> QualityFigures:
    """Return whether samples stored under one condition are stable: the mean at each level within 15 % (20 %) of nominal.

    Args:
        levels: a low and a high level, at least three replicates each, measured against a fresh calibration.
        platform: decides the limit.

    The CV is shown and does not decide.

    Raises:
        MethodError: a concentration that is none, fewer than two replicates.

    Source: ICH M10 (2022), 3.2.9 and 4.2.8.

    >>> found = matrix_stability(levels=[Stored(3, [2.9, 2.7, 2.8]), Stored(80, [64, 67, 70])])
    >>> [round(one.error, 2) for _, one in found.levels], found.is_accepted
    ([-6.67, -16.25], False)
    """
    limit = LIMITS[platform].error
    rows: list[tuple[float, Figures]] = []
    asked = Asked()
    asked.that(f"a low and a high level ({len(levels)})", len({one.nominal for one in levels}) >= 2)
    for one in levels:
        want, seen = nominal_of(one.nominal), exacts("found", one.found, at_least=2)
        figures = _figures(seen, want, limit, None)
        met = abs(relative_error(mean_of(seen), want)) <= limit
        rows.append((float(one.nominal), Figures(figures.n, figures.mean, figures.error, figures.cv, None, met)))
        asked.that(f"{one.nominal:g}: {figures.n} replicates, at least 3", figures.n >= 3)
        asked.that(f"{one.nominal:g}: error of the mean {figures.error:.2f} % within {limit} %", met)
    return QualityFigures(platform, tuple(rows), asked.are_met, asked.told)


@dataclass(frozen=True)
class CarryOver:
    """Responses in blanks after the highest standard, in percent of those at the LLOQ and of the internal standard."""

    analyte: tuple[float, ...]
    internal_standard: tuple[float, ...]
    is_accepted: bool
    reasons: tuple[str, ...]


@method(
    "preclinical.bioanalysis_carry_over",
    version="1.0",
    title="Carry-over",
    source=f"{SOURCE}, 3.2.6",
)
def carry_over(
    *,
    blank: Sequence[float],
    lloq_response: float,
    blank_internal: Sequence[float] = (),
    internal_response: float | None = None,
) -> CarryOver:
    """Return whether a blank after the highest standard is clean.

    Args:
        blank: response of the analyte in each such blank, 0 or more.
        lloq_response: response of the analyte at the LLOQ.
        blank_internal: response of the internal standard in each blank.
        internal_response: usual response of the internal standard; needed with `blank_internal`.

    At most 20 % of the response at the LLOQ and 5 % of that of the internal standard, in every blank.

    Raises:
        MethodError: a response below 0 or no number, or blanks without the response to compare with.

    Source: ICH M10 (2022), 3.2.6.

    >>> carry_over(blank=[20, 12], lloq_response=100, blank_internal=[50], internal_response=1000).is_accepted
    True
    """
    parts = []
    pairs = [("analyte", blank, lloq_response, CARRY_OVER)]
    if len(blank_internal) or internal_response is not None:
        pairs.append(("internal standard", blank_internal, internal_response or 0.0, CARRY_OVER_INTERNAL))
    for name, responses, against, limit in pairs:
        seen, whole = exacts(f"blanks of the {name}", responses), exact(positive(f"response of the {name}", against))
        if min(seen) < 0:
            raise MethodError("a response is below 0", given=f"{float(min(seen)):g}", allowed="0 or more")
        parts.append((name, [100 * one / whole for one in seen], limit))
    asked = Asked()
    for name, shares, limit in parts:
        asked.that(f"{name} at most {limit} % ({float(max(shares)):.2f} %)", max(shares) <= limit)
    shown = {name: tuple(float(one) for one in shares) for name, shares, _ in parts}
    return CarryOver(shown["analyte"], shown.get("internal standard", ()), asked.are_met, asked.told)
