"""Lack of fit against pure error, replicates counted within blocks only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from crdmo.science.checks import finite_numbers, same_length, table_of_numbers
from crdmo.science.method import MethodError, method


@dataclass(frozen=True)
class LackOfFit:
    """The fit and the test of its residual. Sums of squares are in the squared unit of the response."""

    coefficients: tuple[float, ...]
    standard_errors: tuple[float, ...]
    residual_sum_of_squares: float
    residual_df: int
    r_squared: float
    lack_of_fit_sum_of_squares: float
    lack_of_fit_df: int
    pure_error_sum_of_squares: float
    pure_error_df: int
    f: float
    p: float


@method(
    "process.lack_of_fit",
    version="1.0",
    source="Myers, Montgomery & Anderson-Cook, Response Surface Methodology 3e, 2.7 and Table 7.6",
    title="Least squares with lack of fit against pure error within blocks",
)
def lack_of_fit(
    *,
    settings: tuple[tuple[float, ...], ...],
    model: tuple[tuple[float, ...], ...],
    responses: tuple[float, ...],
    blocks: tuple[str, ...] | None = None,
) -> LackOfFit:
    """Fit `model` (a row a run, with its columns of ones and of blocks) and test what it leaves.

    Runs are replicates when `settings` and block are equal: a difference of blocks is no pure error.

    Raises:
        MethodError: the model has columns that depend on each other, or there are no replicates within a block, or no
            settings are left over to show lack of fit.
    """
    x = table_of_numbers("model", model, at_least=2)
    places = table_of_numbers("settings", settings)
    y = finite_numbers("responses", responses)
    labels = blocks if blocks is not None else ("",) * y.size
    for name, rows in (("model", x), ("settings", places), ("blocks", labels)):
        same_length("responses", y, name, rows)
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise MethodError(
            "columns of the model depend on each other",
            given=f"{x.shape[1]} columns of rank {np.linalg.matrix_rank(x)}",
            allowed="independent columns",
            next_step="leave out aliased terms",
        )
    cells: dict[tuple[object, ...], list[float]] = {}
    for place, label, value in zip(places.tolist(), labels, y.tolist(), strict=True):
        cells.setdefault((label, *place), []).append(value)
    pure_df, df = y.size - len(cells), y.size - x.shape[1]
    if pure_df < 1 or df <= pure_df:
        raise MethodError(
            "lack of fit cannot be tested",
            given=f"{pure_df} degrees of freedom of pure error and {df - pure_df} of lack of fit",
            allowed="at least one of each",
            next_step="replicate a setting within a block, or take a smaller model",
        )
    beta = np.linalg.lstsq(x, y, rcond=None)[0]
    residual = float(np.sum((y - x @ beta) ** 2))
    pure = float(sum(np.sum((np.asarray(v) - np.mean(v)) ** 2) for v in cells.values()))
    total = float(np.sum((y - y.mean()) ** 2))
    if pure <= 0.0:
        raise MethodError(
            "replicates are all equal", given="pure error of zero", allowed="replicates that were measured separately"
        )
    errors = np.sqrt(residual / df * np.diag(np.linalg.inv(x.T @ x)))
    lack, lack_df = residual - pure, df - pure_df
    f = (lack / lack_df) / (pure / pure_df)
    return LackOfFit(
        tuple(beta.tolist()),
        tuple(errors.tolist()),
        residual,
        df,
        1.0 - residual / total,
        lack,
        lack_df,
        pure,
        pure_df,
        f,
        float(stats.f.sf(f, lack_df, pure_df)),
    )
