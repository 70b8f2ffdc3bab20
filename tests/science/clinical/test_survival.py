"""Survival: flat medians, strata, invariance, and the refusals."""

from __future__ import annotations

import math

import pytest

from crdmo.science.clinical.survival import Band, kaplan_meier, log_rank
from crdmo.science.method import MethodError


def test_the_median_where_the_curve_is_flat_at_one_half_is_the_middle() -> None:
    assert kaplan_meier(time=[1, 2, 4, 8], event=[True] * 4).median == 3


def test_without_censoring_survival_is_the_share_alive() -> None:
    assert kaplan_meier(time=[3, 1, 2, 2], event=[True] * 4).survival == pytest.approx((0.75, 0.25, 0))


@pytest.mark.parametrize("band", list(Band))
def test_intervals_hold_the_estimate_within_nought_and_one(band: Band) -> None:
    found = kaplan_meier(time=[1, 2, 2, 3, 5, 6, 9], event=[True, False, True, True, False, True, False], band=band)
    for low, middle, high in zip(found.lower, found.survival, found.upper, strict=True):
        assert 0 <= low <= middle <= high <= 1


def test_after_the_last_death_there_is_no_interval() -> None:
    assert math.isnan(kaplan_meier(time=[1, 2], event=[True, True]).upper[-1])


def test_a_stratum_of_one_adds_nothing_and_a_time_unit_changes_nothing() -> None:
    time, event, group = [1.0, 2, 3, 4, 5, 6], [True] * 6, list("ababab")
    plain = log_rank(time=time, event=event, group=group)
    more = log_rank(time=[*time, 3], event=[*event, True], group=[*group, "a"], strata=["x"] * 6 + ["y"])
    weeks = log_rank(time=[t * 7 for t in time], event=event, group=group)
    assert more.chi_square == pytest.approx(plain.chi_square)
    assert weeks == plain


def test_ties_have_the_hypergeometric_variance() -> None:
    """Two of four die at once, both in a: gap 1, variance 2·(2/3)·(1/4), by hand."""
    found = log_rank(time=[1, 1, 2, 2], event=[True, True, False, False], group=list("aabb"))
    assert found.chi_square == pytest.approx(1 / (2 * 2 / 3 / 4))


def test_refusals() -> None:
    with pytest.raises(MethodError, match="negative"):
        kaplan_meier(time=[-1], event=[True])
    with pytest.raises(MethodError, match="no finite number"):
        kaplan_meier(time=[math.nan], event=[True])
    with pytest.raises(MethodError, match="do not belong together"):
        kaplan_meier(time=[1, 2], event=[True])
    with pytest.raises(MethodError, match="neither yes nor no"):
        kaplan_meier(time=[1], event=[2])  # type: ignore[list-item]
    with pytest.raises(MethodError, match="nothing to compare"):
        log_rank(time=[1, 2], event=[True, True], group=["a", "a"])
    with pytest.raises(MethodError, match="no event happened"):
        log_rank(time=[1, 2], event=[False, False], group=["a", "b"])
