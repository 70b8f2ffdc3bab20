"""What a registry decides about a structure: its parent, its salt form, and whether and how it is known already.

The identity of a parent has layers: the exact one (with enhanced stereo and isotopes), without stereo, without tautomer, without
isotopes. An InChIKey alone cannot be a key: plain, AND and OR of one drawing have the same one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum

from rdkit import Chem, rdBase
from rdkit.Chem import Descriptors, RegistrationHash, inchi, rdMolDescriptors
from rdkit.Chem.MolStandardize import rdMolStandardize

from crdmo.science.method import MethodError, method

from .salts import METALS, VERSION, flat, known
from .structures import parse

POLICY = f"1 (salts {VERSION})"


@dataclass(frozen=True)
class Component:
    """A salt or solvent beside the parent: its name, whether it is a solvent, and how many for one parent drawn."""

    name: str
    solvent: bool
    count: int


@dataclass(frozen=True)
class Registered:
    """A structure as the registry holds it.

    Attributes:
        parent: CXSMILES of the parent, neutral, canonical.
        form: canonical CXSMILES of the whole as drawn: parent with salts and solvents.
        components: what stands beside the parent; empty for a free form.
        parents: how many parents the form as drawn holds (2 in a hemi-salt).
        exact: identity of the parent with stereo and isotopes.
        any_tautomer: the same for every tautomer.
        any_stereo: the same for every stereo variant.
        any_isotope: the same for every isotope variant.
        inchi_key: of the parent, for looking elsewhere; never a key here.
        formula, parent_weight, form_weight: of the parent, g/mol, and of the form as drawn per parent, g/mol.
        stereo: "none", "absolute", "unknown" (centres undefined), "racemic" (AND), "relative" (OR) or "mixed".
        steps: what was changed on the way, in words.
        flags: what a chemist should look at.
        policy, toolkit: by which it was made.
    """

    parent: str
    form: str
    components: tuple[Component, ...]
    parents: int
    exact: str
    any_tautomer: str
    any_stereo: str
    any_isotope: str
    inchi_key: str
    formula: str
    parent_weight: float
    form_weight: float
    stereo: str
    steps: tuple[str, ...]
    flags: tuple[str, ...]
    policy: str
    toolkit: str


class Relation(Enum):
    """How a structure relates to one that is registered."""

    SAME = "the same compound"
    TAUTOMER = "a tautomer of it"
    STEREO = "a stereo variant of it"
    ISOTOPE = "an isotope variant of it"
    NONE = "another compound"


def relation(one: Registered, other: Registered) -> Relation:
    """Return how two structures relate, the closest first."""
    if one.exact == other.exact:
        return Relation.SAME
    if one.any_tautomer == other.any_tautomer:
        return Relation.TAUTOMER
    if one.any_stereo == other.any_stereo:
        return Relation.STEREO
    return Relation.ISOTOPE if one.any_isotope == other.any_isotope else Relation.NONE


@method(
    "discovery.register_structure",
    version="1.0",
    title="Standardised structure with its identity",
    source="Bento AP et al., J Cheminform 2020;12:51 (structure curation); RDKit RegistrationHash",
)
def register_structure(*, structure: str) -> Registered:
    """Return what a registry holds of a structure.

    Args:
        structure: SMILES, CXSMILES or molfile.

    Salts and solvents of the dictionary are told apart from the parent; where everything is in the dictionary the organic part
    is the parent (sodium benzoate is benzoic acid), and a plain salt stays whole (NaCl). The parent is neutralised where it can
    be. Isotopes stay. A wedge with an ABS group equals the plain wedge; a group that changes nothing (meso) is dropped.

    Raises:
        MethodError: it cannot be read, it has no parent or several, or it is a compound of a metal.

    Source: after Bento et al. (2020); identity by RDKit's registration hash with the second tautomer hash.

    >>> found = register_structure(structure="CC(=O)CC(c1ccccc1)C1=C([O-])c2ccccc2OC1=O.[Na+]")
    >>> round(found.form_weight, 3), [one.name for one in found.components]
    (330.315, ['sodium'])
    """
    mol = parse(structure)
    steps: list[str] = []
    clean = rdMolStandardize.Cleanup(mol)
    if Chem.MolToSmiles(clean) != Chem.MolToSmiles(mol):
        steps.append("functional groups and charges normalised")
    pieces = list(Chem.GetMolFrags(clean, asMols=True))
    parent, count, components, flags = _split(pieces, steps)
    parent, grouped = _stereo_groups(parent)
    steps += grouped
    _refuse_metals(parent)
    neutral = _neutral(parent)
    if neutral.GetNumAtoms() and Chem.MolToSmiles(neutral) != Chem.MolToSmiles(parent):
        steps.append("parent neutralised")
    layers = _layers(neutral)
    bare = _without_isotopes(neutral)
    weight = _weight(clean)
    scheme = RegistrationHash.HashScheme
    return Registered(
        Chem.MolToCXSmiles(neutral), Chem.MolToCXSmiles(clean), components, count,
        RegistrationHash.GetMolHash(layers), RegistrationHash.GetMolHash(layers, hash_scheme=scheme.TAUTOMER_INSENSITIVE_LAYERS),
        RegistrationHash.GetMolHash(layers, hash_scheme=scheme.STEREO_INSENSITIVE_LAYERS),
        RegistrationHash.GetMolHash(_layers(bare)), _inchi_key(neutral), rdMolDescriptors.CalcMolFormula(neutral),
        _weight(neutral), weight / count, _stereo(neutral), tuple(steps), tuple(flags), POLICY,
        f"RDKit {rdBase.rdkitVersion}",
    )  # fmt: skip


def _neutral(mol: Chem.Mol) -> Chem.Mol:
    found: Chem.Mol = rdMolStandardize.Uncharger(True).uncharge(mol)
    Chem.SanitizeMol(found)
    return found


def _split(pieces: list[Chem.Mol], steps: list[str]) -> tuple[Chem.Mol, int, tuple[Component, ...], list[str]]:
    """Tell the parent from what stands beside it."""
    named = [known().get(flat(_neutral(one))) for one in pieces]
    rest = [one for one, name in zip(pieces, named, strict=True) if name is None]
    flags: list[str] = []
    if not rest:
        rest = _of_salts_only(pieces, named)
        if len(rest) == len(pieces):
            whole = pieces[0] if len(pieces) == 1 else _joined(pieces)
            return (
                whole,
                1,
                (),
                ["Everything drawn is a common salt or solvent: it is registered whole"] if rest else [],
            )
    kinds = Counter(Chem.MolToCXSmiles(_neutral(one)) for one in rest)
    if len(kinds) > 1:
        raise MethodError(
            "there are several parents", given=" and ".join(kinds)[:120], allowed="one parent with known salts and solvents",
            next_step="register each by itself, or have the counterion added to the dictionary",
        )  # fmt: skip
    beside = Counter(
        name for one, name in zip(pieces, named, strict=True) if name and not any(one is kept for kept in rest)
    )
    for (name, solvent), n in sorted(beside.items()):
        steps.append(f"{'solvent' if solvent else 'salt'} {name} ({n}) told apart from the parent")
    components = tuple(Component(name, solvent, n) for (name, solvent), n in sorted(beside.items()))
    return rest[0], len(rest), components, flags


def _of_salts_only(pieces: list[Chem.Mol], named: list[tuple[str, bool] | None]) -> list[Chem.Mol]:
    """Return the parent of a structure of nothing but salts and solvents: its one organic salt part, or all of it."""
    organic = [
        one for one, name in zip(pieces, named, strict=True)
        if name and not name[1] and sum(atom.GetAtomicNum() == 6 for atom in one.GetAtoms()) > 0
    ]  # fmt: skip
    if len({flat(one) for one in organic}) == 1:
        return organic
    solvents = [one for one, name in zip(pieces, named, strict=True) if name and name[1]]
    salts = [one for one, name in zip(pieces, named, strict=True) if name and not name[1]]
    return pieces if not salts or organic else [*salts, *solvents]


def _joined(pieces: list[Chem.Mol]) -> Chem.Mol:
    found = pieces[0]
    for one in pieces[1:]:
        found = Chem.CombineMols(found, one)
    Chem.SanitizeMol(found)
    return found


def _refuse_metals(parent: Chem.Mol) -> None:
    heavy = [a for a in parent.GetAtoms() if _is_metal(a.GetAtomicNum()) and a.GetAtomicNum() not in METALS]
    if heavy:
        raise MethodError(
            "a compound of a metal is not standardised", given=heavy[0].GetSymbol(), allowed="organic compounds and their salts",
            next_step="register it by its name with a drawing",
        )  # fmt: skip


def _is_metal(number: int) -> bool:
    return any(low <= number <= high for low, high in ((21, 31), (39, 50), (57, 84), (89, 118)))


def _stereo_groups(mol: Chem.Mol) -> tuple[Chem.Mol, list[str]]:
    """Drop ABS groups, which say what a plain wedge says, and AND and OR groups whose mirror image is the same molecule."""
    kept: list[tuple[Chem.StereoGroupType, list[int]]] = []
    said: list[str] = []
    for group in mol.GetStereoGroups():
        if group.GetGroupType() == Chem.StereoGroupType.STEREO_ABSOLUTE:
            continue
        atoms = [atom.GetIdx() for atom in group.GetAtoms()]
        mirror = Chem.RWMol(mol)
        mirror.SetStereoGroups([])
        plain = Chem.MolToSmiles(mirror)
        for index in atoms:
            mirror.GetAtomWithIdx(index).InvertChirality()
        if Chem.MolToSmiles(mirror) == plain:
            said.append("a stereo group whose mirror image is the same molecule dropped")
        else:
            kept.append((group.GetGroupType(), atoms))
    made = Chem.RWMol(mol)
    made.SetStereoGroups([Chem.CreateStereoGroup(kind, made, atoms) for kind, atoms in kept])
    return made.GetMol(), said


def _layers(mol: Chem.Mol) -> dict[RegistrationHash.HashLayer, str]:
    return dict(RegistrationHash.GetMolLayers(mol, enable_tautomer_hash_v2=True))


def _inchi_key(mol: Chem.Mol) -> str:
    return str(inchi.MolToInchiKey(mol))  # type: ignore[no-untyped-call]


def _weight(mol: Chem.Mol) -> float:
    return float(Descriptors.MolWt(mol))  # type: ignore[attr-defined]


def _without_isotopes(mol: Chem.Mol) -> Chem.Mol:
    made = Chem.RWMol(mol)
    for atom in made.GetAtoms():
        atom.SetIsotope(0)
    plain: Chem.Mol = Chem.RemoveHs(made)
    Chem.AssignStereochemistry(plain, cleanIt=True, force=True)
    return plain


def _stereo(mol: Chem.Mol) -> str:
    kinds = {group.GetGroupType() for group in mol.GetStereoGroups()}
    if kinds:
        words = {Chem.StereoGroupType.STEREO_AND: "racemic", Chem.StereoGroupType.STEREO_OR: "relative"}
        return words[next(iter(kinds))] if len(kinds) == 1 else "mixed"
    found = Chem.FindPotentialStereo(mol)
    open_ = [one for one in found if one.specified == Chem.StereoSpecified.Unspecified]
    if open_:
        return "unknown"
    return "absolute" if found else "none"
