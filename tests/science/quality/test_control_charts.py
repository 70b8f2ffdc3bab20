"""Charts against frozen limits: what moves the points never moves the limits."""

from __future__ import annotations

import numpy as np
import pytest

from crdmo.science.method import MethodError, call, to_json
from crdmo.science.quality.control_chart_baseline import ChartKind, baseline_individuals, baseline_subgroups
from crdmo.science.quality.control_charts import chart_individuals, chart_subgroups
from crdmo.science.quality.run_rules import Rule

RNG = np.random.default_rng(2)
HISTORY = RNG.normal(100, 1, 50).tolist()
SUBGROUPS = RNG.normal(100, 1, (30, 4)).tolist()


def test_limits_do_not_follow_the_points() -> None:
    base = baseline_individuals(values=HISTORY)
    drift = [100 + 0.2 * i for i in range(40)]
    chart = chart_individuals(values=drift, baseline=base)
    assert (chart.location.centre, chart.location.lower, chart.location.upper) == (base.centre, base.lower, base.upper)
    assert chart.baseline == base
    assert not chart.in_control


def test_the_first_moving_range_is_missing_and_a_jump_signals_at_its_own_point() -> None:
    base = baseline_individuals(values=HISTORY)
    chart = chart_individuals(values=[100.0, 100.5, 107.0], baseline=base)
    assert chart.spread.points[0] is None
    assert len(chart.spread.points) == 3
    assert [s.position for s in chart.spread.signals] == [3]
    assert [(s.position, s.rule) for s in chart.location.signals] == [(3, Rule.NELSON_1)]


def test_a_quiet_chart_says_so() -> None:
    chart = chart_individuals(values=[100.0, 100.4, 99.8], baseline=baseline_individuals(values=HISTORY))
    assert chart.in_control
    assert chart.reasons == ("no rule signals",)


@pytest.mark.parametrize("kind", [ChartKind.XBAR_R, ChartKind.XBAR_S])
def test_one_wild_value_shows_in_the_spread_chart(kind: ChartKind) -> None:
    base = baseline_subgroups(subgroups=SUBGROUPS, kind=kind)
    chart = chart_subgroups(subgroups=[[100.0, 100.5, 99.5, 100.2], [100.0, 94.0, 106.0, 100.0]], baseline=base)
    assert [s.position for s in chart.spread.signals] == [2]
    assert chart.location.signals == ()


def test_means_vary_less_than_single_values() -> None:
    base = baseline_subgroups(subgroups=SUBGROUPS)
    assert base.location_sigma == pytest.approx(base.sigma / 2)
    shifted = [[x + 2.0 for x in row] for row in SUBGROUPS[:3]]
    assert chart_subgroups(subgroups=shifted, baseline=base).location.signals[0].rule is Rule.NELSON_1


def test_a_baseline_of_another_kind_is_refused() -> None:
    with pytest.raises(MethodError, match="the baseline belongs to another chart"):
        chart_individuals(values=[1.0, 2.0], baseline=baseline_subgroups(subgroups=SUBGROUPS))


def test_subgroups_of_another_size_are_refused() -> None:
    with pytest.raises(MethodError, match=r"the baseline belongs to another chart.*subgroup size 4"):
        chart_subgroups(subgroups=[[1.0, 2.0]], baseline=baseline_subgroups(subgroups=SUBGROUPS))


def test_a_stored_baseline_charts_the_same_as_the_one_just_made() -> None:
    base = baseline_individuals(values=HISTORY)
    stored = to_json(base)
    direct = chart_individuals(values=[100.0, 104.5], baseline=base)
    assert call("quality.chart_individuals", {"values": [100.0, 104.5]}, {"baseline": stored}) == direct
