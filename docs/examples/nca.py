"""Theophylline in twelve people (Upton): one analysis of all profiles, and what is not to be trusted about each."""

import csv
import math
import os
from collections import defaultdict
from pathlib import Path

import numpy as np

from crdmo.science.preclinical.nca import non_compartmental_many
from crdmo.science.preclinical.nca_figure import concentration_figure
from crdmo.science.preclinical.pk_samples import ProfileData

DATA = ("preclinical/pk/theoph.csv",)
DOSE = 320.0


def main() -> str:
    """Print what the profiles say; return the picture of the first."""
    samples = defaultdict(list)
    with (Path(os.environ["CRDMO_SHARED"]) / "data" / DATA[0]).open() as lines:
        for row in csv.DictReader(lines):
            samples[int(row["Subject"])].append((float(row["Time"]), float(row["conc"])))
    profiles = [ProfileData(str(name), *zip(*rows, strict=True), dose=DOSE) for name, rows in sorted(samples.items())]
    found = non_compartmental_many(profiles=profiles, partial=[(0, 24)])
    print("subject  points  half-life, h  AUC last  AUC inf  extrapolated")
    for one in found.profiles:
        e = one.exposure
        print(f"{one.name:>7}{e.terminal.points:>8}{e.terminal.half_life:>14.3f}{e.auc_last:>10.2f}{e.auc_inf:>9.2f}"
              f"{e.extrapolated:>14.1%}  {'; '.join(e.flags)}")  # fmt: skip
    # To 24 h, of the samples up to there, as the vignette of PKNCA has it.
    cut = [
        ProfileData(p.name, *zip(*[s for s in zip(p.time, p.concentration, strict=True) if s[0] <= 24], strict=True))
        for p in profiles
    ]
    logs = np.log([one.exposure.auc_last for one in non_compartmental_many(profiles=cut).profiles])
    spread = math.sqrt(math.exp(float(logs.var(ddof=1))) - 1)
    print(
        f"AUC to the last sample within 24 h: geometric mean {math.exp(float(logs.mean())):.1f}, geometric CV {spread:.1%}"
    )
    return concentration_figure(
        found.profiles[0].exposure, title="Theophylline, subject 1, 320 mg by mouth", unit="mg/L"
    ).svg


if __name__ == "__main__":
    main()
