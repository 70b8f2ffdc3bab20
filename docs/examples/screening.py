"""A viability screen of 2004 by its first plate: is there a pattern, what does a correction find, what cannot be said.

Data: plate FT01-G01 of Boutros M, et al. (2004) Science 303:832-835, in long form (plate, well, signal).
"""

from __future__ import annotations

import os
from pathlib import Path

from crdmo.science.discovery.normalisation import z_scores
from crdmo.science.discovery.plate_correction import b_score
from crdmo.science.discovery.plate_figure import b_score_figure
from crdmo.science.discovery.plate_layout import read_well
from crdmo.science.discovery.plate_quality import plate_quality
from crdmo.science.discovery.spatial_bias import spatial_bias

DATA = ("discovery/hts/KcViab_FT01-G01.txt",)


def main() -> str:
    """Work the plate through; print what is found and return the map of its B-scores."""
    plate: list[list[float | None]] = [[None] * 24 for _ in range(16)]
    for line in (Path(os.environ["CRDMO_SHARED"]) / "data" / DATA[0]).read_text().splitlines():
        _, name, signal = line.split("\t")
        well = read_well(name, 384)
        plate[well.row - 1][well.column - 1] = float(signal)

    # One well of each control, B01 and B02: the screen cannot say its Z', and neither do we.
    first, second = plate[1][0], plate[1][1]
    assert first is not None and second is not None
    quality = plate_quality(negative=[first], positive=[second])
    print(f"Z' of the plate: {quality.z_prime}, because {quality.undefined['z_prime']}")

    # Look for a pattern before anything is corrected.
    bias = spatial_bias(wells=plate)
    print("Pattern:", "; ".join(bias.reasons))

    # A robust z-score compares a well with the plate, a B-score with its row and column as well.
    robust = z_scores(signals=[signal for row in plate for signal in row if signal is not None])
    weak = sum(z <= -3.0 for z in robust.values)
    scores = b_score(wells=plate)
    print(f"{weak} wells at a robust z of -3 or less")
    print(f"Median polish: overall {scores.overall:.3f}, {scores.iterations} rounds, converged: {scores.converged}")
    figure = b_score_figure(scores, title="Viability screen, plate FT01-G01: B-scores")
    print(figure.desc)
    return figure.svg


if __name__ == "__main__":
    main()
