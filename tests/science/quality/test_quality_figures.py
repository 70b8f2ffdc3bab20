"""Pictures of quality control: what they show follows from the stored result, and nothing else."""

from __future__ import annotations

import pytest

from crdmo.science import figure_registry
from crdmo.science.method import MethodError, call, to_json

STUDY = {
    "batch": ["A"] * 5 + ["B"] * 5,
    "month": [0.0, 3.0, 6.0, 9.0, 12.0] * 2,
    "value": [100.1, 99.0, 98.3, 97.2, 96.5, 100.3, 99.2, 98.4, 97.5, 96.6],
}
BASELINE = {"values": [10.0, 10.2, 9.9, 10.1, 9.8, 10.2, 10.0, 9.9]}
PROFILES = {
    "times": [10.0, 20.0, 30.0, 45.0],
    "reference": [[31.0, 62.0, 88.0, 93.0], [33.0, 64.0, 90.0, 94.0], [32.0, 63.0, 89.0, 95.0]],
}
STAMP = "2.5"


def stored(name: str, inputs: dict[str, object], **parameters: object) -> object:
    return to_json(call(name, inputs, parameters))


def baseline() -> object:
    return stored("quality.baseline_individuals", BASELINE)


def test_every_picture_of_quality_control_is_registered() -> None:
    for name in (
        "quality.shelf_life_q1e",
        "quality.compare_profiles",
        "quality.precision_by_sample",
        "quality.chart_individuals",
    ):
        assert figure_registry.has_figure(name)


def test_a_shelf_life_marks_where_the_bound_meets_the_limit() -> None:
    output = stored("quality.shelf_life_q1e", STUDY, lower_limit=90.0)
    drawn = figure_registry.draw("quality.shelf_life_q1e", output, attribute="Assay", unit="%")
    assert f"{output['months']:.2f} months" in drawn.svg and "limit 90" in drawn.svg and "Assay (%)" in drawn.svg  # type: ignore[index]
    assert "10 results of 2 batches" in drawn.desc  # type: ignore[attr-defined]


def test_a_shelf_life_that_no_bound_ends_has_no_mark() -> None:
    level = {**STUDY, "value": [90.0, 92.1, 93.9, 96.0, 98.1] * 2}
    drawn = figure_registry.draw("quality.shelf_life_q1e", stored("quality.shelf_life_q1e", level, lower_limit=50.0))
    assert " months</text>" not in drawn.svg


def test_points_that_the_rules_leave_out_are_said_to_be() -> None:
    test = [[r + 1 for r in row] for row in PROFILES["reference"]]
    output = stored("quality.compare_profiles", {**PROFILES, "test": test}, required_units=3)
    drawn = figure_registry.draw("quality.compare_profiles", output, reference="Old", test="New")
    assert "Old" in drawn.svg and "New" in drawn.svg and "3 of 4 points used" in drawn.desc  # type: ignore[attr-defined]
    assert f"f2 {output['f2']:.2f}" in drawn.desc  # type: ignore[index, attr-defined]


def test_samples_of_different_height_are_drawn_as_coefficients_of_variation() -> None:
    inputs = {
        "values": [1.0, 1.2, 0.9, 1.1, 100.0, 120.0, 90.0, 110.0],
        "factor_names": ["day"],
        "factor_levels": [["1", "1", "2", "2"] * 2],
        "samples": ["low"] * 4 + ["high"] * 4,
    }
    drawn = figure_registry.draw("quality.precision_by_sample", stored("quality.precision_by_sample", inputs))
    assert "Coefficient of variation (%)" in drawn.svg and "sample low" in drawn.svg and "sample high" in drawn.svg
    one = {**inputs, "values": inputs["values"][:4], "factor_levels": [["1", "1", "2", "2"]], "samples": ["low"] * 4}  # type: ignore[index]
    alone = figure_registry.draw("quality.precision_by_sample", stored("quality.precision_by_sample", one), unit="mg")
    assert "Standard deviation (mg)" in alone.svg and "Sample low" in alone.desc  # type: ignore[attr-defined]


def test_a_control_chart_names_each_signal_once_at_its_point() -> None:
    output = stored("quality.chart_individuals", {"values": [10.0, 10.1, 12.5], "baseline": baseline()})
    drawn = figure_registry.draw("quality.chart_individuals", output, title="Tailing", labels="R1\nR2\nR3")
    assert drawn.svg.count(">Nelson 1<") == 1 and "R3" in drawn.svg and "frozen from 8 points" in drawn.desc  # type: ignore[attr-defined]
    assert STAMP in "".join("".join(row) for row in drawn.table)  # type: ignore[attr-defined]


def test_a_quiet_chart_says_that_no_rule_signals() -> None:
    output = stored("quality.chart_individuals", {"values": [10.0, 10.1, 9.9], "baseline": baseline()})
    assert "No rule signals" in figure_registry.draw("quality.chart_individuals", output).desc  # type: ignore[attr-defined]


def test_the_same_result_gives_the_same_bytes() -> None:
    output = stored("quality.chart_individuals", {"values": [10.0, 10.1, 12.5], "baseline": baseline()})
    assert (
        figure_registry.draw("quality.chart_individuals", output).svg
        == figure_registry.draw("quality.chart_individuals", output).svg
    )


def test_an_output_of_another_version_is_refused_not_drawn_wrongly() -> None:
    output = stored("quality.shelf_life_q1e", STUDY, lower_limit=90.0)
    assert isinstance(output, dict)
    with pytest.raises(MethodError, match="output of quality"):
        figure_registry.draw("quality.shelf_life_q1e", {**output, "surplus": 1})
