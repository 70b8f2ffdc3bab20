"""Dose-response curves: 3-, 4- and 5-parameter logistic fits with Wald and profile-likelihood intervals and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crdmo.science.checks import Vector, finite_numbers, same_length, share, whole_number
from crdmo.science.least_squares import covariances
from crdmo.science.method import MethodError, method

from . import logistic
from .curve_report import Settings, report
from .curve_result import Curvature, CurveData, CurveFit, CurveFits
from .curve_search import fit_rows, profile_rows

__all__ = ["Curvature", "CurveData", "CurveFit", "CurveFits", "fit_curve", "fit_curves"]

_SOURCE = "Ritz C et al., PLoS ONE 2015;10:e0146021; Bates DM, Watts DG, Nonlinear Regression Analysis, 1988, chapter 6"
# Curves that are fitted side by side: enough that loops cost nothing, few enough to stay in the processor's cache.
_SIDE_BY_SIDE = 2048


@method(
    "discovery.curve_fit",
    version="1.2",
    title="Logistic dose-response curve",
    source=_SOURCE,
    tolerance=1e-6,
)
def fit_curve(
    *,
    dose: Sequence[float],
    response: Sequence[float],
    parameters: int = 4,
    fixed: Mapping[str, float] | None = None,
    weights: Sequence[float] | None = None,
    confidence: float = 0.95,
    absolute_level: float | None = None,
    parts: Sequence[float] = (0.1, 0.5, 0.9),
    curvature: Curvature = Curvature.EXPECTED,
) -> CurveFit:
    """Return the least-squares fit of a logistic curve.

    Args:
        dose: of each response, 0 or more, any one unit; dose 0 is a control and stays one.
        response: any one unit; replicates as they are, not averaged.
        parameters: 3 (bottom 0), 4, or 5 (asymmetry).
        fixed: values of parameters that are known: slope, bottom, top, asymmetry.
        weights: of each response, greater than 0; the residual variance is that of weight 1.
        confidence: of every interval.
        absolute_level: response whose dose is wanted (the absolute IC50), in the unit of the response.
        parts: shares of the whole change whose doses are wanted.
        curvature: that standard errors and Wald intervals stand on; profile intervals need none.

    Raises:
        MethodError: lists of different length, a dose below 0, fewer than four doses or no more responses than parameters,
            all responses alike, an unknown parameter, or no convergence.

    Source: Ritz et al. (2015), LL.3 to LL.5; profile interval after Bates and Watts (1988).

    Ryegrass (Inderjit, Streibig, Olofsdotter 2002), means of the doses with their numbers of replicates:

    >>> fit = fit_curve(dose=[0, 0.94, 1.88, 3.75, 7.5, 15, 30], weights=[6, 3, 3, 3, 3, 3, 3],
    ...                 response=[7.7493, 7.6733, 6.4146, 3.0149, 1.0339, 0.6792, 0.3033])
    >>> round(fit.ec50, 3), fit.qualifier
    (3.058, '')
    """
    found = fit_curves(
        curves=(CurveData("curve", dose, response, weights),),
        parameters=parameters,
        fixed=fixed,
        confidence=confidence,
        absolute_level=absolute_level,
        parts=parts,
        curvature=curvature,
        strict=True,
    )
    return found.curves["curve"]


@method("discovery.curve_fits", version="1.2", title="Logistic dose-response curves", source=_SOURCE, tolerance=1e-6)
def fit_curves(
    *,
    curves: Sequence[CurveData],
    parameters: int = 4,
    fixed: Mapping[str, float] | None = None,
    confidence: float = 0.95,
    absolute_level: float | None = None,
    parts: Sequence[float] = (0.1, 0.5, 0.9),
    curvature: Curvature = Curvature.EXPECTED,
    strict: bool = False,
) -> CurveFits:
    """Fit many curves side by side, each as `fit_curve` does; one that cannot be fitted is named and stops no other.

    Args:
        curves: each with a name of its own.
        parameters: of all curves, as in `fit_curve`.
        fixed: values of parameters that are known, the same for all curves.
        confidence: of every interval.
        absolute_level: response whose dose is wanted.
        parts: shares of the whole change whose doses are wanted.
        curvature: that standard errors stand on.
        strict: raise at the first curve that cannot be fitted.

    Raises:
        MethodError: a name is given twice, a setting is not allowed; with `strict` also as `fit_curve`.
    """
    known = _known(parameters, fixed or {})
    settings = Settings(confidence, absolute_level, tuple(share("part", part) for part in parts), curvature)
    share("confidence", confidence)
    if absolute_level is not None:
        finite_numbers("absolute_level", [absolute_level])
    names = [one.name for one in curves]
    if not names or len(set(names)) != len(names):
        raise MethodError(
            "curves need names of their own",
            given=", ".join(names[:5]) or "no curve",
            allowed="at least one curve, each name once",
            next_step="name each curve by its compound and run",
        )
    sound: dict[str, _Sound] = {}
    refused: dict[str, str] = {}
    for one in curves:
        try:
            sound[one.name] = _checked(one, 5 - len(known))
        except MethodError as error:
            if strict:
                raise
            refused[one.name] = str(error)
    fits: dict[str, CurveFit] = {}
    order = list(sound)
    for first in range(0, len(order), _SIDE_BY_SIDE):
        part = order[first : first + _SIDE_BY_SIDE]
        fits.update(zip(part, _fit([sound[name] for name in part], known, settings), strict=True))
    return CurveFits(fits, refused)


@dataclass(frozen=True)
class _Sound:
    """Doses, responses and weights that make a curve."""

    x: Vector
    y: Vector
    w: Vector


def _fit(part: Sequence[_Sound], known: Mapping[str, float], settings: Settings) -> list[CurveFit]:
    widest = max(len(one.y) for one in part)
    log_dose, y, w = (np.zeros((len(part), widest)) for _ in range(3))
    for row, one in enumerate(part):
        n = len(one.y)
        with np.errstate(divide="ignore"):
            log_dose[row, :n] = np.log(one.x)
        y[row, :n], w[row, :n] = one.y, one.w
    fitted = fit_rows(log_dose, y, w, {logistic.NAMES.index(name): value for name, value in known.items()})
    df = np.array([len(one.y) for one in part]) - (5 - len(known))
    square = fitted.solutions.rss / df
    observed = settings.curvature is Curvature.OBSERVED
    with np.errstate(invalid="ignore"):
        covariance = covariances(fitted.problems, fitted.solutions, observed=observed) * square[:, None, None]
        errors = np.sqrt(covariance[:, logistic.EC50, logistic.EC50])
    lower, upper = profile_rows(fitted, settings.confidence, errors)
    found = []
    for row, one in enumerate(part):
        ends = (float(lower[row]), float(upper[row]))
        found.append(report(fitted, row, (one.x, one.y, one.w), covariance[row], ends, settings))
    return found


def _checked(curve: CurveData, moving: int) -> _Sound:
    dose, response, weights = curve.dose, curve.response, curve.weights
    same_length("dose", list(dose), "response", list(response))
    x, y = finite_numbers("dose", dose, at_least=4), finite_numbers("response", response)
    w = finite_numbers("weights", weights) if weights is not None else np.ones(len(x))
    same_length("weights", w, "response", y)
    if (x < 0).any() or (w <= 0).any():
        raise MethodError(
            "a dose is below 0 or a weight is not above 0",
            given=f"lowest dose {x.min():g}, lowest weight {w.min():g}",
            allowed="doses of 0 or more, weights greater than 0",
            next_step="correct the value; a logarithm of a dose is not a dose",
        )
    if len(set(x[x > 0].tolist())) < 3 or len(set(x.tolist())) < 4:
        raise MethodError(
            "there are too few doses for a curve",
            given=f"{len(set(x.tolist()))} different doses",
            allowed="at least four, three of them above 0",
            next_step="test more doses",
        )
    if float(y.max() - y.min()) <= 1e-12 * max(1.0, float(np.abs(y).max())):
        raise MethodError(
            "all responses are the same",
            given=f"{len(y)} times {y[0]:g}",
            allowed="responses that differ",
            next_step="report the compound as inactive; there is no curve",
        )
    if len(y) <= moving:
        raise MethodError(
            "there are too few responses for this curve",
            given=f"{len(y)} responses, {moving} parameters to find",
            allowed="more responses than parameters",
            next_step="fix a plateau, or add doses",
        )
    return _Sound(x, y, w)


def _known(parameters: int, fixed: Mapping[str, float]) -> dict[str, float]:
    whole_number("parameters", parameters, at_least=3)
    by_number: dict[int, dict[str, float]] = {3: {"bottom": 0.0, "asymmetry": 1.0}, 4: {"asymmetry": 1.0}, 5: {}}
    allowed = ("slope", "bottom", "top", "asymmetry")
    if parameters not in by_number or any(name not in allowed for name in fixed):
        raise MethodError(
            "this curve is not known",
            given=f"{parameters} parameters, fixed {', '.join(fixed) or 'none'}",
            allowed=f"3, 4 or 5 parameters; fixed: {', '.join(allowed)}",
            next_step="choose one of them",
        )
    known = by_number[parameters] | {name: float(value) for name, value in fixed.items()}
    finite_numbers("fixed parameters", list(known.values()) or [0.0])
    if known.get("slope") == 0 or known.get("asymmetry", 1.0) <= 0:
        raise MethodError(
            "a fixed parameter makes no curve",
            given=", ".join(f"{name} {value:g}" for name, value in known.items()),
            allowed="slope other than 0, asymmetry above 0",
            next_step="leave it free",
        )
    return known
