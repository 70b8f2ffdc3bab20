"""Units, organ weights, food by cage and group sizes (trap 9): what counts as one, and how many of them are needed."""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np
import pytest
from scipy import stats

from crdmo.science.method import MethodError, call, to_json
from crdmo.science.preclinical.assignment import assign_by_weight
from crdmo.science.preclinical.dunnett import Side, dunnett
from crdmo.science.preclinical.experimental_units import FoodInterval, experimental_units, food_consumption
from crdmo.science.preclinical.organ_weights import organ_weights
from crdmo.science.preclinical.sample_size import exact_power, sample_size_incidence, sample_size_means

GROUPS = ["0", "10", "50"]


def litters(rng: np.random.Generator) -> dict[str, Any]:
    """Return pup weights of six litters of eight a group; litters differ, doses do nothing."""
    rows = []
    for name in GROUPS:
        for i in range(6):
            dam = 6 + rng.normal(0, 0.5)
            rows += [(name, f"{name}-{i}", dam + rng.normal(0, 0.3)) for _ in range(8)]
    return {"group": [r[0] for r in rows], "unit": [r[1] for r in rows], "value": [r[2] for r in rows]}


def test_pups_counted_as_independent_find_effects_that_are_none() -> None:
    rng = np.random.default_rng(12)
    naive = by_litter = 0
    for _ in range(60):
        data = litters(rng)
        found = experimental_units(groups=GROUPS, **data)
        pups = [[v for g, v in zip(data["group"], data["value"], strict=True) if g == name] for name in GROUPS]
        naive += min(one.p for one in dunnett(groups=GROUPS, values=pups).comparisons) < 0.05
        means = [list(one.values) for one in found.groups]
        by_litter += min(one.p for one in dunnett(groups=GROUPS, values=means).comparisons) < 0.05
    assert naive / 60 > 0.3 and by_litter / 60 < 0.11
    assert found.correlation == pytest.approx(0.25 / 0.34, abs=0.25) and found.design_effect > 3


def test_units_have_one_value_each_and_no_unit_lies_in_two_groups() -> None:
    found = experimental_units(groups=["a", "b"], group=list("aabb"), unit=list("1123"), value=[1.0, 3.0, 5.0, 6.0])
    assert [one.values for one in found.groups] == [(2.0,), (5.0, 6.0)] and found.groups[0].members == (2,)
    single = experimental_units(groups=["a", "b"], group=list("ab"), unit=list("12"), value=[1.0, 3.0])
    assert single.correlation is None and single.design_effect is None
    for bad in (
        {"group": list("aabb"), "unit": list("1121")},
        {"group": list("aabc"), "unit": list("1123")},
        {"group": list("aaaa"), "unit": list("1123")},
        {"group": list("aab"), "unit": list("1123")},
    ):
        with pytest.raises(MethodError):
            experimental_units(groups=["a", "b"], value=[1.0, 3.0, 5.0, 6.0], **bad)


def test_food_is_that_of_the_animals_in_the_cage_on_each_day() -> None:
    week = [FoodInterval("1", 1, 8, 700, 280), FoodInterval("1", 8, 15, 600, 250, 14)]
    found = food_consumption(intervals=week, animals={"1": 3}, removed={"1": [4.0]}).rows
    assert [one.animal_days for one in found] == [3 * 7 - 4, 14.0]
    assert found[1].per_animal_day == (600 - 250 - 14) / 14


@pytest.mark.parametrize(
    ("interval", "animals", "removed"),
    [
        (FoodInterval("2", 1, 8, 700, 280), {"1": 3}, {}),
        (FoodInterval("1", 8, 1, 700, 280), {"1": 3}, {}),
        (FoodInterval("1", 1, 8, 100, 280), {"1": 3}, {}),
        (FoodInterval("1", 1, 8, 700, float("nan")), {"1": 3}, {}),
        (FoodInterval("1", 1, 8, 700, 280), {"1": 1}, {"1": [1.0]}),
        (FoodInterval("1", 1, 8, 700, 280), {"1": 1}, {"1": [1.0, 2.0]}),
    ],
)
def test_impossible_food_is_refused(
    interval: FoodInterval, animals: dict[str, int], removed: dict[str, list[float]]
) -> None:
    with pytest.raises(MethodError):
        food_consumption(intervals=[interval], animals=animals, removed=removed)


