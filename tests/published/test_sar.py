"""SAR tables: R groups of RDKit's own regression file, and matched pairs of mmpdb 3.1.4 (Dalke et al. 2018) on its nine compounds."""

from __future__ import annotations

import csv
import io
import json

import pytest
from rdkit import Chem

from crdmo.science.discovery.matched_pairs import Measured, best_prediction, matched_pairs, predict_by_pairs
from crdmo.science.discovery.mmp_index import PairIndex
from crdmo.science.discovery.rgroups import r_groups
from tests import shared_data


@pytest.fixture(scope="module")
def nine() -> list[Measured]:
    with shared_data.path("discovery/mmp/mmpdb_test_data.csv").open() as file:
        table = {row.pop("ID"): row for row in csv.DictReader(file, delimiter="\t")}
    lines = shared_data.path("discovery/mmp/mmpdb_test_data.smi").read_text().split("\n")
    return [
        Measured(code, smiles, {name: float(text) for name, text in table[code].items() if text != "*"})
        for smiles, code in (line.split() for line in lines if line.strip())
    ]


def test_r_groups_are_those_of_the_published_table() -> None:
    """S2."""
    text = shared_data.path("discovery/hit_triage/rgd_jm200186n.excerpt.sdf").read_bytes()
    mols = list(Chem.ForwardSDMolSupplier(io.BytesIO(text)))
    expected = json.loads(shared_data.path("discovery/hit_triage/rgd_jm200186n.excerpt.out1.json").read_text())
    smiles = [Chem.MolToSmiles(mol) for mol in mols[1:]]
    found = r_groups(codes=[str(i) for i in range(len(smiles))], structures=smiles, cores=[Chem.MolToMolBlock(mols[0])])
    assert [{"Core": row.core, **row.groups} for row in found.rows] == expected
    assert len(expected) == 5
    assert found.positions == ("R2", "R3", "R4", "R6")
    assert found.unmatched == ("3",)


def test_the_pairs_of_nine_compounds(nine: list[Measured]) -> None:
    """S1: 47 rules, 342 pairs (57 at each of six radii), 321 environments, 533 statistics."""
    index = PairIndex()
    index.add(nine)
    assert len(index.rules) == 47
    assert len(index.pairs) == 57
    assert sum(len(pairs) for pairs in index.places.values()) == 342
    assert len(index.places) == 321
    assert sum(index.statistics(p, name) is not None for p in index.places for name in index.properties()) == 533
    told = matched_pairs(compounds=nine)
    assert (told.compounds, told.rules, len(told.pairs), told.environments) == (9, 47, 57, 321)
    assert {(one.before, one.after) for one in told.changes} == index.rules
    (removed,) = (one for one in told.changes if (one.before, one.after, one.property) == ("[1*]O", "[1*][H]", "MP"))
    assert (removed.statistics.count, removed.statistics.mean) == (3, pytest.approx(-93))
    assert (removed.statistics.minimum, removed.statistics.median, removed.statistics.maximum) == (-180, -64, -35)
    often = matched_pairs(compounds=nine, minimum_pairs=3).changes
    assert [(one.before, one.property, one.statistics.count) for one in often] == [
        ("[1*]O", "MW", 4), ("[1*]N", "MP", 3), ("[1*]N", "MW", 3), ("[1*]O", "MP", 3),
    ]  # fmt: skip


def test_the_prediction_of_a_melting_point_and_of_a_weight(nine: list[Measured]) -> None:
    """S1: removing the hydroxyl of 2-hydroxypyridine."""
    step = {"reference": "c1cccnc1O", "target": "c1cccnc1"}
    melting = predict_by_pairs(compounds=nine, name="MP", **step)
    assert (melting.before, melting.after, len(melting.pairs)) == ("[1*]O", "[1*][H]", 3)
    assert melting.change == pytest.approx(-93)
    assert melting.sd == pytest.approx(76.7268, abs=5e-5)
    weight = predict_by_pairs(compounds=nine, name="MW", value=95.1, **step)
    assert (weight.change, weight.sd, weight.value) == (pytest.approx(-16), pytest.approx(0), pytest.approx(79.1))
    index = PairIndex()
    index.add(nine)
    back = best_prediction(index, step["target"], step["reference"], "MP")
    assert back.change == pytest.approx(93)
    assert {(b, a) for a, b in back.pairs} == set(melting.pairs)
