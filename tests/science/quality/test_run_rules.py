"""Run rules: against a slow reading of each rule point by point, with each kind of restart; and a million points."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdmo.science.method import MethodError, call
from crdmo.science.quality.run_rules import (
    NELSON,
    WESTERN_ELECTRIC,
    Restart,
    Rule,
    find_signals,
    run_rules,
    signals_of,
)


def _row(length: int, test: Callable[[list[float]], bool]) -> Callable[[list[float]], bool]:
    return lambda seen: len(seen) >= length and test(seen[-length:])


def _of(needed: int, of: int, zone: float) -> Callable[[list[float]], bool]:
    def met(seen: list[float]) -> bool:
        window = seen[-of:]
        up, down = sum(z > zone for z in window), sum(z < -zone for z in window)
        return (window[-1] > zone and up >= needed) or (window[-1] < -zone and down >= needed)

    return met


def _alternates(w: list[float]) -> bool:
    steps = [b - a for a, b in pairwise(w)]
    return all(a * b < 0 for a, b in pairwise(steps))


def _one_side(w: list[float]) -> bool:
    return all(z > 0 for z in w) or all(z < 0 for z in w)


def _rises_or_falls(w: list[float]) -> bool:
    pairs = list(pairwise(w))
    return all(a < b for a, b in pairs) or all(a > b for a, b in pairs)


def _outside_on_both_sides(w: list[float]) -> bool:
    return all(abs(z) > 1 for z in w) and not _one_side(w)


# Each reading is given the points since the last restart and says whether the newest one completes the pattern.
READINGS: dict[Rule, Callable[[list[float]], bool]] = {
    Rule.NELSON_1: lambda seen: abs(seen[-1]) > 3,
    Rule.NELSON_2: _row(9, _one_side),
    Rule.NELSON_3: _row(6, _rises_or_falls),
    Rule.NELSON_4: _row(14, _alternates),
    Rule.NELSON_5: _of(2, 3, 2),
    Rule.NELSON_6: _of(4, 5, 1),
    Rule.NELSON_7: _row(15, lambda w: all(abs(z) < 1 for z in w)),
    Rule.NELSON_8: _row(8, _outside_on_both_sides),
    Rule.WESTERN_ELECTRIC_1: lambda seen: abs(seen[-1]) > 3,
    Rule.WESTERN_ELECTRIC_2: _of(2, 3, 2),
    Rule.WESTERN_ELECTRIC_3: _of(4, 5, 1),
    Rule.WESTERN_ELECTRIC_4: _row(8, _one_side),
}


def _read(z: list[float], rules: tuple[Rule, ...], restart: Restart) -> dict[Rule, list[int]]:
    starts = dict.fromkeys(rules, 0)
    found: dict[Rule, list[int]] = {rule: [] for rule in rules}
    for i in range(len(z)):
        hit = [rule for rule in rules if READINGS[rule](z[starts[rule] : i + 1])]
        for rule in hit:
            found[rule].append(i)
        if restart is not Restart.NONE:
            for rule in rules if hit and restart is Restart.ALL_RULES else hit:
                starts[rule] = i + 1
    return found


LEVELS = st.sampled_from([-3.5, -3.0, -2.5, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 0.7, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5])


@settings(max_examples=300, deadline=None)
@given(
    z=st.lists(LEVELS, min_size=1, max_size=80),
    rules=st.sampled_from([NELSON, WESTERN_ELECTRIC]),
    restart=st.sampled_from(list(Restart)),
)
def test_signals_are_those_of_a_point_by_point_reading(
    z: list[float], rules: tuple[Rule, ...], restart: Restart
) -> None:
    found = find_signals(np.array(z), rules, restart)
    assert {rule: at.tolist() for rule, (at, _) in found.items()} == _read(z, rules, restart)


@pytest.mark.parametrize("restart", list(Restart))
@pytest.mark.parametrize("shape", ["still", "drifting", "swinging", "calm", "wide"])
def test_long_series_that_meet_each_rule_agree_with_the_reading(shape: str, restart: Restart) -> None:
    rng = np.random.default_rng(5)
    noise = rng.standard_normal(400)
    z = {
        "still": noise,
        "drifting": np.sort(noise.reshape(40, 10), axis=1).ravel() + 0.7,
        "swinging": np.abs(noise) * np.tile([1.0, -1.0], 200),
        "calm": noise / 4,
        "wide": noise * 2.5,
    }[shape]
    found = find_signals(z, NELSON, restart)
    assert {rule: at.tolist() for rule, (at, _) in found.items()} == _read(z.tolist(), NELSON, restart)


def test_a_long_run_signals_once_every_nine_points() -> None:
    found = run_rules(values=[0.5] * 30, centre=0, sigma=1, rules=[Rule.NELSON_2])
    assert [(s.first_position, s.position) for s in found.signals] == [(1, 9), (10, 18), (19, 27)]


def test_without_restart_the_same_run_signals_at_every_further_point() -> None:
    found = run_rules(values=[0.5] * 12, centre=0, sigma=1, rules=[Rule.NELSON_2], restart=Restart.NONE)
    assert [s.position for s in found.signals] == [9, 10, 11, 12]


def test_restarting_all_rules_uses_up_the_points_for_every_rule() -> None:
    values = [1.5, 1.5, 1.5, 3.5, 1.5]
    each = run_rules(values=values, centre=0, sigma=1, rules=[Rule.NELSON_1, Rule.NELSON_6])
    rules = [Rule.NELSON_1, Rule.NELSON_6]
    later = run_rules(values=[1.5, 1.5, 3.5, 1.5, 1.5], centre=0, sigma=1, rules=rules, restart=Restart.ALL_RULES)
    assert [(s.position, s.rule) for s in each.signals] == [(4, Rule.NELSON_1), (4, Rule.NELSON_6)]
    assert [(s.position, s.rule) for s in later.signals] == [(3, Rule.NELSON_1)]


def test_a_signal_says_what_was_met_and_where() -> None:
    signal = run_rules(values=[102.1, 100.0, 102.2], centre=100, sigma=1).signals[0]
    assert signal.reason == "Nelson 5: two of three points beyond 2σ on one side (points 1 to 3)"
    assert signal.value == 102.2


def test_a_point_on_the_centre_breaks_a_run() -> None:
    assert run_rules(values=[1, 1, 1, 1, 0, 1, 1, 1, 1], centre=0, sigma=2, rules=[Rule.NELSON_2]).signals == ()


def test_a_sigma_of_zero_is_refused() -> None:
    with pytest.raises(MethodError, match="sigma must be greater than zero"):
        run_rules(values=[1.0], centre=0, sigma=0)


def test_a_million_points_take_less_than_a_second() -> None:
    z = np.random.default_rng(1).standard_normal(1_000_000)
    start = time.perf_counter()
    signals = signals_of(z, z, NELSON, Restart.EACH_RULE)
    assert time.perf_counter() - start < 1.0
    assert 10_000 < len(signals) < 20_000


def test_rules_are_named_in_plain_json() -> None:
    found = call(
        "quality.run_rules",
        {"values": [0.0, 4.0]},
        {"centre": 0, "sigma": 1, "rules": ["Nelson 1"], "restart": "all rules"},
    )
    assert [s.position for s in found.signals] == [2]
