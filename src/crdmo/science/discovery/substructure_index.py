"""An index of molecules for substructure search: a screen, then the exact match of each molecule that passes it.

A molecule passes the screen when it has every bit of the query's pattern fingerprint, and atoms of each kind and rings
enough. The screen alone is no answer: what passes is matched atom by atom, so that the hits are those of matching every
molecule.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, DataStructs, rdBase
from rdkit.Chem import rdMolDescriptors, rdmolops

from crdmo.science.method import MethodError

from .popcount import Rows

BITS = 2048
LONGEST = 4000
# Below these an exact match ends within a few milliseconds whatever the query.
SHORT, LARGE, MANY_RINGS, MANY_BRANCHES = 12, 70, 7, 6


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


_ATOMS = {
    "c": 6,
    "n": 7,
    "o": 8,
    "s": 16,
    "C": 6,
    "N": 7,
    "O": 8,
    "S": 16,
    "F": 9,
    "P": 15,
    "Cl": 17,
    "Br": 35,
    "I": 53,
}
_COLUMN = {name: i for i, name in enumerate((*_ATOMS, *(f"[#{n}]" for n in sorted(set(_ATOMS.values())))))}
_NAMES = {(n, name.islower()): name for name, n in _ATOMS.items()}
_RINGS = len(_COLUMN)


def _rings(mol: Chem.Mol) -> int:
    return mol.GetNumBonds() - mol.GetNumAtoms() + len(Chem.GetMolFrags(mol))


def atom_counts(mol: Chem.Mol) -> NDArray[np.int16]:
    """Return how many atoms of each common kind a molecule has, and its independent rings."""
    counts = np.zeros(_RINGS + 1, dtype=np.int16)
    for atom in mol.GetAtoms():
        number = atom.GetAtomicNum()
        if (name := _NAMES.get((number, atom.GetIsAromatic()))) is not None:
            counts[_COLUMN[name]] += 1
        if (place := _COLUMN.get(f"[#{number}]")) is not None:
            counts[place] += 1
    counts[_RINGS] = _rings(mol)
    return counts


def _least_counts(query: Chem.Mol) -> NDArray[np.int16]:
    """Return how many atoms of each kind a hit has at least: two atoms of a query never lie on one of the molecule."""
    counts = np.zeros(_RINGS + 1, dtype=np.int16)
    for atom in query.GetAtoms():
        name = atom.GetSmarts()
        # What is written as a plain symbol is certain. An atom that is no query is matched by its element alone.
        if atom.HasQuery() and name in _COLUMN:
            counts[_COLUMN[name]] += 1
            name = f"[#{_ATOMS[name]}]" if name in _ATOMS else ""
        elif not atom.HasQuery():
            name = f"[#{atom.GetAtomicNum()}]"
        if name in _COLUMN:
            counts[_COLUMN[name]] += 1
    counts[_RINGS] = _rings(query)
    return counts


def _is_knotted(mol: Chem.Mol) -> bool:
    """Say whether a molecule has so many ways through it that one exact match may take minutes: fullerenes, dendrimers."""
    return bool(
        mol.GetNumAtoms() > LARGE
        or rdMolDescriptors.CalcNumRings(mol) >= MANY_RINGS
        or sum(atom.GetDegree() > 3 for atom in mol.GetAtoms()) >= MANY_BRANCHES
    )


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
        self.counts = (
            np.array([atom_counts(mol) for mol in self.mols], dtype=np.int16).reshape(len(ids), _RINGS + 1).T.copy()
        )
        self.knotted = [_is_knotted(mol) for mol in self.mols]
        self.columns = np.ascontiguousarray(rows.reshape(len(self.ids), BITS // 64).T)

    def __len__(self) -> int:
        return len(self.ids)

    def candidates(self, query: Chem.Mol) -> NDArray[np.int64]:
        """Return the places of the molecules that have every bit of the query's pattern, and atoms and rings enough."""
        pattern = pattern_rows([query])[0]
        words = np.flatnonzero(pattern)
        # The words with the most bits first: they leave the fewest molecules to look at.
        words = words[np.argsort(-np.bitwise_count(pattern[words]).astype(int), kind="stable")]
        passed = np.arange(len(self.ids), dtype=np.int64)
        for word in words:
            column = self.columns[word] if len(passed) == len(self.ids) else self.columns[word][passed]
            passed = passed[(column & pattern[word]) == pattern[word]]
        least = _least_counts(query)
        for kind in np.flatnonzero(least):
            passed = passed[self.counts[kind][passed] >= least[kind]]
        return passed

    def search(
        self, query: Chem.Mol, *, stereo: bool = False, seconds: float | None = None, screen: bool = True
    ) -> Iterator[str]:
        """Yield the identifiers of the hits in text order, each as soon as it is found.

        Args:
            query: a molecule or a query.
            stereo: whether the stereo of the query must be that of the molecule.
            seconds: how long the search may go on. The clock is read between two molecules, and within a knotted one.
            screen: whether molecules without the query's pattern are left out unmatched.

        Raises:
            TimeOut: the time is over; what was yielded until then are hits, but not all of them.
        """
        clock = _Clock(seconds)
        places = self.candidates(query) if screen else np.arange(len(self.ids))
        recursive = "$(" in Chem.MolToSmarts(query)
        # A short query is done with any molecule before a clock could be read.
        watched = self.knotted if seconds is not None and (recursive or query.GetNumAtoms() >= SHORT) else None
        for looked, place in enumerate(places.tolist()):
            clock.progress = f"{looked} of {len(places)} candidates matched"
            clock.read()
            mol = self.mols[place]
            if watched is not None and watched[place]:
                matched = mol.HasSubstructMatch(query, clock.parameters(stereo=stereo))
            else:
                matched = mol.HasSubstructMatch(query, recursive, stereo, False)
            if matched:
                yield self.ids[place]


class _Clock:
    """The time that a search may take."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self.ends = None if seconds is None else time.monotonic() + seconds
        self.progress = ""

    def read(self, *_: object) -> bool:
        """Go on.

        Raises:
            TimeOut: the time is over.
        """
        if self.ends is not None and time.monotonic() > self.ends:
            raise TimeOut(
                "the search takes too long",
                given=f"{self.seconds:g} s, {self.progress}",
                allowed="a query that the molecules answer in this time",
                next_step="ask for a larger fragment, fewer hits, or more time",
            )
        return True

    def parameters(self, *, stereo: bool) -> Chem.SubstructMatchParameters:
        """Return parameters that read the clock at each pair of atoms: slower, but even one molecule can be given up."""
        made = Chem.SubstructMatchParameters()
        made.maxMatches = 1  # type: ignore[assignment]
        made.useChirality = stereo  # type: ignore[assignment]
        made.setExtraAtomCheckFunc(self.read)
        return made
