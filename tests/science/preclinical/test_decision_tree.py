"""Each branch of the trees is told, and leads where the protocol said."""

from __future__ import annotations

import numpy as np
import pytest

from crdmo.science.method import MethodError, call, from_json, to_json
from crdmo.science.preclinical.decision_tree import RankTestOf, Tree, VarianceTest, decision_tree
from crdmo.science.preclinical.dunnett import Side, dunnett
from crdmo.science.preclinical.ranks import dunn, steel
from crdmo.science.preclinical.variances import variance_tests
from crdmo.science.preclinical.williams import shirley, williams

GROUPS = ["control", "low", "mid", "high"]
RNG = np.random.default_rng(3)
LEVEL = [RNG.normal(100, 5, 10).tolist() for _ in range(4)]
RISING = [RNG.normal(100 + shift, 5, 10).tolist() for shift in (0, 2, 8, 16)]
ONE_OFF = [RNG.normal(100 + shift, 5, 10).tolist() for shift in (0, 18, 0, 0)]
UNEQUAL = [RNG.normal(100 + shift, sd, 10).tolist() for shift, sd in ((0, 1), (0, 1), (10, 12), (30, 25))]


def test_equal_variances_and_a_difference_lead_to_dunnett() -> None:
    found = decision_tree(groups=GROUPS, values=RISING)
    assert [(one.test, one.answer) for one in found.path] == [
        ("Bartlett", "equal"),
        ("Analysis of variance", "some group differs"),
    ]
    plain = dunnett(groups=GROUPS, values=RISING)
    assert found.comparison == "Dunnett" and [one.p for one in found.verdicts] == [one.p for one in plain.comparisons]
    assert [one.is_significant for one in found.verdicts] == [one.p <= 0.05 for one in plain.comparisons]


def test_without_any_difference_no_group_is_compared() -> None:
    found = decision_tree(groups=GROUPS, values=LEVEL)
    assert (found.path[-1].answer, found.comparison) == ("no group differs", "")
    assert all(one.p is None and not one.is_significant for one in found.verdicts)


@pytest.mark.parametrize("variance_test", list(VarianceTest))
def test_unequal_variances_lead_to_ranks(variance_test: VarianceTest) -> None:
    by_dunn = decision_tree(groups=GROUPS, values=UNEQUAL, variance_test=variance_test)
    assert [(one.test, one.answer) for one in by_dunn.path] == [
        (variance_test.value.capitalize(), "unequal"),
        ("Kruskal–Wallis", "some group differs"),
    ]
    assert [one.p for one in by_dunn.verdicts] == [one.p for one in dunn(groups=GROUPS, values=UNEQUAL).comparisons]
    by_steel = decision_tree(groups=GROUPS, values=UNEQUAL, variance_test=variance_test, rank_test=RankTestOf.STEEL)
    plain = steel(groups=GROUPS, values=UNEQUAL, side=Side.TWO_SIDED)
    assert by_steel.comparison == "Steel" and [one.p for one in by_steel.verdicts] == [
        one.p for one in plain.comparisons
    ]


def test_a_group_without_variance_takes_the_way_of_ranks_and_says_so() -> None:
    found = decision_tree(groups=GROUPS, values=[[0, 0, 0, 0], [0, 0, 0, 1], [2, 3, 2, 4], [5, 6, 7, 9]])
    assert found.path[0].p is None and "no variance" in found.path[0].answer
    assert found.comparison == "Dunn"


def test_the_trend_of_the_ntp_leads_to_williams_or_shirley_in_its_direction() -> None:
    found = decision_tree(groups=GROUPS, values=RISING, tree=Tree.NTP_NORMAL)
    plain = williams(groups=GROUPS, values=RISING, alpha=0.025)
    assert (found.path[0].test, found.path[0].level, found.comparison) == ("Jonckheere", 0.01, "Williams")
    assert [one.is_significant for one in found.verdicts] == [one.is_significant for one in plain.steps]
    falling = [[-value for value in one] for one in RISING]
    ranks = decision_tree(groups=GROUPS, values=falling, tree=Tree.NTP_RANKS)
    down = shirley(groups=GROUPS, values=falling, side=Side.LESS, alpha=0.025)
    assert ranks.comparison == "Shirley"
    assert [one.is_significant for one in ranks.verdicts] == [one.is_significant for one in down.steps]
    assert decision_tree(groups=GROUPS, values=falling, tree=Tree.NTP_RANKS, side=Side.GREATER).comparison == "Dunn"


def test_without_a_trend_the_ntp_compares_without_the_order_of_doses() -> None:
    normal = decision_tree(groups=GROUPS, values=ONE_OFF, tree=Tree.NTP_NORMAL)
    assert (normal.path[0].answer, normal.comparison) == ("no trend", "Dunnett")
    assert [one.group for one in normal.verdicts if one.is_significant] == ["low"]
    assert decision_tree(groups=GROUPS, values=ONE_OFF, tree=Tree.NTP_RANKS).comparison == "Dunn"


def test_the_result_is_stored_and_read_again() -> None:
    found = call(
        "preclinical.decision_tree", {"groups": GROUPS, "values": RISING}, {"tree": "ntp_ranks", "alpha": 0.01}
    )
    assert from_json("preclinical.decision_tree", to_json(found)) == found


def test_what_cannot_be_compared_is_refused() -> None:
    for bad in (
        {"groups": GROUPS[:2], "values": [[1, 1], [1, 1]]},
        {"groups": GROUPS[:2], "values": [[1, 2], [2]]},
        {"groups": GROUPS[:2], "values": [[1, 2], [2, 3]], "alpha": 5},
        {"groups": GROUPS[:2], "values": [[1, 2], [2, 3]], "variance_alpha": 0},
    ):
        with pytest.raises(MethodError):
            decision_tree(**bad)


def test_spreads_that_are_the_same_are_equal() -> None:
    found = variance_tests(values=[[1.0, 3.0], [5.0, 7.0], [2.0, 4.0]])
    assert (found.levene, found.levene_p, found.bartlett_p) == (0.0, 1.0, 1.0)
