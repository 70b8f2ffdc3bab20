"""The points of a stability study as they come in, the choices of an evaluation, and what is refused at the door."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crdmo.science.method import MethodError

from .limits import LimitReading, loose_or_tight

Array = NDArray[np.float64]
FEWEST = 3


class Transformation(enum.Enum):
    """What the response is transformed by before lines are fitted."""

    NONE = "none"
    LOG = "log"
    SQRT = "sqrt"
    SQUARE = "square"


class TimeTransformation(enum.Enum):
    """What time is transformed by before lines are fitted; `log` is the logarithm of months + 1."""

    NONE = "none"
    LOG = "log"
    SQRT = "sqrt"
    SQUARE = "square"


_Function = Callable[[Array], Array]
_RESPONSE: dict[Transformation, tuple[_Function, _Function]] = {
    Transformation.NONE: (np.asarray, np.asarray),
    Transformation.LOG: (np.log, np.exp),
    Transformation.SQRT: (np.sqrt, lambda y: np.square(np.maximum(y, 0.0))),
    Transformation.SQUARE: (np.square, lambda y: np.sqrt(np.maximum(y, 0.0))),
}
_TIME: dict[TimeTransformation, tuple[_Function, _Function]] = {
    TimeTransformation.NONE: (np.asarray, np.asarray),
    TimeTransformation.LOG: (np.log1p, np.expm1),
    TimeTransformation.SQRT: (np.sqrt, np.square),
    TimeTransformation.SQUARE: (np.square, np.sqrt),
}


@dataclass(frozen=True)
class Options:
    """The choices of an evaluation after ICH Q1E, checked."""

    sides: int = 1
    confidence: float = 0.95
    alpha_pool: float = 0.25
    mean_square: str = "pooled"
    band: str = "confidence"
    transformation: Transformation = Transformation.NONE
    time_transformation: TimeTransformation = TimeTransformation.NONE

    def __post_init__(self) -> None:
        if self.sides not in (1, 2) or not 0.5 < self.confidence < 1:
            raise MethodError(
                "the bound is one- or two-sided at a confidence between 0.5 and 1",
                given=f"{self.sides} sides, confidence {self.confidence}",
                allowed="1 or 2; Q1E: 0.95",
            )
        if not 0 < self.alpha_pool < 1:
            raise MethodError(
                "the level of the poolability tests is no share", given=str(self.alpha_pool), allowed="Q1E: 0.25"
            )
        if self.mean_square not in ("pooled", "individual") or self.band not in ("confidence", "prediction"):
            raise MethodError(
                "this is not an option of the evaluation",
                given=f"{self.mean_square}, {self.band}",
                allowed="mean_square pooled or individual; band confidence or prediction",
            )

    def forward(self, values: Array) -> Array:
        """Return responses or limits on the scale on which lines are fitted."""
        logarithm = self.transformation is Transformation.LOG
        bounded = self.transformation is not Transformation.NONE
        if bounded and values.size and (values.min() < 0 or (logarithm and values.min() == 0)):
            raise MethodError(
                f"the transformation {self.transformation.value} is not defined below zero"
                + (" or at zero" if logarithm else ""),
                given=f"{values.min():g}",
                allowed="values and limits greater than zero" if logarithm else "values and limits of zero or more",
                next_step="Evaluate without this transformation",
            )
        return _RESPONSE[self.transformation][0](values)

    def back(self, values: Array) -> Array:
        """Return fitted responses in the unit of the data."""
        return np.asarray(_RESPONSE[self.transformation][1](values))

    def time_forward(self, months: Array) -> Array:
        """Return months on the scale on which lines are fitted."""
        return np.asarray(_TIME[self.time_transformation][0](months))

    def time_back(self, times: Array) -> Array:
        """Return times of the fitted scale in months."""
        return np.asarray(_TIME[self.time_transformation][1](times))

    @property
    def words(self) -> str:
        """The bound in words, as a report states it."""
        sided = "one-sided" if self.sides == 1 else "two-sided"
        what = "on the mean" if self.band == "confidence" else "on a single result (prediction)"
        return f"{sided} {100 * self.confidence:g} % bound {what}"


@dataclass(frozen=True)
class Study:
    """One attribute of one study: batches in the order in which they came, and their points."""

    names: tuple[str, ...]
    index: tuple[int, ...]
    months: Array
    values: Array

    def lacking(self) -> tuple[str, str] | None:
        """Return the first batch that has too few points for a line with an interval, and what it has."""
        numbers = np.asarray(self.index)
        for number, name in enumerate(self.names):
            here = numbers == number
            times = len(np.unique(self.months[here]))
            if times < FEWEST:
                return name, f"{int(here.sum())} points at {times} times"
        return None


def read_study(batch: Sequence[str], month: Sequence[float], value: Sequence[float]) -> Study:
    """Return the points of a study.

    Raises:
        MethodError: lists of different lengths, no points, or a number that is not finite or lies before the start.
    """
    if not len(batch) == len(month) == len(value):
        raise MethodError(
            "batch, month and value do not belong together",
            given=f"{len(batch)}, {len(month)} and {len(value)} entries",
            allowed="one entry of each for every result",
        )
    if not len(batch):
        raise MethodError(
            "there are no results to evaluate", allowed=f"results at {FEWEST} times or more in each batch"
        )
    months, values = np.asarray(month, float), np.asarray(value, float)
    wrong = np.flatnonzero(~np.isfinite(months) | ~np.isfinite(values) | (months < 0))
    if wrong.size:
        first = int(wrong[0])
        raise MethodError(
            f"result {first + 1} has a month or value that cannot be used",
            given=f"batch {batch[first]}, month {month[first]}, value {value[first]}",
            allowed="finite numbers, months from 0",
            next_step="Leave the result out and say why, or correct it at its source",
        )
    names = {name: number for number, name in enumerate(dict.fromkeys(batch))}
    return Study(tuple(names), tuple(names[name] for name in batch), months, values)


def read_limits(
    lower: float | None, upper: float | None, text: str = "", reading: LimitReading = LimitReading.TIGHT
) -> tuple[float | None, float | None]:
    """Return the limits of an evaluation, from numbers or from a limit's text.

    Raises:
        MethodError: none, both ways at once, limits the wrong way round, or one that is not finite.
    """
    if text:
        if (lower, upper) != (None, None):
            raise MethodError(
                "the limit is given twice", given=f"{text}, {lower} and {upper}", allowed="its text, or its numbers"
            )
        ends = loose_or_tight(text, reading)
        lower, upper = ends.get("lower_limit"), ends.get("upper_limit")
    if lower is None and upper is None:
        raise MethodError("a shelf life needs an acceptance limit", allowed="a lower limit, an upper limit or both")
    if any(limit is not None and not math.isfinite(limit) for limit in (lower, upper)):
        raise MethodError("a limit is not a finite number", given=f"{lower}, {upper}", allowed="a number, or none")
    if lower is not None and upper is not None and lower >= upper:
        raise MethodError(
            "the lower limit does not lie below the upper one",
            given=f"{lower} and {upper}",
            allowed="lower < upper",
        )
    return lower, upper
