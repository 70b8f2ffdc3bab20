"""Ki from rates over inhibitor: by Cheng-Prusoff or by Morrison, whichever the enzyme asks for; and what an impurity can do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from crdmo.science.checks import finite_numbers, positive
from crdmo.science.discovery.adme_hepatic import fraction
from crdmo.science.discovery.curve_fit import fit_curve
from crdmo.science.discovery.tight_binding import TIGHT, Form, Morrison, ki_from_ic50, morrison, morrison_rate
from crdmo.science.method import MethodError, method


@dataclass(frozen=True)
class InhibitionConstant:
    """Ki in the unit of the inhibitor, and how it was found.

    `qualifier` is ">" where the IC50 is only a bound. `lower` and `upper` are its interval. `tight` says that the IC50 lies below
    five times the enzyme, so that `titration` (Morrison) gave Ki. `slope` of the logistic curve is near 1 for simple inhibition.
    """

    qualifier: str
    ki: float
    lower: float | None
    upper: float | None
    ic50: float
    slope: float
    tight: bool
    titration: Morrison | None
    flags: tuple[str, ...]


@method(
    "discovery.inhibition_constant",
    version="1.0",
    title="Ki from rates over inhibitor",
    source="Cheng Y-C, Prusoff WH (1973) Biochem Pharmacol 22:3099; Morrison JF (1969) Biochim Biophys Acta 185:269; "
    "Assay Guidance Manual, Mechanism of Action Assays for Enzymes (tight binding below five times the enzyme)",
    tolerance=1e-6,
)
def inhibition_constant(
    *,
    inhibitor: Sequence[float],
    rate: Sequence[float],
    enzyme: float,
    substrate: float,
    km: float,
    form: Form,
    confidence: float = 0.95,
) -> InhibitionConstant:
    """Return Ki of a reversible inhibitor.

    Args:
        inhibitor: total concentrations; 0 without.
        rate: initial rates, any one unit, blank subtracted.
        enzyme: active sites, in the unit of the inhibitor.
        substrate: in the unit of `km`.
        km: of the substrate.
        form: of the mechanism.
        confidence: of the interval.

    Raises:
        MethodError: as `discovery.curve_fit` and `discovery.morrison`; an IC50 of at most half the enzyme, which holds no Ki: the
            active sites are fewer than was said, or the units differ.
    """
    e, s, k = positive("enzyme", enzyme), positive("substrate", substrate), positive("km", km)
    curve = fit_curve(
        dose=list(inhibitor), response=list(rate), parameters=3, confidence=confidence
    )  # fmt: skip
    ic50, slope = curve.reported, float(curve.values[0])
    if ic50 is None or slope <= 0:
        raise MethodError(
            "these rates hold no IC50",
            given="; ".join(curve.flags) or f"rates that rise with the inhibitor, slope {slope:.2g}",
            allowed="rates that fall by half",
            next_step="look for activation, for a compound that is read as product, or for a wrong blank",
        )
    simple = ki_from_ic50(ic50=ic50, form=form, concentration=s, half=k, enzyme=e)
    if curve.qualifier or not simple.tight:
        lower, upper = (_times(None if curve.qualifier else x, simple.value / ic50) for x in (curve.lower, curve.upper))
        flags = list(curve.flags)
        if not curve.qualifier and not 0.7 <= slope <= 1.4:
            flags.append(
                f"The slope is {slope:.2g}, not 1: several sites, aggregation, an impurity, or no steady state"
            )
        return InhibitionConstant(curve.qualifier, simple.value, lower, upper, ic50, slope, False, None, tuple(flags))
    fit = morrison(
        inhibitor=inhibitor, rate=rate, enzyme=e, substrate=s, km=k, form=form, confidence=confidence
    )  # fmt: skip
    assert fit.ki is not None
    ratio = fit.ki / fit.apparent_ki.value
    lower, upper = (_times(x, ratio) for x in (fit.apparent_ki.lower, fit.apparent_ki.upper))
    said = f"Tight binding: the IC50 is {ic50 / e:.2g} times the enzyme, below {TIGHT:g}; Ki is that of Morrison's equation"
    return InhibitionConstant("", fit.ki, lower, upper, ic50, slope, True, fit, (said, *fit.flags))


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


@method(
    "discovery.impurity_ic50",
    version="1.0",
    title="IC50 of an inhibitor with a tight-binding impurity",
    source="Kuzmic P, Hill C, Kirtley MP, Janc JW (2003) Anal Biochem 319:272",
)
def impurity_ic50(*, ki: float, impurity_ki: float, share: float, enzyme: float) -> float:
    """Return the IC50 that a weak inhibitor seems to have when a small share of a potent one is in it.

    Args:
        ki: apparent constant of the main compound, which is in excess over the enzyme.
        impurity_ki: apparent constant of the impurity, same unit.
        share: of the impurity, as a fraction of the moles; 0.02 mol % is 0.0002.
        enzyme: active sites, same unit; 0 for the limit of little enzyme.

    Raises:
        MethodError: a constant not above zero, a share that is none, an enzyme below zero.

    Both exclude each other on the enzyme: v/v0 = y / (1 + I/K1), y Morrison's share with K2 (1 + I/K1) for the impurity. Half of
    the enzyme must be met by somebody, so that the IC50 grows with the enzyme.

    >>> round(impurity_ic50(ki=50.4, impurity_ki=0.065e-3, share=0.0002, enzyme=0), 3)
    0.323
    """
    main, minor, part = positive("ki", ki), positive("impurity_ki", impurity_ki), fraction("share", share)
    sites = float(finite_numbers("enzyme", [enzyme])[0])
    if sites < 0 or part == 1:
        raise MethodError(
            "this is no mixture", given=f"share {part:g}, enzyme {sites:g}", allowed="a share below 1, 0 or more"
        )
    simple = 1 / ((1 - part) / main + part / minor)
    if sites == 0:
        return simple

    def above(log_total: float) -> float:
        total = math.exp(log_total)
        held = 1 + total * (1 - part) / main
        return float(morrison_rate(np.array([total * part]), sites, minor * held)[0]) / held - 0.5

    # On the logarithm, as the constants may lie many powers of ten apart.
    return math.exp(float(brentq(above, math.log(simple / 2), math.log(simple + sites / part + main), xtol=1e-14)))
