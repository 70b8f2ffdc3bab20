"""The contours of a fitted surface."""

from __future__ import annotations

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Figure, contour_map
from crdmo.science.figures.drawing import ticks

from .surface_contour import SurfaceContour


@figure("process.surface_contour")
def contour_figure(result: SurfaceContour, *, title: str = "") -> Figure:
    """Draw lines of equal fitted mean.

    Args:
        result: the grid.
        title: of the picture; by default the response and its factors.
    """
    flat = [value for row in result.values for value in row]
    low, high = min(flat), max(flat)
    levels = [v for v in ticks(low, high, 7) if low < v < high][:9] or [low]
    fixed = ", ".join(f"{name} {value:g}" for name, value in result.fixed.items())
    unit = f" {result.unit}" if result.unit else ""
    return contour_map(
        title or f"{result.response}{f' ({result.unit})' if result.unit else ''}: fitted mean",
        result.xs,
        result.ys,
        result.values,
        x=Axis(result.x.name, result.x.unit),
        y=Axis(result.y.name, result.y.unit),
        levels=levels,
        finding=f"The fitted mean runs from {low:.4g} to {high:.4g}{unit}{f' at {fixed}' if fixed else ''}.",
    )
