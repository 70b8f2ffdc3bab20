"""Progress curves of slow-binding and irreversible inhibitors: the rate that relaxes, and how it depends on the inhibitor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy.linalg import helmert

from crdmo.science.checks import Vector, finite_numbers, positive, same_length
from crdmo.science.discovery.constants import Constant, Fit, fit_constants
from crdmo.science.discovery.enzyme_kinetics import amounts, observed
from crdmo.science.least_squares import Array
from crdmo.science.method import MethodError, method

_SOURCE = (
    "Morrison JF, Walsh CT (1988) Adv Enzymol Relat Areas Mol Biol 61:201; Copeland RA (2013) Evaluation of Enzyme Inhibitors "
    "in Drug Discovery, 2nd ed., ch. 6 and 9"
)
# More of the substrate than this, and the control bends by itself.
MOST_USED = 10.0
MOST_POINTS = 2000


@dataclass(frozen=True)
class ProgressCurve:
    """A rate that relaxes from `v0` to `vs` with `k_obs`: P = P0 + vs t + (v0 - vs)(1 - exp(-k_obs t))/k_obs.

    `vs` is None where it does not differ from zero in the fit without it: the inhibition is irreversible, or reverses too
    slowly to be seen. `lifetimes` is the length of the curve times `k_obs`.
    """

    fit: Fit
    v0: Constant
    vs: Constant | None
    k_obs: Constant
    offset: float
    lifetimes: float
    flags: tuple[str, ...]


class Relaxation(Enum):
    """How the rate of relaxation depends on the inhibitor: in one step, or by isomerisation after a fast first one."""

    ONE_STEP = "one step"
    ISOMERISATION = "isomerisation"


@dataclass(frozen=True)
class RelaxationFit:
    """One mechanism and how well it fits; `weight` is Akaike's."""

    relaxation: Relaxation
    rss: float
    aicc: float
    weight: float


@dataclass(frozen=True)
class SlowBinding:
    """The mechanism of a slow inhibitor, and its constants in the units of `inhibitor` and `k_obs`.

    One step: k_on (apparent), k_off, Ki,app = k_off/k_on. Isomerisation: Ki,app of the first complex, k5 and k6 of the step
    after it, Ki*,app = Ki,app k6/(k5 + k6). `ki` is the final constant over 1 + S/Km where both are given (competitive).
    """

    ranked: tuple[RelaxationFit, ...]
    fit: Fit
    apparent_ki: float
    ki: float | None
    residence: float
    clear: bool
    flags: tuple[str, ...]

    @property
    def best(self) -> Relaxation:
        """The mechanism with the smallest AICc."""
        return self.ranked[0].relaxation


def _relaxing(t: Vector, with_steady: bool, contrast: Array) -> Callable[[Vector], tuple[Vector, Array]]:
    """Return the law without its offset: contrasts between points do not know it."""

    def law(k: Vector) -> tuple[Vector, Array]:
        v0, rate = k[0], k[1]
        steady = k[2] if with_steady else 0.0
        relaxed = -np.expm1(-rate * t) / rate
        by_rate = (v0 - steady) * (t * np.exp(-rate * t) - relaxed) / rate
        columns = [relaxed, by_rate, *([t - relaxed] if with_steady else [])]
        return contrast @ (steady * t + (v0 - steady) * relaxed), contrast @ np.column_stack(columns)

    return law


