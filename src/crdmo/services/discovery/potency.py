"""Potency as chemists read it: pIC50 with its interval, from a stored mean in nM."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

FLIPPED = {"": "", "<": ">", ">": "<"}


@dataclass(frozen=True)
class Shown:
    """A pIC50: qualifier, value, interval where there is one, over how many curves; and the IC50 in nM."""

    qualifier: str
    value: float
    lower: float | None
    upper: float | None
    n: int
    nanomolar: float

    @property
    def text(self) -> str:
        """The pIC50 as a table prints it."""
        return f"{self.qualifier}{self.value:.2f}"

    @property
    def interval(self) -> str:
        """The interval as a table prints it."""
        if self.lower is None or self.upper is None:
            return ""
        return f"{self.lower:.2f} to {self.upper:.2f}"


def shown(output: Any) -> Shown:
    """Return a stored mean potency as pIC50; an IC50 below a bound is a pIC50 above one."""

    def p(value: float | None) -> float | None:
        return None if value is None else 9 - math.log10(value)

    return Shown(
        FLIPPED[output["qualifier"]], 9 - math.log10(output["value"]), p(output["upper"]), p(output["lower"]),
        output["n"], output["value"],
    )  # fmt: skip
