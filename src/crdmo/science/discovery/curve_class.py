"""What kind of curve this is, by rules that a screening group can read: active, inactive, biphasic; and what a reviewer checks.

The defaults are those of racas, the curve engine of ACAS, as its documentation gives them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from crdmo.science.checks import Vector, finite_numbers, same_length
from crdmo.science.method import MethodError, method

from .curve_fit import fit_curve
from .curve_result import CurveFit

MOST_LEFT_OUT = 0.10


class Kind(Enum):
    """What the rules make of a curve."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    BIPHASIC = "biphasic"


@dataclass(frozen=True)
class ClassRules:
    """Limits of the rules: responses in per cent of the active control, doses in their own unit.

    Attributes:
        active_response: a dose counts as active from this mean response on.
        active_doses: fewer active doses than this make an inactive curve.
        biphasic_share: the last dose's response below this share of the largest makes a biphasic curve.
        largest_se_top: standard error of the upper plateau above which it is flagged.
        largest_se_ec50: the same of the EC50.
        decades_above: how many decades above the highest dose an EC50 may lie.
        reversed_response: mean response at the lowest dose from which controls look exchanged.
    """

    active_response: float = 20.0
    active_doses: int = 2
    biphasic_share: float = 0.90
    largest_se_top: float = 20.0
    largest_se_ec50: float = 100.0
    decades_above: float = 0.5
    reversed_response: float = 80.0


@dataclass(frozen=True)
class CurveClass:
    """The kind, its reason, what a reviewer must look at, the fit (None where inactive), and what was left out and why."""

    kind: Kind
    reason: str
    flags: tuple[str, ...]
    fit: CurveFit | None
    left_out: tuple[tuple[int, str], ...]


@method(
    "discovery.curve_class",
    version="1.0",
    title="Class of a dose-response curve",
    source="racas (McNeil & Co. ACAS), default rules of the dose-response module; Assay Guidance Manual, Dose Response Curves",
    tolerance=1e-6,
)
def classify_curve(
    *,
    dose: Sequence[float],
    response: Sequence[float],
    rules: ClassRules | None = None,
    left_out: Sequence[int] = (),
    left_out_reasons: Sequence[str] = (),
) -> CurveClass:
    """Return what the rules say of one curve.

    Args:
        dose: of each response, 0 or more, any one unit.
        response: per cent of the active control.
        rules: limits, where the defaults are not the assay's.
        left_out: positions, from 0, of responses that take no part.
        left_out_reasons: why, one for each.

    Raises:
        MethodError: more than a tenth of the responses left out, one without its reason or twice; limits that are no limits;
            and as `discovery.curve_fit` for a curve that is not inactive.
    """
    rules = rules or ClassRules()
    finite_numbers("rules", [rules.active_response, rules.biphasic_share, rules.largest_se_top, rules.largest_se_ec50,
                             rules.decades_above, rules.reversed_response])  # fmt: skip
    same_length("dose", list(dose), "response", list(response))
    x, y = finite_numbers("dose", dose, at_least=4), finite_numbers("response", response)
    same_length("left_out", list(left_out), "left_out_reasons", list(left_out_reasons))
    if (
        len(left_out) > MOST_LEFT_OUT * y.size
        or len(set(left_out)) != len(left_out)
        or any(not 0 <= i < y.size for i in left_out)
        or any(not reason.strip() for reason in left_out_reasons)
    ):
        raise MethodError(
            "these responses cannot be left out",
            given=f"{len(left_out)} of {y.size}",
            allowed="at most a tenth, each position once and with its reason",
            next_step="fit with stray responses (errors t4), or repeat the curve",
        )
    kept = np.ones(y.size, dtype=bool)
    kept[list(left_out)] = False
    x, y = x[kept], y[kept]
    recorded = tuple(zip(left_out, left_out_reasons, strict=True))
    doses = np.unique(x[x > 0])
    means = np.array([y[x == d].mean() for d in doses])
    active = int((means >= rules.active_response).sum())
    flags: list[str] = []
    if means[0] >= rules.reversed_response and means[-1] < means[0] - rules.active_response:
        flags.append("The response falls from the active to the neutral control: controls look exchanged")
    if means.max() > 100 + rules.active_response or means.min() < -rules.active_response:
        flags.append("Responses lie beyond the controls: look at the controls before the curve")
    if active < rules.active_doses:
        reason = f"{active} of {doses.size} doses reach {rules.active_response:g} %; {rules.active_doses} must"
        return CurveClass(Kind.INACTIVE, reason, tuple(flags), None, recorded)
    fit = fit_curve(dose=x.tolist(), response=y.tolist())
    flags += _doubts(fit, rules)
    peak = float(means.max())
    if means[-1] < rules.biphasic_share * peak and "exchanged" not in " ".join(flags):
        reason = f"the last dose has {means[-1]:.3g} %, the largest mean is {peak:.3g} %: less than {rules.biphasic_share:g} of it"
        return CurveClass(
            Kind.BIPHASIC, reason, (*flags, "One S-shape does not hold it: look at the bell"), fit, recorded
        )
    return CurveClass(Kind.ACTIVE, f"{active} doses reach {rules.active_response:g} %", tuple(flags), fit, recorded)


def _doubts(fit: CurveFit, rules: ClassRules) -> list[str]:
    found = []
    errors: dict[str, float | None] = {one.name: one.standard_error for one in fit.parameters}
    top, log_error = errors["top"], errors["ln_ec50"]
    if top is None or top > rules.largest_se_top:
        found.append(f"The standard error of the top is {'unknown' if top is None else f'{top:.3g}'}")
    values: Vector = fit.values
    ec50 = fit.ec50
    error = None if log_error is None or ec50 is None else ec50 * log_error
    if error is None or error > rules.largest_se_ec50:
        found.append(f"The standard error of the EC50 is {'unknown' if error is None else f'{error:.3g}'}")
    place = float(values[3]) / math.log(10)
    if place > math.log10(fit.highest_dose) + rules.decades_above:
        found.append(f"The EC50 lies more than {rules.decades_above:g} decades above the highest dose")
    if place < math.log10(fit.lowest_dose):
        found.append("The EC50 lies below the lowest dose")
    return found
