"""Properties that a medicinal chemist looks at before a compound is made: size, lipophilicity, QED, ease of synthesis."""

from __future__ import annotations

from dataclasses import dataclass

from rdkit import Chem, rdBase
from rdkit.Chem import QED, Crippen, rdMolDescriptors
from rdkit.Contrib.SA_Score import sascorer

from crdmo.science.method import MethodError, method

from .fingerprints import TOOLKIT
from .registration import read_structure
from .registration_standardise import weight_of


@dataclass(frozen=True)
class DrugLikeness:
    """Calculated properties of one molecule.

    Attributes:
        weight: average molecular weight, g/mol.
        clogp: logarithm of octanol over water, after Wildman and Crippen.
        tpsa: topological polar surface area of N and O, Å².
        donors: hydrogens on N and O, after Lipinski.
        acceptors: number of N and O, after Lipinski.
        acceptor_groups: acceptors after a pharmacophore's definition: an amide's nitrogen is none.
        rotatable_bonds: amides are not counted.
        rings: smallest set of smallest rings.
        aromatic_rings: of these.
        fraction_sp3: of carbon.
        heavy_atoms: all but hydrogen.
        stereocentres: tetrahedral, assigned or not.
        qed: weighted quantitative estimate of drug-likeness, 0 to 1.
        synthetic_accessibility: 1 easy to 10 hard; None for fewer than two heavy atoms.
        lipinski: what of the rule of five is broken; two or more predict poor absorption.
        veber: what of Veber's rule is broken.
        notes: what a chemist must know of these numbers.
        toolkit: and its version.
    """

    weight: float
    clogp: float
    tpsa: float
    donors: int
    acceptors: int
    acceptor_groups: int
    rotatable_bonds: int
    rings: int
    aromatic_rings: int
    fraction_sp3: float
    heavy_atoms: int
    stereocentres: int
    qed: float
    synthetic_accessibility: float | None
    lipinski: tuple[str, ...]
    veber: tuple[str, ...]
    notes: tuple[str, ...]
    toolkit: str


@method(
    "discovery.drug_likeness",
    version="1.0",
    title="Properties and drug-likeness",
    source="Lipinski et al. 1997, Adv Drug Deliv Rev 23:3; Veber et al. 2002, J Med Chem 45:2615; Bickerton et al. 2012, "
    "Nat Chem 4:90 (QED); Ertl & Schuffenhauer 2009, J Cheminform 1:8 (SA score); Wildman & Crippen 1999; Ertl et al. 2000 (TPSA)",
)
def drug_likeness(*, structure: str) -> DrugLikeness:
    """Return calculated properties of a molecule.

    Args:
        structure: SMILES or molblock of the parent, without counter-ions.

    Raises:
        MethodError: the structure cannot be read, or has several fragments: a salt's weight and lipophilicity are not those
            of the drug.

    >>> made = drug_likeness(structure="CC(=O)Oc1ccccc1C(=O)O")
    >>> round(made.qed, 4), round(made.weight, 3), round(made.clogp, 2), round(made.tpsa, 1)
    (0.5501, 180.159, 1.31, 63.6)
    """
    mol, _ = read_structure(structure)
    if len(fragments := Chem.GetMolFrags(mol)) > 1:
        raise MethodError(
            "these properties are those of one molecule",
            given=f"{len(fragments)} fragments",
            allowed="a parent without counter-ions and solvates",
            next_step="take the parent that registration gives",
        )
    with rdBase.BlockLogs():
        return _properties(mol)


def _properties(mol: Chem.Mol) -> DrugLikeness:
    weight, clogp, tpsa = weight_of(mol), float(Crippen.MolLogP(mol)), float(rdMolDescriptors.CalcTPSA(mol))  # type: ignore[attr-defined]
    donors, acceptors = rdMolDescriptors.CalcNumLipinskiHBD(mol), rdMolDescriptors.CalcNumLipinskiHBA(mol)
    rotatable, heavy = rdMolDescriptors.CalcNumRotatableBonds(mol), mol.GetNumHeavyAtoms()
    lipinski = (("weight above 500", weight > 500), ("cLogP above 5", clogp > 5),
                ("more than 5 donors", donors > 5), ("more than 10 acceptors", acceptors > 10))  # fmt: skip
    veber = (("more than 10 rotatable bonds", rotatable > 10),
             ("TPSA above 140 Å²", tpsa > 140))  # fmt: skip
    centres = Chem.FindMolChiralCenters(mol, includeUnassigned=True, useLegacyImplementation=False)  # type: ignore[no-untyped-call]
    qed = float(QED.qed(mol))  # type: ignore[no-untyped-call]
    notes = []
    if charge := Chem.GetFormalCharge(mol):
        notes.append(f"charged ({charge:+d}): cLogP, QED and the counts are of this form, not of the neutral one")
    if any(atom.GetIsotope() for atom in mol.GetAtoms()):
        notes.append("labelled: the weight counts the isotope, limits of weight are meant without it")
    return DrugLikeness(
        weight, clogp, tpsa, donors, acceptors, rdMolDescriptors.CalcNumHBA(mol), rotatable,
        rdMolDescriptors.CalcNumRings(mol), rdMolDescriptors.CalcNumAromaticRings(mol),
        float(rdMolDescriptors.CalcFractionCSP3(mol)), heavy,
        len(centres), qed, float(sascorer.calculateScore(mol)) if heavy > 1 else None,
        tuple(why for why, broken in lipinski if broken), tuple(why for why, broken in veber if broken),
        tuple(notes), TOOLKIT,
    )  # fmt: skip
