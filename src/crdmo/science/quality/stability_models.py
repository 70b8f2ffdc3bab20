"""The models of a stability study in plain numbers: lines with their shelf lives, and the curves of a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .stability_bounds import Outcome
from .stability_evaluation import Evaluated
from .stability_study import Options, Study

GRID = 61


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
    """One of the models: its fit and the shelf life by its worst batch."""

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


def whole_months(months: float | None) -> int | None:
    """Return whole months downwards: 32.8 are 32. What the last bits of a double take from 24 is given back."""
    return None if months is None else math.floor(months + 1e-9)


def models_of(study: Study, found: Evaluated, label: str, options: Options) -> Model:
    """Return one model of a single study with its lines."""
    lines = []
    for number, name in enumerate(study.names):
        outcome, time, side = found.outcome(0, number)
        months = None if time is None else float(options.time_back(np.asarray(time)))
        covariance = tuple(float(part[0, number]) for part in found.fit.covariance)
        lines.append(
            Line(
                name,
                float(found.fit.intercept[0, number]),
                float(found.fit.slope[0, number]),
                float(found.mean_square[0, number]),
                int(found.df[0, number]),
                (covariance[0], covariance[1], covariance[2]),
                months,
                side,
                outcome,
            )
        )
    worst = lines[int(found.worst[0])]
    error, df = float(found.fit.mean_square[0]), int(found.fit.df[0])
    return Model(label, error, df, worst.months, worst.batch, worst.outcome, tuple(lines))


def curves_of(study: Study, found: Evaluated, last: float, options: Options) -> tuple[Curve, ...]:
    """Return fitted lines and bounds from the start to `last`, in the unit of the response."""
    months = np.linspace(0.0, last, GRID)
    grid = options.time_forward(months)
    s0, s1, s2 = found.lines.spread
    made = []
    for number, name in enumerate(study.names):
        middle = found.lines.intercept[0, number] + found.lines.slope[0, number] * grid
        half = np.sqrt(np.maximum(s0[0, number] + 2 * s1[0, number] * grid + s2[0, number] * grid**2, 0.0))
        parts = [options.back(part) for part in (middle, middle - half, middle + half)]
        made.append(Curve(name, tuple(months.tolist()), *(tuple(part.tolist()) for part in parts)))
    return tuple(made)
