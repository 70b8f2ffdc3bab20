"""Three-point estimates: mean and variance of each activity, and the classical normal approximation along the critical path.

The approximation looks at one path only. Where others are nearly as long it is too optimistic: `schedule_risk` says by how much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import norm

from crdmo.science.method import MethodError, method

from .critical_path import CriticalPath, critical_path
from .network import Activity, Link


@dataclass(frozen=True)
class Estimate:
    """An activity with its optimistic, most likely and pessimistic duration, in one unit."""

    name: str
    optimistic: float
    likely: float
    pessimistic: float
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Pert:
    """The plan on mean durations, its variance along the critical path, and P(T ≤ deadline) where one was given."""

    plan: CriticalPath
    variance: float
    probability: float | None


def checked(estimates: Sequence[Estimate]) -> None:
    """Say nothing if every estimate is in order.

    Raises:
        MethodError: optimistic, likely and pessimistic are not in this order.
    """
    for one in estimates:
        if not 0 <= one.optimistic <= one.likely <= one.pessimistic < float("inf"):
            raise MethodError(
                f"the three estimates of {one.name} are not in order",
                given=f"{one.optimistic}, {one.likely}, {one.pessimistic}",
                allowed="0 ≤ optimistic ≤ likely ≤ pessimistic",
            )


@method(
    "engagements.pert",
    version="1.0",
    title="Three-point plan with the normal approximation",
    source="Malcolm, Roseboom, Clark & Fazar, Oper Res 7 (1959) 646; Hillier & Lieberman, ch. 10",
)
def pert(*, estimates: Sequence[Estimate], deadline: float | None = None) -> Pert:
    """Compute mean (a + 4m + b)/6 and variance ((b − a)/6)² of each activity, and the plan on the means.

    Args:
        estimates: three durations each, in one unit, with links.
        deadline: the date whose probability is asked for, in the same unit.

    Returns:
        The plan, the variance along its critical path, and the probability of the deadline by the normal approximation.

    Raises:
        MethodError: estimates out of order, or a network that is none.

    >>> pert(estimates=[Estimate("A", 1, 2, 3), Estimate("B", 2, 3.5, 8, (Link("A"),))]).plan.duration
    6.0
    """
    checked(estimates)
    means = [Activity(e.name, (e.optimistic + 4 * e.likely + e.pessimistic) / 6, e.links) for e in estimates]
    plan = critical_path(activities=means)
    spread = {e.name: ((e.pessimistic - e.optimistic) / 6) ** 2 for e in estimates}
    variance = sum(spread[name] for name in plan.path)
    probability = None
    if deadline is not None:
        if variance == 0:
            probability = 1.0 if deadline >= plan.duration else 0.0
        else:
            probability = float(norm.cdf((deadline - plan.duration) / variance**0.5))
    return Pert(plan, variance, probability)
