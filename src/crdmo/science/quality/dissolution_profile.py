"""Comparison of dissolution profiles by f1 and f2, with the time points that each regulator allows.

f2 rises when points on the plateau are added, so the choice of points decides the verdict. Each regulator
words the choice and the limits on variability differently; the rule is therefore data, and the result names
every point it left out and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from crdmo.science.checks import Vector, finite_numbers, table_of_numbers
from crdmo.science.method import MethodError, method
from crdmo.science.quality.dissolution_rules import PLATEAU, RULES, F2Rule, Regulator

_F2 = (
    "Moore JW, Flanner HH (1996) Pharm Technol 20(6):64-74; FDA (1997) Dissolution Testing of Immediate Release "
    "Solid Oral Dosage Forms; EMA CPMP/EWP/QWP/1401/98 Rev. 1 (2010) Appendix I; WHO TRS 1003 (2017) Annex 6; "
    "Health Canada (2019) Post-NOC Changes: Quality; ANVISA RDC 31/2010"
)
SIMILAR_FROM = 50.0


class SimilarityOutcome(Enum):
    """What the comparison came to."""

    SIMILAR = "similar"
    NOT_SIMILAR = "not similar"
    VERY_RAPID = "similar: more than 85 % dissolved in 15 minutes, no f2 needed"
    F2_NOT_APPLICABLE = "f2 not applicable"


@dataclass(frozen=True)
class VariabilityAtTime:
    """Mean and coefficient of variation, both in percent, at one time, with the limit that applies."""

    time: float
    reference_mean: float
    test_mean: float
    reference_cv: float | None
    test_cv: float | None
    cv_limit: float
    used: bool
    reason: str


@dataclass(frozen=True)
class ProfileComparison:
    """f1, f2 and the verdict; f1 and f2 are None where too few points may be used."""

    outcome: SimilarityOutcome
    f1: float | None
    f2: float | None
    times_used: tuple[float, ...]
    points: tuple[VariabilityAtTime, ...]
    variability_accepted: bool
    regulator: Regulator
    reference_units: int
    test_units: int
    reasons: tuple[str, ...]


@method("quality.f1", version="1.0", source=_F2, title="Difference factor f1 of mean profiles")
def f1(*, reference_means: Sequence[float], test_means: Sequence[float]) -> float:
    """Return f1 = 100 Σ|R − T| / ΣR of mean profiles in percent dissolved.

    >>> round(f1(reference_means=[50.0, 80.0], test_means=[45.0, 83.0]), 4)
    6.1538
    """
    reference, test = _pair(reference_means, test_means)
    if np.sum(reference) <= 0.0:
        raise MethodError(
            "the reference has not dissolved",
            given="sum of the reference means 0",
            allowed="a reference that dissolves",
            next_step="check the reference data",
        )
    return float(100.0 * np.sum(np.abs(reference - test)) / np.sum(reference))


@method("quality.f2", version="1.0", source=_F2, title="Similarity factor f2 of mean profiles")
def f2(*, reference_means: Sequence[float], test_means: Sequence[float]) -> float:
    """Return f2 = 50 log10(100 / √(1 + mean (R − T)²)) of mean profiles in percent dissolved.

    A constant difference of 10 % gives 50 (Moore and Flanner 1996).

    >>> round(f2(reference_means=[40.0, 60.0, 80.0], test_means=[30.0, 50.0, 70.0]), 2)
    49.89
    """
    reference, test = _pair(reference_means, test_means)
    return float(similarity_factors(reference, test))


@method(
    "quality.compare_profiles",
    version="1.0",
    source=_F2,
    title="Dissolution similarity by a regulator's rules",
)
def compare_profiles(
    *,
    times: Sequence[float],
    reference: Sequence[Sequence[float]],
    test: Sequence[Sequence[float]],
    regulator: Regulator = Regulator.EMA,
    required_units: int = 12,
) -> ProfileComparison:
    """Compare two products' dissolution profiles as the regulator asks.

    Parameters: `times` in minutes, rising; `reference` and `test`, one row of percent dissolved for each
    unit, one column for each time; `required_units`, 12 unless the protocol justifies another number.

    Time 0 is never used. Very rapid dissolution (both above 85 % within 15 minutes) needs no f2. f2 does not
    apply with fewer than three points or where a coefficient of variation exceeds its limit: use bootstrap f2
    or `t2_equivalence`. Raises `MethodError` for tables that do not match the times.
    """
    t, ref, tst = matching_tables(times, reference, test, required_units)
    rule = RULES[regulator]
    points = _points(t, ref, tst, rule)
    used = np.array([p.used for p in points])
    accepted = not any(_too_variable(p, rule) for p in points if p.used)
    said = [f"{regulator.value}: {rule.words}"]
    factors: tuple[float | None, float | None] = (None, None)
    if _very_rapid(t, ref, tst, rule):
        outcome = SimilarityOutcome.VERY_RAPID
    elif np.count_nonzero(used) < 3:
        outcome = SimilarityOutcome.F2_NOT_APPLICABLE
        said.append(f"only {np.count_nonzero(used)} point(s) may be used, at least 3 are needed")
    else:
        factors = _factors(ref[:, used].mean(axis=0), tst[:, used].mean(axis=0))
        outcome = _verdict(factors[1], accepted)
        said.append(f"f2 {factors[1]:.5f} over {np.count_nonzero(used)} points")
    said += [_variable_sentence(p) for p in points if p.used and _too_variable(p, rule)]
    said.append(outcome.value)
    return ProfileComparison(
        outcome=outcome,
        f1=factors[0],
        f2=factors[1],
        times_used=tuple(t[used].tolist()),
        points=points,
        variability_accepted=accepted,
        regulator=regulator,
        reference_units=ref.shape[0],
        test_units=tst.shape[0],
        reasons=tuple(said),
    )


def similarity_factors(reference: NDArray[np.float64], test: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return f2 over the last axis: one profile or many at once."""
    mean_square = np.mean((reference - test) ** 2, axis=-1)
    return np.asarray(100.0 - 25.0 * np.log10(1.0 + mean_square), dtype=np.float64)


