"""The picture of a shelf life shows what the evaluation holds, whatever it came to."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from crdmo.science.figure_registry import draw
from crdmo.science.method import to_json
from crdmo.science.quality.stability import Outcome, shelf_life
from crdmo.science.quality.stability_figure import shelf_life_figure

from .test_stability import MONTHS, SAME, SHIFTED, SLANTED, _study


def _cells(study: dict[str, list], **choices: object) -> list[str]:
    figure = shelf_life_figure(shelf_life(**study, **choices), attribute="Assay", unit="% label claim")
    ElementTree.fromstring(figure.svg)
    return [cell for row in figure.table for cell in row]


def test_points_lines_limit_and_shelf_life_are_drawn() -> None:
    found = shelf_life(**SLANTED, lower_limit=95.0)
    figure = shelf_life_figure(found, attribute="Assay", unit="% label claim")
    ElementTree.fromstring(figure.svg)
    cells = [cell for row in figure.table for cell in row]
    assert {"A", "B", "C", "limit 95", f"{found.months:.2f} months"} <= set(cells)
    assert figure.desc.endswith("95 % one-sided bound on the mean; 18 results of 3 batches.")


def test_pooled_batches_have_one_line() -> None:
    cells = _cells(SAME, lower_limit=95.0)
    assert "all batches" in cells


def test_the_stored_result_gives_the_same_picture() -> None:
    found = shelf_life(**SHIFTED, lower_limit=95.0)
    drawn = draw("quality.shelf_life_q1e", to_json(found), attribute="Assay", unit="%")
    assert drawn.svg == shelf_life_figure(found, attribute="Assay", unit="%").svg


@pytest.mark.parametrize(
    ("study", "limit", "outcome"),
    [
        (SAME, 101.0, Outcome.STARTS_OUTSIDE),
        (_study((95.2, -0.01), noise=5.0), 95.0, Outcome.BAND_OUTSIDE),
        (_study((100.0, 0.5)), 95.0, Outcome.NO_INTERSECTION),
        ({key: values[:2] for key, values in SAME.items()}, 95.0, Outcome.TOO_FEW_POINTS),
    ],
)
def test_an_evaluation_without_a_shelf_life_is_drawn_with_the_reason(
    study: dict[str, list], limit: float, outcome: Outcome
) -> None:
    found = shelf_life(**study, lower_limit=limit)
    assert found.outcome is outcome
    figure = shelf_life_figure(found, attribute="Assay", unit="%")
    ElementTree.fromstring(figure.svg)
    assert found.reasons[-1][1:] in figure.desc


def test_the_worst_of_many_batches_is_always_drawn() -> None:
    study = _study(*[(100.0, -0.1 - 0.1 * n) for n in range(8)])
    found = shelf_life(**study, lower_limit=95.0)
    assert found.worst_batch == "H"
    figure = shelf_life_figure(found, attribute="Assay", unit="%")
    assert "H" in {row[0] for row in figure.table}
    assert "8 batches, of which 6 are drawn" in figure.desc


def test_a_prediction_band_is_called_one() -> None:
    found = shelf_life(**SAME, lower_limit=90.0, band="prediction")
    assert "bound on a single result" in shelf_life_figure(found, attribute="Assay", unit="%").desc
    assert len(MONTHS) * 3 == len(found.points)
