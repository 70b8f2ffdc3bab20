"""Shelf lives of thousands of studies in one call: simulations, annual reviews, what if the next pull is lower.

Studies with the same number of batches are fitted as one stack by the very lines that evaluate a single one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crdmo.science.method import MethodError, method

from .stability import SOURCE
from .stability_bounds import Outcome
from .stability_evaluation import LABELS, Evaluated, Poolability, evaluated, fits_of, poolability
from .stability_fit import Array, stack
from .stability_models import whole_months
from .stability_study import Options, Study, TimeTransformation, Transformation, read_limits, read_study

# So many studies at a time keep the stacks within the memory of a small machine.
AT_A_TIME = 4000


@dataclass(frozen=True)
class StudyPoints:
    """One study: a name for the answer, its points, and its limits in the unit of the values."""

    name: str
    batch: Sequence[str]
    month: Sequence[float]
    value: Sequence[float]
    lower_limit: float | None = None
    upper_limit: float | None = None


@dataclass(frozen=True)
class StudyShelfLife:
    """What one study comes to; `quality.shelf_life_q1e` gives the whole evaluation with its path."""

    name: str
    model: str
    p_slope: float | None
    p_intercept: float | None
    months: float | None
    whole_months: int | None
    outcome: Outcome
    worst_batch: str
    side: str


@dataclass(frozen=True)
class _Ready:
    place: int
    study: Study
    ends: tuple[float | None, float | None]


@method("quality.shelf_lives_q1e", version="1.0", title="Shelf lives of many studies after ICH Q1E", source=SOURCE)
def shelf_lives(
    *,
    studies: Sequence[StudyPoints],
    sides: int = 1,
    confidence: float = 0.95,
    alpha_pool: float = 0.25,
    mean_square: str = "pooled",
    band: str = "confidence",
    transformation: Transformation = Transformation.NONE,
    time_transformation: TimeTransformation = TimeTransformation.NONE,
) -> tuple[StudyShelfLife, ...]:
    """Evaluate many studies by the same choices.

    Args:
        studies: one attribute of one study each.
        sides: as in `shelf_life`, and so are the others.
        confidence: of the bound.
        alpha_pool: significance level of the poolability tests.
        mean_square: `pooled` or `individual`.
        band: `confidence` or `prediction`.
        transformation: of values and limits.
        time_transformation: of months.

    Returns:
        The shelf lives in the order of the studies.

    Raises:
        MethodError: a study is refused; its name is said, and nothing is evaluated.

    Source: as `shelf_life`.
    """
    options = Options(sides, confidence, alpha_pool, mean_square, band, transformation, time_transformation)
    answers: dict[int, StudyShelfLife] = {}
    groups: dict[int, list[_Ready]] = defaultdict(list)
    for place, given in enumerate(studies):
        ready = _read(place, given)
        if lacking := ready.study.lacking():
            answers[place] = _too_few(given.name, lacking[0])
        else:
            groups[len(ready.study.names)].append(ready)
    for group in groups.values():
        for start in range(0, len(group), AT_A_TIME):
            part = group[start : start + AT_A_TIME]
            answers.update(_evaluate([studies[ready.place].name for ready in part], part, options))
    return tuple(answers[place] for place in range(len(studies)))


def _read(place: int, given: StudyPoints) -> _Ready:
    try:
        ends = read_limits(given.lower_limit, given.upper_limit)
        return _Ready(place, read_study(given.batch, given.month, given.value), ends)
    except MethodError as error:
        raise _named(given.name, error) from error


def _named(name: str, error: MethodError) -> MethodError:
    return MethodError(
        f"study {name}: {error.what}", given=error.given, allowed=error.allowed, next_step=error.next_step
    )


def _too_few(name: str, batch: str) -> StudyShelfLife:
    return StudyShelfLife(name, "", None, None, None, None, Outcome.TOO_FEW_POINTS, batch, "")


def _evaluate(names: Sequence[str], group: Sequence[_Ready], options: Options) -> dict[int, StudyShelfLife]:
    rows = []
    for name, ready in zip(names, group, strict=True):
        try:
            values = options.forward(ready.study.values)
        except MethodError as error:
            raise _named(name, error) from error
        rows.append((ready.study.index, options.time_forward(ready.study.months), values))
    data = stack(rows, len(group[0].study.names))
    lower, upper = (_ends([ready.ends[side] for ready in group], options) for side in (0, 1))
    fits = fits_of(data)
    pools = poolability(data, fits, options)
    every = [evaluated(data, label, fits, options, lower, upper) for label in LABELS]
    return {
        ready.place: _answer(name, row, ready.study, pools, every, options)
        for row, (name, ready) in enumerate(zip(names, group, strict=True))
    }


def _ends(ends: Sequence[float | None], options: Options) -> Array | None:
    """Return limits as a column; a study without this limit has one that is never reached."""
    if all(end is None for end in ends):
        return None
    known = options.forward(np.array([end for end in ends if end is not None]))
    column = np.full((len(ends), 1), np.nan)
    column[[place for place, end in enumerate(ends) if end is not None], 0] = known
    return column


def _answer(
    name: str, row: int, study: Study, pools: Poolability, every: Sequence[Evaluated], options: Options
) -> StudyShelfLife:
    label = int(pools.chosen[row])
    found = every[label]
    worst = int(found.worst[row])
    outcome, time, side = found.outcome(row, worst)
    months = None if time is None else float(options.time_back(np.asarray(time)))
    several = len(study.names) > 1
    p_slope, p_intercept = (float(p[row]) if several else None for p in (pools.p_slope, pools.p_intercept))
    return StudyShelfLife(
        name, LABELS[label], p_slope, p_intercept, months, whole_months(months), outcome, study.names[worst], side
    )
