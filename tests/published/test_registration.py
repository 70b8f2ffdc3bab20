"""Registration of structures: the cases of chembl_structure_pipeline 1.2.4 (Bento et al., J Cheminform 2020;12:51) with
RDKit 2026.9.1, the weights of marketed salts, and the enhanced stereo of CXSMILES. Where the house's policy differs, the
test says how.
"""

from __future__ import annotations

import csv

import pytest
from rdkit import Chem

from crdmo.science.discovery.registration import form_weight, register_structure
from crdmo.science.discovery.registration_checker import check_drawing
from crdmo.science.discovery.registration_files import read_sdf
from crdmo.science.method import MethodError
from tests import shared_data

FOLDER = "discovery/registration"
AMLODIPINE = "CCOC(=O)C1=C(COCCN)NC(C)=C(C(=O)OC)C1c1ccccc1Cl"
IMATINIB = "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1"
WARFARIN = "CC(=O)CC(c1ccccc1)c1c(O)c2ccccc2oc1=O"


def key(structure: str) -> str:
    return register_structure(structure=structure).inchi_key


@pytest.mark.parametrize(
    ("parent", "code", "drawn", "weight"),
    [
        (WARFARIN, "NA", "CC(=O)CC(c1ccccc1)c1c([O-])c2ccccc2oc1=O.[Na+]", 330.315),
        (AMLODIPINE, "BESY", f"{AMLODIPINE}.OS(=O)(=O)c1ccccc1", 567.06),
        (IMATINIB, "MESY", f"{IMATINIB}.CS(=O)(=O)O", 589.722),
    ],
)
def test_the_weight_of_a_lot_counts_its_salt_and_the_proton_that_a_metal_replaces(
    parent: str, code: str, drawn: str, weight: float
) -> None:
    """R1."""
    assert form_weight(parent=parent, codes=[code], counts=[1]).weight == pytest.approx(weight, abs=5e-4)
    assert register_structure(structure=drawn).standardised.weight == pytest.approx(weight, abs=5e-4)


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        (f"{AMLODIPINE}.OS(=O)(=O)c1ccccc1", "HTIQEAQVCYTUBX-UHFFFAOYSA-N"),
        (f"{IMATINIB}.CS(=O)(=O)O", "KTUFNOKKBVMGRW-UHFFFAOYSA-N"),
        ("CC(=O)CC(c1ccccc1)c1c([O-])c2ccccc2oc1=O.[Na+]", "PJVWKTKQMONHTI-UHFFFAOYSA-N"),
        ("CCCN(C)C.Cl", "ZUHZZVMEUAUWHY-UHFFFAOYSA-N"),
        ("CCCN(C)C.Cl.Cl.O", "ZUHZZVMEUAUWHY-UHFFFAOYSA-N"),
        ("[Na+].[O-]C(=O)c1ccccc1", "WPYMKLBDIGXBTP-UHFFFAOYSA-N"),
        ("[Na+].[Cl-]", "FAPWRFPIFSIZLT-UHFFFAOYSA-M"),
    ],
)
def test_a_salt_leads_to_its_parent(drawn: str, expected: str) -> None:
    """R2, with sodium benzoate as benzoic acid and sodium chloride as itself."""
    assert key(drawn) == expected


def test_a_metal_complex_is_kept_as_drawn_and_an_isotope_stays() -> None:
    """R2: cisplatin; deuterated methylamine hydrochloride."""
    assert "a metal complex: kept as drawn" in register_structure(structure="N[Pt](N)(Cl)Cl").standardised.decisions
    labelled = register_structure(structure="[2H]C([2H])([2H])N.Cl")
    assert labelled.standardised.parent == "[2H]C([2H])([2H])N"
    assert labelled.identity.isotope == register_structure(structure="CN").identity.isotope
    assert labelled.identity.tautomer != register_structure(structure="CN").identity.tautomer


# R3: where the house's policy is another one, what it gives instead; None is a refusal.
OTHER_POLICY: dict[str, str | None] = {
    "[Na].[Cl]": None,  # atoms without charge are no salt
    "c1cc[13cH]nc1.[Na]": None,
    "O=C([O-])C(O)C(O)C(=O)[O-].[Na+].[Na+]": "O=C(O)C(O)C(O)C(=O)O",  # a salt of tartaric acid, as sodium benzoate
    "c1cccnc1C(=O)[O-].[Na+]": "O=C(O)c1ccccn1",  # parents are neutral
    "c1cccnc1[NH3+].O=C([O-])C(O)C(O)C(=O)[O-]": "Nc1ccccn1",
    "O=C([O-])C(O)C(O)C(=O)[O-]": "O=C(O)C(O)C(O)C(=O)O",
    "c1cc[13cH]nc1": "c1ccn[13cH]c1",  # isotopes stay
    "c1ccc([2H])nc1": "[2H]c1ccccn1",
    "c1ccc([2H])nc1.c1ccccc1C(=O)O": "[2H]c1ccccn1",
    "[NH3+]CCC[O-].[Na+]": "NCCCO",  # the metal is a counter-ion
    "[Na+].[NH3+]CCC[O-]": "NCCCO",
}


