"""Shelf life after ICH Q1E: are the batches one population, and when does the bound on the mean reach the limit?

The four models of a linear trend are fitted by QR: common or different intercepts (ci, di), common or different slopes
(cs, ds). Poolability is tested at 0.25, slopes first, each F on the mean square of the full model. The shelf life is the
first time at which the one- or two-sided 95 % bound on the mean reaches the acceptance limit, for the worst batch.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from crdmo.science.method import MethodError, method

Array = NDArray[np.float64]
ALPHA_POOL = 0.25
GRID = 61


class Outcome(enum.Enum):
    """How the search for the shelf life ended."""

    FOUND = "found"
    NO_INTERSECTION = "no intersection"
    BAND_OUTSIDE = "no intersection: the band lies outside the limit from the start"
    STARTS_OUTSIDE = "starts outside the limit"


class Transformation(enum.Enum):
    """What the response is transformed by before lines are fitted."""

    NONE = "none"
    LOG = "log"
    SQRT = "sqrt"
    SQUARE = "square"


@dataclass(frozen=True)
class Line:
    """The fitted line of one batch (on the transformed scale) and the shelf life that its bound gives.

    `covariance` are the variance of the intercept, their covariance and the variance of the slope, for mean square 1.
    """

    batch: str
    intercept: float
    slope: float
    mean_square: float
    df: int
    covariance: tuple[float, float, float]
    months: float | None
    side: str
    outcome: Outcome


@dataclass(frozen=True)
class Model:
    """One of the four models: its fit and the shelf life by its worst batch."""

    name: str
    mean_square: float
    df: int
    months: float | None
    worst_batch: str
    outcome: Outcome
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Curve:
    """What the picture needs of one batch: fitted values and bounds over time, in the unit of the response."""

    batch: str
    months: tuple[float, ...]
    fitted: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]


@dataclass(frozen=True)
class ShelfLife:
    """The whole evaluation, with the path that led to it."""

    model: str
    p_slope: float | None
    p_intercept: float | None
    months: float | None
    whole_months: int | None
    outcome: Outcome
    worst_batch: str
    side: str
    mean_square: str
    confidence: float
    sides: int
    lower_limit: float | None
    upper_limit: float | None
    transformation: Transformation
    models: tuple[Model, ...]
    points: tuple[tuple[str, float, float], ...]
    curves: tuple[Curve, ...]
    last_month: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class _Data:
    names: tuple[str, ...]
    index: NDArray[np.intp]
    time: Array
    value: Array


@dataclass(frozen=True)
class _Band:
    """How far the bound lies from the line, and where the limits are."""

    lower: float | None
    upper: float | None
    quantile: float
    prediction: bool


Limits = Callable[[float], tuple[float | None, float | None]]


def _data(batch: Sequence[str], month: Sequence[float], value: Sequence[float]) -> _Data:
    if not len(batch) == len(month) == len(value):
        raise MethodError("batch, month and value have different lengths", given=f"{len(batch)}, {len(month)}, {len(value)}")
    names = tuple(dict.fromkeys(batch))
    time, response = np.asarray(month, float), np.asarray(value, float)
    if not np.isfinite(time).all() or not np.isfinite(response).all() or (time < 0).any():
        raise MethodError("a month or value is missing, infinite or before the start")
    index = np.array([names.index(name) for name in batch], dtype=np.intp)
    for number, name in enumerate(names):
        here = index == number
        if here.sum() < 3 or len(np.unique(time[here])) < 3:
            raise MethodError(
                f"batch {name} has too few points for a line with an interval",
                given=f"{here.sum()} points at {len(np.unique(time[here]))} times", allowed="three times or more",
                next_step="Evaluate the other batches, or wait for the next pull",
            )  # fmt: skip
    return _Data(names, index, time, response)


def _design(data: _Data, model: str) -> Array:
    count = len(data.names)
    dummies = np.eye(count)[data.index]
    one, slope = np.ones((len(data.time), 1)), data.time[:, None]
    left = one if model.startswith("ci") else dummies
    right = slope if model.endswith("cs") else dummies * slope
    return np.hstack([left, right])


def _least_squares(design: Array, value: Array) -> tuple[Array, Array, float, int]:
    """Return coefficients, unscaled covariance, residual sum of squares and degrees of freedom."""
    q, r = np.linalg.qr(design)
    inverse = np.linalg.inv(r)
    coefficients = inverse @ (q.T @ value)
    residual = value - design @ coefficients
    return coefficients, inverse @ inverse.T, float(residual @ residual), len(value) - design.shape[1]


def _positions(model: str, number: int, count: int) -> tuple[int, int]:
    first = 1 if model.startswith("ci") else count
    return (0 if model.startswith("ci") else number), first + (0 if model.endswith("cs") else number)


def _crossing(line: tuple[float, float], cov: tuple[float, float, float], mse: float, limit: float, sign: int,
              band: _Band) -> tuple[float | None, Outcome]:  # fmt: skip
    """Return the first time at which the bound `line - sign × quantile × se` reaches the limit.

    With u = sign × (line − limit), the bound is inside while u(t) > q·s·√v(t); v is a convex square, so the bound leaves
    at most once: at the smallest positive root of u² = q² s² v with u ≥ 0.
    """
    a, b = sign * (line[0] - limit), sign * line[1]
    c0, c1, c2 = cov[0] + (1.0 if band.prediction else 0.0), 2 * cov[1], cov[2]
    scale = band.quantile**2 * mse
    if a <= 0:
        return None, Outcome.STARTS_OUTSIDE
    if a <= math.sqrt(scale * c0):
        return None, Outcome.BAND_OUTSIDE
    quadratic = (b * b - scale * c2, 2 * a * b - scale * c1, a * a - scale * c0)
    roots = np.roots(quadratic) if quadratic[0] else np.array([-quadratic[2] / quadratic[1]] if quadratic[1] else [])
    good = [float(r.real) for r in roots if abs(r.imag) < 1e-9 and r.real > 0 and a + b * r.real >= -1e-9]
    return (min(good), Outcome.FOUND) if good else (None, Outcome.NO_INTERSECTION)


def _line(name: str, fit: tuple[float, float], cov: tuple[float, float, float], mse: float, df: int, band: _Band) -> Line:
    found: list[tuple[float | None, Outcome, str]] = []
    for limit, sign, side in ((band.lower, 1, "lower"), (band.upper, -1, "upper")):
        if limit is not None:
            found.append((*_crossing(fit, cov, mse, limit, sign, band), side))
    months, outcome, side = min(found, key=lambda f: _rank(f[1], f[0]))
    return Line(name, fit[0], fit[1], mse, df, cov, months, side, outcome)


def _rank(outcome: Outcome, months: float | None) -> tuple[int, float]:
    """Return the order from worst to best: outside from the start, then the shortest time, then no end at all."""
    order = {Outcome.STARTS_OUTSIDE: 0, Outcome.BAND_OUTSIDE: 1, Outcome.FOUND: 2, Outcome.NO_INTERSECTION: 3}
    return order[outcome], months or 0.0


def _worst(lines: Sequence[Line]) -> Line:
    return min(lines, key=lambda line: _rank(line.outcome, line.months))


def _quantile(confidence: float, sides: int, df: int) -> float:
    return float(stats.t.ppf(confidence if sides == 1 else (1 + confidence) / 2, df))


def _fit(data: _Data, model: str, limits: Limits, confidence: float, sides: int, prediction: bool,
         individual: bool) -> tuple[Model, float]:  # fmt: skip
    """Fit one model and return it with its residual sum of squares. `limits` gives the limits for an intercept."""
    coefficients, covariance, rss, df = _least_squares(_design(data, model), data.value)
    lines = []
    for number, name in enumerate(data.names):
        i, j = _positions(model, number, len(data.names))
        fit = (float(coefficients[i]), float(coefficients[j]))
        cov = (float(covariance[i, i]), float(covariance[i, j]), float(covariance[j, j]))
        mse, own = rss / df, df
        if individual:
            here = data.index == number
            _, _, own_rss, own = _least_squares(np.column_stack([np.ones(here.sum()), data.time[here]]), data.value[here])
            mse = own_rss / own
        band = _Band(*limits(fit[0]), _quantile(confidence, sides, own), prediction)
        lines.append(_line(name, fit, cov, mse, own, band))
    worst = _worst(lines)
    label = model + (" individual" if individual else " pooled" if model == "dids" else "")
    return Model(label, rss / df, df, worst.months, worst.batch, worst.outcome, tuple(lines)), rss


def _p(reduced: float, fuller: float, full: float, full_df: int, terms: int) -> float:
    if full <= 0:
        raise MethodError("the points lie on their lines exactly: there is no error to test against")
    return float(stats.f.sf((reduced - fuller) / terms / (full / full_df), terms, full_df))


def _forward(value: float, how: Transformation) -> float:
    if how in (Transformation.LOG, Transformation.SQRT) and value <= 0:
        raise MethodError(f"the {how.value} of a value that is not positive is not defined", given=str(value))
    return {"log": math.log, "sqrt": math.sqrt, "square": lambda x: x * x}.get(how.value, float)(value)


def _back(values: Array, how: Transformation) -> Array:
    if how is Transformation.LOG:
        return np.asarray(np.exp(values))
    if how is Transformation.SQRT:
        return np.square(values)
    return np.sqrt(np.maximum(values, 0)) if how is Transformation.SQUARE else values


def _curves(model: Model, last: float, confidence: float, sides: int, prediction: bool, how: Transformation) -> tuple[Curve, ...]:
    grid = np.linspace(0, last, GRID)
    made = []
    for line in model.lines:
        c0, c1, c2 = line.covariance
        variance = c0 + 2 * c1 * grid + c2 * grid**2 + (1 if prediction else 0)
        half = _quantile(confidence, sides, line.df) * np.sqrt(line.mean_square * variance)
        middle = line.intercept + line.slope * grid
        parts = [_back(part, how) for part in (middle, middle - half, middle + half)]
        made.append(Curve(line.batch, tuple(grid.tolist()), *(tuple(part.tolist()) for part in parts)))
    return tuple(made)


@method(
    "quality.shelf_life_q1e", version="1.0", title="Shelf life after ICH Q1E",
    source="ICH Q1E, Evaluation for Stability Data (2003), Appendix B; LeBlond et al., J Valid Technol 2011;17(3):47-68",
)  # fmt: skip
def shelf_life(
    *,
    batch: Sequence[str],
    month: Sequence[float],
    value: Sequence[float],
    lower_limit: float | None = None,
    upper_limit: float | None = None,
    sides: int = 1,
    confidence: float = 0.95,
    alpha_pool: float = ALPHA_POOL,
    mean_square: str = "pooled",
    band: str = "confidence",
    transformation: Transformation = Transformation.NONE,
) -> ShelfLife:
    """Evaluate one attribute over the batches of a stability study.

    Args:
        batch: batch of each point.
        month: time of each point, months.
        value: result of each point, unrounded, in one unit.
        lower_limit: acceptance limit below, in the unit of the values; None where there is none.
        upper_limit: acceptance limit above.
        sides: 1 for the one-sided bound (a limit on one side), 2 where both limits bound the attribute.
        confidence: of the bound; Q1E: 0.95.
        alpha_pool: significance level of the poolability tests; Q1E: 0.25.
        mean_square: `pooled` or `individual`: the error of each batch where slopes differ.
        band: `confidence` for the mean (Q1E) or `prediction` for a single result.
        transformation: applied to values and limits before fitting.

    Returns:
        The evaluation: poolability, the model chosen, shelf life by the worst batch, all models, and the path.

    Raises:
        MethodError: fewer than three times in a batch, no limit, or a value that cannot be transformed.

    Source: ICH Q1E, Appendix B; answers of LeBlond et al. (2011).
    """
    limits = (lower_limit, upper_limit)
    _check(limits, sides, confidence, mean_square, band)
    data = _data(batch, month, [_forward(v, transformation) for v in value])
    low, high = (None if limit is None else _forward(limit, transformation) for limit in limits)
    fitted = {}
    for name in ("dids", "dics", "cids", "cics"):
        fitted[name] = _fit(data, name, lambda _: (low, high), confidence, sides, band == "prediction", False)
    own = _fit(data, "dids", lambda _: (low, high), confidence, sides, band == "prediction", True)[0]
    chosen, p_slope, p_intercept, reasons = _choose(len(data.names), {k: v[1] for k, v in fitted.items()},
                                                    fitted["dids"][0].df, alpha_pool)  # fmt: skip
    model = own if chosen == "dids" and mean_square == "individual" else fitted[chosen][0]
    worst = _worst(model.lines)
    whole = None if model.months is None else math.floor(model.months + 1e-9)
    last = max(float(data.time.max()), min(model.months or 0.0, 120.0)) * 1.15
    return ShelfLife(
        model=model.name, p_slope=p_slope, p_intercept=p_intercept, months=model.months, whole_months=whole,
        outcome=model.outcome, worst_batch=worst.batch, side=worst.side, mean_square=mean_square, confidence=confidence,
        sides=sides, lower_limit=lower_limit, upper_limit=upper_limit, transformation=transformation,
        models=(*(fit[0] for fit in fitted.values()), own),
        points=tuple(zip(batch, map(float, month), map(float, value), strict=True)),
        curves=_curves(model, last, confidence, sides, band == "prediction", transformation),
        last_month=float(data.time.max()), reasons=(*reasons, _ending(model, worst, whole)),
    )  # fmt: skip


def _check(limits: tuple[float | None, float | None], sides: int, confidence: float, mean_square: str, band: str) -> None:
    if limits == (None, None):
        raise MethodError("a shelf life needs an acceptance limit", allowed="a lower limit, an upper limit or both")
    if None not in limits and limits[0] >= limits[1]:  # type: ignore[operator]
        raise MethodError("the lower limit lies above the upper one", given=f"{limits[0]} and {limits[1]}")
    if sides not in (1, 2) or not 0.5 < confidence < 1:
        raise MethodError("the bound is one- or two-sided at a confidence between 0.5 and 1", given=f"{sides}, {confidence}")
    if mean_square not in ("pooled", "individual") or band not in ("confidence", "prediction"):
        raise MethodError("not an option", given=f"{mean_square}, {band}", allowed="pooled or individual; confidence or prediction")


def _choose(count: int, rss: dict[str, float], df: int, alpha: float) -> tuple[str, float | None, float | None, list[str]]:
    """Return the model by ICH Q1E: slopes first, then intercepts, at the level given."""
    if count == 1:
        return "cics", None, None, ["one batch: a line of its own"]
    p_slope = _p(rss["dics"], rss["dids"], rss["dids"], df, count - 1)
    p_intercept = _p(rss["cics"], rss["dics"], rss["dids"], df, count - 1)
    told = [f"equal slopes: p = {p_slope:.5f} {'≥' if p_slope >= alpha else '<'} {alpha}"]
    if p_slope < alpha:
        return "dids", p_slope, p_intercept, [*told, "slopes differ: separate lines, the shortest shelf life counts"]
    told.append(f"equal intercepts: p = {p_intercept:.5f} {'≥' if p_intercept >= alpha else '<'} {alpha}")
    if p_intercept < alpha:
        return "dics", p_slope, p_intercept, [*told, "common slope, own intercepts: the shortest shelf life counts"]
    return "cics", p_slope, p_intercept, [*told, "batches are pooled: one line for all"]


def _ending(model: Model, worst: Line, whole: int | None) -> str:
    if model.outcome is Outcome.FOUND:
        return f"the bound of batch {worst.batch} reaches the {worst.side} limit at {model.months:.5f} months: {whole} months"
    if model.outcome is Outcome.NO_INTERSECTION:
        return "no bound reaches a limit: the data do not end the shelf life; the extrapolation rules do"
    if model.outcome is Outcome.BAND_OUTSIDE:
        return f"the band of batch {worst.batch} is so wide that it lies outside the {worst.side} limit from the start"
    return f"the line of batch {worst.batch} starts outside the {worst.side} limit: no shelf life"


@method(
    "quality.shelf_life_what_if", version="1.0", title="Shelf life from the release limit",
    source="LeBlond et al., J Valid Technol 2011;17(3):47-68, what-if shelf life",
)  # fmt: skip
def what_if_shelf_life(
    *, batch: Sequence[str], month: Sequence[float], value: Sequence[float], release_limit: float, shelf_life_limit: float,
    confidence: float = 0.95,
) -> tuple[Model, ...]:  # fmt: skip
    """Return, for every model, when a batch released at its limit would reach the shelf-life limit.

    The one-sided bound may move by |release − shelf-life limit| from the fitted intercept of its batch. Every batch is
    given, and the worst (the shortest) is that of the model.

    Raises:
        MethodError: the limits are equal, or a batch has too few points.
    """
    if release_limit == shelf_life_limit:
        raise MethodError("release and shelf-life limit are the same: nothing may change", given=str(release_limit))
    falling = shelf_life_limit < release_limit
    room = abs(release_limit - shelf_life_limit)
    data = _data(batch, month, value)

    def limits(intercept: float) -> tuple[float | None, float | None]:
        return (intercept - room, None) if falling else (None, intercept + room)

    wanted = (("cics", False), ("dics", False), ("dids", False), ("dids", True))
    return tuple(_fit(data, name, limits, confidence, 1, False, individual)[0] for name, individual in wanted)
