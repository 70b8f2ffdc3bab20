"""Which comparison with the control is made follows a tree that the protocol fixed before; every branch is told with its p.

The usual tree asks for equal variances, then for any difference, then compares each dose group. The tree of the National
Toxicology Program asks for a trend, then compares by a test that uses the order of the doses, or by one that does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from crdmo.science.checks import share
from crdmo.science.method import MethodError, method

from .dunnett import Side, control_and_doses, dunnett
from .jonckheere import jonckheere
from .ranks import dunn, steel
from .variances import variance_tests
from .williams import shirley, williams

# The two-sided level of the trend test in the tree of the National Toxicology Program.
NTP_TREND = 0.01


class Tree(Enum):
    """The tree: usual; or the NTP's for values that are taken as normal (weights), or for skewed ones (pathology)."""

    USUAL = "usual"
    NTP_NORMAL = "ntp_normal"
    NTP_RANKS = "ntp_ranks"


class VarianceTest(Enum):
    """Which test asks for equal variances."""

    BARTLETT = "bartlett"
    LEVENE = "levene"


class RankTestOf(Enum):
    """Which comparison is made where variances differ."""

    DUNN = "dunn"
    STEEL = "steel"


@dataclass(frozen=True)
class Branch:
    """One question of the tree: the test, its statistic and p (None where it is not defined), the level, the answer."""

    test: str
    statistic: float | None
    p: float | None
    level: float
    answer: str


@dataclass(frozen=True)
class Verdict:
    """One dose group against the control; p is None where the tree ended before, or the step down had stopped."""

    group: str
    statistic: float | None
    p: float | None
    is_significant: bool


@dataclass(frozen=True)
class TreeResult:
    """The path through the tree, the comparison at its end ("" where there is none), and the verdict of each group."""

    tree: Tree
    path: tuple[Branch, ...]
    comparison: str
    verdicts: tuple[Verdict, ...]


@method(
    "preclinical.decision_tree",
    version="1.0",
    title="Comparison with the control by a decision tree",
    source="Gad SC, Statistics and Experimental Design for Toxicologists, 4th ed. 2006; NTP, Statistical Procedures: "
    "Jonckheere 1954, Williams 1971, Shirley 1977, Dunnett 1955, Dunn 1964",
)
def decision_tree(
    *,
    groups: Sequence[str],
    values: Sequence[Sequence[float]],
    tree: Tree = Tree.USUAL,
    variance_test: VarianceTest = VarianceTest.BARTLETT,
    rank_test: RankTestOf = RankTestOf.DUNN,
    side: Side = Side.TWO_SIDED,
    alpha: float = 0.05,
    variance_alpha: float = 0.05,
) -> TreeResult:
    """Return the path and the verdict of each dose group.

    Args:
        groups: names, the control first, doses rising.
        values: of each group, any one unit: one value for each experimental unit.
        tree: as fixed in the protocol.
        variance_test: of the usual tree.
        rank_test: of the usual tree, where variances differ. Groups without any variance take this way.
        side: of the comparisons. After a trend, the NTP's trees test in its direction, at half of a two-sided level.
        alpha: level of the comparisons, and of the test for any difference in the usual tree.
        variance_alpha: level of the test for equal variances.

    Raises:
        MethodError: as `dunnett`; a level that is no share; all values are the same.

    Source: Gad (2006) for the usual tree; the NTP's statistical procedures for the others.

    The recovery data of Bretz, Hothorn and Westfall (2010):

    >>> found = decision_tree(groups=["b0", "b1", "b2", "b3"], values=[
    ...     [15, 13, 12, 16, 16, 17, 13, 13, 16, 17, 17, 19, 17, 15, 13, 12, 16, 10, 17, 12], [13, 16, 9], [5, 8, 9],
    ...     [14, 16, 16, 12, 7, 12, 13, 13, 9, 16, 13, 18, 13, 12, 13]])
    >>> [one.test for one in found.path], found.comparison, [one.group for one in found.verdicts if one.is_significant]
    (['Bartlett', 'Analysis of variance'], 'Dunnett', ['b2'])
    """
    samples = control_and_doses(groups, values)
    level, variance_level = share("alpha", alpha), share("variance_alpha", variance_alpha)
    if len({float(value) for one in samples for value in one}) == 1:
        raise MethodError(
            "there is nothing to compare",
            given="values that are all the same",
            allowed="values that differ",
            next_step="report the values; nothing is tested",
        )
    if tree is not Tree.USUAL:
        return _by_trend(groups, values, tree, side, level)
    equal = _variances(values, variance_test, variance_level)
    if equal.answer == "equal":
        whole = dunnett(groups=groups, values=values, side=side, confidence=1 - level)
        any_difference = _branch(
            "Analysis of variance", whole.f, whole.f_p, level, "some group differs", "no group differs"
        )
        verdicts = [Verdict(one.group, one.t, one.p, one.p <= level) for one in whole.comparisons]
        return _ended(tree, (equal, any_difference), "Dunnett", verdicts, level)
    ranks = dunn(groups=groups, values=values, side=side)
    any_difference = _branch("Kruskal–Wallis", ranks.h, ranks.h_p, level, "some group differs", "no group differs")
    verdicts = [Verdict(one.group, one.z, one.p, one.p <= level) for one in ranks.comparisons]
    if rank_test is RankTestOf.STEEL and any_difference.answer == "some group differs":
        pairs = steel(groups=groups, values=values, side=side, alpha=level)
        verdicts = [Verdict(one.group, one.z, one.p, one.p <= level) for one in pairs.comparisons]
    return _ended(tree, (equal, any_difference), rank_test.value.capitalize(), verdicts, level)


