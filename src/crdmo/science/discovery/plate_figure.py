"""A plate after its correction: B-scores well by well, hits framed."""

from __future__ import annotations

from crdmo.science.discovery.plate_correction import BScores
from crdmo.science.discovery.plate_layout import row_letters
from crdmo.science.figure_registry import figure
from crdmo.science.figures import Figure
from crdmo.science.figures.plates import plate_map

HIT = 3.0


@figure("discovery.b_score")
def b_score_figure(result: BScores, *, title: str = "B-scores of the plate", hit: float = HIT) -> Figure:
    """Draw the B-scores; wells from `hit` on, either way, are framed and the strongest is named."""
    named = [
        (abs(value), i, j)
        for i, row in enumerate(result.scores)
        for j, value in enumerate(row)
        if value is not None and abs(value) >= hit
    ]
    names = [row_letters(i + 1) for i in range(len(result.scores))]
    said = f"No well reaches {hit:g}."
    if named:
        _, i, j = max(named)
        said = f"{len(named)} wells reach {hit:g} either way; the strongest is {row_letters(i + 1)}{j + 1:02d}, {result.scores[i][j]:.1f}."
    return plate_map(
        title,
        result.scores,
        row_names=names,
        name="B-score",
        framed_as=f"{hit:g} or more either way",
        most=2 * hit,
        framed={(i, j) for _, i, j in named},
        finding=said,
    )
