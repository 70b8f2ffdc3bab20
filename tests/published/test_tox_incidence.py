"""Quantal trend, 0 3 7 11 15 of 25 25 24 24 24 at 0 10 50 150 400: R prop.trend.test and fisher.test."""

from __future__ import annotations

import pytest

from crdmo.science.method import MethodError
from crdmo.science.preclinical.incidence import incidence_tests

AFFECTED, EXAMINED = [0, 3, 7, 11, 15], [25, 25, 24, 24, 24]


@pytest.mark.parametrize(
    ("scores", "chi", "p"),
    [([0, 10, 50, 150, 400], 24.621035, 6.97858e-07), ([0, 1, 2, 3, 4], 29.679263, 5.0977e-08)],
)
def test_the_scores_change_the_trend(scores: list[float], chi: float, p: float) -> None:
    found = incidence_tests(affected=AFFECTED, examined=EXAMINED, scores=scores)
    assert found.trend_chi_square == pytest.approx(chi, abs=6e-7)
    assert found.trend_p_two_sided == pytest.approx(p, rel=1e-5)


def test_fisher_one_sided_against_the_control() -> None:
    found = incidence_tests(affected=AFFECTED, examined=EXAMINED, scores=[0, 1, 2, 3, 4])
    assert found.fisher_p_greater == pytest.approx([0.1173469, 0.004029123, 8.567240e-05, 8.298553e-07], rel=1e-6)


@pytest.mark.parametrize(
    ("affected", "scores"), [([0, 26], [0, 1]), ([1, 2], [1, 0]), ([0, 0], [0, 1]), ([1, 2], [0, float("nan")])]
)
def test_what_cannot_be_tested_is_refused(affected: list[int], scores: list[float]) -> None:
    with pytest.raises(MethodError):
        incidence_tests(affected=affected, examined=[25, 25], scores=scores)
