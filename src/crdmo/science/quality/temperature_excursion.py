"""Temperature excursions: when readings left their storage condition, for how long, and whether that is allowed.

Between two readings the temperature is taken as a straight line. The allowances of a condition are data; they come
from USP <659>, and the mean kinetic temperature of the whole series is held against its limit.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from crdmo.science.checks import Vector, finite_numbers, same_length
from crdmo.science.method import MethodError, method

from .mean_kinetic_temperature import mean_kinetic_temperature


@dataclass(frozen=True)
class Allowance:
    """A storage condition: its range, how far excursions and spikes may go, and the MKT limit; in °C and hours."""

    low: float
    high: float
    excursion_low: float
    excursion_high: float
    spike_high: float
    spike_hours: float
    mkt: float


class StorageCondition(enum.Enum):
    """Storage conditions of USP <659>."""

    CONTROLLED_ROOM_TEMPERATURE = "controlled room temperature"
    CONTROLLED_COLD_TEMPERATURE = "controlled cold temperature"


# The cold spike to 25 °C holds only where the manufacturer allows it, so it is not among what is allowed by itself.
ALLOWANCES: Mapping[StorageCondition, Allowance] = {
    StorageCondition.CONTROLLED_ROOM_TEMPERATURE: Allowance(20, 25, 15, 30, 40, 24, 25),
    StorageCondition.CONTROLLED_COLD_TEMPERATURE: Allowance(2, 8, 0, 15, 15, 0, 8),
}


class Assessment(enum.Enum):
    """What the series comes to."""

    WITHIN = "within the condition"
    ALLOWED = "excursions within what is allowed"
    NOT_ALLOWED = "an excursion beyond what is allowed"


@dataclass(frozen=True)
class Excursion:
    """One stay outside the range: hours since the first reading, the extreme, and whether it is allowed by itself."""

    start: float
    end: float
    hours: float
    extreme: float
    hours_in_spike: float
    is_allowed: bool


@dataclass(frozen=True)
class TemperatureAssessment:
    """The assessment of a series of readings, with every excursion."""

    assessment: Assessment
    excursions: tuple[Excursion, ...]
    mean_kinetic_temperature: float
    hours: float
    lowest: float
    highest: float
    allowance: Allowance
    reasons: tuple[str, ...]


@method(
    "quality.temperature_excursions",
    version="1.0",
    title="Assessment of a temperature series",
    source="USP <659> Packaging and Storage Requirements; USP <1079.2> Mean Kinetic Temperature",
)
def temperature_excursions(
    *,
    hours: Sequence[float],
    celsius: Sequence[float],
    condition: StorageCondition | None = None,
    allowance: Allowance | None = None,
    activation_energy: float = 83.144,
) -> TemperatureAssessment:
    """Find the excursions of a series of readings and hold them against a storage condition.

    Args:
        hours: time of each reading, h, rising.
        celsius: temperature of each reading, °C.
        condition: one of USP <659>, or
        allowance: a condition of one's own, as the stability data of the product support it.
        activation_energy: for the mean kinetic temperature, kJ/mol.

    Raises:
        MethodError: fewer than two readings, times that do not rise, or not exactly one condition.

    Source: USP <659>, <1079.2>.

    >>> found = temperature_excursions(hours=[0, 10, 12, 14, 48], celsius=[22, 22, 34, 22, 22],
    ...                                condition=StorageCondition.CONTROLLED_ROOM_TEMPERATURE)
    >>> found.assessment.value, found.excursions[0].hours, round(found.excursions[0].hours_in_spike, 3)
    ('excursions within what is allowed', 3.0, 1.333)
    """
    if (condition is None) == (allowance is None):
        raise MethodError("give a storage condition or an allowance, one of them", given=f"{condition}, {allowance}")
    limits = allowance if allowance is not None else ALLOWANCES[condition]  # type: ignore[index]
    _check(limits)
    times, readings = finite_numbers("hours", hours, at_least=2), finite_numbers("celsius", celsius, at_least=2)
    same_length("hours", hours, "celsius", celsius)
    if (np.diff(times) <= 0).any():
        first = int(np.flatnonzero(np.diff(times) <= 0)[0]) + 1
        raise MethodError(
            "the times of the readings do not rise",
            given=f"{times[first]:g} h after {times[first - 1]:g} h",
            allowed="one reading a time, in order",
        )
    gaps = np.diff(times)
    weights = (np.concatenate([[0.0], gaps]) + np.concatenate([gaps, [0.0]])) / 2
    mkt = mean_kinetic_temperature(
        celsius=celsius, weights=weights.tolist(), activation_energy=activation_energy
    ).celsius
    return _assess(times, readings, limits, mkt)


def _check(limits: Allowance) -> None:
    order = (limits.excursion_low, limits.low, limits.high, limits.excursion_high, limits.spike_high)
    if list(order) != sorted(order) or limits.low == limits.high or limits.spike_hours < 0:
        raise MethodError(
            "the ends of an allowance are out of order",
            given=", ".join(f"{end:g}" for end in order),
            allowed="excursion_low ≤ low < high ≤ excursion_high ≤ spike_high, spike_hours ≥ 0",
        )


def _assess(times: Vector, readings: Vector, limits: Allowance, mkt: float) -> TemperatureAssessment:
    high = [_excursion(times, readings, part, limits) for part in _beyond(times, readings - limits.high)]
    low = [_excursion(times, readings, part, limits) for part in _beyond(times, limits.low - readings)]
    found = tuple(sorted((*high, *low), key=lambda one: one.start))
    kept = mkt <= limits.mkt
    if not found and kept:
        outcome = Assessment.WITHIN
    else:
        outcome = Assessment.ALLOWED if kept and all(one.is_allowed for one in found) else Assessment.NOT_ALLOWED
    told = (
        *(_said(one) for one in found),
        f"mean kinetic temperature {mkt:.2f} °C, {'not above' if kept else 'above'} {limits.mkt:g} °C",
        outcome.value,
    )
    return TemperatureAssessment(
        outcome, found, mkt, float(times[-1] - times[0]), float(readings.min()), float(readings.max()), limits, told
    )


def _beyond(times: Vector, height: Vector) -> list[tuple[float, float]]:
    """Return the stretches in which a broken line lies above 0, each end where it crosses."""
    points = [(float(times[0]), float(height[0]))]
    for i in range(1, len(times)):
        a, b = float(height[i - 1]), float(height[i])
        if a * b < 0:
            points.append((float(times[i - 1] + (times[i] - times[i - 1]) * a / (a - b)), 0.0))
        points.append((float(times[i]), b))
    stretches: list[tuple[float, float]] = []
    for (start, a), (end, b) in pairwise(points):
        if a <= 0 and b <= 0:
            continue
        if stretches and stretches[-1][1] == start and a > 0:
            stretches[-1] = (stretches[-1][0], end)
        else:
            stretches.append((start, end))
    return stretches


def _excursion(times: Vector, readings: Vector, part: tuple[float, float], limits: Allowance) -> Excursion:
    start, end = part
    inside = (times >= start) & (times <= end)
    seen = readings[inside]
    above = bool((seen > limits.high).any())
    extreme = float(seen.max() if above else seen.min())
    stretches = _beyond(times, readings - limits.excursion_high)
    spike = sum(to - since for since, to in stretches if start <= since and to <= end)
    short = spike == 0.0 or spike <= limits.spike_hours
    allowed = extreme <= limits.spike_high and short if above else extreme >= limits.excursion_low
    first = float(times[0])
    return Excursion(start - first, end - first, end - start, extreme, spike if above else 0.0, allowed)


def _said(one: Excursion) -> str:
    spike = f", {one.hours_in_spike:.2f} h of them as a spike" if one.hours_in_spike else ""
    allowed = "allowed by itself" if one.is_allowed else "not allowed"
    return f"from {one.start:.2f} h for {one.hours:.2f} h, as far as {one.extreme:g} °C{spike}: {allowed}"
