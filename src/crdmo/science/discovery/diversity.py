"""Picking unlike molecules: the next is the one farthest from all picked so far, or whatever lies outside their spheres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crdmo.science.checks import whole_number
from crdmo.science.method import MethodError, method

from .fingerprints import FingerprintName
from .popcount import Rows, bits_of, common_bits
from .similarity import build_index, checked_threshold, weights_of
from .similarity_index import FingerprintIndex

TANIMOTO = weights_of("tanimoto")


@dataclass(frozen=True)
class Picked:
    """Molecules in the order in which they were picked.

    Attributes:
        ids: what was picked, without what was there before.
        distances: Tanimoto distance of each from the nearest picked before it; None for the first of all.
        uncovered: greatest distance of a molecule that was not picked from its nearest pick; None where all were picked.
        index: digest of the fingerprints.
    """

    ids: tuple[str, ...]
    distances: tuple[float | None, ...]
    uncovered: float | None
    index: str


class _Pool:
    """Molecules in text order of their identifier, with the similarity of each to its nearest pick."""

    def __init__(self, index: FingerprintIndex, already: Sequence[str]) -> None:
        order = np.argsort(index.places)
        self.ids = [index.ids[i] for i in order]
        self.rows: Rows = np.ascontiguousarray(index.rows[order])
        self.bits = bits_of(self.rows).astype(np.int64)
        self.nearest: NDArray[np.float64] = np.full(len(self.ids), -1.0)
        self.open = np.ones(len(self.ids), dtype=bool)
        self.picked: list[int] = []
        self.distances: list[float | None] = []
        self.known = len(already)
        place = {name: i for i, name in enumerate(self.ids)}
        if unknown := [name for name in already if name not in place]:
            raise MethodError("this molecule is not among those given", given=unknown[0][:60], next_step="add it")
        for name in dict.fromkeys(already):
            self.pick(place[name])
        self.known = len(self.picked)

    def pick(self, place: int) -> None:
        self.distances.append(1.0 - float(self.nearest[place]) if self.picked else None)
        self.picked.append(place)
        self.open[place] = False
        common = common_bits(self.rows, self.rows[place]).astype(np.int64)
        np.maximum(self.nearest, TANIMOTO.similarity(common, int(self.bits[place]), self.bits), out=self.nearest)

    def result(self, digest: str) -> Picked:
        new = self.picked[self.known :]
        rest = self.nearest[self.open]
        return Picked(
            tuple(self.ids[i] for i in new),
            tuple(self.distances[self.known :]),
            1.0 - float(rest.min()) if rest.size and self.picked else None,
            digest,
        )


@method(
    "discovery.max_min_picking",
    version="1.0",
    title="Diverse subset by MaxMin",
    source="Ashton et al. 2002, Quant Struct-Act Relat 21:598; Kennard & Stone 1969, Technometrics 11:137",
)
def max_min_picking(
    *,
    structures: Mapping[str, str],
    count: int,
    seed: int,
    already: Sequence[str] = (),
    fingerprint: FingerprintName = "morgan2",
    size: int = 2048,
) -> Picked:
    """Return molecules of which each is the one farthest from those picked before it.

    Args:
        structures: SMILES or molblock by identifier.
        count: how many to pick.
        seed: draws the first one, where none is there already; the rest follows from it.
        already: identifiers of molecules that are there already: what is picked is unlike these too.
        fingerprint: as in the search by similarity.
        size: as there.

    Of several that are equally far the first in text order of its identifier is taken.

    Raises:
        MethodError: fewer molecules than asked for, one that is there already is not given, a structure cannot be read.

    >>> four = {"a": "CCO", "b": "CCCO", "c": "c1ccccc1", "d": "CCCCO"}
    >>> max_min_picking(structures=four, count=1, seed=1, already=["a"]).ids
    ('c',)
    """
    whole_number("count", count, at_least=1)
    whole_number("seed", seed, at_least=0)
    index = build_index(structures, fingerprint, size)
    pool = _Pool(index, already)
    if count > int(pool.open.sum()):
        raise MethodError(
            "there are not so many molecules to pick from",
            given=str(count),
            allowed=f"at most {int(pool.open.sum())}",
            next_step="ask for fewer",
        )
    if not pool.picked:
        pool.pick(int(np.random.default_rng(seed).integers(len(pool.ids))))
    while len(pool.picked) - pool.known < count:
        pool.pick(int(np.argmin(np.where(pool.open, pool.nearest, np.inf))))
    return pool.result(index.digest)


@method(
    "discovery.sphere_exclusion",
    version="1.0",
    title="Diverse subset by sphere exclusion",
    source="Hudson et al. 1996, Quant Struct-Act Relat 15:285; Gobbi & Lee 2003, J Chem Inf Comput Sci 43:317",
)
def sphere_exclusion(
    *,
    structures: Mapping[str, str],
    distance: float,
    seed: int,
    already: Sequence[str] = (),
    fingerprint: FingerprintName = "morgan2",
    size: int = 2048,
) -> Picked:
    """Return molecules of which no two lie nearer than a distance, and to one of which every other molecule lies nearer.

    Args:
        structures: SMILES or molblock by identifier.
        distance: Tanimoto distance, the radius of the spheres; 0 to 1. At 0 everything is picked.
        seed: of the order in which molecules are looked at.
        already: identifiers of molecules that are there already.
        fingerprint: as in the search by similarity.
        size: as there.

    Raises:
        MethodError: the distance is out of range, one that is there already is not given, a structure cannot be read.

    >>> four = {"a": "CCO", "b": "OCC", "c": "c1ccccc1", "d": "CCCCO"}
    >>> len(sphere_exclusion(structures=four, distance=0.9, seed=1).ids)
    2
    """
    radius = checked_threshold(distance)
    whole_number("seed", seed, at_least=0)
    index = build_index(structures, fingerprint, size)
    pool = _Pool(index, already)
    for place in np.random.default_rng(seed).permutation(len(pool.ids)).tolist():
        # The distance is compared as it is reported.
        if pool.open[place] and (not pool.picked or 1.0 - float(pool.nearest[place]) >= radius):
            pool.pick(place)
    return pool.result(index.digest)
