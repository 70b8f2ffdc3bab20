"""Threads, genealogies and plans."""

from __future__ import annotations

import datetime as dt
import re
from xml.etree import ElementTree

import pytest

from crdmo.science.figures import MOST_NODES, Bar, Node, gantt, genealogy, thread_graph
from crdmo.science.figures.graphs import grouped, layers_of

SVG = "{http://www.w3.org/2000/svg}"
NODES = [
    Node("m", "Molecule", "CRD-1042", url="/m/"),
    Node("l", "Lot", "LOT-1", "released", url="/l/", here=True),
    Node("r", "Result", "99.80 %", stale=True, url="/r/"),
    Node("c", "Certificate", "COA-1"),
]
EDGES = [("m", "l"), ("l", "r"), ("r", "c"), ("l", "c")]
DAY = dt.date


def test_every_record_stands_right_of_what_it_comes_from() -> None:
    column = layers_of(NODES, EDGES)
    assert column == {"m": 0, "l": 1, "r": 2, "c": 3}


def test_a_circle_does_not_hang_the_drawing() -> None:
    assert set(layers_of(NODES, [*EDGES, ("c", "m")])) == {"m", "l", "r", "c"}


def test_a_long_thread_is_laid_out() -> None:
    nodes = [Node(str(n), "Lot", str(n)) for n in range(5000)]
    column = layers_of(list(reversed(nodes)), [(str(n), str(n + 1)) for n in range(4999)])
    assert column["4999"] == 4999


def test_records_are_links_with_names_and_the_graph_is_a_group() -> None:
    root = ElementTree.fromstring(thread_graph("Thread", NODES, EDGES).svg)
    links = [(a.get("href"), a.get("aria-label")) for a in root.iter(f"{SVG}a")]
    assert links == [
        ("/m/", "Molecule CRD-1042"),
        ("/l/", "Lot LOT-1, released, this record"),
        ("/r/", "Result 99.80 %, stale"),
    ]
    assert root.get("role") == "group"


def test_a_stale_path_is_dashed_and_says_stale() -> None:
    made = thread_graph("Thread", NODES, EDGES)
    assert len(re.findall(r'<path [^>]*stroke-dasharray[^>]*class="staleline"', made.svg)) == 1
    assert made.desc == "4 records, 1 stale; each stands to the right of what it comes from."


def test_an_edge_over_columns_runs_behind_no_record() -> None:
    root = ElementTree.fromstring(thread_graph("Thread", NODES, EDGES).svg)
    boxes = {float(r.get("x", 0)): float(r.get("y", 0)) for r in root.iter(f"{SVG}rect")}
    passing = next(p.get("d", "") for p in root.iter(f"{SVG}path") if "H" in p.get("d", ""))
    x, y = re.search(r"([\d.]+) ([\d.]+)H", passing).groups()  # type: ignore[union-attr]
    top = boxes[float(x)]
    assert not top <= float(y) <= top + 50


def test_ninety_readings_are_drawn_as_one_with_a_count() -> None:
    nodes = [
        *(Node(str(n), "Reading", str(n), stale=n == 3) for n in range(90)),
        Node("x", "Result", "mean", here=True),
    ]
    shown, edges = grouped(nodes, [(str(n), "x") for n in range(90)])
    assert [(n.key, n.label, n.count) for n in shown] == [("x", "mean", 1), ("group:Reading", "90 records", 90)]
    assert edges == [("group:Reading", "x")] and shown[1].stale
    assert len(nodes) > MOST_NODES


def test_the_record_looked_at_is_never_hidden_in_a_group() -> None:
    nodes = [Node(str(n), "Reading", str(n), here=n == 5) for n in range(80)]
    assert "5" in {n.key for n in grouped(nodes, [])[0]}


def test_an_empty_thread_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one record"):
        thread_graph("Thread", [], [])


@pytest.mark.parametrize("url", ["https://elsewhere.example/", "javascript:alert(1)", "//elsewhere.example/"])
def test_a_figure_links_to_the_house_only(url: str) -> None:
    with pytest.raises(ValueError, match="links to the house only"):
        thread_graph("Thread", [Node("a", "Lot", "1", url=url)], [])


def test_a_genealogy_lists_what_a_lot_was_made_of() -> None:
    made = genealogy(
        "Made of",
        Node("a", "Product", "LOT-1"),
        {"a": [Node("b", "Substance", "LOT-2"), Node("c", "Excipient", "L88")]},
    )
    assert made.table == (
        ("Lot", "Made from"),
        ("Product LOT-1", "Substance LOT-2"),
        ("Product LOT-1", "Excipient L88"),
    )
    assert made.desc == "Product LOT-1 with 2 links to what it was made of, in 1 step."


def test_a_lot_that_comes_from_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot come from itself; given: a → b → a"):
        genealogy("Made of", Node("a", "Lot", "1"), {"a": [Node("b", "Lot", "2")], "b": [Node("a", "Lot", "1")]})


BARS = [
    Bar("Transfer", DAY(2026, 1, 5), DAY(2026, 3, 20), DAY(2026, 1, 12), DAY(2026, 4, 2)),
    Bar("Batch released", DAY(2026, 4, 15), DAY(2026, 4, 15), actual_end=DAY(2026, 4, 20), milestone=True, met=True),
    Bar("Report signed", DAY(2026, 9, 30), DAY(2026, 9, 30), milestone=True),
    Bar("Stability", DAY(2026, 5, 1), DAY(2027, 5, 1), DAY(2026, 5, 4)),
]


def test_a_plan_says_what_is_late() -> None:
    made = gantt("Plan", BARS, DAY(2026, 11, 24))
    assert made.desc == "4 lines from 2026-01-05 to 2027-05-01; 1 past the date and not done."
    assert [row[-1] for row in made.table[1:]] == ["done", "met", "late", "running"]
    assert "today" in made.svg and ">late<" in made.svg


def test_a_plan_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="given for Odd: 2026-02-01 to 2026-01-01"):
        gantt("Plan", [Bar("Odd", DAY(2026, 2, 1), DAY(2026, 1, 1))], DAY(2026, 1, 1))


def test_an_empty_plan_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one line"):
        gantt("Plan", [], DAY(2026, 1, 1))
