"""Corrections of a pattern on the plate: B-score, local plane, and well correction across plates.

A correction is made only where a test shows a pattern, and never where it would take the answer away with it: on
rows of a dose series, or on a plate with many hits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from crdmo.science.checks import positive, share, whole_number
from crdmo.science.discovery.plate_quality import scaled_mad
from crdmo.science.discovery.plate_surface import Plates, local_plane, median_polish, read_plate
from crdmo.science.discovery.spatial_bias import SpatialBias, bias_of
from crdmo.science.method import MethodError, method

_B_SCORE = (
    "Brideau C, Gunter B, Pikounis B, Liaw A (2003) J Biomol Screen 8:634-647; Malo N, et al. (2006) Nat Biotechnol "
    "24:167-175; limit on hits: Mpindi JP, et al. (2015) Bioinformatics 31:3815-3821 (20 % of the wells)"
)
_WELL = "Makarenkov V, Zentilli P, Kevorkov D, Gagarin A, Malo N, Nadon R (2007) Bioinformatics 23:1648-1657"
MOST_HITS = 0.20
Rows = tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True)
class BScores:
    """B-scores by row and column of the plate, and the median polish that they come from."""

    scores: Rows
    overall: float
    row_effects: tuple[float, ...]
    column_effects: tuple[float, ...]
    mad_of_residuals: float
    iterations: int
    converged: bool


@dataclass(frozen=True)
class CorrectedPlate:
    """Signals after the correction in their own unit, or the same signals where no pattern was shown."""

    values: Rows
    corrected: bool
    bias: SpatialBias
    reason: str


@dataclass(frozen=True)
class WellCorrected:
    """Scores by plate, row and column, after taking each well's own course across the plates off."""

    scores: tuple[Rows, ...]


def _rows(plate: Plates) -> Rows:
    return tuple(tuple(float(v) if np.isfinite(v) else None for v in row) for row in plate)


def _refuse_where_it_harms(plate: Plates, *, dose_series: bool) -> None:
    if dose_series:
        raise MethodError(
            "a plate with dose series is not corrected by its rows and columns",
            given="dose_series: the rows or columns hold rising doses",
            allowed="plates of single-dose samples placed at random",
            next_step="normalise by the controls; the correction would take the dose response itself for a pattern",
        )
    values = plate[np.isfinite(plate)]
    spread = scaled_mad(values)
    hits = float(np.mean(np.abs(values - np.median(values)) > 3.0 * spread)) if spread else 0.0
    if hits > MOST_HITS:
        raise MethodError(
            "the plate holds too many hits for a correction by rows and columns",
            given=f"{100 * hits:.1f} % of the wells lie beyond 3 robust SD",
            allowed=f"at most {100 * MOST_HITS:g} %",
            next_step="normalise by the controls",
        )


@method("discovery.b_score", version="1.0", source=_B_SCORE, title="B-score of a plate")
def b_score(
    *,
    wells: Sequence[Sequence[float | None]],
    dose_series: bool = False,
    eps: float = 1e-5,
    most_iterations: int = 200,
) -> BScores:
    """Return residuals of Tukey's median polish divided by 1.4826 times their MAD.

    Parameters: `wells`, rows of signals, None for a well that is left out; `dose_series`, whether rows or columns hold
    rising doses; the polish stops when the sum of absolute residuals changes by less than `eps` of it. (R's own
    default, eps 0.01 and 10 iterations, stops earlier and gives other scores.) Raises `MethodError` for a torn
    plate, a dose series, more than 20 % hits, or residuals without spread.
    """
    plate = read_plate(wells)
    positive("eps", eps)
    whole_number("most_iterations", most_iterations, at_least=1)
    _refuse_where_it_harms(plate, dose_series=dose_series)
    polish = median_polish(plate[None], eps=eps, most=most_iterations)
    residuals = polish.residuals[0]
    spread = scaled_mad(residuals[np.isfinite(residuals)])
    if spread == 0.0:
        raise MethodError(
            "the residuals of the plate have no spread to measure by",
            given="a MAD of 0",
            allowed="a MAD > 0",
            next_step="more than half of the wells follow the pattern exactly: check that the values are measured ones",
        )
    return BScores(
        _rows(residuals / spread),
        float(polish.overall[0]),
        tuple(map(float, polish.rows[0])),
        tuple(map(float, polish.columns[0])),
        spread,
        int(polish.iterations[0]),
        bool(polish.converged[0]),
    )


