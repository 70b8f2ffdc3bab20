"""Dofetilide and cisapride on hERG, cell by cell (FDA/CiPA), and quinoline in TA98 (Breslow 1984)."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from crdmo.science.preclinical.ames import ames_condition
from crdmo.science.preclinical.herg import herg_block
from crdmo.science.preclinical.in_vitro_figure import herg_figure

DATA = ("preclinical/herg/herg_block_dofetilide_cisapride.csv",)
FREE_CMAX = {"dofetilide": 2.0, "cisapride": 2.6}


def main() -> str:
    text = (Path(os.environ["CRDMO_SHARED"]) / "data" / DATA[0]).read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    svg = ""
    for drug, cmax in FREE_CMAX.items():
        own = [row for row in rows if row["drug"] == drug]
        concentration, block = [float(row["conc_nM"]) for row in own], [float(row["percent_block"]) for row in own]
        found = herg_block(concentration=concentration, block=block, cmax_total=cmax, fraction_unbound=1)
        print(
            f"{drug}: IC50 {found.ic50:.2f} nM ({found.lower:.2f} to {found.upper:.2f}), slope {found.hill:.3f}, "
            f"{found.points} cells, margin {found.margin:.2f}: {'safe' if found.is_margin_safe else 'below 30'}"
        )
        title = "Cisapride on hERG: a slope far from one"
        svg = herg_figure(found, concentration=concentration, block=block, title=title).svg
    weak = [one / 4 for one in block]
    bound = herg_block(concentration=concentration, block=weak, cmax_total=cmax, fraction_unbound=1)
    print(
        f"a quarter of that block: IC50 {bound.qualifier}{bound.ic50:g} nM, margin {bound.qualifier}{bound.margin:.0f}"
    )
    failed = herg_block(
        concentration=concentration, block=block, positive_control=[21, 25, 18], positive_range=(60, 95)
    )
    print(f"a failing positive control: {failed.validity.value}, IC50 {failed.ic50}")

    quinoline = [[15, 21, 29], [16, 18, 21], [16, 26, 33], [27, 41, 60], [33, 38, 41], [20, 27, 42]]
    ames = ames_condition(
        strain="TA98",
        with_s9=True,
        doses=[0, 10, 33, 100, 333, 1000],
        counts=quinoline,
        positive_control=[300, 310, 290],
    )
    print(f"quinoline: {ames.call.value}, overdispersion {ames.overdispersion:.3f}; {'; '.join(ames.reasons)}")
    return svg


if __name__ == "__main__":
    main()
