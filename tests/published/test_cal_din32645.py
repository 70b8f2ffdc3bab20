"""CAL: the example of DIN 32645, to the printed digits."""

from __future__ import annotations

import csv

import pytest

from crdmo.science.quality.calibration import calibration_line, detection_limits_din32645, inverse_prediction
from tests import shared_data


@pytest.fixture
def points() -> dict[str, list[float]]:
    with shared_data.path("quality/calibration/din32645.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {"x": [float(r["x"]) for r in rows], "y": [float(r["y"]) for r in rows]}


def test_cal_the_line(points: dict[str, list[float]]) -> None:
    line = calibration_line(**points)
    assert (round(line.intercept, 3), round(line.slope, 3)) == (2480.867, 9661.939)


def test_cal_critical_value_and_detection_limit(points: dict[str, list[float]]) -> None:
    limits = detection_limits_din32645(**points, alpha=0.01)
    assert (round(limits.critical_value, 7), round(limits.detection_limit, 7)) == (0.0698127, 0.1396254)


def test_cal_the_quantification_limit_solves_its_equation_beyond_the_printed_digits(
    points: dict[str, list[float]],
) -> None:
    """The circulated 0.2119575 was found by an optimiser and is 7.5e-6 off the root; the standard prints 0.21."""
    limit = detection_limits_din32645(**points, alpha=0.01).quantification_limit
    line = calibration_line(**points)
    back = inverse_prediction(**points, responses=[line.intercept + line.slope * limit], confidence=0.99)
    assert limit == pytest.approx(3.0 * back.half_width, abs=1e-12)
    assert limit == pytest.approx(0.2119575, abs=1e-5)
    assert round(limit, 2) == 0.21


def test_cal_content_of_a_response_of_3500(points: dict[str, list[float]]) -> None:
    found = inverse_prediction(**points, responses=[3500], confidence=0.99)
    assert (round(found.x, 7), round(found.half_width, 7)) == (0.1054792, 0.0743426)
