"""The bacterial reverse mutation test: one strain with or without metabolic activation, and the battery of all of them.

Three questions are asked of a condition: does the mean rise to the strain's fold of the control, does the count follow the
dose, does it leave the historical range. Toxic doses, where the count falls, are no argument against a rise below them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from crdmo.science.checks import Vector, share
from crdmo.science.method import MethodError, method

from .assay_validity import Call, Criterion, Validity, in_range, judged, rising_doses
from .dunnett import Side, dunnett

# Fold of the control's mean that is taken as a rise: low spontaneous counts vary more.
FOLD = {
    "TA98": 2.0, "TA100": 2.0, "TA97": 2.0, "TA97a": 2.0, "TA102": 2.0, "WP2": 2.0, "WP2 uvrA": 2.0,
    "WP2 (pKM101)": 2.0, "WP2 uvrA (pKM101)": 2.0, "TA1535": 3.0, "TA1537": 3.0,
}  # fmt: skip
# OECD 471, paragraph 13: one strain of each row, each with and without activation.
BATTERY = (
    ("TA98",), ("TA100",), ("TA1535",), ("TA1537", "TA97", "TA97a"),
    ("TA102", "WP2", "WP2 uvrA", "WP2 (pKM101)", "WP2 uvrA (pKM101)"),
)  # fmt: skip
LEAST_DOSES = 5
# Level of the test that a top dose lies below the highest one: generous, as a kept downturn hides a trend.
DOWNTURN = 0.10


@dataclass(frozen=True)
class AmesDose:
    """One dose: plates, mean count, fold of the control, whether it is left out of the trend and why, Dunnett's p."""

    dose: float
    plates: int
    mean: float
    fold: float
    left_out: str
    p_greater: float | None


