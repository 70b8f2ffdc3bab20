"""One optimum for several responses: desirability after Derringer and Suich, searched from many starts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import optimize
from scipy.stats import qmc

from crdmo.science.checks import positive, whole_number
from crdmo.science.method import MethodError, method
from crdmo.science.process.factors import Matrix, to_natural
from crdmo.science.process.surface_model import SurfaceModel, predict

BEST_STARTS = 6


@dataclass(frozen=True)
class Goal:
    """What is wanted of a response, in its unit.

    maximise: 0 at `low`, 1 from `high` on. minimise: 1 up to `low`, 0 from `high` on. target: 1 at `target`, 0 outside
    `low` to `high`. range: 1 from `low` to `high`, else 0. `weight` bends the slope, `importance` weighs the goal.
    """

    response: str
    kind: Literal["maximise", "minimise", "target", "range"]
    low: float
    high: float
    target: float | None = None
    weight: float = 1.0
    importance: float = 1.0


@dataclass(frozen=True)
class DesiredResponse:
    """A response at the optimum with its desirability."""

    response: str
    predicted: float
    desirability: float


@dataclass(frozen=True)
class Desirability:
    """The best point found. `found` is false where no point of the region meets every goal: then D is 0."""

    found: bool
    desirability: float
    coded: tuple[float, ...]
    natural: tuple[float, ...]
    responses: tuple[DesiredResponse, ...]
    starts: int
    seed: int


@method(
    "process.desirability",
    version="1.0",
    source="Derringer & Suich 1980, J. Qual. Technol. 12:214; Myers & Montgomery, RSM, 7.3",
    title="Desirability of several responses",
)
def desirability(
    *,
    models: tuple[SurfaceModel, ...],
    goals: tuple[Goal, ...],
    seed: int,
    radius: float = 1.0,
    shape: Literal["cube", "sphere"] = "cube",
    starts: int = 512,
) -> Desirability:
    """Search the coded cube (or sphere) of `radius` for the settings with the greatest overall desirability.

    Where a goal is missed D is exactly 0, a plateau on which a single local search stands still: so a spread of
    `starts` points is tried first and the best are refined. Goals of the kind "range" must hold but do not count in
    the mean.

    Raises:
        MethodError: models of different factors, a goal without model or with its ends reversed, or no counting goal.
    """
    _check(models, goals)
    positive("radius", radius)
    whole_number("starts", starts, at_least=8)
    k = len(models[0].factors)
    tried = (2.0 * qmc.Sobol(k, seed=seed).random(starts) - 1.0) * radius
    tried = np.vstack([np.zeros((1, k)), tried])
    if shape == "sphere":
        tried = tried[np.linalg.norm(tried, axis=1) <= radius]
    values = overall(models, goals, tried)

    def minus(point: Matrix) -> float:
        outside = np.linalg.norm(point) > radius if shape == "sphere" else np.max(np.abs(point)) > radius
        return 1.0 if outside else -float(overall(models, goals, point[None, :])[0])

    best, value = tried[int(np.argmax(values))], float(np.max(values))
    for start in tried[np.argsort(-values, kind="stable")[:BEST_STARTS]]:
        bounds = [(-radius, radius)] * k
        options = {"xatol": 1e-8, "fatol": 1e-12, "maxiter": 2000}
        made = optimize.minimize(minus, start, method="Nelder-Mead", bounds=bounds, options=options)
        if -made.fun > value:
            best, value = made.x, -float(made.fun)
    return Desirability(
        value > 0.0,
        value,
        tuple(best.tolist()),
        tuple(to_natural(models[0].factors, [best.tolist()])[0].tolist()),
        tuple(
            DesiredResponse(m.response, float(p), float(individual(g, np.array([p]))[0]))
            for m, g, p in ((m, g, predict(m, best[None, :])[0]) for m, g in _pairs(models, goals))
        ),
        starts,
        seed,
    )


def individual(goal: Goal, values: Matrix) -> Matrix:
    """Return the desirability, 0 to 1, of values of one response."""
    made: Matrix
    if goal.kind == "range":
        made = ((values >= goal.low) & (values <= goal.high)).astype(np.float64)
    elif goal.kind == "target":
        target = goal.target if goal.target is not None else (goal.low + goal.high) / 2.0
        rise = np.clip((values - goal.low) / (target - goal.low), 0.0, 1.0) if target > goal.low else values >= target
        fall = (
            np.clip((goal.high - values) / (goal.high - target), 0.0, 1.0) if target < goal.high else values <= target
        )
        made = np.minimum(np.asarray(rise, dtype=np.float64), np.asarray(fall, dtype=np.float64)) ** goal.weight
    else:
        rise = np.clip((values - goal.low) / (goal.high - goal.low), 0.0, 1.0)
        made = (rise if goal.kind == "maximise" else 1.0 - rise) ** goal.weight
    return made


def overall(models: Sequence[SurfaceModel], goals: Sequence[Goal], coded: Matrix) -> Matrix:
    """Return the weighted geometric mean over the goals that count, and 0 where any goal is missed."""
    product, weight = np.ones(len(coded)), 0.0
    for model, goal in _pairs(models, goals):
        single = individual(goal, predict(model, coded))
        if goal.kind == "range":
            product = np.where(single == 0.0, 0.0, product)
        else:
            product, weight = product * single**goal.importance, weight + goal.importance
    made: Matrix = product ** (1.0 / weight)
    return made


def _pairs(models: Sequence[SurfaceModel], goals: Sequence[Goal]) -> list[tuple[SurfaceModel, Goal]]:
    by_name = {model.response: model for model in models}
    return [(by_name[goal.response], goal) for goal in goals]


def _check(models: Sequence[SurfaceModel], goals: Sequence[Goal]) -> None:
    names = [model.response for model in models]
    if not models or len(set(names)) != len(names) or any(m.factors != models[0].factors for m in models):
        raise MethodError(
            "the models do not belong together", given=", ".join(names), allowed="one a response, of the same factors"
        )
    wanted = [goal.response for goal in goals]
    if set(wanted) - set(names) or len(set(wanted)) != len(wanted):
        raise MethodError("a goal needs a model of its own", given=", ".join(wanted), allowed=", ".join(names))
    if all(goal.kind == "range" for goal in goals):
        raise MethodError(
            "no goal counts", given="goals of the kind range only", allowed="at least one to maximise, minimise or hit"
        )
    for goal in goals:
        positive(f"weight of {goal.response}", goal.weight)
        positive(f"importance of {goal.response}", goal.importance)
        inside = goal.target is None or goal.low <= goal.target <= goal.high
        if not (math.isfinite(goal.low) and math.isfinite(goal.high) and goal.low < goal.high and inside):
            raise MethodError(
                f"the ends of the goal for {goal.response} are not in order",
                given=f"low {goal.low:g}, target {goal.target}, high {goal.high:g}",
                allowed="low < high, and the target between them",
            )
