"""SPC: Nelson's rules, chart constants, average run lengths and Bissell's interval."""

from __future__ import annotations

import numpy as np
import pytest

from crdmo.science.quality.capability import bissell_interval
from crdmo.science.quality.control_chart_constants import c4, d2, d3
from crdmo.science.quality.run_rules import (
    BEYOND_LIMITS,
    NELSON,
    WESTERN_ELECTRIC,
    Restart,
    Rule,
    find_signals,
    run_rules,
)
from crdmo.science.quality.time_weighted_charts import cusum_chart, ewma_chart


def _signals(values: list[float]) -> list[tuple[int, Rule]]:
    return [(s.position, s.rule) for s in run_rules(values=values, centre=100, sigma=1, rules=NELSON).signals]


def test_spc_1_two_of_three_beyond_two_sigma() -> None:
    assert _signals([102.1, 100.0, 102.2]) == [(3, Rule.NELSON_5)]


def test_spc_2_eight_outside_one_sigma_on_both_sides() -> None:
    assert _signals([101.5, 98.5, 101.3, 98.2, 101.6, 98.7, 101.2, 98.4]) == [(8, Rule.NELSON_8)]


def test_spc_3_nine_on_one_side_and_nothing_before() -> None:
    assert _signals([100.2, 100.4, 100.1, 100.3, 100.6, 100.2, 100.5, 100.1, 100.4]) == [(9, Rule.NELSON_2)]


def test_spc_4_a_ppk_of_1_from_50_values() -> None:
    found = bissell_interval(estimate=1.00, n=50, degrees_of_freedom=49)
    assert (round(found.lower, 4), round(found.upper, 4)) == (0.7815, 1.2185)


@pytest.mark.parametrize(
    ("n", "printed"), [(2, (1.128, 0.853, 0.7979)), (5, (2.326, 0.864, 0.9400)), (10, (3.078, 0.797, 0.9727))]
)
def test_spc_constants_of_montgomery_appendix_vi(n: int, printed: tuple[float, float, float]) -> None:
    assert (round(d2(n), 3), round(d3(n), 3), round(c4(n), 4)) == printed


def test_spc_in_control_run_length_of_the_three_sigma_limits_is_370() -> None:
    z = np.random.default_rng(20240501).standard_normal(4_000_000)
    at, _ = find_signals(z, BEYOND_LIMITS, Restart.EACH_RULE)[Rule.NELSON_1]
    assert z.size / at.size == pytest.approx(370.4, rel=0.05)


def test_spc_in_control_run_length_of_the_western_electric_rules_is_91_75() -> None:
    """Champ CW, Woodall WH (1987) Technometrics 29:393-399, rules 1, 2, 3 and 4 together."""
    z = np.random.default_rng(7).standard_normal(3_000_000)
    found = find_signals(z, WESTERN_ELECTRIC, Restart.ALL_RULES)
    signals = np.unique(np.concatenate([at for at, _ in found.values()]))
    assert z.size / signals.size == pytest.approx(91.75, rel=0.02)


@pytest.mark.parametrize(("shift", "printed"), [(0.0, 465.0), (1.0, 10.4), (2.0, 4.01)])
def test_spc_run_length_of_a_cusum_with_k_half_and_h_5(shift: float, printed: float) -> None:
    """Montgomery 2013, ch. 9 (Lucas and Crosier 1982); restarting makes every run start at zero."""
    n = 1_000_000 if shift == 0.0 else 100_000
    values = np.random.default_rng(11).standard_normal(n) + shift
    found = cusum_chart(values=values.tolist(), target=0.0, sigma=1.0)
    assert n / len({s.position for s in found.signals}) == pytest.approx(printed, rel=0.06)


def test_spc_in_control_run_length_of_an_ewma_with_weight_0_1_is_500() -> None:
    """Lucas and Saccucci 1990: λ = 0.1, L = 2.814; exact limits are a little narrower at the start."""
    n = 1_000_000
    values = np.random.default_rng(5).standard_normal(n)
    found = ewma_chart(values=values.tolist(), target=0.0, sigma=1.0, weight=0.1, width=2.814)
    assert n / len(found.signals) == pytest.approx(500.0, rel=0.08)
