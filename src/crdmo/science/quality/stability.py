"""Shelf life after ICH Q1E: whether the batches are one population, and when the bound on the mean meets the limit.

The four models of a linear trend are fitted by QR: common or different intercepts (ci, di), common or different slopes
(cs, ds). Poolability is tested at 0.25, slopes first, each F on the mean square of the full model. The shelf life is
the first time at which the one- or two-sided 95 % bound on the mean reaches the acceptance limit, for the worst batch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crdmo.science.method import method

from .limits import LimitReading
from .stability_bounds import Outcome
from .stability_evaluation import LABELS, evaluated, fits_of, poolability
from .stability_fit import stack
from .stability_models import Curve, Line, Model, curves_of, models_of, whole_months
from .stability_study import Options, Study, TimeTransformation, Transformation, read_limits, read_study

__all__ = [
    "Curve",
    "Line",
    "Model",
    "Outcome",
    "ShelfLife",
    "TimeTransformation",
    "Transformation",
    "shelf_life",
]

# A picture that runs for centuries shows nothing.
LONGEST_PICTURE = 120.0
SOURCE = (
    "ICH Q1E, Evaluation for Stability Data (2003), Appendix B; "
    "LeBlond, Griffith, Aubuchon, J Valid Technol 2011;17(3):47-68"
)


@dataclass(frozen=True)
class ShelfLife:
    """The whole evaluation, with the path that led to it; `reasons` ends with what it comes to."""

    model: str
    p_slope: float | None
    p_intercept: float | None
    months: float | None
    whole_months: int | None
    outcome: Outcome
    worst_batch: str
    side: str
    mean_square: str
    band: str
    confidence: float
    alpha_pool: float
    sides: int
    lower_limit: float | None
    upper_limit: float | None
    limit_reading: LimitReading
    transformation: Transformation
    time_transformation: TimeTransformation
    models: tuple[Model, ...]
    points: tuple[tuple[str, float, float], ...]
    curves: tuple[Curve, ...]
    last_month: float
    reasons: tuple[str, ...]


@method("quality.shelf_life_q1e", version="1.1", title="Shelf life after ICH Q1E", source=SOURCE)
def shelf_life(
    *,
    batch: Sequence[str],
    month: Sequence[float],
    value: Sequence[float],
    lower_limit: float | None = None,
    upper_limit: float | None = None,
    limit: str = "",
    limit_reading: LimitReading = LimitReading.TIGHT,
    sides: int = 1,
    confidence: float = 0.95,
    alpha_pool: float = 0.25,
    mean_square: str = "pooled",
    band: str = "confidence",
    transformation: Transformation = Transformation.NONE,
    time_transformation: TimeTransformation = TimeTransformation.NONE,
) -> ShelfLife:
    """Evaluate one attribute over the batches of a stability study.

    Args:
        batch: batch of each point.
        month: time of each point, months.
        value: result of each point, unrounded, in one unit.
        lower_limit: acceptance limit below, in the unit of the values; None where there is none.
        upper_limit: acceptance limit above.
        limit: the limit's text instead of its numbers.
        limit_reading: with `limit`, at its number (`tight`) or at the last value that rounds to it (`loose`).
        sides: 1 for the one-sided bound (a limit on one side), 2 where both limits bound the attribute.
        confidence: of the bound; Q1E: 0.95.
        alpha_pool: significance level of the poolability tests; Q1E: 0.25.
        mean_square: `pooled` (Q1E) or `individual`: the error of each batch where slopes differ.
        band: `confidence` for the mean (Q1E) or `prediction` for a single result.
        transformation: applied to values and limits before fitting.
        time_transformation: applied to months before fitting.

    Returns:
        The evaluation: poolability, the model chosen, shelf life by the worst batch, all models, and the path. Its
        outcome is `too few points` where a batch has fewer than three times; then nothing is fitted.

    Raises:
        MethodError: no limit or an impossible one, a number that is not finite, or one that cannot be transformed.

    Source: ICH Q1E (2003), Appendix B; LeBlond et al. (2011). The example is Velagaleti (2008) in Gad (ed.),
    Pharmaceutical Manufacturing Handbook, Wiley, p. 602: 23 months.

    >>> found = shelf_life(batch=["1"] * 8, month=[0, 3, 6, 9, 12, 18, 24, 36], lower_limit=90.0,
    ...                    value=[103.5, 97.3, 97.2, 94.2, 94.8, 94.1, 91.3, 88.7])
    >>> found.whole_months, round(found.models[0].lines[0].slope, 5), round(found.models[0].lines[0].intercept, 5)
    (23, -0.33348, 99.63951)
    """
    options = Options(sides, confidence, alpha_pool, mean_square, band, transformation, time_transformation)
    ends = read_limits(lower_limit, upper_limit, limit, limit_reading)
    study = read_study(batch, month, value)
    points = tuple((name, float(m), float(v)) for name, m, v in zip(batch, study.months, study.values, strict=True))
    path = _opening(study, options, limit, limit_reading, ends)
    settled = _Settled(options, ends, limit_reading, points, float(study.months.max()))
    if lacking := study.lacking():
        return _too_few(settled, lacking, path)
    return _evaluate(study, settled, path)


@dataclass(frozen=True)
class _Settled:
    """What a result says again of what it was asked."""

    options: Options
    ends: tuple[float | None, float | None]
    reading: LimitReading
    points: tuple[tuple[str, float, float], ...]
    last_month: float


def _evaluate(study: Study, settled: _Settled, path: list[str]) -> ShelfLife:
    options = settled.options
    data = stack([(study.index, options.time_forward(study.months), options.forward(study.values))], len(study.names))
    lower, upper = (None if end is None else options.forward(np.array([[end]])) for end in settled.ends)
    fits = fits_of(data)
    pools = poolability(data, fits, options)
    every = {label: evaluated(data, label, fits, options, lower, upper) for label in LABELS}
    models = {label: models_of(study, found, label, options) for label, found in every.items()}
    label = LABELS[int(pools.chosen[0])]
    model = models[label]
    worst = next(line for line in model.lines if line.batch == model.worst_batch)
    several = len(study.names) > 1
    p_slope, p_intercept = (float(p[0]) if several else None for p in (pools.p_slope, pools.p_intercept))
    last = max(settled.last_month, min(model.months or 0.0, LONGEST_PICTURE)) * 1.15
    return _result(
        settled,
        model,
        worst,
        (p_slope, p_intercept),
        tuple(models.values()),
        curves_of(study, every[label], last, options),
        (*path, *_decision(p_slope, p_intercept, options), _ending(model, worst)),
    )


def _result(
    settled: _Settled,
    model: Model,
    worst: Line,
    p: tuple[float | None, float | None],
    models: tuple[Model, ...],
    curves: tuple[Curve, ...],
    reasons: tuple[str, ...],
) -> ShelfLife:
    options = settled.options
    return ShelfLife(
        model=model.name,
        p_slope=p[0],
        p_intercept=p[1],
        months=model.months,
        whole_months=whole_months(model.months),
        outcome=model.outcome,
        worst_batch=worst.batch,
        side=worst.side,
        mean_square=options.mean_square,
        band=options.band,
        confidence=options.confidence,
        alpha_pool=options.alpha_pool,
        sides=options.sides,
        lower_limit=settled.ends[0],
        upper_limit=settled.ends[1],
        limit_reading=settled.reading,
        transformation=options.transformation,
        time_transformation=options.time_transformation,
        models=models,
        points=settled.points,
        curves=curves,
        last_month=settled.last_month,
        reasons=reasons,
    )


def _too_few(settled: _Settled, lacking: tuple[str, str], path: list[str]) -> ShelfLife:
    name, has = lacking
    nothing = Model("", math.nan, 0, None, name, Outcome.TOO_FEW_POINTS, ())
    line = Line(name, math.nan, math.nan, math.nan, 0, (math.nan,) * 3, None, "", Outcome.TOO_FEW_POINTS)
    told = f"batch {name} has {has}: a line with an interval needs three times; nothing is fitted"
    return _result(settled, nothing, line, (None, None), (), (), (*path, told))


def _opening(
    study: Study, options: Options, limit: str, reading: LimitReading, ends: tuple[float | None, float | None]
) -> list[str]:
    count = len(study.names)
    batches = f"{count} {'batch' if count == 1 else 'batches'}"
    told = [f"{len(study.index)} results of {batches} up to month {study.months.max():g}"]
    if limit:
        read = ", ".join(f"{end:g}" for end in ends if end is not None)
        told.append(f"the limit {limit} is read {'at' if reading is LimitReading.TIGHT else 'loosely, at'} {read}")
    changed = {"values and limits": options.transformation.value, "months": options.time_transformation.value}
    told += [f"{what} are transformed: {how}" for what, how in changed.items() if how != "none"]
    return told


def _decision(p_slope: float | None, p_intercept: float | None, options: Options) -> list[str]:
    """Return the path of ICH Q1E in words: slopes first, then intercepts."""
    alpha = options.alpha_pool
    if p_slope is None or p_intercept is None:
        return ["one batch: a line of its own", options.words]
    told = [f"equal slopes: p = {p_slope:.5f} {'≥' if p_slope >= alpha else '<'} {alpha}"]
    if p_slope < alpha:
        error = "mean square of all batches" if options.mean_square == "pooled" else "mean square of each batch alone"
        told.append(f"slopes differ: separate lines with the {error}, the shortest shelf life counts")
        return [*told, options.words]
    told.append(f"equal intercepts: p = {p_intercept:.5f} {'≥' if p_intercept >= alpha else '<'} {alpha}")
    if p_intercept < alpha:
        return [*told, "common slope, own intercepts: the shortest shelf life counts", options.words]
    return [*told, "batches are pooled: one line for all", options.words]


def _ending(model: Model, worst: Line) -> str:
    whose = "the pooled line" if model.name == "cics" and len(model.lines) > 1 else f"batch {worst.batch}"
    if model.outcome is Outcome.FOUND:
        whole = whole_months(model.months)
        return f"the bound of {whose} reaches the {worst.side} limit at {model.months:.5f} months: {whole} months"
    if model.outcome is Outcome.NO_INTERSECTION:
        return "no bound reaches a limit: the data do not end the shelf life; the extrapolation rules do"
    if model.outcome is Outcome.BAND_OUTSIDE:
        return f"the band of {whose} is so wide that it lies outside the {worst.side} limit from the start"
    return f"{whose} starts outside the {worst.side} limit: no shelf life"
