"""Binding to plasma proteins by equilibrium dialysis, with the shift of volume and the dilution of plasma."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crdmo.science.checks import finite_numbers, positive, same_length
from crdmo.science.discovery.adme_acceptance import Criterion, broken
from crdmo.science.discovery.adme_hepatic import fraction
from crdmo.science.method import MethodError, method

_SOURCE = (
    "Boudinot FD, Jusko WJ (1984) J Pharm Sci 73:774 (volume shift); Kalvass JC, Maurer TS (2002) Biopharm Drug Dispos 23:327 "
    "(dilution); Waters NJ et al. (2008) J Pharm Sci 97:4586 (rapid equilibrium device)"
)


@dataclass(frozen=True)
class PlasmaBinding:
    """Fraction unbound in undiluted plasma.

    Attributes:
        qualifier: "" for an estimate, "<" where the buffer was below its limit of quantification in a replicate.
        unbound: mean over replicates, or the limit.
        sd: over replicates; None for a single one or a limit.
        each: of each replicate, already for undiluted plasma.
        bound_percent: 100 (1 - unbound); a lower limit where `qualifier` is "<".
        criteria: acceptance criteria, kept or not.
        accepted: whether all are kept.
        flags: what a reviewer must look at.
    """

    qualifier: str
    unbound: float
    sd: float | None
    each: tuple[float, ...]
    bound_percent: float
    criteria: tuple[Criterion, ...]
    accepted: bool
    flags: tuple[str, ...]


@method("discovery.undiluted_unbound", version="1.0", title="Fraction unbound in undiluted plasma", source=_SOURCE)
def undiluted_unbound(*, unbound: float, dilution: float) -> float:
    """Return the fraction unbound in undiluted plasma from that in diluted plasma: (1/D) / ((1/fu,d - 1) + 1/D).

    Args:
        unbound: fraction in the diluted plasma.
        dilution: D, 10 for one part in ten; 1 for undiluted.

    Raises:
        MethodError: no fraction, or a dilution below 1.

    It holds while the binding sites are far from full.

    >>> round(undiluted_unbound(unbound=0.35, dilution=10), 10)
    0.0510948905
    """
    free = fraction("unbound", unbound)
    if not (math.isfinite(dilution) and dilution >= 1):
        raise MethodError("this is no dilution", given=str(dilution), allowed="1 or more", next_step="write 1:10 as 10")
    return (1 / dilution) / ((1 / free - 1) + 1 / dilution)


@method("discovery.plasma_binding", version="1.0", title="Plasma protein binding by dialysis", source=_SOURCE)
def plasma_binding(
    *,
    plasma: Sequence[float],
    buffer: Sequence[float],
    volume_before: float,
    volume_after: float,
    buffer_volume_after: float | None = None,
    plasma_start: float | None = None,
    dilution: float = 1.0,
    lowest: float | None = None,
    stability_percent: float | None = None,
    least_recovery: float = 70.0,
    least_stability: float = 80.0,
    most_cv: float = 30.0,
) -> PlasmaBinding:
    """Return the fraction unbound from the concentrations on both sides of a membrane at equilibrium.

    Args:
        plasma: total concentration in the plasma chamber at the end, a replicate each, any one unit.
        buffer: in the buffer chamber, same replicates and unit.
        volume_before: of plasma at the start, in mL or uL.
        volume_after: of plasma at the end, same unit; osmosis draws buffer into it.
        buffer_volume_after: of buffer at the end, same unit; needed for recovery.
        plasma_start: concentration in plasma at the start; needed for recovery.
        dilution: of the plasma, 1 for undiluted.
        lowest: limit of quantification in buffer.
        stability_percent: compound left in plasma kept warm as long.
        least_recovery: percentage.
        least_stability: percentage.
        most_cv: coefficient of variation of replicates, %.

    Raises:
        MethodError: lists of different length, a concentration not above zero without a limit of quantification, volumes not
            above zero, a buffer above its plasma.

    With volume shift the bound fraction that the plasma had at the start is (P - B) Va/Vb / ((P - B) Va/Vb + B).
    """
    p, b = finite_numbers("plasma", plasma), finite_numbers("buffer", buffer)
    same_length("plasma", p, "buffer", b)
    before, after = positive("volume_before", volume_before), positive("volume_after", volume_after)
    floor = positive("lowest", lowest) if lowest is not None else 0.0
    if p.min() <= 0 or b.min() < 0 or (b.min() <= 0 and lowest is None):
        raise MethodError(
            "a concentration is not above zero",
            given=f"plasma {p.min():g}, buffer {b.min():g}",
            allowed="above zero; a buffer below its limit of quantification needs `lowest`",
            next_step="give `lowest`; the fraction is then a limit",
        )
    below = b < floor
    free = np.where(below, floor, b)
    if np.any(free > p):
        worst = int(np.argmax(free - p))
        raise MethodError(
            "buffer holds more than plasma",
            given=f"buffer {free[worst]:g}, plasma {p[worst]:g}",
            allowed="a buffer of at most its plasma",
            next_step="look for swapped chambers, a leak, or a limit of quantification too high for this compound",
        )
    bound = (p - free) * after / before
    each = [undiluted_unbound(unbound=float(f / (x + f)), dilution=dilution) for x, f in zip(bound, free, strict=True)]
    limit = bool(below.any())
    value = max(each) if limit else float(np.mean(each))
    sd = float(np.std(each, ddof=1)) if len(each) > 1 and not limit else None
    criteria, flags = [], []
    if plasma_start is not None and buffer_volume_after is not None:
        found = p * after + b * positive("buffer_volume_after", buffer_volume_after)
        recovery = 100 * float(np.mean(found)) / (positive("plasma_start", plasma_start) * before)
        criteria.append(Criterion("Recovery, %", recovery, least_recovery, 200 - least_recovery))
    else:
        flags.append("Recovery is not known: give the plasma at the start and the buffer's volume")
    if stability_percent is not None:
        criteria.append(Criterion("Stability in plasma, %", float(stability_percent), least_stability, None))
    if sd is not None:
        criteria.append(Criterion("CV of replicates, %", 100 * sd / value, None, most_cv))
    if limit:
        flags.append("Buffer below its limit of quantification: the fraction is a limit")
    if abs(after / before - 1) > 0.3:
        flags.append("The volume of plasma changed by more than 30 %: the shift is hardly corrected")
    kept = tuple(criteria)
    return PlasmaBinding(
        "<" if limit else "", value, sd, tuple(each), 100 * (1 - value), kept, all(one.passes for one in kept),
        (*flags, *broken(kept)),
    )  # fmt: skip