@dataclass(frozen=True)
class AmesCondition:
    """One strain with or without activation. `overdispersion` is Pearson's χ² of the plates over its degrees of freedom."""

    strain: str
    with_s9: bool
    call: Call
    validity: Validity
    criteria: tuple[Criterion, ...]
    fold_needed: float
    overdispersion: float
    trend_p_greater: float | None
    doses: tuple[AmesDose, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class AmesBattery:
    """The call over all conditions; what is missing of the battery with and without activation."""

    call: Call
    positive: tuple[str, ...]
    missing: tuple[str, ...]
    reason: str


@method(
    "preclinical.ames",
    version="1.0",
    title="Bacterial reverse mutation test, one strain and condition",
    source="OECD Test Guideline 471 (1997, corrected 2020); Levy DD et al., Mutat Res 2019;848:403074; Breslow NE, Appl Stat "
    "1984;33:38; Bernstein L et al., Mutat Res 1982;97:267",
)
def ames_condition(
    *,
    strain: str,
    with_s9: bool,
    doses: Sequence[float],
    counts: Sequence[Sequence[int]],
    positive_control: Sequence[int],
    negative_range: tuple[float, float] | None = None,
    positive_range: tuple[float, float] | None = None,
    toxic: Sequence[bool] | None = None,
    alpha: float = 0.05,
) -> AmesCondition:
    """Return the call of one strain with or without activation.

    Args:
        strain: as in `FOLD`.
        with_s9: whether metabolic activation was added.
        doses: rising from 0, the vehicle control, any one unit a plate.
        counts: revertants of each plate, by dose.
        positive_control: revertants of each plate of the strain's own positive control.
        negative_range: historical range of the mean of vehicle controls, of this strain and condition.
        positive_range: the same of the positive control.
        toxic: whether the background lawn of a dose was thinned.
        alpha: level of the trend and of Dunnett's comparisons, one-sided.

    The trend is that of the ranks of doses, with the Poisson variance times the overdispersion. From the top, doses are left
    out that are toxic, or whose mean lies below the highest mean beneath them (one-sided level 0.10).

    Raises:
        MethodError: an unknown strain, doses that do not rise from 0, counts that are no whole numbers, a dose with fewer
            than two plates, or a level that is no share.

    Source: OECD 471; folds after Levy et al. (2019); overdispersion after Breslow (1984); point rejection in the manner of
    Bernstein et al. (1982).

    Quinoline in TA98 (Breslow 1984):

    >>> found = ames_condition(strain="TA98", with_s9=True, doses=[0, 10, 33, 100, 333, 1000], counts=[[15, 21, 29],
    ...     [16, 18, 21], [16, 26, 33], [27, 41, 60], [33, 38, 41], [20, 27, 42]], positive_control=[310, 290, 330])
    >>> round(found.overdispersion, 3), [one.left_out for one in found.doses if one.left_out]
    (2.778, ['count falls'])
    """
    level = share("alpha", alpha)
    if strain not in FOLD:
        raise MethodError("the strain is not known", given=strain, allowed=", ".join(FOLD), next_step="name a strain")
    rising_doses(doses, 2)
    plates = _plates(doses, counts)
    own_toxic = [False] * len(doses) if toxic is None else list(toxic)
    if len(own_toxic) != len(doses):
        raise MethodError("toxicity is not said of each dose", given=str(len(own_toxic)), allowed=str(len(doses)))
    means = [float(one.mean()) for one in plates]
    fold = [_fold(mean, means[0]) for mean in means]
    phi = _overdispersion(plates)
    left = _left_out(plates, own_toxic, phi)
    kept = [i for i, why in enumerate(left) if not why]
    trend, pairs = _tests([plates[i] for i in kept], max(phi, 1.0))
    by_dose = dict(zip(kept[1:], pairs, strict=True))
    control = _plates([0.0], [positive_control])[0]
    criteria = _criteria(FOLD[strain], means[0], control, negative_range, positive_range, len(doses) - 1)
    validity = judged(criteria)
    rises = [i for i in range(1, len(doses)) if fold[i] >= FOLD[strain]]
    reasons = _reasons(doses, fold, rises, FOLD[strain], trend, level, means, negative_range)
    call = _call(validity, rises, trend, [p for p in by_dose.values() if p is not None], level, means, negative_range)
    rows = tuple(
        AmesDose(float(doses[i]), len(plates[i]), means[i], fold[i], left[i], by_dose.get(i)) for i in range(len(doses))
    )
    return AmesCondition(strain, with_s9, call, validity, criteria, FOLD[strain], phi, trend, rows, reasons)


def _fold(mean: float, control: float) -> float:
    """Return the fold of the control; of a control without any count, infinite for a count and 1 for none."""
    if control > 0:
        return mean / control
    return math.inf if mean > 0 else 1.0


def _plates(doses: Sequence[float], counts: Sequence[Sequence[int]]) -> list[Vector]:
    found = [np.asarray(one, dtype=float) for one in counts]
    if len(found) != len(doses) or any(
        one.size < 2 or not np.isfinite(one).all() or (one < 0).any() or (one != np.floor(one)).any() for one in found
    ):
        raise MethodError(
            "the plates of each dose are not given",
            given=f"{len(doses)} doses, plates {[one.size for one in found]}",
            allowed="at least two plates a dose, whole counts, 0 or more",
            next_step="leave out a contaminated plate and say why",
        )
    return found


def _overdispersion(plates: Sequence[Vector]) -> float:
    df = sum(len(one) - 1 for one in plates)
    return sum(float(((one - one.mean()) ** 2).sum() / one.mean()) for one in plates if one.mean() > 0) / df


def _left_out(plates: Sequence[Vector], toxic: Sequence[bool], phi: float) -> list[str]:
    """Return why each dose is left out of the trend: "" where it is not. Only doses from the top are."""
    left = [""] * len(plates)
    for top in range(len(plates) - 1, 1, -1):
        below = max((one for one in plates[:top]), key=lambda one: float(one.mean()))
        gap = float(below.mean() - plates[top].mean())
        error = math.sqrt(max(phi, 1.0) * float(below.mean() / len(below) + plates[top].mean() / len(plates[top])))
        if toxic[top]:
            left[top] = "toxic"
        elif error > 0 and stats.norm.sf(gap / error) <= DOWNTURN:
            left[top] = "count falls"
        else:
            break
    return left


def _tests(plates: Sequence[Vector], phi: float) -> tuple[float | None, list[float | None]]:
    """Return one-sided p of the trend over ranks, and Dunnett's p of each dose on the scale of √(count + 3/8)."""
    every = np.concatenate(plates)
    rank = np.repeat(np.arange(len(plates)), [len(one) for one in plates]).astype(float)
    if len(plates) < 2 or every.mean() == 0:
        return None, [None] * (len(plates) - 1)
    away = rank - rank.mean()
    z = float(away @ every) / math.sqrt(phi * float(every.mean()) * float(away @ away))
    names = [str(i) for i in range(len(plates))]
    pairs: list[float | None] = [None] * (len(plates) - 1)
    if any(one.std() > 0 for one in plates):
        found = dunnett(groups=names, values=[np.sqrt(one + 0.375).tolist() for one in plates], side=Side.GREATER)
        pairs = [one.p for one in found.comparisons]
    return float(stats.norm.sf(z)), pairs


def _criteria(
    fold: float, mean: float, positive: Vector, negative_range: tuple[float, float] | None,
    positive_range: tuple[float, float] | None, tested: int,
) -> tuple[Criterion, ...]:  # fmt: skip
    ratio = _fold(float(positive.mean()), mean)
    found = [
        Criterion("positive control", f"{ratio:.2f} × control", f"at least {fold:g} ×", ratio >= fold),
        in_range("vehicle control", mean, negative_range, "revertants a plate"),
        Criterion("doses", str(tested), f"at least {LEAST_DOSES}", tested >= LEAST_DOSES),
    ]
    if positive_range is not None:
        found.append(
            in_range("positive control in history", float(positive.mean()), positive_range, "revertants a plate")
        )
    return tuple(found)


def _call(
    validity: Validity, rises: Sequence[int], trend: float | None, pairs: Sequence[float], level: float,
    means: Sequence[float], limits: tuple[float, float] | None,
) -> Call:  # fmt: skip
    if validity is Validity.INVALID:
        return Call.BLOCKED
    follows = trend is not None and trend <= level
    outside = [i for i in rises if limits is None or means[i] > limits[1]]
    if outside and follows:
        return Call.POSITIVE
    significant = follows and any(p <= level for p in pairs)
    within = limits is not None and max(means) <= limits[1]
    return Call.EQUIVOCAL if rises or (significant and not within) else Call.NEGATIVE


def _reasons(
    doses: Sequence[float], fold: Sequence[float], rises: Sequence[int], needed: float, trend: float | None, level: float,
    means: Sequence[float], limits: tuple[float, float] | None,
) -> tuple[str, ...]:  # fmt: skip
    best = max(range(1, len(fold)), key=lambda i: fold[i])
    told = [
        f"largest fold {fold[best]:.2f} at {doses[best]:g}, {needed:g} needed: {'reached' if rises else 'not reached'}"
    ]
    if trend is not None:
        told.append(
            f"trend over the doses kept: one-sided p {trend:.3g}{'' if trend <= level else ', not significant'}"
        )
    if limits is not None:
        above = [f"{doses[i]:g}" for i in range(1, len(means)) if means[i] > limits[1]]
        told.append(f"above the historical range at {', '.join(above)}" if above else "within the historical range")
    return tuple(told)


@method(
    "preclinical.ames_battery",
    version="1.0",
    title="Bacterial reverse mutation test, all strains with and without activation",
    source="OECD Test Guideline 471 (1997, corrected 2020), paragraph 13",
)
def ames_battery(*, conditions: Sequence[AmesCondition]) -> AmesBattery:
    """Return the call over all strains and conditions.

    Args:
        conditions: results of `ames_condition`, one for each strain with and without activation.

    One positive condition makes the test positive. It is negative only when every row of the battery was valid and
    negative with and without activation; until then it is blocked, as the list of what is missing says.

    Raises:
        MethodError: no condition, or a strain and condition twice.

    Source: OECD 471.
    """
    keys = [(one.strain, one.with_s9) for one in conditions]
    if not keys or len(set(keys)) != len(keys):
        raise MethodError(
            "the conditions are not told apart",
            given=", ".join(map(_words, keys)) or "none",
            allowed="each strain once with and once without activation",
            next_step="evaluate a repeat by itself, and say which experiment counts",
        )
    by_key = dict(zip(keys, conditions, strict=True))
    positive = tuple(_words(key) for key, one in by_key.items() if one.call is Call.POSITIVE)
    equivocal = [_words(key) for key, one in by_key.items() if one.call is Call.EQUIVOCAL]
    usable = {key for key, one in by_key.items() if one.call is not Call.BLOCKED}
    missing = tuple(
        f"{' or '.join(row)} {'with' if s9 else 'without'} S9"
        for row in BATTERY
        for s9 in (False, True)
        if not usable & {(strain, s9) for strain in row}
    )
    if positive:
        return AmesBattery(Call.POSITIVE, positive, missing, f"positive in {', '.join(positive)}")
    if missing:
        return AmesBattery(Call.BLOCKED, (), missing, "the battery is not complete")
    if equivocal:
        return AmesBattery(Call.EQUIVOCAL, (), (), f"equivocal in {', '.join(equivocal)}: repeat")
    return AmesBattery(Call.NEGATIVE, (), (), "every strain negative with and without S9")


def _words(key: tuple[str, bool]) -> str:
    return f"{key[0]} {'with' if key[1] else 'without'} S9"
