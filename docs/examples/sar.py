"""What a small change does to the part of a drug that is not bound to plasma: matched pairs of 300 measured compounds."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from crdmo.science.discovery.matched_pairs import Measured, matched_pairs
from crdmo.science.discovery.matched_pairs_figure import matched_pairs_figure
from crdmo.science.discovery.mmp_index import PairIndex

DATA = ("discovery/adme/published_split/ADME_hPPB_train.csv",)
SHOWN = 300


def main() -> str:
    """Find the pairs, print what the commonest changes do, and draw them."""
    file = Path(os.environ["CRDMO_SHARED"]) / "data" / DATA[0]
    with file.open(encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))[:SHOWN]
    compounds = [
        Measured(f"row {i}", row["smiles"], {"log % unbound": float(row["activity"])}) for i, row in enumerate(rows, 1)
    ]

    found = matched_pairs(compounds=compounds, minimum_pairs=2)
    print(f"{found.compounds} compounds make {len(found.pairs)} pairs with {found.rules} changes")
    for one in found.changes[:5]:
        told = one.statistics
        print(f"{one.before} to {one.after}: {told.mean:+.2f} in log % unbound (SD {told.sd:.2f}, {told.count} pairs)")

    # One compound more makes its own pairs and leaves the others as they are.
    index = PairIndex()
    index.add(compounds[:-1])
    before = len(index.pairs)
    print(f"the last compound alone makes {index.add(compounds[-1:])} pairs beside the {before} that were there")
    return matched_pairs_figure(
        found, title="Changes seen most often, and what they do to the unbound part", most=12
    ).svg
