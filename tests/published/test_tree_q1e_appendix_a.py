"""TREE: the paths of ICH Q1E, Appendix A."""

from __future__ import annotations

from typing import Any

import pytest

from crdmo.science.quality.extrapolation import Change, Storage, extrapolation

pytestmark = pytest.mark.clause("ICH Q1E Appendix A")


def _walk(x: float, **facts: Any) -> Any:
    chosen: dict[str, Any] = {
        "storage": Storage.ROOM,
        "accelerated": Change.NONE,
        "little_change_and_variability": False,
        "statistical_analysis": False,
    }
    return extrapolation(months_of_data=x, **{**chosen, **facts})


def test_tree_1_no_significant_change_and_little_variability_12_months_give_24() -> None:
    assert _walk(12, little_change_and_variability=True).months == 24


def test_tree_2_variability_with_statistics_18_months_give_30() -> None:
    assert _walk(18, statistical_analysis=True).months == 30


def test_tree_3_variability_without_statistics_18_months_give_24() -> None:
    assert _walk(18).months == 24


def test_tree_4_accelerated_fails_intermediate_holds_with_statistics_9_months_give_13() -> None:
    found = _walk(9, accelerated=Change.YES, intermediate=Change.NONE, statistical_analysis=True)
    assert (found.months, found.exact_months) == (13, 13.5)


def test_tree_5_intermediate_fails_24_months_stay_24() -> None:
    found = _walk(24, accelerated=Change.YES, intermediate=Change.YES, statistical_analysis=True)
    assert (found.months, found.beyond_data) == (24, False)


def test_tree_6_refrigerated_with_statistics_12_months_give_18() -> None:
    assert _walk(12, storage=Storage.REFRIGERATED, statistical_analysis=True).months == 18
