"""Logistic curves that share parameters: one fit over all, each curve's EC50 with its interval, and whether sharing holds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from crdmo.science.checks import share
from crdmo.science.least_squares import Array, Flags, Problems, Rows, covariances, solve
from crdmo.science.method import MethodError, method
from crdmo.science.profile_likelihood import profile_intervals

from . import logistic
from .curve_fit import fit_curves
from .curve_result import CurveData, CurveFit, Parameter
from .curve_search import ASYMMETRIES, FOLLOWED

_SHARED = ("slope", "bottom", "top", "asymmetry")


@dataclass(frozen=True)
class SharedCurve:
    """One of the curves: its parameters (shared ones are the same in all), EC50 with its profile interval, None where open."""

    name: str
    parameters: tuple[Parameter, ...]
    ec50: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class SharedFit:
    """Curves fitted together.

    Attributes:
        curves: in the order given.
        shared: names of what they share.
        rss, degrees_of_freedom, residual_sd: of the fit over all.
        aicc: of it; None with too few responses. `aicc_apart` that of curves of their own.
        f, numerator, denominator, p: against curves of their own; a small p says that sharing does not hold.
        confidence: of the intervals.
        flags: what a reviewer must look at.
    """

    curves: tuple[SharedCurve, ...]
    shared: tuple[str, ...]
    rss: float
    degrees_of_freedom: int
    residual_sd: float
    aicc: float | None
    aicc_apart: float | None
    f: float
    numerator: int
    denominator: int
    p: float
    confidence: float
    flags: tuple[str, ...]


@method(
    "discovery.curve_shared",
    version="1.0",
    title="Logistic curves with shared parameters",
    source="Ritz C et al., PLoS ONE 2015;10:e0146021; Bates DM, Watts DG (1988), 3.10 and 6.1",
    tolerance=1e-6,
)
def fit_shared(
    *,
    curves: Sequence[CurveData],
    shared: Sequence[str],
    parameters: int = 4,
    fixed: Mapping[str, float] | None = None,
    confidence: float = 0.95,
) -> SharedFit:
    """Return curves that have some of their parameters in common, fitted in one.

    Args:
        curves: two or more, each with a name of its own; weights are on one scale over all curves.
        shared: names of what is common: slope, bottom, top, asymmetry.
        parameters: 3 (bottom 0), 4 or 5.
        fixed: values of parameters that are known, the same for all curves.
        confidence: of the intervals.

    Raises:
        MethodError: fewer than two curves, nothing to share or something unknown or fixed, curves that go in different
            directions and share their slope; and as `discovery.curve_fits` for each curve.
    """
    share("confidence", confidence)
    known = {
        **(fixed or {}),
        **({"bottom": 0.0} if parameters == 3 else {}),
        **({"asymmetry": 1.0} if parameters < 5 else {}),
    }
    if (
        len(curves) < 2
        or not shared
        or len(set(shared)) != len(shared)
        or any(n not in _SHARED or n in known for n in shared)
    ):
        raise MethodError(
            "there is nothing to share",
            given=f"{len(curves)} curves, shared {', '.join(shared) or 'nothing'}, fixed {', '.join(known) or 'nothing'}",
            allowed=f"two or more curves; shared, each once and none fixed: {', '.join(_SHARED)}",
            next_step="name what the curves have in common",
        )
    apart = list(
        fit_curves(
            curves=curves, parameters=parameters, fixed=fixed, confidence=confidence, parts=(), strict=True
        ).curves.values()
    )
    if "slope" in shared and len({fit.values[logistic.SLOPE] > 0 for fit in apart}) > 1:
        raise MethodError("curves that rise and fall share no slope", given=f"{len(apart)} curves in both directions",
                          allowed="one direction", next_step="fit them apart")  # fmt: skip
    matrix, free, start = _layout(apart, shared, known)
    problems = joined(curves, matrix, free)
    found = solve(problems, start[None])
    n, moved = problems.y.size, int(free.sum())
    df, rss = n - moved, float(found.rss[0])
    rss_apart, df_apart = sum(fit.rss for fit in apart), sum(fit.degrees_of_freedom for fit in apart)
    f = max(rss - rss_apart, 0.0) / (df - df_apart) / (max(rss_apart, 1e-300) / df_apart)
    spread = covariances(problems, found)[0] * rss / df
    flags = [] if found.converged[0] else ["Not converged: the numbers are those of the last step"]
    if not np.isfinite(spread[np.ix_(free, free)]).all():
        flags.append("The data do not determine all parameters: no standard errors")
    t = float(special.stdtrit(df, 0.5 + confidence / 2))
    made = []
    for k, (curve, own) in enumerate(zip(curves, matrix, strict=True)):
        index = int(np.flatnonzero(own[logistic.EC50])[0])
        error = math.sqrt(spread[index, index]) if spread[index, index] > 0 else 0.5
        place = found.theta[:, index]
        doses = np.log([d for d in curve.dose if d > 0])
        reach = np.minimum(place, doses.min()) - math.log(FOLLOWED), np.maximum(place, doses.max()) + math.log(FOLLOWED)
        ends = profile_intervals(
            problems, found, index, confidence=confidence, standard_errors=np.array([error]), reach=reach
        )
        lower, upper = (math.exp(float(end[0])) if np.isfinite(end[0]) else None for end in ends)
        made.append(
            SharedCurve(
                curve.name, _parameters(found.theta[0], own, spread, free, t), math.exp(float(place[0])), lower, upper
            )
        )
        if not min(doses) <= place[0] <= max(doses):
            flags.append(f"EC50 of {curves[k].name} lies outside of its doses: only a bound can be reported")
    weights = float(np.log(problems.weights).sum())
    return SharedFit(
        tuple(made), tuple(shared), rss, df, math.sqrt(rss / df), _aicc(rss, n, moved, weights), _aicc(rss_apart, n, n - df_apart, weights),
        f, df - df_apart, df_apart, float(special.fdtrc(df - df_apart, df_apart, f)), confidence, tuple(flags),
    )  # fmt: skip


def joined(curves: Sequence[CurveData], matrix: Array, free: Flags) -> Problems:
    """Return curves as one problem of least squares over parameters q.

    Args:
        curves: the data.
        matrix: of each curve (curves, 5, q): its five parameters are this times those of the fit.
        free: which of the q move.
    """
    doses, y, w = (
        np.concatenate([np.asarray(v, dtype=float) for v in part])
        for part in (
            [c.dose for c in curves],
            [c.response for c in curves],
            [np.ones(len(c.dose)) if c.weights is None else c.weights for c in curves],
        )
    )
    with np.errstate(divide="ignore"):
        log_dose = np.log(doses)
    own = matrix[np.repeat(np.arange(len(curves)), [len(c.dose) for c in curves])]

    def model(theta: Array, rows: Rows) -> tuple[Array, Array]:
        p = np.einsum("npq,bq->bnp", own, theta)
        slopes = logistic.derivatives(log_dose, p)
        return logistic.response(log_dose, p), np.einsum("bnp,npq->bnq", slopes, own)

    low, high = np.full((1, free.size), -np.inf), np.full((1, free.size), np.inf)
    askew = matrix[:, logistic.ASYMMETRY].any(axis=0)
    low[:, askew], high[:, askew] = ASYMMETRIES
    return Problems(model, y[None], w[None], free[None], low, high)


def _layout(apart: Sequence[CurveFit], shared: Sequence[str], known: Mapping[str, float]) -> tuple[Array, Flags, Array]:
    """Return which parameter of the fit each parameter of each curve is, which of them move, and where they start."""
    values = np.array([fit.values for fit in apart])
    columns: list[tuple[bool, float]] = []
    places = np.zeros((len(apart), 5), dtype=int)
    for i, name in enumerate(logistic.NAMES):
        if name in shared or name in known:
            places[:, i] = len(columns)
            columns.append((name not in known, known.get(name, float(np.median(values[:, i])))))
            continue
        for k in range(len(apart)):
            places[k, i] = len(columns)
            columns.append((True, float(values[k, i])))
    matrix = np.zeros((len(apart), 5, len(columns)))
    for k in range(len(apart)):
        matrix[k, np.arange(5), places[k]] = 1.0
    return matrix, np.array([moves for moves, _ in columns]), np.array([value for _, value in columns])


def _parameters(theta: Array, own: Array, spread: Array, free: Flags, t: float) -> tuple[Parameter, ...]:
    made = []
    for i, name in enumerate(logistic.NAMES):
        index = int(np.flatnonzero(own[i])[0])
        value, variance = float(theta[index]), float(spread[index, index])
        if not free[index] or not variance > 0:
            made.append(Parameter(name, value, None, None, None, not free[index]))
            continue
        error = math.sqrt(variance)
        made.append(Parameter(name, value, error, value - t * error, value + t * error, False))
    return tuple(made)


def _aicc(rss: float, n: int, moved: int, log_weights: float) -> float | None:
    terms = moved + 1
    if n <= terms + 1 or rss <= 0:
        return None
    likelihood = -n / 2 * (math.log(2 * math.pi * rss / n) + 1) + log_weights / 2
    return 2 * terms - 2 * likelihood + 2 * terms * (terms + 1) / (n - terms - 1)
