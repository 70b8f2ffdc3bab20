"""Dose proportionality of exposure: the power model, and Smith's criterion on its slope."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy import stats

from crdmo.science.checks import finite_numbers, same_length, share
from crdmo.science.method import MethodError, method

# The usual bounds of the ratio of dose-normalised means.
LOWER, UPPER = 0.8, 1.25
# A ratio of doses larger than this cannot be meant.
LARGEST_RATIO = 1e12
# Natural log of the widest ratio of dose-normalised means.
WIDEST = 30.0


class Proportionality(Enum):
    """The verdict: the interval lies within the criterion, outside it, or neither."""

    PROPORTIONAL = "proportional"
    NOT_PROPORTIONAL = "not_proportional"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class SmithCriterion:
    """What a slope and its interval say about a range of doses.

    Attributes:
        dose_ratio: highest dose / lowest dose.
        slope, lower, upper: of the power model.
        critical_lower, critical_upper: the slopes between which the range is proportional.
        ratio, ratio_lower, ratio_upper: of the dose-normalised geometric means, highest to lowest dose.
        proportional_to: largest ratio of doses for which the interval shows proportionality (ρ₁); None where it has no bound.
        not_proportional_from: ratio of doses from which it shows the contrary (ρ₂); None where there is none.
        verdict: for the range studied.
    """

    dose_ratio: float
    slope: float
    lower: float
    upper: float
    critical_lower: float
    critical_upper: float
    ratio: float
    ratio_lower: float
    ratio_upper: float
    proportional_to: float | None
    not_proportional_from: float | None
    verdict: Proportionality


@dataclass(frozen=True)
class DoseLevel:
    """The exposure at one dose: geometric mean, the same per dose, and geometric coefficient of variation (None of one value)."""

    dose: float
    n: int
    geometric_mean: float
    per_dose: float
    geometric_cv: float | None


@dataclass(frozen=True)
class PowerModel:
    """ln exposure = intercept + slope · ln dose, with its interval, the criterion, and a test of its fit.

    `lack_of_fit_p` is small where the doses do not lie on a straight line; None with two doses or without replicates.
    """

    slope: float
    lower: float
    upper: float
    confidence: float
    intercept: float
    residual_sd: float
    degrees_of_freedom: int
    lack_of_fit_p: float | None
    criterion: SmithCriterion
    levels: tuple[DoseLevel, ...]
    flags: tuple[str, ...]


SOURCE = "Smith BP et al., Pharm Res 2000;17:1278; Gough K et al., Drug Inf J 1995;29:1039"


@method("preclinical.dose_proportionality", version="1.0", title="Dose proportionality", source=SOURCE)
def dose_proportionality(
    *,
    dose: Sequence[float],
    exposure: Sequence[float],
    confidence: float = 0.90,
    lower_bound: float = LOWER,
    upper_bound: float = UPPER,
) -> PowerModel:
    """Return the power model of exposure and dose, one value an animal, and whether exposure is proportional to dose.

    Args:
        dose: of each animal, any one unit, above 0 (a control has no place here).
        exposure: area or highest concentration of each animal, above 0.
        confidence: of the interval of the slope.
        lower_bound: of the ratio of dose-normalised means that still counts as proportional.
        upper_bound: likewise.

    Animals are independent: give each once. A slope of 1 is proportionality; the interval, not a p-value, decides.

    Raises:
        MethodError: lengths differ, a value that is not positive, one dose only, fewer than three animals, bounds that do not
            enclose 1.

    Source: Smith et al. (2000), with the ordinary regression of a parallel-group study.

    >>> found = dose_proportionality(dose=[10, 10, 100, 100], exposure=[9, 11, 95, 105])
    >>> round(found.slope, 3), found.criterion.verdict.value
    (1.002, 'inconclusive')
    """
    x, y = _logs(dose, exposure)
    doses = np.unique(x)
    n = len(x)
    t, centred = x - x.mean(), y - y.mean()
    slope = float(t @ centred / (t @ t))
    left = float(np.sum((centred - slope * t) ** 2))
    sd = math.sqrt(left / (n - 2))
    half = float(stats.t.ppf(0.5 + share("confidence", confidence) / 2, n - 2)) * sd / math.sqrt(float(t @ t))
    ratio = math.exp(float(x.max() - x.min()))
    criterion = smith_criterion(slope=slope, lower=slope - half, upper=slope + half, dose_ratio=ratio,
                                lower_bound=lower_bound, upper_bound=upper_bound)  # fmt: skip
    groups = [y[x == one] for one in doses]
    fit = _lack_of_fit(groups, left, n)
    flags = ("The doses do not lie on one line: compare dose by dose",) if fit is not None and fit < 0.05 else ()
    levels = tuple(_level(math.exp(float(one)), group) for one, group in zip(doses, groups, strict=True))
    return PowerModel(slope, slope - half, slope + half, confidence, float(y.mean() - slope * x.mean()), sd, n - 2, fit,
                      criterion, levels, flags)  # fmt: skip


@method("preclinical.smith_criterion", version="1.0", title="Criterion of dose proportionality", source=SOURCE)
def smith_criterion(
    *,
    slope: float,
    lower: float,
    upper: float,
    dose_ratio: float,
    lower_bound: float = LOWER,
    upper_bound: float = UPPER,
) -> SmithCriterion:
    """Return what the slope of a power model, fitted by whatever design, says about a range of doses.

    Args:
        slope: of the power model.
        lower: of its interval.
        upper: of its interval.
        dose_ratio: highest dose / lowest dose.
        lower_bound: of the ratio of dose-normalised means that still counts as proportional.
        upper_bound: likewise.

    Raises:
        MethodError: an interval that does not hold the slope, a ratio not above 1, bounds that do not enclose 1.

    Source: Smith et al. (2000), equations 3 to 6.

    >>> found = smith_criterion(slope=0.7615, lower=0.679, upper=0.844, dose_ratio=10)
    >>> round(found.critical_lower, 3), round(found.ratio, 3), found.verdict.value
    (0.903, 0.577, 'not_proportional')
    """
    values = finite_numbers("slope and interval", [slope, lower, upper, dose_ratio, lower_bound, upper_bound])
    if not (lower <= slope <= upper and 1 < dose_ratio < LARGEST_RATIO and 0 < lower_bound < 1 < upper_bound):
        raise MethodError(
            "the criterion cannot be applied", given=", ".join(f"{v:g}" for v in values),
            allowed="lower ≤ slope ≤ upper, a dose ratio above 1, bounds below and above 1",
            next_step="check the interval, the doses and the bounds",
        )  # fmt: skip
    if max(abs(lower - 1), abs(upper - 1)) * math.log(dose_ratio) > WIDEST:
        raise MethodError("the interval is too wide to say anything", given=f"slope {lower:g} to {upper:g}",
                          allowed="a ratio of dose-normalised means below 1e13", next_step="add animals")  # fmt: skip
    log_r, low, high = math.log(dose_ratio), math.log(lower_bound), math.log(upper_bound)
    critical = 1 + low / log_r, 1 + high / log_r
    if critical[0] <= lower and upper <= critical[1]:
        verdict = Proportionality.PROPORTIONAL
    elif upper < critical[0] or lower > critical[1]:
        verdict = Proportionality.NOT_PROPORTIONAL
    else:
        verdict = Proportionality.INCONCLUSIVE
    # The dose ratio at which a limit of the interval meets its bound; a limit on the other side of 1 never does.
    inside = [bound / (limit - 1) for limit, bound in ((lower, low), (upper, high)) if (limit - 1) * bound > 0]
    outside = high / (lower - 1) if lower > 1 else low / (upper - 1) if upper < 1 else None
    return SmithCriterion(
        dose_ratio, slope, lower, upper, *critical, math.exp((slope - 1) * log_r), math.exp((lower - 1) * log_r),
        math.exp((upper - 1) * log_r), _ratio(min(inside, default=None)), _ratio(outside), verdict,
    )  # fmt: skip


def _ratio(log: float | None) -> float | None:
    return math.exp(log) if log is not None and log < math.log(LARGEST_RATIO) else None


def _logs(dose: Sequence[float], exposure: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    same_length("dose", list(dose), "exposure", list(exposure))
    x, y = finite_numbers("dose", dose, at_least=3), finite_numbers("exposure", exposure, at_least=3)
    if (x <= 0).any() or (y <= 0).any():
        raise MethodError(
            "doses and exposures are above 0", given=f"{min(x.min(), y.min()):g}", allowed="> 0",
            next_step="leave out controls; an animal without exposure is told, not fitted",
        )  # fmt: skip
    if len(np.unique(x)) < 2:
        raise MethodError("one dose shows no proportionality", given=f"{x[0]:g}", allowed="at least two doses",
                          next_step="add the other dose groups")  # fmt: skip
    return np.log(x), np.log(y)


def _lack_of_fit(groups: Sequence[np.ndarray], left: float, n: int) -> float | None:
    """Return p of the F test of the line against a mean for each dose."""
    k = len(groups)
    pure = float(sum(np.sum((g - g.mean()) ** 2) for g in groups))
    if k < 3 or n <= k or pure <= 0:
        return None
    f = max(left - pure, 0.0) / (k - 2) / (pure / (n - k))
    return float(stats.f.sf(f, k - 2, n - k))


def _level(dose: float, logs: np.ndarray) -> DoseLevel:
    mean = math.exp(float(logs.mean()))
    spread = math.sqrt(math.expm1(min(float(logs.var(ddof=1)), 50.0))) if len(logs) > 1 else None
    return DoseLevel(dose, len(logs), mean, mean / dose, spread)
