"""Activity cliffs: the index by hand, bounds refused, one compound twice refused."""

from __future__ import annotations

import math

import pytest
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

from crdmo.science.discovery.activity_cliffs import Compound, activity_cliffs
from crdmo.science.discovery.activity_cliffs_figure import activity_cliffs_figure
from crdmo.science.method import MethodError, call, from_json, to_json

SERIES = [
    Compound("c1", "COc1ccc2nc(N)sc2c1", 3.0),
    Compound("c2", "CCOc1ccc2nc(N)sc2c1", 300.0),
    Compound("c3", "COc1ccc2nc(NC)sc2c1", 12.0),
    Compound("c4", "CC(C)CC(=O)O", 5000.0),
    Compound("c5", "C[C@H](N)c1ccccc1", 8.0),
    Compound("c6", "C[C@@H](N)c1ccccc1", 8800.0),
]


def test_the_index_is_the_ratio_of_both_distances() -> None:
    """By the toolkit's own similarities, over every pair."""
    made = activity_cliffs(compounds=SERIES, least_similarity=0.0)
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    prints = {one.id: generator.GetFingerprint(Chem.MolFromSmiles(one.structure)) for one in SERIES}
    potency = {one.id: one.potency for one in SERIES}
    assert len(made.pairs) == made.compared == 15
    for pair in made.pairs:
        alike = DataStructs.TanimotoSimilarity(prints[pair.potent], prints[pair.weak])
        apart = abs(math.log10(potency[pair.potent] / potency[pair.weak]))
        assert pair.similarity == pytest.approx(alike, abs=1e-12)
        assert pair.log_ratio == pytest.approx(apart, abs=1e-12)
        assert potency[pair.potent] <= potency[pair.weak]
        assert pair.sali == (None if alike == 1 else pytest.approx(apart / (1 - alike), rel=1e-12))


def test_a_hundredfold_between_like_molecules_is_a_cliff() -> None:
    made = activity_cliffs(compounds=SERIES, least_similarity=0.5)
    assert [(pair.potent, pair.weak) for pair in made.pairs if pair.is_cliff] == [("c5", "c6"), ("c1", "c2")]
    assert made.cliffs == 2
    assert made.pairs[0].sali is None
    assert "different potency: 1;" in made.notes[0]


def test_the_order_of_the_compounds_and_the_unit_do_not_matter() -> None:
    made = activity_cliffs(compounds=SERIES, least_similarity=0.0)
    assert activity_cliffs(compounds=SERIES[::-1], least_similarity=0.0) == made
    micro = [Compound(one.id, one.structure, one.potency / 1024) for one in SERIES]
    other = activity_cliffs(compounds=micro, least_similarity=0.0)
    assert [(p.potent, p.weak) for p in other.pairs] == [(p.potent, p.weak) for p in made.pairs]
    assert from_json("discovery.activity_cliffs", to_json(made)) == made


@pytest.mark.parametrize("qualifier", ["<", ">", "~", "="])
def test_a_bound_is_no_potency_to_compare(qualifier) -> None:
    with pytest.raises(MethodError, match="is a bound"):
        activity_cliffs(compounds=[SERIES[0], Compound("x", "CCO", 30000.0, qualifier)])


@pytest.mark.parametrize(
    ("compounds", "why"),
    [
        (SERIES[:1], "two molecules"),
        ([SERIES[0], Compound("c1", "CCO", 1.0)], "identifier is there twice"),
        ([SERIES[0], Compound("x", "Nc1nc2ccc(OC)cc2s1", 1.0)], "c1 and x"),
        ([SERIES[0], Compound("x", "CCO", 0.0)], "potency of x"),
        ([SERIES[0], Compound("x", "CCO", float("nan"))], "potency of x"),
        ([SERIES[0], Compound("x", "C1CC", 1.0)], "x: "),
    ],
)
def test_what_cannot_be_compared_is_refused(compounds, why) -> None:
    with pytest.raises(MethodError, match=why):
        activity_cliffs(compounds=compounds)


def test_salts_are_pointed_out() -> None:
    made = call("discovery.activity_cliffs", {"compounds": [
        {"id": "a", "structure": "CCN.Cl", "potency": 1}, {"id": "b", "structure": "CCCN.Cl", "potency": 2}]}, {})  # fmt: skip
    assert "several fragments: 2" in made.notes[0]


def test_the_figure_names_the_cliffs_and_draws_without_any() -> None:
    drawn = activity_cliffs_figure(activity_cliffs(compounds=SERIES, least_similarity=0.3))
    assert "c1, c2" in drawn.svg
    none = activity_cliffs_figure(activity_cliffs(compounds=SERIES[2:4], least_similarity=0.9))
    assert none.svg.startswith("<svg")
