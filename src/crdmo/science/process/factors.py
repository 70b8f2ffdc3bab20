"""Factors of a process with their unit and range, kept beside their coded form.

A coded value is (natural − centre) / half-range, so the low end is −1 and the high end +1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crdmo.science.checks import finite_numbers, table_of_numbers
from crdmo.science.method import MethodError

Matrix = NDArray[np.float64]
MOST_FACTORS = 11


@dataclass(frozen=True)
class Factor:
    """One factor: `low` and `high` in `unit` are coded −1 and +1."""

    name: str
    unit: str
    low: float
    high: float

    @property
    def centre(self) -> float:
        """The value coded 0."""
        return (self.low + self.high) / 2.0

    @property
    def half(self) -> float:
        """The distance from the centre to the coded value 1."""
        return (self.high - self.low) / 2.0


def checked_factors(factors: Sequence[Factor], *, at_least: int = 1, at_most: int = MOST_FACTORS) -> None:
    """Refuse factors that cannot be coded: a missing or repeated name, an empty or reversed range, too many."""
    if not at_least <= len(factors) <= at_most:
        raise MethodError(
            "this number of factors cannot be used here", given=str(len(factors)), allowed=f"{at_least} to {at_most}"
        )
    names = [factor.name.strip() for factor in factors]
    if "" in names or len(set(names)) != len(names):
        raise MethodError("factors need different names", given=", ".join(names), allowed="each name once, none empty")
    for factor in factors:
        finite_numbers(f"range of {factor.name}", (factor.low, factor.high))
        if factor.low >= factor.high:
            raise MethodError(
                f"the range of {factor.name} is empty",
                given=f"{factor.low:g} to {factor.high:g} {factor.unit}",
                allowed="a low end below the high end",
                next_step="swap the ends, or leave the factor out",
            )


def to_coded(factors: Sequence[Factor], natural: Sequence[Sequence[float]]) -> Matrix:
    """Return settings in natural units as coded ones, a run a row."""
    table = _table(factors, natural)
    coded: Matrix = (table - [f.centre for f in factors]) / [f.half for f in factors]
    return coded


def to_natural(factors: Sequence[Factor], coded: Sequence[Sequence[float]] | Matrix) -> Matrix:
    """Return coded settings in natural units, a run a row."""
    table = _table(factors, coded)
    natural: Matrix = table * [f.half for f in factors] + [f.centre for f in factors]
    return natural


def _table(factors: Sequence[Factor], rows: Sequence[Sequence[float]] | Matrix) -> Matrix:
    table = table_of_numbers("settings", [list(row) for row in rows])
    if table.shape[1] != len(factors):
        raise MethodError(
            "settings and factors do not belong together",
            given=f"{table.shape[1]} columns for {len(factors)} factors",
            allowed="one column for each factor",
        )
    return table
