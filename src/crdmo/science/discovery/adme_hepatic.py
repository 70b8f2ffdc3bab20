"""From intrinsic clearance to hepatic clearance: scaling by liver, binding in the incubation and in blood, model of the liver."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from crdmo.science.checks import finite_numbers, positive, same_length
from crdmo.science.discovery.adme_clearance import Incubation
from crdmo.science.method import MethodError, method

_SOURCE = (
    "Obach RS (1999) Drug Metab Dispos 27:1350; Pang KS, Rowland M (1977) J Pharmacokinet Biopharm 5:625; "
    "Yang J et al. (2007) Drug Metab Dispos 35:501 (blood and plasma)"
)


MOST_LOG_P = 15.0


class Liver(Enum):
    """How blood and enzyme meet."""

    WELL_STIRRED = "well-stirred"
    PARALLEL_TUBE = "parallel tube"


@dataclass(frozen=True)
class Physiology:
    """The liver of a species; the defaults are those that Obach (1999) used for man.

    mg microsomal protein/g liver, 10^6 hepatocytes/g liver, g liver/kg body weight, hepatic blood flow in mL/min/kg.
    """

    protein: float = 45.0
    cells: float = 120.0
    liver: float = 20.0
    blood_flow: float = 20.0


@dataclass(frozen=True)
class HepaticClearance:
    """Hepatic clearance in mL/min/kg; a limit where the intrinsic clearance was one.

    `intrinsic` is scaled and total, `unbound` is that over the unbound fraction in the incubation; `blood` is the clearance
    of whole blood, `plasma` = blood · Rb is what plasma samples show; `extraction` = blood over blood flow.
    """

    qualifier: str
    intrinsic: float
    unbound: float
    unbound_in_blood: float
    blood: float
    plasma: float
    extraction: float
    flags: tuple[str, ...]


@dataclass(frozen=True)
class UnboundInIncubation:
    """Unbound fraction in an incubation, estimated from lipophilicity; flags say where the estimate is not to be trusted."""

    value: float
    flags: tuple[str, ...]


def fraction(name: str, value: float) -> float:
    """Return a fraction above 0 and up to 1, or refuse; a percentage is refused."""
    if not (math.isfinite(value) and 0.0 < value <= 1.0):
        raise MethodError(
            f"{name} is no fraction",
            given=str(value),
            allowed="above 0, up to 1",
            next_step="write 5 % as 0.05; what is below the limit of quantification is a limit, not 0",
        )
    return float(value)


@method("discovery.hepatic_clearance", version="1.0", title="Hepatic clearance", source=_SOURCE)
def hepatic_clearance(
    *,
    clint: float,
    incubation: Incubation,
    unbound_plasma: float | None = None,
    unbound_incubation: float | None = None,
    blood_to_plasma: float | None = None,
    liver: Liver = Liver.WELL_STIRRED,
    physiology: Physiology | None = None,
    qualifier: str = "",
) -> HepaticClearance:
    """Scale an intrinsic clearance to the whole liver.

    Args:
        clint: uL/min/mg protein or uL/min/10^6 cells.
        incubation: what it was measured in.
        unbound_plasma: fraction unbound in plasma; None leaves binding out.
        unbound_incubation: fraction unbound in microsomes or hepatocytes; None is taken as 1, which is said.
        blood_to_plasma: concentration in whole blood over that in plasma, Rb; None is taken as 1, which is said.
        liver: model.
        physiology: of the species; None is man.
        qualifier: "<" where `clint` is a limit.

    Raises:
        MethodError: a clearance or a constant of the liver that is not above zero, a fraction outside 0 to 1.

    The liver sees blood: fu,b = fu,p / Rb, and its clearance compares with blood flow. Plasma and blood are never mixed.

    >>> found = hepatic_clearance(clint=55.4517744444, incubation=Incubation.MICROSOMES,
    ...                           unbound_plasma=0.1, unbound_incubation=0.5, blood_to_plasma=1)
    >>> round(found.blood, 7)
    6.658359
    """
    body = physiology or Physiology()
    per_gram = body.protein if incubation is Incubation.MICROSOMES else body.cells
    if qualifier not in ("", "<"):
        raise MethodError("this qualifier is not known", given=qualifier, allowed='"" or "<"')
    whole = positive("clint", clint) * positive("content of liver", per_gram) * positive("liver", body.liver) / 1000
    flow = positive("blood flow", body.blood_flow)
    flags = []
    ratio = 1.0 if blood_to_plasma is None else positive("blood_to_plasma", blood_to_plasma)
    if blood_to_plasma is None:
        flags.append("No blood-to-plasma ratio: taken as 1; blood and plasma clearance may differ")
    free_in_incubation = 1.0 if unbound_incubation is None else fraction("unbound_incubation", unbound_incubation)
    if unbound_plasma is None:
        free = 1.0
        flags.append("Binding in plasma was left out")
        if unbound_incubation is not None and unbound_incubation < 1:
            flags.append("Binding in the incubation is corrected, binding in plasma is not: clearance is too high")
    else:
        free = fraction("unbound_plasma", unbound_plasma) / ratio
        if unbound_incubation is None:
            flags.append("No unbound fraction in the incubation: taken as 1; clearance of a bound compound is too low")
    unbound = whole / free_in_incubation
    load = free * unbound
    blood = flow * load / (flow + load) if liver is Liver.WELL_STIRRED else -flow * math.expm1(-load / flow)
    return HepaticClearance(qualifier, whole, unbound, free, blood, blood * ratio, blood / flow, tuple(flags))


@method(
    "discovery.unbound_in_incubation",
    version="1.0",
    title="Unbound fraction in an incubation",
    source="Kilford PJ et al. (2008) Drug Metab Dispos 36:1194; Hallifax D, Houston JB (2006) Drug Metab Dispos 34:724",
)
def unbound_in_incubation(*, log_p: float, incubation: Incubation, density: float) -> UnboundInIncubation:
    """Estimate the unbound fraction in hepatocytes (Kilford) or microsomes (Hallifax and Houston) from lipophilicity.

    Args:
        log_p: log P of a base, log D at pH 7.4 of an acid or a neutral compound.
        incubation: hepatocytes or microsomes.
        density: 10^6 cells/mL (volume ratio 0.005 at 1), or mg/mL.

    Raises:
        MethodError: a density not above zero, or a log P beyond 15 units.

    >>> round(unbound_in_incubation(log_p=2, incubation=Incubation.HEPATOCYTES, density=1).value, 10)
    0.8900276476
    """
    if not abs(log_p) <= MOST_LOG_P:
        raise MethodError(
            "this is no log P",
            given=str(log_p),
            allowed=f"-{MOST_LOG_P:g} to {MOST_LOG_P:g}",
            next_step="give the logarithm to base 10",
        )
    thick = positive("density", density)
    amount = 125 * 0.005 * thick if incubation is Incubation.HEPATOCYTES else thick
    bound = amount * 10 ** (0.072 * log_p**2 + 0.067 * log_p - 1.126)
    flags = []
    if not 0 <= log_p <= 6:
        flags.append("The relation was made between 0 and 6: measure the binding")
    return UnboundInIncubation(1 / (1 + bound), tuple(flags))


@method(
    "discovery.average_fold_error",
    version="1.0",
    title="Average fold error of predictions",
    source="Obach RS et al. (1997) J Pharmacol Exp Ther 283:46",
)
def average_fold_error(*, predicted: Sequence[float], observed: Sequence[float]) -> float:
    """Return 10 to the mean of |log10(predicted/observed)|: how far predictions lie off, up or down, as a factor.

    Args:
        predicted: one a compound, any one unit.
        observed: of the same compounds, in the same unit.

    Raises:
        MethodError: lists of different length, or a value not above zero.

    >>> round(average_fold_error(predicted=[2, 8], observed=[4, 4]), 12)
    2.0
    """
    p, o = finite_numbers("predicted", predicted), finite_numbers("observed", observed)
    same_length("predicted", p, "observed", o)
    if min(p.min(), o.min()) <= 0:
        raise MethodError(
            "a clearance is not above zero", given=f"{min(p.min(), o.min()):g}", allowed="values above zero"
        )
    return float(10 ** np.mean(np.abs(np.log10(p / o))))
