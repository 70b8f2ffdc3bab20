"""Quantal trend, 0 3 7 11 15 of 25 25 24 24 24 at 0 10 50 150 400 (the dichotomous example of pybmds 25.2).

Both trends are χ² = (Σ x d − p Σ n d)² / (p q Σ n (d − d̄)²), which a test below computes in fractions; the tails of Fisher's test
are sums of binomial coefficients, computed likewise.
"""

from __future__ import annotations

from fractions import Fraction
from math import comb

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


def test_the_figures_follow_from_their_definitions_in_exact_fractions() -> None:
    doses = [0, 10, 50, 150, 400]
    total, share = sum(EXAMINED), Fraction(sum(AFFECTED), sum(EXAMINED))
    centre = Fraction(sum(n * d for n, d in zip(EXAMINED, doses, strict=True)), total)
    slope = sum(x * (d - centre) for x, d in zip(AFFECTED, doses, strict=True))
    spread = sum(n * (d - centre) ** 2 for n, d in zip(EXAMINED, doses, strict=True))
    found = incidence_tests(affected=AFFECTED, examined=EXAMINED, scores=doses)
    assert found.trend_chi_square == pytest.approx(float(slope**2 / (share * (1 - share) * spread)), rel=1e-13)
    tails = [
        Fraction(sum(comb(n, k) * comb(25, x - k) for k in range(x, min(n, x) + 1)), comb(n + 25, x))
        for x, n in zip(AFFECTED[1:], EXAMINED[1:], strict=True)
    ]
    assert found.fisher_p_greater == pytest.approx([float(tail) for tail in tails], rel=1e-12)


def test_the_unit_of_the_dose_changes_nothing() -> None:
    one = incidence_tests(affected=AFFECTED, examined=EXAMINED, scores=[0, 10, 50, 150, 400])
    other = incidence_tests(affected=AFFECTED, examined=EXAMINED, scores=[0, 0.01, 0.05, 0.15, 0.4])
    assert one.trend_chi_square == pytest.approx(other.trend_chi_square, rel=1e-12)
