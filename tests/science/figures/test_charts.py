"""The charts of every week: control chart, dot plot, boxes, histogram."""

from __future__ import annotations

import statistics
from xml.etree import ElementTree

import pytest

from crdmo.science.figures import Axis, box_strip, control_chart, dot_plot, histogram, quartiles

SVG = "{http://www.w3.org/2000/svg}"
ASSAY = Axis("Assay", "%")
GROUPS = {"A": [99.1, 99.4, 100.2], "B": [98.0, 98.0, 98.0, 101.0]}


def texts(svg: str) -> set[str]:
    return {e.text or "" for e in ElementTree.fromstring(svg).iter(f"{SVG}text")}


def test_a_control_chart_names_limits_and_signals() -> None:
    made = control_chart(
        "Assay",
        [100.0, None, 102.0, 100.1],
        centre=100.0,
        lower=98.5,
        upper=101.5,
        y=ASSAY,
        sigma=0.5,
        signals={2: "rule 1"},
    )
    assert {"centre 100", "LCL 98.5", "UCL 101.5", "+1σ", "-2σ", "rule 1"} <= texts(made.svg)
    assert made.desc == "1 of 3 points signals."


def test_a_control_chart_without_a_lower_limit_draws_one_limit() -> None:
    made = control_chart("Range", [0.1, 0.4], centre=0.2, lower=None, upper=0.9, y=ASSAY)
    assert not any(t.startswith("LCL") for t in texts(made.svg))
    assert made.desc == "None of 2 points signal."


def test_places_of_a_control_chart_can_be_batches() -> None:
    made = control_chart("Assay", [1.0, 2.0], centre=1.5, lower=0, upper=3, y=ASSAY, labels=["26-01", "26-02"])
    assert {"26-01", "26-02"} <= texts(made.svg)
    assert ("value", "26-02", "2", "", "") in made.table


def test_equal_values_of_a_dot_plot_stand_beside_each_other() -> None:
    made = dot_plot("Analysts", GROUPS, y=ASSAY, mean=False)
    places = [(c.get("cx"), c.get("cy")) for c in ElementTree.fromstring(made.svg).iter(f"{SVG}circle")]
    assert len(places) == 7 and len(set(places)) == 7


def test_a_dot_plot_draws_the_mean_of_each_group() -> None:
    made = dot_plot("Analysts", GROUPS, y=ASSAY)
    means = [row for row in made.table if row[0] == "mean"]
    assert [row[1] for row in means] == ["A", "A", "B", "B"]
    assert float(means[0][2]) == pytest.approx(statistics.fmean(GROUPS["A"]), rel=1e-6)


@pytest.mark.parametrize("draw", [dot_plot, box_strip])
def test_an_empty_group_is_refused_by_name(draw) -> None:
    with pytest.raises(ValueError, match="given: none in B"):
        draw("Analysts", {"A": [1.0], "B": []}, y=ASSAY)
    with pytest.raises(ValueError, match="given: no group"):
        draw("Analysts", {}, y=ASSAY)


def test_quartiles_are_those_of_numpy() -> None:
    numpy = pytest.importorskip("numpy")
    values = [3.1, 9.0, 4.4, 4.4, 7.25, 1.0, 12.5]
    assert quartiles(values) == pytest.approx(numpy.quantile(values, [0, 0.25, 0.5, 0.75, 1]))


def test_boxes_hold_every_value_and_five_numbers() -> None:
    made = box_strip("Dissolution", GROUPS, y=ASSAY)
    row = next(r for r in made.table if r[0] == "box" and r[1] == "B")
    assert row[2] == "98" and row[4] == "quartiles 98 to 98.75; 98 to 101"
    assert made.desc == "7 values; B spreads most."


def test_a_histogram_counts_every_value_once() -> None:
    values = [1.0, 1.5, 2.0, 2.0, 2.5, 3.0, 4.0]
    made = histogram("Masses", values, x=Axis("Mass", "mg"), limits=[(0.5, "≥ 0.5")], curve=(2.3, 0.9))
    counts = [float(r[2]) for r in made.table if r[0] == "7 values"]
    assert sum(counts) == len(values)
    assert "≥ 0.5" in texts(made.svg)


def test_equal_values_make_one_bar() -> None:
    made = histogram("Masses", [2.0, 2.0, 2.0], x=Axis("Mass", "mg"))
    assert [r[2] for r in made.table if r[0] == "3 values"] == ["3"]


def test_a_histogram_of_one_value_is_refused() -> None:
    with pytest.raises(ValueError, match="two values or more; given: 1"):
        histogram("Masses", [1.0], x=Axis("Mass"))
