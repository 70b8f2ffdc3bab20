"""Registration: what must be true of every structure, and what is refused."""

from __future__ import annotations

import random
import re

import pytest
from rdkit import Chem

from crdmo.science.discovery.registration import form_weight, register_structure
from crdmo.science.discovery.registration_files import read_sdf, read_smiles
from crdmo.science.discovery.registration_identity import compare, identity
from crdmo.science.discovery.registration_salts import DICTIONARY, component_of
from crdmo.science.discovery.structure_figure import draw_structure
from crdmo.science.method import MethodError, call, to_json

DRUGS = [
    "CC(=O)Oc1ccccc1C(=O)O",
    "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1",
    "C[C@H](N)c1ccccc1 |&1:1|",
    "O=C(C[C@H](N)Cc1cc(F)c(F)cc1F)N1CCn2c(nnc2C(F)(F)F)C1",
    "C/C=C/[C@H](O)C[C@@H](C)O |o1:3,&1:6|",
]


def block(smiles: str, *, v3000: bool = False, flag: int | None = None) -> str:
    mol = Chem.MolFromSmiles(smiles)
    if flag is not None:
        mol.SetIntProp("_MolFileChiralFlag", flag)
    return str(Chem.MolToMolBlock(mol, forceV3000=v3000))


@pytest.mark.parametrize("smiles", DRUGS)
def test_the_order_of_atoms_changes_no_key(smiles: str) -> None:
    mol = Chem.MolFromSmiles(smiles)
    numbers, wanted = random.Random(7), identity(mol)
    for _ in range(8):
        order = list(range(mol.GetNumAtoms()))
        numbers.shuffle(order)
        assert identity(Chem.RenumberAtoms(mol, order)) == wanted


def test_the_parent_of_a_parent_is_itself() -> None:
    for smiles in DRUGS:
        once = register_structure(structure=smiles)
        assert register_structure(structure=once.standardised.parent).identity == once.identity


def test_enhanced_stereo_survives_v3000() -> None:
    for smiles in DRUGS:
        read = register_structure(structure=block(smiles, v3000=True))
        assert read.identity == register_structure(structure=smiles).identity, smiles


def test_the_chiral_flag_of_v2000_is_told_and_chosen() -> None:
    drawn = block("C[C@H](N)c1ccccc1", flag=0)
    absolute = register_structure(structure=drawn)
    assert "the chiral flag is not set: wedges are read as absolute" in absolute.standardised.warnings
    racemic = register_structure(structure=drawn, no_chiral_flag="racemic")
    assert racemic.identity.stereo_kind == "AND"
    flagged = register_structure(structure=block("C[C@H](N)c1ccccc1", flag=1), no_chiral_flag="racemic")
    assert flagged.identity == absolute.identity
    assert not flagged.standardised.warnings


@pytest.mark.parametrize(
    ("one", "other", "relation"),
    [
        ("CCN", "CCN", "same"),
        ("Oc1ccccn1", "O=c1cccc[nH]1", "tautomer"),
        ("CCN", "[2H]CCN", "isotope variant"),
        ("C[C@H](F)Cl", "CC(F)Cl", "stereo variant"),
        ("C[C@H](F)Cl", "C[C@@H](F)Cl", "stereo variant"),
        ("C[C@H](F)Cl", "[2H]CC(F)Cl", "isotope and stereo variant"),
        ("CCN", "CCO", "different"),
    ],
)
def test_the_first_layer_that_is_equal_names_the_relation(one: str, other: str, relation: str) -> None:
    a, b = (register_structure(structure=s).identity for s in (one, other))
    assert compare(a, b).relation == compare(b, a).relation == relation


def test_every_entry_of_the_dictionary_is_found_by_its_own_structure() -> None:
    assert len({one.code for one in DICTIONARY}) == len(DICTIONARY)
    for one in DICTIONARY:
        found = component_of(Chem.MolFromSmiles(one.smiles))
        assert found is not None, one.code
        assert found.code == one.code


@pytest.mark.parametrize(
    ("code", "drawn"), [("HCL", "Cl"), ("NA", None), ("FUM", "OC(=O)/C=C/C(=O)O"), ("H2O", "O"), ("CA", None)]
)
def test_the_weight_from_the_dictionary_is_the_weight_as_drawn(code: str, drawn: str | None) -> None:
    acid = "OC(=O)c1cnc(C)cc1CN"
    salts = {"NA": f"[O-]{acid[1:]}.[Na+]", "CA": f"[O-]{acid[1:]}.[O-]{acid[1:]}.[Ca+2]"}
    made = register_structure(structure=salts[code] if drawn is None else f"{acid}.{drawn}")
    (part,) = made.standardised.parts
    told = form_weight(parent=made.standardised.parent, codes=[part.code], counts=[part.count / part.per])
    assert part.code == code
    assert told.weight == pytest.approx(made.standardised.weight, abs=2e-3)


