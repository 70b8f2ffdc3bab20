"""The response of a surface to which an analyte binds 1:1, with or without transport to it; injections may follow each other.

    dR/dt = (ka C (Rmax - R) - kd R) / (1 + (ka/kt)(Rmax - R))

Without transport (kt endless) it is an exponential. With transport in the quasi-steady state (Goldstein 1999) the equation
separates, and Lambert's W gives R at any time, so nothing is integrated step by step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import lambertw, wrightomega

from crdmo.science.checks import Vector, finite_numbers, same_length
from crdmo.science.method import MethodError

Complex = NDArray[np.complex128]


@dataclass(frozen=True)
class Injection:
    """From `start` (s) on, `concentration` (mol/L) of analyte flows over the surface; 0 is buffer."""

    start: float
    concentration: float


@dataclass(frozen=True)
class Cycle:
    """What one surface did: one injection and buffer (multi-cycle), or several that follow (single-cycle).

    `seconds` and `response` are the sensorgram with the reference already subtracted; points before the first injection are
    not used. `injections` rise in time.
    """

    name: str
    seconds: Sequence[float]
    response: Sequence[float]
    injections: tuple[Injection, ...]


def checked(cycles: Sequence[Cycle]) -> None:
    """Refuse cycles that cannot be fitted."""
    if not cycles or len({one.name for one in cycles}) != len(cycles):
        raise MethodError("cycles need names of their own", given=f"{len(cycles)} cycles", allowed="one or more")
    for one in cycles:
        t, _ = finite_numbers(f"seconds of {one.name}", one.seconds), finite_numbers(one.name, one.response)
        same_length(f"seconds of {one.name}", t, "response", list(one.response))
        starts = finite_numbers("starts of injections", [x.start for x in one.injections])
        amounts = finite_numbers("concentrations", [x.concentration for x in one.injections])
        if np.any(np.diff(t) <= 0) or np.any(np.diff(starts) <= 0) or amounts.min() < 0 or not amounts.max() > 0:
            raise MethodError(
                f"{one.name} is no cycle",
                given=f"{t.size} points, injections of {', '.join(f'{x:g}' for x in amounts)} mol/L",
                allowed="times and injections that rise, concentrations of 0 or more and one above 0",
                next_step="check the order of points and the unit of concentrations: mol/L",
            )
        if amounts.max() > 0.1:
            raise MethodError(
                f"{one.name} has a concentration that no injection has",
                given=f"{amounts.max():g} mol/L",
                allowed="mol/L, at most 0.1",
                next_step="write 100 nM as 1e-7",
            )
        for k, start in enumerate(starts):
            end = starts[k + 1] if k + 1 < starts.size else np.inf
            if np.sum((t >= start) & (t < end)) < 3:
                raise MethodError(
                    f"{one.name} has an injection without points",
                    given=f"start {start:g} s",
                    allowed="at least three points in every injection",
                )


def advance(r0: Any, time: Any, concentration: float, ka: Any, kd: Any, rmax: Any, kt: Any) -> Any:
    """Return the response after `time` at one concentration, from `r0`; arguments may carry a complex step."""
    b = ka * concentration + kd
    level = ka * concentration * rmax / b
    if kt is None:
        return level + (r0 - level) * np.exp(-b * time)
    m = ka / kt
    slowed = 1 + m * (rmax - level)
    z0 = m * (level - r0) / slowed
    if abs(np.real(z0)) < 1e-14:
        return level + (r0 - level) * np.exp(-b * time / slowed)
    return level - _lambert(z0, b * np.asarray(time) / slowed) * slowed / m


def _lambert(z0: Any, gone: Any) -> Any:
    """Return W(z0 exp(z0 - gone)); an imaginary part is carried to first order by dW/dx = W / (1 + W)."""
    rising = np.real(z0) > 0
    x = np.log(z0 if rising else -z0) + z0 - gone
    w = wrightomega(np.real(x)) if rising else np.real(lambertw(-np.exp(np.real(x))))
    return w + 1j * np.imag(x) * w / (1 + w)


def bound(seconds: Vector, injections: Sequence[Injection], t0: Any, ka: Any, kd: Any, rmax: Any, kt: Any) -> Complex:
    """Return what is bound at each time; all injections reach the surface `t0` late.

    Which injection a point belongs to goes by the nominal times, so that the model is smooth in `t0`: between nominal and true
    start a law is followed backwards for that moment.
    """
    found = np.zeros(seconds.size, dtype=complex)
    held: Any = 0.0
    for k, one in enumerate(injections):
        end = injections[k + 1].start if k + 1 < len(injections) else np.inf
        inside = (seconds >= one.start) & (seconds < end)
        found[inside] = advance(held, seconds[inside] - t0 - one.start, one.concentration, ka, kd, rmax, kt)
        if np.isfinite(end):
            held = advance(held, end - one.start, one.concentration, ka, kd, rmax, kt)
    return found


def averaged(cycle: Cycle, width: float | None, skip: float, baseline: float | None) -> Cycle:
    """Return the cycle from its first injection on, without `skip` seconds after each switch, averaged over `width` seconds.

    The mean of the `baseline` seconds before the first injection is subtracted. Raises `MethodError` where there are no points.
    """
    t, y = np.asarray(cycle.seconds, dtype=float), np.asarray(cycle.response, dtype=float)
    starts = np.array([one.start for one in cycle.injections])
    if baseline is not None:
        before = (t < starts[0]) & (t >= starts[0] - baseline)
        if not before.any():
            raise MethodError(
                f"{cycle.name} has no baseline",
                given=f"first point at {t[0]:g} s, first injection at {starts[0]:g} s",
                allowed=f"points in the {baseline:g} s before the first injection",
            )
        y = y - y[before].mean()
    phase = np.searchsorted(starts, t, side="right") - 1
    kept = (phase >= 0) & (t - starts[np.maximum(phase, 0)] >= skip)
    t, y, phase = t[kept], y[kept], phase[kept]
    if width is not None and t.size:
        slot = np.floor((t - starts[phase]) / width)
        # A slot never holds points of two injections.
        _, inverse = np.unique(np.column_stack([phase, slot]), axis=0, return_inverse=True)
        inverse = np.asarray(inverse).ravel()
        count = np.bincount(inverse)
        t, y = np.bincount(inverse, t) / count, np.bincount(inverse, y) / count
    return Cycle(cycle.name, t.tolist(), y.tolist(), cycle.injections)
