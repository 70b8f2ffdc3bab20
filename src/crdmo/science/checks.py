"""What every method refuses at its door: no number, too few values, shares outside 0 to 1.

Said once here so that each refusal has the same four parts: what is wrong, what was given, what is allowed,
what to do next.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from crdmo.science.method import MethodError

Vector = NDArray[np.float64]


def finite_numbers(name: str, values: Sequence[float], *, at_least: int = 1) -> Vector:
    """Return `values` as a vector, or refuse when one is missing, not finite, or there are too few."""
    vector = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1:
        raise MethodError(
            f"{name} is not a plain list of numbers",
            given=f"{vector.ndim} dimensions",
            allowed="one dimension",
            next_step="give one number for each observation",
        )
    if vector.size < at_least:
        raise MethodError(
            f"{name} has too few values",
            given=str(vector.size),
            allowed=f"at least {at_least}",
            next_step="add the missing observations",
        )
    bad = np.flatnonzero(~np.isfinite(vector))
    if bad.size:
        raise MethodError(
            f"{name} has a value that is no finite number, at position {bad[0] + 1}",
            given=str(vector[bad[0]]),
            allowed="finite numbers",
            next_step="leave the observation out and say why, or correct it at its source",
        )
    return vector


def table_of_numbers(name: str, rows: Sequence[Sequence[float]], *, at_least: int = 1) -> NDArray[np.float64]:
    """Return `rows` as a matrix with rows of equal length, or refuse."""
    lengths = {len(row) for row in rows}
    if len(rows) < at_least or len(lengths) != 1 or 0 in lengths:
        raise MethodError(
            f"{name} is not a full table",
            given=f"{len(rows)} rows of lengths {sorted(lengths)}",
            allowed=f"at least {at_least} rows, all of one length",
            next_step="give every row the same number of values",
        )
    for number, row in enumerate(rows, start=1):
        finite_numbers(f"row {number} of {name}", row)
    return np.asarray(rows, dtype=np.float64)


def same_length(
    name: str, values: Sequence[object] | Vector, other_name: str, others: Sequence[object] | Vector
) -> None:
    """Refuse two lists that should belong together and do not."""
    if len(values) != len(others):
        raise MethodError(
            f"{name} and {other_name} do not belong together",
            given=f"{len(values)} and {len(others)} values",
            allowed="the same number of each",
            next_step="give one entry of each for every observation",
        )


def share(name: str, value: float) -> float:
    """Return a probability strictly between 0 and 1, or refuse."""
    if not 0.0 < value < 1.0:
        raise MethodError(
            f"{name} is no share",
            given=str(value),
            allowed="greater than 0 and smaller than 1",
            next_step="write 95 % as 0.95",
        )
    return float(value)


def positive(name: str, value: float) -> float:
    """Return a finite number greater than zero, or refuse."""
    if not (np.isfinite(value) and value > 0.0):
        raise MethodError(
            f"{name} must be greater than zero",
            given=str(value),
            allowed="a finite number > 0",
            next_step=f"check {name} and its unit",
        )
    return float(value)


def whole_number(name: str, value: int, *, at_least: int) -> int:
    """Return a count that is large enough, or refuse."""
    if isinstance(value, bool) or int(value) != value or value < at_least:
        raise MethodError(
            f"{name} is not a count that can be used",
            given=str(value),
            allowed=f"a whole number of at least {at_least}",
            next_step=f"check {name}",
        )
    return int(value)


def finite_decimals(name: str, values: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """Return exact decimals, or refuse binary floats and NaN: a verdict at a limit needs the written digits."""
    for position, value in enumerate(values, start=1):
        if not isinstance(value, Decimal) or not value.is_finite():
            raise MethodError(
                f"{name} has a value that is no written decimal, at position {position}",
                given=repr(value),
                allowed='decimals as written, e.g. "79.6"',
                next_step="pass the recorded text of the result, not a binary number",
            )
    return tuple(values)


def storable(value: float | None) -> float | None:
    """Return a number that a record can hold exactly, or None: beyond 2^53 a float is a whole number with lost digits."""
    return None if value is None or not abs(value) < 2.0**53 else float(value)
