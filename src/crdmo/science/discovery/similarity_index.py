"""An index of fingerprints, and the search in it: the most similar, or all above a threshold.

Rows lie in order of their number of bits. A row with b bits can share at most min(a, b) with a query of a bits, so that
whole classes of rows need not be read (Swamidass & Baldi 2007). The hits are those of a comparison with every row.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from crdmo.science.method import MethodError

from .fingerprints import TOOLKIT, checked_kind
from .popcount import Rows, bits_of, common_bits

MAGIC = b"crdmo.fingerprints/1\n"
LONGEST_HEADER = 1000


class Weights(NamedTuple):
    """Weights of Tversky's index in thousandths: of bits in the query only, of bits in the row only.

    Whole numbers, so that two similarities that are equal as fractions are equal as floats, and ties are ties.
    """

    query: int
    row: int

    def similarity(self, common: NDArray[np.int64], query: int, row: NDArray[np.int64] | int) -> NDArray[np.float64]:
        """Return common / (common + α·(query − common) + β·(row − common)); nothing in common is 0."""
        top = 1000 * common
        whole = top + self.query * (query - common) + self.row * (row - common)
        return np.divide(top, whole, out=np.zeros(np.shape(top)), where=top > 0)


@dataclass(frozen=True)
class Hit:
    """A row that was found, and how similar it is."""

    id: str
    similarity: float


@dataclass(frozen=True, eq=False)
class FingerprintIndex:
    """Fingerprints in order of their number of bits, then of their identifier.

    Attributes:
        fingerprint: its name.
        size: number of bits of each.
        toolkit: the toolkit and version that made them.
        ids: identifier of each row.
        rows: the bits, 64 a word.
        starts: where the rows with b bits begin, for b from 0 to `size` + 1.
        places: place of each row's identifier in text order.
        digest: SHA-256 over all of this.
    """

    fingerprint: str
    size: int
    toolkit: str
    ids: tuple[str, ...]
    rows: Rows
    starts: NDArray[np.int64]
    places: NDArray[np.int64]
    digest: str

    @classmethod
    def build(cls, ids: Sequence[str], rows: Rows, fingerprint: str, toolkit: str = TOOLKIT) -> FingerprintIndex:
        """Put fingerprints in order.

        Raises:
            MethodError: the lists do not belong together, an identifier is empty, repeated or not one line, the rows are
                no fingerprints of the house.
        """
        size = 64 * rows.shape[1] if rows.ndim == 2 else 0
        checked_kind(fingerprint, size)
        _check_ids(ids, len(rows))
        counts = bits_of(rows)
        by_text = sorted(range(len(ids)), key=ids.__getitem__)
        places = np.empty(len(ids), dtype=np.int64)
        places[by_text] = np.arange(len(ids))
        order = np.lexsort((places, counts))
        ordered = np.ascontiguousarray(rows[order], dtype=np.uint64)
        names = tuple(ids[i] for i in order)
        starts = np.searchsorted(counts[order], np.arange(size + 2)).astype(np.int64)
        digest = _digest(fingerprint, size, toolkit, names, ordered)
        return cls(fingerprint, size, toolkit, names, ordered, starts, places[order], digest)

    def __len__(self) -> int:
        return len(self.ids)

    def search(self, query: Rows, weights: Weights, *, threshold: float = 0.0, most: int | None = None) -> list[Hit]:
        """Return the hits by similarity, highest first, equal ones in text order of their identifier.

        Args:
            query: one row of the same fingerprint.
            weights: of Tversky's index; (1000, 1000) is Tanimoto, (500, 500) is Dice.
            threshold: least similarity, itself included; 0 leaves out what shares nothing.
            most: how many hits at most; None for all.
        """
        bits = int(bits_of(query[None])[0])
        found, scores = np.empty(0, dtype=np.int64), np.empty(0)
        least = threshold
        for count, bound in self._classes(bits, weights):
            if bound < least:
                break
            begin, end = self.starts[count], self.starts[count + 1]
            common = common_bits(self.rows[begin:end], query)
            kept = np.flatnonzero(common >= max(1, _needed(weights, bits, count, least)))
            if not kept.size:
                continue
            found = np.concatenate([found, begin + kept])
            scores = np.concatenate([scores, weights.similarity(common[kept].astype(np.int64), bits, count)])
            if most is not None and len(scores) > most:
                best = np.lexsort((self.places[found], -scores))[:most]
                found, scores = found[best], scores[best]
                least = float(scores[-1])
        best = np.lexsort((self.places[found], -scores))
        return [Hit(self.ids[found[i]], float(scores[i])) for i in best]

    def _classes(self, bits: int, weights: Weights) -> Iterator[tuple[int, float]]:
        """Yield the numbers of bits of which there are rows, with the highest similarity possible, highest first."""
        counts = np.flatnonzero(np.diff(self.starts))
        bounds = weights.similarity(np.minimum(counts, bits).astype(np.int64), bits, counts)
        for i in np.lexsort((np.abs(counts - bits), -bounds)):
            yield int(counts[i]), float(bounds[i])

    def to_bytes(self) -> bytes:
        """Return the index as bytes: a line that says what it is, the identifiers, the rows."""
        names = "\n".join(self.ids).encode()
        header = {"fingerprint": self.fingerprint, "size": self.size, "toolkit": self.toolkit, "count": len(self.ids),
                  "names": len(names), "digest": self.digest}  # fmt: skip
        return MAGIC + json.dumps(header, sort_keys=True).encode() + b"\n" + names + self.rows.astype("<u8").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> FingerprintIndex:
        """Read an index back.

        Raises:
            MethodError: it is torn or altered, or another version of the toolkit made it, so that a query of today would
                be compared with bits of another meaning.
        """
        header, body = _header(data)
        if header["toolkit"] != TOOLKIT:
            raise MethodError(
                "the index was made by another toolkit", given=header["toolkit"], allowed=TOOLKIT,
                next_step="build it anew from the structures",
            )  # fmt: skip
        length, count, size = (header[key] for key in ("names", "count", "size"))
        if count < 0 or length < 0 or size <= 0 or len(body) != length + count * size // 8:
            raise _torn(f"{len(body)} bytes after the header")
        try:
            names = body[:length].decode()
        except UnicodeDecodeError as error:
            raise _torn("identifiers that are no text") from error
        rows = np.frombuffer(body, dtype="<u8", offset=length).astype(np.uint64).reshape(count, size // 64)
        ids = tuple(names.split("\n")) if count else ()
        made = cls.build(ids, rows, header["fingerprint"])
        if made.digest != header["digest"]:
            raise _torn(f"digest {made.digest[:12]}…, not {header['digest'][:12]}…")
        return made


def _needed(weights: Weights, bits: int, count: int, least: float) -> int:
    """Return the fewest common bits with which a row with `count` bits is as similar as `least`."""
    # By halves in plain numbers: most classes are small, and an array costs more than these few steps.
    low, high = 0, min(bits, count) + 1
    while low < high:
        middle = (low + high) // 2
        top = 1000 * middle
        whole = top + weights.query * (bits - middle) + weights.row * (count - middle)
        if (top / whole if top else 0.0) < least:
            low = middle + 1
        else:
            high = middle
    return low


def _check_ids(ids: Sequence[str], rows: int) -> None:
    if len(ids) != rows:
        raise MethodError("identifiers and fingerprints do not belong together", given=f"{len(ids)} and {rows}")
    if wrong := [one for one in ids if not one.strip() or "\n" in one]:
        raise MethodError("this is no identifier", given=repr(wrong[0])[:60], allowed="one line of text")
    if len(set(ids)) != len(ids):
        seen: set[str] = set()
        twice = next(one for one in ids if one in seen or seen.add(one))  # type: ignore[func-returns-value]
        raise MethodError("an identifier is there twice", given=twice[:60], next_step="give each molecule its own")


def _digest(fingerprint: str, size: int, toolkit: str, ids: Sequence[str], rows: Rows) -> str:
    known = hashlib.sha256(json.dumps([fingerprint, size, toolkit, len(ids)]).encode() + b"\n")
    known.update("\n".join(ids).encode() + b"\n")
    known.update(rows.astype("<u8", copy=False).data)
    return known.hexdigest()


def _torn(given: str) -> MethodError:
    return MethodError(
        "this is no whole index of fingerprints", given=given, allowed="the bytes that were written",
        next_step="build it anew from the structures",
    )  # fmt: skip


def _header(data: bytes) -> tuple[dict[str, Any], bytes]:
    line, end, _ = data[len(MAGIC) : len(MAGIC) + LONGEST_HEADER].partition(b"\n")
    if not data.startswith(MAGIC) or not end:
        raise _torn(repr(data[:24]))
    try:
        header = json.loads(line)
        wanted = {"fingerprint": str, "toolkit": str, "digest": str, "count": int, "names": int, "size": int}
        if not all(type(header[key]) is kind for key, kind in wanted.items()):
            raise ValueError("a field of the header is of the wrong kind")
    except (ValueError, KeyError, TypeError) as error:
        raise _torn(f"header {line[:60]!r}") from error
    return header, data[len(MAGIC) + len(line) + 1 :]
