"""Who a compound is: keys by layers, and the first layer in which two structures differ.

The registry key is not the InChIKey, which knows no AND and OR. Enhanced stereo is resolved into the set of single
stereoisomers that it stands for: OR is a choice, AND a mixture, ABS is a plain wedge; so a meso centre with AND is plain
meso, and AND of either enantiomer is one key. An axis of an atropisomer counts as a centre does; one that is not drawn is a
stereo variant of both.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass

from rdkit import Chem, rdBase
from rdkit.Chem import RegistrationHash
from rdkit.Chem.RegistrationHash import HashScheme

from crdmo.science.method import MethodError

from .registration_axes import axes, marked, specified, turn, without_axes, without_drawing

MOST_GROUPS = 8
LAYERS = ("exact", "tautomer", "stereo", "isotope", "skeleton")


@dataclass(frozen=True)
class Identity:
    """Keys of a parent, each blind to what its name says; two compounds are one if `tautomer` is equal.

    Attributes:
        exact: nothing is left out.
        tautomer: tautomers are one.
        stereo: stereo and tautomers are left out.
        isotope: isotope labels and tautomers are left out.
        skeleton: stereo, isotopes and tautomers are left out.
        stereo_kind: "none", "absolute", "AND", "OR" or "AND and OR".
    """

    exact: str
    tautomer: str
    stereo: str
    isotope: str
    skeleton: str
    stereo_kind: str


def identity(parent: Chem.Mol) -> Identity:
    """Return the keys of a parent.

    Raises:
        MethodError: there are too many stereo groups.
    """
    with rdBase.BlockLogs():
        bare = Chem.RemoveHs(Chem.Mol(parent))
        choices, kind = _isomers(bare)
        plain = [[_without_isotopes(one) for one in mixture] for mixture in choices]
        flat = [[_flat(choices[0][0])]]
        bottom = [[_without_isotopes(flat[0][0])]]
        return Identity(
            _key(choices, HashScheme.ALL_LAYERS),
            _key(choices, HashScheme.TAUTOMER_INSENSITIVE_LAYERS),
            _key(flat, HashScheme.TAUTOMER_INSENSITIVE_LAYERS),
            _key(plain, HashScheme.TAUTOMER_INSENSITIVE_LAYERS),
            _key(bottom, HashScheme.TAUTOMER_INSENSITIVE_LAYERS),
            kind,
        )


def _isomers(mol: Chem.Mol) -> tuple[list[list[Chem.Mol]], str]:
    """Return the single isomers that a structure stands for: a list of possible samples, each a list of what is in it."""
    groups = [g for g in mol.GetStereoGroups() if g.GetGroupType() != Chem.StereoGroupType.STEREO_ABSOLUTE]
    if len(groups) > MOST_GROUPS:
        raise MethodError(
            "there are too many stereo groups", given=str(len(groups)), allowed=f"at most {MOST_GROUPS}",
            next_step="put centres that belong together into one group",
        )  # fmt: skip
    base = Chem.RWMol(without_drawing(mol))
    base.SetStereoGroups([])
    either, both = (
        [_members(g) for g in groups if g.GetGroupType() == wanted]
        for wanted in (Chem.StereoGroupType.STEREO_OR, Chem.StereoGroupType.STEREO_AND)
    )
    choices = []
    for chosen in itertools.product((False, True), repeat=len(either)):
        mixed = itertools.product((False, True), repeat=len(both))
        choices.append(
            [_turned(base, [*zip(either, chosen, strict=True), *zip(both, mix, strict=True)]) for mix in mixed]
        )
    return choices, _kind(choices)


# The atoms and the axes of a stereo group, by index.
_Members = tuple[list[int], list[int]]


def _members(group: Chem.StereoGroup) -> _Members:
    return [a.GetIdx() for a in group.GetAtoms()], [b.GetIdx() for b in group.GetBonds()]


def _turned(mol: Chem.Mol, groups: Sequence[tuple[_Members, bool]]) -> Chem.Mol:
    made = Chem.Mol(mol)
    for (atoms, bonds), inverted in groups:
        for index in atoms if inverted else ():
            made.GetAtomWithIdx(index).InvertChirality()
        for index in bonds if inverted else ():
            turn(made.GetBondWithIdx(index))
    Chem.AssignStereochemistry(made, cleanIt=True, force=True)
    return made


def _kind(choices: list[list[Chem.Mol]]) -> str:
    """Return what the groups say once they are resolved; a group that changes nothing says nothing."""
    samples = {tuple(sorted({Chem.MolToSmiles(marked(one)) for one in mixture})) for mixture in choices}
    words = (["AND"] if any(len(sample) > 1 for sample in samples) else []) + (["OR"] if len(samples) > 1 else [])
    if words:
        return " and ".join(words)
    first = choices[0][0]
    has_centres = any(a.GetChiralTag() != Chem.ChiralType.CHI_UNSPECIFIED for a in first.GetAtoms())
    return "absolute" if has_centres or axes(specified(first)) else "none"


def _without_isotopes(mol: Chem.Mol) -> Chem.Mol:
    made = Chem.Mol(mol)
    for atom in made.GetAtoms():
        atom.SetIsotope(0)
    made = Chem.RemoveHs(made)
    Chem.AssignStereochemistry(made, cleanIt=True, force=True)
    return made


def _flat(mol: Chem.Mol) -> Chem.Mol:
    made = without_axes(mol)
    Chem.RemoveStereochemistry(made)
    return made


def _key(choices: list[list[Chem.Mol]], scheme: HashScheme) -> str:
    """Return the key of a nested set of isomers; a set of one is its one."""
    samples = sorted({json.dumps(sorted({_hash(one, scheme) for one in mixture})) for mixture in choices})
    return hashlib.sha256(json.dumps(samples).encode()).hexdigest()


def _hash(mol: Chem.Mol, scheme: HashScheme) -> str:
    layers = RegistrationHash.GetMolLayers(marked(mol), enable_tautomer_hash_v2=True)
    # Text that a drawing carries is no part of who a compound is.
    layers[RegistrationHash.HashLayer.SGROUP_DATA] = "[]"
    layers[RegistrationHash.HashLayer.ESCAPE] = ""
    return str(RegistrationHash.GetMolHash(layers, scheme))


@dataclass(frozen=True)
class Verdict:
    """How two parents stand to each other: the same, or related by what differs, with the reason in words."""

    relation: str
    reason: str


# What is compared in order: the key that is equal, what that makes of two compounds, and why.
_RELATIONS = (
    ("exact", "same", "every layer is equal"),
    ("tautomer", "tautomer", "drawn as another tautomer; tautomers are one compound"),
    ("isotope", "isotope variant", "the isotope labels differ; the rest is equal"),
    ("stereo", "stereo variant", "the stereo differs; connections and isotopes are equal"),
    ("skeleton", "isotope and stereo variant", "isotope labels and stereo differ; the connections are equal"),
)


def compare(one: Identity, other: Identity) -> Verdict:
    """Return the relation of two parents by the first layer that is equal."""
    for layer, relation, reason in _RELATIONS:
        if getattr(one, layer) == getattr(other, layer):
            return Verdict(relation, reason)
    return Verdict("different", "the connections of the atoms differ")
