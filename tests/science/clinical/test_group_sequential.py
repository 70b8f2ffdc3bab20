"""Group-sequential bounds: what must hold of every design, over-running, and the refusals."""

from __future__ import annotations

import math

import pytest

from crdmo.science.clinical.group_sequential import conditional_power, crossing_probabilities
from crdmo.science.clinical.group_sequential_bounds import (
    futility_bounds,
    haybittle_peto_bounds,
    spending_bounds,
    wang_tsiatis_bounds,
)
from crdmo.science.clinical.spending import Spender, Spending
from crdmo.science.method import MethodError

OF = Spender(Spending.LAN_DEMETS_OBRIEN_FLEMING)
HSD = Spender(Spending.HWANG_SHIH_DECANI, -4)


@pytest.mark.parametrize("seen", [[90, 180, 270], [120, 210, 340], [50, 299]])
def test_the_last_look_spends_all_alpha_when_short_of_or_over_the_plan(seen: list[int]) -> None:
    found = spending_bounds(information=seen, planned_maximum=300, alpha=0.025, spender=OF)
    free = crossing_probabilities(information=seen, lower=[-math.inf] * len(seen), upper=found.upper, theta=0)
    assert found.spent[-1] == 0.025
    assert free.power == pytest.approx(0.025, abs=1e-9)


def test_bounds_already_used_do_not_move_when_later_looks_come() -> None:
    first = spending_bounds(information=[97], planned_maximum=300, alpha=0.025, spender=OF, last=False)
    both = spending_bounds(information=[97, 203], planned_maximum=300, alpha=0.025, spender=OF, last=False)
    assert both.upper[:1] == first.upper


def test_stopping_probabilities_sum_to_one_and_mirror() -> None:
    one = crossing_probabilities(information=[1, 2, 4], lower=[-1, 0, 1], upper=[3, 2.5, 1], theta=0.7)
    other = crossing_probabilities(information=[1, 2, 4], lower=[-3, -2.5, -1], upper=[1, 0, -1], theta=-0.7)
    assert math.fsum(one.upper + one.lower) == pytest.approx(1, abs=1e-9)
    assert other.lower == pytest.approx(one.upper, abs=1e-10)


def test_binding_futility_buys_alpha_back_and_non_binding_does_not() -> None:
    made = [
        futility_bounds(
            times=[0.4, 0.7, 1],
            alpha=0.025,
            beta=0.1,
            efficacy=HSD,
            futility=Spender(Spending.KIM_DEMETS, 1),
            binding=b,
        )
        for b in (True, False)
    ]
    assert made[0].upper[-1] < made[1].upper[-1]
    with_it = [crossing_probabilities(information=d.times, lower=d.lower, upper=d.upper, theta=0).power for d in made]
    without = [
        crossing_probabilities(information=d.times, lower=[-math.inf] * 3, upper=d.upper, theta=0).power for d in made
    ]
    assert with_it[0] == pytest.approx(0.025, abs=1e-9)
    assert without[0] > 0.0255
    assert without[1] == pytest.approx(0.025, abs=1e-9)


def test_haybittle_and_peto_spend_exactly_alpha() -> None:
    found = haybittle_peto_bounds(times=[0.25, 0.5, 0.75, 1], alpha=0.05)
    assert found.upper[:3] == (3, 3, 3)
    assert 1.96 < found.upper[3] < 2.1
    assert found.spent[-1] == pytest.approx(0.025, abs=1e-10)


def test_user_shares_of_a_family_give_its_bounds() -> None:
    family = spending_bounds(information=[1, 2], planned_maximum=2, alpha=0.025, spender=HSD)
    user = Spender(Spending.USER, shares=(family.spent[0] / 0.025, 1.0))
    assert spending_bounds(information=[1, 2], planned_maximum=2, alpha=0.025, spender=user).upper == pytest.approx(
        family.upper, abs=1e-9
    )


def test_a_look_that_spends_nothing_cannot_stop() -> None:
    user = Spender(Spending.USER, shares=(0.0, 1.0))
    found = spending_bounds(information=[1, 2], planned_maximum=2, alpha=0.025, spender=user)
    assert found.upper[0] == math.inf
    assert found.upper[1] == pytest.approx(1.959963985, abs=1e-7)


def test_conditional_power_under_the_null_averages_to_alpha() -> None:
    """Over all first results, under the null, stopping now or later happens with probability alpha."""
    bounds = spending_bounds(information=[1, 2], planned_maximum=2, alpha=0.025, spender=OF)
    steps = [-8 + 0.02 * number for number in range(801)]
    total = 0.0
    for z in steps:
        weight = math.exp(-z * z / 2) / math.sqrt(2 * math.pi) * 0.02
        later = conditional_power(
            information=[1, 2], lower=[-math.inf] * 2, upper=bounds.upper, look=1, z=z, theta=0
        ).power
        total += weight * (1.0 if z >= bounds.upper[0] else later)
    assert total == pytest.approx(0.025, abs=2e-5)


@pytest.mark.parametrize(
    ("seen", "change", "words"),
    [
        ([2, 1], {}, "does not rise"),
        ([math.nan, 1], {}, "no finite number"),
        ([2, 3], {"planned_maximum": 1}, "has spent all of alpha"),
        ([1, 2], {"alpha": 0}, "alpha is no share"),
        ([1, 2], {"sides": 3}, "one side or two"),
        ([1, 2], {"spender": Spender(Spending.USER, shares=(0.5, 0.9))}, "no spending"),
        ([1, 2], {"spender": Spender(Spending.KIM_DEMETS, 0)}, "power of Kim"),
        ([1, 2], {"power": 0.9, "last": False, "planned_maximum": 3}, "whole trial"),
    ],
)
def test_spending_refuses(seen: list[float], change: dict[str, object], words: str) -> None:
    good: dict[str, object] = {"planned_maximum": 2, "alpha": 0.025, "spender": OF}
    with pytest.raises(MethodError, match=words):
        spending_bounds(information=seen, **{**good, **change})  # type: ignore[arg-type]


def test_a_plan_that_does_not_end_and_a_look_after_the_last_are_refused() -> None:
    with pytest.raises(MethodError, match="does not end"):
        wang_tsiatis_bounds(times=[0.5, 0.9], alpha=0.05, delta=0)
    with pytest.raises(MethodError, match="nothing comes after"):
        conditional_power(information=[1, 2], lower=[-1, -1], upper=[1, 1], look=2, z=0)
    with pytest.raises(MethodError, match="spend all of alpha"):
        haybittle_peto_bounds(times=[0.5, 1], alpha=0.05, interim=1.5)
