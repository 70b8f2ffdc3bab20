"""Clearance of 179 public compounds with and without their binding in plasma (Fang et al. 2023).

The data set gives the intrinsic clearance in human liver microsomes, scaled to mL/min/kg, and the percentage unbound in human
plasma of some compounds. Many clearances stand at one and the same lowest value: the limit of the assay, which is no number.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path

from crdmo.science.discovery.adme_clearance import Incubation
from crdmo.science.discovery.adme_hepatic import Liver, Physiology, average_fold_error, hepatic_clearance
from crdmo.science.figures import Axis, Chart

DATA = ("discovery/adme/ADME_public_set_3521.csv",)
CLEARANCE, BINDING = "LOG HLM_CLint (mL/min/kg)", "LOG PLASMA PROTEIN BINDING (HUMAN) (% unbound)"


def main() -> str:
    path = Path(os.environ["CRDMO_SHARED"]) / "data" / DATA[0]
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row[CLEARANCE]]
    lowest, count = min(Counter(row[CLEARANCE] for row in rows).items(), key=lambda pair: float(pair[0]))
    print(f"{len(rows)} clearances; {count} of them are {10 ** float(lowest):.3g} mL/min/kg, the limit: read '<'")

    man = Physiology()
    back = 1000 / (man.protein * man.liver)  # from mL/min/kg to uL/min/mg protein
    bare, bound, limits, tube = [], [], [], []
    for row in rows:
        if row[BINDING]:
            given = {
                "clint": 10 ** float(row[CLEARANCE]) * back,
                "incubation": Incubation.MICROSOMES,
                "blood_to_plasma": 1.0,
                "qualifier": "<" if row[CLEARANCE] == lowest else "",
            }
            free = min(10 ** float(row[BINDING]) / 100, 1.0)
            bare.append(hepatic_clearance(**given).blood)
            bound.append(hepatic_clearance(**given, unbound_plasma=free).blood)
            tube.append(hepatic_clearance(**given, unbound_plasma=free, liver=Liver.PARALLEL_TUBE).blood)
            limits.append(row[CLEARANCE] == lowest)
    number, limit = ([k for k, x in enumerate(limits) if x is kind] for kind in (False, True))
    fold = average_fold_error(predicted=bare, observed=bound)
    models = average_fold_error(predicted=tube, observed=bound)
    print(f"{len(bare)} compounds have both; {len(limit)} of them are limits")
    print(
        f"Leaving binding out changes the clearance {fold:.1f}-fold on average, the model of the liver {models:.2f}-fold"
    )

    chart = Chart(
        "Hepatic clearance with and without binding in plasma",
        x=Axis("Binding left out", "mL/min/kg", log=True),
        y=Axis("Binding in plasma counted", "mL/min/kg", log=True),
    )
    for name, which in (("estimate", number), ("limit of the assay, <", limit)):
        chart.scatter(name, [bare[k] for k in which], [bound[k] for k in which])
    chart.line("equal", [min(bare), 20.0], [min(bare), 20.0]).limit(20.0, "blood flow", firm=False)
    return chart.build(f"Without its binding a compound seems to be cleared {fold:.1f} times as fast on average.").svg


if __name__ == "__main__":
    main()
