"""How many bits each row of a table of fingerprints shares with a query, at the speed of the memory.

The loop is written in plain Python and compiled on first use. The compiler knows the arithmetic of `_common` as a count
of bits and uses the processor's own instruction; NumPy alone takes some forty times as long, for its arrays between.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.uint64]
Counts = NDArray[np.int32]

_PAIRS, _FOURS = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333)
_EIGHTS, _BYTES = np.uint64(0x0F0F0F0F0F0F0F0F), np.uint64(0x0101010101010101)
_1, _2, _4, _56 = np.uint64(1), np.uint64(2), np.uint64(4), np.uint64(56)


def _common(rows: Rows, query: Rows, out: Counts) -> None:
    for i in range(rows.shape[0]):
        total = np.uint64(0)
        for j in range(query.shape[0]):
            x = rows[i, j] & query[j]
            x = x - ((x >> _1) & _PAIRS)
            x = (x & _FOURS) + ((x >> _2) & _FOURS)
            x = (x + (x >> _4)) & _EIGHTS
            total += (x * _BYTES) >> _56
        out[i] = total


@cache
def _compiled() -> Callable[[Rows, Rows, Counts], None]:
    # Here, not above: the compiler takes longer to import than a small search takes.
    from numba import njit  # noqa: PLC0415

    signature = "void(uint64[:,::1],uint64[::1],int32[::1])"
    try:
        return njit(signature, cache=True, nogil=True)(_common)
    except RuntimeError:  # no folder where the compiled loop could be kept
        return njit(signature, nogil=True)(_common)


def common_bits(rows: Rows, query: Rows) -> Counts:
    """Return for each row the number of bits that it shares with the query; all are 64-bit words, row after row."""
    out = np.empty(len(rows), dtype=np.int32)
    _compiled()(rows, query, out)
    return out


def bits_of(rows: Rows) -> Counts:
    """Return the number of bits that are set in each row."""
    return np.bitwise_count(rows).sum(axis=1, dtype=np.int32)
