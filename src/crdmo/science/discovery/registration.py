"""Registration of a structure: read, standardised, with the keys that say who it is; and the weight of a lot's form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rdkit import Chem, rdBase
from rdkit.Chem import rdMolDescriptors

from crdmo.science.method import MethodError, method

from .registration_identity import Identity, identity
from .registration_salts import DICTIONARY
from .registration_standardise import HYDROGEN, Part, Standardised, form_name, standardise, weight_of, written

_SOURCE = (
    "RDKit rdMolStandardize and RegistrationHash; Stahl PH, Wermuth CG, Handbook of Pharmaceutical Salts (2002); "
    "BIOVIA CTfile Formats (2020), enhanced stereochemistry"
)
LONGEST = 200_000
_GROUPS = re.compile(r"[|,](?:[&o]\d+|a):(\d+(?:,\d+)*)")
_WEDGES = re.compile(r"\|[^|]*\bw[UD]:")
NoFlag = Literal["absolute", "racemic"]


@dataclass(frozen=True)
class Properties:
    """What a chemist reads beside a structure; of the parent."""

    log_p: float
    tpsa: float
    donors: int
    acceptors: int
    rotatable: int


@dataclass(frozen=True)
class Registration:
    """A structure ready to be registered: its standard form, its keys, the name of its form, its properties."""

    standardised: Standardised
    identity: Identity
    form: str
    inchi_key: str
    properties: Properties


@method("discovery.register_structure", version="1.0", source=_SOURCE, title="Registration of a structure")
def register_structure(*, structure: str, no_chiral_flag: NoFlag = "absolute") -> Registration:
    """Standardise a structure and say who it is.

    Args:
        structure: SMILES, CXSMILES, or a molblock V2000 or V3000.
        no_chiral_flag: what wedges of a V2000 molblock without its chiral flag mean.

    Raises:
        MethodError: the text cannot be read, a valence is impossible, or the policy refuses the structure.

    >>> made = register_structure(structure="OC(=O)c1ccccc1.[Na]")
    >>> made.standardised.parent, made.form
    ('O=C(O)c1ccccc1', 'sodium')
    """
    mol, warnings = read_structure(structure, no_chiral_flag)
    made, parent = standardise(mol)
    keys = identity(parent)
    if keys.stereo_kind in ("none", "absolute"):
        # Groups that say no more than plain wedges are not written: ABS, or AND of a meso form.
        parent = Chem.RWMol(parent)
        parent.SetStereoGroups([])
    drawn = written(parent)
    made = replace(made, parent=drawn, warnings=(*warnings, *made.warnings))
    with rdBase.BlockLogs():
        return Registration(
            made,
            keys,
            form_name(made.parts),
            _inchi_key(drawn),
            Properties(
                round(rdMolDescriptors.CalcCrippenDescriptors(parent)[0], 3),
                round(rdMolDescriptors.CalcTPSA(parent), 2),
                rdMolDescriptors.CalcNumHBD(parent),
                rdMolDescriptors.CalcNumHBA(parent),
                rdMolDescriptors.CalcNumRotatableBonds(parent),
            ),
        )


def read_structure(text: str, no_chiral_flag: NoFlag = "absolute") -> tuple[Chem.Mol, tuple[str, ...]]:
    """Read a structure; what the toolkit says against it comes back as a refusal.

    Raises:
        MethodError: it is too long, cannot be read, or is chemically impossible.
    """
    if len(text) > LONGEST:
        raise MethodError(
            "this structure is too long", given=f"{len(text)} characters", allowed=f"at most {LONGEST}",
            next_step="check that the file is not broken",
        )  # fmt: skip
    if not text.strip():
        raise MethodError("there is no structure", given="nothing", allowed="SMILES, CXSMILES or a molblock")
    if "\x00" in text:
        raise MethodError("this is no text", given="a NUL character", allowed="SMILES, CXSMILES or a molblock")
    is_block = is_molblock(text)
    with rdBase.BlockLogs():
        mol = _parsed(text, is_block, sanitize=False)
        if problems := [one.Message() for one in Chem.DetectChemistryProblems(mol)]:
            raise MethodError(
                "the structure is chemically impossible",
                given="; ".join(problems)[:300],
                allowed="valences that exist and rings that can be drawn with single and double bonds",
                next_step="correct the drawing",
            )
        return _with_stereo(_parsed(text, is_block, sanitize=True), is_block=is_block, no_chiral_flag=no_chiral_flag)


def is_molblock(text: str) -> bool:
    """Say whether a text is meant as a molblock, not as SMILES."""
    return "M  END" in text or "\n" in text.strip()


def _parsed(text: str, is_block: bool, *, sanitize: bool) -> Chem.Mol:
    try:
        mol = (
            Chem.MolFromMolBlock(text, sanitize=sanitize, removeHs=sanitize)
            if is_block
            else _from_smiles(text.strip(), sanitize=sanitize)
        )
        if mol is None:
            raise ValueError("the connection table is broken" if is_block else "no SMILES")
    except (ValueError, RuntimeError) as error:
        raise _unreadable(text, str(error)) from error
    return mol


def _from_smiles(text: str, *, sanitize: bool) -> Chem.Mol | None:
    if _WEDGES.search(text) and "|(" not in text:
        raise ValueError("wedges (wU, wD) without coordinates say nothing")
    parameters = Chem.SmilesParserParams()
    parameters.sanitize = sanitize  # type: ignore[assignment]
    parameters.removeHs = sanitize  # type: ignore[assignment]
    parameters.parseName = True  # type: ignore[assignment]
    parameters.allowCXSMILES = True  # type: ignore[assignment]
    parameters.strictCXSMILES = True  # type: ignore[assignment]
    mol = Chem.MolFromSmiles(text, parameters)
    named = [
        int(i) for group in _GROUPS.findall(text[text.find("|") :] if "|" in text else "") for i in group.split(",")
    ]
    if mol is not None and not sanitize and any(i >= mol.GetNumAtoms() for i in named):
        raise ValueError(f"a stereo group names atom {max(named)} of {mol.GetNumAtoms()}")
    return mol


def _unreadable(text: str, why: str) -> MethodError:
    return MethodError(
        "this structure cannot be read",
        given=f"{text.strip()[:60]!r}: {why.splitlines()[0][:120] if why.strip() else 'no structure'}",
        allowed="SMILES, CXSMILES, or a molblock V2000 or V3000",
        next_step="draw it again and paste it whole",
    )


def _with_stereo(mol: Chem.Mol, *, is_block: bool, no_chiral_flag: NoFlag) -> tuple[Chem.Mol, tuple[str, ...]]:
    warnings = []
    found = _centres(mol)
    centres = [label for label in found if label != "?"]
    has_flag = mol.HasProp("_MolFileChiralFlag") and mol.GetIntProp("_MolFileChiralFlag") == 1
    if is_block and centres and not has_flag and not mol.GetStereoGroups():
        if no_chiral_flag == "racemic":
            mol = Chem.Mol(mol)
            mol.SetIntProp("_MolFileChiralFlag", 0)
            Chem.TranslateChiralFlagToStereoGroups(mol, Chem.StereoGroupType.STEREO_AND)
            warnings.append("the chiral flag is not set: wedges are read as a racemate")
        else:
            warnings.append("the chiral flag is not set: wedges are read as absolute")
    if count := found.count("?"):
        warnings.append(f"{count} stereocentre{'s' if count > 1 else ''} without stereo")
    return mol, tuple(warnings)


def _centres(mol: Chem.Mol) -> list[str]:
    """Return a label for each stereocentre: R, S, or ? where none is drawn."""
    found = Chem.FindMolChiralCenters(mol, includeUnassigned=True, useLegacyImplementation=False)  # type: ignore[no-untyped-call]
    return [str(label) for _, label in found]


def _inchi_key(smiles: str) -> str:
    return str(Chem.MolToInchiKey(Chem.MolFromSmiles(smiles)))  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class FormWeight:
    """Molecular weight of a form for one parent, and the volume that a stock needs."""

    weight: float
    millilitres: float | None


@method("discovery.form_weight", version="1.0", source=_SOURCE, title="Molecular weight of a salt form")
def form_weight(
    *, parent: str, codes: Sequence[str], counts: Sequence[float], milligrams: float = 0.0, millimolar: float = 10.0
) -> FormWeight:
    """Return the molecular weight of a parent with counter-ions and solvates; protons that a metal replaces go.

    Args:
        parent: SMILES of the neutral parent.
        codes: of the dictionary.
        counts: of each for one parent; fractions for hemi-salts.
        milligrams: weighed of the lot, for a stock.
        millimolar: of that stock.

    Raises:
        MethodError: the parent cannot be read, a code is not known, or a count is not above 0.

    >>> round(form_weight(parent="CC(=O)CC(c1ccccc1)c1c(O)c2ccccc2oc1=O", codes=["NA"], counts=[1]).weight, 3)
    330.315
    """
    mol, _ = read_structure(parent)
    known = {one.code: one for one in DICTIONARY}
    total, positive = weight_of(mol), float(max(0, Chem.GetFormalCharge(mol)))
    if len(codes) != len(counts):
        raise MethodError("each counter-ion has a count", given=f"{len(codes)} codes, {len(counts)} counts")
    for code, count in zip(codes, counts, strict=True):
        if code not in known or not 0 < count < 100:
            raise MethodError(
                "this counter-ion or its count is not known",
                given=f"{count:g} of {code}",
                allowed=f"more than 0 of one of {', '.join(known)}",
                next_step="choose it from the dictionary",
            )
        part = Chem.MolFromSmiles(known[code].smiles)
        total += count * weight_of(part)
        positive += count * max(0, Chem.GetFormalCharge(part))
    weight = total - positive * HYDROGEN
    return FormWeight(round(weight, 4), round(milligrams / weight / millimolar * 1e3, 4) if milligrams > 0 else None)


__all__ = ["FormWeight", "NoFlag", "Part", "Registration", "form_weight", "read_structure", "register_structure"]