def matching_tables(
    times: Sequence[float],
    reference: Sequence[Sequence[float]],
    test: Sequence[Sequence[float]],
    required_units: int,
) -> tuple[Vector, NDArray[np.float64], NDArray[np.float64]]:
    """Return times and both tables, or refuse when they do not describe one comparison."""
    t = finite_numbers("times", times)
    tables = [table_of_numbers("reference", reference), table_of_numbers("test", test)]
    if np.any(np.diff(t) <= 0.0) or t[0] < 0.0:
        raise MethodError(
            "times do not rise",
            given=str(t.tolist()),
            allowed="minutes from 0 upwards, each later than the one before",
            next_step="sort the columns by time",
        )
    for name, table in zip(("reference", "test"), tables, strict=True):
        if table.shape[1] != t.size or table.shape[0] < required_units:
            raise MethodError(
                f"the {name} table does not fit the comparison",
                given=f"{table.shape[0]} units at {table.shape[1]} times",
                allowed=f"at least {required_units} units at the {t.size} times given",
                next_step="test the missing units, or state as required_units what the protocol justifies",
            )
    return t, tables[0], tables[1]


def usable_times(
    t: Vector, ref: NDArray[np.float64], tst: NDArray[np.float64], regulator: Regulator
) -> NDArray[np.bool_]:
    """Return which times the regulator lets into f2."""
    return np.array([p.used for p in _points(t, ref, tst, RULES[regulator])])


