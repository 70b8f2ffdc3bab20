"""Enzyme kinetics: Michaelis-Menten and its relatives, and the mechanism of a reversible inhibitor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from crdmo.science.checks import Vector, finite_numbers, same_length
from crdmo.science.discovery.constants import Fit, fit_constants
from crdmo.science.least_squares import Array
from crdmo.science.method import MethodError, method

_SOURCE = (
    "Bates DM, Watts DG (1988) Nonlinear Regression Analysis, A1.3; Cornish-Bowden A, Fundamentals of Enzyme Kinetics; "
    "NCATS Assay Guidance Manual, Mechanism of Action Assays for Enzymes"
)


# Mechanisms within so many units of AICc fit alike (Burnham & Anderson 2002, 2.6).
NEAR = 2.0


class Mechanism(Enum):
    """How a reversible inhibitor acts: which form of the enzyme it binds."""

    COMPETITIVE = "competitive"
    UNCOMPETITIVE = "uncompetitive"
    NONCOMPETITIVE = "noncompetitive"
    MIXED = "mixed"


@dataclass(frozen=True)
class Saturation:
    """Constants of a rate that saturates; `flags` says what the data do not hold."""

    fit: Fit
    flags: tuple[str, ...]


@dataclass(frozen=True)
class MechanismFit:
    """A mechanism and how well it fits; `weight` is Akaike's among those compared."""

    mechanism: Mechanism
    rss: float
    aicc: float
    weight: float


@dataclass(frozen=True)
class MechanismChoice:
    """Mechanisms from best to worst by AICc, the one that is chosen, and its constants.

    `best` is the simplest within two units of the smallest AICc: a second constant of inhibition must pay for itself.
    `clear` says that no other mechanism is within two units.
    """

    ranked: tuple[MechanismFit, ...]
    best: Mechanism
    fit: Fit
    clear: bool


def amounts(name: str, values: Sequence[float], least: float) -> Vector:
    """Return concentrations, or refuse one that is below `least`."""
    found = finite_numbers(name, values)
    if np.any(found < least):
        raise MethodError(
            f"{name} has a value below zero",
            given=f"{found.min():g}",
            allowed="0 or more",
            next_step="check blanks and units",
        )
    return found


def observed(name: str, x: Vector, y_name: str, y: Sequence[float]) -> Vector:
    """Return what was observed at `x`, or refuse where it cannot saturate."""
    rates = finite_numbers(y_name, y)
    same_length(name, x, y_name, rates)
    if np.unique(x[x > 0]).size < 3:
        raise MethodError(
            f"there are too few different values of {name}",
            given=str(np.unique(x[x > 0]).size),
            allowed="at least three above zero",
            next_step="measure more of them, around the half-saturation",
        )
    if rates.max() <= 0 or np.ptp(rates) <= 1e-12 * np.abs(rates).max():
        raise MethodError(
            f"{y_name} shows no saturation",
            given=f"from {rates.min():g} to {rates.max():g}",
            allowed="values above zero that differ",
        )
    return rates


def hyperbola(x: Vector) -> Callable[[Vector], tuple[Vector, Array]]:
    """Return the law k0 x / (k1 + x) with its derivatives."""

    def law(k: Vector) -> tuple[Vector, Array]:
        part = x / (k[1] + x)
        return k[0] * part, np.column_stack([part, -k[0] * part / (k[1] + x)])

    return law


def saturation(x: Vector, fit: Fit, half: str) -> Saturation:
    """Return the constants with what the data do not hold of them."""
    flags = []
    constant = fit.of(half)
    if constant.value > x.max():
        flags.append(f"{half} lies above the highest concentration: only the initial slope is well known")
    if None in (constant.lower, constant.upper):
        flags.append(f"The interval of {half} is open: {half} and the maximal rate cannot be told apart")
    if constant.value < x[x > 0].min():
        flags.append(f"{half} lies below the lowest concentration")
    return Saturation(fit, tuple(flags))


@method("discovery.michaelis_menten", version="1.0", title="Michaelis-Menten", source=_SOURCE, tolerance=1e-6)
def michaelis_menten(
    *,
    substrate: Sequence[float],
    rate: Sequence[float],
    substrate_inhibition: bool = False,
    confidence: float = 0.95,
) -> Saturation:
    """Fit initial rates over substrate, v = Vmax S / (Km + S), by least squares on the rates themselves.

    Args:
        substrate: concentrations, any one unit.
        rate: initial rates, any one unit.
        substrate_inhibition: fit v = Vmax S / (Km + S + S^2/Ksi) instead.
        confidence: of the intervals.

    Raises:
        MethodError: negative concentrations, fewer than three of them, rates without change, too few rates.

    Never by straightening the curve: Lineweaver-Burk gives 195.8 for the maximal rate that is 212.7 here.

    >>> s = [0.02, 0.02, 0.06, 0.06, 0.11, 0.11, 0.22, 0.22, 0.56, 0.56, 1.10, 1.10]
    >>> fit = michaelis_menten(substrate=s, rate=[76, 47, 97, 107, 123, 139, 159, 152, 191, 201, 207, 200]).fit
    >>> round(fit.of("Vmax").value, 2), round(fit.of("Km").value, 5)
    (212.68, 0.06412)
    """
    s = amounts("substrate", substrate, 0.0)
    v = observed("substrate", s, "rate", rate)
    start = {"Vmax": float(1.2 * v.max()), "Km": float(np.median(s[s > 0]))}
    if not substrate_inhibition:
        fit = fit_constants(hyperbola(s), v, start, weights=np.ones_like(v), confidence=confidence)
        return saturation(s, fit, "Km")

    def law(k: Vector) -> tuple[Vector, Array]:
        below = k[1] + s + s**2 / k[2]
        value = k[0] * s / below
        return value, np.column_stack([s / below, -value / below, value / below * s**2 / k[2] ** 2])

    start["Ksi"] = float(s.max())
    fit = fit_constants(law, v, start, weights=np.ones_like(v), confidence=confidence)
    found = saturation(s, fit, "Km")
    flags, plain = (
        list(found.flags),
        fit_constants(
            hyperbola(s),
            v,
            {k: start[k] for k in ("Vmax", "Km")},
            weights=np.ones_like(v),
            confidence=confidence,
            intervals=False,
        ),
    )
    if fit.of("Ksi").upper is None or plain.aicc <= fit.aicc:
        flags.append("Substrate inhibition is not shown: the curve without it fits as well (AICc)")
    if fit.of("Ksi").value < fit.of("Km").value:
        flags.append("Ksi lies below Km: Vmax is far above any rate that was seen")
    return Saturation(fit, tuple(flags))


