"""Rats bled twice or three times each (Holder 1999): areas by dose, and the standard error that knows the animals."""

import csv
import os
from collections import defaultdict
from pathlib import Path

from crdmo.science.preclinical.dose_proportionality import dose_proportionality
from crdmo.science.preclinical.sparse_auc import compare_sparse_areas, sparse_area, sparse_area_bootstrap
from crdmo.science.preclinical.sparse_auc_figure import sparse_figure
from crdmo.science.preclinical.sparse_design import SparseSamples

DATA = ("preclinical/pk/holder1999_rats.csv",)


def main() -> str:
    """Print the areas by dose; return the picture of the lowest dose."""
    rows = defaultdict(list)
    with (Path(os.environ["CRDMO_SHARED"]) / "data" / DATA[0]).open() as lines:
        for row in csv.DictReader(lines):
            rows[float(row["dose"])].append((row["id"], float(row["time"]), float(row["conc"])))
    groups = {dose: SparseSamples(*zip(*found, strict=True)) for dose, found in sorted(rows.items())}
    areas = {d: sparse_area(animal=g.animal, time=g.time, concentration=g.concentration) for d, g in groups.items()}
    print("dose, mg/kg     AUC  per dose      SE    df  as if independent")
    for dose, group in groups.items():
        one = areas[dose]
        alone = sparse_area(
            animal=[str(i) for i in range(len(group.time))], time=group.time, concentration=group.concentration
        )
        print(f"{dose:>11g}{one.auc:>8.1f}{one.auc / dose:>10.3f}{one.standard_error:>8.2f}{one.degrees_of_freedom:>6.2f}"
              f"{alone.standard_error:>19.2f}")  # fmt: skip
    low, high = min(groups), max(groups)
    ratio = compare_sparse_areas(first=groups[high], second=groups[low], first_dose=high, second_dose=low)
    print(
        f"AUC per dose, {high:g} against {low:g} mg/kg: {ratio.ratio:.2f} (90 % interval {ratio.lower:.2f} to {ratio.upper:.2f})"
    )
    power = dose_proportionality(dose=list(areas), exposure=[one.auc for one in areas.values()])
    print(f"slope of the power model through the areas: {power.slope:.2f} ({power.lower:.2f} to {power.upper:.2f}), "
          f"{power.criterion.verdict.value.replace('_', ' ')}")  # fmt: skip
    g = groups[low]
    boot = sparse_area_bootstrap(animal=g.animal, time=g.time, concentration=g.concentration, seed=1999, resamples=1000)
    print(
        f"bootstrap-t interval at {low:g} mg/kg: {boot.lower:.1f} to {boot.upper:.1f}; {boot.unusable} resamples unusable"
    )
    return sparse_figure(areas[low], title=f"Rats, {low:g} mg/kg (Holder 1999)", unit="conc. units").svg


if __name__ == "__main__":
    main()
