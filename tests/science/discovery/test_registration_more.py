"""Registration: axes of chirality, penalties of a drawing, and what a new policy would change."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from rdkit import Chem
from rdkit.Chem import rdCIPLabeler, rdDepictor

from crdmo.science.discovery.registration import register_structure
from crdmo.science.discovery.registration_axes import axes, renumbered, turn
from crdmo.science.discovery.registration_changes import Kept, restandardise
from crdmo.science.discovery.registration_checker import check_drawing
from crdmo.science.discovery.registration_files import read_sdf
from crdmo.science.discovery.registration_identity import compare
from crdmo.science.discovery.registration_standardise import POLICY
from crdmo.science.method import MethodError, call, from_json, to_json
from tests import shared_data

BIARYL = "Cc1cccc(Cl)c1-c1c(C)cccc1I"
# An ortho pair whose sense an NH tautomer could turn: the pyridone and its hydroxypyridine.
PYRIDONE = ("Cc1cccc(Cl)c1-c1c(C)cc[nH]c1=O", "Cc1cccc(Cl)c1-c1c(C)ccnc1O")


def atropisomer(smiles: str, *, turned: bool = False) -> Chem.Mol:
    mol = Chem.MolFromSmiles(smiles)
    rdDepictor.Compute2DCoords(mol)
    (bond,) = (
        b for b in mol.GetBonds() if not b.IsInRing() and b.GetBeginAtom().IsInRing() and b.GetEndAtom().IsInRing()
    )
    bond.SetStereo(Chem.BondStereo.STEREOATROPCW)
    if turned:
        turn(bond)
    return mol


def label(mol: Chem.Mol) -> str:
    named = Chem.Mol(mol)
    rdCIPLabeler.AssignCIPLabels(named)
    return str(axes(named)[0].GetProp("_CIPCode"))


def v3000(mol: Chem.Mol) -> str:
    return str(Chem.MolToV3KMolBlock(mol))


def grouped(mol: Chem.Mol, word: str) -> str:
    text = Chem.MolToCXSmiles(mol)
    read = Chem.MolFromSmiles(text)
    return f"{text.rstrip('|')},{word}:{axes(read)[0].GetIdx()}|"


def test_two_atropisomers_and_the_axis_that_is_not_drawn_are_three_compounds():
    one, other = (register_structure(structure=v3000(atropisomer(BIARYL, turned=t))) for t in (False, True))
    flat = register_structure(structure=BIARYL)
    assert {label(atropisomer(BIARYL)), label(atropisomer(BIARYL, turned=True))} == {"M", "P"}
    assert len({one.identity.tautomer, other.identity.tautomer, flat.identity.tautomer}) == 3
    assert (one.identity.stereo_kind, flat.identity.stereo_kind) == ("absolute", "none")
    for a, b in ((one, other), (one, flat)):
        assert compare(a.identity, b.identity).relation == "stereo variant"
    assert one.inchi_key == other.inchi_key == flat.inchi_key  # trap 1: what InChI does not know


def test_an_axis_is_one_key_from_v3000_and_cxsmiles_and_in_any_order_of_atoms():
    mol, numbers = atropisomer(BIARYL), random.Random(3)
    wanted = register_structure(structure=v3000(mol))
    assert register_structure(structure=Chem.MolToCXSmiles(mol)).identity == wanted.identity
    again = register_structure(structure=wanted.standardised.parent)
    assert (again.identity, again.standardised.parent) == (wanted.identity, wanted.standardised.parent)
    for _ in range(8):
        order = list(range(mol.GetNumAtoms()))
        numbers.shuffle(order)
        other = renumbered(mol, order)
        assert label(other) == label(mol)  # an independent judge: the CIP label
        assert register_structure(structure=v3000(other)).standardised.parent == wanted.standardised.parent


def test_and_and_or_of_an_axis_are_one_each_and_an_axis_without_sense_says_nothing():
    both = [atropisomer(BIARYL), atropisomer(BIARYL, turned=True)]
    for word, kind in (("&1", "AND"), ("o1", "OR")):
        a, b = (register_structure(structure=grouped(mol, word)) for mol in both)
        assert a.identity == b.identity
        assert a.identity.stereo_kind == kind
    symmetric = "Cc1cccc(C)c1-c1c(C)cccc1I"
    assert register_structure(structure=v3000(atropisomer(symmetric))) == register_structure(structure=symmetric)


def test_an_axis_is_told_in_the_same_sense_for_two_tautomers():
    # The atoms of both drawings stand in one order, so the same word of RDKit is the same sense in space.
    one, other = (
        {register_structure(structure=v3000(atropisomer(s, turned=t))).identity.tautomer for s in PYRIDONE}
        for t in (False, True)
    )
    assert len(one) == len(other) == 1
    assert one != other


def test_a_group_that_is_redrawn_beside_an_axis_is_refused():
    mol = atropisomer("Cc1cccc(Cl)c1-c1c(C)cccc1S(C)=O")
    with pytest.raises(MethodError, match="axis of chirality would not survive"):
        register_structure(structure=v3000(mol))


@pytest.mark.parametrize(
    ("given", "highest"),
    [("CCO", 0), ("C[C@H](F)Cl |&1:1|", 0), ("C1CC\nM  END", 7)],
)
def test_a_drawing_has_its_highest_penalty(given: str, highest: int):
    found = check_drawing(structure=given)
    assert (found.highest, found.needs_curator) == (highest, highest >= 6)


def test_what_the_checker_does_not_judge():
    with pytest.raises(MethodError, match="cannot be read"):
        check_drawing(structure="C1CC")
    with pytest.raises(MethodError, match="no small molecule"):
        check_drawing(structure="C" * 500)
    assert to_json(call("discovery.check_drawing", {"structure": "CCO"}, {})) == {
        "highest": 0,
        "penalties": [],
        "needs_curator": False,
    }


def kept(code: str, structure: str, **other: str) -> Kept:
    made = register_structure(structure=structure)
    keys = {name: getattr(made.identity, name) for name in ("exact", "tautomer", "stereo", "isotope", "skeleton")}
    return Kept(code, structure, **{"parent": made.standardised.parent, "policy": POLICY, **keys, **other})


def test_nothing_changes_under_the_policy_of_the_records():
    records = [kept("A", "CCO"), kept("B", "CCN.Cl"), kept("C", "CCN")]
    found = restandardise(records=records)
    assert (found.changed, found.refused, found.merged, found.split) == ((), (), (), ())
    assert found.records == {POLICY: 3}
    assert from_json("discovery.restandardise", to_json(found)) == found


def test_the_dry_run_names_each_record_whose_key_would_change_and_the_layer():
    """Trap 6. An earlier policy that dropped isotopes and kept tautomers apart, and a record that is refused today."""
    heavy, light = "[2H]C([2H])([2H])N.Cl", "CN"
    old = {name: getattr(kept("x", light), name) for name in ("exact", "tautomer", "stereo", "isotope", "skeleton")}
    records = [
        kept("A", light, policy="old"),
        kept("B", heavy, **old, parent="CN", policy="old"),
        kept("C", "CC(=O)CC(C)=O"),
        kept("D", "CC(O)=CC(C)=O", tautomer="f" * 64, policy="old"),
        replace(kept("E", "CCO"), structure="C(C)(C)(C)(C)C"),
    ]
    found = restandardise(records=records)
    assert [(one.code, one.layers, one.decides) for one in found.changed] == [
        ("B", ("exact", "tautomer", "stereo"), True),
        ("D", ("tautomer",), True),
    ]
    assert found.changed[0].would_be == "[2H]C([2H])([2H])N"
    assert [one.code for one in found.refused] == ["E"]
    assert "chemically impossible" in found.refused[0].reason
    assert found.merged == (("C", "D"),)
    assert found.split == (("A", "B"),)
    assert found.records == {POLICY: 2, "old": 3}


@pytest.mark.parametrize(("records", "why"), [(0, "number of records"), (2, "stands twice")])
def test_a_dry_run_needs_each_record_once(records: int, why: str):
    with pytest.raises(MethodError, match=why):
        restandardise(records=[kept("A", "CCO")] * records)


def test_the_parent_is_not_the_largest_fragment():
    """Trap 2: a drug smaller than its pamoate, and an acid that the dictionary does not know."""
    pamoate = "OC(=O)c1cc2ccccc2c(Cc2c(O)c(C(=O)O)cc3ccccc23)c1O"
    assert register_structure(structure=f"Oc1cccc(C=CC2=NCCCN2C)c1.{pamoate}").form == "pamoate"
    with pytest.raises(MethodError, match="mixture"):
        register_structure(structure="CCCN(C)C.OC(=O)CCCCCCCCCCCCCC=O")


def test_no_record_of_a_file_vanishes():
    """Trap 7: each of the peer's 77 drawings, a polymer and an empty table among them, is registered or says why not."""
    records = read_sdf(shared_data.path("discovery/registration/standardiser_examples.in.sdf").read_bytes())
    reasons = {}
    for record in records:
        try:
            register_structure(structure=record.structure)
        except MethodError as refused:
            reasons[record.fields.get("example", str(record.number))] = str(refused)
    assert len(records) == 77
    assert {"1", "5"} <= set(reasons)
    assert len(reasons) < 15
    assert all(len(why) > 20 for why in reasons.values())
