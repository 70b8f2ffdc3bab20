"""Mean kinetic temperature: the one temperature that does to a product what its changing temperatures did."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from crdmo.science.method import MethodError, method

GAS_CONSTANT = 8.314472e-3
ZERO = 273.15


@dataclass(frozen=True)
class MeanKineticTemperature:
    """The mean kinetic temperature beside the arithmetic mean and the extremes, all in °C."""

    celsius: float
    arithmetic_mean: float
    lowest: float
    highest: float
    intervals: int


@method(
    "quality.mean_kinetic_temperature",
    version="1.0",
    title="Mean kinetic temperature",
    source="Haynes, J Pharm Sci 1971;60:927-929; USP <1079.2>",
)
def mean_kinetic_temperature(
    *, celsius: Sequence[float], weights: Sequence[float] = (), activation_energy: float = 83.144
) -> MeanKineticTemperature:
    """Return the mean kinetic temperature of temperatures held for times.

    Args:
        celsius: temperatures, °C.
        weights: how long each was held, any one unit; empty for equal times.
        activation_energy: kJ/mol; 83.144 makes ΔH/R 10 000 K.

    Raises:
        MethodError: nothing is given, lengths differ, or a temperature lies outside −100 to 100 °C.

    Source: Haynes (1971): T = (ΔH/R) / −ln(Σ wᵢ e^(−ΔH/RTᵢ) / Σ wᵢ).

    >>> round(mean_kinetic_temperature(celsius=[20, 30]).celsius, 2)
    26.26
    """
    times = list(weights) or [1.0] * len(celsius)
    if not celsius or len(times) != len(celsius) or any(w < 0 for w in times) or not sum(times) > 0:
        raise MethodError("each temperature has a time", given=f"{len(celsius)} temperatures, {len(times)} times")
    if any(not -100 <= t <= 100 for t in celsius) or activation_energy <= 0:
        raise MethodError(
            "a temperature lies outside what is stored",
            given=f"{min(celsius)} to {max(celsius)}",
            allowed="−100 to 100 °C",
        )
    ratio = activation_energy / GAS_CONSTANT
    total = math.fsum(times)
    mean = math.fsum(w * math.exp(-ratio / (t + ZERO)) for t, w in zip(celsius, times, strict=True)) / total
    plain = math.fsum(w * t for t, w in zip(celsius, times, strict=True)) / total
    return MeanKineticTemperature(ratio / -math.log(mean) - ZERO, plain, min(celsius), max(celsius), len(celsius))
