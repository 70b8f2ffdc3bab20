"""Is a compound active? The race of the ten tcplFit2 models by information criterion, and a hit call between 0 and 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from crdmo.science.checks import Vector, positive
from crdmo.science.method import MethodError, method

from .dose_models import MODELS, reported
from .likelihood_fit import Maximum, Observed, Task, maximise
from .model_fit import Errors, half_dose, information, observed, task_of, top_of

RACE = ("cnst", "hill", "gnls", "poly1", "poly2", "pow", "exp2", "exp3", "exp4", "exp5")
_NESTED = 0.05


@dataclass(frozen=True)
class Runner:
    """One model of the race: its parameters, those on the bound of their search, and how well it does.

    `aicc` is None with too few responses. `weight` is its share among all models by the criterion of the race.
    """

    model: str
    estimates: dict[str, float]
    on_bound: tuple[str, ...]
    scale: float
    log_likelihood: float
    aic: float
    aicc: float | None
    weight: float
    top: float
    ac50: float | None
    converged: bool


@dataclass(frozen=True)
class HitCall:
    """The race and what it says.

    Attributes:
        runners: all models, in the order of the family.
        winner: the best but the constant; poly2 takes part only where it beats poly1 by a likelihood-ratio test.
        hit_call: product of the three probabilities below; 0.9 and more is commonly called active.
        not_constant: that a constant 0 is not the truth, by its weight against the winner.
        beyond: that at least one median response lies beyond the cutoff.
        top_beyond: that the top of the winner lies beyond the cutoff, by its likelihood profile.
        top_over_cutoff: of the winner.
        flags: what a reviewer must look at.
    """

    runners: tuple[Runner, ...]
    winner: str
    hit_call: float
    not_constant: float
    beyond: float
    top_beyond: float
    top_over_cutoff: float
    flags: tuple[str, ...]

    @property
    def best(self) -> Runner:
        """The winner of the race."""
        return next(one for one in self.runners if one.model == self.winner)


@method(
    "discovery.hit_call",
    version="1.0",
    title="Model race and hit call of a dose-response series",
    source="Sheffield T, Brown J, Davidson S, Friedman KP, Judson R. Bioinformatics 2022;38:1157 (tcplFit2)",
    tolerance=1e-5,
)
def hit_call(
    *,
    dose: Sequence[float],
    response: Sequence[float],
    cutoff: float,
    errors: Errors = Errors.T4,
    small_sample: bool = False,
) -> HitCall:
    """Fit ten models to a response that is 0 without a dose, let them race, and say how sure a hit is.

    Args:
        dose: of each response, 0 or more, any one unit.
        response: change from the control, any one unit; both directions count.
        cutoff: smallest change that matters, greater than 0, in the unit of the response.
        errors: t4 as in tcplFit2, or normal.
        small_sample: race by AICc instead of AIC; models with too many parameters for the data then do not run.

    Raises:
        MethodError: as `discovery.model_fit`, a cutoff not above 0, or fewer than 5 responses.

    A winner with a parameter on the bound of its search is flagged: the bound is the program's, not the data's.
    """
    positive("cutoff", cutoff)
    if len(response) < 5:
        raise MethodError("there are too few responses for a race", given=str(len(response)), allowed="at least 5",
                          next_step="test more doses")  # fmt: skip
    data = observed(dose, response, None, None, errors, 1)
    tasks = {name: task_of(name, data, {}) for name in RACE if len(MODELS[name].parameters) < data.y.size}
    ends = {name: maximise(task) for name, task in tasks.items()}
    score = {}
    for name, at in ends.items():
        aic, aicc = information(at.log_likelihood, at.theta.size, data.y.size)
        if not small_sample:
            score[name] = aic
        elif aicc is not None:
            score[name] = aicc
    gain = 2 * (ends["poly2"].log_likelihood - ends["poly1"].log_likelihood)
    running = [name for name in score if name != "cnst"]
    if special.chdtrc(1, max(gain, 0.0)) >= _NESTED and "poly1" in running and "poly2" in running:
        running.remove("poly2")
    winner = min(running, key=lambda name: (score[name], RACE.index(name)))
    least = min(score.values())
    odds = {name: math.exp(-(value - least) / 2) for name, value in score.items()}
    runners = tuple(
        _runner(tasks[name], ends[name], odds.get(name, 0.0) / sum(odds.values())) for name in RACE if name in tasks
    )
    task, at = tasks[winner], ends[winner]
    top = top_of(task, at.theta)
    not_constant = float(special.expit((score["cnst"] - score[winner]) / 2))
    beyond = _beyond(data, at, top, cutoff)
    top_beyond = _top_beyond(task, at, top, cutoff)
    won = next(one for one in runners if one.model == winner)
    flags = [f"{name} of {winner} lies on the bound of its search: it is no estimate" for name in won.on_bound]
    if not won.converged:
        flags.append(f"{winner} has no maximum: its likelihood grows along a ridge")
    if won.ac50 is not None and not data.x[data.x > 0].min() <= won.ac50 <= data.x.max():
        flags.append("AC50 lies outside of the tested doses: only a bound can be reported")
    return HitCall(
        runners,
        winner,
        not_constant * beyond * top_beyond,
        not_constant,
        beyond,
        top_beyond,
        abs(top) / cutoff,
        tuple(flags),
    )


def _runner(task: Task, at: Maximum, weight: float) -> Runner:
    names = task.model.parameters
    aic, aicc = information(at.log_likelihood, at.theta.size, task.data.y.size)
    return Runner(
        task.model.name, dict(zip(names, reported(task.model, at.theta).tolist(), strict=True)),
        tuple(name for name, hit in zip(names, at.on_bound.tolist(), strict=True) if hit), math.exp(at.log_scale),
        at.log_likelihood, aic, aicc, weight, top_of(task, at.theta), half_dose(task, at.theta), at.converged,
    )  # fmt: skip


def _beyond(data: Observed, at: Maximum, top: float, cutoff: float) -> float:
    """Return the probability that some median response lies beyond the cutoff, on the side of the top."""
    sign = math.copysign(1.0, top)
    middle = np.array([np.median(data.y[data.x == d]) for d in np.unique(data.x)])
    short: Vector = (cutoff - sign * middle) / math.exp(at.log_scale)
    below = special.stdtr(4, short) if data.heavy else special.ndtr(short)
    return float(1 - np.prod(below))


def _top_beyond(task: Task, at: Maximum, top: float, cutoff: float) -> float:
    """Return the probability that the top lies beyond the cutoff: the curve is scaled to have its top there.

    As in tcplFit2 the other parameters stay; the model is linear in its height. For the plateau of gnls its own `tp` is set.
    """
    theta = at.theta.copy()
    height = theta[0] if task.model.top is not None else top
    theta[0] *= math.copysign(cutoff, top) / height
    fall = 2 * (at.log_likelihood - task.log_likelihood(theta, at.log_scale))
    share = float(special.chdtr(1, max(fall, 0.0)))
    return (1 + share) / 2 if abs(top) >= cutoff else (1 - share) / 2
