"""RND: exact properties of randomisation procedures, and Pocock–Simon imbalances worked by hand.

Blackwell and Hodges (1957), Efron (1971), Soares and Wu (1983), Rosenberger and Lachin (2016); the minimisation cases
are those of the tests of ttscience/unbiased, commit 3926503.
"""

from __future__ import annotations

import pytest

from crdmo.science.clinical.minimisation import Allocated, Imbalance, minimise
from crdmo.science.clinical.randomisation import Coin
from crdmo.science.clinical.randomisation_properties import randomisation_properties

STATE = [Allocated((level,), arm) for level in "XY" for arm in ("control", "low", "high")]
TWO = [Allocated(("Y", "U"), "A")] * 2 + [Allocated(("X", "V"), "B")] * 2


def test_rnd_a_block_of_four_is_guessed_17_in_24_times_and_certain_in_a_third() -> None:
    found = randomisation_properties(length=4, block_size=4)
    assert found.correct_guesses == pytest.approx(17 / 6, abs=1e-12)
    assert found.deterministic_share == pytest.approx(1 / 3, abs=1e-12)


def test_rnd_the_big_stick_of_two_is_certain_in_a_quarter_of_the_long_run() -> None:
    steps = randomisation_properties(length=40, coin=Coin.BIG_STICK, limit=2).deterministic
    assert (steps[-1] + steps[-2]) / 2 == pytest.approx(0.25, abs=1e-12)


def test_rnd_efrons_coin_is_balanced_after_ten_with_the_printed_probability() -> None:
    found = randomisation_properties(length=200, coin=Coin.EFRON, probability="2/3")
    assert round(found.balanced[9], 9) == 0.530000508
    assert found.balanced[199] == pytest.approx(0.5, abs=1e-5)


@pytest.mark.parametrize(
    ("measure", "printed"),
    [
        (Imbalance.RANGE, (0.333333, 1.666667, 1.666667)),
        (Imbalance.VARIANCE, (0.037037, 0.703704, 0.703704)),
        (Imbalance.SD, (0.19245, 0.83887, 0.83887)),
    ],
)
@pytest.mark.parametrize("times", [1, 100])
def test_rnd_three_to_one_to_one_chooses_control(measure: Imbalance, printed: tuple[float, ...], times: int) -> None:
    step = minimise(
        arms=["control", "low", "high"],
        ratio=[3 * times, times, times],
        allocated=STATE,
        levels=["X"],
        seed=1,
        weights=["10"],
        measure=measure,
        probability="1",
    )
    assert step.arm == "control"
    if times == 1:
        digits = 5 if measure is Imbalance.SD else 6
        assert [round(value / 10, digits) for value in step.imbalance] == list(printed)


@pytest.mark.parametrize(
    ("weights", "imbalance", "probability"),
    [(("1", "0"), (1, 3), (1, 0)), (("0", "1"), (3, 1), (0, 1)), (("1", "1"), (4, 4), (0.5, 0.5))],
)
def test_rnd_weights_decide_between_two_factors(
    weights: tuple[str, ...], imbalance: tuple[float, ...], probability: tuple[float, ...]
) -> None:
    step = minimise(
        arms=["A", "B"], ratio=[1, 1], allocated=TWO, levels=["X", "U"], seed=1, weights=weights, probability="1"
    )
    assert step.imbalance == imbalance
    assert step.probability == probability
