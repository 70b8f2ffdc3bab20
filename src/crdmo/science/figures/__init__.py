"""Figures as plain SVG: the same bytes in the page, the PDF and the dossier; each with its sentence and its data.

    chart = Chart("Assay of three batches", x=Axis("Time", "month"), y=Axis("Assay", "% label claim"))
    chart.scatter("b2", months, values).limit(95.0, "≥ 95.0")
    figure = chart.build("The bound reaches the limit at 26.2 months.")

A figure is data: it reads no clock, no font and no setting. The same numbers give the same text, which can be hashed.
"""

from __future__ import annotations

from .chart import Chart
from .charts import box_strip, control_chart, dot_plot, histogram, quartiles
from .drawing import COLOURS, DASHES, MOST_SERIES
from .graphs import MOST_NODES, Node, genealogy, thread_graph
from .maps import contour_map
from .plans import Bar, gantt
from .scales import Axis, Figure

__all__ = [
    "COLOURS",
    "DASHES",
    "MOST_NODES",
    "MOST_SERIES",
    "Axis",
    "Bar",
    "Chart",
    "Figure",
    "Node",
    "box_strip",
    "contour_map",
    "control_chart",
    "dot_plot",
    "gantt",
    "genealogy",
    "histogram",
    "quartiles",
    "thread_graph",
]
