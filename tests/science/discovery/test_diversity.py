"""Diverse subsets: what is picked is what the rule says, the same from the same seed."""

from __future__ import annotations

import csv
from itertools import islice

import numpy as np
import pytest
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

from crdmo.science.discovery.diversity import max_min_picking, sphere_exclusion
from crdmo.science.method import MethodError, from_json, to_json
from tests import shared_data


@pytest.fixture(scope="module")
def structures() -> dict[str, str]:
    with shared_data.path("discovery/adme/ADME_public_set_3521.csv").open(encoding="utf-8") as file:
        return {row["Internal ID"]: row["SMILES"] for row in islice(csv.DictReader(file), 80)}


@pytest.fixture(scope="module")
def distance(structures) -> dict[tuple[str, str], float]:
    """Every distance, by the toolkit."""
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    made = {name: generator.GetFingerprint(Chem.MolFromSmiles(text)) for name, text in structures.items()}
    names = list(made)
    return {
        (one, other): 1 - value
        for one in names
        for other, value in zip(names, DataStructs.BulkTanimotoSimilarity(made[one], list(made.values())), strict=True)
    }


@pytest.mark.parametrize("already", [(), ("Mol3", "Mol17")])
def test_each_pick_is_the_farthest_from_those_before_it(structures, distance, already) -> None:
    made = max_min_picking(structures=structures, count=12, seed=4, already=already)
    before = list(already)
    for name, reported in zip(made.ids, made.distances, strict=True):
        if before:
            nearest = {x: min(distance[x, y] for y in before) for x in structures if x not in before}
            far = max(nearest.values())
            assert name == min(x for x in nearest if nearest[x] == pytest.approx(far, abs=1e-12))
            assert reported == pytest.approx(far, abs=1e-12)
        before.append(name)
    rest = [min(distance[x, y] for y in before) for x in structures if x not in before]
    assert made.uncovered == pytest.approx(max(rest), abs=1e-12)
    assert len(set(before)) == len(already) + 12


@pytest.mark.parametrize("radius", [0.0, 0.55, 0.8, 1.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_spheres_do_not_hold_each_other_and_cover_everything(structures, distance, radius, seed) -> None:
    made = sphere_exclusion(structures=structures, distance=radius, seed=seed)
    picks = made.ids
    assert all(distance[a, b] >= radius - 1e-12 for i, a in enumerate(picks) for b in picks[i + 1 :])
    assert all(x in picks or min(distance[x, y] for y in picks) < radius for x in structures)
    if radius == 0.0:
        assert sorted(picks) == sorted(structures)
        assert made.uncovered is None


def test_the_same_seed_gives_the_same_picks_in_any_order_of_the_molecules(structures) -> None:
    back = dict(reversed(structures.items()))
    one = max_min_picking(structures=structures, count=5, seed=8)
    assert one == max_min_picking(structures=back, count=5, seed=8)
    assert sphere_exclusion(structures=structures, distance=0.8, seed=8) == sphere_exclusion(
        structures=back, distance=0.8, seed=8
    )
    firsts = {max_min_picking(structures=structures, count=1, seed=seed).ids for seed in range(6)}
    assert len(firsts) > 1
    assert from_json("discovery.max_min_picking", to_json(one)) == one


def test_picks_are_spread_wider_than_a_random_subset(structures, distance) -> None:
    picks = max_min_picking(structures=structures, count=8, seed=0).ids
    least = min(distance[a, b] for a in picks for b in picks if a != b)
    rng = np.random.default_rng(0)
    for _ in range(20):
        some = rng.choice(list(structures), 8, replace=False)
        assert least >= min(distance[a, b] for a in some for b in some if a != b)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"count": 4}, "at most 3"),
        ({"count": 0}, "count"),
        ({"seed": -1}, "seed"),
        ({"already": ["x"]}, "not among those given"),
        ({"structures": {}}, "at most 0"),
    ],
)
def test_what_cannot_be_picked_is_refused(change, why) -> None:
    three = {"a": "CCO", "b": "CCN", "c": "c1ccccc1"}
    with pytest.raises(MethodError, match=why):
        max_min_picking(**{"structures": three, "count": 2, "seed": 0, **change})
    if "count" not in change and change.get("structures") != {}:
        with pytest.raises(MethodError, match=why):
            sphere_exclusion(**{"structures": three, "distance": 0.5, "seed": 0, **change})


def test_a_distance_outside_0_to_1_is_refused() -> None:
    with pytest.raises(MethodError, match="0 to 1"):
        sphere_exclusion(structures={"a": "CC"}, distance=1.2, seed=0)
