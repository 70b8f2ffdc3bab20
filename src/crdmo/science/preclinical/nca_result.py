"""What non-compartmental analysis says of one profile, and what is not to be trusted about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .exposure import Profile, Rows, Rule
from .nca_columns import Columns, Route, Settings
from .pk_samples import LARGEST, BelowLimit, Exclusion, ProfileData
from .terminal_phase import Choice, TerminalPhase, phase


@dataclass(frozen=True)
class Limits:
    """Beyond these a parameter is flagged, never changed. R² and span are those of PKNCA's defaults.

    Attributes:
        extrapolated: largest share of the area to infinity that is extrapolated; also of what is extrapolated back to time 0.
        adjusted_r_squared: least, of the terminal phase.
        span: least number of half-lives that the terminal phase covers.
    """

    extrapolated: float = 0.25
    adjusted_r_squared: float = 0.9
    span: float = 2.0


@dataclass(frozen=True)
class PartialArea:
    """The area between two times; `beyond` says that it follows λz beyond the last sample. None where it cannot be said."""

    start: float
    end: float
    area: float | None
    beyond: bool


@dataclass(frozen=True)
class Exposure:
    """What one profile says. What cannot be said is None; `flags` say why, and what is not to be trusted.

    Attributes:
        c_max, t_max: the highest concentration and its first time.
        c_last, t_last: of the last quantifiable sample.
        c_0: concentration at time 0, and
        c_0_rule: how it is known ("" where it is not).
        auc_last: area to the last quantifiable sample, concentration × time.
        auc_all: the same and the triangle down to the first sample below the limit after it.
        auc_inf: to infinity, from the observed last concentration.
        auc_inf_predicted: from the concentration that the terminal line gives there.
        extrapolated: share of `auc_inf` beyond the last sample, 0 to 1; `extrapolated_predicted` of the other.
        back_extrapolated: share of `auc_inf` before the first sample, where a rule put a concentration at time 0.
        aumc_last, aumc_inf: first moments, concentration × time².
        auc_tau: area over the dosing interval, where one was given.
        aumc_tau: its first moment, at steady state.
        c_average: auc_tau / interval; c_min, c_trough: lowest concentration within the interval, and at its end;
        fluctuation: (highest − lowest within the interval) / c_average;
        swing: (highest − lowest) / lowest; all at steady state only but the trough.
        accumulation_predicted: 1 / (1 − exp(−λz·interval)).
        mean_residence: mean residence time to infinity, mean_residence_last: to the last sample; less half an infusion.
        clearance: dose / auc_inf, at steady state dose / auc_tau; apparent (CL/F) after an extravascular dose.
        volume_z: clearance / λz, apparent likewise.
        volume_steady: clearance × mean residence time, after a dose into blood only.
        c_max_per_dose, auc_last_per_dose, auc_inf_per_dose: divided by the dose.
        partial: the partial areas asked for.
        terminal: the terminal phase, or None.
        rule, route, below: by which it was computed.
        exclusions: samples that a person left out, with reasons.
        samples: the samples that counted.
    """

    c_max: float
    t_max: float
    c_last: float
    t_last: float
    c_0: float | None
    auc_last: float
    auc_all: float
    auc_inf: float | None
    auc_inf_predicted: float | None
    extrapolated: float | None
    extrapolated_predicted: float | None
    back_extrapolated: float | None
    aumc_last: float | None
    aumc_inf: float | None
    auc_tau: float | None
    aumc_tau: float | None
    c_average: float | None
    c_min: float | None
    c_trough: float | None
    fluctuation: float | None
    swing: float | None
    accumulation_predicted: float | None
    mean_residence: float | None
    mean_residence_last: float | None
    clearance: float | None
    volume_z: float | None
    volume_steady: float | None
    c_max_per_dose: float | None
    auc_last_per_dose: float | None
    auc_inf_per_dose: float | None
    c_0_rule: str
    partial: tuple[PartialArea, ...]
    terminal: TerminalPhase | None
    rule: Rule
    route: Route
    below: BelowLimit
    flags: tuple[str, ...]
    exclusions: tuple[Exclusion, ...]
    samples: Profile


NUMBERS = (
    "c_max", "t_max", "c_last", "t_last", "c_0", "auc_last", "auc_all", "auc_inf", "auc_inf_predicted", "extrapolated",
    "extrapolated_predicted", "back_extrapolated", "aumc_last", "aumc_inf", "auc_tau", "aumc_tau", "c_average", "c_min", "c_trough",
    "fluctuation", "swing", "accumulation_predicted", "mean_residence", "mean_residence_last", "clearance", "volume_z",
    "volume_steady", "c_max_per_dose", "auc_last_per_dose", "auc_inf_per_dose",
)  # fmt: skip


def written(profiles: Sequence[ProfileData], columns: Columns, how: Settings, limits: Limits) -> list[Exposure]:
    """Return one result a row. A number that is too large to be stored is None and flagged."""
    table = np.array([columns.numbers[name] for name in NUMBERS])
    huge = np.abs(table) >= LARGEST
    flags = _flags(columns, how, limits, huge.any(axis=0))
    # NaN, infinite and too large become None in one sweep.
    cells = np.where(np.isfinite(table) & ~huge, table, np.nan).T.astype(object)
    cells[np.isnan(table.T) | ~np.isfinite(table.T) | huge.T] = None
    terminal = _phases(profiles, columns, how)
    partial = _partial(columns, how)
    rows_t, rows_c = columns.samples.times.tolist(), columns.samples.values.tolist()
    make: Callable[..., Exposure] = Exposure
    return [
        make(
            *numbers, initial, areas, ending, how.rule, how.route, how.below, told, tuple(one.exclusions),
            Profile(tuple(t[:n]), tuple(c[:n])),
        )
        for one, numbers, initial, areas, ending, told, t, c, n in zip(
            profiles, cells.tolist(), columns.initial.tolist(), partial, terminal, flags, rows_t, rows_c,
            columns.samples.counts.tolist(), strict=True,
        )
    ]  # fmt: skip


def beyond(columns: Columns) -> list[int]:
    """Return the rows whose own samples and area are too large to be stored."""
    n = columns.numbers
    sound = (n["auc_last"] < LARGEST) & (n["auc_all"] < LARGEST) & (columns.samples.values < LARGEST).all(axis=1)
    return np.flatnonzero(~sound).tolist()


def _phases(profiles: Sequence[ProfileData], columns: Columns, how: Settings) -> list[TerminalPhase | None]:
    w = columns.windows
    used = columns.samples.times[columns.terminal].tolist()
    ends = np.cumsum(columns.terminal.sum(axis=1)).tolist()
    found: list[TerminalPhase | None] = []
    start = 0
    lists: list[list[Any]] = [
        one.tolist() for one in (w.found, w.rate, w.intercept, w.r_squared, w.adjusted, columns.manual)
    ]
    for one, end, has, rate, intercept, r2, adjusted, manual in zip(profiles, ends, *lists, strict=True):
        if has:
            choice, reason = (Choice.MANUAL, one.terminal_reason) if manual else (Choice.BEST_FIT, "")
            found.append(phase(rate, intercept, r2, adjusted, tuple(used[start:end]), how.window, choice, reason))
        else:
            found.append(None)
        start = end
    return found


def _partial(columns: Columns, how: Settings) -> list[tuple[PartialArea, ...]]:
    if not how.partial:
        return [()] * len(columns.manual)
    made = [
        [
            PartialArea(start, end, area if abs(area) < LARGEST else None, beyond)
            for area, beyond in zip(found.tolist(), after.tolist(), strict=True)
        ]
        for (start, end), (found, after) in zip(how.partial, columns.partial, strict=True)
    ]
    return list(zip(*made, strict=True))


def _flags(columns: Columns, how: Settings, limits: Limits, huge: Rows) -> list[tuple[str, ...]]:
    n, w, samples = columns.numbers, columns.windows, columns.samples
    declines = w.found & (w.rate > 0)
    half_lives = w.rate * _length(columns) / np.log(2)
    with np.errstate(invalid="ignore"):
        said = [
            (~w.found, "No terminal phase: fewer than three samples after the peak"),
            (w.found & (w.rate < 0), "Negative half-life: the concentration rises at the end"),
            (w.found & (w.rate == 0), "No decline"),
            (declines & (n["extrapolated"] > limits.extrapolated),
             f"More than {limits.extrapolated:.0%} of the area to infinity is extrapolated"),
            (n["back_extrapolated"] > limits.extrapolated,
             f"More than {limits.extrapolated:.0%} of the area lies before the first sample"),
            (declines & (w.adjusted < limits.adjusted_r_squared),
             f"The adjusted R² of the terminal phase is below {limits.adjusted_r_squared:g}"),
            (declines & (half_lives < limits.span), f"The terminal phase covers less than {limits.span:g} half-lives"),
            (samples.times[:, 0] < 0, "The area begins before the dose: a sample lies before time 0"),
            (huge, "A number is too large to be kept: give units of the size of the values"),
        ]  # fmt: skip
        if how.interval is not None:
            said.append(
                (samples.times[:, 0] > 0, "The area over the interval begins at the first sample, not at the dose")
            )
            said.append((np.isnan(n["auc_tau"]), "The dosing interval is not covered, and nothing can be extrapolated"))
        for (start, end), (area, _) in zip(how.partial, columns.partial, strict=True):
            said.append((np.isnan(area), f"The area from {start:g} to {end:g} is not covered by samples"))
    found: list[tuple[str, ...]] = [()] * len(columns.manual)
    for where, words in said:
        for i in np.flatnonzero(where).tolist():
            found[i] = (*found[i], words)
    return found


def _length(columns: Columns) -> Rows:
    """Return the time that the terminal phase of each row covers."""
    times = columns.samples.times
    low = np.where(columns.terminal, times, np.inf).min(axis=1)
    high = np.where(columns.terminal, times, -np.inf).max(axis=1)
    return np.where(columns.terminal.any(axis=1), high - low, np.nan)