def organs(*, brain_spared: bool, seed: int = 3) -> dict[str, Any]:
    """Return organ weights of animals of which the high dose is a fifth lighter."""
    rng = np.random.default_rng(seed)
    group = [name for name in GROUPS for _ in range(10)]
    body = [rng.normal(240 if name == "50" else 300, 12) for name in group]
    organ = [2.0 + rng.normal(0, 0.04) if brain_spared else 0.035 * b + rng.normal(0, 0.2) for b in body]
    return {"groups": GROUPS, "animal": [str(i) for i in range(30)], "group": group, "organ": organ, "body": body}


def test_a_brain_that_keeps_its_weight_only_looks_heavier_in_a_light_body() -> None:
    found = organ_weights(**organs(brain_spared=True))
    assert found.relative_to_body.verdicts[1].is_significant and not found.absolute.verdicts[1].is_significant
    against = next(one for one in found.adjusted.differences if (one.arm, one.reference) == ("50", "0"))
    assert against.p_value > 0.05 and any("body weight differs" in one for one in found.remarks)


def test_an_organ_in_proportion_only_looks_lighter() -> None:
    found = organ_weights(**organs(brain_spared=False))
    assert found.absolute.verdicts[1].is_significant and not found.relative_to_body.verdicts[1].is_significant
    assert found.slopes_p > 0.05


def test_adjusted_means_are_those_of_a_linear_model() -> None:
    data = organs(brain_spared=False)
    body, organ = np.array(data["body"]), np.array(data["organ"])
    dummy = np.array([[name == g for g in GROUPS] for name in data["group"]], float)
    beta = np.linalg.lstsq(np.column_stack([dummy, body - body.mean()]), organ, rcond=None)[0]
    found = organ_weights(**data)
    assert [one.adjusted_mean for one in found.groups] == pytest.approx(beta[:3], rel=1e-10)
    free = np.column_stack([dummy, dummy * (body - body.mean())[:, None]])
    rss = [
        float(((organ - x @ np.linalg.lstsq(x, organ, rcond=None)[0]) ** 2).sum())
        for x in (np.column_stack([dummy, body - body.mean()]), free)
    ]
    assert found.slopes_p == pytest.approx(stats.f.sf((rss[0] - rss[1]) / 2 / (rss[1] / 24), 2, 24), rel=1e-8)


def test_a_missing_side_of_paired_organs_is_flagged_and_left_out() -> None:
    data = organs(brain_spared=False)
    other: list[float | None] = list(data["organ"])
    other[4] = None
    found = organ_weights(**data, other_side=other, brain=[2.0] * 30)
    assert found.left_out == ("4",) and found.groups[0].n == 9 and "left out" in found.remarks[-1]
    assert found.groups[0].percent_of_brain == pytest.approx(found.groups[0].mean / 2 * 100)
    for bad in (
        {"organ": [0.0, *data["organ"][1:]]},
        {"group": ["TK", *data["group"][1:]]},
        {"body": data["body"][1:]},
    ):
        with pytest.raises(MethodError):
            organ_weights(**data | bad)


def test_group_sizes_of_cohen_and_of_dunnetts_test() -> None:
    # Cohen 1988, table 2.4.1, two-sided 0.05, power 0.80 and 0.90; one-sided from the same table at 0.10 two-sided.
    assert [sample_size_means(difference=d, sd=1).a_group for d in (0.2, 0.5, 0.8, 1.0)] == [394, 64, 26, 17]
    assert [sample_size_means(difference=d, sd=1, power=0.9).a_group for d in (0.5, 0.8)] == [86, 34]
    assert sample_size_means(difference=0.5, sd=1, side=Side.GREATER).a_group == 51
    more = sample_size_means(difference=-10, sd=8, dose_groups=3)
    assert more.a_group > sample_size_means(difference=10, sd=8).a_group and more.total == 4 * more.a_group
    assert more.power >= 0.8 > more.power_with_one_less


