"""Charts: what is drawn, what is said, what is refused; the same text every time, and readable without CSS."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from crdmo.science.figures import COLOURS, Axis, Chart, Figure

SVG = "{http://www.w3.org/2000/svg}"
TIME, ASSAY = Axis("Time", "month", low=0, high=36), Axis("Assay", "% label claim")


def chart() -> Chart:
    made = Chart("Assay of two batches", x=TIME, y=ASSAY)
    made.scatter("b1", [0, 12, 24], [100.1, 99.2, 98.4], hollow=[1], labels={1: "wrong flask"})
    made.scatter("b2", [0, 12, 24], [100.4, 99.8, 99.0])
    made.line("fit", [0, 36], [100.2, 97.0]).band("fit", [0, 36], [99.8, 96.0], [100.6, 98.0])
    return made.limit(95.0, "≥ 95.0").marker(26.2, "26.2 months").note(24, 99.0, "last point")


def drawn() -> Figure:
    return chart().build("The bound reaches the limit at 26.2 months.")


def texts(figure: Figure) -> list[str]:
    return [e.text or "" for e in ElementTree.fromstring(figure.svg).iter(f"{SVG}text")]


def test_a_figure_is_well_formed_and_names_itself() -> None:
    root = ElementTree.fromstring(drawn().svg)
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("role") == "img"
    assert title is not None and desc is not None
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert (title.text, desc.text) == ("Assay of two batches", "The bound reaches the limit at 26.2 months.")


def test_there_is_no_style_attribute_and_no_script() -> None:
    assert not re.search(r"\sstyle=|<style|<script|\son\w+=", drawn().svg)


def test_axes_say_name_and_unit() -> None:
    assert {"Time (month)", "Assay (% label claim)"} <= set(texts(drawn()))


def test_months_are_counted_in_half_years() -> None:
    assert [t for t in texts(drawn()) if t.isdigit() and int(t) <= 36] == ["0", "6", "12", "18", "24", "30", "36"]


def test_limits_and_marks_are_labelled_in_place() -> None:
    assert {"≥ 95.0", "26.2 months", "wrong flask", "last point"} <= set(texts(drawn()))


def test_a_point_left_out_is_hollow_and_says_so_in_the_table() -> None:
    figure = drawn()
    assert figure.svg.count('class="hollow s1"') == 1
    assert ("b1", "12", "99.2", "", "left out; wrong flask") in figure.table


def test_each_series_has_a_colour_a_shape_and_a_dash_of_its_own() -> None:
    made = Chart("Six", x=TIME, y=ASSAY)
    for n in range(6):
        made.line(f"s{n}", [0, 1], [n, n + 1]).scatter(f"s{n}", [0, 1], [n, n + 1])
    svg = made.build("Six series.").svg
    assert all(colour in svg for colour in COLOURS)
    assert len(set(re.findall(r'stroke-dasharray="([^"]+)"', svg))) == 5  # the first is solid
    assert svg.count("<circle") == 3 and svg.count("<polygon") == 15  # two points and the sample in the legend


def test_a_seventh_series_is_refused() -> None:
    made = Chart("Seven", x=TIME, y=ASSAY)
    for n in range(6):
        made.line(f"s{n}", [0, 1], [n, n])
    with pytest.raises(ValueError, match="at most 6 series; given one more: s6; draw small multiples"):
        made.line("s6", [0, 1], [6, 6])


def test_lists_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="same length; given for b1: 2, 1"):
        Chart("Odd", x=TIME, y=ASSAY).scatter("b1", [0, 1], [5])


def test_a_chart_without_a_finding_is_refused() -> None:
    with pytest.raises(ValueError, match="needs one sentence that says what it shows"):
        chart().build()


def test_a_limit_lies_on_an_axis() -> None:
    with pytest.raises(ValueError, match="given: z"):
        chart().limit(1, "odd", axis="z")


def test_a_logarithmic_axis_says_so_and_refuses_zero() -> None:
    dose = Axis("Dose", "mg/kg", log=True)
    made = Chart("Dose and effect", x=dose, y=ASSAY).scatter("a", [1, 10, 100], [1, 2, 3]).build("It rises.")
    assert "Dose (mg/kg, logarithmic)" in texts(made)
    assert {"1", "10", "100"} <= set(texts(made))
    with pytest.raises(ValueError, match="values above 0; given on Dose: 0"):
        Chart("Dose and effect", x=dose, y=ASSAY).scatter("a", [0, 10], [1, 2]).build("It rises.")


def test_a_missing_value_lifts_the_pen() -> None:
    made = Chart("Gap", x=TIME, y=ASSAY).line("a", [0, 1, 2, 3, 4], [1, 2, float("nan"), 2, 1]).build("A gap.")
    path = next(e.get("d", "") for e in ElementTree.fromstring(made.svg).iter(f"{SVG}path") if e.get("class") == "s1")
    assert path.count("M") == 2


def test_hollow_points_stay_the_right_ones_beside_missing_values() -> None:
    made = Chart("Gap", x=TIME, y=ASSAY).scatter("a", [0, 12, 24], [float("nan"), 2, 3], hollow=[2]).build("A gap.")
    circles = [e for e in ElementTree.fromstring(made.svg).iter(f"{SVG}circle")]
    assert [("hollow" in (c.get("class") or "")) for c in circles] == [False, True]


def test_a_single_value_is_drawn() -> None:
    assert "NaN" not in Chart("One", x=Axis("Time"), y=Axis("Assay")).scatter("a", [3], [5]).build(
        "One value."
    ).svg.replace("nan", "NaN")


def test_what_people_typed_cannot_break_out_of_the_picture() -> None:
    bad = '<script>alert("1")</script>\x00\x07&'
    made = Chart(bad, x=Axis(bad), y=ASSAY).scatter(bad, [0, 1], [1, 2], labels=[bad]).limit(1, bad).build(bad)
    root = ElementTree.fromstring(made.svg)
    assert "<script" not in made.svg and not list(root.iter(f"{SVG}script"))


def test_two_different_figures_have_different_ids() -> None:
    one, two = drawn(), chart().limit(105, "≤ 105.0").build("The bound reaches the limit at 26.2 months.")
    ids = [set(re.findall(r' id="([^"]+)"', figure.svg)) for figure in (one, two)]
    assert ids[0] and not ids[0] & ids[1]


def test_the_same_numbers_give_the_same_text_in_another_process() -> None:
    code = "from tests.science.figures.test_chart import drawn; import sys; sys.stdout.write(drawn().svg)"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": "src:.", "PYTHONHASHSEED": "7"},
    )
    assert run.stdout == drawn().svg


def test_the_table_holds_every_value_and_its_names_first() -> None:
    table = drawn().table
    assert table[0] == ("Series", "Time (month)", "Assay (% label claim)", "Upper end", "Note")
    assert ("b2", "24", "99", "", "") in table
    assert ("fit", "36", "96", "98", "band") in table
    assert ("limit", "", "95", "", "≥ 95.0") in table
    assert ("mark", "26.2", "", "", "26.2 months") in table


def test_a_renderer_without_css_draws_it(tmp_path: Path) -> None:
    typst, image = pytest.importorskip("typst"), pytest.importorskip("PIL.Image")
    (tmp_path / "f.svg").write_text(drawn().svg)
    (tmp_path / "f.typ").write_text('#set page(width: auto, height: auto, margin: 0pt)\n#image("f.svg")')
    typst.compile(str(tmp_path / "f.typ"), output=str(tmp_path / "f.png"), format="png", ppi=288)
    seen = {colour for _, colour in image.open(tmp_path / "f.png").convert("RGB").getcolors(1 << 22)}
    assert {(0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00), (0xA1, 0x16, 0x1C)} <= seen
