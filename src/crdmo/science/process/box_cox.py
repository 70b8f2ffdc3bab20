"""The power that makes residuals normal: Box–Cox by maximum likelihood with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from crdmo.science.checks import finite_numbers, same_length, share, table_of_numbers
from crdmo.science.method import MethodError, method
from crdmo.science.process.factors import Matrix

REACH = 5.0


@dataclass(frozen=True)
class BoxCox:
    """The best power, its confidence interval, and the log likelihoods on a grid of powers."""

    power: float
    lower: float
    upper: float
    confidence: float
    powers: tuple[float, ...]
    log_likelihoods: tuple[float, ...]


@method(
    "process.box_cox",
    version="1.0",
    source="Box & Cox 1964, J. R. Stat. Soc. B 26:211; NIST/SEMATECH e-Handbook 6.5.2",
    title="Box–Cox power transformation",
)
def box_cox(
    *, responses: tuple[float, ...], model: tuple[tuple[float, ...], ...] | None = None, confidence: float = 0.95
) -> BoxCox:
    """Return the power λ of (y^λ − 1)/λ with the greatest likelihood; `model` holds the columns of the fit.

    Without a model the mean alone is fitted. Powers from −5 to 5 are searched.

    Raises:
        MethodError: a response of zero or less, or no freedom left over.
    """
    y = finite_numbers("responses", responses, at_least=3)
    share("confidence", confidence)
    if np.min(y) <= 0.0 or np.ptp(y) == 0.0:
        raise MethodError(
            "a power needs positive responses that vary",
            given=f"{np.min(y):g} to {np.max(y):g}",
            allowed="greater than 0",
            next_step="add a constant that has a meaning, or keep the unit as it is",
        )
    x = np.ones((y.size, 1)) if model is None else table_of_numbers("model", model)
    same_length("model", x, "responses", y)
    if np.linalg.matrix_rank(x) >= y.size:
        raise MethodError("the model leaves no residual", given=f"{x.shape[1]} columns", allowed=f"under {y.size}")

    def minus(power: float) -> float:
        return -_log_likelihood(x, y, power)

    best = float(optimize.minimize_scalar(minus, bounds=(-REACH, REACH), method="bounded", options={"xatol": 1e-9}).x)
    top = -minus(best)
    drop = float(stats.chi2.ppf(confidence, 1)) / 2.0
    ends = []
    for far in (-REACH, REACH):
        inside = top + minus(far) < drop
        ends.append(
            far if inside else float(optimize.brentq(lambda p: top + minus(p) - drop, min(far, best), max(far, best)))
        )
    grid = np.linspace(-2.0, 2.0, 41)
    return BoxCox(
        best, ends[0], ends[1], confidence, tuple(grid.tolist()), tuple(_log_likelihood(x, y, p) for p in grid.tolist())
    )


def _log_likelihood(x: Matrix, y: Matrix, power: float) -> float:
    logs = np.log(y)
    # expm1 keeps the form smooth through the logarithm at λ = 0.
    z = logs if abs(power) < 1e-12 else np.expm1(power * logs) / power
    residual = z - x @ np.linalg.lstsq(x, z, rcond=None)[0]
    return float(-y.size / 2.0 * np.log(residual @ residual / y.size) + (power - 1.0) * np.sum(logs))
