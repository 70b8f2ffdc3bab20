"""Weight-stratified assignment: replayed from its seed, balanced, fair, and refused where it cannot be."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from crdmo.science.method import MethodError
from crdmo.science.preclinical.assignment import assign_by_weight

GROUPS = {"control": 5, "low": 5, "mid": 5, "high": 5}
RNG = np.random.default_rng(3)
WEIGHTS = [*RNG.normal(200, 9, 22).round(1).tolist(), *RNG.normal(160, 7, 22).round(1).tolist()]
ANIMALS = [f"{i:04d}" for i in range(1, 45)]
SEXES = ["M"] * 22 + ["F"] * 22


def drawn(seed: int = 1, **more):
    given = {"animals": ANIMALS, "sexes": SEXES, "weights": WEIGHTS, "groups": GROUPS, "seed": seed} | more
    return assign_by_weight(**given)


def test_a_seed_gives_the_same_groups_and_another_one_others() -> None:
    assert drawn(1) == drawn(1)
    assert drawn(1).placed != drawn(2).placed


def test_each_group_has_its_animals_of_each_sex_and_the_rest_is_spare() -> None:
    found = drawn()
    counted = Counter((one.sex, one.group) for one in found.placed)
    assert all(counted[sex, group] == 5 for sex in "MF" for group in GROUPS)
    assert counted["M", ""] == counted["F", ""] == 2
    assert {one.reason for one in found.placed if not one.group} == {"spare"}


def test_every_block_of_neighbouring_weights_gives_one_animal_to_each_group() -> None:
    males = sorted((one.weight, one.group) for one in drawn().placed if one.sex == "M" and one.group)
    for start in range(0, 20, 4):
        assert {group for _, group in males[start : start + 4]} == set(GROUPS)


def test_the_means_are_closer_than_by_plain_chance() -> None:
    spread, plain, rng = [], [], np.random.default_rng(5)
    for seed in range(60):
        found = drawn(seed)
        means = [one.mean for one in found.balance if one.sex == "M"]
        spread.append(max(means) - min(means))
        chosen = (
            rng.permutation([one.weight for one in found.placed if one.sex == "M" and one.group]).reshape(4, 5).mean(1)
        )
        plain.append(float(chosen.max() - chosen.min()))
    assert np.mean(spread) < 0.5 * np.mean(plain)


def test_each_animal_comes_to_each_group_as_often() -> None:
    counted = Counter(drawn(seed).placed[7].group for seed in range(400))
    expected = sum(counted[g] for g in GROUPS) / 4
    chi = sum((counted[g] - expected) ** 2 / expected for g in GROUPS)
    assert chi < 16.3  # 0.1 % of chi-square with 3 degrees of freedom


def test_an_outlier_is_excluded_before_with_its_reason() -> None:
    weights = [*WEIGHTS[:21], 260.0, *WEIGHTS[22:]]
    out = drawn(weights=weights).placed[21]
    assert out.group == "" and out.reason.startswith("weight +")
    with pytest.raises(MethodError, match="too few animals of sex M"):
        drawn(weights=[*WEIGHTS[:19], 260.0, 262.0, 264.0, *WEIGHTS[22:]])
    assert all(one.reason in ("", "spare") for one in drawn(weights=weights, largest_deviation=None).placed)


def test_littermates_come_into_different_groups() -> None:
    litters = [f"L{i // 2}" for i in range(44)]
    found = drawn(litters=litters)
    pairs = [(litter, one.group) for litter, one in zip(litters, found.placed, strict=True) if one.group]
    assert len(set(pairs)) == len(pairs)
    with pytest.raises(MethodError, match="littermates"):
        drawn(litters=["L0"] * 44)
    # Five litters of four into four groups of five, and a sixth of four: more animals of a group than litters can give.
    with pytest.raises(MethodError, match="littermates"):
        drawn(litters=["A"] * 4 + ["B"] * 4 + ["C"] * 4 + ["D"] * 5 + ["E"] * 5 + ["F"] * 22)


def test_whole_litters_are_spread_over_the_groups() -> None:
    """Ten litters of four males into four groups: a plain draw keeps none of a thousand apart."""
    rng = np.random.default_rng(8)
    litters = [f"L{i % 10}" for i in range(40)]
    weights = rng.normal(200, 8, 40).tolist()
    found = assign_by_weight(
        animals=ANIMALS[:40],
        sexes=["M"] * 40,
        weights=weights,
        groups=dict.fromkeys(GROUPS, 10),
        seed=2,
        litters=litters,
    )
    assert len({(litter, one.group) for litter, one in zip(litters, found.placed, strict=True)}) == 40
    means = [one.mean for one in found.balance]
    assert max(means) / min(means) < 1.02


def test_groups_of_unequal_size_are_filled_with_light_and_heavy_animals_alike() -> None:
    groups = {"control": 8, "low": 4, "high": 6}
    assert [one.n for one in drawn(groups=groups).balance if one.sex == "F"] == [8, 4, 6]
    weights = np.linspace(180, 219, 18)
    means = {name: [] for name in groups}
    for seed in range(60):
        found = assign_by_weight(
            animals=ANIMALS[:18], sexes=["M"] * 18, weights=weights.tolist(), groups=groups, seed=seed
        )
        for one in found.balance:
            means[one.group].append(one.mean)
            assert abs(one.mean / weights.mean() - 1) < 0.03
    for own in means.values():
        assert abs(np.mean(own) - weights.mean()) < 4 * np.std(own) / np.sqrt(60)


def test_cage_mates_stay_together() -> None:
    cages = [f"C{i // 2}" for i in range(44)]
    groups = {"control": 4, "low": 4, "mid": 4, "high": 4}
    found = drawn(cages=cages, groups=groups)
    for cage in set(cages):
        mates = {one.group for name, one in zip(cages, found.placed, strict=True) if name == cage}
        assert len(mates) == 1
    assert Counter(one.group for one in found.placed if one.sex == "M") == {"": 6, **groups}
    heavy = drawn(cages=cages, groups=groups, weights=[*WEIGHTS[:21], 260.0, *WEIGHTS[22:]]).placed
    assert heavy[20].group == "" and heavy[20].reason == "cage mate of an excluded animal in C10"
    for wrong in (
        {"groups": {"control": 5, "high": 4}}, {"cages": ["C0", *cages[1:-1], "C0"]}, {"cages": ["X", *cages[1:]]},
        {"cages": cages[:-1]}, {"litters": cages}, {"groups": {"control": 12, "high": 12}},
    ):  # fmt: skip
        with pytest.raises(MethodError):
            drawn(**({"cages": cages, "groups": groups} | wrong))


def test_what_cannot_be_assigned_is_refused() -> None:
    for wrong in (
        {"animals": [*ANIMALS[:-1], ANIMALS[0]]}, {"sexes": SEXES[:-1]}, {"weights": [*WEIGHTS[:-1], float("nan")]},
        {"weights": [*WEIGHTS[:-1], -1.0]}, {"groups": {"control": 5}}, {"groups": {"control": 0, "high": 5}}, {"seed": -1},
        {"litters": ["a"]}, {"groups": {"control": 12, "high": 11}},
    ):  # fmt: skip
        with pytest.raises(MethodError):
            drawn(**wrong)
