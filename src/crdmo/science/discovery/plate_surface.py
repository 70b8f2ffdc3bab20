"""The pattern of a plate: Tukey's median polish and a local plane, over one plate or many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crdmo.science.method import MethodError

Plates = NDArray[np.float64]


@dataclass(frozen=True)
class Polish:
    """Value = overall + row effect + column effect + residual, for each plate; a missing well is NaN in `residuals`."""

    overall: NDArray[np.float64]
    rows: NDArray[np.float64]
    columns: NDArray[np.float64]
    residuals: Plates
    iterations: NDArray[np.int64]
    converged: NDArray[np.bool_]


def read_plate(wells: Sequence[Sequence[float | None]]) -> Plates:
    """Return a plate as a matrix with NaN where a well is None, or refuse one that is torn.

    Raises `MethodError` when rows differ in length, a value is not finite, or a row or column has no well.
    """
    lengths = {len(row) for row in wells}
    if len(wells) < 2 or len(lengths) != 1 or max(lengths) < 2:
        raise MethodError(
            "this is no plate",
            given=f"{len(wells)} rows of lengths {sorted(lengths)}",
            allowed="at least 2 rows and 2 columns, every row of the same length",
            next_step="give None for a well that is empty or knocked out",
        )
    wrong = [
        (i, j) for i, row in enumerate(wells, 1) for j, v in enumerate(row, 1) if v is not None and not np.isfinite(v)
    ]
    if wrong:
        raise MethodError(
            f"the well in row {wrong[0][0]}, column {wrong[0][1]} has no finite value",
            given=str(wells[wrong[0][0] - 1][wrong[0][1] - 1]),
            allowed="finite numbers, None for a well that is left out",
            next_step="knock the well out with a reason, or correct it at its source",
        )
    plate = np.array([[np.nan if v is None else float(v) for v in row] for row in wells])
    there = np.isfinite(plate)
    if not (there.any(axis=0).all() and there.any(axis=1).all()):
        raise MethodError(
            "a row or a column of the plate has no well with a value",
            given=f"{int(there.sum())} of {plate.size} wells",
            allowed="at least one value in every row and column",
            next_step="leave the empty rows and columns out of the plate",
        )
    return plate


def median_polish(plates: Plates, *, eps: float = 1e-5, most: int = 200) -> Polish:
    """Take row and column medians off in turn until the sum of absolute residuals changes by less than `eps` of it.

    Parameters: `plates` with the shape (plates, rows, columns), NaN where a well is missing; every plate stops on its
    own, so a plate gets the same answer alone and among others. Rows go first. Source: Tukey JW (1977) Exploratory
    Data Analysis, chapter 11.
    """
    z = plates.copy()
    n, rows, columns = z.shape
    overall, r, c = np.zeros(n), np.zeros((n, rows)), np.zeros((n, columns))
    before, iterations, running = np.zeros(n), np.zeros(n, dtype=np.int64), np.arange(n)
    for _ in range(most):
        part = z[running]
        step = np.nanmedian(part, axis=2)
        part = part - step[:, :, None]
        r[running] += step
        shift = np.median(c[running], axis=1)
        c[running] -= shift[:, None]
        overall[running] += shift
        step = np.nanmedian(part, axis=1)
        part = part - step[:, None, :]
        c[running] += step
        shift = np.median(r[running], axis=1)
        r[running] -= shift[:, None]
        overall[running] += shift
        z[running] = part
        iterations[running] += 1
        now = np.nansum(np.abs(part), axis=(1, 2))
        going = ~((now == 0.0) | (np.abs(now - before[running]) < eps * now))
        before[running] = now
        running = running[going]
        if running.size == 0:
            break
    converged = np.ones(n, dtype=bool)
    converged[running] = False
    return Polish(overall, r, c, z, iterations, converged)


def local_plane(plate: Plates, *, span: float) -> Plates:
    """Return the smooth surface of a plate: at each well a plane through the nearest share `span` of the wells.

    Tricube weights by distance in wells (Cleveland & Devlin 1988, J Am Stat Assoc 83:596-610, degree 1, no
    robustness step).
    """
    grid: NDArray[np.int64] = np.indices(plate.shape)
    i, j = grid[0], grid[1]
    there = np.isfinite(plate)
    known = np.column_stack([i[there], j[there]]).astype(float)
    values = plate[there]
    places = np.column_stack([i.ravel(), j.ravel()]).astype(float)
    apart = np.sqrt(((places[:, None, :] - known[None, :, :]) ** 2).sum(axis=2))
    k = max(int(np.ceil(span * values.size)), 6)
    reach = np.sort(apart, axis=1)[:, min(k, values.size) - 1 : min(k, values.size)] * (1.0 + 1e-9)
    weights = np.clip(1.0 - (apart / reach) ** 3, 0.0, None) ** 3
    x = np.concatenate([np.ones((*apart.shape, 1)), known[None, :, :] - places[:, None, :]], axis=2)
    normal = np.einsum("pka,pk,pkb->pab", x, weights, x)
    right = np.einsum("pka,pk,k->pa", x, weights, values)
    surface: Plates = np.linalg.solve(normal, right[:, :, None])[:, 0, 0].reshape(plate.shape)
    return surface
