"""IBM System/360 hexadecimal floating point and IEEE 754 doubles, both ways, over whole columns.

An IBM double is sign (1 bit), exponent of 16 in excess 64 (7 bits), and a fraction of 14 hexadecimal digits (56 bits)
below the point. Its leading digit may be 1, so it carries 53 to 56 significant bits: every IEEE double of its range
has an exact image, while an IBM fraction of 54 bits and more is rounded to the nearest double, ties to even.

The range of normalised numbers is 16**-65 (5.3976e-79) to (1 - 16**-14) * 16**63 (7.2370e75). A double outside it has
no image and is refused by the writer; nothing becomes zero or infinite in silence.

Missing values have a first byte that is a mark (`.`, `_`, `A` to `Z`) and zeros behind it (TS-140, "Missing Values").
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MISSING_MARKS = "._ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SMALLEST = 16.0**-65
LARGEST = float(2**53 - 1) * 16.0**63 / 2**53  # the largest double below 16**63

_FRACTION = np.uint64((1 << 56) - 1)
_IS_MARK = np.zeros(256, dtype=np.bool_)
_IS_MARK[[ord(mark) for mark in MISSING_MARKS]] = True


def decode(cells: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.uint8], NDArray[np.bool_]]:
    """Return values, missing marks and which values were rounded, of `cells` with shape (rows, 2 to 8 bytes).

    A mark is 0 where there is a value, else the ASCII code of the mark; the value is then NaN. A cell shorter than
    eight bytes is the front of a longer one, as SAS stores it. A cell of blanks only is no number of SAS; it is
    returned as the number that it spells, and `validate` names it.
    """
    rows, width = cells.shape
    whole = np.zeros((rows, 8), dtype=np.uint8)
    whole[:, :width] = cells
    words = whole.view(">u8").astype(np.uint64).reshape(rows)

    first = whole[:, 0]
    fraction = words & _FRACTION
    marks = np.where((fraction == 0) & _IS_MARK[first], first, 0).astype(np.uint8)

    exponent = (first & 0x7F).astype(np.int64)
    # uint64 to float64 rounds to nearest, ties to even; the scaling by a power of two is then exact.
    mantissa = fraction.astype(np.float64)
    values = np.ldexp(mantissa, (4 * (exponent - 64) - 56).astype(np.int32))
    values = np.where(first & 0x80, -values, values)
    rounded = mantissa.astype(np.uint64) != fraction
    values[marks != 0] = np.nan
    return values, marks, rounded


def encode(values: NDArray[np.float64], marks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the eight bytes of each value, shape (rows, 8); where `marks` is not 0 the missing value of that mark.

    The caller has refused what `outside_range` names.
    """
    present = marks == 0
    magnitude = np.where(present, np.abs(values), 0.0)
    fraction2, exponent2 = np.frexp(magnitude)  # magnitude = fraction2 * 2**exponent2, 0.5 <= fraction2 < 1
    exponent16 = -((-exponent2.astype(np.int64)) // 4)  # the next multiple of four, upwards
    shift = (4 * exponent16 - exponent2).astype(np.int32)  # 0 to 3 leading zero bits
    mantissa = np.ldexp(fraction2, 56 - shift).astype(np.uint64)
    sign = np.signbit(np.where(present, values, 0.0)).astype(np.uint64) << np.uint64(63)
    characteristic = np.where(magnitude == 0.0, 0, exponent16 + 64).astype(np.uint64) << np.uint64(56)
    words = sign | characteristic | mantissa
    words = np.where(present, words, marks.astype(np.uint64) << np.uint64(56))
    return words.astype(">u8").view(np.uint8).reshape(-1, 8)


def outside_range(values: NDArray[np.float64], marks: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return where a value has no IBM image: not a number, infinite, 16**63 and above, or below 16**-65 and not zero."""
    magnitude = np.abs(values)
    with np.errstate(invalid="ignore"):
        fits = (magnitude <= LARGEST) & ((magnitude >= SMALLEST) | (magnitude == 0.0))
    return ~fits & (marks == 0)
