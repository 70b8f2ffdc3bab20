"""Substructure search: the hits are those of matching every molecule; what a query may mean otherwise is said."""

from __future__ import annotations

import csv
import random
import time
from itertools import islice

import pytest
from rdkit import Chem

from crdmo.science.discovery import substructure as s
from crdmo.science.discovery import substructure_index
from crdmo.science.discovery.substructure_index import SubstructureIndex, TimeOut, read_smarts
from crdmo.science.method import MethodError, call
from tests import shared_data

GROUPS = (
    "*", "a", "[#7]", "[R]", "[!#6;!#1]", "c1ccccc1", "C=O", "[CX3](=O)[NX3;H2]", "[$(C=O)]", "[NX3;H2;!$(NC=O)]", "C~N",
    "[O-]", "[+1]", "C#N", "FC(F)F", "c1cc[nH]c1", "[n;r5]", "[r7]", "C1CC1", "[D4]", "C.N", "[C@H](N)C", "[CH3]", "[H]OC",
    "S(=O)(=O)N", "[F,Cl,Br]", "c-!@c", "[#6]@[#6]", "C/C=C/C", "N=[N+]=[N-]", "[13C]", "[Si]", "C1=CC=CC=C1",
)  # fmt: skip


@pytest.fixture(scope="module")
def mols() -> list[Chem.Mol]:
    with shared_data.path("discovery/adme/ADME_public_set_3521.csv").open(encoding="utf-8") as file:
        return [Chem.MolFromSmiles(row["SMILES"]) for row in islice(csv.DictReader(file), 120)]


@pytest.fixture(scope="module")
def index(mols) -> SubstructureIndex:
    return SubstructureIndex([f"M{i:03d}" for i in range(len(mols))], mols)


def pieces(mols: list[Chem.Mol], count: int) -> list[str]:
    """Return fragments cut out of molecules, as SMILES read as SMARTS and as SMARTS of their own."""
    draw = random.Random(5)
    found = []
    while len(found) < count:
        mol = draw.choice(mols)
        bonds = Chem.FindAtomEnvironmentOfRadiusN(mol, draw.randint(1, 4), draw.randrange(mol.GetNumAtoms()))
        atoms = {
            i for b in bonds for i in (mol.GetBondWithIdx(b).GetBeginAtomIdx(), mol.GetBondWithIdx(b).GetEndAtomIdx())
        }
        if atoms:
            write = Chem.MolFragmentToSmarts if draw.random() < 0.5 else Chem.MolFragmentToSmiles
            found.append(write(mol, sorted(atoms), list(bonds)))
    return found


@pytest.mark.parametrize("stereo", [False, True])
def test_the_hits_are_those_of_matching_every_molecule(mols, index, stereo) -> None:
    """A screen alone is not an answer: some that pass it do not match."""
    only_passed = 0
    for text in (*GROUPS, *pieces(mols, 250)):
        query = read_smarts(text).mol
        hits = list(index.search(query, stereo=stereo))
        matched = [name for name, mol in zip(index.ids, index.mols, strict=True)
                   if mol.HasSubstructMatch(query, useChirality=stereo)]  # fmt: skip
        assert hits == matched, text
        only_passed += len(index.candidates(query)) - len(hits)
    assert only_passed > 200


def test_each_hit_comes_as_soon_as_it_is_found(index, monkeypatch) -> None:
    looked = []
    query = read_smarts("*").mol

    class Watched(list):
        def __getitem__(self, place):
            looked.append(place)
            return super().__getitem__(place)

    monkeypatch.setattr(index, "mols", Watched(index.mols))
    assert list(islice(index.search(query), 3)) == ["M000", "M001", "M002"]
    assert looked == [0, 1, 2]


def test_a_search_ends_when_its_time_is_over_and_says_how_far_it_came(index, monkeypatch) -> None:
    clock = iter([0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4])
    monkeypatch.setattr(substructure_index.time, "monotonic", lambda: next(clock))
    found = []
    with pytest.raises(TimeOut, match=r"1 s, 5 of 120 candidates"):
        for name in index.search(read_smarts("*").mol, seconds=1.0):
            found.append(name)
    assert found == ["M000", "M001", "M002", "M003", "M004"]


C60 = (
    "c12c3c4c5c1c1c6c7c2c2c8c3c3c9c4c4c%10c5c5c1c1c6c6c%11c7c2c2c7c8c3c3c8c9c4c4c9c%10c5c5c1c1c6c6c%11c2c2c7c3c3c8c4c4c9c5c1"
    "c1c6c2c3c41"
)
# A path through the whole ball that ends in a ring of four, of which it has none: to say so takes hours.
HOPELESS = "[#6]" + "~[#6]" * 40 + "1~[#6]~[#6]~[#6]~1"


