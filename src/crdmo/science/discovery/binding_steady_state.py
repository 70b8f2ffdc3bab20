"""Affinity from responses at equilibrium: R = Rmax C / (KD + C), of SPR, BLI or any titration with free ligand in excess."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from crdmo.science.discovery.constants import fit_constants
from crdmo.science.discovery.enzyme_kinetics import Saturation, amounts, hyperbola, observed, saturation
from crdmo.science.method import MethodError, method


@method(
    "discovery.steady_state_affinity",
    version="1.0",
    title="Affinity at steady state",
    source="Johnsson B et al. (1991) Anal Biochem 198:268; Karlsson R, Faelt A (1997) J Immunol Methods 200:121",
    tolerance=1e-6,
)
def steady_state_affinity(
    *,
    concentration: Sequence[float],
    response: Sequence[float],
    kd: float | None = None,
    ka: float | None = None,
    contact: float | None = None,
    confidence: float = 0.95,
) -> Saturation:
    """Fit KD and Rmax to responses at the end of injections.

    Args:
        concentration: of the analyte, mol/L; in excess over the surface.
        response: at equilibrium, reference and bulk shift subtracted.
        kd: 1/s; with `ka` and `contact` says whether equilibrium was reached.
        ka: 1/(M s).
        contact: length of the injections, s.
        confidence: of the intervals.

    Raises:
        MethodError: as `discovery.michaelis_menten`; only some of `kd`, `ka`, `contact`.

    >>> found = steady_state_affinity(concentration=[1e-8, 3e-8, 1e-7, 3e-7, 1e-6],
    ...                               response=[9.090909, 23.076923, 50.0, 75.0, 90.909091])
    >>> round(found.fit.of("KD").value * 1e7, 6), round(found.fit.of("Rmax").value, 4)
    (1.0, 100.0)
    """
    c = amounts("concentration", concentration, 0.0)
    r = observed("concentration", c, "response", response)
    given = [one for one in (kd, ka, contact) if one is not None]
    if len(given) not in (0, 3) or any(one <= 0 for one in given):
        raise MethodError(
            "equilibrium cannot be judged",
            given=f"{len(given)} of kd, ka and contact time",
            allowed="all three, above zero, or none",
        )
    start = {"Rmax": float(1.2 * r.max()), "KD": float(np.median(c[c > 0]))}
    fit = fit_constants(hyperbola(c), r, start, weights=np.ones_like(r), confidence=confidence)
    found = saturation(c, fit, "KD")
    flags = list(found.flags)
    if 0.5 * c.max() < fit.of("KD").value <= c.max():
        flags.append("KD lies above half of the highest concentration: Rmax is extrapolated")
    if kd is not None and ka is not None and contact is not None:
        lowest = float(c[c > 0].min())
        reached = -float(np.expm1(-(ka * lowest + kd) * contact))
        if reached < 0.95:
            flags.append(f"The lowest injection reached {100 * reached:.0f} % of its equilibrium: inject longer")
    return Saturation(fit, tuple(flags))
