"""One figure of each kind, from made-up numbers."""

from __future__ import annotations

import datetime as dt

from crdmo.science.figures import (
    Axis,
    Bar,
    Chart,
    Figure,
    Node,
    box_strip,
    control_chart,
    dot_plot,
    gantt,
    genealogy,
    histogram,
    thread_graph,
)

DAY = dt.date
MONTHS = (0, 3, 6, 9, 12, 18, 24)
ASSAYS = {
    "26-0041": (101.3, 100.9, 100.2, 100.1, 99.5, 98.8, 98.3),
    "26-0042": (100.9, 100.6, 99.9, 98.2, 99.0, 98.0, 97.1),
    "26-0043": (101.4, 101.5, 100.8, 99.8, 99.9, 99.0, 98.4),
}
CHARTED = (
    100.6,
    100.0,
    99.3,
    100.2,
    100.0,
    99.6,
    99.7,
    99.9,
    100.1,
    99.9,
    100.1,
    100.8,
    99.8,
    99.8,
    100.0,
    100.5,
    99.8,
    102.1,
    99.6,
    99.7,
    100.1,
)
ANALYSTS = {
    "A": (98.2, 98.0, 98.7, 97.5, 98.1),
    "B": (98.1, 98.1, 99.2, 97.8, 98.6),
    "C": (99.0, 98.9, 99.4, 98.0, 98.9),
}
MASSES = (
    251.2,
    249.8,
    250.4,
    247.1,
    252.9,
    250.0,
    248.8,
    253.3,
    249.1,
    250.7,
    246.2,
    251.8,
    250.2,
    249.5,
    254.1,
    250.9,
    248.1,
    251.1,
    249.9,
    250.5,
)
DOSES = ((1.0, 2.0), (3.0, 5.0), (10.0, 13.0), (30.0, 31.0), (100.0, 55.0), (300.0, 80.0), (1000.0, 92.0))


def stability() -> Figure:
    """Draw a stability trend with everything that a chart can hold."""
    title = "Three batches stay above 95.0 % label claim for 26 months"
    chart = Chart(title, x=Axis("Time", "month", low=0, high=36), y=Axis("Assay", "% label claim"))
    for batch, values in ASSAYS.items():
        out = batch == "26-0042"
        chart.scatter(
            f"batch {batch}",
            MONTHS,
            values,
            hollow=[3] if out else (),
            labels={3: "left out: wrong flask"} if out else {},
        )
    line = [101.2 - 0.15 * month for month in range(37)]
    chart.line("all batches", range(37), line)
    chart.band(
        "all batches",
        range(37),
        [v - 0.5 - 0.02 * m for m, v in enumerate(line)],
        [v + 0.5 + 0.02 * m for m, v in enumerate(line)],
    )
    chart.limit(95, "≥ 95.0").limit(105, "≤ 105.0").marker(26.2, "26.2 months")
    return chart.build(
        "The lower one-sided 95 % bound on the mean reaches the limit at 26.2 months; 20 results of 3 batches."
    )


def charts() -> list[Figure]:
    """Return one chart of each kind."""
    assay = Axis("Assay", "%")
    dose = Chart("Half inhibition at 80 nmol/L", x=Axis("Concentration", "nmol/L", log=True), y=Axis("Inhibition", "%"))
    dose.scatter("CRD-1042", [x for x, _ in DOSES], [y for _, y in DOSES])
    dose.line(
        "four-parameter fit", [10 ** (i / 20) for i in range(61)], [100 / (1 + 80 / 10 ** (i / 20)) for i in range(61)]
    )
    alive = Chart(
        "More animals survive at 10 mg/kg", x=Axis("Time", "day", low=0), y=Axis("Surviving", "%", low=0, high=100)
    )
    alive.step("control, n = 10", [0, 4, 9, 12, 20], [100, 80, 60, 40, 20]).step(
        "10 mg/kg, n = 10", [0, 8, 14, 20], [100, 90, 70, 70]
    )
    return [
        stability(),
        control_chart(
            "One batch is above the upper limit",
            CHARTED,
            centre=100.1,
            lower=98.9,
            upper=101.3,
            y=assay,
            signals={17: "beyond 3σ"},
            sigma=0.4,
        ),
        dot_plot("Analyst C reads higher", ANALYSTS, y=assay, x="Analyst"),
        box_strip("Analyst C reads higher", ANALYSTS, y=assay, x="Analyst"),
        histogram(
            "Masses lie within 240 and 260 mg",
            MASSES,
            x=Axis("Mass", "mg"),
            limits=[(240, "≥ 240"), (260, "≤ 260")],
            curve=(250.3, 2.0),
        ),
        dose.build("A four-parameter curve through seven concentrations."),
        alive.build("At day 20, 70 % survive at 10 mg/kg and 20 % in the control."),
    ]


def graphs() -> list[Figure]:
    """Return a thread, a genealogy and a plan."""
    nodes = [
        Node("m", "Molecule", "CRD-1042", url="#m"),
        Node("l", "Lot", "LOT-26-0001", "released", url="#l"),
        Node("s", "Study", "STB-26-003", "running", url="#s"),
        Node("r", "Result", "Assay 99.80 %", "verified", url="#r", here=True),
        Node("f", "Result", "Shelf life 26.2 months", stale=True, url="#f"),
        Node("b", "Batch", "26-0042", "released", url="#b"),
        Node("c", "Certificate", "COA-26-0042", "approved", url="#c"),
        Node("d", "Leaf", "3.2.P.8.3 Stability data", stale=True, url="#d"),
    ]
    edges = [("m", "l"), ("l", "s"), ("s", "r"), ("r", "f"), ("l", "b"), ("r", "c"), ("b", "c"), ("f", "d"), ("c", "d")]
    made = {
        "p": [
            Node("a", "Drug substance", "LOT-26-0003", "released"),
            Node("e", "Excipient", "Mg stearate L12", "on hold", stale=True),
        ],
        "a": [Node("i", "Intermediate", "INT-26-0007"), Node("n", "Material", "2-bromopyridine A3")],
    }
    plan = [
        Bar("Process transfer", DAY(2026, 1, 5), DAY(2026, 3, 20), DAY(2026, 1, 12), DAY(2026, 4, 2)),
        Bar(
            "Engineering batch released",
            DAY(2026, 4, 15),
            DAY(2026, 4, 15),
            actual_end=DAY(2026, 4, 20),
            milestone=True,
            met=True,
        ),
        Bar("Stability, 12 months", DAY(2026, 5, 1), DAY(2027, 5, 1), DAY(2026, 5, 4)),
        Bar("Validation report signed", DAY(2026, 9, 30), DAY(2026, 9, 30), milestone=True),
        Bar("Registration batches", DAY(2026, 8, 1), DAY(2026, 10, 30), DAY(2026, 8, 20)),
        Bar("Module 3 dispatched", DAY(2027, 3, 31), DAY(2027, 3, 31), milestone=True),
    ]
    return [
        thread_graph("Thread of assay 99.80 %", nodes, edges),
        genealogy("What LOT-26-0042 was made of", Node("p", "Drug product", "LOT-26-0042", "released"), made),
        gantt("Plan of CRD-101", plan, DAY(2026, 11, 22)),
    ]
