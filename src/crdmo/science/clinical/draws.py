r"""Random draws that are the same forever: SHA-256 of a seed, a stream and a counter, and integers only.

A randomisation list must come out again decades later. So no draw goes through a library's distribution code, which
may change, nor through binary fractions, which may round.

The generator, version 1: word number i (from 0) of a stream is the first 8 bytes, big-endian, of
SHA-256(UTF-8("crdmo-draws-1\n" + seed + "\n" + stream + "\n" + i)), seed and i in decimal digits.
A number below n is a word modulo n; words of floor(2^64 / n) · n and above are skipped, so that no number is favoured.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TypeVar

T = TypeVar("T")

WORDS = 1 << 64


class Draws:
    """One stream of draws. Two streams of one seed do not touch each other."""

    def __init__(self, seed: int, stream: str) -> None:
        self._prefix = f"crdmo-draws-1\n{seed:d}\n{stream}\n"
        self._next = 0

    def word(self) -> int:
        """Return the next 64 bits as a whole number."""
        digest = hashlib.sha256(f"{self._prefix}{self._next:d}".encode()).digest()
        self._next += 1
        return int.from_bytes(digest[:8], "big")

    def below(self, n: int) -> int:
        """Return a whole number from 0 to n − 1, each equally likely."""
        end = WORDS - WORDS % n
        while (word := self.word()) >= end:
            continue
        return word % n

    def choose(self, shares: Sequence[Fraction]) -> int:
        """Return a position with the probability of its share, exactly; the shares sum to 1."""
        common = 1
        for part in shares:
            common = common * part.denominator // math.gcd(common, part.denominator)
        left = self.below(common)
        for position, part in enumerate(shares):
            left -= part.numerator * (common // part.denominator)
            if left < 0:
                return position
        raise AssertionError("shares sum to less than 1")

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Return the items in a random order (Fisher and Yates, from the last place down)."""
        order = list(items)
        for place in range(len(order) - 1, 0, -1):
            other = self.below(place + 1)
            order[place], order[other] = order[other], order[place]
        return order
