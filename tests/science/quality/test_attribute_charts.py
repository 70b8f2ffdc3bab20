"""Charts of counts: limits, false alarms and overdispersion."""

from __future__ import annotations

import numpy as np
import pytest

from crdmo.science.method import MethodError
from crdmo.science.quality.attribute_charts import AttributeKind, baseline_attributes, chart_attributes

RNG = np.random.default_rng(4)


def _alarm_share(counts: np.ndarray, sizes: np.ndarray, kind: AttributeKind, *, widen: bool = False) -> float:
    base = baseline_attributes(
        kind=kind, counts=counts[:200].tolist(), sizes=sizes[:200].tolist(), widen_for_overdispersion=widen
    )
    chart = chart_attributes(counts=counts.tolist(), sizes=sizes.tolist(), baseline=base)
    return len(chart.signals) / counts.size


def test_the_limits_of_a_p_chart_are_those_of_the_binomial() -> None:
    base = baseline_attributes(kind=AttributeKind.P, counts=[12, 15, 8, 10, 5], sizes=[50] * 5)
    chart = chart_attributes(counts=[10, 25], sizes=[50, 50], baseline=base)
    # p̄ = 0.2, 0.2 ± 3·√(0.2·0.8/50)
    assert (chart.lower[0], chart.upper[0]) == (pytest.approx(0.03029, abs=1e-5), pytest.approx(0.36971, abs=1e-5))
    assert [s.position for s in chart.signals] == [2]


def test_samples_of_varying_size_have_varying_limits() -> None:
    base = baseline_attributes(kind=AttributeKind.U, counts=[4, 5, 6, 4, 5], sizes=[1, 1, 2, 1, 1])
    chart = chart_attributes(counts=[4, 4], sizes=[1, 4], baseline=base)
    assert chart.upper[0] > chart.upper[1]
    assert chart.centre == base.rate == 4.0


def test_an_np_chart_counts_and_a_p_chart_shares_signal_alike() -> None:
    counts, sizes = RNG.binomial(80, 0.1, 300).tolist(), [80] * 300
    signals = []
    for kind in (AttributeKind.P, AttributeKind.NP):
        base = baseline_attributes(kind=kind, counts=counts[:50], sizes=sizes[:50])
        chart = chart_attributes(counts=[*counts, 30], sizes=[*sizes, 80], baseline=base)
        signals.append([s.position for s in chart.signals])
    assert signals[0] == signals[1]
    assert signals[0][-1] == 301


@pytest.mark.parametrize("mean", [0.1, 0.7, 4.0, 25.0])
def test_the_stated_false_alarm_rate_is_the_simulated_one(mean: float) -> None:
    counts = RNG.poisson(mean, 300_000)
    base = baseline_attributes(kind=AttributeKind.C, counts=counts.tolist(), sizes=[1.0] * counts.size)
    chart = chart_attributes(counts=counts.tolist(), sizes=[1.0] * counts.size, baseline=base)
    assert len(chart.signals) / counts.size == pytest.approx(base.false_alarm_rate, rel=0.15, abs=0.0003)


@pytest.mark.parametrize("mean", [0.05, 0.5, 2.0])
def test_counts_near_zero_never_give_a_negative_limit(mean: float) -> None:
    counts = RNG.poisson(mean, 500)
    base = baseline_attributes(kind=AttributeKind.C, counts=counts.tolist(), sizes=[1.0] * 500)
    assert min(chart_attributes(counts=[0, 1], sizes=[1, 1], baseline=base).lower) >= 0.0


def test_overdispersed_counts_are_said_to_be_and_widened_only_when_asked() -> None:
    counts = RNG.negative_binomial(2, 0.1, 2000)
    sizes = np.ones(2000)
    plain = baseline_attributes(kind=AttributeKind.U, counts=counts.tolist(), sizes=sizes.tolist())
    assert plain.dispersion > 5
    assert plain.laney_factor == 1.0
    assert any("vary more than chance" in reason for reason in plain.reasons)
    assert _alarm_share(counts, sizes, AttributeKind.U) > 0.10
    assert _alarm_share(counts, sizes, AttributeKind.U, widen=True) < 0.03


def test_counts_by_chance_alone_are_not_called_overdispersed() -> None:
    counts = RNG.poisson(6, 200)
    base = baseline_attributes(kind=AttributeKind.C, counts=counts.tolist(), sizes=[1.0] * 200)
    assert base.dispersion == pytest.approx(1.0, abs=0.3)


def test_a_baseline_of_zeros_gives_no_limits() -> None:
    with pytest.raises(MethodError, match="chart the time or number of units between events"):
        baseline_attributes(kind=AttributeKind.C, counts=[0] * 10, sizes=[1.0] * 10)


def test_more_nonconforming_units_than_units_are_refused() -> None:
    with pytest.raises(MethodError, match="counts and sizes do not describe samples"):
        baseline_attributes(kind=AttributeKind.P, counts=[6, 1, 1, 1, 1], sizes=[5] * 5)


def test_half_a_count_is_refused() -> None:
    with pytest.raises(MethodError, match="counts and sizes do not describe samples"):
        baseline_attributes(kind=AttributeKind.C, counts=[1.5, 1, 1, 1, 1], sizes=[1] * 5)


def test_an_np_chart_refuses_another_sample_size() -> None:
    base = baseline_attributes(kind=AttributeKind.NP, counts=[5, 4, 6, 5, 5], sizes=[50] * 5)
    with pytest.raises(MethodError, match="the samples differ in size from the baseline"):
        chart_attributes(counts=[5], sizes=[60], baseline=base)