@method("discovery.correct_plate", version="1.0", source=_B_SCORE, title="Correction of a plate where bias is shown")
def correct_plate(
    *,
    wells: Sequence[Sequence[float | None]],
    by: Literal["median polish", "local plane"] = "median polish",
    alpha: float = 0.01,
    span: float = 0.3,
    dose_series: bool = False,
) -> CorrectedPlate:
    """Test a plate for a pattern, and take the pattern off only when there is one; the plate's middle stays.

    Parameters: `wells` as in `b_score`; `by`, additive row and column effects or a smooth surface; `alpha` of the test;
    `span`, share of the wells that a local plane rests on. Raises `MethodError` as `b_score` and `spatial_bias`.
    """
    plate = read_plate(wells)
    share("span", span)
    _refuse_where_it_harms(plate, dose_series=dose_series)
    bias = bias_of(plate, share("alpha", alpha))
    if not bias.biased:
        return CorrectedPlate(_rows(plate), False, bias, "no pattern was shown, so nothing was corrected")
    if by == "median polish":
        polish = median_polish(plate[None])
        done = polish.residuals[0] + polish.overall[0]
    else:
        surface = local_plane(plate, span=span)
        done = plate - (surface - np.median(surface))
    return CorrectedPlate(_rows(done), True, bias, f"corrected by {by}: {'; '.join(bias.reasons)}")


@method("discovery.well_correction", version="1.0", source=_WELL, title="Well correction across the plates of a run")
def well_correction(*, plates: Sequence[Sequence[Sequence[float | None]]]) -> WellCorrected:
    """Take off what a well position does on every plate of a run.

    Parameters: `plates` in the order of the run, at least 5, of one format. Each plate is made z scores, a straight
    line through each position's scores along the run is taken off, and the rest is made z scores of the
    position. Raises `MethodError` when plates differ in format, a well is missing on some, or a position does
    not vary.
    """
    read = [read_plate(plate) for plate in plates]
    if len(read) < 5 or len({plate.shape for plate in read}) != 1:
        raise MethodError(
            "well correction needs a run of plates of one format",
            given=f"{len(read)} plates of the shapes {sorted({plate.shape for plate in read})}",
            allowed="at least 5 plates of one shape",
            next_step="correct single plates by correct_plate",
        )
    stack = np.stack(read)
    there = np.isfinite(stack)
    if np.any(there.any(axis=0) != there.all(axis=0)):
        raise MethodError(
            "a well is missing on some plates of the run and not on others",
            given=f"{int(np.sum(there.any(axis=0) != there.all(axis=0)))} positions",
            allowed="a position that is on every plate, or on none",
            next_step="leave the position out on every plate",
        )
    flat = stack.reshape(len(read), -1)
    spread = np.nanstd(flat, axis=1, ddof=1, keepdims=True)
    if np.any(spread == 0.0):
        raise MethodError(
            "a plate does not vary", given=f"plate {int(np.argmin(spread)) + 1}", allowed="plates that vary"
        )
    z = (flat - np.nanmean(flat, axis=1, keepdims=True)) / spread
    order = np.arange(len(read)) - (len(read) - 1) / 2.0
    slope = order @ z / (order @ order)
    rest = z - z.mean(axis=0) - order[:, None] * slope
    deviation = np.sqrt((rest**2).sum(axis=0) / (len(read) - 1))
    if np.any(deviation <= 1e-12):
        raise MethodError("a well position does not vary along the run", given="a spread of 0", allowed="a spread > 0")
    return WellCorrected(tuple(_rows(plate) for plate in (rest / deviation).reshape(stack.shape)))
