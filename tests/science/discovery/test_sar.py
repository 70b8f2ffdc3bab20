"""Matched pairs and R-group tables: what must hold of every set of compounds, and what is refused."""

from __future__ import annotations

import random

import pytest
from rdkit import Chem

from crdmo.science.discovery.matched_pairs import Measured, matched_pairs, predict_by_pairs
from crdmo.science.discovery.mmp_fragments import fragment
from crdmo.science.discovery.mmp_index import PairIndex
from crdmo.science.discovery.rgroups import r_groups
from crdmo.science.method import MethodError, call, from_json, to_json

SERIES = [
    f"{a}c1ccc({b})cc1"
    for a in ("", "C", "Cl", "CO", "NC(=O)", "O")
    for b in ("CN1CCOCC1", "C(=O)NC", "[C@H](C)O", "OC", "C#N")
]


def series(seed: int) -> list[Measured]:
    numbers = random.Random(seed)
    rows = [Measured(f"m{i}", smiles, {"pIC50": numbers.gauss(6, 1)}) for i, smiles in enumerate(SERIES)]
    numbers.shuffle(rows)
    return rows


def table(index: PairIndex) -> set[tuple[object, ...]]:
    return {
        (place, name, frozenset(index.places[place]), index.statistics(place, name).count)  # type: ignore[union-attr]
        for place in index.places
        for name in index.properties()
    }


def test_an_index_that_grew_is_the_index_that_was_built_at_once() -> None:
    whole = PairIndex()
    whole.add(series(1))
    grown = PairIndex()
    rows = series(1)
    rows = rows[17:] + rows[:17]
    made = [grown.add(part) for part in (rows[:20], rows[20:21], rows[21:])]
    assert set(grown.pairs) == set(whole.pairs)
    assert table(grown) == table(whole)
    assert sum(made) == len(whole.pairs) > 100
    assert all(n > 0 for n in made)


def test_adding_one_compound_cuts_that_compound_only(monkeypatch: pytest.MonkeyPatch) -> None:
    index, cut = PairIndex(), []
    index.add(series(2)[:-1])
    monkeypatch.setattr("crdmo.science.discovery.mmp_index.fragment", lambda mol: cut.append(1) or fragment(mol))
    assert index.add(series(2)[-1:]) > 0
    assert len(cut) == 1


def test_cuts_do_not_depend_on_the_order_of_atoms() -> None:
    numbers = random.Random(4)
    for smiles in (SERIES[7], "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1O", "C[C@H](N)Cc1ccc(F)c(Br)c1"):
        mol = Chem.MolFromSmiles(smiles)
        order = list(range(mol.GetNumAtoms()))
        numbers.shuffle(order)
        assert fragment(Chem.RenumberAtoms(mol, order)) == fragment(mol)


def test_two_ends_that_are_equal_make_one_change_whichever_way_they_are_numbered() -> None:
    found = matched_pairs(compounds=[Measured("a", "Oc1ccc(O)cc1"), Measured("b", "Oc1ccc(O)c(F)c1")])
    double = [pair for pair in found.pairs if len(pair.constants) == 2]
    assert len(double) == 1
    assert double[0].constants == ("*O", "*O")


def test_a_stereocentre_in_a_constant_part_keeps_the_pairs_of_its_enantiomers_apart() -> None:
    found = matched_pairs(
        compounds=[
            Measured("a", "C[C@H](O)c1ccccc1F"),
            Measured("b", "C[C@H](O)c1ccccc1Cl"),
            Measured("c", "C[C@@H](O)c1ccccc1Br"),
        ]
    )
    assert {(pair.first, pair.second) for pair in found.pairs if pair.before in ("[1*]Cl", "[1*]F")} <= {
        ("a", "b"),
        ("b", "a"),
    }


def test_what_takes_no_part_is_named_with_its_reason() -> None:
    rows = [Measured("a", "CCO"), Measured("salt", "CCN.Cl"), Measured("long", "C" * 30), Measured("b", "CCN")]
    found = matched_pairs(compounds=rows)
    assert set(found.left_out) == {"salt", "long"}
    assert "more than one part" in found.left_out["salt"]
    assert found.compounds == 2


