"""A set of drug-like molecules with measured clearance: what is like what, what is unlike, and where clearance jumps.

The data are those of Fang et al., J Chem Inf Model 2023;63:3263 (Biogen): human liver microsomes, log10 mL/min/kg.
"""

import csv
import os
from collections import Counter
from pathlib import Path

from crdmo.science.discovery.activity_cliffs import Compound, activity_cliffs
from crdmo.science.discovery.activity_cliffs_figure import activity_cliffs_figure
from crdmo.science.discovery.alerts import structural_alerts
from crdmo.science.discovery.diversity import max_min_picking
from crdmo.science.discovery.drug_likeness import drug_likeness
from crdmo.science.discovery.similarity import similarity_search
from crdmo.science.discovery.substructure import substructure_search

DATA = ("discovery/adme/ADME_public_set_3521.csv",)
CLEARANCE = "LOG HLM_CLint (mL/min/kg)"


def main() -> str:
    """Print what is found and return the map of structure and clearance."""
    with (Path(os.environ["CRDMO_SHARED"]) / "data" / DATA[0]).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[:400]
    structures = {row["Internal ID"]: row["SMILES"] for row in rows}

    # Which molecules are like the first, and which hold a sulfonamide?
    found = similarity_search(query=rows[0]["SMILES"], structures=structures, most=3)
    print("most like Mol1:", ", ".join(f"{hit.id} {hit.similarity:.2f}" for hit in found.hits))
    held = substructure_search(query="S(=O)(=O)[NX3]", structures=structures)
    print(f"sulfonamides: {len(held.hits)} of {held.searched}; {held.candidates} passed the screen")

    # Eight of them that are as unlike as can be.
    picked = max_min_picking(structures=structures, count=8, seed=1)
    print(
        f"unlike: {', '.join(picked.ids)}; no two nearer than {min(d for d in picked.distances if d is not None):.2f}"
    )

    # Alerts inform: how common are they in a collection that was made for drug discovery?
    bearing = Counter(alert.name for text in list(structures.values())[:100]
                      for alert in structural_alerts(structure=text, sets=["BRENK"]).alerts)  # fmt: skip
    print("alerts of Brenk in the first hundred:", ", ".join(f"{name} {n}" for name, n in bearing.most_common(3)))
    print(f"QED of Mol1: {drug_likeness(structure=rows[0]['SMILES']).qed:.3f}")

    # The lowest value stands many times: it is the limit of the assay, a bound and no estimate, and is left out.
    values = {row["Internal ID"]: float(row[CLEARANCE]) for row in rows if row[CLEARANCE]}
    limit = min(values.values())
    print(f"at the assay's limit of {10**limit:.1f} mL/min/kg: {sum(v == limit for v in values.values())}")
    measured = [Compound(name, structures[name], 10**value) for name, value in values.items() if value > limit]
    cliffs = activity_cliffs(compounds=measured, least_similarity=0.5, least_log_ratio=0.7)
    print(f"like pairs: {len(cliffs.pairs)} of {cliffs.compared}; clearance differs fivefold in {cliffs.cliffs}")
    return activity_cliffs_figure(cliffs, title="Like structures, unlike clearance", quantity="clearance").svg
