"""A trend over ordered dose groups by ranks: the Jonckheere–Terpstra test, exact for small studies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import special

from crdmo.science.checks import Vector
from crdmo.science.method import MethodError, method

from .dunnett import Side, control_and_doses, extreme

# Up to this many values, and without ties, p is that of all arrangements.
EXACT_UP_TO = 60


@dataclass(frozen=True)
class TrendByRanks:
    """J, how far it lies from its mean in standard deviations (corrected for ties), and p; `exact_p` where it is defined."""

    j: float
    mean: float
    z: float
    p: float
    z_with_continuity: float
    p_with_continuity: float
    exact_p: float | None
    side: Side


@method(
    "preclinical.jonckheere",
    version="1.0",
    title="Jonckheere–Terpstra trend test",
    source="Terpstra TJ, Indag Math 1952;14:327; Jonckheere AR, Biometrika 1954;41:133; Hollander and Wolfe 1999, 6.2",
)
def jonckheere(
    *, groups: Sequence[str], values: Sequence[Sequence[float]], side: Side = Side.TWO_SIDED
) -> TrendByRanks:
    """Return the trend over groups in the order of dose.

    Args:
        groups: names, the control first, doses rising.
        values: of each group: one value for each experimental unit.
        side: `greater` for a rising trend, `less` for a falling one.

    Raises:
        MethodError: as `dunnett`; all values are the same.

    Source: Jonckheere (1954); variance with ties after Hollander and Wolfe (1999), equation 6.19.

    Data of Sachs, Angewandte Statistik:

    >>> found = jonckheere(groups=["0", "1", "2"], values=[
    ...     [106, 114, 116, 127, 145], [110, 125, 143, 148, 151], [136, 139, 149, 160, 174]])
    >>> found.j, round(found.z, 7), round(found.p, 9)
    (59.0, 2.2715633, 0.023112897)
    """
    samples = control_and_doses(groups, values)
    n = [len(one) for one in samples]
    counts = np.unique(np.concatenate(samples), return_counts=True)[1].astype(float)
    if len(counts) == 1:
        raise MethodError(
            "no trend is defined",
            given=f"{sum(n)} values that are all the same",
            allowed="values that differ",
            next_step="report the values; nothing is tested",
        )
    j = sum(_wins(one, other) for one, other in combinations(samples, 2))
    mean = (sum(n) ** 2 - sum(size**2 for size in n)) / 4
    spread = math.sqrt(_variance(np.array(n, float), counts))
    z = (j - mean) / spread
    moved = math.copysign(max(abs(j - mean) - 0.5, 0.0), j - mean) / spread
    exact = _exact(n, j, side) if sum(n) <= EXACT_UP_TO and len(counts) == sum(n) else None
    return TrendByRanks(j, mean, z, _p(z, side), moved, _p(moved, side), exact, side)


def _wins(one: Vector, other: Vector) -> float:
    """Return in how many pairs the second value is larger; a tie counts half."""
    apart = other[None, :] - one[:, None]
    return float((apart > 0).sum() + (apart == 0).sum() / 2)


def _p(z: float, side: Side) -> float:
    return (2 if side is Side.TWO_SIDED else 1) * float(special.ndtr(-extreme(z, side)))


def _variance(n: Vector, t: Vector) -> float:
    total = float(n.sum())

    def sums(x: Vector) -> tuple[float, float, float]:
        return (
            float((x * (x - 1) * (2 * x + 5)).sum()), float((x * (x - 1) * (x - 2)).sum()), float((x * (x - 1)).sum())
        )  # fmt: skip

    (a, b, c), (d, e, f) = sums(n), sums(t)
    first = (total * (total - 1) * (2 * total + 5) - a - d) / 72
    second = b * e / (36 * total * (total - 1) * (total - 2)) if total > 2 else 0.0
    return first + second + c * f / (8 * total * (total - 1))


def _exact(n: Sequence[int], j: float, side: Side) -> float:
    """Return p over all arrangements: their numbers by J are the coefficients of a Gaussian multinomial."""
    ways = [1]
    before = 0
    for size in n:
        before += size
        for i in range(1, size + 1):
            ways = _divided(_times(ways, before - size + i), i)
    total, at = sum(ways), round(j)
    low, high = sum(ways[: at + 1]) / total, sum(ways[at:]) / total
    return {Side.LESS: low, Side.GREATER: high, Side.TWO_SIDED: min(1.0, 2 * min(low, high))}[side]


def _times(ways: list[int], power: int) -> list[int]:
    """Multiply a polynomial by 1 − qᵖ."""
    found = ways + [0] * power
    for i, one in enumerate(ways):
        found[i + power] -= one
    return found


def _divided(ways: list[int], power: int) -> list[int]:
    """Divide a polynomial by 1 − qᵖ, which it is a multiple of."""
    found = list(ways)
    for i in range(power, len(found)):
        found[i] += found[i - power]
    return found[: len(found) - power]
