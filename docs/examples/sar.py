"""One series in the plasma protein binding data of Fang et al. 2023: its R groups, and what each small change does."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from rdkit import Chem

from crdmo.science.discovery.matched_pairs import Measured, matched_pairs
from crdmo.science.discovery.matched_pairs_figure import matched_pairs_figure
from crdmo.science.discovery.mmp_index import PairIndex
from crdmo.science.discovery.rgroups import r_groups

DATA = ("discovery/adme/published_split/ADME_hPPB_train.csv", "discovery/adme/published_split/ADME_hPPB_test.csv")
CORE = "Cc1cn([C@H]2CCCNC2)c(=O)[nH]c1=O"


def main() -> str:
    """Take the series out, table its R groups, find its pairs, and draw what the commonest changes do."""
    rows = []
    for name in DATA:
        with (Path(os.environ["CRDMO_SHARED"]) / "data" / name).open(encoding="utf-8") as file:
            rows += list(csv.DictReader(file))
    core = Chem.MolFromSmiles(CORE)
    compounds = [
        Measured(f"row {i}", row["smiles"], {"log % unbound": float(row["activity"])})
        for i, row in enumerate(rows, 1)
        if Chem.MolFromSmiles(row["smiles"]).HasSubstructMatch(core)
    ]

    codes, structures = [one.code for one in compounds], [one.smiles for one in compounds]
    table = r_groups(codes=codes, structures=structures, cores=[CORE])
    print(f"{len(table.rows)} of {len(rows)} compounds hold the core; positions {', '.join(table.positions)}")

    found = matched_pairs(compounds=compounds, minimum_pairs=2)
    print(f"they make {len(found.pairs)} pairs with {found.rules} changes")
    for one in found.changes[:4]:
        told = one.statistics
        print(f"{one.before} to {one.after}: {told.mean:+.2f} in log % unbound (SD {told.sd:.2f}, {told.count} pairs)")

    # One compound more makes its own pairs and leaves the others as they are.
    index = PairIndex()
    index.add(compounds[:-1])
    before = len(index.pairs)
    print(f"the last compound alone makes {index.add(compounds[-1:])} pairs beside the {before} that were there")
    return matched_pairs_figure(found, title="What small changes do to the unbound part", most=12).svg
