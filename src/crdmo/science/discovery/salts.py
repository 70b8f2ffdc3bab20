"""Salts and solvents that a form can hold beside its parent, each as the neutral molecule, with the name that people say."""

from __future__ import annotations

from functools import cache

from rdkit import Chem

# Version of the dictionary: what was stripped by an older one is not stripped anew.
VERSION = "1"

SALTS: dict[str, str] = {
    "hydrochloride": "Cl", "hydrobromide": "Br", "hydroiodide": "I", "hydrofluoride": "F", "sulfate": "OS(=O)(=O)O",
    "nitrate": "O[N+](=O)[O-]", "phosphate": "OP(=O)(O)O", "perchlorate": "OCl(=O)(=O)=O", "carbonate": "OC(=O)O",
    "mesylate": "CS(=O)(=O)O", "esylate": "CCS(=O)(=O)O", "isethionate": "OCCS(=O)(=O)O", "edisylate": "OS(=O)(=O)CCS(=O)(=O)O",
    "besylate": "OS(=O)(=O)c1ccccc1", "tosylate": "Cc1ccc(cc1)S(=O)(=O)O", "napsylate": "OS(=O)(=O)c1ccc2ccccc2c1",
    "napadisylate": "OS(=O)(=O)c1cccc2c(cccc12)S(=O)(=O)O", "triflate": "OS(=O)(=O)C(F)(F)F", "acetate": "CC(=O)O",
    "trifluoroacetate": "OC(=O)C(F)(F)F", "formate": "OC=O", "propionate": "CCC(=O)O", "oxalate": "OC(=O)C(=O)O",
    "malonate": "OC(=O)CC(=O)O", "succinate": "OC(=O)CCC(=O)O", "glutarate": "OC(=O)CCCC(=O)O", "adipate": "OC(=O)CCCCC(=O)O",
    "maleate": "OC(=O)/C=C\\C(=O)O", "fumarate": "OC(=O)/C=C/C(=O)O", "malate": "OC(CC(=O)O)C(=O)O",
    "tartrate": "OC(C(O)C(=O)O)C(=O)O", "citrate": "OC(=O)CC(O)(CC(=O)O)C(=O)O", "lactate": "CC(O)C(=O)O",
    "gluconate": "OCC(O)C(O)C(O)C(O)C(=O)O", "benzoate": "OC(=O)c1ccccc1", "salicylate": "OC(=O)c1ccccc1O",
    "gentisate": "OC(=O)c1cc(O)ccc1O", "mandelate": "OC(C(=O)O)c1ccccc1",
    "xinafoate": "OC(=O)c1ccc2ccccc2c1O", "pamoate": "OC(=O)c1cc2ccccc2c(Cc2c(O)c(cc3ccccc23)C(=O)O)c1O",
    "camsylate": "CC1(C)C2CCC1(CS(=O)(=O)O)C(=O)C2", "saccharinate": "O=C1NS(=O)(=O)c2ccccc12",
    "hexafluorophosphate": "F[P-](F)(F)(F)(F)F", "tetrafluoroborate": "F[B-](F)(F)F",
    "sodium": "[Na+]", "potassium": "[K+]", "lithium": "[Li+]", "caesium": "[Cs+]", "calcium": "[Ca+2]", "magnesium": "[Mg+2]",
    "zinc": "[Zn+2]", "aluminium": "[Al+3]", "barium": "[Ba+2]", "ammonium": "N", "diethylamine": "CCNCC",
    "triethylamine": "CCN(CC)CC", "tromethamine": "NC(CO)(CO)CO", "olamine": "NCCO", "diolamine": "OCCNCCO",
    "trolamine": "OCCN(CCO)CCO", "meglumine": "CNCC(O)C(O)C(O)C(O)CO", "choline": "C[N+](C)(C)CCO",
    "erbumine": "CC(C)(C)N", "benzathine": "C(CNCc1ccccc1)NCc1ccccc1", "ethylenediamine": "NCCN",
}  # fmt: skip

SOLVENTS: dict[str, str] = {
    "water": "O", "methanol": "CO", "ethanol": "CCO", "propan-1-ol": "CCCO", "propan-2-ol": "CC(C)O", "butan-1-ol": "CCCCO",
    "acetone": "CC(C)=O", "acetonitrile": "CC#N", "dichloromethane": "ClCCl", "chloroform": "ClC(Cl)Cl", "DMSO": "CS(C)=O",
    "DMF": "CN(C)C=O", "tetrahydrofuran": "C1CCOC1", "1,4-dioxane": "C1COCCO1", "diethyl ether": "CCOCC",
    "tert-butyl methyl ether": "COC(C)(C)C", "ethyl acetate": "CCOC(C)=O", "isopropyl acetate": "CC(=O)OC(C)C",
    "toluene": "Cc1ccccc1", "heptane": "CCCCCCC", "hexane": "CCCCCC", "cyclohexane": "C1CCCCC1",
    "N-methylpyrrolidone": "CN1CCCC1=O", "butanone": "CCC(C)=O",
}  # fmt: skip

METALS = frozenset({3, 11, 19, 37, 55, 4, 12, 20, 38, 56, 30, 13})


def flat(mol: Chem.Mol) -> str:
    """Return the canonical SMILES without stereo and isotopes: a counterion is known whichever enantiomer it is."""
    copy = Chem.RWMol(mol)
    for atom in copy.GetAtoms():
        atom.SetIsotope(0)
    plain = Chem.RemoveHs(copy, sanitize=False)
    Chem.RemoveStereochemistry(plain)
    return str(Chem.MolToSmiles(plain))


@cache
def known() -> dict[str, tuple[str, bool]]:
    """Return {flat SMILES: (name, whether it is a solvent)}."""
    found = {flat(Chem.MolFromSmiles(smiles)): (name, False) for name, smiles in SALTS.items()}
    return found | {flat(Chem.MolFromSmiles(smiles)): (name, True) for name, smiles in SOLVENTS.items()}
