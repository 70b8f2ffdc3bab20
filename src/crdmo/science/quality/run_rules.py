"""Run rules of control charts: the eight of Nelson and the four of Western Electric, with restart.

A rule that is not restarted reports the same event again at each of the following points. Here a pattern that
has been reported is used up: the rule counts on from the next point. Patterns are found for all points at
once and only the signals are walked through, so a million points take a fraction of a second.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from crdmo.science.checks import Vector, finite_numbers, positive
from crdmo.science.method import method

_SOURCE = (
    "Nelson LS (1984) J Qual Technol 16:237-239; Western Electric (1956) Statistical Quality Control Handbook, p. 25-28"
)
Positions = NDArray[np.int64]


class Rule(Enum):
    """A run rule; the value names the set and its number there."""

    NELSON_1 = "Nelson 1"
    NELSON_2 = "Nelson 2"
    NELSON_3 = "Nelson 3"
    NELSON_4 = "Nelson 4"
    NELSON_5 = "Nelson 5"
    NELSON_6 = "Nelson 6"
    NELSON_7 = "Nelson 7"
    NELSON_8 = "Nelson 8"
    WESTERN_ELECTRIC_1 = "Western Electric 1"
    WESTERN_ELECTRIC_2 = "Western Electric 2"
    WESTERN_ELECTRIC_3 = "Western Electric 3"
    WESTERN_ELECTRIC_4 = "Western Electric 4"


class Restart(Enum):
    """What counts anew after a signal."""

    EACH_RULE = "the rule that signalled"
    ALL_RULES = "all rules"
    NONE = "nothing"


NELSON = tuple(rule for rule in Rule if rule.value.startswith("Nelson"))
WESTERN_ELECTRIC = tuple(rule for rule in Rule if rule.value.startswith("Western"))
BEYOND_LIMITS = (Rule.NELSON_1,)

WORDS: Mapping[Rule, str] = {
    Rule.NELSON_1: "one point beyond 3σ",
    Rule.NELSON_2: "nine points in a row on one side of the centre",
    Rule.NELSON_3: "six points in a row steadily rising or falling",
    Rule.NELSON_4: "fourteen points in a row alternating up and down",
    Rule.NELSON_5: "two of three points beyond 2σ on one side",
    Rule.NELSON_6: "four of five points beyond 1σ on one side",
    Rule.NELSON_7: "fifteen points in a row within 1σ of the centre",
    Rule.NELSON_8: "eight points in a row beyond 1σ on both sides",
    Rule.WESTERN_ELECTRIC_1: "one point beyond 3σ",
    Rule.WESTERN_ELECTRIC_2: "two of three points beyond 2σ on one side",
    Rule.WESTERN_ELECTRIC_3: "four of five points beyond 1σ on one side",
    Rule.WESTERN_ELECTRIC_4: "eight points in a row on one side of the centre",
}


@dataclass(frozen=True)
class Signal:
    """A rule that was met: at `position`, by a pattern that begins at `first_position`; both count from 1."""

    position: int
    first_position: int
    rule: Rule
    value: float
    reason: str


@dataclass(frozen=True)
class RunRuleResult:
    """The signals in order of position, then of rule."""

    signals: tuple[Signal, ...]
    n: int
    centre: float
    sigma: float
    rules: tuple[Rule, ...]
    restart: Restart


@method(
    "quality.run_rules",
    version="1.0",
    source=_SOURCE,
    title="Run rules on a series with known centre and sigma",
)
def run_rules(
    *,
    values: Sequence[float],
    centre: float,
    sigma: float,
    rules: Sequence[Rule] = NELSON,
    restart: Restart = Restart.EACH_RULE,
) -> RunRuleResult:
    """Return every signal of `rules` in `values`.

    Parameters: `values` in time order; `centre` and `sigma` of the plotted points, from a baseline;
    `restart`, what counts anew after a signal. A point exactly on the centre belongs to neither side, one
    exactly on a zone line to the inner zone. Raises `MethodError` for values that are not finite or a sigma
    not greater than 0.

    >>> found = run_rules(values=[102.1, 100.0, 102.2], centre=100, sigma=1)
    >>> [(signal.position, signal.rule.value) for signal in found.signals]
    [(3, 'Nelson 5')]
    """
    y = finite_numbers("values", values)
    positive("sigma", sigma)
    return RunRuleResult(
        signals=signals_of(y, (y - centre) / sigma, rules, restart),
        n=y.size,
        centre=float(centre),
        sigma=float(sigma),
        rules=tuple(rules),
        restart=restart,
    )


def signals_of(values: Vector, z: Vector, rules: Sequence[Rule], restart: Restart) -> tuple[Signal, ...]:
    """Return the signals of a series whose distances from the centre, in sigmas, are `z`."""
    found = find_signals(z, rules, restart)
    place = {rule: i for i, rule in enumerate(Rule)}
    hits = sorted(
        (int(at), place[rule], int(first), rule)
        for rule, (ends, firsts) in found.items()
        for at, first in zip(ends, firsts, strict=True)
    )
    return tuple(
        Signal(at + 1, first + 1, rule, float(values[at]), _reason(at + 1, first + 1, rule))
        for at, _, first, rule in hits
    )


def find_signals(z: Vector, rules: Sequence[Rule], restart: Restart) -> dict[Rule, tuple[Positions, Positions]]:
    """Return for each rule where it signals and where each pattern begins, counted from 0."""
    patterns = {rule: _patterns(z, rule) for rule in dict.fromkeys(rules)}
    if restart is Restart.NONE:
        return patterns
    if restart is Restart.EACH_RULE:
        return {rule: _used_once(*pattern) for rule, pattern in patterns.items()}
    return _used_once_by_all(patterns)


def _reason(at: int, first: int, rule: Rule) -> str:
    where = f"point {at}" if at == first else f"points {first} to {at}"
    return f"{rule.value}: {WORDS[rule]} ({where})"


def _patterns(z: Vector, rule: Rule) -> tuple[Positions, Positions]:
    """Return every point that completes the pattern, and the first point each needs; both rise."""
    return _PATTERNS[rule](z)


def _beyond_limits(z: Vector) -> tuple[Positions, Positions]:
    at = np.flatnonzero(np.abs(z) > 3.0).astype(np.int64)
    return at, at


def _trend(z: Vector) -> tuple[Positions, Positions]:
    return _run_of_differences(np.sign(np.diff(z)), 6)


def _alternation(z: Vector) -> tuple[Positions, Positions]:
    direction = np.sign(np.diff(z))
    return _run_of_differences(direction * (-1.0) ** np.arange(direction.size), 14)


def _run(kind: Vector, length: int) -> tuple[Positions, Positions]:
    """Return the ends of runs of `length` equal, non-zero entries."""
    if kind.size < length:
        return _none()
    change = np.flatnonzero(np.diff(kind) != 0.0) + 1
    start = np.zeros(kind.size, dtype=np.int64)
    start[change] = change
    so_far = np.arange(kind.size) - np.maximum.accumulate(start) + 1
    at = np.flatnonzero((so_far >= length) & (kind != 0.0)).astype(np.int64)
    return at, at - (length - 1)


def _run_of_differences(kind: Vector, points: int) -> tuple[Positions, Positions]:
    """Return the ends of runs of `points` points, i.e. of one difference fewer, all of one kind."""
    at, first = _run(kind, points - 1)
    return at + 1, first


def _several_of(z: Vector, zone: float, needed: int, of: int) -> tuple[Positions, Positions]:
    """Return points beyond `zone` that complete `needed` within `of` points on their side."""
    ends, firsts = [], []
    for side in (z > zone, z < -zone):
        beyond = np.flatnonzero(side).astype(np.int64)
        first, at = beyond[: beyond.size - needed + 1], beyond[needed - 1 :]
        close = at - first < of if at.size else np.zeros(0, dtype=bool)
        ends.append(at[close])
        firsts.append(first[: at.size][close])
    at = np.concatenate(ends)
    order = np.argsort(at, kind="stable")
    return at[order], np.concatenate(firsts)[order]


def _run_beyond_on_both_sides(z: Vector) -> tuple[Positions, Positions]:
    """Return the ends of eight points beyond 1σ not all on one side; one-sided runs belong to other rules."""
    at, first = _run((np.abs(z) > 1.0).astype(np.float64), 8)
    above = np.concatenate([[0], np.cumsum(z > 0.0)])
    count = above[at + 1] - above[first]
    both = (count > 0) & (count < 8)
    return at[both], first[both]


_PATTERNS: Mapping[Rule, Callable[[Vector], tuple[Positions, Positions]]] = {
    Rule.NELSON_1: _beyond_limits,
    Rule.NELSON_2: lambda z: _run(np.sign(z), 9),
    Rule.NELSON_3: _trend,
    Rule.NELSON_4: _alternation,
    Rule.NELSON_5: lambda z: _several_of(z, 2.0, 2, 3),
    Rule.NELSON_6: lambda z: _several_of(z, 1.0, 4, 5),
    Rule.NELSON_7: lambda z: _run((np.abs(z) < 1.0).astype(np.float64), 15),
    Rule.NELSON_8: _run_beyond_on_both_sides,
    Rule.WESTERN_ELECTRIC_1: _beyond_limits,
    Rule.WESTERN_ELECTRIC_2: lambda z: _several_of(z, 2.0, 2, 3),
    Rule.WESTERN_ELECTRIC_3: lambda z: _several_of(z, 1.0, 4, 5),
    Rule.WESTERN_ELECTRIC_4: lambda z: _run(np.sign(z), 8),
}


def _none() -> tuple[Positions, Positions]:
    return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)


def _used_once(at: Positions, first: Positions) -> tuple[Positions, Positions]:
    """Return the patterns that do not use a point up to the signal before them."""
    if at.size == 0 or np.array_equal(at, first):
        return at, first
    ends, begins = at.tolist(), first.tolist()
    kept, i = [], 0
    while i < len(ends):
        kept.append(i)
        i = bisect_right(begins, ends[i], lo=i + 1)
    return at[kept], first[kept]


def _used_once_by_all(
    patterns: Mapping[Rule, tuple[Positions, Positions]],
) -> dict[Rule, tuple[Positions, Positions]]:
    """Return the patterns that use no point up to the last signal of any rule; rules may signal together."""
    lists = {rule: (at.tolist(), first.tolist()) for rule, (at, first) in patterns.items()}
    kept: dict[Rule, list[int]] = {rule: [] for rule in lists}
    cursor = dict.fromkeys(lists, 0)
    last = -1
    while True:
        for rule, (_, begins) in lists.items():
            cursor[rule] = bisect_right(begins, last, lo=cursor[rule])
        ends = [at[cursor[rule]] for rule, (at, _) in lists.items() if cursor[rule] < len(at)]
        if not ends:
            break
        last = min(ends)
        for rule, (at, _) in lists.items():
            if cursor[rule] < len(at) and at[cursor[rule]] == last:
                kept[rule].append(cursor[rule])
    return {rule: (at[kept[rule]], first[kept[rule]]) for rule, (at, first) in patterns.items()}
