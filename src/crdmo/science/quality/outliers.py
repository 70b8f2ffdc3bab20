"""Outlier tests: extreme studentized deviate, Grubbs and Dixon, with exact critical values.

An outlier test alone never invalidates a chemical result (FDA, Investigating Out-of-Specification Test
Results, 2022, section IV.C; USP <1010>): it may describe the data of a validation study or point an
investigation, and the value stays in the record. No function here returns data with values left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy import optimize, special, stats

from crdmo.science.checks import Vector, finite_numbers, share, whole_number
from crdmo.science.method import MethodError, method

NOTICE = "an outlier test alone never invalidates a chemical result: the value stays in the record"
_ESD = "Rosner B (1983) Technometrics 25:165-172; USP <1010> Analytical Data, appendix C"
_GRUBBS = "Grubbs FE (1969) Technometrics 11:1-21; ISO 5725-2:2019, 8.3.4"
_DIXON = (
    "Dixon WJ (1950) Ann Math Stat 21:488-506, (1951) 22:68-78; Rorabacher DB (1991) Anal Chem 63:139-146; "
    "McBane GC (2006) J Stat Softw 16(3) (distribution of the ratios)"
)


class OutlierOutcome(Enum):
    """What the test says of the data."""

    NONE = "no outlier"
    OUTLIER = "outlier"


class Tail(Enum):
    """Which end is suspected; it has to be chosen before the data are seen."""

    LOWEST = "lowest"
    HIGHEST = "highest"
    EITHER = "either end"


@dataclass(frozen=True)
class OutlierStep:
    """One step of a test: the value farthest out, its statistic and the critical value; position counts from 1."""

    position: int
    value: float
    mean: float
    standard_deviation: float
    statistic: float
    critical_value: float
    exceeds: bool


@dataclass(frozen=True)
class OutlierTest:
    """The steps and the positions (from 1) of the values that the test calls outliers."""

    outcome: OutlierOutcome
    steps: tuple[OutlierStep, ...]
    outlier_positions: tuple[int, ...]
    alpha: float
    n: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class DixonTest:
    """Dixon's ratio of the suspected value; positions from 1. The p-value of either end is an upper bound."""

    outcome: OutlierOutcome
    ratio_name: str
    statistic: float
    critical_value: float
    p_value: float
    position: int
    value: float
    tail: Tail
    alpha: float
    n: int
    reasons: tuple[str, ...]


@method("quality.outliers_esd", version="1.0", source=_ESD, title="Generalised extreme studentized deviate test")
def outliers_esd(*, values: Sequence[float], at_most: int = 1, alpha: float = 0.05) -> OutlierTest:
    """Test for up to `at_most` outliers at either end; `at_most` is fixed before the data are seen.

    Parameters: `values`, any one unit, from one normal population but for the outliers; `alpha` two-sided.
    All steps are taken, and the last one that exceeds its critical value fixes the number of outliers, which
    guards against masking. Raises `MethodError` when fewer than three values would remain or all remaining
    values are equal.

    >>> found = outliers_esd(values=[100.0, 100.1, 100.3, 100.0, 99.7, 99.9, 100.2, 99.5, 100.0, 95.7])
    >>> round(found.steps[0].statistic, 3), round(found.steps[0].critical_value, 3), found.outlier_positions
    (2.805, 2.29, (10,))
    """
    y = finite_numbers("values", values, at_least=3)
    share("alpha", alpha)
    whole_number("at_most", at_most, at_least=1)
    if y.size - at_most < 2:
        raise MethodError(
            "too few values for so many outliers",
            given=f"{y.size} values, up to {at_most} outliers",
            allowed=f"at most {y.size - 2} outliers",
            next_step="lower at_most",
        )
    left = np.arange(y.size)
    steps = []
    for i in range(at_most):
        critical = _deviate_limit(y.size - i, alpha / (2.0 * (y.size - i)))
        steps.append(_farthest(y, left, critical, Tail.EITHER))
        left = left[left != steps[-1].position - 1]
    return _from_steps(steps, alpha, y.size)


