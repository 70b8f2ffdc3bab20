"""What a design can see before a run is made: power, leverage and variance inflation for a model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from crdmo.science.checks import positive, share
from crdmo.science.method import MethodError, method
from crdmo.science.process.factors import Factor, checked_factors, to_coded
from crdmo.science.process.surface_model import Order, columns, term_name, terms_of


@dataclass(frozen=True)
class TermPower:
    """The chance that a term is found significant when the response moves by the stated amount."""

    name: str
    power: float
    relative_standard_error: float
    variance_inflation: float | None


@dataclass(frozen=True)
class DesignEvaluation:
    """Degrees of freedom, leverage and power of a design for a model."""

    runs: int
    coefficients: int
    residual_df: int
    pure_error_df: int
    greatest_leverage: float
    terms: tuple[TermPower, ...]


@method(
    "process.design_evaluation",
    version="1.0",
    source="Oehlert & Whitcomb 2001, Sizing fixed effects for computing power; noncentral t",
    title="Power and leverage of a design",
)
def design_evaluation(
    *,
    factors: tuple[Factor, ...],
    settings: tuple[tuple[float, ...], ...],
    order: Order = "first",
    signal_to_noise: float = 2.0,
    significance: float = 0.05,
) -> DesignEvaluation:
    """Return what runs at `settings` (natural units) can see.

    `signal_to_noise` is the change of the response from low to high, in standard deviations of a run: a linear term or
    interaction then has the coefficient signal/2, a square (from centre to end) the coefficient signal.

    Raises:
        MethodError: too few runs for the model, or terms that the design cannot tell apart.
    """
    checked_factors(factors)
    positive("signal to noise", signal_to_noise)
    share("significance", significance)
    coded = to_coded(factors, settings)
    terms = terms_of(len(factors), order)
    x = columns(terms, coded)
    df = len(x) - x.shape[1]
    if df < 1 or np.linalg.matrix_rank(x) < x.shape[1]:
        raise MethodError(
            "this design cannot carry the model",
            given=f"{len(x)} runs, {x.shape[1]} coefficients, rank {np.linalg.matrix_rank(x)}",
            allowed="more runs than coefficients, and columns that can be told apart",
            next_step="take a smaller model or a larger design",
        )
    inverse = np.linalg.inv(x.T @ x)
    spread = np.sum((x - x.mean(axis=0)) ** 2, axis=0)
    bound = float(stats.t.ppf(1.0 - significance / 2.0, df))
    names = [f.name for f in factors]
    made = []
    for i, term in list(enumerate(terms))[1:]:
        size = signal_to_noise if len(term) == 2 and term[0] == term[1] else signal_to_noise / 2.0
        error = float(np.sqrt(inverse[i, i]))
        shift = size / error
        power = float(stats.nct.sf(bound, df, shift) + stats.nct.cdf(-bound, df, shift))
        made.append(TermPower(term_name(term, names), power, error, float(inverse[i, i] * spread[i])))
    distinct = len(np.unique(np.round(coded, 9), axis=0))
    leverage = np.einsum("ij,jk,ik->i", x, inverse, x)
    return DesignEvaluation(len(x), x.shape[1], df, len(x) - distinct, float(leverage.max()), tuple(made))
