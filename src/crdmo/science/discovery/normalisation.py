"""Signals as percent of control, percent inhibition, z and robust z; the raw signal stays what it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from crdmo.science.checks import Vector, finite_numbers
from crdmo.science.discovery.plate_quality import scaled_mad
from crdmo.science.method import MethodError, method

_SOURCE = (
    "Malo N, Hanley JA, Cerquozzi S, Pelletier J, Nadon R (2006) Nat Biotechnol 24:167-175; "
    "Birmingham A, et al. (2009) Nat Methods 6:569-575"
)
Centre = Literal["mean", "median"]


@dataclass(frozen=True)
class Normalised:
    """Normalised values in the order given, and the two numbers that they rest on: value = (x − origin)/unit."""

    values: tuple[float, ...]
    origin: float
    unit: float


def _middle(name: str, values: Sequence[float], centre: Centre) -> float:
    v = finite_numbers(name, values)
    return float(np.mean(v) if centre == "mean" else np.median(v))


def _divided(values: Vector, origin: float, unit: float) -> Normalised:
    return Normalised(tuple(float(v) for v in (values - origin) / unit), origin, unit)


@method("discovery.percent_of_control", version="1.0", source=_SOURCE, title="Percent of control")
def percent_of_control(*, signals: Sequence[float], negative: Sequence[float], centre: Centre = "mean") -> Normalised:
    """Return signals as percent of the negative control, which is 100.

    Parameters: `signals` and `negative` control in one unit, background already taken off; `centre` of the control.
    Raises `MethodError` when the control is not above zero.
    """
    x, middle = finite_numbers("signals", signals), _middle("negative", negative, centre)
    if middle <= 0.0:
        raise MethodError(
            "percent of control needs a control above zero",
            given=f"{centre} {middle:g}",
            allowed="> 0",
            next_step="use percent inhibition between two controls",
        )
    return _divided(x, 0.0, middle / 100.0)


@method("discovery.percent_inhibition", version="1.0", source=_SOURCE, title="Normalised percent inhibition")
def percent_inhibition(
    *, signals: Sequence[float], negative: Sequence[float], positive: Sequence[float], centre: Centre = "mean"
) -> Normalised:
    """Place signals between the controls: the negative control is 0, the positive control 100.

    Parameters: as in `percent_of_control`, with the `positive` control. A value outside 0 to 100 is given as it is.
    Raises `MethodError` when both controls have the same centre.

    >>> percent_inhibition(signals=[100, 55, 10], negative=[99, 101], positive=[9, 11]).values
    (-0.0, 50.0, 100.0)
    """
    x = finite_numbers("signals", signals)
    low, high = _middle("negative", negative, centre), _middle("positive", positive, centre)
    if low == high:
        raise MethodError(
            "there is nothing between the controls",
            given=f"both have the {centre} {low:g}",
            allowed="controls that differ",
            next_step="check that the control wells are the right ones",
        )
    return _divided(x, low, (high - low) / 100.0)


@method("discovery.z_scores", version="1.0", source=_SOURCE, title="z and robust z scores of a plate")
def z_scores(*, signals: Sequence[float], robust: bool = True) -> Normalised:
    """Return how many (robust) standard deviations each signal lies from the middle of the plate.

    Parameters: `signals` of the sample wells; `robust` takes the median and 1.4826 MAD, otherwise the mean and the
    standard deviation with n − 1. Raises `MethodError` when there are fewer than three wells or they do not vary.
    """
    x = finite_numbers("signals", signals, at_least=3)
    origin, unit = (float(np.median(x)), scaled_mad(x)) if robust else (float(np.mean(x)), float(np.std(x, ddof=1)))
    if unit == 0.0:
        raise MethodError(
            "the wells have no spread to measure by",
            given="a MAD of 0" if robust else "a standard deviation of 0",
            allowed="a spread > 0",
            next_step="more than half of the wells are equal: check the reader's resolution and saturation",
        )
    return _divided(x, origin, unit)
