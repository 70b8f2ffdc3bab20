"""The parameters of 1:1 binding over many cycles: which stands where, values, derivatives, and a start from a grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum

import numpy as np

from crdmo.science.checks import Vector
from crdmo.science.discovery.binding_model import Cycle, bound
from crdmo.science.least_squares import Array, Rows
from crdmo.science.method import MethodError

# A complex step has no rounding: the derivative is exact to the last digits.
_STEP = 1e-20


class Bulk(Enum):
    """Where the step of the refractive index is put: nowhere, during injections, or as a free level of what dissociates."""

    NONE = "none"
    INJECTION = "injection"
    DISSOCIATION = "dissociation"


class Law:
    """Which parameter stands where, and the model with its derivatives."""

    def __init__(self, cycles: Sequence[Cycle], bulk: Bulk, local: bool, transport: bool, delay: bool) -> None:
        self.cycles, self.bulk = cycles, bulk
        self.t = [np.asarray(one.seconds, dtype=float) for one in cycles]
        self.ends = np.cumsum([0, *(t.size for t in self.t)])
        self.y = np.concatenate([np.asarray(one.response, dtype=float) for one in cycles])
        self.t0 = 2 if delay else None
        self.kt = 2 + delay if transport else None
        first = 2 + delay + transport
        self.rmax = [first + (k if local else 0) for k in range(len(cycles))]
        place = first + (len(cycles) if local else 1)
        self.shifts: list[tuple[int, float, float, int]] = []
        for k, one in enumerate(cycles):
            for j, injection in enumerate(one.injections):
                end = one.injections[j + 1].start if j + 1 < len(one.injections) else math.inf
                shifted = injection.concentration > 0 if bulk is Bulk.INJECTION else injection.concentration == 0
                if bulk is not Bulk.NONE and shifted:
                    self.shifts.append((k, injection.start, end, place))
                    place += 1
        self.size = place

    def column(self, k: int, start: float, end: float, kd: float) -> tuple[Vector, Vector]:
        """Return what a shift adds to its cycle, and its derivative by ln kd."""
        t = self.t[k]
        inside = ((t >= start) & (t < end)).astype(float)
        if self.bulk is Bulk.INJECTION:
            return inside, np.zeros_like(t)
        gone = kd * np.clip(t - start, 0, None)
        fading = inside * np.exp(-gone)
        return fading, -gone * fading

    def part(self, theta: Vector, k: int, moved: int | None, kt: float | None = None) -> Vector:
        """Return what is bound in a cycle, or with `moved` its derivative by that parameter."""
        p = theta.astype(complex)
        if moved is not None:
            p[moved] += 1j * _STEP
        t0 = p[self.t0] if self.t0 is not None else 0.0
        slow = np.exp(p[self.kt]) if self.kt is not None else kt
        found = bound(
            self.t[k], self.cycles[k].injections, t0, np.exp(p[0]), np.exp(p[1]), np.exp(p[self.rmax[k]]), slow
        )  # fmt: skip
        return found.real if moved is None else found.imag / _STEP

    def __call__(self, thetas: Array, rows: Rows) -> tuple[Array, Array]:
        """Return values and derivatives for every row of parameters."""
        values, slopes = np.zeros((len(thetas), self.y.size)), np.zeros((len(thetas), self.y.size, self.size))
        for row, theta in enumerate(thetas):
            for k in range(len(self.cycles)):
                here = slice(self.ends[k], self.ends[k + 1])
                values[row, here] = self.part(theta, k, None)
                shared = [0, 1, *(x for x in (self.t0, self.kt) if x is not None), self.rmax[k]]
                for moved in shared:
                    slopes[row, here, moved] = self.part(theta, k, moved)
            for k, start, end, place in self.shifts:
                here = slice(self.ends[k], self.ends[k + 1])
                column, bent = self.column(k, start, end, math.exp(theta[1]))
                values[row, here] += theta[place] * column
                slopes[row, here, place] += column
                slopes[row, here, 1] += theta[place] * bent
        return values, slopes

    def start(self) -> Vector:
        """Return the best of a grid of rate constants; Rmax and shifts follow by linear least squares on a few points."""
        few = [np.unique(np.linspace(0, t.size - 1, min(t.size, 60)).astype(int)) for t in self.t]
        thin = Law(
            [Cycle(c.name, t[f], np.asarray(c.response)[f], c.injections) for c, t, f in zip(self.cycles, self.t, few, strict=True)],
            self.bulk, len(set(self.rmax)) > 1, False, self.t0 is not None,
        )  # fmt: skip
        span = max(float(t[-1] - t[0]) for t in self.t)
        middle = float(np.median([i.concentration for c in self.cycles for i in c.injections if i.concentration > 0]))
        best, found = math.inf, None
        for ka in np.geomspace(1e-2, 1e4, 15) / (middle * span):
            for kd in np.geomspace(1e-3, 1e3, 15) / span:
                rss, theta = thin.linear(ka, kd)
                if rss < best:
                    best, found = rss, theta
        if found is None:
            raise MethodError(
                "no rate constants follow these sensorgrams",
                given=f"{self.y.size} points",
                allowed="responses that rise with the analyte and fall without",
                next_step="check signs, the subtraction of the reference, and the times of injections",
            )
        return found

    def slowed(self, plain: Vector) -> list[Vector]:
        """Return starts with weak, middling and strong limitation by transport, from the answer without it."""
        starts = []
        for factor in (0.2, 2.0, 20.0):
            kt = plain[0] + max(plain[p - 1] for p in self.rmax) + math.log(factor)
            starts.append(np.insert(plain, self.kt or 0, kt))
            # Where transport limits, the true rates are higher than the apparent ones.
            starts[-1][:2] += math.log(1 + 1 / factor)
        return starts

    def linear(self, ka: float, kd: float) -> tuple[float, Vector]:
        """Return sum of squares and parameters with Rmax and shifts by linear least squares, endless where Rmax is not above 0."""
        theta = np.zeros(self.size)
        theta[:2] = math.log(ka), math.log(kd)
        wide = np.zeros((self.y.size, self.size))
        for k in range(len(self.cycles)):
            at = np.zeros_like(theta)
            at[:2] = theta[:2]
            found = bound(self.t[k], self.cycles[k].injections, 0.0, ka, kd, 1.0, None)
            wide[self.ends[k] : self.ends[k + 1], self.rmax[k]] = found.real
        for k, start, end, place in self.shifts:
            wide[self.ends[k] : self.ends[k + 1], place] = self.column(k, start, end, kd)[0]
        used = sorted({*self.rmax, *(place for *_, place in self.shifts)})
        answer = np.linalg.lstsq(wide[:, used], self.y, rcond=None)[0]
        theta[used] = answer
        surfaces = theta[sorted(set(self.rmax))]
        if surfaces.min() <= 0:
            return math.inf, theta
        rest = self.y - wide @ theta
        theta[sorted(set(self.rmax))] = np.log(surfaces)
        return float(rest @ rest), theta
