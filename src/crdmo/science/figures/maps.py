"""A map of a value over two quantities: tints between levels, a labelled line at each level, blank where nothing is known."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from . import drawing as d
from .scales import Axis, Figure, Frame, Scale, Table

Grid = Sequence[Sequence[float | None]]
MOST_LEVELS = 9
LEAST_TINT, MOST_TINT = 0.04, 0.62


def contour_map(
    title: str,
    xs: Sequence[float],
    ys: Sequence[float],
    values: Grid,
    *,
    x: Axis,
    y: Axis,
    levels: Sequence[float],
    level_words: Sequence[str] = (),
    firm: float | None = None,
    points: Sequence[tuple[float, float]] = (),
    box: tuple[float, float, float, float] | None = None,
    finding: str,
    width: int = 640,
    height: int = 460,
) -> Figure:
    """Draw values at the grid `xs` by `ys` (a row of `values` is one y). None is left blank.

    Args:
        title: what it shows.
        xs: increasing places along the level axis.
        ys: increasing places along the upright axis.
        values: one row for each of `ys`.
        x: the level axis.
        y: the upright axis.
        levels: increasing, at most nine.
        level_words: what is written at each level; by default its number.
        firm: the level that is drawn as a limit.
        points: places of runs.
        box: x low, x high, y low, y high of a range to frame.
        finding: the sentence that says what it shows.
        width: of the picture.
        height: of the picture.

    Raises:
        ValueError: the grid is not complete, not increasing, or there are too many levels.
    """
    _check(xs, ys, values, levels)
    words = list(level_words) or d.tick_words(levels)
    frame = Frame(
        Scale(x, xs[0], xs[-1], 38 + d.width_of(max(d.tick_words(d.ticks(ys[0], ys[-1])), key=len), 12), width - 70.0),
        Scale(y, ys[0], ys[-1], height - 52.0, 40.0),
    )
    body = [d.text(16, 20, d.shortened(title, width - 32, 15), size=15, weight="600")]
    body += _tints(frame, xs, ys, values, levels) + frame.draw_axes()
    for level, word in zip(levels, words, strict=True):
        body += _line(frame, xs, ys, values, level, word, level == firm)
    body += [d.mark(2, *frame.place(*point), size=3.5) for point in points if frame.holds(*point)]
    if box is not None:
        left, bottom = frame.place(box[0], box[2])
        right, top = frame.place(box[1], box[3])
        body.append(d.box(left, top, right - left, bottom - top, fill="none", stroke=d.MARK, stroke_width=2, css="mk"))
    svg = d.wrap(title, finding, width, height, body)
    return Figure(title, finding, svg, _table(xs, ys, values, x, y), width, height)


def _check(xs: Sequence[float], ys: Sequence[float], values: Grid, levels: Sequence[float]) -> None:
    if len(xs) < 2 or len(ys) < 2 or len(values) != len(ys) or any(len(row) != len(xs) for row in values):
        raise ValueError(
            f"a map needs a value for each place; given: {len(xs)} by {len(ys)} places, {len(values)} rows"
        )
    for name, places in (("x", xs), ("y", ys), ("levels", levels)):
        if any(b <= a for a, b in pairwise(places)):
            raise ValueError(f"places of a map increase; given for {name}: {places}")
    if not 1 <= len(levels) <= MOST_LEVELS:
        raise ValueError(f"a map has 1 to {MOST_LEVELS} levels; given: {len(levels)}")


def _tints(frame: Frame, xs: Sequence[float], ys: Sequence[float], values: Grid, levels: Sequence[float]) -> list[str]:
    """Tint cells by the band of their mean; neighbours of one band are one rectangle."""
    body = []
    for j in range(len(ys) - 1):
        start, band = 0, _band(values, levels, 0, j)
        for i in range(1, len(xs)):
            here = _band(values, levels, i, j) if i < len(xs) - 1 else -2
            if here == band:
                continue
            if band >= 0:
                left, bottom = frame.place(xs[start], ys[j])
                right, top = frame.place(xs[i], ys[j + 1])
                tint = LEAST_TINT + (MOST_TINT - LEAST_TINT) * band / len(levels)
                body.append(
                    d.box(
                        left,
                        top,
                        right - left,
                        bottom - top,
                        fill=d.COLOURS[0],
                        fill_opacity=tint,
                        shape_rendering="crispEdges",
                        css="f1",
                    )
                )
            start, band = i, here
    return body


def _band(values: Grid, levels: Sequence[float], i: int, j: int) -> int:
    corners = [values[j][i], values[j][i + 1], values[j + 1][i], values[j + 1][i + 1]]
    known = [v for v in corners if v is not None and math.isfinite(v)]
    return bisect_right(list(levels), sum(known) / 4.0) if len(known) == 4 else -1


def _line(
    frame: Frame, xs: Sequence[float], ys: Sequence[float], values: Grid, level: float, word: str, firm: bool
) -> list[str]:
    pieces = list(_pieces(xs, ys, values, level))
    if not pieces:
        return []
    colour, css = (d.LIMIT, "lim") if firm else (d.TEXT, "s3")
    path = "".join(d.path_of([frame.place(*a), frame.place(*b)]) for a, b in pieces)
    rest = d.attributes(stroke=colour, stroke_width=2 if firm else 1, css=css)
    end = max((point for piece in pieces for point in piece), key=lambda p: (p[0], p[1]))
    at, up = frame.place(*end)
    place = at + 4 if at > frame.right - 2 else at - 4
    anchor = "start" if at > frame.right - 2 else "end"
    words = "limt" if firm else "fg"
    return [
        f'<path d="{path}" fill="none" {rest}/>',
        d.text(place, up + 4, word, size=11, anchor=anchor, colour=colour, css=words, halo=True),
    ]


def _pieces(xs: Sequence[float], ys: Sequence[float], values: Grid, level: float) -> Iterator[tuple[d.Point, d.Point]]:
    """Yield straight pieces of a level's line: each cell is cut into two triangles, which leaves no doubt at saddles."""
    for j in range(len(ys) - 1):
        for i in range(len(xs) - 1):
            a, b = (xs[i], ys[j], values[j][i]), (xs[i + 1], ys[j], values[j][i + 1])
            c, e = (xs[i + 1], ys[j + 1], values[j + 1][i + 1]), (xs[i], ys[j + 1], values[j + 1][i])
            for triangle in ((a, b, c), (a, c, e)):
                cuts = [cut for p, q in pairwise((*triangle, triangle[0])) if (cut := _cut(p, q, level)) is not None]
                if len(cuts) == 2:
                    yield cuts[0], cuts[1]


def _cut(p: tuple[float, float, float | None], q: tuple[float, float, float | None], level: float) -> d.Point | None:
    low, high = p[2], q[2]
    if low is None or high is None or (low >= level) == (high >= level):
        return None
    part = (level - low) / (high - low)
    return p[0] + part * (q[0] - p[0]), p[1] + part * (q[1] - p[1])


def _table(xs: Sequence[float], ys: Sequence[float], values: Grid, x: Axis, y: Axis) -> Table:
    """The grid, thinned to about eleven rows and columns."""
    across, up = max(1, len(xs) // 10), max(1, len(ys) // 10)
    head = (f"{y.label()} \\ {x.label()}", *(x.written(v) for v in xs[::across]))
    return (
        head,
        *(
            (y.written(ys[j]), *("" if v is None else d.number(v) for v in values[j][::across]))
            for j in range(0, len(ys), up)
        ),
    )
