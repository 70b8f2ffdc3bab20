"""Kruskal–Wallis, Dunn, Jonckheere, Williams, Shirley and Steel: Sachs; Shirley 1977; US EPA 2002.

Sachs L, Angewandte Statistik (data in PMCMRplus); Shirley E, Biometrics 1977;33:386; US EPA, EPA-821-R-02-013 (2002),
Ceriodaphnia reproduction.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from crdmo.science.method import MethodError, call
from crdmo.science.preclinical.dunnett import Side, dunnett, together
from crdmo.science.preclinical.jonckheere import jonckheere
from crdmo.science.preclinical.ranks import dunn, steel
from crdmo.science.preclinical.williams import amalgamated, below, quantile, shirley, williams

SACHS = [[106, 114, 116, 127, 145], [110, 125, 143, 148, 151], [136, 139, 149, 160, 174]]
MICE = [
    [2.4, 3.0, 3.0, 2.2, 2.2, 2.2, 2.2, 2.8, 2.0, 3.0], [2.8, 2.2, 3.8, 9.4, 8.4, 3.0, 3.2, 4.4, 3.2, 7.4],
    [9.8, 3.2, 5.8, 7.8, 2.6, 2.2, 6.2, 9.4, 7.8, 3.4], [7.0, 9.8, 9.4, 8.8, 8.8, 3.4, 9.0, 8.4, 2.4, 7.8],
]  # fmt: skip
CERIODAPHNIA = {
    "control": [20, 26, 26, 23, 24, 27, 26, 23, 27, 24], "3 %": [13, 15, 14, 13, 23, 26, 0, 25, 26, 27],
    "6 %": [18, 22, 13, 13, 23, 22, 20, 22, 23, 22], "12 %": [14, 22, 20, 23, 20, 23, 25, 24, 25, 21],
    "25 %": [9, 0, 9, 7, 6, 10, 12, 14, 9, 13],
}  # fmt: skip
THREE, FOUR = ["0", "1", "2"], ["0", "1", "2", "3"]


def test_sachs_by_williams() -> None:
    found = williams(groups=THREE, values=SACHS)
    assert [round(one.t, 7) for one in found.steps] == [1.3567719, 2.9495041]
    assert [one.critical for one in found.steps] == pytest.approx([1.7822876, 1.8730], abs=5e-5)
    assert round(found.steps[0].critical, 7) == 1.7822876
    assert ([one.is_significant for one in found.steps], found.lowest) == ([False, True], "2")


def test_sachs_by_jonckheere() -> None:
    found = jonckheere(groups=THREE, values=SACHS)
    assert (found.j, round(found.z, 7), round(found.p, 9)) == (59, 2.2715633, 0.023112897)
    assert (round(found.z_with_continuity, 7), round(found.p_with_continuity, 7)) == (2.2187363, 0.0265047)


def test_sachs_by_kruskal_wallis_and_dunn() -> None:
    found = dunn(groups=THREE, values=SACHS)
    assert (round(found.h, 2), round(found.h_p, 6)) == (5.12, 0.077305)
    assert [round(one.z, 7) for one in found.comparisons] == [1.1313708, 2.2627417]


def test_mice_by_shirley() -> None:
    found = shirley(groups=FOUR, values=MICE)
    assert [round(one.t, 7) for one in found.steps] == [2.9077231, 3.2190772, 4.0574316]
    assert [one.critical for one in found.steps] == pytest.approx([1.6448536, 1.716, 1.739], abs=5e-4)
    assert found.lowest == "1"


def test_mice_by_kruskal_wallis_and_dunn() -> None:
    found = dunn(groups=FOUR, values=MICE)
    assert round(found.h, 4) == 17.6091
    assert [round(one.z, 7) for one in found.comparisons] == [2.3884172, 2.9543474, 4.0574316]
    assert [round(one.p, 7) for one in found.comparisons[:2]] == [0.0507634, 0.0093999]
    assert round(found.comparisons[2].p, 8) == 0.00014885


def test_ceriodaphnia_by_steel() -> None:
    found = steel(groups=list(CERIODAPHNIA), values=list(CERIODAPHNIA.values()))
    assert [one.rank_sum for one in found.comparisons] == [84.0, 63.5, 76.0, 55.0]
    assert {one.critical for one in found.comparisons} == {76}
    assert (found.none, found.lowest) == ("3 %", "6 %")


def test_kruskal_wallis_agrees_with_scipy_with_ties() -> None:
    theirs = stats.kruskal(*MICE)
    ours = dunn(groups=FOUR, values=MICE)
    assert (ours.h, ours.h_p) == pytest.approx((theirs.statistic, theirs.pvalue), rel=1e-12)


def test_two_groups_by_jonckheere_are_mann_and_whitneys_test_exactly() -> None:
    one, other = [1.1, 2.7, 3.9, 4.4], [2.2, 3.1, 5.6, 6.0, 7.3]
    for side, word in ((Side.GREATER, "greater"), (Side.LESS, "less"), (Side.TWO_SIDED, "two-sided")):
        theirs = stats.mannwhitneyu(other, one, alternative=word, method="exact")
        assert jonckheere(groups=["0", "1"], values=[one, other], side=side).exact_p == pytest.approx(
            theirs.pvalue, rel=1e-12
        )


def test_the_exact_trend_is_that_of_all_arrangements() -> None:
    values = [[1.0, 4.0], [2.0, 6.0], [3.0, 5.0, 7.0]]
    found = jonckheere(groups=THREE, values=values, side=Side.GREATER)
    whole = [value for one in values for value in one]
    all_j = [
        jonckheere(groups=THREE, values=[one[:2], one[2:4], one[4:]]).j
        for one in {(*sorted(p[:2]), *sorted(p[2:4]), *sorted(p[4:])) for p in permutations(whole)}
    ]
    assert found.exact_p == pytest.approx(sum(j >= found.j for j in all_j) / len(all_j), rel=1e-12)
    assert jonckheere(groups=THREE, values=[[1, 1], [2, 3], [4, 5]]).exact_p is None


def test_ranks_know_only_the_order() -> None:
    moved = [[float(np.exp(value / 3)) for value in one] for one in MICE]
    assert dunn(groups=FOUR, values=moved) == dunn(groups=FOUR, values=MICE)
    assert jonckheere(groups=FOUR, values=moved) == jonckheere(groups=FOUR, values=MICE)
    assert shirley(groups=FOUR, values=moved) == shirley(groups=FOUR, values=MICE)


def test_the_other_direction_is_the_mirror() -> None:
    turned = [[-value for value in one] for one in MICE]
    up, down = williams(groups=FOUR, values=MICE), williams(groups=FOUR, values=turned, side=Side.LESS)
    assert [one.p for one in up.steps] == pytest.approx([one.p for one in down.steps], abs=1e-12)
    up, down = shirley(groups=FOUR, values=MICE), shirley(groups=FOUR, values=turned, side=Side.LESS)
    assert [one.t for one in up.steps] == pytest.approx([one.t for one in down.steps], abs=1e-12)


def test_means_are_amalgamated_without_the_control_and_with_weights() -> None:
    assert amalgamated(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 2.0])).tolist() == [2.0, 2.0, 2.0]
    assert amalgamated(np.array([1.0, 3.0, 2.0]), np.ones(3)).tolist() == [1.0, 2.5, 2.5]
    values = [[9, 10, 11], [0, 1, 2], [3, 4, 5], [12, 13, 15]]
    assert [one.amalgamated for one in williams(groups=FOUR, values=values).steps] == pytest.approx([1, 4, 40 / 3])


def test_testing_stops_at_the_first_dose_without_an_effect() -> None:
    values = [[9, 10, 11.5], [19, 20, 21], [9.2, 10, 10.6], [9.9, 10, 10.7]]
    found = williams(groups=FOUR, values=values)
    assert [one.amalgamated for one in found.steps] == pytest.approx([13.4] * 3, abs=0.05)
    low = williams(groups=FOUR, values=[[9, 10, 11], [12, 13, 14.5], [9, 10, 11], [8, 9, 10]], side=Side.LESS)
    assert ([one.is_tested for one in low.steps], low.lowest) == ([False, False, True], "")


def test_one_dose_group_by_williams_is_students_t() -> None:
    assert quantile((3.0, 7.0), 8.0, 0.95) == pytest.approx(float(stats.t.ppf(0.95, 8)), abs=1e-9)
    found = williams(groups=["0", "1"], values=[[9.1, 10.4, 11.0, 10.2], [12.0, 11.1, 13.3]])
    plain = stats.ttest_ind([12.0, 11.1, 13.3], [9.1, 10.4, 11.0, 10.2], alternative="greater")
    assert found.steps[0].p == pytest.approx(float(plain.pvalue), abs=1e-10)


@pytest.mark.parametrize("n", [(5.0, 5.0, 5.0), (8.0, 3.0, 6.0), (9.0, 4.0, 7.0, 5.0)])
def test_the_distribution_is_that_of_a_multivariate_normal(n: tuple[float, ...]) -> None:
    """A second way: the pooled means of the last one, two … groups against the control are jointly normal."""
    bound, k = 1.9, len(n) - 1
    pools = np.zeros((k, k + 1))
    for row in range(k):
        last = np.array(n[k - row :])
        pools[row, 0], pools[row, k - row :] = -1.0, last / last.sum()
    covariance = pools @ np.diag(1 / np.array(n)) @ pools.T
    limit = bound * np.sqrt(1 / n[-1] + 1 / n[0])
    expected = stats.multivariate_normal.cdf(
        np.full(k, limit), np.zeros(k), covariance, maxpts=1_000_000, abseps=1e-8, releps=1e-8
    )
    assert below(n, np.inf, bound) == pytest.approx(float(expected), abs=2e-7)


def test_the_error_is_kept_with_unequal_groups() -> None:
    n, rng = (9.0, 4.0, 7.0, 5.0), np.random.default_rng(5)
    bound = quantile(n, 21.0, 0.95)
    means = [rng.normal(0, 1 / np.sqrt(size), 40_000) for size in n]
    sums, sizes = np.zeros(40_000), 0.0
    highest = np.full(40_000, -np.inf)
    for mean, size in zip(means[:0:-1], n[:0:-1], strict=True):
        sums, sizes = sums + size * mean, sizes + size
        highest = np.maximum(highest, sums / sizes)
    s = np.sqrt(rng.chisquare(21, 40_000) / 21)
    t = (highest - means[0]) / (s * np.sqrt(1 / n[-1] + 1 / n[0]))
    assert float((t > bound).mean()) == pytest.approx(0.05, abs=0.0033)  # three standard errors
    assert below(n, 21.0, bound) == pytest.approx(0.95, abs=1e-9)


def test_p_is_the_same_at_every_call_and_through_plain_json() -> None:
    groups, values = list(CERIODAPHNIA), list(CERIODAPHNIA.values())
    assert steel(groups=groups, values=values) == steel(groups=groups, values=values)
    assert call("preclinical.williams", {"groups": THREE, "values": SACHS}, {"side": "greater"}) == williams(
        groups=THREE, values=SACHS
    )
    assert together(np.array([0.6, 0.7]), 9, 2.0, two_sided=True) == together(
        np.array([0.6, 0.7]), 9, 2.0, two_sided=True
    )
    assert dunnett(groups=THREE, values=SACHS) == dunnett(groups=THREE, values=SACHS)


def test_what_cannot_be_ranked_or_followed_is_refused() -> None:
    same = [[1, 1], [1, 1]]
    for run in (dunn, jonckheere, steel, shirley, williams):
        with pytest.raises(MethodError):
            run(groups=["0", "1"], values=same)
        with pytest.raises(MethodError):
            run(groups=["0", "1"], values=[[1, 2], [float("nan"), 1]])
        with pytest.raises(MethodError):
            run(groups=["0"], values=[[1, 2]])
    for run in (williams, shirley):
        with pytest.raises(MethodError, match="one direction"):
            run(groups=THREE, values=SACHS, side=Side.TWO_SIDED)
        with pytest.raises(MethodError, match="alpha is no share"):
            run(groups=THREE, values=SACHS, alpha=5)
