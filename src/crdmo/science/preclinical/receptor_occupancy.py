"""How much of a target a concentration occupies, and the concentration that occupies a share of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from crdmo.science.checks import positive, share
from crdmo.science.method import MethodError, method

SOURCE = "Muller PY, Brennan FR, Clin Pharmacol Ther 2009;85:247; Muller PY et al., Curr Opin Biotechnol 2009;20:722"


@dataclass(frozen=True)
class Occupancy:
    """Concentrations in one unit.

    Attributes:
        occupancy: share of the target that is bound, 0 to 1.
        concentration: total concentration of the drug.
        free: of it, unbound.
        kd: dissociation constant.
        target: total concentration of the target; 0 where it is taken as small beside the drug.
        formula: which of the two equations this is.
    """

    occupancy: float
    concentration: float
    free: float
    kd: float
    target: float
    formula: str


@method("preclinical.receptor_occupancy", version="1.0", title="Receptor occupancy", source=SOURCE)
def receptor_occupancy(*, concentration: float, kd: float, target: float = 0.0) -> Occupancy:
    """Return the share of a target that a concentration occupies at equilibrium, one site, one drug.

    Args:
        concentration: total, of the drug, in the unit of `kd`.
        kd: dissociation constant.
        target: total concentration of the target in the same unit; 0 where the drug is in large excess.

    Raises:
        MethodError: a concentration or constant that is not positive, a target below 0.

    Source: Muller and Brennan (2009): the quadratic equation of binding, which for no target is C / (C + Kd).

    >>> round(receptor_occupancy(concentration=0.41, kd=0.41).occupancy, 3)
    0.5
    """
    c, k, r = _checked(concentration, kd, target)
    if r == 0:
        return Occupancy(c / (c + k), c, c, k, 0.0, "C / (C + Kd): the drug is in excess")
    b = c + k + r
    # The small root, written so that no digits are lost where the target is scarce.
    bound = 2 * c * r / (b + math.sqrt(b * b - 4 * c * r))
    return Occupancy(bound / r, c, c - bound, k, r, "quadratic: the target binds part of the drug")


@method("preclinical.concentration_for_occupancy", version="1.0", title="Concentration for an occupancy", source=SOURCE)
def concentration_for_occupancy(*, occupancy: float, kd: float, target: float = 0.0) -> Occupancy:
    """Return the total concentration that occupies a share of a target.

    Args:
        occupancy: share, above 0 and below 1; 0.1 is usual for a first dose of an agonist of high risk.
        kd: dissociation constant.
        target: total concentration of the target in the same unit, or 0.

    Raises:
        MethodError: see `receptor_occupancy`; a share outside 0 to 1.

    Source: Muller and Brennan (2009).

    >>> round(concentration_for_occupancy(occupancy=0.1, kd=0.41, target=0.65).concentration, 4)
    0.1106
    """
    part = share("occupancy", occupancy)
    _, k, r = _checked(1.0, kd, target)
    free = k * part / (1 - part)
    name = "quadratic: the target binds part of the drug" if r else "C / (C + Kd): the drug is in excess"
    return Occupancy(part, free + part * r, free, k, r, name)


def _checked(concentration: float, kd: float, target: float) -> tuple[float, float, float]:
    if not (math.isfinite(target) and target >= 0):
        raise MethodError("target must not be negative", given=str(target), allowed="0 or more",
                          next_step="leave it out where the drug is in excess")  # fmt: skip
    return positive("concentration", concentration), positive("kd", kd), float(target)
