"""A fitted surface over two factors: the grid from which its contours are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from crdmo.science.checks import whole_number
from crdmo.science.method import MethodError, method
from crdmo.science.process.factors import Factor, to_coded, to_natural
from crdmo.science.process.surface_model import SurfaceModel, predict


@dataclass(frozen=True)
class SurfaceContour:
    """Fitted values over two factors, the others fixed; a row is a value of `y`. All in natural units."""

    response: str
    unit: str
    x: Factor
    y: Factor
    fixed: Mapping[str, float]
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]


@method(
    "process.surface_contour",
    version="1.0",
    source="Myers, Montgomery & Anderson-Cook, Response Surface Methodology 3e, 6",
    title="Contours of a fitted surface",
)
def surface_contour(
    *, model: SurfaceModel, x: str, y: str, fixed: Mapping[str, float] | None = None, steps: int = 31
) -> SurfaceContour:
    """Return the fitted mean over the coded square of `x` and `y`; other factors at `fixed`, else at the centre.

    Raises:
        MethodError: factors that the model lacks, or a fixed value beyond its range.
    """
    names = [factor.name for factor in model.factors]
    fixed = dict(fixed or {})
    if x == y or {x, y, *fixed} - set(names) or {x, y} & set(fixed):
        raise MethodError(
            "these factors cannot be drawn",
            given=f"{x}, {y}, fixed {', '.join(fixed) or 'none'}",
            allowed=f"two different ones of {', '.join(names)}, the fixed ones among the rest",
        )
    if whole_number("steps", steps, at_least=5) > 201:
        raise MethodError("too many steps", given=str(steps), allowed="5 to 201")
    for factor in model.factors:
        if factor.name in fixed and not factor.low <= fixed[factor.name] <= factor.high:
            raise MethodError(
                f"{factor.name} is fixed outside its range",
                given=f"{fixed[factor.name]:g} {factor.unit}",
                allowed=f"{factor.low:g} to {factor.high:g} {factor.unit}",
            )
    i, j = names.index(x), names.index(y)
    centre = [fixed.get(f.name, f.centre) for f in model.factors]
    grid = np.tile(to_coded(model.factors, [centre]), (steps * steps, 1))
    line = np.linspace(-1.0, 1.0, steps)
    grid[:, i], grid[:, j] = np.tile(line, steps), np.repeat(line, steps)
    natural, values = to_natural(model.factors, grid), predict(model, grid).reshape(steps, steps)
    return SurfaceContour(
        model.response,
        model.unit,
        model.factors[i],
        model.factors[j],
        {f.name: centre[m] for m, f in enumerate(model.factors) if m not in (i, j)},
        tuple(natural[:steps, i].tolist()),
        tuple(natural[::steps, j].tolist()),
        tuple(tuple(row) for row in values.tolist()),
    )
