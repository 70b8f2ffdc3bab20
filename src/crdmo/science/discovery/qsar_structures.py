"""What a model of structure and activity sees of a compound, and which compounds it would see twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase
from rdkit.Chem import Crippen, Descriptors, rdFingerprintGenerator, rdMolDescriptors, rdMolHash
from rdkit.Chem.Scaffolds import MurckoScaffold

from crdmo.science.method import MethodError

from .registration_standardise import standardise

Matrix = NDArray[np.float64]
BITS, RADIUS = 1024, 2
PHYSICAL = (
    "MolWt",
    "Crippen logP",
    "TPSA",
    "H-bond donors",
    "H-bond acceptors",
    "rotatable bonds",
    "rings",
    "fraction sp3",
)
DESCRIPTORS = (f"Morgan fingerprint, radius {RADIUS}, {BITS} bits", *PHYSICAL)
MOST = 20_000


@dataclass(frozen=True)
class Structures:
    """Compounds as a model sees them: a row of descriptors each, and who they are.

    Attributes:
        rows: fingerprint bits, then the physical descriptors.
        flat: the parents without stereo and isotopes.
    """

    rows: Matrix
    flat: tuple[Chem.Mol, ...]

    @property
    def bits(self) -> Matrix:
        """The fingerprint part of the rows."""
        return self.rows[:, :BITS]

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Equal for a compound and its salts, stereoisomers, isotope labels and tautomers."""
        tautomer = rdMolHash.HashFunction.HetAtomTautomerv2
        return tuple(str(rdMolHash.MolHash(Chem.Mol(mol), tautomer)) for mol in self.flat)

    @cached_property
    def scaffolds(self) -> tuple[str, ...]:
        """Bemis and Murcko's; empty for a compound without rings."""
        return tuple(
            str(Chem.MolToSmiles(MurckoScaffold.GetScaffoldForMol(mol)))  # type: ignore[no-untyped-call]
            for mol in self.flat
        )


def read_structures(smiles: Sequence[str], what: str) -> Structures:
    """Read compounds; a salt is seen as its parent.

    Raises:
        MethodError: there are too many, or one cannot be read or is a mixture.
    """
    if len(smiles) > MOST:
        raise MethodError(f"there are too many {what}", given=str(len(smiles)), allowed=f"at most {MOST}")
    with rdBase.BlockLogs():
        mols = [_parent(text, f"{what}, number {i}") for i, text in enumerate(smiles, 1)]
        generator = rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS, fpSize=BITS)
        rows = np.zeros((len(mols), BITS + len(PHYSICAL)))
        for row, mol in zip(rows, mols, strict=True):
            row[:BITS] = generator.GetFingerprintAsNumPy(mol)
            row[BITS:] = _physical(mol)
        return Structures(rows, tuple(map(_flat, mols)))


def _parent(text: str, where: str) -> Chem.Mol:
    mol = Chem.MolFromSmiles(text) if text.strip() else None
    if mol is None:
        raise MethodError("this structure cannot be read", given=f"{where}: {text[:60]!r}", allowed="SMILES")
    return standardise(mol)[1] if "." in text else mol


def _physical(mol: Chem.Mol) -> list[float]:
    return [
        Descriptors.MolWt(mol),  # type: ignore[attr-defined]
        Crippen.MolLogP(mol),  # type: ignore[attr-defined]
        rdMolDescriptors.CalcTPSA(mol),
        rdMolDescriptors.CalcNumHBD(mol),
        rdMolDescriptors.CalcNumHBA(mol),
        rdMolDescriptors.CalcNumRotatableBonds(mol),
        rdMolDescriptors.CalcNumRings(mol),
        rdMolDescriptors.CalcFractionCSP3(mol),
    ]


def _flat(mol: Chem.Mol) -> Chem.Mol:
    made = Chem.Mol(mol)
    Chem.RemoveStereochemistry(made)
    for atom in made.GetAtoms():
        atom.SetIsotope(0)
    return Chem.MolFromSmiles(Chem.MolToSmiles(Chem.RemoveHs(made)))


def nearest(
    query: Matrix, known: Matrix, *, skip_self: bool = False, count: int = 1
) -> tuple[Matrix, NDArray[np.intp]]:
    """Return, for each row of bits, the mean Tanimoto similarity to its nearest known rows, and which is the nearest.

    Args:
        query: rows of bits.
        known: rows of bits.
        skip_self: the two are the same rows; a row is not its own neighbour.
        count: of neighbours to average.
    """
    similarity = np.empty(len(query))
    place = np.empty(len(query), dtype=np.intp)
    sizes = known.sum(axis=1)
    count = min(count, len(known) - skip_self)
    for start in range(0, len(query), 512):
        block = query[start : start + 512]
        common = block @ known.T
        union = block.sum(axis=1)[:, None] + sizes[None, :] - common
        tanimoto = np.divide(common, union, out=np.ones_like(common), where=union > 0)
        if skip_self:
            tanimoto[np.arange(len(block)), start + np.arange(len(block))] = -1.0
        best = np.partition(tanimoto, -count, axis=1)[:, -count:]
        similarity[start : start + 512] = best.mean(axis=1)
        place[start : start + 512] = tanimoto.argmax(axis=1)
    return similarity, place
