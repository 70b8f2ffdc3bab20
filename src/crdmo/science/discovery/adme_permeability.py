"""Apparent permeability through a cell layer in both directions, efflux ratio, recovery and sink condition."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crdmo.science.checks import finite_numbers, positive, same_length
from crdmo.science.discovery.adme_acceptance import Criterion, broken
from crdmo.science.method import MethodError, method

_SOURCE = (
    "Hubatsch I, Ragnarsson EGE, Artursson P (2007) Nat Protoc 2:2111; Palm K et al. (1999) J Pharmacol Exp Ther 291:435 "
    "(without sink); ICH M9 Annex 1"
)


@dataclass(frozen=True)
class Transport:
    """One direction of one well.

    Attributes:
        minutes: when the receiver was sampled, after the start.
        receiver: concentration in the receiver at those times, uM, corrected for what earlier samples took away.
        donor_start: concentration in the donor measured at the start, uM; never the nominal one.
        receiver_volume: mL.
        area: of the layer, cm2.
        donor_volume: mL; recovery and sink cannot be judged without it.
        donor_end: concentration in the donor at the end, uM.
        cells: compound in the cell layer and on the plastic, nmol.
        nominal: the nominal concentration of the donor, uM, only to compare.
    """

    minutes: tuple[float, ...]
    receiver: tuple[float, ...]
    donor_start: float
    receiver_volume: float
    area: float
    donor_volume: float | None = None
    donor_end: float | None = None
    cells: float = 0.0
    nominal: float | None = None


@dataclass(frozen=True)
class Permeability:
    """P_app in cm/s with its acceptance.

    `without_sink` is the permeability that holds when what crosses may come back (Palm 1999), None without a donor volume;
    `recovery` and `transported` are percentages of the amount at the start, None where they were not measured.
    """

    papp: float
    without_sink: float | None
    recovery: float | None
    transported: float | None
    criteria: tuple[Criterion, ...]
    accepted: bool
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Efflux:
    """Both directions and their ratio B-A over A-B; not accepted where one of them is not."""

    a_to_b: Permeability
    b_to_a: Permeability
    ratio: float
    criteria: tuple[Criterion, ...]
    accepted: bool
    flags: tuple[str, ...]


def _slope(one: Transport) -> tuple[float, float, float]:
    """Return the amount that arrives a second (nmol/s), the last time (s) and the last receiver concentration."""
    t, c = finite_numbers("minutes", one.minutes), finite_numbers("receiver", one.receiver)
    same_length("minutes", t, "receiver", c)
    if np.any(t <= 0) or np.any(c < 0) or np.any(np.diff(t) <= 0):
        raise MethodError(
            "these are no samples of a receiver",
            given=f"times from {t.min():g} min, concentrations from {c.min():g}",
            allowed="times above 0 that rise, concentrations of 0 or more",
        )
    amount, seconds = c * positive("receiver_volume", one.receiver_volume), t * 60
    if t.size == 1:
        return float(amount[0] / seconds[0]), float(seconds[0]), float(c[0])
    around = seconds - seconds.mean()
    return float(around @ amount / (around @ around)), float(seconds[-1]), float(c[-1])


def _without_sink(one: Transport, seconds: float, last: float) -> float | None:
    if one.donor_volume is None:
        return None
    vd, vr = positive("donor_volume", one.donor_volume), one.receiver_volume
    # What is in the cells is no longer in either chamber.
    final = (one.donor_start * vd - one.cells) / (vd + vr)
    if final <= 0 or last >= final:
        return None
    return -math.log1p(-last / final) / (one.area * (1 / vd + 1 / vr) * seconds)


@method("discovery.apparent_permeability", version="1.0", title="Apparent permeability", source=_SOURCE)
def apparent_permeability(
    *, transport: Transport, least_recovery: float = 80.0, most_transported: float = 10.0
) -> Permeability:
    """Return P_app = (dQ/dt) / (A C0), with recovery and sink condition.

    Args:
        transport: what was measured; one sample gives its amount over its time, several the slope of a straight line.
        least_recovery: percentage of the amount at the start that must be found again.
        most_transported: percentage of it that may have crossed; beyond that the sink condition is lost.

    Raises:
        MethodError: times or concentrations that cannot be, no measured donor concentration, volumes or area not above zero.

    Units: 1 mL = 1 cm3, so nmol/s over cm2 · nmol/mL is cm/s.

    >>> one = Transport(minutes=(120,), receiver=(0.115,), donor_start=9.2, receiver_volume=0.8, area=1.12)
    >>> f"{apparent_permeability(transport=one).papp:.6e}"
    '1.240079e-06'
    """
    if not (math.isfinite(transport.donor_start) and transport.donor_start > 0):
        raise MethodError(
            "the donor at the start was not measured",
            given=str(transport.donor_start),
            allowed="a measured concentration above zero",
            next_step="measure it; the nominal concentration hides adsorption and precipitation",
        )
    flow, seconds, last = _slope(transport)
    papp = flow / (positive("area", transport.area) * transport.donor_start)
    if papp < 0:
        raise MethodError(
            "the amount in the receiver falls", given=f"{flow:.3g} nmol/s", allowed="an amount that rises or stays"
        )
    recovery = transported = None
    flags, criteria = [], []
    if transport.donor_volume is None:
        flags.append("No donor volume: neither recovery nor sink condition is known")
    else:
        start = transport.donor_start * positive("donor_volume", transport.donor_volume)
        transported = 100 * last * transport.receiver_volume / start
        criteria.append(Criterion("Transported, %", transported, None, most_transported))
        if transport.donor_end is None:
            flags.append("The donor at the end was not measured: recovery is not known")
        else:
            end, cells = finite_numbers("donor_end and cells", [transport.donor_end, transport.cells])
            if min(end, cells) < 0:
                raise MethodError("an amount is below zero", given=f"{min(end, cells):g}", allowed="0 or more")
            found = end * transport.donor_volume + last * transport.receiver_volume + cells
            recovery = 100 * float(found) / start
            # More than is possible is as wrong as less: 120 % mirrors the usual lower limit.
            criteria.append(Criterion("Recovery, %", recovery, least_recovery, 200 - least_recovery))
    if transport.nominal is not None:
        share_of = 100 * transport.donor_start / positive("nominal", transport.nominal)
        criteria.append(Criterion("Donor at the start, % of nominal", share_of, 80.0, 120.0))
    kept = tuple(criteria)
    complete = recovery is not None
    return Permeability(
        papp, _without_sink(transport, seconds, last), recovery, transported, kept,
        complete and all(one.passes for one in kept), (*flags, *broken(kept)),
    )  # fmt: skip


@method("discovery.efflux_ratio", version="1.0", title="Efflux ratio", source=_SOURCE)
def efflux_ratio(
    *,
    a_to_b: Transport,
    b_to_a: Transport,
    marker_papp: Sequence[float] = (),
    marker_limit: float | None = None,
    least_recovery: float = 80.0,
    most_transported: float = 10.0,
) -> Efflux:
    """Return the efflux ratio P_app(B-A) / P_app(A-B) with all that must hold for it.

    Args:
        a_to_b: apical to basolateral.
        b_to_a: basolateral to apical.
        marker_papp: permeability of a paracellular marker in these wells, cm/s.
        marker_limit: its highest value in an intact layer.
        least_recovery: as `apparent_permeability`.
        most_transported: as `apparent_permeability`.

    Raises:
        MethodError: as `apparent_permeability`; nothing crossed from A to B; a marker without its limit.
    """
    limits = {"least_recovery": least_recovery, "most_transported": most_transported}
    there = apparent_permeability(transport=a_to_b, **limits)
    back = apparent_permeability(transport=b_to_a, **limits)
    if there.papp <= 0:
        raise MethodError(
            "nothing crossed from A to B: there is no ratio",
            given="P_app(A-B) 0",
            allowed="a receiver above its limit of quantification",
            next_step="report the ratio as larger than with the limit of quantification in the receiver",
        )
    if bool(len(marker_papp)) != (marker_limit is not None):
        raise MethodError("a marker and its limit go together", given="one of both", allowed="both or none")
    criteria = tuple(
        Criterion("Paracellular marker, cm/s", float(x), None, marker_limit)
        for x in (finite_numbers("marker_papp", marker_papp) if len(marker_papp) else ())
    )
    flags = [f"A-B: {said}" for said in there.flags] + [f"B-A: {said}" for said in back.flags] + list(broken(criteria))
    accepted = there.accepted and back.accepted and all(one.passes for one in criteria)
    return Efflux(there, back, back.papp / there.papp, criteria, accepted, tuple(flags))
