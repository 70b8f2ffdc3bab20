"""What a benchmark-dose fit says of itself: EPA's default rules, and which of many fits is recommended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .benchmark_climb import Array, Profiled

Bin = Literal["viable", "questionable", "unusable"]
CLOSE = 3.0


@dataclass(frozen=True)
class Parameter:
    """A parameter of a model; on a bound it is no estimate and is not counted."""

    name: str
    value: float
    on_bound: bool


@dataclass(frozen=True)
class GroupFit:
    """What a model says of one dose group; the residual is (observed − expected) / its standard error under the model."""

    dose: float
    expected: float
    scaled_residual: float


@dataclass(frozen=True)
class ModelFit:
    """One fitted model.

    `bmd`, its one-sided lower and upper limits `bmdl` and `bmdu` in the unit of the doses (None where there is none);
    `log_likelihood` without the binomial constant; `aic` counts parameters that are on no bound; `chi_square`, `df` and
    `p_value` of Pearson's goodness of fit (None without degrees of freedom); `place`, the parameters as the model is written in
    its benchmark dose; `reasons` for the bin; `cautions` that do not
    change it.
    """

    model: str
    bmd: float | None
    bmdl: float | None
    bmdu: float | None
    log_likelihood: float
    aic: float
    parameters: tuple[Parameter, ...]
    groups: tuple[GroupFit, ...]
    chi_square: float
    df: int
    p_value: float | None
    place: tuple[float, ...]
    bin: Bin
    reasons: tuple[str, ...]
    cautions: tuple[str, ...]


def judge(
    bmd: float | None,
    found: Profiled,
    dose: Array,
    residual: Array,
    p: float | None,
) -> tuple[Bin, tuple[str, ...], tuple[str, ...]]:
    """Apply the default rules of EPA's software."""
    if bmd is None:
        return "unusable", ("the benchmark dose lies beyond every dose that was looked at",), ()
    if found.lower is None:
        return "unusable", ("the likelihood gives no lower limit",), ()
    bmdl, least, most = found.lower, float(dose[dose > 0].min()), float(dose.max())
    near = int(np.argmin(np.abs(dose - bmd)))
    rules: tuple[tuple[bool, str], ...] = (
        (p is not None and p < 0.1, f"goodness of fit p = {p or 0:.3g} < 0.1"),
        (p is None, "no degrees of freedom: the fit cannot be tested"),
        (
            abs(residual[near]) > 2.0,
            f"residual {residual[near]:.2f} at dose {dose[near]:g}, the nearest to the BMD",
        ),
        (bmd < least / 10.0, "BMD more than 10 times below the lowest dose"),
        (bmdl < least / 10.0, "BMDL more than 10 times below the lowest dose"),
        (bmd > 20.0 * bmdl, "BMD more than 20 times the BMDL"),
    )
    warnings: tuple[tuple[bool, str], ...] = (
        (bmd > most, "BMD above the highest dose"),
        (bmdl > most, "BMDL above the highest dose"),
        (least / 10.0 <= bmd < least / 3.0, "BMD more than 3 times below the lowest dose"),
        (least / 10.0 <= bmdl < least / 3.0, "BMDL more than 3 times below the lowest dose"),
        (3.0 * bmdl < bmd <= 20.0 * bmdl, "BMD more than 3 times the BMDL"),
        (abs(residual[0]) > 2.0, f"residual {residual[0]:.2f} at the lowest group"),
    )
    reasons = tuple(text for broken, text in rules if broken)
    cautions = tuple(text for broken, text in warnings if broken)
    return "questionable" if reasons else "viable", reasons, cautions


def recommend(fits: Sequence[ModelFit]) -> tuple[str | None, str]:
    """Return the name of the recommended fit and why; None where no fit is viable."""
    viable = [one for one in fits if one.bin == "viable"]
    if not viable:
        return None, "no model is viable; each says why"
    limits = [one.bmdl for one in viable if one.bmdl is not None]
    if max(limits) <= CLOSE * min(limits):
        # Models that end on their bounds, or meet every group, are equally good: fewest parameters, then the lowest limit.
        least = min(one.aic for one in viable)
        tied = (one for one in viable if one.aic <= least + 1e-6)
        best = min(tied, key=lambda one: (len(one.parameters), one.bmdl or 0.0))
        return (
            best.model,
            f"the {len(viable)} viable BMDLs lie within {CLOSE:g} times; it has the lowest AIC, {best.aic:.3f}",
        )
    lowest = min(viable, key=lambda one: one.bmdl or 0.0)
    return lowest.model, (
        f"the viable BMDLs range from {min(limits):.4g} to {max(limits):.4g}, more than {CLOSE:g} times; it has the lowest"
    )


__all__ = ["Bin", "GroupFit", "ModelFit", "Parameter", "judge", "recommend"]
