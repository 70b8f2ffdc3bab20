"""Irreversible inhibition: rates of inactivation over the inhibitor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crdmo.science.checks import Vector, positive
from crdmo.science.discovery.constants import Constant, Fit, fit_constants
from crdmo.science.discovery.enzyme_kinetics import amounts, hyperbola, observed, saturation
from crdmo.science.least_squares import Array
from crdmo.science.method import MethodError, method


@dataclass(frozen=True)
class Inactivation:
    """k_inact and K_I; `efficiency` is k_inact/K_I, which is known also where neither of both is.

    `k_i` is K_I without the substrate's protection, where substrate and Km are given (the inactivator competes with it).
    """

    fit: Fit
    efficiency: Constant
    k_i: float | None
    flags: tuple[str, ...]


@method(
    "discovery.k_inact",
    version="1.1",
    title="k_inact and K_I",
    source="Copeland RA (2013) Evaluation of Enzyme Inhibitors in Drug Discovery, 9.1; Kitz R, Wilson IB (1962) J Biol Chem 237:3245",
    tolerance=1e-6,
)
def k_inact(
    *,
    inhibitor: Sequence[float],
    k_obs: Sequence[float],
    substrate: float | None = None,
    km: float | None = None,
    confidence: float = 0.95,
) -> Inactivation:
    """Fit rates of inactivation over the inhibitor, k_obs = k_inact I / (K_I + I).

    Args:
        inhibitor: concentrations, any one unit, well above the enzyme.
        k_obs: first-order rates of inactivation, any one unit of time, that of the control already subtracted.
        substrate: with `km` gives K_I without its protection.
        km: in the unit of `substrate`.
        confidence: of the intervals.

    Raises:
        MethodError: as `michaelis_menten`; only one of `substrate` and `km`.
    """
    i = amounts("inhibitor", inhibitor, 0.0)
    k = observed("inhibitor", i, "k_obs", k_obs)
    if (substrate is None) != (km is None):
        raise MethodError("substrate and km go together", given="one of both", allowed="both or none")
    start = {"k_inact": float(1.2 * k.max()), "K_I": float(np.median(i[i > 0]))}
    fit = fit_constants(hyperbola(i), k, start, weights=np.ones_like(k), confidence=confidence)

    def by_efficiency(c: Vector) -> tuple[Vector, Array]:
        slowed = 1 + i / c[1]
        return c[0] * i / slowed, np.column_stack([i / slowed, c[0] * (i / c[1] / slowed) ** 2])

    first = {"efficiency": start["k_inact"] / start["K_I"], "K_I": start["K_I"]}
    ratio = fit_constants(by_efficiency, k, first, weights=np.ones_like(k), confidence=confidence).of("efficiency")
    found = saturation(i, fit, "K_I")
    flags = list(found.flags)
    if fit.of("K_I").upper is None:
        flags.append("Only k_inact/K_I is known")
    k_i = None
    if substrate is not None and km is not None:
        k_i = fit.of("K_I").value / (1 + positive("substrate", substrate) / positive("km", km))
    return Inactivation(fit, ratio, k_i, tuple(flags))