@method("quality.outlier_grubbs", version="1.0", source=_GRUBBS, title="Grubbs test for one outlier")
def outlier_grubbs(*, values: Sequence[float], tail: Tail = Tail.EITHER, alpha: float = 0.05) -> OutlierTest:
    """Test the value farthest from the mean (or the lowest, or the highest).

    Parameters: `values` as in `outliers_esd`; `tail`, the end that was suspected before the data were seen.
    With `Tail.EITHER` it is the first step of `outliers_esd`.

    >>> data = [100.0, 100.1, 100.3, 100.0, 99.7, 99.9, 100.2, 99.5, 100.0, 95.7]
    >>> round(outlier_grubbs(values=data, tail=Tail.LOWEST).steps[0].critical_value, 3)
    2.176
    """
    y = finite_numbers("values", values, at_least=3)
    share("alpha", alpha)
    ends = 2.0 if tail is Tail.EITHER else 1.0
    step = _farthest(y, np.arange(y.size), _deviate_limit(y.size, alpha / (ends * y.size)), tail)
    return _from_steps([step], alpha, y.size)


@method("quality.outlier_dixon", version="1.0", source=_DIXON, title="Dixon's ratio test for one outlier")
def outlier_dixon(*, values: Sequence[float], tail: Tail = Tail.EITHER, alpha: float = 0.05) -> DixonTest:
    """Test one end value by the ratio for the number of values: r10 to 7, r11 to 10, r21 to 13, r22 to 30.

    Parameters: as in `outlier_grubbs`. The distribution of the ratio is integrated, not read from a table;
    for either end the larger ratio is taken and its one-sided p doubled. Raises `MethodError` for fewer than
    3 or more than 30 values, or when the values the ratio divides by are equal.

    >>> test = outlier_dixon(values=[0.189, 0.167, 0.187, 0.183, 0.186, 0.182, 0.181], tail=Tail.LOWEST)
    >>> test.ratio_name, round(test.statistic, 3), round(test.critical_value, 3)
    ('r10', 0.636, 0.507)
    """
    y = finite_numbers("values", values, at_least=3)
    share("alpha", alpha)
    if y.size > 30:
        raise MethodError(
            "Dixon's ratios are defined for small samples",
            given=f"{y.size} values",
            allowed="3 to 30 values",
            next_step="use outliers_esd",
        )
    name, near, far = _dixon_ratio(y.size)
    order = np.argsort(y, kind="stable")
    candidates = {
        Tail.HIGHEST: (_ratio(y[order], near, far), int(order[-1])),
        Tail.LOWEST: (_ratio(-y[order[::-1]], near, far), int(order[0])),
    }
    statistic, index = max(candidates.values()) if tail is Tail.EITHER else candidates[tail]
    ends = 2.0 if tail is Tail.EITHER else 1.0
    critical = dixon_critical_value(y.size, alpha / ends, near, far)
    outcome = OutlierOutcome.OUTLIER if statistic > critical else OutlierOutcome.NONE
    return DixonTest(
        outcome=outcome,
        ratio_name=name,
        statistic=statistic,
        critical_value=critical,
        p_value=min(1.0, ends * _ratio_tail(statistic, y.size, near, far)),
        position=index + 1,
        value=float(y[index]),
        tail=tail,
        alpha=alpha,
        n=y.size,
        reasons=(f"{name} = {statistic:.4f} against {critical:.4f}: {outcome.value}", NOTICE),
    )


def dixon_critical_value(n: int, one_sided_alpha: float, near: int, far: int) -> float:
    """Return what (x_n − x_{n−near}) / (x_n − x_{1+far}) exceeds with probability `one_sided_alpha`."""
    return float(
        optimize.brentq(lambda r: _ratio_tail(r, n, near, far) - one_sided_alpha, 1e-9, 1.0 - 1e-12, xtol=1e-10)
    )


