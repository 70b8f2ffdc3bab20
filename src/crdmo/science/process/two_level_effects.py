"""Effects of a two-level factorial without replicates, and Lenth's margin of error for them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from crdmo.science.checks import finite_numbers, same_length, share, table_of_numbers
from crdmo.science.method import MethodError, method


@dataclass(frozen=True)
class TwoLevelEffect:
    """One effect: the mean at +1 less the mean at -1, twice the coded coefficient. In the unit of the response."""

    name: str
    effect: float
    coefficient: float
    exceeds_me: bool
    exceeds_sme: bool


@dataclass(frozen=True)
class TwoLevelEffects:
    """All effects with Lenth's pseudo standard error, margin of error and simultaneous margin of error."""

    mean: float
    effects: tuple[TwoLevelEffect, ...]
    pseudo_standard_error: float
    margin_of_error: float
    simultaneous_margin_of_error: float


@method(
    "process.two_level_effects",
    version="1.0",
    source="Lenth 1989, Technometrics 31:469; Montgomery, Design and Analysis of Experiments, 6.5",
    title="Effects of a two-level design with Lenth's margins",
)
def two_level_effects(
    *,
    names: tuple[str, ...],
    settings: tuple[tuple[float, ...], ...],
    responses: tuple[float, ...],
    confidence: float = 0.95,
) -> TwoLevelEffects:
    """Return the effect of each column. `settings` holds a run a row, coded -1 and +1; columns must be orthogonal.

    Raises:
        MethodError: a setting is not coded, columns are not balanced or not orthogonal, or there are under 3 effects.
    """
    table = table_of_numbers("settings", settings, at_least=4)
    y = finite_numbers("responses", responses)
    same_length("settings", table, "responses", y)
    same_length("names", names, "columns of settings", table[0])
    share("confidence", confidence)
    _check(names, table)
    effects = 2.0 * (table.T @ y) / y.size
    size = np.abs(effects)
    start = 1.5 * float(np.median(size))
    inert = size[size < 2.5 * start]
    pse = 1.5 * float(np.median(inert)) if inert.size else 0.0
    df = effects.size / 3.0
    simultaneous = (1.0 + math.pow(confidence, 1.0 / effects.size)) / 2.0
    me = pse * float(stats.t.ppf((1.0 + confidence) / 2.0, df))
    sme = pse * float(stats.t.ppf(simultaneous, df))
    listed = tuple(
        TwoLevelEffect(name, float(e), float(e) / 2.0, bool(abs(e) > me), bool(abs(e) > sme))
        for name, e in zip(names, effects, strict=True)
    )
    return TwoLevelEffects(float(y.mean()), listed, pse, me, sme)


def _check(names: Sequence[str], table: NDArray[np.float64]) -> None:
    if len(names) < 3 or len(set(names)) != len(names):
        raise MethodError("Lenth's margins need effects named once", given=", ".join(names), allowed="at least three")
    if not np.all(np.abs(table) == 1.0):
        raise MethodError(
            "a setting is not coded",
            given="values other than -1 and +1",
            allowed="-1 and +1",
            next_step="code natural units first, and leave centre points out",
        )
    full = np.column_stack([np.ones(len(table)), table])
    if np.any(full.T @ full != len(table) * np.eye(full.shape[1])):
        raise MethodError(
            "columns are not balanced and orthogonal",
            given="two columns that are correlated, aliased or unbalanced",
            allowed="orthogonal columns, one of each alias set",
            next_step="check the settings for an error of copying",
        )
