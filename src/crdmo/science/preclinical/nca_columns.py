"""Non-compartmental analysis of many profiles at once, a column a parameter; NaN is what cannot be said."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from .exposure import Curves, Mask, Rows, Rule, joined, up_to, value_at
from .initial_concentration import Initial, with_initial
from .pk_samples import BelowLimit, Samples
from .terminal_phase import WindowRule, Windows, all_usable, best_fit, mixed


class Route(Enum):
    """How the dose came in: through a barrier, at once into blood, or into blood over a time."""

    EXTRAVASCULAR = "extravascular"
    BOLUS = "bolus"
    INFUSION = "infusion"


@dataclass(frozen=True)
class Settings:
    """How all profiles of one analysis are computed; see `non_compartmental`."""

    route: Route
    infusion_time: float
    rule: Rule
    interval: float | None
    steady_state: bool
    initial: Initial
    below: BelowLimit
    window: WindowRule
    with_peak: bool | None
    most_points: int | None
    not_before: float | None
    partial: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Columns:
    """What is known of each profile. `numbers` are the parameters by name; `partial` are areas, a column an interval."""

    samples: Samples
    windows: Windows
    terminal: Mask
    numbers: dict[str, Rows]
    partial: list[tuple[Rows, Mask]]
    initial: NDArray[np.object_]
    manual: Mask


def analyse(samples: Samples, doses: Rows, how: Settings) -> Columns:
    """Return the parameters of sound samples; `doses` holds NaN where none is known."""
    samples, c_0, initial = with_initial(samples, how.initial)
    rows = np.arange(len(samples.times))
    place = np.arange(samples.times.shape[1])[None, :]
    heights = np.where(samples.measured, samples.values, -1.0)
    peak = heights.argmax(axis=1)
    last = samples.measured.shape[1] - 1 - samples.measured[:, ::-1].argmax(axis=1)
    t_last, c_last = samples.times[rows, last], samples.values[rows, last]
    usable = _usable(samples, how, peak)
    manual = np.any(samples.chosen, axis=1)
    windows = best_fit(samples.times, samples.values, usable, how.most_points)
    if manual.any():
        windows = mixed(manual, all_usable(samples.times, samples.values, samples.chosen), windows)
    usable = np.where(manual[:, None], samples.chosen, usable & (place >= windows.first_column[:, None]))
    rate = windows.usable_rate
    curves = joined(how.rule, samples.times, samples.values)
    n: dict[str, Rows] = {"c_max": samples.values[rows, peak], "t_max": samples.times[rows, peak], "c_last": c_last,
                          "t_last": t_last, "c_0": c_0}  # fmt: skip
    n["auc_last"] = up_to(curves, t_last)
    n["aumc_last"] = up_to(curves, t_last, moment=True)
    n["auc_all"] = n["auc_last"] + np.nan_to_num(c_last * (samples.dropped - t_last) / 2)
    predicted = np.exp(windows.intercept - rate * t_last)
    n["auc_inf"] = n["auc_last"] + c_last / rate
    n["auc_inf_predicted"] = n["auc_last"] + predicted / rate
    n["extrapolated"] = (n["auc_inf"] - n["auc_last"]) / n["auc_inf"]
    n["extrapolated_predicted"] = (n["auc_inf_predicted"] - n["auc_last"]) / n["auc_inf_predicted"]
    n["aumc_inf"] = n["aumc_last"] + c_last * t_last / rate + c_last / rate**2
    _interval(n, samples, curves, rate, how)
    _disposition(n, doses, rate, how)
    _back(n, samples, curves, initial)
    partial = [_between(samples, curves, rate, start, end) for start, end in how.partial]
    return Columns(samples, windows, usable & windows.found[:, None], n, partial, initial, manual)


def _usable(samples: Samples, how: Settings, peak: NDArray[np.intp]) -> Mask:
    """Return the samples that may be in a window of λz."""
    place = np.arange(samples.times.shape[1])[None, :]
    own = how.window is WindowRule.WINNONLIN and how.route is Route.BOLUS
    with_peak = own if how.with_peak is None else how.with_peak
    usable = samples.terminal & ((place >= peak[:, None]) if with_peak else (place > peak[:, None]))
    if how.route is Route.INFUSION:
        from_end = how.window is WindowRule.WINNONLIN
        usable &= samples.times >= how.infusion_time if from_end else samples.times > how.infusion_time
    if how.not_before is not None:
        usable &= samples.times >= how.not_before
    return usable


def _reached(samples: Samples, curves: Curves, rate: Rows, end: float, *, moment: bool = False) -> tuple[Rows, Mask]:
    """Return the area up to a time, following λz beyond the last sample that counts, and where it did."""
    stop = samples.times[:, -1]
    at = np.full(len(stop), end)
    area = up_to(curves, at, moment=moment)
    value = samples.values[:, -1]
    beyond = (at > stop) & (value > 0)
    if beyond.any():
        more = (
            np.full(len(stop), np.nan) if moment else -value / rate * np.expm1(-rate * np.where(beyond, at - stop, 0.0))
        )
        area = np.where(beyond, area + more, area)
    return area, beyond


def _between(samples: Samples, curves: Curves, rate: Rows, start: float, end: float) -> tuple[Rows, Mask]:
    to_end, beyond = _reached(samples, curves, rate, end)
    to_start, _ = _reached(samples, curves, rate, start)
    return np.where(samples.times[:, 0] <= start, to_end - to_start, np.nan), beyond


def _interval(n: dict[str, Rows], samples: Samples, curves: Curves, rate: Rows, how: Settings) -> None:
    """Add what belongs to a dosing interval."""
    nothing = np.full(len(rate), np.nan)
    names = ("auc_tau", "aumc_tau", "c_average", "c_min", "c_trough", "fluctuation", "swing", "accumulation_predicted")
    n.update(dict.fromkeys(names, nothing))
    if how.interval is None:
        return
    tau = how.interval
    begun = samples.times[:, 0] < tau
    n["auc_tau"] = np.where(begun, _reached(samples, curves, rate, tau)[0], np.nan)
    n["accumulation_predicted"] = -1.0 / np.expm1(-rate * tau)
    at = np.full(len(rate), tau)
    n["c_trough"] = value_at(curves, at)
    if not how.steady_state:
        return
    n["aumc_tau"], _ = _reached(samples, curves, rate, tau, moment=True)
    n["c_average"] = n["auc_tau"] / tau
    real = (np.arange(samples.times.shape[1])[None, :] < samples.counts[:, None]) & (samples.times <= tau)
    high = np.where(real, samples.values, -np.inf).max(axis=1)
    low = np.where(real, samples.values, np.inf).min(axis=1)
    n["c_min"] = low
    n["fluctuation"] = (high - low) / n["c_average"]
    n["swing"] = np.where(low > 0, (high - low) / low, np.nan)


def _disposition(n: dict[str, Rows], doses: Rows, rate: Rows, how: Settings) -> None:
    """Add clearance, volumes, residence, and what is divided by the dose."""
    whole = n["auc_tau"] if how.steady_state else n["auc_inf"]
    n["clearance"] = np.where(whole > 0, doses / whole, np.nan)
    if how.steady_state and how.interval is not None:
        residence = (n["aumc_tau"] + how.interval * (n["auc_inf"] - n["auc_tau"])) / n["auc_tau"]
    else:
        residence = n["aumc_inf"] / n["auc_inf"]
    n["mean_residence"] = residence - how.infusion_time / 2
    n["mean_residence_last"] = (
        np.where(n["auc_last"] > 0, n["aumc_last"] / n["auc_last"], np.nan) - how.infusion_time / 2
    )
    n["volume_z"] = n["clearance"] / rate
    into_blood = how.route is not Route.EXTRAVASCULAR
    n["volume_steady"] = n["clearance"] * n["mean_residence"] if into_blood else np.full(len(rate), np.nan)
    for name in ("c_max", "auc_last", "auc_inf"):
        n[f"{name}_per_dose"] = n[name] / doses


def _back(n: dict[str, Rows], samples: Samples, curves: Curves, initial: NDArray[np.object_]) -> None:
    """Add the share of the area to infinity that lies before the first sample, where the concentration at 0 was put there."""
    put = np.isin(initial.astype(str), [Initial.LOG_SLOPE.value, Initial.FIRST_SAMPLE.value])
    first = up_to(curves, samples.times[:, 1])
    n["back_extrapolated"] = np.where(put, first / n["auc_inf"], np.nan)
