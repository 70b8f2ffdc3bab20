"""Risk of date and cost together, by simulation: every draw goes through the whole network, so parallel paths count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from crdmo.science.checks import share
from crdmo.science.method import MethodError, method

from .network import Activity, Link, in_order

Array = NDArray[np.float64]
Shape = Literal["triangular", "beta_pert"]
MOST_DRAWS = 2_000_000
SHOWN = 300


@dataclass(frozen=True)
class Risky:
    """An activity with three durations, what it costs once and what each unit of its time costs."""

    name: str
    optimistic: float
    likely: float
    pessimistic: float
    links: tuple[Link, ...] = ()
    fixed_cost: float = 0.0
    cost_per_time: float = 0.0


@dataclass(frozen=True)
class ScheduleRisk:
    """The distribution of end and cost.

    `probability_of_date` is P(T ≤ deadline), `probability_of_cost` P(C ≤ budget), `joint` P(both); None where no limit was
    given. `criticality` is the share of draws in which an activity lies on the longest chain, in the order given.
    `sample` are date and cost of the first draws, for the picture.
    """

    shape: str
    draws: int
    mean: float
    sd: float
    levels: tuple[float, ...]
    dates: tuple[float, ...]
    costs: tuple[float, ...]
    mean_cost: float
    probability_of_date: float | None
    probability_of_cost: float | None
    joint: float | None
    criticality: tuple[float, ...]
    deadline: float | None
    budget: float | None
    sample: tuple[tuple[float, float], ...]


@method(
    "engagements.schedule_risk",
    version="1.0",
    title="Joint confidence of date and cost",
    source="Hulett, Integrated Cost-Schedule Risk Analysis (2011); NASA Cost Estimating Handbook v4, app. J (JCL); "
    "Van Slyke, Oper Res 11 (1963) 839",
)
def schedule_risk(
    *,
    activities: Sequence[Risky],
    shape: Shape,
    seed: int,
    draws: int = 10_000,
    deadline: float | None = None,
    budget: float | None = None,
    levels: Sequence[float] = (0.5, 0.8, 0.9),
) -> ScheduleRisk:
    """Draw durations of all activities, pass each draw through the network, and read off dates and costs.

    Args:
        activities: three durations each, in one unit; costs in one currency.
        shape: `triangular`, or `beta_pert` with alpha = 1 + 4(m − a)/(b − a). They give different answers: it must be said.
        seed: of the random numbers; the same seed gives the same answer.
        draws: number of draws.
        deadline: in the unit of the durations.
        budget: in the currency.
        levels: confidences whose date and cost are asked for. The date and the cost of 80 % are not both met with 80 %.

    Raises:
        MethodError: estimates out of order, a network that is none, or a number of draws that is none.

    >>> one = schedule_risk(activities=[Risky("A", 5, 10, 20)], shape="triangular", seed=1, draws=100_000)
    >>> round(one.mean, 1), round(one.sd ** 2, 1)
    (11.7, 9.7)
    """
    if not 1 <= draws <= MOST_DRAWS:
        raise MethodError("this is no number of draws", given=str(draws), allowed=f"1 to {MOST_DRAWS}")
    for one in activities:
        if not 0 <= one.optimistic <= one.likely <= one.pessimistic < float("inf"):
            given = f"{one.optimistic}, {one.likely}, {one.pessimistic}"
            raise MethodError(f"the estimates of {one.name} are not in order", given=given, allowed="least to greatest")
    wanted = [share("a level", level) for level in levels]
    network = [Activity(a.name, a.likely, a.links) for a in activities]
    order = in_order(network)
    duration = _durations(activities, shape, seed, draws)
    end, critical = _through(network, order, duration)
    cost = sum(
        (a.fixed_cost + a.cost_per_time * row for a, row in zip(activities, duration, strict=True)), np.zeros(draws)
    )
    on_time = None if deadline is None else end <= deadline
    in_budget = None if budget is None else cost <= budget
    both = None if on_time is None or in_budget is None else float(np.mean(on_time & in_budget))
    return ScheduleRisk(
        shape,
        draws,
        float(end.mean()),
        float(end.std(ddof=1)) if draws > 1 else 0.0,
        tuple(wanted),
        tuple(float(v) for v in np.quantile(end, wanted)),
        tuple(float(v) for v in np.quantile(cost, wanted)),
        float(cost.mean()),
        None if on_time is None else float(on_time.mean()),
        None if in_budget is None else float(in_budget.mean()),
        both,
        tuple(float(v) for v in critical),
        deadline,
        budget,
        tuple((float(t), float(c)) for t, c in zip(end[:SHOWN], cost[:SHOWN], strict=True)),
    )


def _durations(activities: Sequence[Risky], shape: str, seed: int, draws: int) -> list[Array]:
    generator = np.random.default_rng(seed)
    rows = []
    for one in activities:
        low, mode, high = one.optimistic, one.likely, one.pessimistic
        # Every activity takes its numbers, so that fixing one duration does not shift the draws of the others.
        uniform = generator.random(draws)
        if low == high:
            rows.append(np.full(draws, low))
        elif shape == "triangular":
            left = (mode - low) / (high - low)
            rising = low + np.sqrt(uniform * (high - low) * (mode - low))
            falling = high - np.sqrt((1 - uniform) * (high - low) * (high - mode))
            rows.append(np.where(uniform < left, rising, falling))
        else:
            rows.append(low + (high - low) * _beta(uniform, (mode - low) / (high - low)))
    return rows


def _beta(uniform: Array, mode: float) -> Array:
    from scipy.special import betaincinv  # noqa: PLC0415 — heavy, and needed for one shape only

    return np.asarray(betaincinv(1 + 4 * mode, 1 + 4 * (1 - mode), uniform), dtype=np.float64)


def _through(network: Sequence[Activity], order: Sequence[int], duration: Sequence[Array]) -> tuple[Array, Array]:
    """Return the end of every draw, and the share of draws in which each activity has no slack."""
    places = {a.name: i for i, a in enumerate(network)}
    draws = len(duration[0])
    start: list[Array] = [np.zeros(draws) for _ in network]
    finish: list[Array] = [np.zeros(draws) for _ in network]
    for i in order:
        for link in network[i].links:
            j = places[link.after]
            base = start[j] if link.kind in ("SS", "SF") else finish[j]
            least = base + link.lag - (duration[i] if link.kind in ("FF", "SF") else 0.0)
            start[i] = np.maximum(start[i], least)
        finish[i] = start[i] + duration[i]
    end = np.max(np.stack(finish), axis=0)
    late: list[Array] = [end.copy() for _ in network]
    for i in reversed(order):
        for link in network[i].links:
            j = places[link.after]
            base = late[i] if link.kind in ("FF", "SF") else late[i] - duration[i]
            late[j] = np.minimum(late[j], base - link.lag + (duration[j] if link.kind in ("SS", "SF") else 0.0))
    return end, np.asarray([float(np.mean(late[i] - finish[i] < 1e-9)) for i in range(len(network))])
