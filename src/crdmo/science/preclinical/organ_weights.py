"""Organ weights: absolute, relative to body weight and to brain weight, and adjusted for body weight.

A relative weight assumes that the organ grows in proportion to the body. It does not when a dose makes animals lighter: then
the brain keeps its weight and looks heavier relative to the body. The analysis of covariance estimates the relation instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from crdmo.science.checks import finite_numbers, same_length, share
from crdmo.science.clinical.ancova import Ancova, ancova
from crdmo.science.method import MethodError, method

from .decision_tree import Tree, TreeResult, decision_tree


@dataclass(frozen=True)
class OrganGroup:
    """Means and standard deviations of one group; the adjusted mean is at the mean body weight of all animals."""

    group: str
    n: int
    mean: float
    sd: float
    percent_of_body: float
    percent_of_brain: float | None
    adjusted_mean: float


@dataclass(frozen=True)
class OrganWeights:
    """The groups; each comparison with the control; the covariance analysis; animals left out; what to look at.

    `slopes_p` asks whether groups share one relation to body weight: only then are adjusted means comparable.
    """

    groups: tuple[OrganGroup, ...]
    absolute: TreeResult
    relative_to_body: TreeResult
    relative_to_brain: TreeResult | None
    body: TreeResult
    adjusted: Ancova
    slopes_p: float | None
    left_out: tuple[str, ...]
    remarks: tuple[str, ...]


@method(
    "preclinical.organ_weights",
    version="1.0",
    title="Organ weights: absolute, relative and adjusted for body weight",
    source="Bailey SA, Zidell RH, Perry RW, Toxicol Pathol 2004;32:448; Shirley EAC, Appl Stat 1977;26:316; Sellers RS et al., "
    "Toxicol Pathol 2007;35:751",
)
def organ_weights(
    *,
    groups: Sequence[str],
    animal: Sequence[str],
    group: Sequence[str],
    organ: Sequence[float | None],
    body: Sequence[float | None],
    brain: Sequence[float | None] | None = None,
    other_side: Sequence[float | None] | None = None,
    tree: Tree = Tree.USUAL,
    alpha: float = 0.05,
) -> OrganWeights:
    """Return the three weights by group with their comparisons, of one sex.

    Args:
        groups: names, the control first, doses rising.
        animal: identifiers.
        group: of each animal.
        organ: weight in g; None where it was not weighed.
        body: terminal body weight in g.
        brain: weight in g.
        other_side: weight of the other of paired organs; both are added, and an animal that lacks one is left out.
        tree: of the comparisons.
        alpha: of the comparisons.

    Raises:
        MethodError: lists of different length, an animal in no group, a weight that is not greater than 0, fewer than two
            weighed animals in a group, and what `decision_tree` and `ancova` refuse.

    Source: Shirley (1977) for the analysis of covariance; Bailey et al. (2004) for which ratio suits which organ.

    An organ that keeps its weight in lighter bodies is heavier only relative to them:

    >>> found = organ_weights(groups=["0", "1"], animal=list("abcdefgh"), group=["0"] * 4 + ["1"] * 4, tree=Tree.USUAL,
    ...     organ=[2.0, 2.1, 1.9, 2.0, 2.0, 1.9, 2.1, 2.05], body=[300, 310, 290, 305, 240, 250, 235, 245])
    >>> [tree.verdicts[0].is_significant for tree in (found.absolute, found.relative_to_body, found.body)]
    [False, True, True]
    """
    share("alpha", alpha)
    columns: list[tuple[str, Sequence[object]]] = [("group", group), ("organ", organ), ("body", body)]
    columns += [(name, one) for name, one in (("brain", brain), ("other_side", other_side)) if one is not None]
    for name, one in columns:
        same_length("animal", list(animal), name, one)
    strangers = sorted(set(group) - set(groups))
    if strangers:
        raise MethodError(
            "an animal is in no group of the comparison",
            given=", ".join(strangers),
            allowed=", ".join(groups),
            next_step="leave out satellites and recovery animals",
        )
    kept, left = _kept(animal, organ, body, brain, other_side)
    total = [_weight(organ[i]) + (_weight(other_side[i]) if other_side is not None else 0.0) for i in kept]
    mass, arm = [_weight(body[i]) for i in kept], [group[i] for i in kept]
    head = None if brain is None else [_weight(brain[i]) for i in kept]

    def compared(values: Sequence[float]) -> TreeResult:
        return decision_tree(groups=groups, values=_by_group(groups, arm, values), tree=tree, alpha=alpha)

    to_body = [100 * a / b for a, b in zip(total, mass, strict=True)]
    to_brain = None if head is None else [100 * a / b for a, b in zip(total, head, strict=True)]
    adjusted = ancova(
        response=total, arm=arm, covariates={"body weight": mass}, reference=groups[0], confidence=1 - alpha
    )
    slopes = _slopes(groups, arm, total, mass, adjusted)
    body_tree = compared(mass)
    rows = _rows(groups, arm, total, to_body, to_brain, adjusted)
    remarks = []
    if any(one.is_significant for one in body_tree.verdicts):
        remarks.append(
            "body weight differs from the control: read the adjusted means, not the weights relative to body"
        )
    if slopes is not None and slopes <= alpha:
        remarks.append(
            "groups differ in their relation to body weight: adjusted means depend on the weight at which they stand"
        )
    if left:
        remarks.append(f"left out, as a weight is missing: {', '.join(left)}")
    return OrganWeights(
        rows, compared(total), compared(to_body), None if to_brain is None else compared(to_brain), body_tree, adjusted,
        slopes, left, tuple(remarks),
    )  # fmt: skip


def _kept(
    animal: Sequence[str], organ: Sequence[float | None], body: Sequence[float | None],
    brain: Sequence[float | None] | None, other_side: Sequence[float | None] | None,
) -> tuple[list[int], tuple[str, ...]]:  # fmt: skip
    needed = [one for one in (organ, body, brain, other_side) if one is not None]
    kept = [i for i in range(len(animal)) if all(one[i] is not None for one in needed)]
    return kept, tuple(name for i, name in enumerate(animal) if i not in set(kept))


def _weight(value: float | None) -> float:
    if value is None or not np.isfinite(value) or value <= 0:
        raise MethodError(
            "a weight is none", given=str(value), allowed="greater than 0", next_step="give None if not weighed"
        )
    return float(value)


def _by_group(groups: Sequence[str], arm: Sequence[str], values: Sequence[float]) -> list[list[float]]:
    return [[one for own, one in zip(arm, values, strict=True) if own == name] for name in groups]


def _slopes(
    groups: Sequence[str], arm: Sequence[str], total: Sequence[float], mass: Sequence[float], common: Ancova
) -> float | None:
    """Return p of equal slopes: the common slope against a slope for each group; None without enough animals."""
    middle = float(np.mean(mass))
    own = {
        f"body weight in {name}": [(m - middle) * (a == name) for m, a in zip(mass, arm, strict=True)]
        for name in groups
    }
    try:
        free = ancova(response=total, arm=arm, covariates=own, reference=groups[0])
    except MethodError:
        return None
    rss, less = common.root_mean_square**2 * common.residual_df, free.root_mean_square**2 * free.residual_df
    df = common.residual_df - free.residual_df
    return float(stats.f.sf(max(rss - less, 0.0) / df / free.root_mean_square**2, df, free.residual_df))


def _rows(
    groups: Sequence[str], arm: Sequence[str], total: Sequence[float], to_body: Sequence[float],
    to_brain: Sequence[float] | None, adjusted: Ancova,
) -> tuple[OrganGroup, ...]:  # fmt: skip
    means = {one.arm: one.estimate for one in adjusted.means}
    rows = []
    for i, name in enumerate(groups):
        own = finite_numbers(f"group {name}", _by_group(groups, arm, total)[i], at_least=2)
        brain = None if to_brain is None else float(np.mean(_by_group(groups, arm, to_brain)[i]))
        body = float(np.mean(_by_group(groups, arm, to_body)[i]))
        rows.append(OrganGroup(name, len(own), float(own.mean()), float(own.std(ddof=1)), body, brain, means[name]))
    return tuple(rows)