@method("discovery.progress_curve", version="1.0", title="Progress curve", source=_SOURCE, tolerance=1e-6)
def progress_curve(
    *,
    time: Sequence[float],
    product: Sequence[float],
    substrate: float | None = None,
    confidence: float = 0.95,
) -> ProgressCurve:
    """Fit initial rate, steady rate and k_obs of a reaction that an inhibitor slows while it runs.

    Args:
        time: after the start, any one unit.
        product: or a signal that rises with it; its level at the start is fitted as well.
        substrate: at the start in the unit of `product`; says whether the control would have bent by itself.
        confidence: of the intervals.

    Raises:
        MethodError: fewer than eight points, more than 2000, times that do not rise, product that does not rise, no convergence.

    The fit with and without a steady rate are compared by AICc; the simpler one counts unless the other is better.
    """
    t, p = finite_numbers("time", time, at_least=8), finite_numbers("product", product)
    same_length("time", t, "product", p)
    if np.any(np.diff(t) <= 0) or t[0] < 0 or t.size > MOST_POINTS or p[-1] <= p[0]:
        raise MethodError(
            "this is no progress curve",
            given=f"{t.size} points from {t[0]:g}, product from {p[0]:g} to {p[-1]:g}",
            allowed=f"8 to {MOST_POINTS} times of 0 or more that rise, product that rises",
            next_step="give the signal so that it grows with product; average many points",
        )
    contrast = np.asarray(helmert(t.size))
    first = max(
        float(np.polyfit(t[: max(4, t.size // 8)], p[: max(4, t.size // 8)], 1)[0]), float((p[-1] - p[0]) / t[-1])
    )
    late = float(np.polyfit(t[-max(4, t.size // 5) :], p[-max(4, t.size // 5) :], 1)[0])
    seen, ones = contrast @ p, np.ones(t.size - 1)
    best: tuple[Fit, bool] | None = None
    for steady in (False, True):
        start = {"v0": first, "k_obs": 3 / float(t[-1])} | ({"vs": max(late, first / 100)} if steady else {})
        fit = fit_constants(_relaxing(t, steady, contrast), seen, start, weights=ones, confidence=confidence)
        if best is None or fit.aicc < best[0].aicc:
            best = (fit, steady)
    assert best is not None
    fit, steady = best
    v0, rate, vs = fit.of("v0"), fit.of("k_obs"), fit.of("vs") if steady else None
    last = vs.value if vs is not None else 0.0
    relaxed = -np.expm1(-rate.value * t) / rate.value
    offset = float(np.mean(p - last * t - (v0.value - last) * relaxed))
    lifetimes = rate.value * float(t[-1] - t[0])
    flags = []
    if lifetimes < 2:
        flags.append(
            f"The curve lasts {lifetimes:.2g} lifetimes of the relaxation: steady rate and k_obs are hardly apart"
        )
    if vs is not None and vs.value > v0.value:
        flags.append("The rate rises: activation or a lag, no slow inhibition")
    if None in (rate.lower, rate.upper):
        flags.append("The interval of k_obs is open: the curve may be straight")
    if rate.value * float(t[1] - t[0]) > 1:
        flags.append("The relaxation is over within the first interval: record faster")
    if substrate is not None:
        used = 100 * float(p[-1] - p[0]) / positive("substrate", substrate)
        if used > MOST_USED:
            flags.append(f"{used:.0f} % of the substrate is used: its depletion bends the curve as well")
    return ProgressCurve(fit, v0, vs, rate, offset, lifetimes, tuple(flags))


def _one_step(i: Vector) -> Callable[[Vector], tuple[Vector, Array]]:
    return lambda k: (k[0] + k[1] * i, np.column_stack([np.ones_like(i), i]))


def _isomerisation(i: Vector) -> Callable[[Vector], tuple[Vector, Array]]:
    def law(k: Vector) -> tuple[Vector, Array]:
        part = i / (k[2] + i)
        return k[0] + k[1] * part, np.column_stack([np.ones_like(i), part, -k[1] * part / (k[2] + i)])

    return law


@method("discovery.slow_binding", version="1.0", title="Slow-binding inhibition", source=_SOURCE, tolerance=1e-6)
def slow_binding(
    *,
    inhibitor: Sequence[float],
    k_obs: Sequence[float],
    substrate: float | None = None,
    km: float | None = None,
    confidence: float = 0.95,
) -> SlowBinding:
    """Tell a one-step slow inhibitor from one that isomerises, by AICc, and return its constants.

    Args:
        inhibitor: concentrations, well above the enzyme.
        k_obs: of each, from `discovery.progress_curve`.
        substrate: with `km` gives Ki of a competitive inhibitor.
        km: in the unit of `substrate`.
        confidence: of the intervals.

    Raises:
        MethodError: as `discovery.k_inact`; fewer than six rates; rates that fall; only one of `substrate`
            and `km`.
    """
    i = amounts("inhibitor", inhibitor, 0.0)
    k = observed("inhibitor", i, "k_obs", k_obs)
    if k.size < 6 or k.min() <= 0 or (substrate is None) != (km is None):
        raise MethodError(
            "the mechanism of slow binding cannot be told",
            given=f"{k.size} rates from {k.min():g}",
            allowed="six or more rates above zero; substrate and km both or neither",
            next_step="measure progress curves at more concentrations",
        )
    if float(np.polyfit(i, k, 1)[0]) <= 0:
        raise MethodError(
            "k_obs falls with the inhibitor",
            given=f"{k[np.argmin(i)]:g} at the lowest, {k[np.argmax(i)]:g} at the highest concentration",
            allowed="rates that rise with the inhibitor, in one step or by isomerisation",
            next_step="think of a slow step before binding (conformational selection), which this method does not fit",
        )
    middle, low, top = float(np.median(i[i > 0])), float(k.min()), float(k.max())
    laws: Mapping[Relaxation, tuple[Callable[[Vector], tuple[Vector, Array]], dict[str, float]]] = {
        Relaxation.ONE_STEP: (_one_step(i), {"k_off": low / 2, "k_on": (top - low) / float(np.ptp(i))}),
        Relaxation.ISOMERISATION: (_isomerisation(i), {"k6": low / 2, "k5": 1.2 * (top - low), "Ki_app": middle}),
    }

    def fitted(one: Relaxation, intervals: bool) -> Fit:
        law, start = laws[one]
        return fit_constants(law, k, start, weights=np.ones_like(k), confidence=confidence, intervals=intervals)

    fits = {one: fitted(one, False) for one in Relaxation}
    order = sorted(Relaxation, key=lambda one: fits[one].aicc)
    odds = {one: float(np.exp(-(fits[one].aicc - fits[order[0]].aicc) / 2)) for one in order}
    ranked = tuple(RelaxationFit(x, fits[x].rss, fits[x].aicc, odds[x] / sum(odds.values())) for x in order)
    fit = fitted(order[0], True)
    if order[0] is Relaxation.ONE_STEP:
        off, apparent = fit.of("k_off"), fit.of("k_off").value / fit.of("k_on").value
    else:
        off = fit.of("k6")
        apparent = fit.of("Ki_app").value * off.value / (fit.of("k5").value + off.value)
    flags = []
    if off.lower is None or off.value < low / 100:
        flags.append(
            f"{off.name} does not differ from zero: Ki is at most what is said; measure the return of activity"
        )
    ki = apparent / (1 + positive("substrate", substrate) / positive("km", km)) if substrate and km else None
    clear = ranked[1].aicc - ranked[0].aicc > 2.0
    return SlowBinding(ranked, fit, apparent, ki, 1 / off.value, clear, tuple(flags))
