"""A plan as a network of activities: the checks that every method on it needs, and the passes forward and backward."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from crdmo.science.method import MethodError

Kind = Literal["FS", "SS", "FF", "SF"]


@dataclass(frozen=True)
class Link:
    """A dependency on an activity before: finish-start, start-start, finish-finish or start-finish, with a lag.

    The lag is in the unit of the durations; below zero it is a lead.
    """

    after: str
    kind: Kind = "FS"
    lag: float = 0.0


@dataclass(frozen=True)
class Activity:
    """An activity: its duration, what it depends on, and the earliest start that something outside the plan sets."""

    name: str
    duration: float
    links: tuple[Link, ...] = ()
    not_before: float = 0.0


def in_order(activities: Sequence[Activity]) -> list[int]:
    """Return the positions of activities so that each stands after those it depends on.

    Raises:
        MethodError: a name is there twice, a link names nothing, a number is no duration, or the links go in a circle.
    """
    if not activities:
        raise MethodError("a network has at least one activity", given="none", allowed="one or more")
    places = {a.name: i for i, a in enumerate(activities)}
    if len(places) != len(activities):
        names = [a.name for a in activities]
        twice = next(name for name in names if names.count(name) > 1)
        raise MethodError("an activity is there twice", given=twice, allowed="each name once")
    for one in activities:
        _check(one, places)
    waiting = [len(a.links) for a in activities]
    followers: list[list[int]] = [[] for _ in activities]
    for i, one in enumerate(activities):
        for link in one.links:
            followers[places[link.after]].append(i)
    ready = [i for i, count in enumerate(waiting) if not count]
    order: list[int] = []
    while ready:
        here = ready.pop(0)
        order.append(here)
        for i in followers[here]:
            waiting[i] -= 1
            if not waiting[i]:
                ready.append(i)
    if len(order) < len(activities):
        raise MethodError(
            "the links go in a circle",
            given=" → ".join(_circle(activities, places, set(order))),
            allowed="each activity after those it depends on",
            next_step="take one of these links out",
        )
    return order


def _check(one: Activity, places: Mapping[str, int]) -> None:
    if not math.isfinite(one.duration) or one.duration < 0:
        raise MethodError(f"the duration of {one.name} is none", given=str(one.duration), allowed="zero or more")
    if not math.isfinite(one.not_before) or one.not_before < 0:
        raise MethodError(f"{one.name} starts before the plan", given=str(one.not_before), allowed="zero or more")
    for link in one.links:
        if link.after not in places:
            raise MethodError(f"{one.name} depends on what is not there", given=link.after, allowed=", ".join(places))
        if link.after == one.name:
            raise MethodError("an activity does not depend on itself", given=one.name, allowed="another activity")
        if not math.isfinite(link.lag):
            raise MethodError(f"a lag of {one.name} is no number", given=str(link.lag), allowed="a finite number")


def _circle(activities: Sequence[Activity], places: Mapping[str, int], done: set[int]) -> list[str]:
    """Return the names along one circle among the activities that never became ready."""
    here = next(i for i in range(len(activities)) if i not in done)
    seen: list[int] = []
    while here not in seen:
        seen.append(here)
        here = next(places[link.after] for link in activities[here].links if places[link.after] not in done)
    around = [*seen[seen.index(here) :], here][::-1]
    return [activities[i].name for i in around]


def least_start(link: Link, start: float, finish: float, duration: float) -> float:
    """Return the least start of an activity that one link allows, from start and finish of the one before."""
    base = start if link.kind in ("SS", "SF") else finish
    return base + link.lag - (duration if link.kind in ("FF", "SF") else 0.0)


def latest_finish(link: Link, start: float, finish: float, duration: float) -> float:
    """Return the latest finish of the one before that one link allows, from latest start and finish of the one after."""
    base = finish if link.kind in ("FF", "SF") else start
    return base - link.lag + (duration if link.kind in ("SS", "SF") else 0.0)