@pytest.mark.parametrize(
    ("compounds", "why"),
    [
        ([Measured("a", "CCO")], "number of compounds"),
        ([Measured("a", "CCO"), Measured("a", "CCN")], "stands twice"),
        ([Measured("a", "CCO"), Measured("b", "C1CC")], "cannot be read"),
        ([Measured("a", "CCO"), Measured("b", "=SUM(A1)")], "cannot be read"),
        ([Measured("a", "CCO"), Measured("b", "CCN", {"x": float("nan")})], "no number"),
    ],
)
def test_compounds_that_are_refused(compounds: list[Measured], why: str) -> None:
    with pytest.raises(MethodError, match=why):
        matched_pairs(compounds=compounds)


def test_a_refused_compound_leaves_the_index_as_it_was() -> None:
    index = PairIndex()
    index.add(series(3)[:5])
    before = table(index)
    with pytest.raises(MethodError, match="cannot be read"):
        index.add([Measured("new", "CCO"), Measured("bad", "C1CC")])
    assert table(index) == before
    assert "new" not in index.compounds


@pytest.mark.parametrize(
    ("reference", "target", "minimum", "why"),
    [
        ("Oc1ccccc1", "CCCCCCCC(=O)N1CCC1", 3, "no matched pair"),
        ("Oc1ccccc1", "Ic1ccccc1", 3, "no change between these two"),
        ("Oc1ccccc1", "C1CC", 3, "cannot be read"),
        ("Oc1ccccc1", "C" * 40, 3, "takes no part"),
        ("Oc1ccccc1", "Cc1ccccc1", 0, "needs pairs"),
    ],
)
def test_a_prediction_without_evidence_is_refused(reference: str, target: str, minimum: int, why: str) -> None:
    with pytest.raises(MethodError, match=why):
        predict_by_pairs(compounds=series(1), reference=reference, target=target, name="pIC50", minimum_pairs=minimum)


def test_a_prediction_uses_the_widest_environment_with_enough_pairs() -> None:
    found = predict_by_pairs(compounds=series(1), reference="Oc1ccc(C#N)cc1F", target="Clc1ccc(C#N)cc1F", name="pIC50")
    assert (found.before, found.after, found.radius, len(found.pairs)) == ("[1*]O", "[1*]Cl", 1, 5)
    assert from_json("discovery.predict_by_pairs", to_json(found)) == found


def test_r_groups_keep_every_compound_in_a_row_or_named_apart() -> None:
    found = r_groups(codes=[str(i) for i in range(len(SERIES))], structures=SERIES, cores=["[*:1]c1ccc([*:2])cc1"])
    assert len(found.rows) + len(found.unmatched) == len(SERIES)
    for row in found.rows:
        whole = Chem.MolFromSmiles(SERIES[int(row.code)])
        heavy = sum(
            sum(a.GetAtomicNum() > 1 for a in Chem.MolFromSmiles(text).GetAtoms())
            for text in (row.core, *row.groups.values())
        )
        assert heavy == whole.GetNumHeavyAtoms()
    none = r_groups(codes=["a"], structures=["CCO"], cores=["c1ccccc1"])
    assert (none.rows, none.unmatched) == ((), ("a",))
    told = call("discovery.r_groups", {"codes": ["a"], "structures": ["Clc1ccccc1"], "cores": ["[*:1]c1ccccc1"]}, {})
    assert from_json("discovery.r_groups", to_json(told)) == told


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"codes": [], "structures": [], "cores": ["c1ccccc1"]}, "code and a structure"),
        ({"codes": ["a"], "structures": ["CCO"], "cores": []}, "needs a core"),
        ({"codes": ["a"], "structures": ["CCO"], "cores": ["C1CC"]}, "core cannot be read"),
        ({"codes": ["a"], "structures": ["C1CC"], "cores": ["CC"]}, "structure cannot be read"),
    ],
)
def test_r_groups_that_are_refused(given: dict[str, list[str]], why: str) -> None:
    with pytest.raises(MethodError, match=why):
        r_groups(**given)
