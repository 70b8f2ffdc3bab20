"""The house's dictionary of counter-ions and solvates: what is taken off a drawn salt to find its parent.

Each entry is drawn neutral, so that an acid counts with its protons; metals are drawn as their ions. Structures are those
of common pharmaceutical salts (Stahl and Wermuth, Handbook of Pharmaceutical Salts, 2002, appendix) and of the solvents of
ICH Q3C. An entry without stereo matches every stereo form of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from rdkit import Chem

VERSION = "1"
Kind = Literal["acid", "base", "metal", "solvent"]


@dataclass(frozen=True)
class Component:
    """A counter-ion or solvate: its code, the word of a salt's name, its kind and its neutral structure."""

    code: str
    name: str
    kind: Kind
    smiles: str


_ACIDS = """
HCL hydrochloride Cl; HBR hydrobromide Br; HI hydroiodide I; HF hydrofluoride F; H2SO4 sulfate OS(=O)(=O)O;
HNO3 nitrate O[N+](=O)[O-]; H3PO4 phosphate OP(=O)(O)O; H2CO3 carbonate OC(=O)O; HCLO4 perchlorate OCl(=O)(=O)=O;
HBF4 tetrafluoroborate F[B-](F)(F)F; HPF6 hexafluorophosphate F[P-](F)(F)(F)(F)F;
HCOOH formate OC=O; ACOH acetate CC(=O)O; TFA trifluoroacetate OC(=O)C(F)(F)F; PROP propionate CCC(=O)O;
OXAL oxalate OC(=O)C(=O)O; MALON malonate OC(=O)CC(=O)O; SUCC succinate OC(=O)CCC(=O)O; FUM fumarate OC(=O)/C=C/C(=O)O;
MALE maleate OC(=O)/C=C\\C(=O)O; GLTA glutarate OC(=O)CCCC(=O)O; ADIP adipate OC(=O)CCCCC(=O)O; SEBA sebacate OC(=O)CCCCCCCCC(=O)O;
TART tartrate OC(=O)C(O)C(O)C(=O)O; MALIC malate OC(=O)CC(O)C(=O)O; CITR citrate OC(=O)CC(O)(CC(=O)O)C(=O)O;
LACT lactate CC(O)C(=O)O; GLYC glycolate OCC(=O)O; MAND mandelate OC(C(=O)O)c1ccccc1; BENZ benzoate OC(=O)c1ccccc1;
SALI salicylate OC(=O)c1ccccc1O; GENT gentisate OC(=O)c1cc(O)ccc1O; NICO nicotinate OC(=O)c1cccnc1;
HIPP hippurate OC(=O)CNC(=O)c1ccccc1; GLUC gluconate OCC(O)C(O)C(O)C(O)C(=O)O;
GLUR glucuronate OC1OC(C(=O)O)C(O)C(O)C1O; ASCO ascorbate OCC(O)C1OC(=O)C(O)=C1O; STEA stearate CCCCCCCCCCCCCCCCCC(=O)O;
PALM palmitate CCCCCCCCCCCCCCCC(=O)O; LAUR laurate CCCCCCCCCCCC(=O)O; ASPA aspartate NC(CC(=O)O)C(=O)O;
GLUT glutamate NC(CCC(=O)O)C(=O)O; MESY mesylate CS(=O)(=O)O; ESY esylate CCS(=O)(=O)O;
EDIS edisylate OS(=O)(=O)CCS(=O)(=O)O; ISET isethionate OCCS(=O)(=O)O; TRIF triflate OS(=O)(=O)C(F)(F)F;
BESY besylate OS(=O)(=O)c1ccccc1; TOSY tosylate Cc1ccc(S(=O)(=O)O)cc1; CLOS closylate OS(=O)(=O)c1ccc(Cl)cc1;
NAPS napsylate OS(=O)(=O)c1ccc2ccccc2c1; NAPD naphthalene-1,5-disulfonate OS(=O)(=O)c1cccc2c(S(=O)(=O)O)cccc12;
CAMS camsylate CC1(C)C2CCC1(CS(=O)(=O)O)C(=O)C2; SACC saccharinate O=C1NS(=O)(=O)c2ccccc12;
PAMO pamoate OC(=O)c1cc2ccccc2c(Cc2c(O)c(C(=O)O)cc3ccccc23)c1O; XINA xinafoate OC(=O)c1ccc2ccccc2c1O;
OROT orotate OC(=O)c1cc(=O)[nH]c(=O)[nH]1;
CYCL cyclamate OS(=O)(=O)NC1CCCCC1; PICR picrate Oc1c([N+](=O)[O-])cc([N+](=O)[O-])cc1[N+](=O)[O-];
"""
_BASES = """
NH3 ammonium N; MEGL meglumine CNCC(O)C(O)C(O)C(O)CO; TROM tromethamine NC(CO)(CO)CO; DEA diolamine OCCNCCO;
MEA olamine NCCO; TEA trolamine OCCN(CCO)CCO; EDA ethylenediamine NCCN; CHOL choline C[N+](C)(C)CCO;
DIEA diethylamine CCNCC; TETA triethylamine CCN(CC)CC; TBA erbumine CC(C)(C)N; BZTH benzathine C(CNCc1ccccc1)NCc1ccccc1;
PIPZ piperazine C1CNCCN1; ARG arginine NC(CCCNC(=N)N)C(=O)O; LYS lysine NCCCCC(N)C(=O)O; HIS histidine NC(Cc1c[nH]cn1)C(=O)O;
DCHA dicyclohexylamine C1CCC(NC2CCCCC2)CC1; EPOL epolamine OCCN1CCCC1; DEAN deanol CN(C)CCO; HYDR hydrabamine NN;
"""
_METALS = """
LI lithium [Li+]; NA sodium [Na+]; K potassium [K+]; RB rubidium [Rb+]; CS cesium [Cs+]; MG magnesium [Mg+2];
CA calcium [Ca+2]; SR strontium [Sr+2]; BA barium [Ba+2]; ZN zinc [Zn+2]; AL aluminium [Al+3]; AG silver [Ag+];
BI bismuth [Bi+3]; FE2 iron(II) [Fe+2]; FE3 iron(III) [Fe+3];
"""
_SOLVENTS = """
H2O hydrate O; D2O deuterate [2H]O[2H]; MEOH methanolate CO; ETOH ethanolate CCO; IPA isopropanolate CC(C)O; NPRO propanolate CCCO;
BUOH butanolate CCCCO; ACET acetonate CC(C)=O; DMSO dimethylsulfoxide C[S+](C)[O-]; DCM dichloromethane ClCCl;
CHL chloroform ClC(Cl)Cl; EOAC ethylacetate CCOC(C)=O; IPAC isopropylacetate CC(=O)OC(C)C; MEK butanonate CCC(C)=O;
MECN acetonitrile CC#N; DMF dimethylformamide CN(C)C=O;
DMA dimethylacetamide CC(=O)N(C)C; NMP N-methylpyrrolidone CN1CCCC1=O; THF tetrahydrofuran C1CCOC1; DIOX dioxane C1COCCO1;
TOL toluene Cc1ccccc1; DEE diethylether CCOCC; MTBE tert-butylmethylether COC(C)(C)C; HEX hexane CCCCCC; HEPT heptane CCCCCCC;
CHEX cyclohexane C1CCCCC1; PGLY propyleneglycol CC(O)CO;
"""


