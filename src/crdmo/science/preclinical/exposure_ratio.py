"""Ratios of exposures with their intervals: the last day to the first (accumulation), one sex to the other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from crdmo.science.checks import Vector, finite_numbers, same_length, share
from crdmo.science.method import MethodError, method

SOURCE = "Hauschke D, Steinijans V, Pigeot I, Bioequivalence Studies in Drug Development, 2007, ch. 3; ICH S3A (1994)"


@dataclass(frozen=True)
class ExposureRatio:
    """A ratio of geometric means with its t interval on the log scale.

    `paired` says whether the same animals stand above and below the line; `first_mean` and `second_mean` are geometric means of
    what was divided (second / first).
    """

    ratio: float
    lower: float
    upper: float
    confidence: float
    degrees_of_freedom: float
    paired: bool
    first_n: int
    second_n: int
    first_mean: float
    second_mean: float


@dataclass(frozen=True)
class SexAtDose:
    """One dose: the ratio of females to males with the pooled variance of all groups; None where one sex has no animal."""

    dose: float
    females: int
    males: int
    ratio: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class SexDifference:
    """Exposure of females over males at the same dose.

    Attributes:
        ratio, lower, upper: common to all doses.
        p: of no difference.
        interaction_p: small where the ratio is not the same at all doses; None with one dose.
        doses: the ratio at each dose.
        flags: what is not to be trusted.
    """

    ratio: float
    lower: float
    upper: float
    confidence: float
    p: float
    interaction_p: float | None
    residual_sd: float
    degrees_of_freedom: int
    doses: tuple[SexAtDose, ...]
    flags: tuple[str, ...]


@method("preclinical.accumulation", version="1.0", title="Accumulation of exposure", source=SOURCE)
def accumulation(*, first: Mapping[str, float], later: Mapping[str, float], confidence: float = 0.90) -> ExposureRatio:
    """Return the ratio of exposure on a later day to that on the first, over the same interval of dosing.

    Args:
        first: exposure (area over the interval, or highest concentration) of each animal after the first dose.
        later: likewise on the later day.
        confidence: of the interval.

    Where all animals stand in both, each is compared with itself; where none does, the groups are compared with unequal
    variances (Welch). A design between the two is refused: choose the animals.

    Raises:
        MethodError: fewer than two animals, a value that is not positive, some animals in both and some not.

    Source: t intervals of differences of logarithms, as for bioequivalence (Hauschke et al. 2007); ICH S3A asks for accumulation.

    >>> found = accumulation(first={"a": 10, "b": 20, "c": 15}, later={"a": 20, "b": 44, "c": 27})
    >>> round(found.ratio, 3), found.paired
    (1.993, True)
    """
    _enough(first, later)
    shared = set(first) & set(later)
    one = _logs("first", list(first.values()))
    if not shared:
        return _unpaired(one, _logs("later", list(later.values())), confidence)
    if shared != set(first) or shared != set(later):
        raise MethodError(
            "some animals stand on both days and some do not", given=f"{len(shared)} of {len(set(first) | set(later))}",
            allowed="all or none", next_step="leave out the animals of one day, and say why",
        )  # fmt: skip
    two = _logs("later", [later[name] for name in first])
    apart = two - one
    freedom = len(apart) - 1
    half = _half(float(apart.std(ddof=1)) / math.sqrt(len(apart)), freedom, confidence)
    return _ratio(float(apart.mean()), half, confidence, float(freedom), True, one, two)


@method("preclinical.sex_difference", version="1.0", title="Sex difference of exposure", source=SOURCE)
def sex_difference(
    *, dose: Sequence[float], sex: Sequence[str], exposure: Sequence[float], confidence: float = 0.90
) -> SexDifference:
    """Return the ratio of females to males, common to all doses and at each, from one analysis of log exposure.

    Args:
        dose: of each animal, above 0.
        sex: "F" or "M" of each animal.
        exposure: area or highest concentration of each animal, above 0.
        confidence: of the intervals.

    Raises:
        MethodError: lengths differ, another word for a sex, no dose with both sexes, no variance left, values not above 0.

    Source: analysis of variance of log exposure by dose and sex; ICH S3A asks for exposure by sex.

    >>> found = sex_difference(dose=[1] * 4 + [10] * 4, sex=list("FFMM") * 2, exposure=[20, 22, 10, 11, 190, 230, 100, 120])
    >>> round(found.ratio, 2), found.p < 0.01
    (1.95, True)
    """
    same_length("dose", list(dose), "sex", list(sex))
    same_length("dose", list(dose), "exposure", list(exposure))
    if bad := sorted(set(sex) - {"F", "M"}):
        raise MethodError("a sex is F or M", given=", ".join(bad)[:60], allowed="F, M", next_step="give SEND's code")
    x, y = _logs("dose", dose), _logs("exposure", exposure)
    female = np.array([one == "F" for one in sex])
    doses = np.unique(x)
    cells = [(y[(x == one) & female], y[(x == one) & ~female]) for one in doses]
    both = [(f, m) for f, m in cells if len(f) and len(m)]
    within = float(sum(np.sum((c - c.mean()) ** 2) for pair in cells for c in pair if len(c)))
    freedom = len(y) - sum(bool(len(c)) for pair in cells for c in pair)
    if not both or freedom < 1 or within <= 0:
        raise MethodError(
            "a sex difference needs both sexes at a dose, and replicates", given=f"{len(both)} doses with both, {len(y)} animals",
            allowed="at least one dose with both sexes, and two animals in a group", next_step="add the animals of the other sex",
        )  # fmt: skip
    sd = math.sqrt(within / freedom)
    gaps = np.array([f.mean() - m.mean() for f, m in both])
    # Without interaction the common difference weighs each dose by the information that it has.
    weights = np.array([1 / (1 / len(f) + 1 / len(m)) for f, m in both])
    common = float(weights @ gaps / weights.sum())
    spread = float(weights @ (gaps - common) ** 2)
    interaction = float(stats.f.sf(spread / (len(both) - 1) / sd**2, len(both) - 1, freedom)) if len(both) > 1 else None
    error = sd / math.sqrt(float(weights.sum()))
    half = _half(error, freedom, confidence)
    flags = (
        ("The ratio is not the same at all doses: read it dose by dose",)
        if interaction is not None and interaction < 0.05
        else ()
    )
    return SexDifference(
        math.exp(common), math.exp(common - half), math.exp(common + half), confidence,
        float(2 * stats.t.sf(abs(common) / error, freedom)), interaction, sd, freedom,
        tuple(_at(math.exp(float(one)), f, m, sd, freedom, confidence) for one, (f, m) in zip(doses, cells, strict=True)), flags,
    )  # fmt: skip


def _at(dose: float, females: Vector, males: Vector, sd: float, freedom: int, confidence: float) -> SexAtDose:
    if not len(females) or not len(males):
        return SexAtDose(dose, len(females), len(males), None, None, None)
    gap = float(females.mean() - males.mean())
    half = _half(sd * math.sqrt(1 / len(females) + 1 / len(males)), freedom, confidence)
    return SexAtDose(dose, len(females), len(males), math.exp(gap), math.exp(gap - half), math.exp(gap + half))


def _unpaired(one: Vector, two: Vector, confidence: float) -> ExposureRatio:
    v1, v2 = float(one.var(ddof=1)) / len(one), float(two.var(ddof=1)) / len(two)
    if v1 + v2 <= 0:
        raise MethodError("exposures that do not vary have no interval", given="no variance", allowed="values that differ",
                          next_step="give the values of the animals, not their mean")  # fmt: skip
    freedom = (v1 + v2) ** 2 / (v1**2 / (len(one) - 1) + v2**2 / (len(two) - 1))
    half = _half(math.sqrt(v1 + v2), freedom, confidence)
    return _ratio(float(two.mean() - one.mean()), half, confidence, freedom, False, one, two)


def _ratio(
    gap: float, half: float, confidence: float, freedom: float, paired: bool, one: Vector, two: Vector
) -> ExposureRatio:
    return ExposureRatio(math.exp(gap), math.exp(gap - half), math.exp(gap + half), confidence, freedom, paired, len(one),
                         len(two), math.exp(float(one.mean())), math.exp(float(two.mean())))  # fmt: skip


def _half(error: float, freedom: float, confidence: float) -> float:
    half = float(stats.t.ppf(0.5 + share("confidence", confidence) / 2, freedom)) * error
    if half > 30:
        raise MethodError(
            "so few animals that vary so much give no interval", given=f"a factor of more than 1e13 with {freedom:.2g} degrees "
            "of freedom", allowed="more animals", next_step="show the values themselves",
        )  # fmt: skip
    return half


def _enough(first: Mapping[str, float], later: Mapping[str, float]) -> None:
    if min(len(first), len(later)) < 2:
        raise MethodError("a ratio with an interval needs animals", given=f"{len(first)} and {len(later)}",
                          allowed="at least two on each day", next_step="add animals, or show the values")  # fmt: skip


def _logs(name: str, values: Sequence[float]) -> Vector:
    found = finite_numbers(name, values)
    if (found <= 0).any():
        raise MethodError(f"{name} has a value that is not above 0", given=f"{found.min():g}", allowed="> 0",
                          next_step="leave out animals without exposure, and say so")  # fmt: skip
    return np.log(found)
