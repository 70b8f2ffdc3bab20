"""One dose-response curve by maximum likelihood: any model of the house, stray responses, responses that are only bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import optimize, stats

from crdmo.science.checks import Vector, finite_numbers, same_length, share, storable
from crdmo.science.method import MethodError, method

from .dose_models import DOSES, MODELS, e_of, reported
from .likelihood_fit import Maximum, Observed, Task, maximise
from .likelihood_interval import covariance, profile
from .model_result import Errors, ModelFit, ModelParameter

__all__ = ["Errors", "ModelFit", "ModelParameter", "fit_model"]


@method(
    "discovery.model_fit",
    version="1.0",
    title="Dose-response model by maximum likelihood",
    source="Ritz C et al., PLoS ONE 2015;10:e0146021; Sheffield T et al., Bioinformatics 2022;38:1157; "
    "Lange KL et al., JASA 1989;84:881; Bates DM, Watts DG (1988), chapter 6",
    tolerance=1e-6,
)
def fit_model(
    *,
    dose: Sequence[float],
    response: Sequence[float],
    model: str,
    errors: Errors = Errors.NORMAL,
    fixed: Mapping[str, float] | None = None,
    weights: Sequence[float] | None = None,
    bounds: Sequence[str] | None = None,
    confidence: float = 0.95,
    absolute_level: float | None = None,
    profiled: Sequence[str] = (),
) -> ModelFit:
    """Return the fit of one model; with normal errors and no bounds it is that of least squares.

    Args:
        dose: of each response, 0 or more, any one unit.
        response: any one unit; replicates as they are. For a bound, the limit of the reader.
        model: logistic5, weibull1, weibull2, bell, biphasic; or of tcplFit2, from a response of 0 at dose 0: cnst, hill, gnls,
            poly1, poly2, pow, exp2, exp3, exp4, exp5.
        errors: normal, or t4 against stray responses.
        fixed: values of parameters that are known, doses in the unit of the dose.
        weights: of each response, greater than 0.
        bounds: "" for a response that was read, "<" or ">" where only a limit is known.
        confidence: of every interval.
        absolute_level: response whose dose is wanted.
        profiled: names of parameters whose profile interval is wanted.

    Raises:
        MethodError: an unknown model or parameter, lists of different length, a dose below 0, fewer than three doses, no more
            responses than parameters, only bounds, or all responses alike.

    The four-parameter logistic is `discovery.curve_fit`; here it is logistic5 with asymmetry fixed at 1.

    >>> fit_model(dose=[0.1, 0.5, 1, 3, 10, 30], response=[0.35, 1.75, 3.5, 10.5, 35, 105], model="poly1").estimates
    {'a': 3.5}
    """
    share("confidence", confidence)
    if model not in MODELS:
        raise MethodError(
            "this model is not known", given=model, allowed=", ".join(MODELS), next_step="choose one of them"
        )
    if absolute_level is not None:
        finite_numbers("absolute_level", [absolute_level])
    chosen = MODELS[model]
    known = dict(fixed or {})
    if unknown := [name for name in (*known, *profiled) if name not in chosen.parameters]:
        raise MethodError("this parameter is not in the model", given=unknown[0], allowed=", ".join(chosen.parameters) or "none",
                          next_step="leave it out")  # fmt: skip
    data = observed(dose, response, weights, bounds, errors, len(chosen.parameters) - len(known))
    return _said(task_of(model, data, known), errors, confidence, absolute_level, profiled)


def observed(
    dose: Sequence[float],
    response: Sequence[float],
    weights: Sequence[float] | None,
    bounds: Sequence[str] | None,
    errors: Errors,
    moving: int,
) -> Observed:
    """Return checked data.

    Raises:
        MethodError: as `fit_model`.
    """
    x, y = finite_numbers("dose", dose, at_least=3), finite_numbers("response", response)
    same_length("dose", x, "response", y)
    w = np.ones_like(y) if weights is None else finite_numbers("weights", weights)
    same_length("weights", w, "response", y)
    marks = [""] * y.size if bounds is None else list(bounds)
    same_length("bounds", marks, "response", y)
    if wrong := [mark for mark in marks if mark not in ("", "<", ">")]:
        raise MethodError(
            "this is no bound", given=repr(wrong[0]), allowed='"", "<" or ">"', next_step="write the bound as one"
        )
    side = np.array([{"": 0, "<": -1, ">": 1}[mark] for mark in marks], dtype=np.int8)
    read = int((side == 0).sum())
    if (x < 0).any() or (w <= 0).any() or np.unique(x[x > 0]).size < 3:
        raise MethodError(
            "these doses make no curve",
            given=f"lowest dose {x.min():g}, lowest weight {w.min():g}, {np.unique(x[x > 0]).size} doses above 0",
            allowed="at least three doses above 0, none below, weights greater than 0",
            next_step="correct the values or test more doses",
        )
    if y.size <= moving or read < max(3, moving):
        raise MethodError(
            "there are too few responses for this model",
            given=f"{y.size} responses, {read} of them no bounds; {moving} parameters",
            allowed="more responses than parameters, and as many that were read",
            next_step="fix a parameter, or add doses",
        )
    if float(np.ptp(y)) <= 1e-12 * max(1.0, float(np.abs(y).max())):
        raise MethodError("all responses are the same", given=f"{y.size} times {y[0]:g}", allowed="responses that differ",
                          next_step="report the compound as inactive; there is no curve")  # fmt: skip
    return Observed(x, y, w, side, errors is Errors.T4)


def task_of(model: str, data: Observed, known: Mapping[str, float]) -> Task:
    """Return the search for a model with some of its parameters known, doses in the unit of the dose.

    Raises:
        MethodError: a fixed dose that is not above 0.
    """
    chosen = MODELS[model]
    scales = data.scales
    low, high = (np.array(side, dtype=float) for side in chosen.limits(scales))
    start = chosen.starts(scales)
    free = np.ones(low.size, dtype=bool)
    for name, value in known.items():
        i = chosen.parameters.index(name)
        if not math.isfinite(value) or (name in DOSES and value <= 0):
            raise MethodError(f"{name} cannot be fixed there", given=f"{value:g}", allowed="a finite number; a dose above 0",
                              next_step="correct it, or leave it free")  # fmt: skip
        free[i] = False
        start[:, i] = math.log(value) if name in DOSES else value
    return Task(chosen, data, free, np.unique(start, axis=0), low, high)


def _said(task: Task, errors: Errors, confidence: float, level: float | None, profiled: Sequence[str]) -> ModelFit:
    at, d = maximise(task), task.data
    k, n = int(task.free.sum()), d.y.size
    spread = covariance(task, at)
    t = float(stats.t.ppf(0.5 + confidence / 2, max(n - k, 1)))
    aic, aicc = information(at.log_likelihood, k, n)
    read = d.side == 0
    rest = (d.y - task.values(at.theta))[read]
    flags = [f"{name} lies on the bound of its search: it is no estimate"
             for name, hit in zip(task.model.parameters, at.on_bound.tolist(), strict=True) if hit]  # fmt: skip
    if not at.converged:
        flags.append("Not converged: the numbers are those of the last step")
    if at.exact:
        flags.append("The curve passes through every response: there is no scatter to judge it by")
    elif spread is None:
        flags.append("The data do not determine all parameters: no standard errors")
    ec50 = half_dose(task, at.theta)
    top = top_of(task, at.theta)
    tested = d.x[d.x > 0]
    if ec50 is not None and ec50 > tested.max():
        flags.append("EC50 lies above the highest dose: only a bound can be reported")
    if ec50 is not None and ec50 < tested.min():
        flags.append("EC50 lies below the lowest dose: only a bound can be reported")
    absolute = None if level is None else crossing(task, at.theta, level)
    if level is not None and absolute is None:
        flags.append("The curve never crosses the level within the tested doses: there is no absolute EC50")
    return ModelFit(
        task.model.name,
        tuple(_parameter(task, at, i, spread, t, confidence, profiled) for i in range(task.free.size)),
        ec50, e_of(task.model, at.theta), top, absolute, math.exp(at.log_scale), storable(float((d.w[read] * rest**2).sum())),
        at.log_likelihood, aic, aicc, n - k, errors, int((~read).sum()), confidence, tuple(flags),
    )  # fmt: skip


def information(log_likelihood: float, parameters: int, n: int) -> tuple[float, float | None]:
    """Return AIC and AICc of a fit whose scale is one more parameter; AICc is None with too few responses."""
    terms = parameters + 1
    aic = 2 * terms - 2 * log_likelihood
    return aic, aic + 2 * terms * (terms + 1) / (n - terms - 1) if n > terms + 1 else None


def _parameter(
    task: Task, at: Maximum, i: int, spread: Vector | None, t: float, confidence: float, profiled: Sequence[str]
) -> ModelParameter:
    name = task.model.parameters[i]
    value = float(reported(task.model, at.theta)[i])
    fixed, hit = not task.free[i], bool(at.on_bound[i])
    error = lower = upper = None
    if spread is not None and not fixed and not hit:
        # The loss of a bell is searched as its distance from the gain; its own variance needs both.
        far = name in ("loss", "la")
        pick = np.zeros(len(spread))
        pick[[i, i - 2] if far else [i]] = 1.0
        reach = math.sqrt(max(float(pick @ spread @ pick), 0.0))
        place = float(at.theta[i]) + (float(at.theta[i - 2]) if far else 0.0)
        low, high = task.low[i] + (task.low[i - 2] if far else 0.0), task.high[i] + (task.high[i - 2] if far else 0.0)
        # Beyond the limits of the search an interval is open.
        lower = place - t * reach if place - t * reach > low else None
        upper = place + t * reach if place + t * reach < high else None
        if name in DOSES:
            error, lower, upper = value * reach, _exp(lower), _exp(upper)
        else:
            error = reach
    ends: tuple[float | None, float | None] = (None, None)
    if name in profiled and name not in ("loss", "la"):
        step = math.sqrt(float(spread[i, i])) if spread is not None else 0.5
        ends = profile(task, at, i, step or 0.5, confidence)
        if name in DOSES:
            ends = (_exp(ends[0]), _exp(ends[1]))
    low_end, high_end = ends
    return ModelParameter(
        name,
        value,
        storable(error),
        storable(lower),
        storable(upper),
        storable(low_end),
        storable(high_end),
        fixed,
        hit,
    )


def _exp(value: float | None) -> float | None:
    return None if value is None or abs(value) > 690 else math.exp(value)


def _line(task: Task, theta: Vector) -> tuple[Vector, Vector]:
    """Return doses from dose 0 over the tested ones, fine on the logarithm, and the curve there."""
    tested = task.data.x[task.data.x > 0]
    x = np.append(0.0, np.geomspace(tested.min() / 1e3, tested.max(), 801))
    with np.errstate(all="ignore"):
        return x, np.asarray(task.model.function(x, theta), dtype=float)


def top_of(task: Task, theta: Vector) -> float:
    """Return the largest change from the control: the plateau of a model that starts at 0, else the peak in the doses."""
    if task.model.name == "cnst":
        return 0.0
    if task.model.top is not None and task.model.name != "gnls":
        return float(theta[task.model.parameters.index(task.model.top)])
    _, y = _line(task, theta)
    away = y - y[0]
    return float(away[int(np.argmax(np.abs(away)))])


def half_dose(task: Task, theta: Vector) -> float | None:
    """Return the dose at half of the largest change, before the peak."""
    if task.model.potency is not None:
        return _exp(float(theta[task.model.parameters.index(task.model.potency)]))
    if task.model.name == "cnst":
        return None
    x, y = _line(task, theta)
    away = np.abs(y - y[0])
    peak = int(np.argmax(away))
    return _meet(task, theta, x[: peak + 1], float(y[0] + (y[peak] - y[0]) / 2)) if peak else None


def crossing(task: Task, theta: Vector, level: float) -> float | None:
    """Return the first tested dose at which the curve meets a level."""
    return _meet(task, theta, _line(task, theta)[0], level)


def _meet(task: Task, theta: Vector, x: Vector, level: float) -> float | None:
    def over(v: float) -> float:
        return float(task.model.function(np.array([v]), theta)[0]) - level

    with np.errstate(all="ignore"):
        signs = np.sign(task.model.function(x, theta) - level)
        at = np.flatnonzero(signs[1:] * signs[:-1] <= 0)
        if not at.size:
            return None
        low, high = float(x[at[0]]), float(x[at[0] + 1])
        return float(optimize.brentq(over, low, high, xtol=1e-14 * high, rtol=1e-13))
