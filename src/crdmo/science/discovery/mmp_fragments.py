"""Cutting a molecule at its single bonds outside rings: constant and variable parts for matched pairs (Hussain and Rea 2010).

One, two or three bonds are cut. The variable part is the piece that touches every cut, the constant part the other pieces.
Since the bonds lie outside rings, each constant piece is a whole side of one bond: a molecule with n such bonds has only
2 n different pieces, and their SMILES are written once however many combinations they stand in.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from rdkit import Chem

# Carbon with something, not within an amide or an alkyl chain; the peer's published default pattern.
CUTS = Chem.MolFromSmarts("[#6+0;!$(*=,#[!#6])]!@!=!#[!#0;!#1;!$([CH2]);!$([CH3][CH2])]")
_ROTATABLE = Chem.MolFromSmarts("[!$([NH]!@C(=O))&!D1&!$(*#*)]-&!@[!$([NH]!@C(=O))&!D1&!$(*#*)]")
MOST_CUTS, MOST_VARIABLE, MOST_ROTATABLE, MOST_HEAVY = 3, 10, 10, 100
HYDROGEN = "[1*][H]"


@dataclass(frozen=True)
class Fragmentation:
    """A way to cut: the constant pieces, sorted, and the variable part whose attachment points bear their numbers.

    Pieces are written with [*], the variable part with [1*], [2*] and [3*] for the first, second and third piece.
    """

    constants: tuple[str, ...]
    variable: str


@dataclass(frozen=True)
class _Half:
    """One side of a cut bond: its atoms as bits, its heavy atoms, and its SMILES with [*] where the bond was."""

    bond: int
    atoms: int
    heavy: int
    smiles: str


def why_not(mol: Chem.Mol) -> str:
    """Return why a molecule takes no part: too large or too flexible; nothing if it does."""
    if mol.GetNumHeavyAtoms() > MOST_HEAVY:
        return f"more than {MOST_HEAVY} heavy atoms"
    if len(mol.GetSubstructMatches(_ROTATABLE, maxMatches=1000)) > MOST_ROTATABLE:
        return f"more than {MOST_ROTATABLE} rotatable bonds"
    if "." in Chem.MolToSmiles(mol):
        return "more than one part: register it first, pairs are of parents"
    return ""


def fragment(mol: Chem.Mol) -> set[Fragmentation]:
    """Return every way to cut a molecule at one to three bonds whose variable part is small enough."""
    heavy = sum(1 << a.GetIdx() for a in mol.GetAtoms() if a.GetAtomicNum() > 1)
    halves = _halves(mol, heavy)
    found = {
        Fragmentation((constant.smiles,), variable.smiles.replace("*", "[1*]", 1))
        for pair in halves
        for constant, variable in (pair, pair[::-1])
        if 0 < variable.heavy <= MOST_VARIABLE
    }
    everything = (1 << mol.GetNumAtoms()) - 1
    for count in range(2, MOST_CUTS + 1):
        for chosen in _outer(halves, count):
            inside = everything & ~sum(one.atoms for one in chosen)
            if inside and (inside & heavy).bit_count() <= MOST_VARIABLE:
                found.add(_middle(mol, inside, chosen))
    return {Fragmentation(one.constants, _canonical(one.variable)) for one in found}


def _halves(mol: Chem.Mol, heavy: int) -> list[tuple[_Half, _Half]]:
    found = []
    for begin, end in {tuple(sorted(match)) for match in mol.GetSubstructMatches(CUTS)}:
        bond = mol.GetBondBetweenAtoms(begin, end)
        cut = Chem.FragmentOnBonds(mol, [bond.GetIdx()], dummyLabels=[(0, 0)])
        atoms: list[tuple[int, ...]] = []
        pieces = Chem.GetMolFrags(cut, asMols=True, sanitizeFrags=False, fragsMolAtomMapping=atoms)
        made = []
        for piece, members in zip(pieces, atoms, strict=True):
            bits = sum(1 << i for i in members if i < mol.GetNumAtoms())
            made.append(_Half(bond.GetIdx(), bits, (bits & heavy).bit_count(), Chem.MolToSmiles(piece)))
        found.append((made[0], made[1]))
    return sorted(found, key=lambda pair: pair[0].bond)


def _outer(halves: list[tuple[_Half, _Half]], count: int) -> Iterator[tuple[_Half, ...]]:
    """Choose sides of different bonds that do not overlap: the constant pieces around one variable part."""
    # Of two cut bonds only one choice of sides leaves a part between them that touches both: those without the other bond.
    away = {
        (i, j): next(one for one in halves[i] if not any(other.atoms & one.atoms == other.atoms for other in halves[j]))
        for i, j in itertools.permutations(range(len(halves)), 2)
    }
    for places in itertools.combinations(range(len(halves)), count):
        sides = [{away[i, j].atoms for j in places if j != i} for i in places]
        if all(len(side) == 1 for side in sides):
            yield tuple(away[i, next(j for j in places if j != i)] for i in places)


def _middle(mol: Chem.Mol, inside: int, chosen: tuple[_Half, ...]) -> Fragmentation:
    chosen = tuple(sorted(chosen, key=lambda one: one.smiles))
    cut = Chem.FragmentOnBonds(
        mol, [one.bond for one in chosen], dummyLabels=[(i, i) for i in range(1, len(chosen) + 1)]
    )
    first = (inside & -inside).bit_length() - 1
    atoms: list[tuple[int, ...]] = []
    pieces = Chem.GetMolFrags(cut, asMols=True, sanitizeFrags=False, fragsMolAtomMapping=atoms)
    piece = next(p for p, members in zip(pieces, atoms, strict=True) if first in members)
    constants = tuple(one.smiles for one in chosen)
    written = str(Chem.MolToSmiles(piece))
    # Equal pieces may change places: the smallest text is the one that stands.
    return Fragmentation(constants, min(relabelled(written, order) for order in orders(constants)))


@lru_cache(maxsize=4096)
def orders(constants: tuple[str, ...]) -> tuple[tuple[int, ...], ...]:
    """Return the permutations of labels that only exchange equal pieces."""
    count = len(constants)
    return tuple(
        order
        for order in itertools.permutations(range(count))
        if all(constants[i] == constants[o] for i, o in enumerate(order))
    )


@lru_cache(maxsize=1 << 16)
def relabelled(variable: str, order: tuple[int, ...]) -> str:
    """Return a variable part, canonical, in which attachment point i + 1 has the number order[i] + 1."""
    text = variable
    for i in range(len(order)):
        text = text.replace(f"[{i + 1}*]", f"[<{i}*]")
    for i, new in enumerate(order):
        text = text.replace(f"[<{i}*]", f"[{new + 1}*]")
    return _canonical(text)


@lru_cache(maxsize=1 << 16)
def _canonical(text: str) -> str:
    if text == HYDROGEN:
        return text
    mol = Chem.MolFromSmiles(text)
    return text if mol is None else str(Chem.MolToSmiles(mol))


@lru_cache(maxsize=1 << 18)
def with_hydrogen(constant: str) -> str:
    """Return the molecule that a constant piece is with hydrogen at its attachment point, as canonical SMILES."""
    mol = Chem.RWMol(Chem.MolFromSmiles(constant))
    for atom in mol.GetAtoms():
        if atom.GetAtomicNum() == 0:
            atom.SetAtomicNum(1)
            break
    made = Chem.RemoveHs(mol)
    return str(Chem.MolToSmiles(made))


@lru_cache(maxsize=1 << 16)
def environment(constant: str, radius: int) -> str:
    """Return what lies within so many bonds of a constant piece's attachment point, as text of atoms and their bonds.

    An atom is told by its element, neighbours, hydrogens, charge and whether it is in a ring; carbon without its aromaticity,
    which the bonds tell.
    """
    mol = Chem.MolFromSmiles(constant)
    start = next(a.GetIdx() for a in mol.GetAtoms() if a.GetAtomicNum() == 0)
    near = [i for i, d in enumerate(Chem.GetDistanceMatrix(mol)[start]) if d <= radius]
    symbols = [_invariants(a) for a in mol.GetAtoms()]
    inside = [b.GetIdx() for b in mol.GetBonds() if b.GetBeginAtomIdx() in near and b.GetEndAtomIdx() in near]
    return str(
        Chem.MolFragmentToSmiles(
            mol,
            near,
            bondsToUse=inside,
            atomSymbols=symbols,
            isomericSmiles=False,
            allBondsExplicit=True,
            rootedAtAtom=start,
        )
    )


def _invariants(atom: Chem.Atom) -> str:
    number, symbol = atom.GetAtomicNum(), atom.GetSymbol()
    element = {0: "*", 6: "#6"}.get(number, symbol.lower() if atom.GetIsAromatic() else symbol)
    ring = "R" if atom.IsInRing() else "!R"
    return f"[{element};X{atom.GetTotalDegree()};H{atom.GetTotalNumHs()};{atom.GetFormalCharge():+d};{ring}]"
