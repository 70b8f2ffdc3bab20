"""Tests in stages as reportable results: which limit is one, what each stage asks for, when no further unit could help."""

from __future__ import annotations

import random

import pytest

from crdmo.science.method import MethodError
from crdmo.science.quality.staged import STAGES, staged_result, staged_test, units_of_next_stage

Q = "Q = 80"
ONE_TO_SIX = ["81", "86", "88", "90", "79", "87"]


@pytest.mark.parametrize(
    ("limit", "wanted"),
    [
        ("Q = 80", "dissolution"),
        ("q=80 %", "dissolution"),
        ("AV ≤ 15.0", "uniformity"),
        ("acceptance value NMT 15.0", "uniformity"),
        ("≥ 80", ""),
        ("Quality = 80", ""),
        ("White powder", ""),
        ("Q = 80 to 90", ""),
    ],
)
def test_the_text_of_a_limit_says_whether_it_is_tested_in_stages(limit: str, wanted: str) -> None:
    assert staged_test(limit) == wanted


def test_a_stage_that_is_not_met_asks_for_the_units_of_the_next_and_is_no_failure() -> None:
    first = staged_result(readings=ONE_TO_SIX, limit=Q)
    assert (first.results[0].passes, first.stage, first.next_units) == (None, "S1", 6)
    second = staged_result(readings=[*ONE_TO_SIX, "62", "85", "86", "84", "88", "83"], limit=Q)
    assert (second.results[0].passes, second.stage, second.next_units) == (None, "S2", 12)
    third = staged_result(readings=[*second.readings, *["85"] * 12], limit=Q)
    assert (third.results[0].passes, third.stage, third.next_units) == (True, "S3", 0)
    assert third.results[0].reason == "S3: mean 84, lowest 62: conforms"


def test_units_that_exclude_conformity_at_every_stage_decide_at_once() -> None:
    lost = staged_result(readings=["54", "86", "88", "90", "79", "87"], limit=Q)
    assert (lost.results[0].passes, lost.next_units) == (False, 0)
    assert lost.results[0].reason.endswith("does not conform")


def test_a_further_stage_after_one_that_was_met_is_refused() -> None:
    with pytest.raises(MethodError, match="stage S1 was met"):
        staged_result(readings=["90"] * 12, limit=Q)
    with pytest.raises(MethodError, match="stage 1 was met"):
        staged_result(readings=["100.0", "101.0"] * 15, limit="AV ≤ 15.0")


def test_uniformity_reports_the_acceptance_value_as_its_limit_is_written() -> None:
    spread = ["79.0", "100.1", "131.2", "98.7", "100.4", "99.8", "100.9", "99.5", "100.2", "100.0"]
    first = staged_result(readings=spread, limit="AV ≤ 15.0")
    assert (first.results[0].rounded, first.results[0].passes, first.next_units) == ("30.0", None, 20)
    second = staged_result(readings=[*spread, *["100.0"] * 20], limit="AV ≤ 15.0")
    assert second.results[0].passes is False and "1 unit(s) outside L2" in second.results[0].reason


def test_uniformity_takes_the_target_that_the_specification_states() -> None:
    units = ["103.0"] * 9 + ["103.2"]
    plain = staged_result(readings=units, limit="AV ≤ 15.0")
    aimed = staged_result(readings=units, limit="AV ≤ 15.0", target="103.0")
    assert float(aimed.results[0].rounded) < float(plain.results[0].rounded)


@pytest.mark.parametrize(
    ("readings", "limit", "wrong"),
    [
        (ONE_TO_SIX[:5], Q, "belongs to no stage"),
        (["81", "86", "x", "90", "79", "87"], Q, "x"),
        (ONE_TO_SIX, "≥ 80", "none of a test in stages"),
        (ONE_TO_SIX, "Q = 180", "Q is no percentage"),
    ],
)
def test_what_cannot_be_decided_is_refused(readings: list[str], limit: str, wrong: str) -> None:
    with pytest.raises(MethodError, match=wrong):
        staged_result(readings=readings, limit=limit)


def test_the_stages_are_walked_by_the_units_that_each_asks_for() -> None:
    for test, sizes in STAGES.items():
        tested = 0
        for size in sizes:
            tested += units_of_next_stage(test, tested)
            assert tested == size
        with pytest.raises(MethodError, match="no further stage"):
            units_of_next_stage(test, tested)


def test_the_order_of_units_within_a_stage_changes_nothing() -> None:
    luck = random.Random(5)
    for _ in range(50):
        units = [f"{luck.gauss(84, 4):.1f}" for _ in range(6)]
        shuffled = luck.sample(units, 6)
        one, other = staged_result(readings=units, limit=Q), staged_result(readings=shuffled, limit=Q)
        assert one.results == other.results and one.next_units == other.next_units
