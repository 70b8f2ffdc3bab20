"""Randomisation: replay, balance, no leak, and the refusals."""

from __future__ import annotations

import hashlib
from collections import Counter
from fractions import Fraction

import pytest

from crdmo.science.clinical.draws import Draws
from crdmo.science.clinical.minimisation import Allocated, Imbalance, minimise
from crdmo.science.clinical.randomisation import Coin, coin_list, permuted_blocks
from crdmo.science.method import MethodError


def test_a_word_is_the_hash_that_the_page_states() -> None:
    stated = int.from_bytes(hashlib.sha256(b"crdmo-draws-1\n7\nblocks/all\n0").digest()[:8], "big")
    assert Draws(7, "blocks/all").word() == stated


def test_draws_choose_with_the_stated_shares() -> None:
    draws = Draws(3, "test")
    counts = Counter(draws.choose((Fraction(1, 2), Fraction(1, 3), Fraction(1, 6))) for _ in range(6000))
    assert [abs(counts[i] - n) < 4 * (n * (1 - n / 6000)) ** 0.5 for i, n in enumerate((3000, 2000, 1000))] == [
        True
    ] * 3


def test_each_block_holds_the_ratio_and_a_new_stratum_leaves_the_old_one() -> None:
    made = permuted_blocks(arms=["A", "B", "C"], ratio=[2, 1, 1], block_sizes=[4, 8], length=50, seed=9, strata=["x"])
    more = permuted_blocks(
        arms=["A", "B", "C"], ratio=[2, 1, 1], block_sizes=[4, 8], length=50, seed=9, strata=["w", "x"]
    )
    assert made.slots == tuple(slot for slot in more.slots if slot.stratum == "x")
    assert len(made.slots) >= 50
    assert {slot.block_size for slot in made.slots} == {4, 8}
    for block in {slot.block for slot in made.slots}:
        inside = [slot for slot in made.slots if slot.block == block]
        size = inside[0].block_size
        assert len(inside) == size
        assert Counter(slot.arm for slot in inside) == {"A": size // 2, "B": size // 4, "C": size // 4}


def test_all_orders_of_a_block_come_equally_often() -> None:
    made = permuted_blocks(arms=["A", "B"], ratio=[1, 1], block_sizes=[4], length=4 * 1200, seed=5)
    arms = "".join(slot.arm for slot in made.slots)
    counts = Counter(arms[i : i + 4] for i in range(0, len(arms), 4))
    assert len(counts) == 6
    assert sum((count - 200) ** 2 / 200 for count in counts.values()) < 20.5


def test_the_text_of_a_slot_and_of_a_step_hides_the_arm() -> None:
    slot = permuted_blocks(arms=["ACTIVE", "PLACEBO"], ratio=[1, 1], block_sizes=[2], length=2, seed=5).slots[0]
    step = minimise(arms=["ACTIVE", "PLACEBO"], ratio=[1, 1], allocated=[], levels=["x"], seed=2)
    for text in (repr(slot), repr(step), repr(Allocated(("x",), "ACTIVE"))):
        assert "ACTIVE" not in text
        assert "PLACEBO" not in text
        assert "block" not in text


def test_the_big_stick_never_passes_its_limit() -> None:
    slots = coin_list(arms=["A", "B"], coin=Coin.BIG_STICK, length=500, seed=4, limit=2).slots
    ahead, most = 0, 0
    for slot in slots:
        ahead += 1 if slot.arm == "A" else -1
        most = max(most, abs(ahead))
    assert most == 2


@pytest.mark.parametrize("coin", list(Coin))
def test_each_coin_replays_and_another_seed_differs(coin: Coin) -> None:
    def arms(seed: int) -> str:
        return "".join(slot.arm for slot in coin_list(arms=["A", "B"], coin=coin, length=60, seed=seed).slots)

    assert arms(1) == arms(1) != arms(2)


def test_minimisation_keeps_an_unequal_ratio_when_the_best_arm_is_drawn() -> None:
    allocated: list[Allocated] = []
    draws = Draws(11, "levels")
    for _ in range(300):
        levels = (str(draws.below(2)), str(draws.below(3)))
        step = minimise(arms=["A", "B"], ratio=[2, 1], allocated=allocated, levels=levels, seed=8)
        allocated.append(Allocated(levels, step.arm))
    assert abs(sum(subject.arm == "A" for subject in allocated) - 200) <= 8


def test_labels_and_their_order_do_not_change_probabilities() -> None:
    state = [Allocated(("x", "u"), "1"), Allocated(("x", "v"), "3"), Allocated(("y", "u"), "2")]
    for measure in Imbalance:
        one = minimise(
            arms=["1", "2", "3"], ratio=[1, 2, 1], allocated=state, levels=["x", "u"], seed=1, measure=measure
        )
        two = minimise(
            arms=["3", "2", "1"], ratio=[1, 2, 1], allocated=state, levels=["x", "u"], seed=1, measure=measure
        )
        assert one.probability == two.probability[::-1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"block_sizes": [4]}, "multiples of 3"),
        ({"block_sizes": []}, "no size"),
        ({"ratio": [1]}, "1 parts for 2 arms"),
        ({"ratio": [0, 3]}, "part of the ratio"),
        ({"arms": ["A", "A"]}, "arms have no names"),
        ({"arms": ["A"], "ratio": [3]}, "one arm cannot"),
        ({"length": 0}, "length is not a count"),
    ],
)
def test_blocks_refuse(change: dict[str, object], words: str) -> None:
    good = {"arms": ["A", "B"], "ratio": [2, 1], "block_sizes": [3], "length": 6, "seed": 1}
    with pytest.raises(MethodError, match=words):
        permuted_blocks(**{**good, **change})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weights": ["0"]}, "not all 0"),
        ({"weights": ["-1"]}, "not all 0"),
        ({"levels": []}, "number of factors"),
        ({"allocated": [Allocated(("x", "y"), "A")]}, "subject 1 does not belong"),
        ({"allocated": [Allocated(("x",), "C")]}, "subject 1 does not belong"),
        ({"probability": "0.2"}, "does not favour"),
        ({"probability": "often"}, "no probability"),
    ],
)
def test_minimisation_refuses(change: dict[str, object], words: str) -> None:
    good = {"arms": ["A", "B"], "ratio": [1, 1], "allocated": [], "levels": ["x"], "seed": 1}
    with pytest.raises(MethodError, match=words):
        minimise(**{**good, **change})  # type: ignore[arg-type]


def test_lists_of_version_1_stay_what_they_are() -> None:
    blocks = permuted_blocks(arms=["A", "B"], ratio=[2, 1], block_sizes=[3, 6], length=18, seed=20260101)
    coins = coin_list(arms=["A", "B"], coin=Coin.EFRON, length=18, seed=20260101)
    assert "".join(slot.arm for slot in blocks.slots) == "BABAAABAABBAAAABAA"
    assert "".join(slot.arm for slot in coins.slots) == "BABABAAABBBAABABBA"
