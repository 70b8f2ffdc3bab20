"""Kinetic solubility: how much of a compound stays in solution when its DMSO stock is put into buffer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crdmo.science.checks import finite_numbers, positive, same_length
from crdmo.science.discovery.adme_acceptance import Criterion, broken
from crdmo.science.method import MethodError, method


@dataclass(frozen=True)
class KineticSolubility:
    """Kinetic solubility in the unit of the concentrations.

    `qualifier`: ">" where even the highest stays in solution, "<" where nothing could be quantified. `recovered` is the
    percentage in solution at each nominal concentration, `saturated` the nominal concentrations at which compound was lost.
    """

    qualifier: str
    solubility: float
    cv: float | None
    recovered: tuple[float, ...]
    saturated: tuple[float, ...]
    criteria: tuple[Criterion, ...]
    accepted: bool
    flags: tuple[str, ...]


@method(
    "discovery.kinetic_solubility",
    version="1.0",
    title="Kinetic solubility",
    source="Kerns EH, Di L, Carter GT (2008) Curr Drug Metab 9:879; Alsenz J, Kansy M (2007) Adv Drug Deliv Rev 59:546",
)
def kinetic_solubility(
    *,
    nominal: Sequence[float],
    measured: Sequence[float],
    ph: float,
    dmso_percent: float,
    lowest: float | None = None,
    dissolved_percent: float = 80.0,
    most_dmso: float = 2.0,
    most_cv: float = 20.0,
) -> KineticSolubility:
    """Return the concentration that a filtrate holds when more is offered.

    Args:
        nominal: concentration offered, a well each; replicates are given singly.
        measured: in the filtrate of that well, same unit.
        ph: of the buffer.
        dmso_percent: by volume in the well.
        lowest: limit of quantification in the filtrate.
        dissolved_percent: of the nominal concentration from which all counts as dissolved.
        most_dmso: acceptance limit, %.
        most_cv: acceptance limit of the saturated wells, %.

    Raises:
        MethodError: lists of different length, a nominal concentration not above zero, a filtrate below zero, or one well above
            its nominal concentration by half.

    The answer is the mean of the wells where compound was lost, at and above the lowest nominal concentration from which all
    wells lose; the nominal concentration is never the answer, only a bound.
    """
    n, m = finite_numbers("nominal", nominal), finite_numbers("measured", measured)
    same_length("nominal", n, "measured", m)
    floor = positive("lowest", lowest) if lowest is not None else 0.0
    sound = n.min() > 0 and m.min() >= 0 and not np.any(m > 1.5 * n)
    if not sound or not 0 <= ph <= 14 or not 0 <= dmso_percent < 100:
        raise MethodError(
            "these wells cannot be",
            given=f"nominal from {n.min():g}, filtrate from {m.min():g} to {m.max():g}, pH {ph:g}, DMSO {dmso_percent:g} %",
            allowed="nominal above 0, filtrate of 0 or more and at most 1.5 times nominal, pH 0 to 14, DMSO 0 to 100 %",
            next_step="check standards, dilution and the map of the plate",
        )
    recovered = 100 * m / n
    lost = recovered < dissolved_percent
    # A filter that keeps compound loses it at low concentrations as well: only what lies above the last full well is saturated.
    full = n[~lost].max() if np.any(~lost) else 0.0
    wells = lost & (n > full)
    criteria, flags = [Criterion("DMSO, %", float(dmso_percent), None, most_dmso)], []
    if np.any(lost & ~wells):
        flags.append("Compound was lost below a concentration that dissolved: adsorption to the filter or a wrong well")
    cv = None
    if not np.any(wells):
        qualifier, value = ">", float(m[n == n.max()].mean())
    elif np.all(m[wells] < floor) or m[wells].max() == 0:
        if lowest is None:
            raise MethodError(
                "nothing was found in the filtrate",
                given="0",
                allowed="a concentration above 0",
                next_step="give `lowest`, the limit of quantification",
            )
        qualifier, value = "<", floor
    else:
        qualifier, value = "", float(m[wells].mean())
        if np.any(m[wells] < floor):
            flags.append("Some saturated wells are below the limit of quantification")
        if np.sum(wells) > 1:
            cv = 100 * float(m[wells].std(ddof=1)) / value
            criteria.append(Criterion("CV of saturated wells, %", cv, None, most_cv))
    kept = tuple(criteria)
    return KineticSolubility(
        qualifier, value, cv, tuple(recovered.tolist()), tuple(sorted(set(n[wells].tolist()))), kept,
        all(one.passes for one in kept), (*flags, *broken(kept)),
    )  # fmt: skip
