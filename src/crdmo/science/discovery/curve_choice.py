"""Which curve the data support: a constant, logistics, Weibull, bell or biphasic, by AICc and by F tests where one holds another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from crdmo.science.checks import finite_numbers, storable
from crdmo.science.method import MethodError, method

from .curve_fit import fit_curve
from .curve_result import CurveFit
from .model_fit import fit_model, information
from .model_result import ModelFit

_LOGISTIC = {"logistic3": 3, "logistic4": 4, "logistic5": 5}
_SHAPES = ("weibull1", "weibull2", "bell", "biphasic")
_SMALLER = {"logistic4": "logistic3", "logistic5": "logistic4"}


@dataclass(frozen=True)
class Candidate:
    """A curve: parameters that moved, sum of squares, AICc and its share of the weight.

    F and p compare a logistic with the next smaller one: 4 parameters with 3, 5 with 4. `aicc` is None where there are too few
    responses for it, `rss` and `f` beyond what a record holds (2^53).
    """

    model: str
    parameters: int
    rss: float | None
    degrees_of_freedom: int
    log_likelihood: float
    aic: float
    aicc: float | None
    weight: float
    f: float | None
    p: float | None


@dataclass(frozen=True)
class CurveChoice:
    """Candidates in the order of the family; `best` by AICc; what could not be fitted, with the reason."""

    candidates: tuple[Candidate, ...]
    best: str
    left_out: tuple[str, ...]

    def of(self, model: str) -> Candidate:
        """Return one of the candidates.

        Raises:
            KeyError: it is not among them.
        """
        return {one.model: one for one in self.candidates}[model]


@method(
    "discovery.curve_choice",
    version="2.0",
    title="Choice of a dose-response curve",
    source="Burnham KP, Anderson DR (2002) Model Selection and Multimodel Inference, 2.4; Bates DM, Watts DG (1988), 3.10; "
    "Ritz C et al., PLoS ONE 2015;10:e0146021",
    tolerance=1e-6,
)
def choose_curve(
    *, dose: Sequence[float], response: Sequence[float], weights: Sequence[float] | None = None
) -> CurveChoice:
    """Compare a constant, logistics of three (bottom 0), four and five parameters, Weibull 1 and 2, bell and biphasic.

    Args:
        dose: of each response, 0 or more, any one unit.
        response: any one unit.
        weights: of each response, greater than 0.

    Raises:
        MethodError: as `discovery.curve_fit` with four parameters.

    A model is chosen once for an assay and not curve by curve: this table is for that decision. Whether there is a response at
    all is said by `discovery.curve_fit`.
    """
    fits: dict[str, CurveFit | ModelFit] = {
        "logistic4": fit_curve(dose=dose, response=response, weights=weights, parts=())
    }
    left_out = []
    for name in (*_LOGISTIC, *_SHAPES):
        try:
            if name in _SHAPES:
                fits[name] = fit_model(dose=dose, response=response, weights=weights, model=name)
            elif name not in fits:
                fits[name] = fit_curve(
                    dose=dose, response=response, weights=weights, parameters=_LOGISTIC[name], parts=()
                )
        except MethodError as error:
            left_out.append(f"{name}: {error}")
    y = finite_numbers("response", response)
    w = np.ones_like(y) if weights is None else finite_numbers("weights", weights)
    rows = {"constant": (1, float(np.sum(w * (y - np.average(y, weights=w)) ** 2)))}
    rows |= {name: _size(fits[name], y.size) for name in (*_LOGISTIC, *_SHAPES) if name in fits}
    likelihood = {
        name: -y.size / 2 * (math.log(2 * math.pi * max(rss, 1e-300) / y.size) + 1) + float(np.log(w).sum()) / 2
        for name, (_, rss) in rows.items()
    }
    criteria = {name: information(likelihood[name], k, y.size) for name, (k, _) in rows.items()}
    ranked = {name: aicc for name, (_, aicc) in criteria.items() if aicc is not None}
    if not ranked:
        raise MethodError("there are too few responses to choose", given=str(y.size), allowed="more than parameters by two",
                          next_step="add doses or replicates")  # fmt: skip
    least = min(ranked.values())
    odds = {name: math.exp(-(aicc - least) / 2) for name, aicc in ranked.items()}
    made = []
    for name, (k, rss) in rows.items():
        f = p = None
        if _SMALLER.get(name) in rows:
            fewer, before = rows[_SMALLER[name]]
            f = max(before - rss, 0.0) / (k - fewer) / (max(rss, 1e-300) / (y.size - k))
            p = float(stats.f.sf(f, k - fewer, y.size - k))
        weight = odds.get(name, 0.0) / sum(odds.values())
        made.append(
            Candidate(name, k, storable(rss), y.size - k, likelihood[name], *criteria[name], weight, storable(f), p)
        )
    return CurveChoice(tuple(made), min(ranked, key=lambda name: (ranked[name], rows[name][0])), tuple(left_out))


def _size(fit: CurveFit | ModelFit, n: int) -> tuple[int, float]:
    """Return how many parameters moved, and the sum of squares: by the scale, which is always there."""
    rss = fit.rss if isinstance(fit, CurveFit) else n * fit.scale**2
    return n - fit.degrees_of_freedom, rss
