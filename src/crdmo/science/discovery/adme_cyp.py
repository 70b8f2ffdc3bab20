"""Reversible inhibition of a cytochrome P450: IC50 from remaining activity, Ki by the mechanism, and what the run must keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crdmo.science.checks import finite_numbers, positive
from crdmo.science.discovery.adme_acceptance import Criterion, broken
from crdmo.science.discovery.curve_fit import fit_curve
from crdmo.science.discovery.curve_result import CurveFit
from crdmo.science.discovery.tight_binding import Form, ki_from_ic50
from crdmo.science.method import MethodError, method

_SOURCE = (
    "ICH M12 (2024) Drug Interaction Studies; FDA (2020) In Vitro Drug Interaction Studies; "
    "Cheng Y-C, Prusoff WH (1973) Biochem Pharmacol 22:3099; Haupt LJ et al. (2015) Drug Metab Dispos 43:1744"
)


@dataclass(frozen=True)
class CypInhibition:
    """IC50 and Ki in the unit of the inhibitor; `qualifier` ">" where the highest concentration leaves half or more.

    `lower` and `upper` are the interval of the IC50; Ki has the same relative one. `curve` is None where no curve was fitted
    because nothing was inhibited.
    """

    qualifier: str
    ic50: float
    lower: float | None
    upper: float | None
    ki: float
    top_activity: float
    curve: CurveFit | None
    criteria: tuple[Criterion, ...]
    accepted: bool
    flags: tuple[str, ...]


@method(
    "discovery.cyp_inhibition", version="1.0", title="Inhibition of a cytochrome P450", source=_SOURCE, tolerance=1e-6
)
def cyp_inhibition(
    *,
    inhibitor: Sequence[float],
    activity: Sequence[float],
    substrate: float,
    km: float,
    form: Form = Form.COMPETITIVE,
    substrate_used_percent: float | None = None,
    control_cv: float | None = None,
    reference_ic50: float | None = None,
    reference_range: tuple[float, float] | None = None,
    most_used: float = 20.0,
    most_cv: float = 15.0,
    confidence: float = 0.95,
) -> CypInhibition:
    """Return IC50 and Ki of a reversible inhibitor.

    Args:
        inhibitor: concentrations; 0 is the vehicle control.
        activity: percentage of the mean vehicle control.
        substrate: of the probe, in the unit of `km`.
        km: of the probe.
        form: of the Cheng-Prusoff equation: the mechanism; competitive gives the lowest Ki, which is the careful one.
        substrate_used_percent: of the probe at the end of the vehicle control; rates are initial only while it is small.
        control_cv: coefficient of variation of the vehicle controls, %.
        reference_ic50: of the reference inhibitor in this run.
        reference_range: where that must lie.
        most_used: acceptance limit, %.
        most_cv: acceptance limit, %.
        confidence: of the interval.

    Raises:
        MethodError: as `discovery.curve_fit`; no vehicle control; a reference without its range; a binding form.

    The curve goes from 100 % to 0: the plateaus are what the controls say they are. An IC50 is an absolute one.
    """
    i, a = finite_numbers("inhibitor", inhibitor, at_least=4), finite_numbers("activity", activity, at_least=4)
    s, k = positive("substrate", substrate), positive("km", km)
    if form is Form.BINDING or (reference_ic50 is None) != (reference_range is None):
        raise MethodError(
            "this is not how a rate is inhibited, or a reference stands without its range",
            given=f"{form.value}, reference {reference_ic50}, range {reference_range}",
            allowed="competitive, uncompetitive or noncompetitive; reference and range together or neither",
        )
    criteria = []
    if substrate_used_percent is not None:
        criteria.append(Criterion("Substrate used, %", float(substrate_used_percent), None, most_used))
    if control_cv is not None:
        criteria.append(Criterion("CV of vehicle controls, %", float(control_cv), None, most_cv))
    if reference_ic50 is not None and reference_range is not None:
        criteria.append(Criterion("Reference inhibitor, IC50", float(reference_ic50), *reference_range))
    kept = tuple(criteria)
    if i.size != a.size or not np.any(i > 0) or i.min() < 0:
        raise MethodError(
            "these are no activities over inhibitor",
            given=f"{i.size} concentrations from {i.min():g}, {a.size} activities",
            allowed="one activity for each concentration of 0 or more",
        )
    if not np.any(i == 0):
        raise MethodError(
            "there is no vehicle control",
            given=f"lowest inhibitor {i.min():g}",
            allowed="inhibitor 0 among the concentrations",
            next_step="add the controls, as percentages of their mean",
        )
    flags = list(broken(kept))
    top = float(i.max())
    left = float(a[i == top].mean())
    accepted = all(one.passes for one in kept)
    if a[i > 0].max() > 120:
        flags.append(f"Activity rises to {a[i > 0].max():.0f} %: activation, or interference with the assay")
    if left >= 50:
        value = ki_from_ic50(ic50=top, form=form, concentration=s, half=k).value
        least = float(min(a[i == x].mean() for x in set(i[i > 0].tolist())))
        if least < 50:
            flags.append("A lower concentration inhibits by more than half, the highest does not: look at the wells")
        return CypInhibition(">", top, None, None, value, left, None, kept, accepted and least >= 50, tuple(flags))
    curve = fit_curve(
        dose=i.tolist(), response=a.tolist(), fixed={"bottom": 0.0, "top": 100.0}, confidence=confidence
    )  # fmt: skip
    if curve.reported is None:
        raise MethodError(
            "the activities hold no IC50", given="; ".join(curve.flags), allowed="activity that falls with inhibitor"
        )
    value = ki_from_ic50(ic50=curve.reported, form=form, concentration=s, half=k).value
    return CypInhibition(
        curve.qualifier, curve.reported, curve.lower, curve.upper, value, left, curve, kept, accepted,
        (*flags, *curve.flags),
    )  # fmt: skip
