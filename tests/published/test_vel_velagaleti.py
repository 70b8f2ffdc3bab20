"""VEL: Velagaleti in Gad (ed.), Pharmaceutical Manufacturing Handbook, Wiley 2008, pp. 602-613; lower limit 90."""

from __future__ import annotations

import csv
import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from crdmo.science.quality.stability import ShelfLife, shelf_life
from tests import shared_data


def _points(page: str) -> dict[str, list[Any]]:
    with shared_data.path(f"quality/stability/velagaleti2008_{page}.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {
        "batch": [row.get("batch", "1") for row in rows],
        "month": [float(row["month"]) for row in rows],
        "value": [float(row["assay_percent"]) for row in rows],
    }


def _evaluate(page: str, **choices: Any) -> ShelfLife:
    return shelf_life(**_points(page), limit="≥ 90", **choices)


def _bound(found: ShelfLife, month: float) -> float:
    """Return the lower bound at a month from the line and its covariance that the result holds."""
    line = found.models[0].lines[0]
    c0, c1, c2 = line.covariance
    spread = math.sqrt(line.mean_square * (c0 + 2 * c1 * month + c2 * month**2))
    return float(line.intercept + line.slope * month - stats.t.ppf(0.95, line.df) * spread)


def test_vel_1_one_batch_with_slope_intercept_and_error() -> None:
    found = _evaluate("p602")
    line = found.models[0].lines[0]
    assert (round(line.slope, 5), round(line.intercept, 5)) == (-0.33348, 99.63951)
    assert round(math.sqrt(line.mean_square), 3) == 2.041


def test_vel_1_the_bound_lies_inside_at_23_and_outside_at_24_months() -> None:
    found = _evaluate("p602")
    assert (round(_bound(found, 23), 5), round(_bound(found, 24), 5)) == (90.13227, 89.71571)
    assert found.whole_months == 23


def test_vel_2_three_batches_are_pooled_and_32_8_months_are_32() -> None:
    found = _evaluate("p609")
    assert found.p_slope is not None
    assert round(found.p_slope, 4) == 0.9488
    assert found.model == "cics"
    assert found.months == pytest.approx(32.80181, abs=1e-4)
    assert found.whole_months == 32


def test_vel_2_the_printed_p_of_the_intercepts_ignores_time_and_ours_does_not() -> None:
    """The book prints 0.8976: batch entered before time. Q1E asks whether lines of a common slope differ in height."""
    points = _points("p609")
    y, t = np.array(points["value"]), np.array(points["month"])
    dummies = np.array([[float(b == name) for name in "123"] for b in points["batch"]])
    one = np.ones((len(y), 1))

    def rss(x: np.ndarray) -> float:
        return float(np.linalg.lstsq(x, y, rcond=None)[1][0])

    full = rss(np.hstack([dummies, dummies * t[:, None]])) / (len(y) - 6)
    before_time = (rss(one) - rss(dummies)) / 2 / full
    after_time = (rss(np.hstack([one, t[:, None]])) - rss(np.hstack([dummies, t[:, None]]))) / 2 / full
    assert round(float(stats.f.sf(before_time, 2, len(y) - 6)), 4) == 0.8976
    found = _evaluate("p609")
    assert found.p_intercept == pytest.approx(float(stats.f.sf(after_time, 2, len(y) - 6)), rel=1e-9)
    assert found.p_intercept == pytest.approx(0.39829, abs=5e-6)


def test_vel_3_slopes_are_tested_first_and_part_the_batches() -> None:
    found = _evaluate("p613")
    assert found.p_slope is not None and found.p_intercept is not None
    assert (round(found.p_slope, 4), round(found.p_intercept, 3)) == (0.0239, 0.111)
    assert found.model.startswith("dids")


@pytest.mark.parametrize(
    ("mean_square", "printed", "whole"),
    [("individual", [24.93, 23.47, 17.59], [24, 23, 17]), ("pooled", [25.08, 21.86, 18.96], [25, 21, 18])],
)
def test_vel_3_both_errors_can_be_chosen_and_the_choice_is_on_record(
    mean_square: str, printed: list[float], whole: list[int]
) -> None:
    found = _evaluate("p613", mean_square=mean_square)
    months = [line.months for line in next(one for one in found.models if one.name == found.model).lines]
    assert [round(m, 2) for m in months if m is not None] == printed
    assert [math.floor(m) for m in months if m is not None] == whole
    assert found.whole_months == min(whole)
    assert found.model == f"dids {mean_square}"
    assert found.mean_square == mean_square
