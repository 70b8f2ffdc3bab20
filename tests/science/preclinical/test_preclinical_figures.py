"""Pictures of preclinical results: what they show follows from the stored result."""

from __future__ import annotations

import pytest

from crdmo.science import figure_registry
from crdmo.science.figures import Figure
from crdmo.science.method import MethodError, call, to_json
from crdmo.science.preclinical.group_curves import group_curves

PROFILE = {"time": [0, 1, 2, 4, 8, 12, 24], "concentration": [0, 40, 55, 30, 12, 5, None]}
WEIGHTS = {
    "unit": ["1", "2", "3", "4"] * 2,
    "group": ["control", "control", "high", "high"] * 2,
    "day": [1.0] * 4 + [8.0] * 4,
    "value": [200.0, 210.0, 198.0, 206.0, 230.0, 244.0, 215.0, 219.0],
}


def drawn(name: str, inputs: dict[str, object], **words: str) -> Figure:
    found = figure_registry.draw(name, to_json(call(name, inputs, {})), **words)
    assert isinstance(found, Figure)
    return found


def test_a_concentration_curve_shows_its_samples_and_the_terminal_line() -> None:
    found = drawn("preclinical.nca", PROFILE, title="Animal 0031, day 1")
    assert found.svg.startswith("<svg") and "Animal 0031, day 1" in found.svg
    assert "Cmax 55 ng/mL at 2 h" in found.desc and "half-life" in found.desc
    samples = [row for row in found.table if row[0] == "samples"]
    assert {row[1] for row in samples} == {"1", "2", "4", "8", "12"}  # 0 has no logarithm, 24 h is below the limit
    assert sum(row[0] == "terminal phase" for row in found.table) == 2
    assert found.svg == drawn("preclinical.nca", PROFILE, title="Animal 0031, day 1").svg


def test_a_curve_without_terminal_phase_is_drawn_with_its_flag() -> None:
    found = drawn("preclinical.nca", {"time": [0, 1, 2], "concentration": [0, 1, 2]})
    assert "No terminal phase" in found.desc and not any(row[0] == "terminal phase" for row in found.table)


def test_group_means_are_drawn_with_their_standard_deviations() -> None:
    found = drawn("preclinical.group_curves", WEIGHTS, title="Body weight, females")
    assert "Means of 2 in 2 groups on 2 days" in found.desc
    heights = [float(row[2]) for row in found.table if row[0] == "control"]
    assert 205.0 in heights and 237.0 in heights
    assert any(abs(height - (205 + 7.07)) < 0.01 for height in heights)


def test_means_and_deviations_are_those_of_the_units() -> None:
    points = group_curves(**WEIGHTS, order=["high", "control"]).points
    assert [(one.group, one.day, one.n, one.mean) for one in points] == [
        ("high", 1, 2, 202), ("high", 8, 2, 217), ("control", 1, 2, 205), ("control", 8, 2, 237),
    ]  # fmt: skip


def test_a_unit_that_counts_twice_or_changes_its_group_is_refused() -> None:
    for bad in (
        {"unit": ["1", "1"], "group": ["a", "a"], "day": [1, 1], "value": [1, 2]},
        {"unit": ["1", "1"], "group": ["a", "b"], "day": [1, 2], "value": [1, 2]},
        {"unit": ["1"], "group": ["a"], "day": [1], "value": [float("nan")]},
        {"unit": ["1"], "group": ["a", "b"], "day": [1], "value": [1]},
        {"unit": ["1"], "group": ["a"], "day": [1], "value": [1], "order": ["b"]},
    ):
        with pytest.raises(MethodError):
            group_curves(**bad)


STUDY = {
    "groups": ["0", "1"], "scores": [0, 1], "group": ["0"] * 4 + ["1"] * 4, "time": [104, 104, 104, 90, 104, 80, 70, 60],
}  # fmt: skip


def test_survival_and_tumour_rates_say_their_trend() -> None:
    survival = drawn("preclinical.survival_trend", STUDY | {"died": [False] * 3 + [True, False] + [True] * 3})
    assert "0 1 of 4, 1 3 of 4" in survival.desc and "trend p" in survival.desc
    rates = drawn("preclinical.poly_k", STUDY | {"tumour": [True] + [False] * 4 + [True] * 3}, tumour="adenoma")
    assert "adenoma" in rates.svg
    counted = [float(row[2]) for row in rates.table if row[0] == "as counted"]
    adjusted = [float(row[2]) for row in rates.table if row[0].startswith("poly-3")]
    assert counted == [25.0, 75.0] and adjusted[0] > 25.0


@pytest.mark.parametrize("side", ["two_sided", "less", "greater"])
def test_differences_are_drawn_with_their_intervals(side: str) -> None:
    inputs = {
        "groups": ["control", "low", "high"],
        "values": [[5, 6, 7, 6], [6, 7, 6, 7], [11, 12, 10, 11]],
        "side": side,
    }
    found = drawn("preclinical.dunnett", inputs)
    assert ("Significant: high" in found.desc) == (side != "less") and found.svg.startswith("<svg")


def test_herg_is_drawn_with_its_ic50_its_bound_or_why_not() -> None:
    inputs = {
        "concentration": [1.0] * 3 + [3.0] * 3 + [10.0] * 3 + [30.0] * 3,
        "cmax_total": 10.0,
        "fraction_unbound": 0.1,
    }
    strong = [9, 10, 11, 23, 25, 27, 48, 50, 52, 74, 75, 76]
    found = drawn("preclinical.herg", inputs | {"block": strong}, title="Drug A")
    assert "Drug A" in found.svg and "Hill slope" in found.desc and any(row[0] == "fit" for row in found.table)
    weak = drawn("preclinical.herg", inputs | {"block": [one / 4 for one in strong]})
    assert "IC50 >30 nM" in weak.desc and "margin >30" in weak.desc and not any(row[0] == "fit" for row in weak.table)
    failed = drawn("preclinical.herg", inputs | {"block": strong, "least_cells": 4})
    assert failed.desc.startswith("Not valid")


def test_revertants_and_calibration_errors_show_what_was_left_out() -> None:
    plates = [[20, 22, 24], [21, 20, 25], [24, 26, 22], [35, 38, 33], [60, 66, 58], [3, 0, 2]]
    ames = drawn("preclinical.ames", {
        "strain": "TA98", "with_s9": True, "doses": [0, 50, 150, 500, 1500, 5000], "counts": plates, "positive_control": [250, 240],
    })  # fmt: skip
    assert "TA98 with S9: positive" in ames.desc and "2 × control" in ames.svg
    errors = drawn("preclinical.bioanalysis_calibration", {
        "nominal": [1, 2, 5, 20, 100, 400, 500], "response": [0.01, 0.02, 0.05, 0.3, 1.0, 4.0, 5.0],
    })  # fmt: skip
    assert "left out: 20" in errors.desc and "+15 %" in errors.svg
