"""Statistics of plates: given where they are defined, refused with the reason where they are not."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdmo.science.discovery.normalisation import percent_inhibition, percent_of_control, z_scores
from crdmo.science.discovery.plate_quality import plate_quality
from crdmo.science.discovery.reproducibility import reference_repeatability, run_agreement
from crdmo.science.method import MethodError, call

SIGNALS = st.lists(st.integers(1, 10_000).map(float), min_size=2, max_size=12)


def test_the_spread_is_that_of_a_sample() -> None:
    """With the population standard deviation Z' would come out as 0.91393."""
    q = plate_quality(negative=[100, 102, 98, 101, 99, 100], positive=[10, 12, 11, 9, 10, 8])
    assert q.z_prime is not None and round(q.z_prime, 3) == 0.906


def test_ssmd_is_positive_minus_negative() -> None:
    up = plate_quality(negative=[10, 11, 9], positive=[100, 101, 99])
    down = plate_quality(negative=[100, 101, 99], positive=[10, 11, 9])
    assert up.ssmd is not None and up.ssmd > 0 and down.ssmd == pytest.approx(-up.ssmd)


def test_one_well_defines_no_statistic_of_spread() -> None:
    q = plate_quality(negative=[100.0], positive=[10.0, 11.0])
    assert (q.z_prime, q.robust_z_prime, q.ssmd, q.robust_ssmd, q.signal_window) == (None,) * 5
    assert set(q.undefined) >= {"z_prime", "ssmd", "robust_ssmd", "signal_window"}
    assert q.negative.standard_deviation is None and q.signal_to_background is not None


def test_controls_that_are_equal_have_no_z_prime() -> None:
    q = plate_quality(negative=[5, 6, 7], positive=[7, 6, 5])
    assert q.z_prime is None and "same mean" in q.undefined["z_prime"]
    assert q.ssmd == 0.0


def test_controls_that_do_not_vary_have_no_ssmd() -> None:
    q = plate_quality(negative=[5, 5], positive=[7, 7])
    assert q.ssmd is None and q.signal_window is None and q.z_prime == 1.0


def test_a_background_below_zero_gives_no_ratio_and_no_cv() -> None:
    q = plate_quality(negative=[100, 101], positive=[-1, -2])
    assert q.signal_to_background is None and "not above 0" in q.undefined["signal_to_background"]
    assert "cv_percent of the positive control" in q.undefined


@pytest.mark.parametrize("bad", [[], [1.0, math.nan], [1.0, math.inf]])
def test_a_control_without_numbers_is_refused(bad: list[float]) -> None:
    with pytest.raises(MethodError, match="negative control"):
        plate_quality(negative=bad, positive=[1.0, 2.0])


@given(SIGNALS, SIGNALS, st.integers(2, 9))
def test_a_change_of_unit_changes_no_statistic(negative: list[float], positive: list[float], factor: int) -> None:
    one = plate_quality(negative=negative, positive=positive)
    other = plate_quality(negative=[factor * v for v in negative], positive=[factor * v for v in positive])
    for name in ("z_prime", "robust_z_prime", "ssmd", "robust_ssmd", "signal_to_background", "signal_window"):
        a, b = getattr(one, name), getattr(other, name)
        assert (a is None) == (b is None)
        # Means of equal value may differ in the last bit, which 1/difference would blow up.
        if a is not None and abs(a) < 1e6:
            assert a == pytest.approx(b, rel=1e-6, abs=1e-9)


def test_the_controls_lie_at_0_and_100_percent_inhibition() -> None:
    found = call(
        "discovery.percent_inhibition", {"signals": [100, 10, 190, -80], "negative": [100], "positive": [10]}, {}
    )
    assert found.values == pytest.approx((0, 100, -100, 200))


def test_the_wrong_control_turns_inhibition_round_and_does_not_hide() -> None:
    right = percent_inhibition(signals=[20.0], negative=[100.0], positive=[10.0])
    wrong = percent_inhibition(signals=[20.0], negative=[10.0], positive=[100.0])
    assert right.values[0] == pytest.approx(100 - wrong.values[0])


def test_controls_without_distance_are_refused() -> None:
    with pytest.raises(MethodError, match="nothing between the controls"):
        percent_inhibition(signals=[1.0], negative=[5.0], positive=[5.0])


def test_percent_of_a_control_at_zero_is_refused() -> None:
    with pytest.raises(MethodError, match="above zero"):
        percent_of_control(signals=[1.0], negative=[-1.0, 1.0])


def test_percent_of_control_takes_mean_or_median() -> None:
    assert percent_of_control(signals=[50.0], negative=[100, 100, 400]).values[0] == 25.0
    assert percent_of_control(signals=[50.0], negative=[100, 100, 400], centre="median").values[0] == 50.0


def test_z_scores_have_mean_0_and_sd_1() -> None:
    found = z_scores(signals=[1, 2, 3, 4, 10], robust=False).values
    assert sum(found) == pytest.approx(0) and sum(v * v for v in found) == pytest.approx(4)


def test_wells_without_spread_have_no_z() -> None:
    with pytest.raises(MethodError, match="no spread"):
        z_scores(signals=[1, 1, 1, 1, 9])


def test_a_potency_that_is_none_has_no_msr() -> None:
    with pytest.raises(MethodError, match="not above zero"):
        reference_repeatability(potencies=[1, 2, 0])
    with pytest.raises(MethodError, match="do not belong together"):
        run_agreement(run_1=[1, 2, 3], run_2=[1, 2])
    with pytest.raises(MethodError, match="too few"):
        run_agreement(run_1=[1, 2], run_2=[1, 2])


def test_changing_the_runs_over_turns_the_ratio_round_and_keeps_the_msr() -> None:
    a, b = [1.0, 5.0, 20.0, 90.0], [1.5, 4.0, 33.0, 80.0]
    one, other = run_agreement(run_1=a, run_2=b), run_agreement(run_1=b, run_2=a)
    assert one.mean_ratio == pytest.approx(1 / other.mean_ratio)
    assert one.minimum_significant_ratio == pytest.approx(other.minimum_significant_ratio)
