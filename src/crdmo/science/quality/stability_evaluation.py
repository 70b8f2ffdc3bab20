"""The evaluation of a stack of studies after ICH Q1E: four models, poolability, and the end of every line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .stability_bounds import RANKED, SIDES, Ends, Lines, Outcome, first_ends, rank
from .stability_fit import MODELS, Array, Fit, Stack, fit, own_mean_squares, p_of, t_quantile
from .stability_study import Options

# How the five evaluations are called; that with the pooled mean square comes from all batches together.
POOLED, INDIVIDUAL = "dids pooled", "dids individual"
LABELS = (POOLED, "dics", "cids", "cics", INDIVIDUAL)


@dataclass(frozen=True)
class Evaluated:
    """One model over a stack: its fit, the error used for each batch, and where each bound ends."""

    fit: Fit
    mean_square: Array
    df: Array
    lines: Lines
    ends: Ends

    @property
    def worst(self) -> NDArray[np.intp]:
        """The batch of each study whose bound ends first."""
        return np.asarray(rank(self.ends.code, self.ends.months).argmin(axis=1))

    def outcome(self, study: int, batch: int) -> tuple[Outcome, float | None, str]:
        """Return how the line of one batch ends: outcome, months, and the side that ends it (none where none does)."""
        found = RANKED[self.ends.code[study, batch]]
        months = float(self.ends.months[study, batch])
        side = "" if found is Outcome.NO_INTERSECTION else SIDES[self.ends.side[study, batch]]
        return found, months if found is Outcome.FOUND else None, side


@dataclass(frozen=True)
class Poolability:
    """The tests of each study, and the model that they lead to (a place in `LABELS`)."""

    p_slope: Array
    p_intercept: Array
    chosen: NDArray[np.intp]


def bounded(data: Stack, label: str, fitted: Fit, options: Options) -> tuple[Array, Array, Lines]:
    """Return the mean square and degrees of freedom of each batch, and its line with the spread of its bound."""
    shape = fitted.intercept.shape
    if label == INDIVIDUAL:
        mean_square, df = own_mean_squares(data, fitted)
    else:
        mean_square = np.broadcast_to(fitted.mean_square[:, None], shape)
        df = np.broadcast_to(fitted.df[:, None], shape)
    scale = t_quantile(options.confidence, options.sides, df) ** 2 * mean_square
    c0, c1, c2 = fitted.covariance
    single = 1.0 if options.band == "prediction" else 0.0
    spread = (scale * (c0 + single), scale * c1, scale * c2)
    return mean_square, df, Lines(fitted.intercept, fitted.slope, spread)


def fits_of(data: Stack) -> dict[str, Fit]:
    """Fit the four models to every study of a stack."""
    return {model: fit(data, model) for model in MODELS}


def evaluated(
    data: Stack, label: str, fits: Mapping[str, Fit], options: Options, lower: Array | None, upper: Array | None
) -> Evaluated:
    """Return where the bounds of one model end; the limits are arrays that broadcast to studies × batches."""
    fitted = fits[label.split(maxsplit=1)[0]]
    mean_square, df, lines = bounded(data, label, fitted, options)
    ends = first_ends(lines, *(None if end is None else np.broadcast_to(end, df.shape) for end in (lower, upper)))
    return Evaluated(fitted, mean_square, df, lines, ends)


def poolability(data: Stack, fits: Mapping[str, Fit], options: Options) -> Poolability:
    """Test slopes first, then intercepts, each on the mean square of the full model, and name the model."""
    count = data.batches
    full = fits["dids"]
    if count == 1:
        nothing = np.full(len(full.rss), np.nan)
        return Poolability(nothing, nothing, np.full(len(full.rss), LABELS.index("cics")))
    p_slope = p_of(fits["dics"], full, full, count - 1)
    p_intercept = p_of(fits["cics"], fits["dics"], full, count - 1)
    separate = INDIVIDUAL if options.mean_square == "individual" else POOLED
    chosen = np.where(p_intercept < options.alpha_pool, LABELS.index("dics"), LABELS.index("cics"))
    return Poolability(p_slope, p_intercept, np.where(p_slope < options.alpha_pool, LABELS.index(separate), chosen))
