"""Two-level regular fractions: defining relation, resolution, aliases and minimum aberration generators.

A word is a set of factor letters held as bits, so the product of two words is their exclusive or (A·A = I).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from crdmo.science.method import MethodError, method

LETTERS = "ABCDEFGHJKL"  # I is the identity, so no factor is called I
MOST_CANDIDATES = 40_000
SOURCE = "Box & Hunter 1961; Fries & Hunter 1980; NIST/SEMATECH e-Handbook 5.3.3.4.7"


@dataclass(frozen=True)
class RegularFraction:
    """A fraction in standard order: the first factors run fastest. Settings are coded -1 and +1.

    `word_lengths[i]` counts the words of length i + 1. `resolution` is that of the shortest word, or None for a full
    factorial. Each alias set lists every effect, of any order, that one column of the design measures, up to sign: a
    minus before an effect says that the column measures it with the other sign than the first.
    """

    factors: tuple[str, ...]
    generators: tuple[str, ...]
    defining_relation: tuple[str, ...]
    word_lengths: tuple[int, ...]
    resolution: int | None
    aliases: tuple[tuple[str, ...], ...]
    runs: tuple[tuple[int, ...], ...]


@method("process.regular_fraction", version="1.0", source=SOURCE, title="Regular two-level fraction from generators")
def regular_fraction(*, basic: int, generators: tuple[str, ...] = ()) -> RegularFraction:
    """Return the fraction of 2^basic runs whose further factors are the products named, such as "ABC" or "-AB".

    Raises:
        MethodError: too few or too many factors, or a generator is no product of two or more basic factors.
    """
    count = basic + len(generators)
    if not 2 <= basic <= 7 or count > len(LETTERS):
        raise MethodError(
            "this is no fraction that can be made",
            given=f"{basic} basic and {len(generators)} generated factors",
            allowed=f"2 to 7 basic factors and at most {len(LETTERS)} in all",
        )
    parsed = [_generator(text, basic) for text in generators]
    if len({mask for mask, _ in parsed}) != len(parsed):
        raise MethodError("two factors have the same column", given=", ".join(generators), allowed="each product once")
    words = _words([(mask | 1 << (basic + i), sign) for i, (mask, sign) in enumerate(parsed)])
    lengths = [mask.bit_count() for mask in words]
    runs = []
    for number in range(2**basic):
        run = [1 if number >> j & 1 else -1 for j in range(basic)]
        runs.append((*run, *(s * math.prod(run[j] for j in range(basic) if m >> j & 1) for m, s in parsed)))
    return RegularFraction(
        tuple(LETTERS[:count]),
        generators,
        tuple(_name(m, s) for m, s in sorted(words.items(), key=lambda w: (w[0].bit_count(), w[0]))),
        tuple(lengths.count(i) for i in range(1, count + 1)),
        min(lengths, default=None),
        _aliases(words, count),
        tuple(runs),
    )


@method("process.minimum_aberration", version="1.0", source=SOURCE, title="Minimum aberration two-level fraction")
def minimum_aberration(*, factors: int, basic: int) -> RegularFraction:
    """Return the fraction of `factors` in 2^basic runs with the fewest short words, by trying every set of generators.

    Raises:
        MethodError: there is no such fraction, or there are too many sets of generators to try them all.
    """
    columns = [m for m in range(1, 2 ** min(max(basic, 0), 7)) if m.bit_count() > 1]
    extra = factors - basic
    sets = math.comb(len(columns), extra) if extra >= 0 else 0
    if not 2 <= basic <= 7 or not 0 < sets <= MOST_CANDIDATES or factors > len(LETTERS):
        raise MethodError(
            "no minimum aberration fraction can be searched here",
            given=f"{factors} factors in 2^{basic} runs, {sets} sets of generators",
            allowed=f"up to {len(LETTERS)} factors, 2 to 7 basic ones, 1 to {MOST_CANDIDATES} sets of generators",
            next_step="name the generators yourself with process.regular_fraction",
        )

    def pattern(chosen: tuple[int, ...]) -> tuple[int, ...]:
        lengths = [m.bit_count() for m in _words([(c | 1 << (basic + i), 1) for i, c in enumerate(chosen)])]
        return tuple(lengths.count(i) for i in range(3, factors + 1))

    best = min(itertools.combinations(columns, extra), key=pattern)
    return regular_fraction(basic=basic, generators=tuple(_name(c, 1) for c in best))


def _generator(text: str, basic: int) -> tuple[int, int]:
    letters = text.removeprefix("-")
    if len(letters) < 2 or len(set(letters)) != len(letters) or set(letters) - set(LETTERS[:basic]):
        raise MethodError(
            "a generator is no product of basic factors", given=text, allowed=f"two or more of {LETTERS[:basic]}"
        )
    return sum(1 << LETTERS.index(letter) for letter in letters), -1 if text.startswith("-") else 1


def _words(generating: list[tuple[int, int]]) -> dict[int, int]:
    words = {0: 1}
    for mask, sign in generating:
        words |= {known ^ mask: s * sign for known, s in words.items()}
    del words[0]
    return words


def _name(mask: int, sign: int) -> str:
    return ("-" if sign < 0 else "") + "".join(letter for i, letter in enumerate(LETTERS) if mask >> i & 1)


def _aliases(words: dict[int, int], count: int) -> tuple[tuple[str, ...], ...]:
    seen, made = set(words) | {0}, []
    for effect in sorted(range(1, 2**count), key=lambda m: (m.bit_count(), m)):
        if effect not in seen:
            members = [(effect, 1), *((effect ^ m, s) for m, s in words.items())]
            seen |= {m for m, _ in members}
            made.append(tuple(_name(m, s) for m, s in sorted(members, key=lambda w: (w[0].bit_count(), w[0]))))
    return tuple(made)
