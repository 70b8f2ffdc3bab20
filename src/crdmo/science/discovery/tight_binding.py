"""From an IC50 to a Ki: Cheng-Prusoff in the form of the mechanism, and Morrison's equation where the inhibitor binds tightly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from crdmo.science.checks import Vector, finite_numbers, positive, same_length
from crdmo.science.discovery.constants import Constant, fit_constants
from crdmo.science.least_squares import Array
from crdmo.science.method import MethodError, method

# Below this multiple of the enzyme the inhibitor that is bound is no longer small beside the whole.
TIGHT = 5.0
_CHENG = "Cheng Y-C, Prusoff WH (1973) Biochem Pharmacol 22:3099; Cha S (1975) Biochem Pharmacol 24:2177"
_MORRISON = "Morrison JF (1969) Biochim Biophys Acta 185:269; Williams JW, Morrison JF (1979) Methods Enzymol 63:437"


class Form(Enum):
    """What the IC50 was measured against, and so which form of the equation holds."""

    COMPETITIVE = "competitive"
    UNCOMPETITIVE = "uncompetitive"
    NONCOMPETITIVE = "noncompetitive"
    BINDING = "binding"


@dataclass(frozen=True)
class Ki:
    """An inhibition constant in the unit of the IC50.

    Attributes:
        value: the constant.
        apparent: Ki at this concentration of substrate.
        tight: whether the enzyme was subtracted (IC50 = Ki,app + E/2) because the IC50 is below five times the enzyme.
        uncorrected: what Cheng-Prusoff alone would say.
        flags: what to do about it.
    """

    value: float
    apparent: float
    tight: bool
    uncorrected: float
    flags: tuple[str, ...]


def _factor(form: Form, s: float, k: float) -> float:
    """Return what an apparent constant is divided by."""
    by_form = {
        Form.COMPETITIVE: 1 + s / k,
        Form.BINDING: 1 + s / k,
        Form.UNCOMPETITIVE: 1 + k / s,
        Form.NONCOMPETITIVE: 1.0,
    }
    return by_form[form]


@method("discovery.ki_from_ic50", version="1.0", title="Ki from an IC50", source=_CHENG)
def ki_from_ic50(*, ic50: float, form: Form, concentration: float, half: float, enzyme: float | None = None) -> Ki:
    """Return Ki from an IC50 in the form of the mechanism.

    Args:
        ic50: total inhibitor that halves the rate or the binding.
        form: competitive IC50/(1 + S/Km), uncompetitive IC50/(1 + Km/S), noncompetitive IC50, binding IC50/(1 + L/Kd).
        concentration: of substrate S, or of the labelled ligand L (free), in the unit of `half`.
        half: Km, or Kd of the labelled ligand.
        enzyme: active sites or receptor, in the unit of the IC50; where the IC50 is below five times as much, half of it is
            subtracted first.

    Raises:
        MethodError: an amount that is not above zero, or an IC50 of at most half the enzyme, which titrates sites and holds no Ki.

    For a mixed inhibitor one IC50 does not hold two constants: see `mixed_ic50`. An irreversible inhibitor has no Ki: see
    `discovery.k_inact`.

    >>> round(ki_from_ic50(ic50=200, form=Form.COMPETITIVE, concentration=30, half=15).value, 5)
    66.66667
    """
    total = positive("ic50", ic50)
    s, k = positive("concentration", concentration), positive("half", half)
    factor = _factor(form, s, k)
    if enzyme is None:
        return Ki(
            total / factor, total, False, total / factor, ("No enzyme concentration: tight binding was not checked",)
        )
    e = positive("enzyme", enzyme)
    if total <= e / 2:
        raise MethodError(
            "the IC50 is not above half of the enzyme: it counts active sites and holds no Ki",
            given=f"IC50 {total:g}, enzyme {e:g}",
            allowed="an IC50 above half of the enzyme",
            next_step="use less enzyme, check the fraction that is active, and fit all rates by discovery.morrison",
        )
    if total >= TIGHT * e:
        return Ki(total / factor, total, False, total / factor, ())
    apparent = total - e / 2
    said = f"Tight binding: the IC50 is {total / e:.2g} times the enzyme; fit the rates by discovery.morrison"
    return Ki(apparent / factor, apparent, True, total / factor, (said,))


def mixed_ic50(*, kic: float, kiu: float, substrate: float, km: float) -> float:
    """Return the IC50 that a mixed inhibitor has at a substrate concentration: (Km + S)/(Km/Kic + S/Kiu).

    >>> round(mixed_ic50(kic=80, kiu=240, substrate=30, km=15), 6)
    144.0
    """
    s, k = positive("substrate", substrate), positive("km", km)
    return (k + s) / (k / positive("kic", kic) + s / positive("kiu", kiu))


def morrison_rate(inhibitor: Vector, enzyme: float, apparent_ki: float) -> Vector:
    """Return the share of the rate that is left with total inhibitor, enzyme and Ki,app, all in one unit."""
    gap = enzyme - inhibitor - apparent_ki
    root = np.hypot(gap, 2 * np.sqrt(enzyme * apparent_ki))
    # Where gap and root nearly cancel, their difference is that of squares over their sum.
    small = 4 * enzyme * apparent_ki / np.maximum(root - gap, 1e-300)
    found: Vector = np.where(gap < 0, small, gap + root) / (2 * enzyme)
    return found


@dataclass(frozen=True)
class Morrison:
    """Ki,app and the rate without inhibitor; Ki where substrate and Km are given, in the form of the mechanism.

    `expected_ic50` is Ki,app + E/2. `enzyme` is None unless active sites were fitted. Constants whose interval is open the data
    do not hold.
    """

    apparent_ki: Constant
    rate_without: Constant
    ki: float | None
    expected_ic50: float
    residual_sd: float
    degrees_of_freedom: int
    flags: tuple[str, ...]
    enzyme: Constant | None = None


@method("discovery.morrison", version="1.1", title="Tight-binding inhibition", source=_MORRISON, tolerance=1e-6)
def morrison(
    *,
    inhibitor: Sequence[float],
    rate: Sequence[float],
    enzyme: float,
    substrate: float | None = None,
    km: float | None = None,
    form: Form = Form.COMPETITIVE,
    fit_enzyme: bool = False,
    confidence: float = 0.95,
) -> Morrison:
    """Fit rates over total inhibitor by Morrison's equation, which takes into account what the enzyme binds.

    Args:
        inhibitor: total concentrations; 0 without.
        rate: initial rates, any one unit.
        enzyme: active sites, in the unit of the inhibitor.
        substrate: with `km` gives Ki; for a competitive inhibitor Ki,app / (1 + S/Km).
        km: in the unit of `substrate`.
        form: of the mechanism, for Ki.
        fit_enzyme: fit the active sites as well, from `enzyme` on; only a steep titration holds them.
        confidence: of the intervals.

    Raises:
        MethodError: amounts below zero, fewer than four inhibitor concentrations, rates that do not change.
    """
    i, v = finite_numbers("inhibitor", inhibitor, at_least=4), finite_numbers("rate", rate)
    same_length("inhibitor", i, "rate", v)
    e = positive("enzyme", enzyme)
    if np.any(i < 0) or np.unique(i).size < 4 or v.max() <= 0 or np.ptp(v) <= 1e-12 * v.max():
        raise MethodError(
            "these are no rates over inhibitor",
            given=f"{np.unique(i).size} concentrations from {i.min():g}, rates from {v.min():g} to {v.max():g}",
            allowed="at least four concentrations of 0 or more, and rates that change",
        )
    if (substrate is None) != (km is None):
        raise MethodError("substrate and km go together", given="one of both", allowed="both or none")

    def law(k: Vector) -> tuple[Vector, Array]:
        sites = k[2] if fit_enzyme else e
        left = morrison_rate(i, sites, k[1])
        # From E·y² − (E − I − K)·y − K = 0 with y the share that is left.
        root = np.hypot(sites - i - k[1], 2 * np.sqrt(sites * k[1]))
        columns = [left, k[0] * (1 - left) / root]
        return k[0] * left, np.column_stack([*columns, k[0] * left * (1 - left) / root] if fit_enzyme else columns)

    start = {"v0": float(v.max()), "Ki_app": max(float(np.median(i[i > 0])) - e / 2, e / 20)}
    start |= {"E": e} if fit_enzyme else {}
    fit = fit_constants(law, v, start, weights=np.ones_like(v), confidence=confidence)
    found, sites = fit.of("Ki_app"), fit.of("E") if fit_enzyme else None
    e = sites.value if sites is not None else e
    flags = []
    if sites is not None and None in (sites.lower, sites.upper):
        flags.append("The active sites are not held by these rates: give them from a titration")
    if found.lower is None or found.value < e / 100:
        flags.append("The inhibitor titrates the enzyme: Ki,app is far below it and hardly known; use less enzyme")
    if np.sum(np.unique(i) < e) < 2:
        flags.append("Fewer than two inhibitor concentrations lie below the enzyme: its active share cannot be seen")
    ki = None
    if substrate is not None and km is not None:
        ki = found.value / _factor(form, positive("substrate", substrate), positive("km", km))
    return Morrison(
        found, fit.of("v0"), ki, found.value + e / 2, fit.residual_sd, fit.degrees_of_freedom, tuple(flags), sites
    )  # fmt: skip
