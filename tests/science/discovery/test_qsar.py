"""Models of structure and activity: no answer leaks from training into the test, intervals hold, and what is refused."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import numpy as np
import pytest

from crdmo.science.discovery.qsar import qsar_model_card, qsar_predict
from crdmo.science.discovery.qsar_figure import model_card_figure
from crdmo.science.discovery.qsar_split import scaffold_split, time_split
from crdmo.science.discovery.qsar_structures import nearest, read_structures
from crdmo.science.method import MethodError, from_json, to_json

RINGS = [
    "c1ccc({})cc1",
    "c1ccnc({})c1",
    "C1CCC({})CC1",
    "c1cnc({})nc1",
    "C1COCC({})C1",
    "c1csc({})c1",
    "c1ccc2c({})cccc2c1",
    "C1CC({})CN1",
]
TAILS = ["O", "N", "C(=O)O", "CO", "C#N", "C(=O)NC", "OCC", "CN(C)C", "C(F)(F)F", "S(C)(=O)=O"]
SERIES = [ring.format(tail) for ring in RINGS for tail in TAILS]


def with_repeats() -> list[str]:
    """Compounds, with salts, stereoisomers and tautomers of some of them."""
    made = list(SERIES)
    made += [f"{smiles}.Cl" for smiles in SERIES if smiles.endswith("CN(C)C)cc1")]
    made += ["c1ccc(CN(C)C)cc1.Cl", "[Na+].[O-]C(=O)c1ccccc1", "C1CC[C@H](CO)OC1", "C1CC[C@@H](CO)OC1", "CC(=O)CC(C)=O", "CC(O)=CC(C)=O",
             "Oc1ccccn1", "O=c1cccc[nH]1", "CCCC", "CCO"]  # fmt: skip
    return made


def test_a_random_split_leaks_and_a_scaffold_split_does_not() -> None:
    """Trap 29: duplicates, salts, stereoisomers, tautomers, and analogues of one scaffold."""
    smiles = with_repeats()
    read = read_structures(smiles, "compounds")
    order = list(range(len(smiles)))
    random.Random(1).shuffle(order)
    test, train = order[:20], order[20:]
    for names in (read.keys, read.scaffolds):
        assert {names[i] for i in test} & {names[i] for i in train}
    split = scaffold_split(smiles=smiles, test_fraction=0.3)
    assert (split.shared_compounds, split.shared_scaffolds) == (0, 0)
    assert sorted((*split.train, *split.test)) == sorted(order)
    assert 10 <= len(split.test) <= 0.3 * len(smiles)
    turned = scaffold_split(smiles=smiles[::-1], test_fraction=0.3)
    assert {smiles[::-1][i] for i in turned.test} == {smiles[i] for i in split.test}


def test_a_salt_a_stereoisomer_and_a_tautomer_are_the_compound_itself() -> None:
    pairs = [("c1ccc(CN(C)C)cc1", "c1ccc(CN(C)C)cc1.Cl"), ("OC[C@H]1CCCCO1", "OC[C@@H]1CCCCO1"), ("CC(=O)CC(C)=O", "CC(O)=CC(C)=O"),
             ("OC(=O)c1ccccc1", "[Na+].[O-]C(=O)c1ccccc1"), ("CN", "[2H]C([2H])([2H])N")]  # fmt: skip
    for one, other in pairs:
        assert len(set(read_structures([one, other], "compounds").keys)) == 1, one
    assert len(set(read_structures(SERIES, "compounds").keys)) == len(SERIES)


def test_a_time_split_tests_what_came_after_and_nothing_seen_before() -> None:
    smiles = [*SERIES[:18], "c1ccc(O)cc1", "c1ccc(CN(C)C)cc1.Cl"]
    dates = [f"2026-01-{i + 1:02d}" for i in range(18)] + ["2026-02-01", "2026-02-01"]
    split = time_split(smiles=smiles, dates=dates, test_fraction=0.3)
    assert max(dates[i] for i in split.train) < min(dates[i] for i in split.test)
    assert split.left_out == (18, 19)
    assert split.shared_compounds == 0
    same_day = time_split(smiles=smiles, dates=["2026-01-01"] * 5 + ["2026-03-01"] * 15, test_fraction=0.1)
    assert len(same_day.train) == 5


def test_similarity_is_tanimoto_and_ignores_itself_only_when_told() -> None:
    bits = read_structures(SERIES[:30], "compounds").bits
    near, place = nearest(bits, bits)
    assert np.allclose(near, 1)
    near, place = nearest(bits, bits, skip_self=True)
    for i, j in enumerate(place):
        both = np.sum((bits[i] > 0) & (bits[j] > 0)) / np.sum((bits[i] > 0) | (bits[j] > 0))
        assert i != j
        assert near[i] == pytest.approx(both)


@cache
def descriptors() -> Any:
    return read_structures(SERIES, "compounds").rows


def worked() -> dict[str, Any]:
    numbers = random.Random(1)
    values = [float(row[1025] + 0.02 * row[1026] + numbers.gauss(0, 0.3)) for row in descriptors()]
    order = list(range(len(SERIES)))
    numbers.shuffle(order)
    return {
        "train_smiles": [SERIES[i] for i in order[:60]], "train_values": [values[i] for i in order[:60]],
        "test_smiles": [SERIES[i] for i in order[60:]], "test_values": [values[i] for i in order[60:]],
    }  # fmt: skip


@pytest.fixture(scope="module")
def made():
    given = worked()
    return given, qsar_model_card(endpoint="log x", **given)


def test_a_card_is_the_same_at_every_call_and_goes_through_json(made) -> None:
    given, card = made
    assert qsar_model_card(endpoint="log x", **given) == card
    assert from_json("discovery.qsar_model_card", to_json(card)) == card
    assert card.beats_baseline
    assert "seed 0" in card.algorithm
    assert "scikit-learn" in card.algorithm


def test_a_prediction_is_that_of_the_card_and_says_who_is_out_of_the_domain(made) -> None:
    given, card = made
    strange, known, *tested = qsar_predict(
        train_smiles=given["train_smiles"], train_values=given["train_values"],
        query_smiles=["C[Si](C)(C)OP(=S)(I)I", given["train_smiles"][0], *given["test_smiles"][:3]],
    )  # fmt: skip
    assert tested == list(card.predictions[:3])
    for one in tested:
        assert card.train_range[0] <= one.value <= card.train_range[1]
        assert one.lower < one.value < one.upper
    assert not strange.in_domain
    assert (known.in_domain, known.similarity, known.nearest) == (True, 1.0, 0)


def test_a_model_of_noise_says_that_it_is_no_better_than_the_mean() -> None:
    numbers = random.Random(5)
    given = worked()
    given["train_values"] = [numbers.gauss(0, 1) for _ in given["train_values"]]
    given["test_values"] = [numbers.gauss(0, 1) for _ in given["test_values"]]
    card = qsar_model_card(endpoint="noise", **given)
    assert card.errors.mae > 0.9 * card.errors.baseline_mae
    assert card.beats_baseline is (card.errors.mae < card.errors.baseline_mae)
    assert card.beats_baseline or "do not use it" in " ".join(card.says)


def test_a_test_compound_that_was_seen_in_training_is_counted() -> None:
    given = worked()
    given["test_smiles"][0] = f"{given['train_smiles'][0]}.Cl"
    given["train_smiles"][1] = given["train_smiles"][2]
    card = qsar_model_card(endpoint="log x", **given)
    assert (card.seen_before, card.repeated) == (1, 1)
    assert any("too good" in line for line in card.says)


def test_the_figure_draws_the_test_compounds(made) -> None:
    given, card = made
    drawn = model_card_figure(card, measured=given["test_values"])
    assert drawn.svg.startswith("<svg")
    assert f"{card.errors.baseline_mae:.3f}" in drawn.desc
    assert "Similarity" in model_card_figure(card).svg


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"train_values": [1.0] * 60}, "nothing to learn"),
        ({"train_values": [float("nan")] * 60}, "no number"),
        ({"train_values": [1.0] * 59}, "has a value"),
        ({"train_smiles": ["CCO"] * 9, "train_values": [1.0] * 9}, "too few compounds"),
        ({"test_smiles": ["CCO"], "test_values": [1.0]}, "test compounds"),
        ({"test_smiles": ["C1CC"] * 20}, "cannot be read"),
        ({"test_smiles": ["=1+1"] * 20}, "cannot be read"),
        ({"test_smiles": ["CCCCCCCCN.c1ccc2ccccc2c1"] * 20}, "mixture"),
        ({"confidence": 0.99}, "no interval of this confidence"),
        ({"confidence": 1.5}, "no interval of this confidence"),
        ({"endpoint": " "}, "what it predicts"),
    ],
)
def test_what_gives_no_model(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(MethodError, match=why):
        qsar_model_card(**{"endpoint": "log x", **worked(), **changed})


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"smiles": SERIES[:5]}, "too few compounds"),
        ({"smiles": SERIES, "test_fraction": 1.0}, "a part of the compounds"),
        ({"smiles": SERIES[:10], "test_fraction": 0.2}, "no family is small enough"),
    ],
)
def test_what_cannot_be_split_by_scaffold(given: dict[str, Any], why: str) -> None:
    with pytest.raises(MethodError, match=why):
        scaffold_split(**given)


@pytest.mark.parametrize(
    ("dates", "why"), [(["2026-01-01"] * 80, "one side of the cut"), (["1/2/26"] * 80, "no date"), ([], "has a date")]
)
def test_what_cannot_be_split_by_time(dates: list[str], why: str) -> None:
    with pytest.raises(MethodError, match=why):
        time_split(smiles=SERIES, dates=dates)
