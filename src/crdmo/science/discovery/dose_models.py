"""Dose-response models beyond the logistic at scale: Weibull, bell, biphasic, and the family of the tcplFit2 race.

Each model is a function of doses and of parameters on the scale on which they are searched: doses as their natural
logarithm, everything else as it is. A potency is a parameter of its own (the dose at half of the change), so that it has an
interval of its own; what other programs call `e` follows from it.

    weibull1   bottom + (top − bottom)·exp(−ln 2·(x/EC50)^slope)
    weibull2   bottom + (top − bottom)·(1 − exp(−ln 2·(x/EC50)^slope))
    bell       bottom + (top − bottom)/((1 + (gain/x)^p)·(1 + (x/loss)^q))
    biphasic   bottom + (top − bottom)·(part/(1 + (x/EC50₁)^s₁) + (1 − part)/(1 + (x/EC50₂)^s₂))
    hill       tp/(1 + (ga/x)^p)                     gnls   tp/((1 + (ga/x)^p)·(1 + (x/la)^q))
    exp2       a·(e^(x/b) − 1)                       exp3   a·(e^((x/b)^p) − 1)
    exp4       tp·(1 − 2^(−x/ga))                    exp5   tp·(1 − 2^(−(x/ga)^p))
    poly1      a·x            poly2  a·(x/b + (x/b)²)            pow    a·x^p            cnst   0
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crdmo.science.checks import Vector

Matrix = NDArray[np.float64]
# Doses and parameters (..., p), real or complex, to responses (..., n).
Function = Callable[[Vector, Any], Any]

# Names of parameters that are searched as logarithms and reported as doses.
DOSES = ("ec50", "ec50_1", "ec50_2", "gain", "loss", "b", "ga", "la")
# The loss of a bell lies at least this factor above its gain (tcplFit2: 1.5 decades); else the two are one ridge.
NARROWEST = 10**1.5
_LARGEST = 600.0


@dataclass(frozen=True)
class Scales:
    """What starts and limits stand on: doses above 0, and responses by dose."""

    low_dose: float
    high_dose: float
    low: float
    high: float
    peak: float
    falls: bool


@dataclass(frozen=True)
class DoseModel:
    """A model: its parameters, its function, and where its search starts and ends.

    `limits` gives the least and the greatest value of each parameter on the scale of the search, `starts` a row a start.
    `potency` is the parameter that is the dose at half of the change, if one is.
    """

    name: str
    parameters: tuple[str, ...]
    function: Function
    limits: Callable[[Scales], tuple[list[float], list[float]]]
    starts: Callable[[Scales], Matrix]
    potency: str | None = None
    top: str | None = None


def power(x: Vector, log_dose: Any, slope: Any) -> Any:
    """Return (x/dose)^slope, held below what a double can take; a dose of 0 is a very small one."""
    u = slope * (np.log(np.maximum(x, 1e-290)) - log_dose)
    inside = np.abs(u.real) < _LARGEST
    return np.exp(np.where(inside, u, np.clip(u.real, -_LARGEST, _LARGEST)))


def _at(p: Any, i: int) -> Any:
    return p[..., i, None]


def _span(p: Any, part: Any) -> Any:
    return _at(p, 1) + (_at(p, 2) - _at(p, 1)) * part


def _weibull1(x: Vector, p: Any) -> Any:
    return _span(p, np.exp(-math.log(2) * power(x, _at(p, 3), _at(p, 0))))


def _weibull2(x: Vector, p: Any) -> Any:
    return _span(p, 1 - np.exp(-math.log(2) * power(x, _at(p, 3), _at(p, 0))))


def _gain_loss(x: Vector, gain: Any, rise: Any, width: Any, fall: Any) -> Any:
    return 1 / (1 + power(x, gain, -rise)) / (1 + power(x, gain + width, fall))


def _bell(x: Vector, p: Any) -> Any:
    return _at(p, 0) + (_at(p, 1) - _at(p, 0)) * _gain_loss(x, _at(p, 2), _at(p, 3), _at(p, 4), _at(p, 5))


def _biphasic(x: Vector, p: Any) -> Any:
    one, two = (1 / (1 + power(x, _at(p, i), _at(p, j))) for i, j in ((3, 5), (4, 6)))
    return _at(p, 0) + (_at(p, 1) - _at(p, 0)) * (_at(p, 2) * one + (1 - _at(p, 2)) * two)


def _logistic(x: Vector, p: Any) -> Any:
    f = _at(p, 4)
    return _span(p, (1 + (2 ** (1 / f) - 1) * power(x, _at(p, 3), _at(p, 0))) ** -f)


def _wide(s: Scales) -> tuple[float, float]:
    """Return limits of a plateau: far outside of the responses."""
    reach = 10 * max(s.high - s.low, 1e-12)
    return s.low - reach, s.high + reach


def _far(s: Scales) -> tuple[float, float]:
    return math.log(s.low_dose) - math.log(1e4), math.log(s.high_dose) + math.log(1e4)


def _inside(s: Scales) -> tuple[float, float]:
    """Return tcplFit2's limits of a potency: a tenth of the lowest dose, the highest times √10."""
    return math.log(s.low_dose / 10), math.log(s.high_dose * math.sqrt(10))


