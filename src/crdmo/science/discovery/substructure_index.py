"""An index of molecules for substructure search: a screen by pattern fingerprints, then the exact match of each that passes.

A molecule passes the screen when it has every bit of the query's pattern. The screen alone is no answer: what passes is
matched atom by atom, so that the hits are those of matching every molecule.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, DataStructs, rdBase
from rdkit.Chem import rdmolops

from crdmo.science.method import MethodError

from .popcount import Rows

BITS = 2048
LONGEST = 4000


class TimeOut(MethodError):
    """A search took longer than it was allowed to."""


@dataclass(frozen=True)
class Query:
    """What is looked for, with what a chemist must know of how it is read.

    Attributes:
        mol: the query.
        notes: where the text may mean something else than was meant.
    """

    mol: Chem.Mol
    notes: tuple[str, ...]


def read_smarts(text: str) -> Query:
    """Read a query in SMARTS.

    Raises:
        MethodError: it is empty, too long, or no SMARTS.
    """
    if not text.strip() or len(text) > LONGEST or "\x00" in text:
        raise MethodError("there is no query", given=repr(text[:60]), allowed=f"SMARTS of 1 to {LONGEST} characters")
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmarts(text.strip(), mergeHs=True)
        if mol is None or mol.GetNumAtoms() == 0:
            raise MethodError(
                "the query cannot be read",
                given=text[:60],
                allowed="SMARTS",
                next_step="draw the fragment, or check brackets and ring closures",
            )
        notes = [*_kekule(text.strip(), mol), *_hydrogens(text.strip(), mol)]
    return Query(mol, tuple(notes))


def _kekule(text: str, mol: Chem.Mol) -> Iterator[str]:
    """Say where an aromatic ring is drawn with single and double bonds: in SMARTS these match no aromatic ring."""
    drawn = Chem.MolFromSmiles(text)
    if drawn is None or drawn.GetNumAtoms() != mol.GetNumAtoms():
        return
    pairs = zip(drawn.GetAtoms(), mol.GetAtoms(), strict=True)
    if any(one.GetIsAromatic() and not other.GetIsAromatic() for one, other in pairs):
        aromatic = Chem.MolToSmiles(drawn)
        yield f"a ring is written with single and double bonds: as SMARTS it matches no aromatic ring; for that write {aromatic}"


def _hydrogens(text: str, mol: Chem.Mol) -> Iterator[str]:
    plain = Chem.MolFromSmarts(text)
    if plain is not None and plain.GetNumAtoms() != mol.GetNumAtoms():
        yield "hydrogens of the query are read as a least number of hydrogens on their neighbours"
    if any(a.GetAtomicNum() == 1 and a.GetDegree() > 0 and not a.GetIsotope() for a in mol.GetAtoms()):
        yield "a hydrogen of the query is an atom of its own: molecules hold none but those that are drawn"


def pattern_rows(mols: Sequence[Chem.Mol]) -> Rows:
    """Return the pattern fingerprint of each molecule or query, a row each."""
    rows = np.zeros((len(mols), BITS // 64), dtype=np.uint64)
    for row, mol in zip(rows, mols, strict=True):
        bits = rdmolops.PatternFingerprint(mol, fpSize=BITS)
        row[:] = np.frombuffer(DataStructs.BitVectToBinaryText(bits), dtype="<u8")
    return rows


class SubstructureIndex:
    """Molecules by identifier, in text order of it, with their pattern fingerprints a word a column."""

    def __init__(self, ids: Sequence[str], mols: Sequence[Chem.Mol], patterns: Sequence[Rows] | None = None) -> None:
        """Put molecules in order; patterns that are known already, a row a molecule, are not made again.

        Raises:
            MethodError: identifiers and molecules do not belong together, or one is there twice.
        """
        if len(ids) != len(mols) or len(set(ids)) != len(ids):
            raise MethodError(
                "each molecule needs an identifier of its own",
                given=f"{len(mols)} molecules, {len(set(ids))} different identifiers of {len(ids)}",
                allowed="as many different identifiers as molecules",
            )
        order = sorted(range(len(ids)), key=ids.__getitem__)
        self.ids = tuple(ids[i] for i in order)
        self.mols = [mols[i] for i in order]
        rows = pattern_rows(self.mols) if patterns is None else np.array([patterns[i] for i in order], dtype=np.uint64)
        self.columns = np.ascontiguousarray(rows.reshape(len(self.ids), BITS // 64).T)

    def __len__(self) -> int:
        return len(self.ids)

    def candidates(self, query: Chem.Mol) -> NDArray[np.int64]:
        """Return the places of the molecules that have every bit of the query's pattern."""
        pattern = pattern_rows([query])[0]
        words = np.flatnonzero(pattern)
        # The words with the most bits first: they leave the fewest molecules to look at.
        words = words[np.argsort(-np.bitwise_count(pattern[words]).astype(int), kind="stable")]
        passed = np.arange(len(self.ids), dtype=np.int64)
        for word in words:
            column = self.columns[word] if len(passed) == len(self.ids) else self.columns[word][passed]
            passed = passed[(column & pattern[word]) == pattern[word]]
        return passed

    def search(
        self, query: Chem.Mol, *, stereo: bool = False, seconds: float | None = None, screen: bool = True
    ) -> Iterator[str]:
        """Yield the identifiers of the hits in text order, each as soon as it is found.

        Args:
            query: a molecule or a query.
            stereo: whether the stereo of the query must be that of the molecule.
            seconds: how long the search may go on; the clock is read between two molecules.
            screen: whether molecules without the query's pattern are left out unmatched.

        Raises:
            TimeOut: the time is over; what was yielded until then are hits, but not all of them.
        """
        ends = None if seconds is None else time.monotonic() + seconds
        places = self.candidates(query) if screen else np.arange(len(self.ids))
        recursive = "$(" in Chem.MolToSmarts(query)
        for looked, place in enumerate(places.tolist()):
            if ends is not None and time.monotonic() > ends:
                raise TimeOut(
                    "the search takes too long",
                    given=f"{seconds:g} s, {looked} of {len(places)} candidates matched",
                    allowed="a query that the molecules answer in this time",
                    next_step="ask for a larger fragment, fewer hits, or more time",
                )
            if self.mols[place].HasSubstructMatch(query, recursive, stereo, False):
                yield self.ids[place]
