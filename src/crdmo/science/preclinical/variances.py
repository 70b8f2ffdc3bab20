"""Whether the variances of groups can be taken as equal: Bartlett's test and Levene's about the median."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from crdmo.science.checks import finite_numbers
from crdmo.science.method import MethodError, method


@dataclass(frozen=True)
class VarianceTests:
    """Bartlett's χ² and Levene's F about the medians (Brown and Forsythe), each with p."""

    bartlett: float
    bartlett_p: float
    levene: float
    levene_p: float


@method(
    "preclinical.variances",
    version="1.0",
    title="Equality of variances",
    source="Bartlett MS, Proc R Soc A 1937;160:268; Brown MB, Forsythe AB, J Am Stat Assoc 1974;69:364",
)
def variance_tests(*, values: Sequence[Sequence[float]]) -> VarianceTests:
    """Return both tests over all groups.

    Args:
        values: of each group, any one unit.

    Raises:
        MethodError: fewer than two groups, a group with fewer than two values, or one whose values are all the same.

    Source: Bartlett (1937); Brown and Forsythe (1974).

    The recovery data of Bretz, Hothorn and Westfall (2010):

    >>> found = variance_tests(values=[
    ...     [15, 13, 12, 16, 16, 17, 13, 13, 16, 17, 17, 19, 17, 15, 13, 12, 16, 10, 17, 12], [13, 16, 9], [5, 8, 9],
    ...     [14, 16, 16, 12, 7, 12, 13, 13, 9, 16, 13, 18, 13, 12, 13]])
    >>> round(found.bartlett_p, 7), round(found.levene_p, 5)
    (0.8206148, 0.89621)
    """
    if len(values) < 2:
        raise MethodError(
            "one group has no variance to compare",
            given=f"{len(values)} group",
            allowed="at least two",
            next_step="add groups",
        )
    samples = [finite_numbers(f"group {i}", one, at_least=2) for i, one in enumerate(values, 1)]
    for i, one in enumerate(samples, 1):
        if (one == one[0]).all():
            raise MethodError(
                f"group {i} has no variance",
                given=f"{len(one)} times {one[0]:g}",
                allowed="groups whose values differ",
                next_step="use ranks, or leave the group out and say why",
            )
    bartlett = stats.bartlett(*samples)
    with np.errstate(divide="ignore", invalid="ignore"):
        levene = stats.levene(*samples, center="median")
    # Where every value lies as far from its group's median as every other, spreads are the same: 0/0 says nothing less.
    f, p = (0.0, 1.0) if np.isnan(levene.statistic) else (float(levene.statistic), float(levene.pvalue))
    return VarianceTests(float(bartlett.statistic), float(bartlett.pvalue), f, p)
