"""Analysis of variance of nested factors, balanced or not: mean squares and what each is expected to hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crdmo.science.checks import Vector, same_length
from crdmo.science.method import MethodError


@dataclass(frozen=True)
class MeanSquareRow:
    """One line of the analysis of variance; `expected` holds the coefficient of each component in E(MS)."""

    name: str
    degrees_of_freedom: int
    sum_of_squares: float
    mean_square: float
    expected: tuple[float, ...]


def nested_cells(y: Vector, names: Sequence[str], levels: Sequence[Sequence[str]]) -> tuple[NDArray[np.int64], ...]:
    """Return for each factor the cell that each observation lies in, labels read within outer factors."""
    if not names or len(names) != len(levels) or len(set(names)) != len(names):
        raise MethodError(
            "each factor needs a name of its own and a list of levels",
            given=f"names {list(names)}, {len(levels)} lists of levels",
            allowed="at least one factor, named once, outermost first",
            next_step="name every factor of the design",
        )
    cells = []
    outer = np.zeros(y.size, dtype=np.int64)
    for name, labels in zip(names, levels, strict=True):
        same_length("values", y, f"levels of {name}", labels)
        _, label_codes = np.unique(np.asarray([str(x) for x in labels]), return_inverse=True)
        _, inner = np.unique(outer * (label_codes.max() + 1) + label_codes, return_inverse=True)
        outer = inner.astype(np.int64)
        cells.append(outer)
    return tuple(cells)


def nested_anova(y: Vector, names: Sequence[str], cells: Sequence[NDArray[np.int64]]) -> tuple[MeanSquareRow, ...]:
    """Return the sequential sums of squares with the coefficients of every component in their expectation."""
    chain = [np.zeros(y.size, dtype=np.int64), *cells, np.arange(y.size)]
    fitted = [np.bincount(c, weights=y)[c] / np.bincount(c)[c] for c in chain]
    rows = []
    for i in range(1, len(chain)):
        df = int(chain[i].max() - chain[i - 1].max())
        if df < 1:
            raise _no_freedom(names[i - 1])
        ss = float(np.sum((fitted[i] - fitted[i - 1]) ** 2))
        spread = [_within(chain[j], chain[i]) - _within(chain[j], chain[i - 1]) for j in range(1, len(chain))]
        expected = tuple(0.0 if j < i else s / df for j, s in enumerate(spread, start=1))
        rows.append(MeanSquareRow(names[i - 1], df, ss, ss / df, expected))
    return tuple(rows)


def _within(inner: NDArray[np.int64], outer: NDArray[np.int64]) -> float:
    """Return Σ n_c² / n_outer(c) over the cells c of `inner`: the part of their variance in means over `outer`."""
    return float(np.sum(np.bincount(inner)[inner] / np.bincount(outer)[outer]))


def _no_freedom(name: str) -> MethodError:
    if name == "error":
        return MethodError(
            "nothing is replicated within the innermost factor",
            given="one observation for each of its levels",
            allowed="at least one level with two observations",
            next_step="leave the innermost factor out: its variance is then part of the error",
        )
    return MethodError(
        f"factor {name} has no degree of freedom",
        given="as many levels as the factor around it",
        allowed="more levels than the factor around it",
        next_step=f"leave {name} out, or merge it with the factor around it",
    )