def _branch(test: str, statistic: float, p: float, level: float, yes: str, no: str) -> Branch:
    return Branch(test, statistic, p, level, yes if p <= level else no)


def _variances(values: Sequence[Sequence[float]], test: VarianceTest, level: float) -> Branch:
    name = test.value.capitalize()
    try:
        found = variance_tests(values=values)
    except MethodError:
        return Branch(name, None, None, level, "a group has no variance: unequal")
    statistic, p = (
        (found.bartlett, found.bartlett_p) if test is VarianceTest.BARTLETT else (found.levene, found.levene_p)
    )
    return _branch(name, statistic, p, level, "unequal", "equal")


def _ended(
    tree: Tree, path: tuple[Branch, ...], comparison: str, verdicts: Sequence[Verdict], level: float
) -> TreeResult:
    """Return the result; where no group differs at all, no comparison is made."""
    if path[-1].p is not None and path[-1].p > level:
        return TreeResult(tree, path, "", tuple(Verdict(one.group, None, None, False) for one in verdicts))
    return TreeResult(tree, path, comparison, tuple(verdicts))


def _by_trend(
    groups: Sequence[str], values: Sequence[Sequence[float]], tree: Tree, side: Side, level: float
) -> TreeResult:
    trend = jonckheere(groups=groups, values=values)
    branch = _branch("Jonckheere", trend.z, trend.p, NTP_TREND, "a trend", "no trend")
    normal = tree is Tree.NTP_NORMAL
    goes = Side.GREATER if trend.z > 0 else Side.LESS
    if branch.answer == "a trend" and side in (Side.TWO_SIDED, goes):
        one_sided = level / 2 if side is Side.TWO_SIDED else level
        found = (williams if normal else shirley)(groups=groups, values=values, side=goes, alpha=one_sided)
        double = 2.0 if side is Side.TWO_SIDED else 1.0
        verdicts = tuple(
            Verdict(one.group, one.t, min(1.0, double * one.p) if one.is_tested else None, one.is_significant)
            for one in found.steps
        )
        return TreeResult(tree, (branch,), "Williams" if normal else "Shirley", verdicts)
    if normal:
        means = dunnett(groups=groups, values=values, side=side, confidence=1 - level).comparisons
        verdicts = tuple(Verdict(one.group, one.t, one.p, one.p <= level) for one in means)
    else:
        ranks = dunn(groups=groups, values=values, side=side).comparisons
        verdicts = tuple(Verdict(one.group, one.z, one.p, one.p <= level) for one in ranks)
    return TreeResult(tree, (branch,), "Dunnett" if normal else "Dunn", verdicts)