def _pair(reference_means: Sequence[float], test_means: Sequence[float]) -> tuple[Vector, Vector]:
    reference, test = (
        finite_numbers("reference_means", reference_means),
        finite_numbers("test_means", test_means),
    )
    if reference.size != test.size:
        raise MethodError(
            "the profiles have different times",
            given=f"{reference.size} and {test.size} means",
            allowed="one mean of each product at each time",
            next_step="compare at common times only",
        )
    return reference, test


def _factors(reference: Vector, test: Vector) -> tuple[float, float]:
    difference = f1(reference_means=reference.tolist(), test_means=test.tolist())
    return difference, float(similarity_factors(reference, test))


def _points(
    t: Vector, ref: NDArray[np.float64], tst: NDArray[np.float64], rule: F2Rule
) -> tuple[VariabilityAtTime, ...]:
    ref_means, test_means = _settled(ref.mean(axis=0)), _settled(tst.mean(axis=0))
    after_zero = t > 0.0
    on_plateau = rule.cut_by(ref_means, test_means) & after_zero
    late = np.concatenate([[False], np.cumsum(on_plateau)[:-1] > 0])
    early = np.zeros(t.size, dtype=bool)
    early[after_zero] = rule.is_early(t[after_zero])
    return tuple(
        VariabilityAtTime(
            time=float(t[i]),
            reference_mean=float(ref_means[i]),
            test_mean=float(test_means[i]),
            reference_cv=_cv(ref[:, i]),
            test_cv=_cv(tst[:, i]),
            cv_limit=20.0 if early[i] else 10.0,
            used=bool(after_zero[i] and not late[i]),
            reason=_why(bool(after_zero[i]), bool(late[i])),
        )
        for i in range(t.size)
    )


def _settled(value: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return the value without the dust of binary arithmetic, so that a mean of 85.0 is not above 85."""
    return np.asarray(np.round(value, 9), dtype=np.float64)


def _why(after_zero: bool, late: bool) -> str:
    if not after_zero:
        return "time 0 carries no information"
    return "after the one point on the plateau" if late else "used"


def _cv(column: Vector) -> float | None:
    mean = float(np.mean(column))
    if column.size < 2 or mean <= 0.0:
        return None
    return float(_settled(100.0 * float(np.std(column, ddof=1)) / mean))


def _too_variable(point: VariabilityAtTime, rule: F2Rule) -> bool:
    cvs = [cv for cv in (point.reference_cv, point.test_cv) if cv is not None]
    return any(cv > point.cv_limit or (cv == point.cv_limit and not rule.limit_included) for cv in cvs)


def _variable_sentence(point: VariabilityAtTime) -> str:
    cvs = ", ".join("–" if cv is None else f"{cv:.1f} %" for cv in (point.reference_cv, point.test_cv))
    return f"at {point.time:g} min the CV (reference, test: {cvs}) exceeds the limit of {point.cv_limit:g} %"


def _very_rapid(t: Vector, ref: NDArray[np.float64], tst: NDArray[np.float64], rule: F2Rule) -> bool:
    """Say whether both products are dissolved at the last time up to 15 minutes, as the regulator counts."""
    early = np.flatnonzero((t > 0.0) & (t <= 15.0))
    if not early.size:
        return False
    columns = (ref[:, early[-1]], tst[:, early[-1]])
    if rule.very_rapid_cv_limit is not None and any((_cv(c) or 0.0) > rule.very_rapid_cv_limit for c in columns):
        return False
    dissolved = min(float(_settled(c.min() if rule.individual_very_rapid else c.mean())) for c in columns)
    return dissolved > PLATEAU or (rule.plateau_included_when_very_rapid and dissolved == PLATEAU)


def _verdict(similarity: float | None, variability_accepted: bool) -> SimilarityOutcome:
    if similarity is None or not variability_accepted:
        return SimilarityOutcome.F2_NOT_APPLICABLE
    return SimilarityOutcome.SIMILAR if similarity >= SIMILAR_FROM else SimilarityOutcome.NOT_SIMILAR