def test_maleate_is_no_fumarate_and_a_hemi_salt_is_named() -> None:
    assert register_structure(structure="CCCN(C)C.OC(=O)/C=C\\C(=O)O").form == "maleate"
    assert register_structure(structure="CCCN(C)C.CCCN(C)C.OC(=O)/C=C/C(=O)O").form == "hemi-fumarate"
    assert register_structure(structure="CCCN(C)C.Cl.Cl.O").form == "dihydrochloride monohydrate"


def test_a_stock_is_made_from_the_weight_of_the_lots_form() -> None:
    made = form_weight(parent="CCCN(C)C", codes=["HCL"], counts=[1], milligrams=1.23627, millimolar=10)
    assert made.millilitres == pytest.approx(1.0, abs=1e-4)
    with pytest.raises(MethodError, match="not known"):
        form_weight(parent="CCCN(C)C", codes=["XYZ"], counts=[1])
    with pytest.raises(MethodError, match="not known"):
        form_weight(parent="CCCN(C)C", codes=["HCL"], counts=[0])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("", "no structure"),
        ("C1CC", "cannot be read"),
        ("=SUM(A1)", "cannot be read"),
        ("C(C)(C)(C)(C)C", "chemically impossible"),
        ("c1cccc1", "chemically impossible"),
        ("CC*", "Markush"),
        ("C\x00C", "NUL"),
        ("CCO.CCCCCCCCN(C)C.c1ccc2ccccc2c1", "mixture"),
        ("C[C@H](F)Cl |&1:7|", "cannot be read"),
        ("Cc1cccc(-c2c(C)cccc2Cl)c1I |wU:7.7|", "wedges"),
        ("C" * 200_001, "too long"),
        ("C" * 500, "no small molecule"),
    ],
)
def test_what_is_no_compound_is_refused_with_its_reason(given: str, why: str) -> None:
    with pytest.raises(MethodError, match=why):
        register_structure(structure=given)


def test_a_result_goes_through_json_unchanged() -> None:
    once = to_json(call("discovery.register_structure", {"structure": "CCCN(C)C.Cl"}, {}))
    assert once["form"] == "hydrochloride"
    assert once["standardised"]["parts"] == [
        {"code": "HCL", "name": "hydrochloride", "kind": "acid", "count": 1, "per": 1}
    ]


def test_an_sd_file_loses_no_record_and_names_the_torn_one() -> None:
    good = block("CCO")
    torn = good.replace("M  END", "")
    records = read_sdf(f"{good}> <Name>\nA\n\n$$$$\n{torn}\n$$$$\n{good}> <Name>\nB\nsecond line\n".encode())
    assert [record.problem[:12] for record in records] == ["", "M  END is mi", "the file end"]
    assert "M  END" in read_sdf(b"$$$$\n")[0].problem
    assert records[0].fields == {"Name": "A"}
    assert records[2].fields == {"Name": "B\nsecond line"}
    windows = read_sdf(f"{good}$$$$\n".replace("\n", "\r\n").encode())
    assert register_structure(structure=windows[0].structure).standardised.parent == "CCO"


@pytest.mark.parametrize(("data", "why"), [(b"", "empty"), (b"C\x00C", "NUL"), (b"C" * 10_000_000, "too long")])
def test_a_file_that_is_none_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(MethodError, match=why):
        read_sdf(data)


def test_lines_of_smiles_keep_their_names_and_their_stereo() -> None:
    records = read_smiles("# designs\nCCO ethanol\n\nC[C@H](F)Cl |&1:1| racemate A\n")
    assert [(r.number, r.structure, r.name) for r in records] == [
        (2, "CCO", "ethanol"),
        (4, "C[C@H](F)Cl |&1:1|", "racemate A"),
    ]


def test_a_drawing_carries_nothing_that_a_strict_policy_forbids() -> None:
    svg = draw_structure("C[C@H](F)c1ccccc1Cl |&1:1|").svg
    assert not re.search(r"style|script|href|<\?xml|class='|#000", svg)
    assert "currentColor" in svg
    assert draw_structure("CCO").svg is draw_structure("CCO").svg
    with pytest.raises(MethodError, match="cannot be drawn"):
        draw_structure("C1CC")
