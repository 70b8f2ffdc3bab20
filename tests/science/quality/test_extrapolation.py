"""The tree of ICH Q1E, Appendix A, has one answer to every question that can be asked, and refuses the others."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from crdmo.science.method import MethodError, call
from crdmo.science.quality.extrapolation import RULES, Change, Storage, extrapolation

FLAGS = (True, False)


def _walk(x: float = 12, **facts: Any) -> Any:
    chosen: dict[str, Any] = {
        "storage": Storage.ROOM,
        "accelerated": Change.NONE,
        "little_change_and_variability": False,
        "statistical_analysis": True,
    }
    return extrapolation(months_of_data=x, **{**chosen, **facts})


def _all_questions() -> Any:
    return product(Storage, Change, Change, FLAGS, FLAGS, FLAGS)


@pytest.mark.clause("ICH Q1E Appendix A")
def test_every_question_has_exactly_one_path_or_is_refused() -> None:
    used = set()
    for storage, accelerated, intermediate, little, statistics, supporting in _all_questions():
        fitting = [
            rule
            for rule in RULES
            if storage in rule.storage
            and accelerated in rule.accelerated
            and (rule.intermediate is None or intermediate in rule.intermediate)
            and rule.little in (None, little)
            and rule.statistics in (None, statistics)
            and rule.supporting in (None, supporting)
        ]
        assert len(fitting) <= 1
        used.update(fitting)
        facts = {
            "storage": storage,
            "accelerated": accelerated,
            "intermediate": intermediate,
            "little_change_and_variability": little,
            "statistical_analysis": statistics,
            "supporting_data": supporting,
        }
        if fitting:
            assert _walk(**facts).section == fitting[0].section
        else:
            with pytest.raises(MethodError, match=r"accelerated condition|intermediate condition|refrigerated storage"):
                _walk(**facts)
    assert used == set(RULES)


@pytest.mark.parametrize("x", [1.0, 3.0, 6.0, 9.0, 12.0, 18.0, 24.0, 36.0, 60.0])
def test_no_path_goes_beyond_twice_the_data_or_12_months_more(x: float) -> None:
    for storage, accelerated, intermediate, little, statistics, supporting in _all_questions():
        try:
            found = _walk(
                x,
                storage=storage,
                accelerated=accelerated,
                intermediate=intermediate,
                little_change_and_variability=little,
                statistical_analysis=statistics,
                supporting_data=supporting,
            )
        except MethodError:
            continue
        assert found.exact_months <= max(2 * x, x + 3)
        assert found.exact_months <= x + 12
        assert found.months <= found.exact_months
        if accelerated not in (Change.NONE, Change.NOT_STUDIED):
            assert found.exact_months <= x + 6
        if storage in (Storage.FREEZER, Storage.BELOW_FREEZER):
            assert not found.beyond_data


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"accelerated": Change.NOT_STUDIED}, "not known whether there was significant change at the accelerated"),
        ({"accelerated": Change.YES}, "intermediate condition decides where the accelerated one fails"),
        ({"storage": Storage.REFRIGERATED, "accelerated": Change.YES}, "it matters when the significant change"),
        ({"x": 0}, "no long-term data to extrapolate from"),
        ({"x": float("nan")}, "no long-term data to extrapolate from"),
    ],
)
def test_missing_data_are_refused(facts: dict[str, Any], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        _walk(**facts)


def test_change_or_variability_without_supporting_data_earns_nothing() -> None:
    assert _walk(supporting_data=False).months == 12
    assert _walk(supporting_data=False, little_change_and_variability=True).months == 24


def test_without_statistics_a_failed_accelerated_condition_earns_3_months() -> None:
    found = _walk(accelerated=Change.BETWEEN_3_AND_6, intermediate=Change.NONE, statistical_analysis=False)
    assert (found.months, found.rule) == (15, "at most X + 3 months")


def test_a_refrigerated_product_that_fails_early_has_its_excursions_discussed() -> None:
    found = _walk(storage=Storage.REFRIGERATED, accelerated=Change.WITHIN_3)
    assert found.months == 12
    assert any("short excursions" in reason for reason in found.reasons)


def test_a_frozen_product_needs_no_accelerated_data() -> None:
    found = _walk(storage=Storage.FREEZER, accelerated=Change.NOT_STUDIED)
    assert (found.months, found.section) == (12, "2.5.2")


def test_the_path_is_told_from_storage_to_number() -> None:
    assert _walk(18).reasons == (
        "room temperature",
        "no significant change at the accelerated condition within 6 months",
        "change over time or variability",
        "with statistical analysis and relevant supporting data",
        "X = 18, at most 2 X, and not more than X + 12 months: 30 months at most",
    )


def test_the_tree_is_a_method_on_plain_json() -> None:
    found = call(
        "quality.extrapolation_q1e",
        {"months_of_data": 12, "storage": "room temperature", "accelerated": "none"},
        {"little_change_and_variability": True, "statistical_analysis": False},
    )
    assert found.months == 24