def _dixon_ratio(n: int) -> tuple[str, int, int]:
    """Return the ratio's name, the neighbour it measures from and how many values of the far end it leaves out."""
    if n <= 7:
        return "r10", 1, 0
    if n <= 10:
        return "r11", 1, 1
    return ("r21", 2, 1) if n <= 13 else ("r22", 2, 2)


def _ratio(rising: Vector, near: int, far: int) -> float:
    spread = float(rising[-1] - rising[far])
    if spread <= 0.0:
        raise MethodError(
            "the values do not differ",
            given=f"{rising.size} values, range without the far end 0",
            allowed="values with a range greater than 0",
            next_step="no test is needed; check the resolution of the readings",
        )
    return float(rising[-1] - rising[-1 - near]) / spread


def _ratio_tail(r: float, n: int, near: int, far: int) -> float:
    """Return P(ratio > r) of a normal sample.

    With x the far order statistic and z the largest, the event says that the neighbour lies below z − r (z −
    x). Values between x and the neighbour, and between it and z, integrate in closed form over u = Φ(y) −
    Φ(x); x and z are left.
    """
    nodes, weights = np.polynomial.legendre.leggauss(160)
    x, wx = 8.5 * nodes, 8.5 * weights
    gap, wg = 8.5 * (nodes + 1.0), 8.5 * weights
    z = x[:, None] + gap[None, :]
    low = special.ndtr(x)[:, None]
    reached = special.ndtr(z - r * gap[None, :]) - low
    m = n - near - far - 2
    if near == 1:
        inner = reached ** (m + 1) / (m + 1)
    else:
        inner = (special.ndtr(z) - low) * reached ** (m + 1) / (m + 1) - reached ** (m + 2) / (m + 2)
    density = np.exp(-0.5 * (x[:, None] ** 2 + z**2)) / (2.0 * np.pi) * low**far
    ways = np.exp(special.gammaln(n + 1) - special.gammaln(m + 1) - special.gammaln(far + 1))
    return float(ways * np.einsum("i,j,ij,ij->", wx, wg, density, inner))


def _deviate_limit(n: int, tail: float) -> float:
    """Return the critical studentized deviate of n values for a t tail of `tail`."""
    t = float(stats.t.isf(tail, n - 2))
    return (n - 1) * t / float(np.sqrt(n * (n - 2 + t * t)))


def _farthest(y: Vector, left: np.ndarray[tuple[int], np.dtype[np.int64]], critical: float, tail: Tail) -> OutlierStep:
    kept = y[left]
    mean, s = float(np.mean(kept)), float(np.std(kept, ddof=1))
    if s == 0.0:
        raise MethodError(
            "the values do not differ",
            given=f"{kept.size} equal values",
            allowed="values with a standard deviation greater than 0",
            next_step="no test is needed; check the resolution of the readings",
        )
    deviation = {Tail.EITHER: np.abs(kept - mean), Tail.HIGHEST: kept - mean, Tail.LOWEST: mean - kept}[tail]
    at = int(np.argmax(deviation))
    statistic = float(deviation[at]) / s
    return OutlierStep(int(left[at]) + 1, float(kept[at]), mean, s, statistic, critical, statistic > critical)


def _from_steps(steps: Sequence[OutlierStep], alpha: float, n: int) -> OutlierTest:
    count = max((i for i, step in enumerate(steps, start=1) if step.exceeds), default=0)
    said = [
        f"step {i}: {s.value:g} lies {s.statistic:.3f} SD from the mean, critical {s.critical_value:.3f}: "
        f"{'exceeds' if s.exceeds else 'does not exceed'}"
        for i, s in enumerate(steps, start=1)
    ]
    return OutlierTest(
        outcome=OutlierOutcome.OUTLIER if count else OutlierOutcome.NONE,
        steps=tuple(steps),
        outlier_positions=tuple(step.position for step in steps[:count]),
        alpha=alpha,
        n=n,
        reasons=(*said, NOTICE),
    )
