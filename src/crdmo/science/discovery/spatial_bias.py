"""Is there a pattern on the plate? A test with a p-value, before anything is corrected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from crdmo.science.checks import share
from crdmo.science.discovery.plate_surface import Plates, read_plate
from crdmo.science.method import MethodError, method

_SOURCE = (
    "Kruskal WH, Wallis WA (1952) J Am Stat Assoc 47:583-621 (rows, columns); Mann HB, Whitney DR (1947) Ann Math "
    "Stat 18:50-60 (edge); Holm S (1979) Scand J Stat 6:65-70 (the three together); need for a test before a "
    "correction: Dragiev P, Nadon R, Makarenkov V (2011) BMC Bioinformatics 12:25"
)


@dataclass(frozen=True)
class SpatialBias:
    """p-values for rows, columns and the edge, adjusted for being three; the pattern is shown when one is ≤ alpha."""

    biased: bool
    p_rows: float
    p_columns: float
    p_edge: float
    alpha: float
    reasons: tuple[str, ...]


@method("discovery.spatial_bias", version="1.0", source=_SOURCE, title="Test for spatial bias on a plate")
def spatial_bias(*, wells: Sequence[Sequence[float | None]], alpha: float = 0.01) -> SpatialBias:
    """Test whether rows, columns or the edge of a plate differ from the rest.

    Parameters: `wells`, rows of the plate with the sample signals, None for a control, an empty well or one that is
    knocked out; `alpha`, the share of clean plates that may be called biased. Rank tests, so hits do not decide.
    Raises `MethodError` when the plate is torn or too small (fewer than 4 rows, 6 columns).
    """
    return bias_of(read_plate(wells), share("alpha", alpha))


def bias_of(plate: Plates, alpha: float) -> SpatialBias:
    """Test a plate that has been read."""
    rows, columns = plate.shape
    if rows < 4 or columns < 6:
        raise MethodError(
            "the plate is too small for a test of its pattern",
            given=f"{rows} rows and {columns} columns",
            allowed="at least 4 rows and 6 columns",
            next_step="use a plate of 24 wells or more",
        )
    there = np.isfinite(plate)
    edge = np.zeros(plate.shape, dtype=bool)
    edge[[0, -1], :] = edge[:, [0, -1]] = True
    if np.unique(plate[there]).size == 1:
        raise MethodError(
            "all wells have the same value", given=f"{float(plate[there][0]):g}", allowed="values that vary"
        )
    raw = (
        float(stats.kruskal(*(row[np.isfinite(row)] for row in plate)).pvalue),
        float(stats.kruskal(*(column[np.isfinite(column)] for column in plate.T)).pvalue),
        float(stats.mannwhitneyu(plate[there & edge], plate[there & ~edge]).pvalue),
    )
    p = _holm(raw)
    names = ("rows", "columns", "edge and inside")
    said = tuple(
        f"{name} {'differ' if value <= alpha else 'are not shown to differ'}: adjusted p = {value:.3g}"
        for name, value in zip(names, p, strict=True)
    )
    return SpatialBias(min(p) <= alpha, *p, alpha, said)


def _holm(raw: tuple[float, float, float]) -> tuple[float, float, float]:
    adjusted, highest = [0.0] * 3, 0.0
    for rank, i in enumerate(sorted(range(3), key=lambda k: raw[k])):
        highest = max(highest, min(1.0, (3 - rank) * raw[i]))
        adjusted[i] = highest
    return adjusted[0], adjusted[1], adjusted[2]