def _tall(s: Scales) -> tuple[float, float]:
    """Return tcplFit2's limits of a top: 1.2 times the largest response."""
    most = 1.2 * max(abs(s.low), abs(s.high))
    return -most, most


def _boxed(*pairs: tuple[float, float]) -> tuple[list[float], list[float]]:
    return [low for low, _ in pairs], [high for _, high in pairs]


def _grid(*values: Any) -> Matrix:
    return np.array(list(product(*[np.atleast_1d(v).tolist() for v in values])), dtype=float)


def _places(s: Scales, count: int = 4) -> Vector:
    return np.linspace(math.log(s.low_dose), math.log(s.high_dose), count + 2)[1:-1]


def _s_shaped(name: str, function: Function, asymmetry: bool = False, rises: bool = False) -> DoseModel:
    """Return a curve between two plateaus. The slope's sign is that of the data: turned over it is another model."""
    names = ("slope", "bottom", "top", "ec50", *(("asymmetry",) if asymmetry else ()))
    extra = ((0.02, 50.0),) if asymmetry else ()

    def limits(s: Scales) -> tuple[list[float], list[float]]:
        return _boxed((0.05, 25.0) if s.falls != rises else (-25.0, -0.05), _wide(s), _wide(s), _far(s), *extra)

    def starts(s: Scales) -> Matrix:
        sign = 1 if s.falls != rises else -1
        return _grid([sign * 1.0, sign * 2.5], s.low, s.high, _places(s), *([[0.4, 1.0, 2.5]] if asymmetry else []))

    return DoseModel(name, names, function, limits, starts, "ec50")


_SLOPES = (0.3, 8.0)
_WIDTH = (math.log(NARROWEST), math.log(1e7))


def _amplitudes(s: Scales) -> tuple[float, float]:
    return -1e8 * abs(s.peak), 1e8 * abs(s.peak)


def _long(s: Scales) -> tuple[float, float]:
    return math.log(1e-2 * s.high_dose), math.log(1e8 * s.high_dose)


