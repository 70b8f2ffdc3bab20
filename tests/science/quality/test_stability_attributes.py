"""The product's shelf life is that of its worst attribute; the what-if names every batch."""

from __future__ import annotations

from typing import Any

import pytest

from crdmo.science.method import MethodError, call
from crdmo.science.quality.stability import Outcome, shelf_life
from crdmo.science.quality.stability_attributes import AttributeShelfLife, shortest_shelf_life
from crdmo.science.quality.stability_what_if import what_if_shelf_life

from .test_stability import SAME, SHIFTED, SLANTED

ASSAY = AttributeShelfLife("Assay", Outcome.FOUND, 26.2)
WATER = AttributeShelfLife("Water", Outcome.FOUND, 24.9)
NEVER = AttributeShelfLife("Impurity", Outcome.NO_INTERSECTION)


def test_the_shortest_attribute_counts() -> None:
    found = shortest_shelf_life(attributes=[ASSAY, NEVER, WATER])
    assert (found.attribute, found.months, found.whole_months) == ("Water", 24.9, 24)
    assert [one.attribute for one in found.order] == ["Water", "Assay", "Impurity"]
    assert found.reasons[-1] == "Water is the shortest: 24 months"


@pytest.mark.parametrize("outcome", [Outcome.STARTS_OUTSIDE, Outcome.BAND_OUTSIDE, Outcome.TOO_FEW_POINTS])
def test_an_attribute_without_shelf_life_leaves_the_product_without(outcome: Outcome) -> None:
    found = shortest_shelf_life(attributes=[ASSAY, AttributeShelfLife("pH", outcome)])
    assert (found.attribute, found.months, found.whole_months) == ("pH", None, None)
    assert "allows no shelf life" in found.reasons[-1]


def test_where_no_attribute_ends_the_extrapolation_rules_do() -> None:
    found = shortest_shelf_life(attributes=[NEVER])
    assert (found.outcome, found.whole_months) == (Outcome.NO_INTERSECTION, None)
    assert "extrapolation rules" in found.reasons[-1]


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ([], "every attribute is given once. Given: none"),
        ([ASSAY, ASSAY], "every attribute is given once. Given: Assay, Assay"),
        ([AttributeShelfLife("Assay", Outcome.FOUND)], "outcome and months of Assay contradict"),
        ([AttributeShelfLife("Assay", Outcome.NO_INTERSECTION, 3.0)], "outcome and months of Assay contradict"),
    ],
)
def test_attributes_that_contradict_are_refused(attributes: list[AttributeShelfLife], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        shortest_shelf_life(attributes=attributes)


def test_attributes_come_as_plain_json() -> None:
    rows = [
        {"attribute": "Assay", "outcome": "found", "months": 26.2},
        {"attribute": "pH", "outcome": "no intersection"},
    ]
    assert call("quality.shortest_shelf_life", {"attributes": rows}, {}).attribute == "Assay"


@pytest.mark.parametrize(("study", "model"), [(SAME, "cics"), (SHIFTED, "dics"), (SLANTED, "dids pooled")])
def test_the_what_if_uses_the_model_of_the_poolability_tests(study: dict[str, Any], model: str) -> None:
    found = what_if_shelf_life(**study, release_limit=98.0, shelf_life_limit=95.0)
    assert found.model == model == shelf_life(**study, lower_limit=95.0).model
    assert found.allowed_change == 3.0
    assert f"batch {found.worst_batch}" in found.reasons[-1]


def test_a_pooled_batch_that_starts_at_its_release_limit_has_the_ordinary_shelf_life() -> None:
    ordinary = shelf_life(**SAME, lower_limit=95.0)
    start = ordinary.models[3].lines[0].intercept
    found = what_if_shelf_life(**SAME, release_limit=start, shelf_life_limit=95.0)
    assert found.months == pytest.approx(ordinary.months, rel=1e-9)


def test_a_rising_attribute_is_followed_upwards() -> None:
    rising = {**SAME, "value": [200.0 - v for v in SAME["value"]]}
    falling = what_if_shelf_life(**SAME, release_limit=98.0, shelf_life_limit=95.0)
    found = what_if_shelf_life(**rising, release_limit=102.0, shelf_life_limit=105.0)
    assert found.months == pytest.approx(falling.months, rel=1e-9)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shelf_life_limit": 98.0}, "release and shelf-life limit are the same"),
        ({"batch": ["A"], "month": [0], "value": [100.0]}, "batch A has too few points"),
        ({"mean_square": "own"}, "not an option of the evaluation"),
    ],
)
def test_a_what_if_that_asks_nothing_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        what_if_shelf_life(**{**SAME, "release_limit": 98.0, "shelf_life_limit": 95.0, **changes})
