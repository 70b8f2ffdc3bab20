"""A drawn structure in the house's form: cleaned, its salt and solvates named and counted, its parent neutral.

The policy bears a version; every decision that it took on a structure is listed, so that a chemist can see why.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from math import gcd

from rdkit import Chem, rdBase
from rdkit.Chem import Descriptors, rdMolDescriptors
from rdkit.Chem.MolStandardize import rdMolStandardize

from crdmo.science.method import MethodError

from .registration_axes import axes, laid_out, specified
from .registration_salts import VERSION as SALTS
from .registration_salts import Component, component_of

POLICY = f"crdmo-registration-2, salts {SALTS}, RDKit {rdBase.rdkitVersion}"
MOST_ATOMS = 400
HYDROGEN = Chem.GetPeriodicTable().GetAtomicWeight(1)
# Metals that make salts; another metal with a bond makes a complex, which is kept as drawn.
IONIC = {3, 11, 19, 37, 55, 12, 20, 38, 56, 30, 13, 47, 83, 26}
_METALS = set(range(21, 33)) | set(range(39, 52)) | set(range(57, 84)) | {3, 11, 12, 13, 19, 20, 37, 38, 55, 56, 87, 88}


@dataclass(frozen=True)
class Part:
    """A counter-ion or solvate of a form, with how many there are for `per` parents."""

    code: str
    name: str
    kind: str
    count: int
    per: int


@dataclass(frozen=True)
class Standardised:
    """A structure in the house's form.

    Attributes:
        whole: the cleaned structure as drawn, salt and solvates and all.
        parent: the neutral parent, with stereo and isotopes.
        parts: counter-ions and solvates with their stoichiometry, by code.
        weight: molecular weight of the form for one parent, in g/mol.
        parent_weight: of the parent alone.
        formula: of the parent.
        decisions: what was done, in order.
        warnings: what a chemist must look at.
        policy: the version of the policy, of the dictionary and of the toolkit.
    """

    whole: str
    parent: str
    parts: tuple[Part, ...]
    weight: float
    parent_weight: float
    formula: str
    decisions: tuple[str, ...]
    warnings: tuple[str, ...]
    policy: str


@cache
def _tools() -> tuple[rdMolStandardize.Normalizer, rdMolStandardize.MetalDisconnector, rdMolStandardize.Uncharger]:
    return rdMolStandardize.Normalizer(), rdMolStandardize.MetalDisconnector(), rdMolStandardize.Uncharger(True)


def standardise(mol: Chem.Mol) -> tuple[Standardised, Chem.Mol]:
    """Return a structure in the house's form and the parent as a molecule, which keeps its stereo groups.

    Raises:
        MethodError: it is empty, too large, a query, a valence is impossible, or it is a mixture of parents.
    """
    decisions: list[str] = []
    warnings: list[str] = []
    _refuse_unregistrable(mol)
    with rdBase.BlockLogs():
        whole = _cleaned(mol, decisions)
        parent, parts, copies = _split(whole, decisions)
    weight = weight_of(whole) / copies
    if (charge := Chem.GetFormalCharge(whole)) != 0:
        warnings.append(f"the charges of the form do not balance: {charge:+d}")
    made = Standardised(
        Chem.MolToSmiles(whole),
        written(parent),
        parts,
        round(weight, 4),
        round(weight_of(parent), 4),
        rdMolDescriptors.CalcMolFormula(parent, separateIsotopes=True),
        tuple(decisions),
        tuple(warnings),
        POLICY,
    )
    return made, parent


_WITH_AXES = (
    Chem.CXSmilesFields.CX_ENHANCEDSTEREO | Chem.CXSmilesFields.CX_BOND_ATROPISOMER | Chem.CXSmilesFields.CX_COORDS
)


def weight_of(mol: Chem.Mol) -> float:
    """Return the average molecular weight in g/mol, with the mass of each isotope that is labelled."""
    return float(Descriptors.MolWt(mol))  # type: ignore[attr-defined]


def written(mol: Chem.Mol) -> str:
    """Return the canonical SMILES with its stereo groups; with coordinates where an axis is drawn, whose wedge needs them."""
    found = specified(mol)
    if not axes(found):
        return str(Chem.MolToCXSmiles(found, Chem.SmilesWriteParams(), Chem.CXSmilesFields.CX_ENHANCEDSTEREO))
    return str(Chem.MolToCXSmiles(laid_out(found), Chem.SmilesWriteParams(), _WITH_AXES))


def _refuse_unregistrable(mol: Chem.Mol) -> None:
    count = mol.GetNumAtoms()
    if count == 0:
        raise MethodError("there is no structure", given="no atoms", allowed="a drawn structure", next_step="draw it")
    if count > MOST_ATOMS:
        raise MethodError(
            "this is no small molecule",
            given=f"{count} atoms",
            allowed=f"at most {MOST_ATOMS}",
            next_step="register a polymer or biologic by its sequence elsewhere",
        )
    if any(atom.HasQuery() or atom.GetAtomicNum() == 0 for atom in mol.GetAtoms()) or any(
        bond.HasQuery() for bond in mol.GetBonds()
    ):
        raise MethodError(
            "this is a query or a Markush structure, no compound",
            given="an R group, attachment point or query atom",
            allowed="elements and plain bonds",
            next_step="draw one compound",
        )
    groups = [g.GetProp("TYPE") for g in Chem.GetMolSubstanceGroups(mol) if g.HasProp("TYPE")]
    if polymers := sorted({kind for kind in groups if kind in ("SRU", "MON", "COP", "MER", "ANY")}):
        raise MethodError(
            "this is a polymer",
            given=f"S-group {', '.join(polymers)}",
            allowed="a structure with a fixed number of atoms",
            next_step="register it with a repeat unit elsewhere",
        )


def _cleaned(mol: Chem.Mol, decisions: list[str]) -> Chem.Mol:
    """Return the structure without explicit hydrogens, salts of metals as ions, groups in their usual form."""
    normalizer, disconnector, _ = _tools()
    before = Chem.MolToSmiles(mol)
    found = Chem.RemoveHs(mol)
    if is_complex(found):
        decisions.append("a metal complex: kept as drawn")
        return found
    for name, step in (
        ("metal bonds broken into ions", disconnector.Disconnect),
        ("groups normalised", normalizer.normalize),
    ):
        found = step(found)
        if (after := Chem.MolToSmiles(found)) != before and name not in decisions:
            if after != Chem.MolToSmiles(Chem.RemoveHs(mol)):
                decisions.append(name)
                if axes(mol):
                    raise MethodError(
                        "an axis of chirality would not survive the change of a group into its usual form",
                        given=f"{before[:80]}: {name}",
                        allowed="beside a wedged axis, groups as they are registered, such as [N+](=O)[O-]",
                        next_step=f"draw it as {after[:120]} with the wedge at the axis",
                    )
            before = after
    for atom in found.GetAtoms():
        if (
            atom.GetAtomicNum() in IONIC
            and atom.GetDegree() == 0
            and atom.GetFormalCharge() == 0
            and found.GetNumAtoms() > 1
        ):
            _charge_metal(found, atom, decisions)
    Chem.SanitizeMol(found)
    return found


_CHARGES = {3: 1, 11: 1, 19: 1, 37: 1, 55: 1, 47: 1, 12: 2, 20: 2, 38: 2, 56: 2, 30: 2, 13: 3, 83: 3, 26: 2}


def _charge_metal(mol: Chem.Mol, metal: Chem.Atom, decisions: list[str]) -> None:
    """Make a bare metal an ion where there are acids to take its charge, so that protons are exchanged, not added."""
    acid = Chem.MolFromSmarts(
        "[$([OX2H1]-[C,S,P]=O),$([OX2H1]c),$([SX2H1]),$([nH]),$([N;H1](C=O)(C=O)),$([Cl,Br,I,F;D0])]"
    )
    wanted = _CHARGES[metal.GetAtomicNum()]
    free = [hit[0] for hit in mol.GetSubstructMatches(acid)]
    free = [i for i in free if mol.GetAtomWithIdx(i).GetFormalCharge() == 0 and mol.GetAtomWithIdx(i).GetTotalNumHs()]
    if len(free) < wanted:
        return
    metal.SetFormalCharge(wanted)
    metal.SetNumExplicitHs(0)
    metal.SetNoImplicit(True)
    for i in free[:wanted]:
        atom = mol.GetAtomWithIdx(i)
        left = atom.GetTotalNumHs() - 1
        atom.SetFormalCharge(-1)
        atom.SetNoImplicit(True)
        atom.SetNumExplicitHs(left)
    decisions.append(f"{metal.GetSymbol()} drawn without charge: read as its ion")


def is_complex(mol: Chem.Mol) -> bool:
    """Say whether a metal is bonded to something that no salt explains."""
    return any(
        atom.GetAtomicNum() in _METALS and atom.GetAtomicNum() not in IONIC and atom.GetDegree() > 0
        for atom in mol.GetAtoms()
    )


def _split(whole: Chem.Mol, decisions: list[str]) -> tuple[Chem.Mol, tuple[Part, ...], int]:
    """Return the parent, the parts that were taken off, and how many parents were drawn."""
    if is_complex(whole):
        return whole, (), 1
    fragments = list(Chem.GetMolFrags(whole, asMols=True, sanitizeFrags=True))
    if len(fragments) == 1:
        return _neutral(fragments[0], decisions), (), 1
    neutral = [_neutral(one, []) for one in fragments]
    parts = [component_of(one) for one in neutral]
    kept = [i for i, part in enumerate(parts) if part is None]
    if not kept:
        kept = _parent_among_salts(neutral, parts, decisions)
    if not kept:
        decisions.append("every fragment is a counter-ion: kept whole as one salt")
        return whole, (), 1
    names = {Chem.MolToSmiles(neutral[i]) for i in kept}
    if len(names) > 1:
        raise MethodError(
            "this is a mixture: two parents that the dictionary does not know",
            given=" and ".join(sorted(names))[:160],
            allowed="one parent with known counter-ions and solvates",
            next_step="register each alone, or ask for the counter-ion to be added to the dictionary",
        )
    if any(Chem.MolToSmiles(neutral[i]) != Chem.MolToSmiles(fragments[i]) for i in kept):
        decisions.append("parent neutralised")
    counted = Counter(part for i, part in enumerate(parts) if i not in kept and part is not None)
    made = _parts(counted, len(kept))
    decisions += [f"{part.name} taken off: {part.count} to {part.per} of the parent" for part in made]
    return neutral[kept[0]], made, len(kept)


def _parent_among_salts(neutral: list[Chem.Mol], parts: list[Component | None], decisions: list[str]) -> list[int]:
    """Return the one organic fragment among counter-ions that is the parent, as in sodium benzoate; none in common salt."""
    order = ("acid", "base")
    organic = [
        i
        for i, part in enumerate(parts)
        if part and part.kind in order and any(a.GetAtomicNum() == 6 for a in neutral[i].GetAtoms())
    ]
    if not organic:
        return []
    largest = max(organic, key=lambda i: (neutral[i].GetNumHeavyAtoms(), Chem.MolToSmiles(neutral[i])))
    name = Chem.MolToSmiles(neutral[largest])
    decisions.append("every fragment is in the dictionary: the largest organic one is the parent")
    return [i for i in organic if Chem.MolToSmiles(neutral[i]) == name]


def _neutral(fragment: Chem.Mol, decisions: list[str]) -> Chem.Mol:
    """Return a fragment with every proton that makes it neutral; a charge without one, as of a quaternary amine, stays."""
    if fragment.GetNumAtoms() == 1 and fragment.GetAtomWithIdx(0).GetAtomicNum() in _METALS:
        return fragment
    found = _tools()[2].uncharge(Chem.Mol(fragment))
    Chem.SanitizeMol(found)
    if Chem.MolToSmiles(found) != Chem.MolToSmiles(fragment):
        decisions.append("neutralised")
    return found


def _parts(counted: Counter[Component], copies: int) -> tuple[Part, ...]:
    rows = []
    for part, count in sorted(counted.items(), key=lambda one: one[0].code):
        common = gcd(count, copies)
        rows.append(Part(part.code, part.name, part.kind, count // common, copies // common))
    return tuple(rows)


def form_name(parts: tuple[Part, ...]) -> str:
    """Return the name of a form such as hydrochloride, hemi-fumarate or dihydrochloride monohydrate."""
    if not parts:
        return "free form"
    words = {1: "", 2: "di", 3: "tri", 4: "tetra", 5: "penta"}
    names = []
    for part in sorted(parts, key=lambda one: (one.kind == "solvent", one.code)):
        if part.per == 1 and part.count in words:
            prefix = words[part.count] or ("mono" if part.code == "H2O" else "")
        else:
            prefix = "hemi-" if (part.count, part.per) == (1, 2) else f"{part.count}:{part.per} "
        names.append(f"{prefix}{part.name}")
    return " ".join(names)
