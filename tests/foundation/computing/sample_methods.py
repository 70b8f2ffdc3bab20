"""Small methods whose answers are plain, for tests of the machinery around methods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from crdmo.science.method import MethodError, method


class Finding(Enum):
    HIGH = "high"
    LOW = "low"


@dataclass(frozen=True)
class Summary:
    mean: float
    spread: tuple[float, ...]
    finding: Finding


@method("tests.summary", version="1.0", source="none: made for tests", title="Summary of values")
def summary(*, values: Sequence[float], limit: float, factor: float = 1.0) -> Summary:
    if not values:
        raise MethodError("there are no values", allowed="one or more")
    mean = sum(values) / len(values) * factor
    return Summary(mean, tuple(v - mean for v in values), Finding.HIGH if mean > limit else Finding.LOW)


@method("tests.draw", version="1.0", source="none: made for tests", title="Random draw")
def draw(*, count: int, seed: int) -> list[float]:
    return list(np.random.default_rng(seed).normal(size=count))


@method("tests.undefined", version="1.0", source="none: made for tests", title="A result that is no number")
def undefined(*, values: Sequence[float]) -> dict[str, float]:
    return {"largest": max(values), "ratio": float("inf"), "nothing": float("nan")}


@method("tests.many", version="1.0", source="none: made for tests", title="A large result")
def many(*, count: int) -> list[int]:
    return list(range(count))
