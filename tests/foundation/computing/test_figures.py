"""A figure is drawn from a stored result, and the same result gives the same picture."""

from __future__ import annotations

import pytest

from crdmo.foundation.computing import Result, figure_of
from crdmo.foundation.computing.figures import has_figure
from crdmo.science import figure_registry
from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart
from crdmo.science.method import MethodError, registered
from tests import factories

from .sample_methods import Finding, Summary
from .test_run import run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def drawn(monkeypatch):
    figure_registry.load_all()
    monkeypatch.setattr(figure_registry, "_FIGURES", dict(figure_registry._FIGURES))

    @figure("tests.summary")
    def summary_figure(result: Summary):
        assert isinstance(result, Summary)
        assert isinstance(result.finding, Finding)
        chart = Chart("Summary", x=Axis("Run"), y=Axis("Value", "mg"))
        return chart.scatter("spread", range(len(result.spread)), result.spread).build(f"It is {result.finding.value}.")


def test_a_figure_is_drawn_from_what_is_stored():
    made = run(factories.program())
    found = figure_of(Result.objects.get(pk=made.pk))
    assert found.svg.startswith("<svg")
    assert has_figure(made)


def test_the_same_result_gives_the_same_picture():
    made = run(factories.program())
    assert figure_of(made).svg == figure_of(Result.objects.get(pk=made.pk)).svg


def test_a_method_that_nobody_draws_says_so():
    made = run(factories.program(), name="tests.many", inputs={"count": 3}, parameters={})
    assert not has_figure(made)
    with pytest.raises(MethodError, match="no figure is drawn of this method"):
        figure_of(made)


def test_an_output_of_another_layout_is_refused():
    made = run(factories.program())
    made.output_here = {"average": 3}
    with pytest.raises(MethodError, match="of the wrong kind"):
        figure_of(made)


def test_a_method_is_drawn_by_one_function():
    def another(result):
        return None

    with pytest.raises(ValueError, match="drawn by two functions"):
        figure("tests.summary")(another)


def test_a_shelf_life_is_drawn_from_its_stored_result():
    inputs = {
        "batch": ["A"] * 5 + ["B"] * 5 + ["C"] * 5,
        "month": [0, 3, 6, 9, 12] * 3,
        "value": [101.2, 100.4, 99.9, 99.1, 98.6, 100.8, 100.1, 99.6, 98.8, 98.3, 101.0, 100.5, 99.7, 99.2, 98.4],
    }
    made = run(factories.program(), name="quality.shelf_life_q1e", inputs=inputs, parameters={"lower_limit": 95.0})
    found = figure_of(Result.objects.get(pk=made.pk), attribute="Assay", unit="% label claim")
    assert "Assay" in found.svg
    assert figure_of(made, attribute="Assay", unit="% label claim") == found


def test_every_drawing_function_of_the_house_belongs_to_a_method():
    assert set(figure_registry._FIGURES) - {"tests.summary"} <= set(registered())
