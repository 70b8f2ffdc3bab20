"""Calibration: intervals against simulation and brute force, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from crdmo.science.method import MethodError
from crdmo.science.quality.calibration import (
    PredictionOutcome,
    calibration_line,
    detection_limits_din32645,
    inverse_prediction,
)

X = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
Y = [2.1, 3.9, 6.2, 7.8, 10.1, 12.0]


def test_the_line_equals_that_of_numpy() -> None:
    line = calibration_line(x=X, y=Y)
    slope, intercept = np.polyfit(X, Y, 1)
    assert (line.slope, line.intercept) == (pytest.approx(slope), pytest.approx(intercept))
    assert sum(line.residuals) == pytest.approx(0.0, abs=1e-12)


def test_intervals_of_a_content_cover_the_truth_as_often_as_stated() -> None:
    rng = np.random.default_rng(6)
    hits = exact_hits = 0
    for _ in range(10_000):
        y = 1.0 + 2.0 * np.array(X) + rng.normal(0, 0.3, 6)
        unknown = 1.0 + 2.0 * 4.2 + rng.normal(0, 0.3, 3)
        found = inverse_prediction(x=X, y=y.tolist(), responses=unknown.tolist())
        hits += found.lower <= 4.2 <= found.upper
        assert found.exact_lower is not None and found.exact_upper is not None
        exact_hits += found.exact_lower <= 4.2 <= found.exact_upper
    assert hits / 10_000 == pytest.approx(0.95, abs=0.01)
    assert exact_hits / 10_000 == pytest.approx(0.95, abs=0.01)


def test_the_exact_limits_are_where_the_prediction_band_meets_the_response() -> None:
    found = inverse_prediction(x=X, y=Y, responses=[9.0])
    line = calibration_line(x=X, y=Y)
    t = 2.776445105
    for limit in (found.exact_lower, found.exact_upper):
        assert limit is not None
        spread = 1 + 1 / line.n + (limit - line.mean_x) ** 2 / line.sum_of_squares_x
        distance = abs(9.0 - line.intercept - line.slope * limit)
        assert distance == pytest.approx(t * line.residual_sd * spread**0.5, rel=1e-8)


def test_a_slope_that_is_not_significant_has_no_exact_interval() -> None:
    found = inverse_prediction(x=[1, 2, 3, 4], y=[1.0, 3.0, 0.5, 2.0], responses=[1.5])
    assert found.exact_lower is None and found.exact_upper is None
    assert any("does not exist" in reason for reason in found.reasons)


def test_a_content_outside_the_calibrated_range_is_said_to_be_extrapolated() -> None:
    found = inverse_prediction(x=X, y=Y, responses=[20.0])
    assert found.outcome is PredictionOutcome.EXTRAPOLATED


def test_more_replicates_lower_the_detection_limit() -> None:
    one = detection_limits_din32645(x=X, y=Y)
    three = detection_limits_din32645(x=X, y=Y, replicates=3)
    assert three.detection_limit < one.detection_limit
    assert three.quantification_limit < one.quantification_limit


def test_a_falling_line_has_no_detection_limit() -> None:
    with pytest.raises(MethodError, match="response that rises with the content"):
        detection_limits_din32645(x=X, y=Y[::-1])


def test_a_calibration_too_poor_for_any_quantification_is_refused() -> None:
    with pytest.raises(MethodError, match="no content is quantified as sharply as asked"):
        detection_limits_din32645(x=[1, 2, 3, 4], y=[1.0, 3.0, 0.9, 3.5])


def test_one_content_makes_no_line() -> None:
    with pytest.raises(MethodError, match="a line needs two different contents"):
        calibration_line(x=[1.0, 1.0, 1.0], y=[1.0, 2.0, 3.0])
