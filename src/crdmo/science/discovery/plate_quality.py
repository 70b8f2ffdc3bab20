"""How well a plate tells its two controls apart: Z', SSMD, signal window and their robust forms.

A statistic that the wells do not define is not given: the result says why in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crdmo.science.checks import Vector, finite_numbers, whole_number
from crdmo.science.method import method

# The median absolute deviation of a normal sample times this is its standard deviation (the usual rounded factor).
MAD_FACTOR = 1.4826
_SOURCE = (
    "Zhang JH, Chung TDY, Oldenburg KR (1999) J Biomol Screen 4:67-73 (Z'); Zhang XD (2007) Genomics 89:552-561 "
    "(SSMD); NCATS Assay Guidance Manual, HTS assay validation (signal window)"
)


@dataclass(frozen=True)
class ControlWells:
    """Wells of one control; the spread is with n − 1, the MAD times 1.4826."""

    wells: int
    mean: float
    standard_deviation: float | None
    cv_percent: float | None
    median: float
    mad: float


@dataclass(frozen=True)
class PlateQuality:
    """Quality of a plate; a statistic that is None is named in `undefined` with the reason."""

    negative: ControlWells
    positive: ControlWells
    z_prime: float | None
    robust_z_prime: float | None
    ssmd: float | None
    robust_ssmd: float | None
    signal_to_background: float | None
    signal_window: float | None
    undefined: dict[str, str]


def scaled_mad(values: Vector) -> float:
    """Return the median absolute deviation from the median, times 1.4826."""
    return MAD_FACTOR * float(np.median(np.abs(values - np.median(values))))


def _control(name: str, values: Sequence[float]) -> ControlWells:
    v = finite_numbers(f"{name} control", values)
    mean = float(np.mean(v))
    sd = float(np.std(v, ddof=1)) if v.size > 1 else None
    cv = 100.0 * sd / mean if sd is not None and mean > 0.0 else None
    return ControlWells(v.size, mean, sd, cv, float(np.median(v)), scaled_mad(v))


@method("discovery.plate_quality", version="1.0", source=_SOURCE, title="Plate quality from its controls")
def plate_quality(*, negative: Sequence[float], positive: Sequence[float], replicates: int = 1) -> PlateQuality:
    """Compare the two controls of a plate.

    Parameters: `negative` and `positive`, raw signals of the control wells in one unit; `replicates` averaged to a
    reported result, for the signal window. Both SSMD are positive minus negative, so a positive control that
    lowers the signal has a negative SSMD. Raises `MethodError` when a control has no well or a value is not finite.

    >>> q = plate_quality(negative=[100, 102, 98, 101, 99, 100], positive=[10, 12, 11, 9, 10, 8])
    >>> round(q.z_prime, 4), round(q.ssmd, 1), round(q.signal_window, 4)
    (0.9057, -45.0, 57.6396)
    """
    n, p = _control("negative", negative), _control("positive", positive)
    whole_number("replicates", replicates, at_least=1)
    undefined: dict[str, str] = {}
    z, ssmd, window = _by_moments(n, p, replicates, undefined)
    robust_z, robust_ssmd = _by_medians(n, p, undefined)
    low, high = sorted((n.mean, p.mean))
    ratio = high / low if low > 0.0 else None
    if ratio is None:
        undefined["signal_to_background"] = f"the lower control has a mean of {low:g}, which is not above 0"
    for name, control in (("negative", n), ("positive", p)):
        if control.cv_percent is None and control.wells > 1:
            undefined[f"cv_percent of the {name} control"] = f"its mean is {control.mean:g}, which is not above 0"
        elif control.cv_percent is None:
            undefined[f"cv_percent of the {name} control"] = "it has 1 well"
    return PlateQuality(n, p, z, robust_z, ssmd, robust_ssmd, ratio, window, undefined)


def _by_moments(
    n: ControlWells, p: ControlWells, replicates: int, undefined: dict[str, str]
) -> tuple[float | None, float | None, float | None]:
    if n.standard_deviation is None or p.standard_deviation is None:
        why = f"a control needs at least 2 wells; negative {n.wells}, positive {p.wells}"
        undefined.update(dict.fromkeys(("z_prime", "ssmd", "signal_window"), why))
        return None, None, None
    sn, sp, apart = n.standard_deviation, p.standard_deviation, p.mean - n.mean
    z = 1.0 - 3.0 * (sn + sp) / abs(apart) if apart else None
    if z is None:
        undefined["z_prime"] = "both controls have the same mean"
    ssmd = apart / float(np.hypot(sn, sp)) if sn or sp else None
    if ssmd is None:
        undefined["ssmd"] = "no control varies"
    root = float(np.sqrt(replicates))
    of_high = sp if apart > 0 else sn
    window = (abs(apart) - 3.0 * (sn + sp) / root) * root / of_high if of_high else None
    if window is None:
        undefined["signal_window"] = "the control with the higher signal does not vary"
    return z, ssmd, window


def _by_medians(n: ControlWells, p: ControlWells, undefined: dict[str, str]) -> tuple[float | None, float | None]:
    if n.wells < 2 or p.wells < 2:
        why = f"a control needs at least 2 wells; negative {n.wells}, positive {p.wells}"
        undefined.update(dict.fromkeys(("robust_z_prime", "robust_ssmd"), why))
        return None, None
    apart = p.median - n.median
    z = 1.0 - 3.0 * (n.mad + p.mad) / abs(apart) if apart else None
    if z is None:
        undefined["robust_z_prime"] = "both controls have the same median"
    ssmd = apart / float(np.hypot(n.mad, p.mad)) if n.mad or p.mad else None
    if ssmd is None:
        undefined["robust_ssmd"] = "the median absolute deviation of both controls is 0"
    return z, ssmd
