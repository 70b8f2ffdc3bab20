"""The map of a design space: the chance to meet every attribute, and the line of the reliability that is asked for."""

from __future__ import annotations

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Figure, contour_map

from .design_space import SpaceMap

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


@figure("process.design_space_map")
def design_space_figure(result: SpaceMap, *, title: str = "", box: str = "") -> Figure:
    """Draw the probability of meeting every attribute; blank is outside the region studied.

    Args:
        result: the map.
        title: of the picture.
        box: a range to frame: x low, x high, y low, y high in natural units, parted by spaces.
    """
    asked = result.reliability
    levels = sorted({asked, *(level for level in LEVELS if abs(level - asked) > 0.02)})
    known = [p for row in result.probabilities for p in row if p is not None]
    limits = "; ".join(
        f"{c.response} {' to '.join(p for p in (_end('≥', c.lower), _end('≤', c.upper)) if p)}" for c in result.criteria
    )
    fixed = ", ".join(f"{name} {value:g}" for name, value in result.fixed.items())
    ends = [float(part) for part in box.split()]
    return contour_map(
        title or f"Chance of meeting every attribute{f' at {fixed}' if fixed else ''}",
        result.xs,
        result.ys,
        result.probabilities,
        x=Axis(result.x.name, result.x.unit),
        y=Axis(result.y.name, result.y.unit),
        levels=levels[-9:],
        level_words=[f"{100 * level:g} %" for level in levels[-9:]],
        firm=asked,
        points=result.runs,
        box=(ends[0], ends[1], ends[2], ends[3]) if len(ends) == 4 else None,
        finding=f"Chance from {100 * min(known):.3g} to {100 * max(known):.3g} %; {100 * result.share_inside:.0f} % of the "
        f"points studied reach {100 * asked:g} %. Criteria: {limits}. Dots are the runs.",
    )


def _end(sign: str, value: float | None) -> str:
    return "" if value is None else f"{sign} {value:g}"