def _mechanism_law(mechanism: Mechanism, s: Vector, i: Vector) -> Callable[[Vector], tuple[Vector, Array]]:
    """Return v = Vmax S / (Km (1 + I/Kic) + S (1 + I/Kiu)); a constant that a mechanism does not have is endless."""

    def law(k: Vector) -> tuple[Vector, Array]:
        top, km, first = k[0], k[1], k[2]
        kic = np.inf if mechanism is Mechanism.UNCOMPETITIVE else first
        kiu = {
            Mechanism.COMPETITIVE: np.inf,
            Mechanism.UNCOMPETITIVE: first,
            Mechanism.NONCOMPETITIVE: first,
            Mechanism.MIXED: k[-1],
        }[mechanism]
        below = km * (1 + i / kic) + s * (1 + i / kiu)
        value = top * s / below
        by_kic, by_kiu = value / below * km * i / kic**2, value / below * s * i / kiu**2
        columns = [s / below, -value / below * (1 + i / kic)]
        columns += {
            Mechanism.COMPETITIVE: [by_kic],
            Mechanism.UNCOMPETITIVE: [by_kiu],
            Mechanism.NONCOMPETITIVE: [by_kic + by_kiu],
            Mechanism.MIXED: [by_kic, by_kiu],
        }[mechanism]
        return value, np.column_stack(columns)

    return law


@method(
    "discovery.inhibition_mechanism", version="1.1", title="Mechanism of an inhibitor", source=_SOURCE, tolerance=1e-6
)
def inhibition_mechanism(
    *, substrate: Sequence[float], inhibitor: Sequence[float], rate: Sequence[float], confidence: float = 0.95
) -> MechanismChoice:
    """Fit all rates together by each mechanism, rank the mechanisms by AICc, and choose the simplest of those that fit alike.

    Args:
        substrate: of each rate, any one unit.
        inhibitor: of each rate, any one unit; 0 without.
        rate: initial rates, any one unit.
        confidence: of the intervals.

    Raises:
        MethodError: negative amounts, fewer than three substrate or two inhibitor concentrations, too few rates.
    """
    s, i = amounts("substrate", substrate, 0.0), amounts("inhibitor", inhibitor, 0.0)
    v = observed("substrate", s, "rate", rate)
    same_length("inhibitor", i, "rate", v)
    if np.unique(i).size < 3 or v.size < 7:
        raise MethodError(
            "there are too few inhibitor concentrations to tell mechanisms apart",
            given=f"{np.unique(i).size} concentrations, {v.size} rates",
            allowed="at least three with 0 among them, and seven rates",
            next_step="measure rates at several concentrations of both",
        )
    start = {"Vmax": float(1.2 * v.max()), "Km": float(np.median(s[s > 0]))}
    names = {
        Mechanism.COMPETITIVE: ("Kic",),
        Mechanism.UNCOMPETITIVE: ("Kiu",),
        Mechanism.NONCOMPETITIVE: ("Ki",),
        Mechanism.MIXED: ("Kic", "Kiu"),
    }
    middle = float(np.median(i[i > 0]))

    def fitted(m: Mechanism, intervals: bool) -> Fit:
        first = start | dict.fromkeys(names[m], middle)
        law = _mechanism_law(m, s, i)
        return fit_constants(law, v, first, weights=np.ones_like(v), confidence=confidence, intervals=intervals)

    fits = {m: fitted(m, False) for m in Mechanism}
    order = sorted(Mechanism, key=lambda m: fits[m].aicc)
    odds = {m: float(np.exp(-(fits[m].aicc - fits[order[0]].aicc) / 2)) for m in order}
    ranked = tuple(MechanismFit(m, fits[m].rss, fits[m].aicc, odds[m] / sum(odds.values())) for m in order)
    near = [m for m in order if fits[m].aicc - fits[order[0]].aicc <= NEAR]
    best = min(near, key=lambda m: len(names[m]))
    return MechanismChoice(ranked, best, fitted(best, True), len(near) == 1)
