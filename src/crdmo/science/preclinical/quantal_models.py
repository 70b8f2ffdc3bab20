"""The dichotomous models of EPA's benchmark dose guidance, each written in its benchmark dose.

With the benchmark dose D itself as a parameter, its profile needs no constraint between parameters: D is held and the rest
is fitted. Parameters of a model are (ln D, background, shapes ...); all lie between fixed bounds, so that every restriction
(slope at least 1, coefficients not negative) holds by construction. All functions work on many parameter vectors at once:
`theta` of shape (s, k), doses of shape (m,), probabilities of shape (s, m).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from .benchmark_climb import Array

Risk = Literal["extra", "added"]
STEEPEST = 18.0
FLATTEST = 1e-2
# A background of exactly 1 would leave no risk to add.
MOST_BACKGROUND = 1.0 - 1e-6


@dataclass(frozen=True)
class Model:
    """One model.

    Attributes:
        name: as EPA's software calls it.
        shapes: names of its parameters after ln D and the background.
        low: lower bounds of those.
        high: upper bounds of those.
        starts: values of those to start from.
        probability: (theta, dose, response, is extra) → probability of a response; `response` is the benchmark response.
        natural: (theta, response, is extra) → the usual parameters by name, and which of them stand on a bound.
        link: for a model that is linear in the dose, the scale on which it is; its second parameter is then the intercept
            on that scale, not the background.
        stages: the degree of a multistage model, 1 for all others.
    """

    name: str
    shapes: tuple[str, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    starts: tuple[tuple[float, ...], ...]
    probability: Callable[[Array, Array, float, bool], Array]
    natural: Callable[[Array, float, bool], dict[str, tuple[float, bool]]]
    link: Callable[[float], float] | None = None
    stages: int = 1


def _share(theta: Array, response: float, is_extra: bool) -> Array:
    """Return the risk beyond the background at D, as a share of those who do not respond without a dose."""
    if is_extra:
        return np.full(len(theta), response)
    return np.minimum(response / (1.0 - theta[:, 1]), 1.0 - 1e-9)


def _scaled(theta: Array, dose: Array) -> Array:
    return dose[None, :] / np.exp(theta[:, 0])[:, None]


def _with_background(theta: Array, added: Array) -> Array:
    g = theta[:, 1][:, None]
    return g + (1.0 - g) * added


def _at(value: float, *bounds: float) -> bool:
    return any(abs(value - bound) <= 1e-6 * max(1.0, abs(bound)) for bound in bounds)


def _background(theta: Array) -> tuple[float, bool]:
    return float(theta[1]), _at(float(theta[1]), 0.0, MOST_BACKGROUND)


def _weibull(theta: Array, dose: Array, response: float, is_extra: bool) -> Array:
    reach = -np.log1p(-_share(theta, response, is_extra))
    return _with_background(theta, -np.expm1(-reach[:, None] * _scaled(theta, dose) ** theta[:, 2][:, None]))


def _weibull_natural(theta: Array, response: float, is_extra: bool) -> dict[str, tuple[float, bool]]:
    reach, power = float(-np.log1p(-_share(theta[None], response, is_extra))[0]), float(theta[2])
    slope = float(np.exp(np.log(reach) - power * theta[0]))
    return {"g": _background(theta), "a": (power, _at(power, 1.0, STEEPEST)), "b": (slope, False)}


def _quantal_linear(theta: Array, dose: Array, response: float, is_extra: bool) -> Array:
    reach = -np.log1p(-_share(theta, response, is_extra))
    return _with_background(theta, -np.expm1(-reach[:, None] * _scaled(theta, dose)))


def _quantal_linear_natural(theta: Array, response: float, is_extra: bool) -> dict[str, tuple[float, bool]]:
    reach = float(-np.log1p(-_share(theta[None], response, is_extra))[0])
    return {"g": _background(theta), "b": (float(reach / np.exp(theta[0])), False)}


def _gamma(theta: Array, dose: Array, response: float, is_extra: bool) -> Array:
    shape = theta[:, 2]
    reach = special.gammaincinv(shape, _share(theta, response, is_extra))
    return _with_background(theta, special.gammainc(shape[:, None], reach[:, None] * _scaled(theta, dose)))


def _gamma_natural(theta: Array, response: float, is_extra: bool) -> dict[str, tuple[float, bool]]:
    shape = float(theta[2])
    reach = float(special.gammaincinv(shape, _share(theta[None], response, is_extra)[0]))
    return {
        "g": _background(theta),
        "a": (shape, _at(shape, 1.0, STEEPEST)),
        "b": (float(reach / np.exp(theta[0])), False),
    }


def _log_ratio(theta: Array, dose: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.log(dose)[None, :] - theta[:, 0][:, None]


def _log_logistic(theta: Array, dose: Array, response: float, is_extra: bool) -> Array:
    place = special.logit(_share(theta, response, is_extra))[:, None]
    return _with_background(theta, special.expit(place + theta[:, 2][:, None] * _log_ratio(theta, dose)))


def _log_logistic_natural(theta: Array, response: float, is_extra: bool) -> dict[str, tuple[float, bool]]:
    slope = float(theta[2])
    place = float(special.logit(_share(theta[None], response, is_extra))[0]) - slope * float(theta[0])
    return {"g": _background(theta), "a": (place, False), "b": (slope, _at(slope, 1.0, STEEPEST))}


def _log_probit(theta: Array, dose: Array, response: float, is_extra: bool) -> Array:
    place = special.ndtri(_share(theta, response, is_extra))[:, None]
    return _with_background(theta, special.ndtr(place + theta[:, 2][:, None] * _log_ratio(theta, dose)))


def _log_probit_natural(theta: Array, response: float, is_extra: bool) -> dict[str, tuple[float, bool]]:
    slope = float(theta[2])
    place = float(special.ndtri(_share(theta[None], response, is_extra))[0]) - slope * float(theta[0])
    return {"g": _background(theta), "a": (place, False), "b": (slope, _at(slope, FLATTEST, STEEPEST))}


def _hill(theta: Array, dose: Array, response: float, is_extra: bool) -> Array:
    """The top `v` is given as the share of the way from the benchmark response to 1, so that D always exists."""
    share = _share(theta, response, is_extra)
    top = share + (1.0 - share) * theta[:, 3]
    with np.errstate(divide="ignore"):
        place = special.logit(share / top)[:, None]
    slope = theta[:, 2][:, None]
    with np.errstate(invalid="ignore"):
        inner = np.where(np.isposinf(place), 1.0, special.expit(place + slope * _log_ratio(theta, dose)))
    inner[:, dose == 0.0] = 0.0
    return _with_background(theta, top[:, None] * inner)


def _hill_natural(theta: Array, response: float, is_extra: bool) -> dict[str, tuple[float, bool]]:
    share, slope = float(_share(theta[None], response, is_extra)[0]), float(theta[2])
    top = share + (1.0 - share) * float(theta[3])
    place = float(special.logit(min(share / top, 1.0 - 1e-15))) - slope * float(theta[0])
    return {
        "g": _background(theta),
        "v": (top, _at(top, 1.0)),
        "a": (place, False),
        "b": (slope, _at(slope, 1.0, STEEPEST)),
    }


def _tilted(
    theta: Array, response: float, is_extra: bool, forward: Callable[..., Array], back: Callable[..., Array]
) -> tuple[Array, Array]:
    """Return intercept and slope of a model that is linear in the dose on the scale of `forward`."""
    start = theta[:, 1]
    at_zero = back(start)
    goal = at_zero + response * ((1.0 - at_zero) if is_extra else 1.0)
    return start, (forward(np.minimum(goal, 1.0 - 1e-12)) - start) / np.exp(theta[:, 0])


def _logistic(theta: Array, dose: Array, response: float, is_extra: bool) -> Array:
    start, slope = _tilted(theta, response, is_extra, special.logit, special.expit)
    return np.asarray(special.expit(start[:, None] + slope[:, None] * dose[None, :]))


def _logistic_natural(theta: Array, response: float, is_extra: bool) -> dict[str, tuple[float, bool]]:
    start, slope = _tilted(theta[None], response, is_extra, special.logit, special.expit)
    return {"a": (float(start[0]), _at(float(start[0]), -STEEPEST, STEEPEST)), "b": (float(slope[0]), False)}


def _probit(theta: Array, dose: Array, response: float, is_extra: bool) -> Array:
    start, slope = _tilted(theta, response, is_extra, special.ndtri, special.ndtr)
    return np.asarray(special.ndtr(start[:, None] + slope[:, None] * dose[None, :]))


def _probit_natural(theta: Array, response: float, is_extra: bool) -> dict[str, tuple[float, bool]]:
    start, slope = _tilted(theta[None], response, is_extra, special.ndtri, special.ndtr)
    return {"a": (float(start[0]), _at(float(start[0]), -STEEPEST, STEEPEST)), "b": (float(slope[0]), False)}


def _weights(theta: Array, degree: int) -> Array:
    """Return how much each power of the dose gives of the risk at D: not negative, and 1 together."""
    left, parts = np.ones(len(theta)), []
    for i in range(degree - 1):
        parts.append(left * theta[:, 2 + i])
        left = left * (1.0 - theta[:, 2 + i])
    return np.column_stack([*parts, left])


def _multistage(degree: int) -> tuple[Callable[..., Array], Callable[..., dict[str, tuple[float, bool]]]]:
    powers = np.arange(1, degree + 1)

    def probability(theta: Array, dose: Array, response: float, is_extra: bool) -> Array:
        reach = -np.log1p(-_share(theta, response, is_extra))
        steps = _scaled(theta, dose)[:, :, None] ** powers
        total = np.einsum("smk,sk->sm", steps, _weights(theta, degree))
        return _with_background(theta, -np.expm1(-reach[:, None] * total))

    def natural(theta: Array, response: float, is_extra: bool) -> dict[str, tuple[float, bool]]:
        reach = float(-np.log1p(-_share(theta[None], response, is_extra))[0])
        shares = _weights(theta[None], degree)[0]
        found = {"g": _background(theta)}
        for power, share in zip(powers, shares, strict=True):
            found[f"b{power}"] = (float(reach * share * np.exp(-power * theta[0])), bool(share <= 1e-6))
        return found

    return probability, natural


def _of_degree(degree: int) -> Model:
    probability, natural = _multistage(degree)
    inner = degree - 1
    starts = tuple(tuple(row) for row in np.array(np.meshgrid(*[[0.15, 0.85]] * inner)).reshape(inner, -1).T.tolist())
    return Model(
        f"Multistage {degree}",
        tuple(f"w{i + 1}" for i in range(inner)),
        (0.0,) * inner,
        (1.0,) * inner,
        starts,
        probability,
        natural,
        stages=degree,
    )


_SLOPES = ((1.0,), (1.6,), (4.0,), (12.0,))
MODELS: tuple[Model, ...] = (
    Model("Dichotomous Hill", ("b", "v"), (1.0, 0.0), (STEEPEST, 1.0),
          tuple((b, v) for b in (1.0, 2.0, 6.0) for v in (0.15, 0.5, 0.95)), _hill, _hill_natural),
    Model("Gamma", ("a",), (1.0,), (STEEPEST,), _SLOPES, _gamma, _gamma_natural),
    Model("Log-Logistic", ("b",), (1.0,), (STEEPEST,), _SLOPES, _log_logistic, _log_logistic_natural),
    *(_of_degree(degree) for degree in (2, 3)),
    Model("Weibull", ("a",), (1.0,), (STEEPEST,), _SLOPES, _weibull, _weibull_natural),
    Model("Logistic", (), (), (), ((),), _logistic, _logistic_natural, link=special.logit),
    Model("Log-Probit", ("b",), (FLATTEST,), (STEEPEST,), ((0.3,), (1.0,), (3.0,), (10.0,)), _log_probit,
          _log_probit_natural),
    Model("Probit", (), (), (), ((),), _probit, _probit_natural, link=special.ndtri),
    Model("Quantal Linear", (), (), (), ((),), _quantal_linear, _quantal_linear_natural),
)  # fmt: skip

__all__ = ["MODELS", "Array", "Model", "Risk"]