def _rows(kind: Kind, text: str) -> list[Component]:
    words = [row.split() for row in text.replace("\n", " ").split(";") if row.strip()]
    return [Component(code, name, kind, smiles) for code, name, smiles in words]


DICTIONARY: tuple[Component, ...] = (
    *_rows("acid", _ACIDS),
    *_rows("base", _BASES),
    *_rows("metal", _METALS),
    *_rows("solvent", _SOLVENTS),
)


def flat_key(mol: Chem.Mol) -> str:
    """Return the canonical SMILES without stereo: what a fragment is looked up by."""
    return str(Chem.MolToSmiles(mol, isomericSmiles=False))


@cache
def _index() -> dict[str, list[tuple[Component, str]]]:
    found: dict[str, list[tuple[Component, str]]] = {}
    for one in DICTIONARY:
        mol = Chem.MolFromSmiles(one.smiles)
        found.setdefault(flat_key(mol), []).append((one, Chem.MolToSmiles(mol)))
    return found


def component_of(neutral: Chem.Mol) -> Component | None:
    """Return the entry of a neutral fragment; one drawn with stereo, such as fumarate, matches its own form only.

    A fragment with an isotope label matches no entry but heavy water: the label may be what the compound is about.
    """
    labelled = any(atom.GetIsotope() for atom in neutral.GetAtoms())
    smiles = Chem.MolToSmiles(neutral)
    for one, own in _index().get(flat_key(neutral), []):
        exact = Chem.MolFromSmiles(own)
        has_stereo = "/" in own or "@" in own
        if labelled and own != smiles:
            continue
        if not has_stereo or own == smiles or Chem.MolToSmiles(exact) == smiles:
            return one
    return None
