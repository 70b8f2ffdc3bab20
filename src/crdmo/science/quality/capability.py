"""Process capability and performance: Cp, Cpk, Pp, Ppk, each with its confidence interval.

An index without its interval is read as if it were exact: at n = 50 a Ppk of 1.00 may be anything from 0.78
to 1.22. Cp and Cpk use the short-term sigma of a control chart, Pp and Ppk the overall one; both assume a
stable, normal process, so the result carries a test of normality and does not hide what it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy import special, stats

from crdmo.science.checks import (
    Vector,
    finite_numbers,
    positive,
    share,
    table_of_numbers,
    whole_number,
)
from crdmo.science.method import MethodError, method
from crdmo.science.quality.control_chart_constants import d2, moving_range_df

_SOURCE = (
    "Bissell AF (1990) Appl Stat 39:331-340 (interval of Cpk, Ppk); Kane VE (1986) J Qual Technol 18:41-52; "
    "ISO 22514-2:2017; D'Agostino RB, Stephens MA (1986) Goodness-of-Fit Techniques "
    "(Anderson-Darling)"
)


class SigmaBasis(Enum):
    """Which variation the index is about."""

    OVERALL = "overall standard deviation (performance)"
    MOVING_RANGE = "mean moving range / 1.128 (capability)"
    WITHIN_SUBGROUPS = "pooled standard deviation within subgroups (capability)"


@dataclass(frozen=True)
class Index:
    """An index with its interval; None where only one limit is given."""

    name: str
    estimate: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Capability:
    """Cp and Cpk, or Pp and Ppk, on one basis of sigma."""

    potential: Index | None
    centred: Index
    mean: float
    sigma: float
    sigma_basis: SigmaBasis
    degrees_of_freedom: float
    n: int
    lower_limit: float | None
    upper_limit: float | None
    expected_outside_ppm: float
    observed_outside: int
    normality_p: float | None
    confidence: float
    values: tuple[float, ...]
    reasons: tuple[str, ...]


@method("quality.process_performance", version="1.0", source=_SOURCE, title="Pp and Ppk with intervals")
def process_performance(
    *,
    values: Sequence[float],
    lower_limit: float | None = None,
    upper_limit: float | None = None,
    confidence: float = 0.95,
) -> Capability:
    """Return Pp and Ppk from the overall standard deviation.

    Parameters: `values` and the specification limits in one unit, at least one limit. Pp needs both limits.
    Raises `MethodError` for fewer than five values, no limit, limits in the wrong order, or values that do
    not vary.

    >>> found = process_performance(values=[9.0, 10.0, 11.0, 10.5, 9.5], lower_limit=7.0, upper_limit=13.0)
    >>> round(found.centred.estimate, 4)
    1.2649
    """
    y = finite_numbers("values", values, at_least=5)
    return _capability(
        y, float(np.std(y, ddof=1)), y.size - 1, SigmaBasis.OVERALL, lower_limit, upper_limit, confidence
    )


@method("quality.process_capability", version="1.0", source=_SOURCE, title="Cp and Cpk with intervals")
def process_capability(
    *,
    values: Sequence[float],
    lower_limit: float | None = None,
    upper_limit: float | None = None,
    confidence: float = 0.95,
) -> Capability:
    """Return Cp and Cpk of single values in time order, with sigma from the mean moving range.

    Parameters and errors as in `process_performance`. The degrees of freedom are what overlapping ranges are
    worth.
    """
    y = finite_numbers("values", values, at_least=5)
    sigma = float(np.mean(np.abs(np.diff(y)))) / d2(2)
    return _capability(
        y, sigma, moving_range_df(y.size - 1), SigmaBasis.MOVING_RANGE, lower_limit, upper_limit, confidence
    )


@method("quality.process_capability_subgroups", version="1.0", source=_SOURCE, title="Cp and Cpk of subgroups")
def process_capability_subgroups(
    *,
    subgroups: Sequence[Sequence[float]],
    lower_limit: float | None = None,
    upper_limit: float | None = None,
    confidence: float = 0.95,
) -> Capability:
    """Return Cp and Cpk with sigma pooled within subgroups of one size (at least two values in each).

    Other parameters and errors as in `process_performance`.
    """
    table = table_of_numbers("subgroups", subgroups, at_least=2)
    if table.shape[1] < 2:
        raise MethodError(
            "a subgroup of one value has no variation within",
            given="one value in each subgroup",
            allowed="at least two",
            next_step="use process_capability for single values",
        )
    df = table.size - table.shape[0]
    sigma = float(np.sqrt(np.mean(np.var(table, axis=1, ddof=1))))
    return _capability(table.ravel(), sigma, df, SigmaBasis.WITHIN_SUBGROUPS, lower_limit, upper_limit, confidence)


@method("quality.bissell_interval", version="1.0", source=_SOURCE, title="Confidence interval of Cpk or Ppk")
def bissell_interval(*, estimate: float, n: int, degrees_of_freedom: float, confidence: float = 0.95) -> Index:
    """Return index ± z √(1/(9n) + index²/(2ν)).

    Parameters: `estimate` of Cpk or Ppk; `n` values behind the mean; `degrees_of_freedom` ν behind sigma.

    >>> found = bissell_interval(estimate=1.00, n=50, degrees_of_freedom=49)
    >>> round(found.lower, 4), round(found.upper, 4)
    (0.7815, 1.2185)
    """
    whole_number("n", n, at_least=2)
    positive("degrees_of_freedom", degrees_of_freedom)
    share("confidence", confidence)
    z = float(special.ndtri((1.0 + confidence) / 2.0))
    reach = z * float(np.sqrt(1.0 / (9.0 * n) + estimate**2 / (2.0 * degrees_of_freedom)))
    return Index("index", estimate, estimate - reach, estimate + reach)


def anderson_darling_p(values: Vector) -> float | None:
    """Return p of the Anderson-Darling test of normality; None for fewer than eight values or no variation."""
    n, s = values.size, float(np.std(values, ddof=1))
    if n < 8 or s == 0.0:
        return None
    z = (np.sort(values) - np.mean(values)) / s
    i = np.arange(1, n + 1)
    a2 = -n - float(np.sum((2 * i - 1) * (special.log_ndtr(z) + special.log_ndtr(-z[::-1])))) / n
    a2 *= 1.0 + 0.75 / n + 2.25 / n**2
    return _a2_tail(a2)


def _a2_tail(a2: float) -> float:
    """Return the tail probability of the adjusted statistic (D'Agostino and Stephens 1986)."""
    if a2 < 0.2:
        return float(1.0 - np.exp(-13.436 + 101.14 * a2 - 223.73 * a2**2))
    if a2 < 0.34:
        return float(1.0 - np.exp(-8.318 + 42.796 * a2 - 59.938 * a2**2))
    if a2 < 0.6:
        return float(np.exp(0.9177 - 4.279 * a2 - 1.38 * a2**2))
    # The fit turns upwards again beyond 153.467: that far out the probability is 0 to any printed digit.
    return float(np.exp(1.2937 - 5.709 * a2 + 0.0186 * a2**2)) if a2 < 153.467 else 0.0


def _capability(
    y: Vector,
    sigma: float,
    df: float,
    basis: SigmaBasis,
    lower_limit: float | None,
    upper_limit: float | None,
    confidence: float,
) -> Capability:
    share("confidence", confidence)
    _check_limits(lower_limit, upper_limit, sigma)
    mean = float(np.mean(y))
    low, high = _or(lower_limit, -np.inf), _or(upper_limit, np.inf)
    letter = "P" if basis is SigmaBasis.OVERALL else "C"
    centred = bissell_interval(
        estimate=min(mean - low, high - mean) / (3.0 * sigma),
        n=y.size,
        degrees_of_freedom=df,
        confidence=confidence,
    )
    p = anderson_darling_p(y)
    return Capability(
        potential=_potential(f"{letter}p", low, high, sigma, df, confidence),
        centred=Index(f"{letter}pk", centred.estimate, centred.lower, centred.upper),
        mean=mean,
        sigma=sigma,
        sigma_basis=basis,
        degrees_of_freedom=float(df),
        n=y.size,
        lower_limit=lower_limit,
        upper_limit=upper_limit,
        expected_outside_ppm=1e6 * float(special.ndtr((low - mean) / sigma) + special.ndtr((mean - high) / sigma)),
        observed_outside=int(np.count_nonzero((y < low) | (y > high))),
        normality_p=p,
        confidence=confidence,
        values=tuple(y.tolist()),
        reasons=_reasons(f"{letter}pk", centred, basis, df, p, confidence),
    )


def _potential(name: str, low: float, high: float, sigma: float, df: float, confidence: float) -> Index | None:
    """Return the index of the two-sided tolerance, whose interval follows exactly from χ²."""
    if not np.isfinite(high - low):
        return None
    estimate = (high - low) / (6.0 * sigma)
    tail = (1.0 - confidence) / 2.0
    lower, upper = np.sqrt(stats.chi2.ppf([tail, 1.0 - tail], df) / df) * estimate
    return Index(name, estimate, float(lower), float(upper))


def _or(limit: float | None, otherwise: float) -> float:
    return otherwise if limit is None else float(limit)


def _check_limits(lower: float | None, upper: float | None, sigma: float) -> None:
    given = [float(x) for x in (lower, upper) if x is not None]
    if not given or not np.all(np.isfinite(given)) or (len(given) == 2 and given[0] >= given[1]):
        raise MethodError(
            "the specification limits cannot be used",
            given=f"lower {lower}, upper {upper}",
            allowed="at least one finite limit, the lower below the upper",
            next_step="leave out a side that has no limit",
        )
    if sigma <= 0.0:
        raise MethodError(
            "the values do not vary",
            given="sigma 0",
            allowed="sigma greater than 0",
            next_step="check the resolution of the readings",
        )


def _reasons(
    name: str, index: Index, basis: SigmaBasis, df: float, p: float | None, confidence: float
) -> tuple[str, ...]:
    said = [
        f"{name} {index.estimate:.3f}, {confidence:.0%} interval {index.lower:.3f} to {index.upper:.3f}",
        f"sigma: {basis.value}, {df:.1f} degrees of freedom",
    ]
    if p is None:
        said.append("too few values to test normality")
    elif p < 0.05:
        said.append(f"not normal (Anderson-Darling p {p:.3g}): the index and its ppm are not to be relied on")
    else:
        said.append(f"no departure from normality found (Anderson-Darling p {p:.3g})")
    return tuple(said)