def test_the_parents_of_the_pipelines_own_cases() -> None:
    """R3: 23 cases, eleven of them by another policy, named above."""
    rows = list(csv.DictReader(shared_data.path(f"{FOLDER}/chembl_parent_cases.csv").open()))
    seen = set()
    for row in rows:
        drawn = row["input_smiles"]
        expected = OTHER_POLICY[drawn] if drawn in OTHER_POLICY else Chem.CanonSmiles(row["expected_smiles"])
        seen.add(drawn)
        if expected is None:
            with pytest.raises(MethodError, match="mixture"):
                register_structure(structure=drawn)
        else:
            assert register_structure(structure=drawn).standardised.parent == expected, drawn
    assert len(rows) == 23
    assert seen >= set(OTHER_POLICY)


def unlabelled(smiles: str) -> str:
    mol = Chem.MolFromSmiles(smiles)
    for atom in mol.GetAtoms():
        atom.SetIsotope(0)
    return str(Chem.MolToInchiKey(Chem.RemoveHs(mol)))


def test_the_keys_of_the_pipelines_examples() -> None:
    """R4: 17 of 25 equal; five differ by the isotopes that stay (equal without them), one is sodium benzoate, two are mixtures."""
    records = read_sdf(shared_data.path(f"{FOLDER}/standardiser_examples.in.sdf").read_bytes())
    assert len(records) == 77
    drawn = {record.fields.get("example"): record.structure for record in records}
    equal, labelled, mixtures = [], [], []
    for row in csv.DictReader(shared_data.path(f"{FOLDER}/standardiser_expected_keys.csv").open()):
        try:
            made = register_structure(structure=drawn[row["example"]])
        except MethodError as refused:
            assert "mixture" in str(refused)
            mixtures.append(row["example"])
            continue
        if made.inchi_key == row["standard_inchikey"]:
            equal.append(row["example"])
        elif unlabelled(made.standardised.parent) == row["standard_inchikey"]:
            labelled.append(row["example"])
    assert len(equal) == 17
    assert labelled == ["39", "63", "76", "77"]
    assert mixtures == ["40", "72"]
    assert key(drawn["24"]) == "WPYMKLBDIGXBTP-UHFFFAOYSA-N"
    assert register_structure(structure=drawn["45"]).standardised.parent == "[85Sr+2]"


@pytest.mark.parametrize(
    ("one", "other"),
    [("Oc1ccccn1", "O=c1cccc[nH]1"), ("c1nnn[nH]1", "c1nn[nH]n1"), ("Cc1c[nH]cn1", "Cc1cnc[nH]1")],
)
def test_tautomers_of_one_inchi_key_are_one_compound(one: str, other: str) -> None:
    """R5."""
    a, b = register_structure(structure=one), register_structure(structure=other)
    assert a.inchi_key == b.inchi_key
    assert a.identity.tautomer == b.identity.tautomer


def test_keto_and_enol_are_one_compound_where_the_inchi_key_says_two() -> None:
    """R5: acetylacetone."""
    keto, enol = (register_structure(structure=s) for s in ("CC(=O)CC(C)=O", "CC(O)=CC(C)=O"))
    assert (keto.inchi_key[:14], enol.inchi_key[:14]) == ("YRKCREAYFQTBPV", "POILWHVDKZOXJZ")
    assert keto.identity.tautomer == enol.identity.tautomer
    assert keto.identity.exact != enol.identity.exact


def test_enhanced_stereo_makes_four_compounds_of_one_inchi_key() -> None:
    """R7: ABS is a plain wedge, AND and OR of either enantiomer are one each, and flat is a fourth."""
    drawn = ["C[C@H](F)Cl", "C[C@H](F)Cl |a:1|", "C[C@H](F)Cl |&1:1|", "C[C@@H](F)Cl |&1:1|"]
    drawn += ["C[C@H](F)Cl |o1:1|", "C[C@@H](F)Cl |o1:1|", "CC(F)Cl"]
    plain, absolute, and_r, and_s, or_r, or_s, flat = (register_structure(structure=s).identity.tautomer for s in drawn)
    assert plain == absolute
    assert and_r == and_s
    assert or_r == or_s
    assert len({plain, and_r, or_r, flat}) == 4
    assert key(drawn[0]) == key(drawn[1]) == key(drawn[2]) == "YACLCMMBHTUQON-REOHCLBHSA-N"


def test_a_meso_form_with_and_is_the_plain_meso_form() -> None:
    """R7."""
    plain, grouped = (register_structure(structure=f"C[C@H](F)[C@H](F)C{g}") for g in ("", " |&1:1,3|"))
    assert plain.identity == grouped.identity
    assert plain.standardised.parent == grouped.standardised.parent


def test_the_checkers_penalties() -> None:
    """R6: 15 examples, each penalty and its words."""
    records = read_sdf(shared_data.path(f"{FOLDER}/standardiser_examples.in.sdf").read_bytes())
    drawn = {record.fields.get("example"): record.structure for record in records}
    rows = list(csv.DictReader(shared_data.path(f"{FOLDER}/checker_expected.csv").open()))
    assert len(rows) == 15
    for row in rows:
        found = check_drawing(structure=drawn[row["example"]])
        assert found.highest == int(row["highest_penalty"])
        assert "; ".join(f"{one.score} {one.what}" for one in found.penalties) == row["all_penalties"], row["example"]
