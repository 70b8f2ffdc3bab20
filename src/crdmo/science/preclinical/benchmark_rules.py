"""What a benchmark-dose fit says of itself: EPA's default rules, and which of many fits is recommended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from .benchmark_climb import Array, Profiled, Surface

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


@dataclass(frozen=True)
class Goodness:
    """How well a model fits: its statistic, degrees of freedom, and the standardised residual of each group."""

    chi_square: float
    df: int
    residuals: Array

    @property
    def p_value(self) -> float | None:
        """The tail of χ²; None without degrees of freedom."""
        return float(stats.chi2.sf(self.chi_square, self.df)) if self.df > 0 else None


def told(
    name: str,
    surface: Surface,
    found: Profiled,
    natural: Mapping[str, tuple[float, bool]],
    dose: Array,
    expected: Array,
    goodness: Goodness,
) -> ModelFit:
    """Return a fit with its verdict; `natural` are the usual parameters and which of them stand on a bound."""
    edge = 1e-6
    is_inside = surface.low[0] + edge < found.theta[0] < surface.high[0] - edge
    bmd = float(np.exp(found.theta[0])) if is_inside else None
    verdict, reasons, cautions = judge(bmd, found, dose, goodness.residuals, goodness.p_value)
    return ModelFit(
        name,
        bmd,
        found.lower if bmd is not None else None,
        found.upper if bmd is not None else None,
        found.log_likelihood,
        2.0 * counted(natural) - 2.0 * found.log_likelihood,
        tuple(Parameter(key, value, on_bound) for key, (value, on_bound) in natural.items()),
        tuple(
            GroupFit(float(d), float(at), float(r)) for d, at, r in zip(dose, expected, goodness.residuals, strict=True)
        ),
        goodness.chi_square,
        goodness.df,
        goodness.p_value,
        tuple(map(float, found.theta)),
        verdict,
        reasons,
        cautions,
    )


def counted(natural: Mapping[str, tuple[float, bool]]) -> int:
    """Return how many parameters are estimates: those that stand on no bound."""
    return sum(not on_bound for _, on_bound in natural.values())


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


__all__ = ["Bin", "Goodness", "GroupFit", "ModelFit", "Parameter", "counted", "recommend", "told"]