def test_the_power_with_dunnetts_test_is_found_by_simulation() -> None:
    n = sample_size_means(difference=1.5, sd=1, dose_groups=3, power=0.8)
    rng, hits = np.random.default_rng(4), 0
    for _ in range(150):
        values = [rng.normal(1.5 if i == 3 else 0.0, 1, n.a_group).tolist() for i in range(4)]
        hits += dunnett(groups=list("0123"), values=values).comparisons[2].p < 0.05
    assert abs(hits / 150 - n.power) < 0.1


def test_exact_power_is_the_sum_over_all_tables() -> None:
    n, p, q = 8, 0.1, 0.7
    power = 0.0
    for a in range(n + 1):
        for b in range(n + 1):
            tail = sum(comb(n, k) * comb(n, a + b - k) for k in range(b, min(n, a + b) + 1) if a + b - k <= n)
            if tail / comb(2 * n, a + b) <= 0.05:
                power += comb(n, a) * p**a * (1 - p) ** (n - a) * comb(n, b) * q**b * (1 - q) ** (n - b)
    assert exact_power(n, p, q, 0.05) == pytest.approx(power, rel=1e-10)
    # 5 of 50 against 0 of 50 is the first significant one: with a control of 0, power is P(X ≥ 5).
    assert exact_power(50, 0.0, 0.15, 0.05) == pytest.approx(float(stats.binom.sf(4, 50, 0.15)), rel=1e-10)
    found = sample_size_incidence(control=0.0, treated=0.15)
    assert found.power >= 0.8 and found.total == 2 * found.a_group


@pytest.mark.parametrize(
    ("function", "given"),
    [
        (sample_size_means, {"difference": 0, "sd": 1}),
        (sample_size_means, {"difference": 1, "sd": 0}),
        (sample_size_means, {"difference": 0.001, "sd": 1}),
        (sample_size_means, {"difference": 1, "sd": 1, "power": 80}),
        (sample_size_incidence, {"control": 0.5, "treated": 0.4}),
        (sample_size_incidence, {"control": 0.5, "treated": 0.501}),
    ],
)
def test_designs_that_are_none_are_refused(function: Any, given: dict[str, Any]) -> None:
    with pytest.raises(MethodError):
        function(**given)


def test_outliers_are_excluded_before_the_assignment_and_the_seed_gives_it_again() -> None:
    rng = np.random.default_rng(6)
    weights = [*rng.normal(200, 8, 43).round(1).tolist(), 300.0]
    given = {
        "animals": [str(i) for i in range(44)], "sexes": ["M"] * 44, "weights": weights,
        "groups": {"0": 10, "1": 10, "2": 10, "3": 10},
    }  # fmt: skip
    found = assign_by_weight(**given, seed=11)
    heavy = found.placed[43]
    assert (
        heavy.group == ""
        and "from the mean" in heavy.reason
        and sum(one.reason == "spare" for one in found.placed) == 3
    )
    assert found == assign_by_weight(**given, seed=11) and found != assign_by_weight(**given, seed=12)
    means = [one.mean for one in found.balance]
    assert found.seed == 11 and max(means) / min(means) < 1.02


def test_they_run_from_plain_json() -> None:
    data = organs(brain_spared=True)
    assert to_json(call("preclinical.organ_weights", data, {}))["groups"][0]["n"] == 10
    food = {"intervals": [{"cage": "1", "start": 1, "end": 8, "given": 700, "left": 210}], "animals": {"1": 5}}
    assert to_json(call("preclinical.food_consumption", food, {}))["rows"][0]["animal_days"] == 35