MODELS: dict[str, DoseModel] = {
    one.name: one
    for one in (
        _s_shaped("logistic5", _logistic, asymmetry=True),
        _s_shaped("weibull1", _weibull1),
        _s_shaped("weibull2", _weibull2, rises=True),
        DoseModel(
            "bell", ("bottom", "top", "gain", "rise", "loss", "fall"), _bell,
            lambda s: _boxed(_wide(s), _wide(s), _far(s), (0.2, 25.0), (math.log(1.0), math.log(1e8)), (0.2, 25.0)),
            lambda s: np.vstack([_grid(b, t, _places(s, 3), [1.0, 2.0], [2.0, 4.0], [1.0, 2.0])
                                 for b, t in ((s.low, s.high), (s.high, s.low))]),
        ),
        DoseModel(
            "biphasic", ("bottom", "top", "part", "ec50_1", "ec50_2", "slope_1", "slope_2"), _biphasic,
            lambda s: _boxed(_wide(s), _wide(s), (0.0, 1.0), _far(s), _far(s), (0.1, 25.0), (0.1, 25.0)),
            lambda s: np.vstack([[b, t, part, one, two, 1.0, slope] for b, t in ((s.low, s.high), (s.high, s.low))
                                 for part in (0.3, 0.6) for i, one in enumerate(_places(s, 4))
                                 for two in _places(s, 4)[i + 1 :] for slope in (1.0, 2.0)]),
        ),
        DoseModel("cnst", (), lambda x, p: np.zeros((*p.shape[:-1], len(x)), dtype=p.dtype), lambda s: ([], []),
                  lambda s: np.zeros((1, 0))),
        DoseModel(
            "hill", ("tp", "ga", "p"), lambda x, p: _at(p, 0) / (1 + power(x, _at(p, 1), -_at(p, 2))),
            lambda s: _boxed(_tall(s), _inside(s), _SLOPES),
            lambda s: _grid(s.peak, _places(s), [0.7, 1.5, 4.0]), "ga", "tp",
        ),
        DoseModel(
            "gnls", ("tp", "ga", "p", "la", "q"),
            lambda x, p: _at(p, 0) * _gain_loss(x, _at(p, 1), _at(p, 2), _at(p, 3), _at(p, 4)),
            lambda s: _boxed(_tall(s), _inside(s), _SLOPES, _WIDTH, _SLOPES),
            lambda s: _grid(s.peak, _places(s), [0.7, 1.5, 4.0], [math.log(NARROWEST), math.log(10 * NARROWEST)], [1.0, 4.0]), None, "tp",
        ),
        DoseModel("poly1", ("a",), lambda x, p: _at(p, 0) * x, lambda s: _boxed(_amplitudes(s)),
                  lambda s: _grid(s.peak / s.high_dose)),
        DoseModel(
            "poly2", ("a", "b"), lambda x, p: _at(p, 0) * (x / np.exp(_at(p, 1)) + (x / np.exp(_at(p, 1))) ** 2),
            lambda s: _boxed(_amplitudes(s), (math.log(1e-8 * s.high_dose), math.log(1e8 * s.high_dose))),
            lambda s: np.vstack([_scaled(s, f, lambda u: u + u * u) for f in (0.2, 1.0, 10.0, 1000.0)]),
        ),
        DoseModel(
            "pow", ("a", "p"), lambda x, p: _at(p, 0) * power(x, 0.0, _at(p, 1)),
            lambda s: _boxed(_amplitudes(s), (0.3, 20.0)),
            lambda s: np.array([[s.peak / s.high_dose**p, p] for p in (0.5, 1.0, 2.0, 4.0)]),
        ),
        DoseModel(
            "exp2", ("a", "b"), lambda x, p: _at(p, 0) * np.expm1(x / np.exp(_at(p, 1))),
            lambda s: _boxed(_amplitudes(s), _long(s)),
            lambda s: np.vstack([_scaled(s, f, math.expm1) for f in (0.2, 1.0, 10.0, 1000.0)]),
        ),
        DoseModel(
            "exp3", ("a", "b", "p"), lambda x, p: _at(p, 0) * np.expm1(np.minimum(power(x, _at(p, 1), _at(p, 2)), 500)),
            lambda s: _boxed(_amplitudes(s), _long(s), _SLOPES),
            lambda s: np.vstack([[*_scaled(s, f, math.expm1)[0], p] for f in (1.0, 10.0, 1000.0) for p in (0.6, 1.0, 2.0)]),
        ),
        DoseModel(
            "exp4", ("tp", "ga"), lambda x, p: -_at(p, 0) * np.expm1(-math.log(2) * x / np.exp(_at(p, 1))),
            lambda s: _boxed(_tall(s), _inside(s)), lambda s: _grid(s.peak, _places(s)), "ga", "tp",
        ),
        DoseModel(
            "exp5", ("tp", "ga", "p"),
            lambda x, p: -_at(p, 0) * np.expm1(-math.log(2) * power(x, _at(p, 1), _at(p, 2))),
            lambda s: _boxed(_tall(s), _inside(s), _SLOPES), lambda s: _grid(s.peak, _places(s), [0.7, 1.5, 4.0]), "ga", "tp",
        ),
    )
}  # fmt: skip


def _scaled(s: Scales, factor: float, shape: Callable[[float], float]) -> Matrix:
    """Return a start whose curve meets the peak at the highest dose."""
    return np.array([[s.peak / shape(1 / factor), math.log(s.high_dose * factor)]])


def reported(model: DoseModel, p: Vector) -> Vector:
    """Return parameters as a table prints them: logarithms as doses, the loss of a bell as a dose of its own."""
    found = p.copy()
    for i, name in enumerate(model.parameters):
        if name in DOSES:
            found[i] = math.exp(min(p[i] + (p[i - 2] if name in ("loss", "la") else 0.0), 690.0))
    return found


def e_of(model: DoseModel, p: Vector) -> float | None:
    """Return the `e` of R's drc, which is not the EC50 of a Weibull or of a five-parameter logistic."""
    if model.name in ("weibull1", "weibull2"):
        return float(math.exp(p[3]) * math.log(2) ** (-1 / p[0]))
    if model.name == "logistic5":
        return float(math.exp(p[3]) * (2 ** (1 / p[4]) - 1) ** (-1 / p[0]))
    return None


def searched(model: DoseModel, estimates: dict[str, float]) -> Vector:
    """Return parameters of a table on the scale of the search: the way back from `reported`."""
    found = np.array([math.log(v) if name in DOSES else v for name, v in estimates.items()])
    for i, name in enumerate(estimates):
        if name in ("loss", "la"):
            found[i] -= found[i - 2]
    return found
