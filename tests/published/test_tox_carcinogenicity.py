"""Tumour tests against published figures.

* Poly-3 on the bronchial tumours of Piegorsch and Bailer (1997), Statistics for Environmental Biology and Toxicology, table
  6.5: rates and Dunnett-type comparisons as MCPAN computes them (Schaarschmidt, Sill, Hothorn, Biom J 2008;50:934).
* Peto on the 18 animals and three tumours of the SAS/STAT User's Guide, MULTTEST, "Peto Mortality-Prevalence Test": the
  exact p is written out here over every arrangement.
* Cochran-Armitage exact: the same, over every table with the margins of the quantal example.
"""

from __future__ import annotations

import csv
from fractions import Fraction
from itertools import combinations, product
from math import comb

import numpy as np
import pytest

from crdmo.science.preclinical.incidence import incidence_tests
from crdmo.science.preclinical.peto import Context, peto_trend
from crdmo.science.preclinical.poly_k import PolyK, RateVariance, poly_k
from tests import shared_data

# Tumours 1 to 3 (0 none, 1 incidental, 2 fatal), time of death, dose.
SAS = [
    (0, 0, 0, 104, 0), (2, 0, 1, 80, 0), (0, 0, 1, 104, 0), (0, 0, 0, 104, 0), (0, 2, 0, 100, 0), (1, 0, 0, 104, 0),
    (2, 0, 0, 85, 1), (2, 1, 0, 60, 1), (0, 1, 0, 89, 1), (2, 0, 1, 96, 1), (0, 0, 0, 96, 1), (2, 0, 1, 99, 1),
    (2, 1, 1, 60, 2), (2, 0, 0, 50, 2), (2, 0, 1, 80, 2), (0, 0, 2, 98, 2), (0, 0, 1, 99, 2), (2, 1, 1, 50, 2),
]  # fmt: skip
CONTEXT = [Context.NONE, Context.INCIDENTAL, Context.FATAL]


@pytest.fixture(scope="module")
def bronch() -> dict[str, list[object]]:
    with shared_data.path("preclinical/toxstats/portier_bailer_bronch.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {
        "group": [row["group"] for row in rows],
        "time": [float(row["time"]) for row in rows],
        "tumour": [row["Y"] == "TRUE" for row in rows],
    }


def poly3(bronch: dict[str, list[object]], variance: RateVariance = RateVariance.BAILER_PORTIER) -> PolyK:
    return poly_k(groups=["0", "1", "2", "3"], scores=[0, 1, 2, 4], variance=variance, **bronch)


def test_poly3_adjusted_rates(bronch) -> None:
    rows = poly3(bronch).groups
    assert [one.tumours for one in rows] == [4, 9, 11, 7]
    assert [round(one.adjusted_animals, 6) for one in rows] == [41.836839, 40.966075, 38.490356, 22.813537]
    assert [round(one.rate, 9) for one in rows] == [0.095609517, 0.219693977, 0.285785876, 0.306835364]


def test_poly3_comparisons_with_the_control(bronch) -> None:
    rows = poly3(bronch).groups[1:]
    assert [round(one.z, 4) for one in rows] == [1.5694, 2.2153, 1.9792]
    assert [round(one.p_simultaneous, 4) for one in rows] == [0.2992, 0.0758, 0.1320]
    # Printed .0759 for the second: a simulated p of mvtnorm, whose error shows in the fourth digit. By quadrature .075840.
    assert rows[1].p_simultaneous == pytest.approx(0.0759, abs=1e-4)


def test_the_survival_adjustment_decides(bronch) -> None:
    plain = incidence_tests(affected=[4, 9, 11, 7], examined=[50] * 4, scores=[0, 1, 2, 4])
    assert (round(plain.trend_chi_square, 5), round(plain.trend_p_two_sided, 2)) == (0.39375, 0.53)
    adjusted = poly3(bronch)
    assert adjusted.bieler_williams_p_greater < 0.05 and adjusted.bailer_portier_p_greater < 0.05


def permuted_p(strata: list[tuple[list[int], int]], seen: int) -> Fraction:
    """Return the share of all choices of affected animals, written out, whose sum of doses reaches `seen`."""
    sums = [[sum(chosen) for chosen in combinations(doses, hits)] for doses, hits in strata]
    return Fraction(sum(sum(one) >= seen for one in product(*sums)), int(np.prod([len(one) for one in sums])))


@pytest.mark.parametrize("tumour", [1, 2])
def test_peto_exact_is_that_of_all_arrangements(tumour: int) -> None:
    strata: list[tuple[list[int], int]] = []
    for when in sorted({row[3] for row in SAS if row[tumour] == 2}):
        strata.append(([r[4] for r in SAS if r[3] >= when], sum(r[tumour] == 2 and r[3] == when for r in SAS)))
    for early in (True, False):
        inside = [r for r in SAS if (r[3] <= 90) == early and r[tumour] != 2]
        strata.append(([r[4] for r in inside], sum(r[tumour] == 1 for r in inside)))
    expected = permuted_p(strata, sum(row[4] for row in SAS if row[tumour]))
    assert sas(tumour).exact_p_greater == pytest.approx(float(expected), rel=1e-12)


def sas(tumour: int):
    return peto_trend(
        groups=["0", "1", "2"],
        scores=[0, 1, 2],
        group=[str(row[4]) for row in SAS],
        time=[row[3] for row in SAS],
        context=[CONTEXT[row[tumour]] for row in SAS],
        interval_ends=[90],
    )


def test_peto_counts_each_tumour_in_its_context() -> None:
    found = sas(0)
    assert [(s.context, s.until) for s in found.strata][:3] == [(Context.FATAL, t) for t in (50, 60, 80)]
    assert found.strata[-1].at_risk == (5, 1, 2) and found.strata[-1].tumours == (1, 0, 0)
    # An approximation is no exact p: at 12 tumours of 18 animals the two differ by half.
    assert (round(found.p_greater, 4), round(found.exact_p_greater, 4)) == (0.0427, 0.0681)


def test_cochran_armitage_exact_is_the_sum_over_all_tables() -> None:
    affected, examined, scores = [0, 1, 2, 4], [8, 9, 8, 10], [0, 1, 2, 3]
    seen = sum(x * d for x, d in zip(affected, scores, strict=True))
    ways = sum(
        int(np.prod([comb(n, x) for n, x in zip(examined, table, strict=True)]))
        for table in product(*(range(n + 1) for n in examined))
        if sum(table) == 7 and sum(x * d for x, d in zip(table, scores, strict=True)) >= seen
    )
    found = incidence_tests(affected=affected, examined=examined, scores=scores)
    assert found.trend_exact_p_greater == pytest.approx(float(Fraction(ways, comb(35, 7))), rel=1e-12)
    assert found.is_exact_needed and found.trend_p_greater < found.trend_exact_p_greater


def test_two_groups_exact_trend_is_fishers_test() -> None:
    found = incidence_tests(affected=[1, 6], examined=[20, 19], scores=[0, 0.3])
    assert found.trend_exact_p_greater == pytest.approx(found.fisher_p_greater[0], rel=1e-12)
