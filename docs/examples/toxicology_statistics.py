"""Weights of trout at five concentrations (OECD Series on Testing and Assessment No. 54): two trees, and what they say."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from crdmo.science.preclinical.decision_tree import Tree, decision_tree
from crdmo.science.preclinical.dunnett import dunnett
from crdmo.science.preclinical.dunnett_figure import dunnett_figure
from crdmo.science.preclinical.sample_size import sample_size_means

DATA = ("preclinical/toxstats/oecd54_trout.csv",)


def main() -> str:
    text = (Path(os.environ["CRDMO_SHARED"]) / "data" / DATA[0]).read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    levels = sorted({row["DOSE"] for row in rows}, key=int)
    names = ["control", *(f"dose {i}" for i in range(1, len(levels)))]
    values = [[float(row["Y"]) for row in rows if row["DOSE"] == level] for level in levels]
    for tree in (Tree.USUAL, Tree.NTP_NORMAL):
        found = decision_tree(groups=names, values=values, tree=tree)
        path = " -> ".join(f"{one.test} ({one.answer})" for one in found.path)
        hits = ", ".join(one.group for one in found.verdicts if one.is_significant) or "no group"
        print(f"{tree.value}: {path} -> {found.comparison}: {hits}")
    test = dunnett(groups=names, values=values)
    print("Dunnett, two-sided p:", ", ".join(f"{one.p:.5f}" for one in test.comparisons))
    size = sample_size_means(difference=0.1 * test.control_mean, sd=test.mean_square**0.5, dose_groups=5)
    print(f"to find a tenth of the control's weight in one of five groups: {size.a_group} units a group")
    return dunnett_figure(test, title="Trout: weight against the control", quantity="Weight", unit="g").svg


if __name__ == "__main__":
    main()
