"""Response surfaces by least squares: coded and natural coefficients, analysis of variance, prediction and influence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from crdmo.science.checks import finite_numbers, same_length
from crdmo.science.method import MethodError, method
from crdmo.science.process.factors import Factor, Matrix, checked_factors, to_coded
from crdmo.science.process.lack_of_fit import lack_of_fit
from crdmo.science.process.surface_model import (
    Order,
    SurfaceModel,
    Term,
    columns,
    natural_coefficients,
    term_name,
    terms_of,
)


@dataclass(frozen=True)
class SurfaceTerm:
    """A term in coded units with its test, its variance inflation and its coefficient in natural units.

    `sum_of_squares` is partial (type III): what is lost when this term alone is left out.
    """

    name: str
    coefficient: float
    standard_error: float
    t: float
    p: float
    sum_of_squares: float
    variance_inflation: float | None
    natural_coefficient: float | None


@dataclass(frozen=True)
class AnovaRow:
    """A row of the analysis of variance. Sums of squares of model rows are partial: given all other rows."""

    source: str
    df: int
    sum_of_squares: float
    mean_square: float
    f: float | None
    p: float | None


@dataclass(frozen=True)
class SurfaceRun:
    """What the model says of one run. `studentized` is the external one; None where the leverage is 1."""

    observed: float
    fitted: float
    residual: float
    leverage: float
    studentized: float | None
    cook: float | None


@dataclass(frozen=True)
class ResponseSurface:
    """A fitted surface. `lack_of_fit_refused` says why lack of fit was not tested, where it was not."""

    model: SurfaceModel
    terms: tuple[SurfaceTerm, ...]
    anova: tuple[AnovaRow, ...]
    runs: tuple[SurfaceRun, ...]
    residual_df: int
    residual_sd: float
    r_squared: float
    adjusted_r_squared: float
    predicted_r_squared: float | None
    press: float | None
    lack_of_fit_p: float | None
    lack_of_fit_refused: str


@method(
    "process.response_surface",
    version="1.0",
    source="Myers, Montgomery & Anderson-Cook, Response Surface Methodology 3e, 2 and 7; Lenth 2009, J. Stat. Softw. 32(7)",
    title="Response surface with analysis of variance, lack of fit and prediction",
)
def response_surface(
    *,
    factors: tuple[Factor, ...],
    settings: tuple[tuple[float, ...], ...],
    responses: tuple[float, ...],
    order: Order = "second",
    blocks: tuple[str, ...] | None = None,
    without: tuple[str, ...] = (),
    response: str = "response",
    unit: str = "",
) -> ResponseSurface:
    """Fit a full polynomial to runs. `settings` are in natural units, as they were achieved, a run a row.

    Terms named in `without`, such as "time × temp" or "temp²", are left out; a term that a higher one holds cannot be.
    Blocks shift the level only; the constant is that of the block of the first run. Replicates count as pure error
    inside their block.

    Raises:
        MethodError: too few runs for the model, terms that the design cannot tell apart, or responses that do not vary.
    """
    checked_factors(factors)
    coded = to_coded(factors, settings)
    y = finite_numbers("responses", responses)
    same_length("settings", coded, "responses", y)
    terms = _kept(terms_of(len(factors), order), [f.name for f in factors], without)
    x = design_matrix(terms, coded, blocks)
    check_estimable(x, y)
    inverse: Matrix = np.asarray(np.linalg.inv(x.T @ x), dtype=np.float64)
    beta = inverse @ x.T @ y
    fitted = x @ beta
    residual, leverage = y - fitted, np.einsum("ij,jk,ik->i", x, inverse, x)
    df = y.size - x.shape[1]
    rss, total = float(residual @ residual), float(np.sum((y - y.mean()) ** 2))
    mse = rss / df
    model = SurfaceModel(response, unit, factors, terms, tuple(beta[: len(terms)].tolist()))
    names = [f.name for f in factors]
    labels = [term_name(t, names) for t in terms] + _block_names(blocks)
    tested, reason = _lack_of_fit(coded, x, y, blocks)
    open_leverage = bool(np.any(leverage > 1.0 - 1e-9))
    press = None if open_leverage else float(np.sum((residual / (1.0 - leverage)) ** 2))
    return ResponseSurface(
        model,
        _terms(labels, beta, inverse, mse, df, x, natural_coefficients(model)),
        (*_groups(terms, x, y, mse, df), *_error_rows(rss, df, tested)),
        _runs(y, fitted, leverage, mse, df, x.shape[1]),
        df,
        float(np.sqrt(mse)),
        1.0 - rss / total,
        1.0 - mse / (total / (y.size - 1)),
        None if press is None else 1.0 - press / total,
        press,
        tested[2] if tested else None,
        reason,
    )


def _kept(terms: tuple[Term, ...], names: list[str], without: Sequence[str]) -> tuple[Term, ...]:
    """Return the terms that are not left out; hierarchy is checked where natural units are worked out."""
    known = {term_name(term, names): term for term in terms if term}
    if unknown := [name for name in without if name not in known]:
        raise MethodError(
            "a term that is not in the model cannot be left out", given=", ".join(unknown), allowed=", ".join(known)
        )
    return tuple(term for term in terms if not term or term_name(term, names) not in without)


def design_matrix(terms: Sequence[tuple[int, ...]], coded: Matrix, blocks: Sequence[str] | None) -> Matrix:
    """Return the columns of the terms and of the blocks after the first."""
    x = columns(terms, coded)
    if blocks is None:
        return x
    same_length("blocks", blocks, "settings", coded)
    extra = [[float(b == name) for b in blocks] for name in list(dict.fromkeys(blocks))[1:]]
    return np.column_stack([x, *extra]) if extra else x


def check_estimable(x: Matrix, y: Matrix) -> None:
    """Refuse a model that the runs cannot carry, and responses that are all equal."""
    if x.shape[0] <= x.shape[1]:
        raise MethodError(
            "too few runs for this model",
            given=f"{x.shape[0]} runs for {x.shape[1]} coefficients",
            allowed="more runs than coefficients",
            next_step="take a smaller model, or augment the design",
        )
    rank = int(np.linalg.matrix_rank(x))
    if rank < x.shape[1]:
        raise MethodError(
            "the design cannot tell the terms of this model apart",
            given=f"{x.shape[1]} coefficients, of which {rank} can be estimated",
            allowed="a model that the design was made for",
            next_step="take a model of lower order, or add axial or centre points",
        )
    if np.ptp(y) <= 0.0:
        raise MethodError("the responses are all equal", given=f"{y[0]:g}", allowed="responses that vary")


def _block_names(blocks: Sequence[str] | None) -> list[str]:
    return [f"block {name}" for name in list(dict.fromkeys(blocks))[1:]] if blocks is not None else []


def _terms(
    labels: list[str], beta: Matrix, inverse: Matrix, mse: float, df: int, x: Matrix, natural: tuple[float, ...]
) -> tuple[SurfaceTerm, ...]:
    spread = np.sum((x - x.mean(axis=0)) ** 2, axis=0)
    made = []
    for i, label in enumerate(labels):
        se = float(np.sqrt(mse * inverse[i, i]))
        t = float(beta[i]) / se if se > 0.0 else float("inf")
        made.append(
            SurfaceTerm(
                label,
                float(beta[i]),
                se,
                t,
                float(2.0 * stats.t.sf(abs(t), df)),
                float(beta[i] ** 2 / inverse[i, i]),
                float(inverse[i, i] * spread[i]) if spread[i] > 0.0 else None,
                natural[i] if i < len(natural) else None,
            )
        )
    return tuple(made)


def _groups(terms: Sequence[tuple[int, ...]], x: Matrix, y: Matrix, mse: float, df: int) -> list[AnovaRow]:
    kinds = [
        "constant" if not t else "linear" if len(t) == 1 else "squares" if t[0] == t[1] else "interactions"
        for t in terms
    ] + ["blocks"] * (x.shape[1] - len(terms))
    full = _rss(x, y)
    rows = []
    for name in ("blocks", "linear", "interactions", "squares"):
        inside = np.array([kind == name for kind in kinds])
        if count := int(inside.sum()):
            ss = _rss(x[:, ~inside], y) - full
            f = ss / count / mse if mse > 0.0 else float("inf")
            rows.append(AnovaRow(name, count, ss, ss / count, f, float(stats.f.sf(f, count, df))))
    return rows


def _rss(x: Matrix, y: Matrix) -> float:
    return float(np.sum((y - x @ np.linalg.lstsq(x, y, rcond=None)[0]) ** 2))


Tested = tuple[tuple[AnovaRow, AnovaRow], float, float]


def _lack_of_fit(coded: Matrix, x: Matrix, y: Matrix, blocks: Sequence[str] | None) -> tuple[Tested | None, str]:
    try:
        made = lack_of_fit(
            # Rounded, so that the arithmetic of coding does not part two runs of the same setting.
            settings=tuple(tuple(row) for row in np.round(coded, 9).tolist()),
            model=tuple(tuple(row) for row in x.tolist()),
            responses=tuple(y.tolist()),
            blocks=tuple(blocks) if blocks is not None else None,
        )
    except MethodError as refusal:
        return None, str(refusal)
    lack = AnovaRow(
        "lack of fit",
        made.lack_of_fit_df,
        made.lack_of_fit_sum_of_squares,
        made.lack_of_fit_sum_of_squares / made.lack_of_fit_df,
        made.f,
        made.p,
    )
    pure = made.pure_error_sum_of_squares
    return (
        (lack, AnovaRow("pure error", made.pure_error_df, pure, pure / made.pure_error_df, None, None)),
        made.f,
        made.p,
    ), ""


def _error_rows(rss: float, df: int, tested: Tested | None) -> list[AnovaRow]:
    return [AnovaRow("residual", df, rss, rss / df, None, None), *(tested[0] if tested else ())]


def _runs(y: Matrix, fitted: Matrix, leverage: Matrix, mse: float, df: int, count: int) -> tuple[SurfaceRun, ...]:
    made = []
    for observed, value, h in zip(y.tolist(), fitted.tolist(), leverage.tolist(), strict=True):
        residual, free = observed - value, 1.0 - h
        without = (df * mse - residual**2 / free) / (df - 1) if free > 1e-9 and df > 1 else 0.0
        studentized = residual / np.sqrt(without * free) if without > 1e-12 * mse else None
        cook = residual**2 * h / (count * mse * free**2) if free > 1e-9 and mse > 0.0 else None
        made.append(SurfaceRun(observed, value, residual, h, None if studentized is None else float(studentized), cook))
    return tuple(made)
