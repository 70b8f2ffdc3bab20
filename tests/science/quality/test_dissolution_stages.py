"""<711>: every boundary against integer arithmetic, the order of stages, rounding as the limit is written."""

from __future__ import annotations

import itertools
import random
from decimal import Decimal
from fractions import Fraction

import pytest

from crdmo.science.method import MethodError, call, to_json
from crdmo.science.quality.dissolution_stages import (
    StageOutcome,
    dissolution_acid_stage,
    dissolution_buffer_stage,
    dissolution_immediate_release,
    dissolution_pooled,
)

Q = Decimal("80")
NAMES = {0: StageOutcome.CONFORMS, 1: StageOutcome.NEXT_STAGE, 2: StageOutcome.FAILS}


def _decimals(*values: float | str) -> list[Decimal]:
    return [Decimal(str(v)) for v in values]


def _half_up(tenths: Fraction) -> int:
    """Return a number of tenths rounded half up to whole percent."""
    return int((tenths + 5) // 10)


def _oracle(tenths: list[int]) -> int:
    """Return 0 conforms, 1 next stage, 2 fails, in integers; the stage is that of the number of units."""
    units = [_half_up(Fraction(t)) for t in tenths]
    mean = _half_up(Fraction(sum(tenths), len(tenths)))
    if len(units) == 6:
        return 0 if min(units) >= 85 else 1
    if len(units) == 12:
        return 0 if mean >= 80 and min(units) >= 65 else 1
    return 0 if mean >= 80 and sum(u < 65 for u in units) <= 2 and min(units) >= 55 else 2


def _decide(tenths: list[int]) -> StageOutcome:
    return dissolution_immediate_release(percent_dissolved=[Decimal(t) / 10 for t in tenths], q=Q).outcome


def test_stage_1_at_every_tenth_around_q_plus_5() -> None:
    for tenths in range(830, 871):
        assert _decide([900] * 5 + [tenths]) is NAMES[_oracle([900] * 5 + [tenths])]


def test_stage_2_at_every_boundary_of_mean_and_unit() -> None:
    for low, others in itertools.product(range(640, 660), range(800, 826)):
        tenths = [800, *[others] * 10, low]
        assert _decide(tenths) is NAMES[_oracle(tenths)], tenths


def test_stage_3_at_every_boundary_of_mean_number_and_unit() -> None:
    for number, low, others in itertools.product(
        range(5), (540, 544, 545, 546, 550, 640, 644, 645, 646), range(790, 841, 3)
    ):
        tenths = [790, *[others] * (19 - number), *[low] * number, *[640] * 4]
        if _oracle(tenths[:12]) == 0:
            continue
        assert _decide(tenths) is NAMES[_oracle(tenths)], tenths


@pytest.mark.clause("USP <711>")
def test_random_batches_of_all_sizes_agree_with_integer_arithmetic() -> None:
    rng = random.Random(4)
    seen = set()
    for _ in range(4000):
        pool = rng.choice(((545, 640, 645, 650, 790, 800, 810, 845, 850, 900), (844, 845, 850, 900)))
        tenths = [rng.choice(pool) for _ in range(rng.choice((6, 12, 24)))]
        earlier = [n for n in (6, 12) if n < len(tenths) and _oracle(tenths[:n]) == 0]
        if earlier:
            with pytest.raises(MethodError, match="was met, so no further stage"):
                _decide(tenths)
        else:
            seen.add((len(tenths), _oracle(tenths)))
            assert _decide(tenths) is NAMES[_oracle(tenths)]
    assert len(seen) == 6


@pytest.mark.clause("USP <711>")
def test_units_beyond_a_met_stage_are_refused() -> None:
    with pytest.raises(MethodError, match=r"stage S1 was met.*12 units"):
        dissolution_immediate_release(percent_dissolved=_decimals(*[90] * 12), q=Q)


def test_the_third_stage_is_refused_when_the_second_was_met() -> None:
    units = _decimals(*[84] * 6, *[90] * 18)
    with pytest.raises(MethodError, match="stage S2 was met"):
        dissolution_immediate_release(percent_dissolved=units, q=Q)


def test_seven_units_belong_to_no_stage() -> None:
    with pytest.raises(MethodError, match=r"the number of units belongs to no stage.*7"):
        dissolution_immediate_release(percent_dissolved=_decimals(*[90] * 7), q=Q)


def test_binary_numbers_are_refused() -> None:
    with pytest.raises(MethodError, match="no written decimal, at position 1"):
        dissolution_immediate_release(percent_dissolved=[90.0] * 6, q=Q)  # type: ignore[list-item]


def test_the_limit_as_written_decides_the_rounding() -> None:
    units = _decimals("84.5", *[90] * 5)
    whole = dissolution_immediate_release(percent_dissolved=units, q=Decimal("80"))
    tenths = dissolution_immediate_release(percent_dissolved=units, q=Decimal("80.0"))
    assert whole.outcome is StageOutcome.CONFORMS
    assert tenths.outcome is StageOutcome.NEXT_STAGE
    assert tenths.next_units == 6


def test_a_unit_below_q_minus_25_loses_the_batch_at_stage_1() -> None:
    found = dissolution_immediate_release(percent_dissolved=_decimals(54, *[90] * 5), q=Q)
    assert found.outcome is StageOutcome.NEXT_STAGE
    assert not found.can_still_conform
    assert "the units tested already exclude conformity at any stage" in found.reasons


def test_two_units_below_q_minus_15_may_still_conform_and_three_may_not() -> None:
    two = dissolution_immediate_release(percent_dissolved=_decimals(60, 60, *[90] * 4), q=Q)
    three = dissolution_immediate_release(percent_dissolved=_decimals(60, 60, 60, *[90] * 3), q=Q)
    assert two.can_still_conform
    assert not three.can_still_conform


@pytest.mark.parametrize(
    ("pools", "outcome"),
    [
        (("89.5",), StageOutcome.CONFORMS),
        (("89.4",), StageOutcome.NEXT_STAGE),
        (("84", "85"), StageOutcome.CONFORMS),  # mean 84.5 → 85
        (("84", "84.8"), StageOutcome.NEXT_STAGE),
        (("79", "79", "80"), StageOutcome.CONFORMS),  # (6·79 + 6·79 + 12·80)/24 = 79.5 → 80
        (("79", "79", "79.9"), StageOutcome.FAILS),
    ],
)
def test_pooled_samples_weigh_each_stage_by_its_units(pools: tuple[str, ...], outcome: StageOutcome) -> None:
    assert dissolution_pooled(stage_results=_decimals(*pools), q=Q).outcome is outcome


@pytest.mark.parametrize(
    ("units", "outcome"),
    [
        (["10.4"] * 6, StageOutcome.CONFORMS),
        (["10.5"] + ["0"] * 5, StageOutcome.NEXT_STAGE),
        (["25"] + ["11"] + ["8"] * 10, StageOutcome.CONFORMS),
        (["25.5"] + ["11"] + ["8"] * 10, StageOutcome.NEXT_STAGE),
        (["11"] * 12, StageOutcome.NEXT_STAGE),
        (["11"] * 12 + ["9"] * 12, StageOutcome.CONFORMS),
        (["11"] * 12 + ["10"] * 12, StageOutcome.FAILS),  # mean 10.5 → 11
        (["11"] * 12 + ["9"] * 11 + ["26"], StageOutcome.FAILS),
    ],
)
def test_acid_stages(units: list[str], outcome: StageOutcome) -> None:
    assert dissolution_acid_stage(percent_dissolved=_decimals(*units)).outcome is outcome


def test_buffer_stages_read_as_s_with_q_of_75() -> None:
    found = dissolution_buffer_stage(percent_dissolved=_decimals(*[80] * 6))
    assert (found.stage, found.outcome) == ("B1", StageOutcome.CONFORMS)
    assert dissolution_buffer_stage(percent_dissolved=_decimals(79, *[80] * 5)).outcome is StageOutcome.NEXT_STAGE


def test_a_stage_runs_from_the_text_of_the_results() -> None:
    found = call("quality.dissolution_immediate_release", {"percent_dissolved": ["84.5", *["90"] * 5]}, {"q": "80"})
    assert to_json(found)["outcome"] == "conforms"
