"""Which logistic the data support: a constant, three, four or five parameters, by AICc and by F tests of each step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from crdmo.science.checks import finite_numbers
from crdmo.science.method import MethodError, method

from .curve_fit import fit_curve


@dataclass(frozen=True)
class Candidate:
    """A curve with this number of parameters; 1 is a constant. F and p compare 4 with 3, and 5 with 4."""

    parameters: int
    rss: float
    degrees_of_freedom: int
    aicc: float
    weight: float
    f: float | None
    p: float | None


@dataclass(frozen=True)
class CurveChoice:
    """Candidates by number of parameters; `best` by AICc; what could not be fitted, with the reason."""

    candidates: tuple[Candidate, ...]
    best: int
    left_out: tuple[str, ...]


@method(
    "discovery.curve_choice",
    version="1.0",
    title="Choice of a logistic curve",
    source="Burnham KP, Anderson DR (2002) Model Selection and Multimodel Inference, 2.4; Bates DM, Watts DG (1988), 3.10",
    tolerance=1e-6,
)
def choose_curve(
    *, dose: Sequence[float], response: Sequence[float], weights: Sequence[float] | None = None
) -> CurveChoice:
    """Compare a constant and logistics of three (bottom 0), four and five parameters on the same data.

    Args:
        dose: of each response, 0 or more, any one unit.
        response: any one unit.
        weights: of each response, greater than 0.

    Raises:
        MethodError: as `discovery.curve_fit` with four parameters.

    A model is chosen once for an assay and not curve by curve: this table is for that decision. F tests compare
    four parameters with three, and five with four; whether there is a response at all is said by `discovery.curve_fit`.
    """
    fits = {4: fit_curve(dose=dose, response=response, weights=weights)}
    left_out = []
    for number in (3, 5):
        try:
            fits[number] = fit_curve(dose=dose, response=response, weights=weights, parameters=number)
        except MethodError as error:
            left_out.append(f"{number} parameters: {error}")
    y = finite_numbers("response", response)
    w = np.ones_like(y) if weights is None else finite_numbers("weights", weights)
    rss = float(np.sum(w * (y - np.average(y, weights=w)) ** 2))
    n = y.size
    likelihood = -n / 2 * (math.log(2 * math.pi * rss / n) + 1) + float(np.log(w).sum()) / 2
    rows = {1: (rss, n - 1, 4 - 2 * likelihood + (12 / (n - 3) if n > 3 else math.inf))}
    rows |= {k: (fit.rss, fit.degrees_of_freedom, fit.aicc) for k, fit in sorted(fits.items())}
    least = min(aicc for _, _, aicc in rows.values())
    odds = {k: math.exp(-(aicc - least) / 2) if aicc < math.inf else 0.0 for k, (_, _, aicc) in rows.items()}
    smaller = {4: 3, 5: 4}
    made = []
    for k, (left, df, aicc) in rows.items():
        f = p = None
        if smaller.get(k) in rows:
            before, before_df, _ = rows[smaller[k]]
            f = max(before - left, 0.0) / (before_df - df) / (max(left, 1e-300) / df)
            p = float(stats.f.sf(f, before_df - df, df))
        made.append(Candidate(k, left, df, aicc, odds[k] / sum(odds.values()), f, p))
    return CurveChoice(tuple(made), min(rows, key=lambda k: (rows[k][2], k)), tuple(left_out))
