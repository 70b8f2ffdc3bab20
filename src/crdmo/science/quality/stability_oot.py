"""Out of trend: a new stability result against the history of its batch and of the batches before it.

The regression control chart: a line is fitted to what was known, and the new result is held against the prediction
interval at its month. Which line is a choice of the protocol, made before the result is seen; so the false-alarm rate
is the one that is stated. A point out of trend opens an investigation; it is not a failure by itself.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crdmo.science.checks import share
from crdmo.science.method import MethodError, method

from .stability_fit import Array, design, stack, t_quantile
from .stability_study import Study, read_study


class History(enum.Enum):
    """Which line says where the new result is expected.

    Own line: the earlier results of the batch alone. Common slope: all batches, each at its own height. Common line:
    all batches as one; what lies between batches must then be nothing.
    """

    OWN_LINE = "own line"
    COMMON_SLOPE = "common slope"
    COMMON_LINE = "common line"


@dataclass(frozen=True)
class RegressionControl:
    """Where the new result was expected, in the unit of the values, and whether it lies there."""

    expected: float
    lower: float
    upper: float
    is_out_of_trend: bool
    standardised: float
    df: int
    history: History
    false_alarm_rate: float
    reasons: tuple[str, ...]


@method(
    "quality.oot_regression",
    version="1.0",
    title="Out-of-trend check by regression control chart",
    source="PhRMA CMC Statistics and Stability Expert Teams, Pharm Technol 2003;27(4):38-52: regression control chart",
)
def oot_regression(
    *,
    batch: Sequence[str],
    month: Sequence[float],
    value: Sequence[float],
    new_batch: str,
    new_month: float,
    new_value: float,
    history: History = History.OWN_LINE,
    false_alarm_rate: float = 0.01,
) -> RegressionControl:
    """Hold a new result against the prediction interval of the line through earlier ones.

    Args:
        batch: batch of each earlier result; with other batches too where `history` uses them.
        month: time of each earlier result, months.
        value: each earlier result, unrounded.
        new_batch: batch of the new result.
        new_month: its time.
        new_value: the new result, in the unit of the others.
        history: which line it is held against, as the protocol says.
        false_alarm_rate: probability that a result in trend is flagged.

    Raises:
        MethodError: too few earlier results for the line and an error, or a rate that is no share.

    Source: PhRMA (2003). Under normal errors the rate is exact for a line that was chosen beforehand.

    >>> found = oot_regression(batch=["A"] * 5, month=[0, 3, 6, 9, 12], value=[100.1, 99.6, 98.9, 98.6, 97.9],
    ...                        new_batch="A", new_month=18, new_value=95.1)
    >>> found.is_out_of_trend, round(found.expected, 2)
    (True, 96.86)
    """
    rate = share("false_alarm_rate", false_alarm_rate)
    study = _history(read_study([*batch, new_batch], [*month, new_month], [*value, new_value]), history)
    row, fitted, unscaled, mean_square, df = _fitted(study, history)
    spread = float(np.sqrt(mean_square * (1.0 + row @ unscaled @ row)))
    half = float(t_quantile(1.0 - rate, 2, np.asarray(float(df)))) * spread
    expected = float(row @ fitted)
    distance = new_value - expected
    noise = 1e-9 * max(abs(expected), abs(new_value))
    out = abs(distance) > half + noise
    standardised = (
        0.0 if abs(distance) <= noise else distance / spread if spread > 0 else float(np.copysign(np.inf, distance))
    )
    told = (
        f"{history.value} through {len(study.index) - 1} earlier results of {len(set(study.index[:-1]))} "
        f"{'batch' if len(set(study.index[:-1])) == 1 else 'batches'}, {df} degrees of freedom",
        f"expected {expected:.5g} between {expected - half:.5g} and {expected + half:.5g} at month {new_month:g} "
        f"for {1 - rate:.4g} of results in trend",
        f"found {new_value:g}: {'out of trend' if out else 'in trend'}",
    )
    return RegressionControl(expected, expected - half, expected + half, out, standardised, df, history, rate, told)


def _history(study: Study, history: History) -> Study:
    """Return the points that the line is fitted to, with the new one last."""
    own = study.names[study.index[-1]]
    if history is not History.OWN_LINE:
        return study
    here = [i for i, number in enumerate(study.index) if study.names[number] == own]
    return Study((own,), (0,) * len(here), study.months[here], study.values[here])


def _fitted(study: Study, history: History) -> tuple[Array, Array, Array, float, int]:
    """Return the design of the new result, and coefficients, covariance, mean square and df of the earlier ones."""
    model = "dics" if history is History.COMMON_SLOPE else "cics"
    data = stack([(study.index, study.months, study.values)], len(study.names))
    x = design(data, model)[0]
    earlier, y, row = x[:-1], study.values[:-1], x[-1]
    df = len(y) - x.shape[1]
    if df < 1 or np.linalg.matrix_rank(earlier) < x.shape[1]:
        raise MethodError(
            f"there are too few earlier results for the {history.value} and an error",
            given=f"{len(y)} earlier results of {len(study.names)} batches for {x.shape[1]} coefficients",
            allowed="more results than coefficients, at two times or more; for a common slope one of the batch itself",
            next_step="Wait for the next pull, or choose another history in the protocol",
        )
    q, r = np.linalg.qr(earlier)
    inverse = np.linalg.inv(r)
    fitted = inverse @ (q.T @ y)
    residual = y - earlier @ fitted
    exact = (1e-12 * float(np.abs(y).max())) ** 2 * len(y)
    rss = float(residual @ residual)
    return row, fitted, inverse @ inverse.T, (0.0 if rss <= exact else rss) / df, df