@pytest.mark.parametrize("query", [HOPELESS, f"[#6;!$({HOPELESS})]"], ids=["plain", "recursive"])
def test_even_within_one_molecule_a_search_ends_when_its_time_is_over(query) -> None:
    ball = SubstructureIndex(["ball"], [Chem.MolFromSmiles(C60)])
    began = time.monotonic()
    with pytest.raises(TimeOut, match="0 of 1 candidates"):
        list(ball.search(read_smarts(query).mol, seconds=0.1, screen=False))
    assert time.monotonic() - began < 2


def test_a_watched_match_is_the_same_match() -> None:
    """Knotted molecules are matched with the clock in hand; the answer is that of the plain match."""
    mols = [Chem.MolFromSmiles(one) for one in (
        C60, "O=C1c2ccc3c4ccc5c6c(ccc(c7ccc(c2c37)C1=O)c64)C(=O)NC5=O",
        "CC(C)(C)C(C(C)(C)C)(C(C)(C)C)C(F)(F)C(F)(F)F", "N[C@@H](CS)C(=O)" * 12 + "O")]  # fmt: skip
    index = SubstructureIndex([f"k{i}" for i in range(4)], mols)
    assert all(index.knotted)
    for text in (
        *pieces(mols[1:], 15),
        "~".join("*" * 12),
        "[$([#6]~[#7])]",
        "[C@H](N)(CS)C(=O)NCC(=O)NC",
    ):
        query = read_smarts(text).mol
        for stereo in (False, True):
            hits = list(index.search(query, stereo=stereo, seconds=60))
            assert hits == [
                f"k{i}" for i, mol in enumerate(mols) if mol.HasSubstructMatch(query, useChirality=stereo)
            ], text


def test_a_kekule_ring_in_smarts_finds_no_benzene_and_says_so() -> None:
    structures = {"benzoic": "OC(=O)c1ccccc1", "triene": "C1=CCC=CC1"}
    plain = s.substructure_search(query="C1=CC=CC=C1", structures=structures)
    assert plain.hits == ()
    assert "for that write c1ccccc1" in plain.notes[0]
    drawn = s.substructure_search(query="C1=CC=CC=C1", structures=structures, kind="structure")
    assert (drawn.hits, drawn.notes) == (("benzoic",), ())
    assert s.substructure_search(query="c1ccccc1", structures=structures).notes == ()


def test_hydrogens_of_a_query_are_read_as_counts_and_said() -> None:
    found = s.substructure_search(query="[H]Oc", structures={"phenol": "Oc1ccccc1", "anisole": "COc1ccccc1"})
    assert found.hits == ("phenol",)
    assert "least number of hydrogens" in found.notes[0]
    assert "atom of its own" in s.read_query("[H][H]").notes[0]


def test_stereo_counts_when_asked_for() -> None:
    two = {"R": "C[C@@H](N)O", "S": "C[C@H](N)O"}
    assert s.substructure_search(query="C[C@H](N)O", structures=two).hits == ("R", "S")
    assert s.substructure_search(query="C[C@H](N)O", structures=two, stereo=True).hits == ("S",)


def test_fewer_hits_than_there_are_are_said_to_be_incomplete() -> None:
    three = {"a": "CO", "b": "CCO", "c": "CCCO"}
    assert s.substructure_search(query="CO", structures=three, most=2).complete is False
    whole = s.substructure_search(query="CO", structures=three, most=3)
    assert (whole.complete, whole.hits) == (True, ("a", "b", "c"))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"query": "c1ccc"}, "cannot be read"),
        ({"query": "[$(C"}, "cannot be read"),
        ({"query": "  "}, "no query"),
        ({"query": "C" * 5000}, "no query"),
        ({"query": "C\x00C"}, "no query"),
        ({"query": "C1CC", "kind": "structure"}, "cannot be read"),
        ({"structures": {"odd": "C(C)(C)(C)(C)C"}}, "odd: "),
        ({"most": 0}, "count"),
        ({"seconds": 0.0}, "greater than zero"),
        ({"seconds": float("nan")}, "greater than zero"),
        ({"kind": "smirks"}, "wrong kind"),
    ],
)
def test_what_cannot_be_searched_is_refused(change, why) -> None:
    with pytest.raises(MethodError, match=why):
        call("discovery.substructure_search", {"query": "C", "structures": {"a": "CC"}, **change}, {})


def test_the_same_identifier_twice_is_refused(mols) -> None:
    with pytest.raises(MethodError, match="identifier of its own"):
        SubstructureIndex(["a", "a"], mols[:2])
