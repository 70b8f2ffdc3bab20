"""Seventy-seven difficult drawings of the ChEMBL structure pipeline go through the house's registration and its checker."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from crdmo.science.discovery.registration import register_structure
from crdmo.science.discovery.registration_checker import check_drawing
from crdmo.science.discovery.registration_files import read_sdf
from crdmo.science.figures import Axis, Chart
from crdmo.science.method import MethodError

DATA = ("discovery/registration/standardiser_examples.in.sdf",)


def main() -> str:
    """Register each drawing, say what happened, and draw the highest penalties."""
    file = Path(os.environ["CRDMO_SHARED"]) / "data" / DATA[0]
    records = read_sdf(file.read_bytes())

    forms, refused, highest = Counter[str](), Counter[str](), Counter[int]()
    for record in records:
        highest[check_drawing(structure=record.structure).highest] += 1
        try:
            forms[register_structure(structure=record.structure).form] += 1
        except MethodError as error:
            refused[error.what] += 1

    print(f"{len(records)} drawings: {sum(forms.values())} can be registered, {sum(refused.values())} are refused")
    print("forms:", ", ".join(f"{name} {count}" for name, count in forms.most_common(6)))
    print("refused:", "; ".join(f"{why} {count}" for why, count in refused.most_common()))
    print(f"for a curator (penalty 6 or more): {sum(n for score, n in highest.items() if score >= 6)}")

    chart = Chart("What the checker says of 77 difficult drawings", x=Axis("Highest penalty"), y=Axis("Drawings"))
    chart.bars("drawings", [i - 0.5 for i in range(9)], [highest[i] for i in range(8)])
    chart.limit(5.5, "to a curator", axis="x")
    return chart.build(f"{highest[0]} of {len(records)} drawings have no penalty.").svg
