"""Axes of chirality: which way an atropisomer is turned, told so that the order of the atoms does not matter.

RDKit keeps an axis as clockwise or counter-clockwise between the neighbours of lowest index at its two ends, and leaves the
word as it is when atoms are renumbered; so the word alone is no key. Here the neighbours are ordered by what they are:
first by the skeleton, which tautomers share, then by the whole structure. An axis with two equal neighbours at one end
has no sense and is read as unspecified.
"""

from __future__ import annotations

from collections.abc import Sequence

from rdkit import Chem
from rdkit.Chem import rdDepictor

_WEDGES = ("_MolFileBondStereo", "_MolFileBondCfg")
_CW, _CCW = Chem.BondStereo.STEREOATROPCW, Chem.BondStereo.STEREOATROPCCW
# Added to the mass number of the two atoms of an axis: no real isotope reaches it, and each layer of the key then holds it.
_MARKS = {False: 500, True: 700}


def axes(mol: Chem.Mol) -> list[Chem.Bond]:
    """Return the bonds that are drawn as an axis of chirality."""
    return [bond for bond in mol.GetBonds() if bond.GetStereo() in (_CW, _CCW)]


def without_drawing(mol: Chem.Mol) -> Chem.Mol:
    """Return a copy without coordinates and wedges, from which RDKit would find an axis again that was turned or taken off."""
    made = Chem.Mol(mol)
    made.RemoveAllConformers()
    for bond in made.GetBonds():
        if bond.GetBondDir() in (Chem.BondDir.BEGINWEDGE, Chem.BondDir.BEGINDASH):
            bond.SetBondDir(Chem.BondDir.NONE)
        for name in _WEDGES:
            bond.ClearProp(name)
    return made


def without_axes(mol: Chem.Mol) -> Chem.Mol:
    """Return a copy in which no axis is specified."""
    made = without_drawing(mol)
    for bond in axes(made):
        bond.SetStereo(Chem.BondStereo.STEREONONE)
    return made


def turn(bond: Chem.Bond) -> None:
    """Invert an axis, in place."""
    bond.SetStereo(_CCW if bond.GetStereo() == _CW else _CW)


def marked(mol: Chem.Mol) -> Chem.Mol:
    """Return a copy in which the sense of each axis stands in the mass numbers of its atoms, and nowhere else."""
    made = without_axes(mol)
    found = axes(mol)
    if not found:
        return made
    ranks = _ranks(made)
    for bond in found:
        sense = _sense(bond, ranks)
        if sense is not None:
            for index in (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()):
                atom = made.GetAtomWithIdx(index)
                atom.SetIsotope(atom.GetIsotope() + _MARKS[sense])
    return made


def specified(mol: Chem.Mol) -> Chem.Mol:
    """Return a copy without the axes that have no sense: two neighbours at one end are the same."""
    made = Chem.Mol(mol)
    found = axes(made)
    ranks = _ranks(without_axes(made)) if found else []
    for bond in found:
        if _sense(bond, ranks) is None:
            bond.SetStereo(Chem.BondStereo.STEREONONE)
    return made


def renumbered(mol: Chem.Mol, order: Sequence[int]) -> Chem.Mol:
    """Return a copy with its atoms in another order and each axis turned as before."""
    made = Chem.RenumberAtoms(mol, list(order))
    place = {old: new for new, old in enumerate(order)}
    for bond in axes(mol):
        ends = (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
        odd = False
        for here, there in (ends, ends[::-1]):
            others = _others(mol, here, there)
            odd ^= place[min(others)] != min(place[i] for i in others)
        if odd:
            turn(made.GetBondBetweenAtoms(place[ends[0]], place[ends[1]]))
    return made


def laid_out(mol: Chem.Mol) -> Chem.Mol:
    """Return a copy in canonical order with coordinates: what the wedge of an axis needs to be written as text."""
    told = marked(mol)
    Chem.MolToSmiles(told)
    order = [int(i) for i in told.GetPropsAsDict(True, True)["_smilesAtomOutputOrder"]]
    made = renumbered(mol, order)
    rdDepictor.Compute2DCoords(made)
    return made


def _others(mol: Chem.Mol, here: int, there: int) -> list[int]:
    return [a.GetIdx() for a in mol.GetAtomWithIdx(here).GetNeighbors() if a.GetIdx() != there]


def _ranks(bare: Chem.Mol) -> list[tuple[int, int]]:
    skeleton = Chem.RWMol(bare)
    for atom in skeleton.GetAtoms():
        atom.SetIsAromatic(False)
        atom.SetFormalCharge(0)
        atom.SetNumExplicitHs(0)
        atom.SetNoImplicit(True)
        atom.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
    for bond in skeleton.GetBonds():
        bond.SetIsAromatic(False)
        bond.SetBondType(Chem.BondType.SINGLE)
        bond.SetStereo(Chem.BondStereo.STEREONONE)
    skeleton.UpdatePropertyCache(strict=False)
    first = Chem.CanonicalRankAtoms(skeleton, breakTies=False, includeChirality=False)
    return list(zip(first, Chem.CanonicalRankAtoms(bare, breakTies=False), strict=True))


def _sense(bond: Chem.Bond, ranks: Sequence[tuple[int, int]]) -> bool | None:
    """Return which way an axis is turned between the first neighbours by rank; None where an end has two equal ones."""
    mol, ends = bond.GetOwningMol(), (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
    sense = bond.GetStereo() == _CW
    for here, there in (ends, ends[::-1]):
        others = _others(mol, here, there)
        if len(others) == 2 and ranks[others[0]] == ranks[others[1]]:
            return None
        sense ^= min(others, key=lambda i: ranks[i]) != min(others)
    return sense
