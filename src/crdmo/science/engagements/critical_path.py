"""Critical path: earliest and latest dates of every activity, its slack, and the chain that decides the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crdmo.science.method import method

from .network import Activity, in_order, latest_finish, least_start

# Dates are whole or halves of days; what is smaller than this is the rounding of binary floats.
TINY = 1e-9


@dataclass(frozen=True)
class Timing:
    """When an activity can and must be done, in the unit of the durations, counted from the start of the plan."""

    name: str
    earliest_start: float
    earliest_finish: float
    latest_start: float
    latest_finish: float
    slack: float
    critical: bool


@dataclass(frozen=True)
class CriticalPath:
    """The whole plan: how long it takes, and each activity in the order given. `path` is one longest chain."""

    duration: float
    activities: tuple[Timing, ...]
    path: tuple[str, ...]


@method(
    "engagements.critical_path",
    version="1.0",
    title="Critical path of a plan",
    source="Kelley & Walker 1959; Hillier & Lieberman, Introduction to Operations Research, ch. 10; PMI Practice Standard "
    "for Scheduling (precedence diagram with lags)",
)
def critical_path(*, activities: Sequence[Activity]) -> CriticalPath:
    """Compute earliest and latest start and finish of every activity, by one pass forward and one backward.

    Args:
        activities: durations and links in one unit (days or weeks), in any order. `not_before` is an earliest start
            set from outside; a lag may be negative (a lead).

    Returns:
        The duration of the plan and each activity's timing. The slack is what an activity can be late without moving
        the end of the plan; it is never below zero, since no end is imposed.

    Raises:
        MethodError: no activity, a name twice, a link to nothing, a circle of links, a duration below zero.

    Source: the house example of Hillier & Lieberman is a test; so is the identity that delaying a critical activity by
    one day delays the plan by one day.

    >>> from crdmo.science.engagements.network import Link
    >>> plan = critical_path(activities=[Activity("A", 2), Activity("B", 4, (Link("A"),)), Activity("C", 1, (Link("A"),))])
    >>> plan.duration, plan.path, plan.activities[2].slack
    (6.0, ('A', 'B'), 3.0)
    """
    order = in_order(activities)
    places = {a.name: i for i, a in enumerate(activities)}
    start, finish = [0.0] * len(activities), [0.0] * len(activities)
    decided: list[int | None] = [None] * len(activities)
    for i in order:
        one = activities[i]
        start[i] = one.not_before
        for link in one.links:
            j = places[link.after]
            least = least_start(link, start[j], finish[j], one.duration)
            if least > start[i] + TINY or (decided[i] is None and abs(least - start[i]) <= TINY and least > 0):
                start[i], decided[i] = max(least, start[i]), j
        finish[i] = start[i] + one.duration
    end = max(finish)
    last_start, last_finish = [0.0] * len(activities), [end] * len(activities)
    for i in reversed(order):
        last_start[i] = last_finish[i] - activities[i].duration
        for link in activities[i].links:
            j = places[link.after]
            latest = latest_finish(link, last_start[i], last_finish[i], activities[j].duration)
            last_finish[j] = min(last_finish[j], latest)
    timings = []
    for i, one in enumerate(activities):
        slack = last_finish[i] - finish[i]
        slack = 0.0 if abs(slack) < TINY else slack
        timings.append(Timing(one.name, start[i], finish[i], last_start[i], last_finish[i], slack, slack == 0.0))
    return CriticalPath(end, tuple(timings), _path(activities, finish, end, decided))


def _path(
    activities: Sequence[Activity], finish: Sequence[float], end: float, decided: Sequence[int | None]
) -> tuple[str, ...]:
    """Return one longest chain, from its first activity to the one that ends last."""
    here: int | None = next(i for i, value in enumerate(finish) if abs(value - end) < TINY)
    names: list[str] = []
    while here is not None:
        names.append(activities[here].name)
        here = decided[here]
    return tuple(reversed(names))
