"""What can be drawn into a chart. Each layer knows its values, how it draws itself, and its rows in the table."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field

from . import drawing as d
from .scales import Axis, Frame

Row = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Layer(ABC):
    """A series: name, number of its colour and shape, places and values."""

    name: str
    kind: int
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    above = 1

    @property
    def css(self) -> int:
        """The number of the colour's class."""
        return self.kind + 1

    @property
    def colour(self) -> str:
        """The colour in print."""
        return d.COLOURS[self.kind]

    def heights(self) -> Iterator[float]:
        """Yield every value that the upright axis must show."""
        yield from self.ys

    def widths(self) -> Iterator[float]:
        """Yield every value that the level axis must show."""
        yield from self.xs

    @abstractmethod
    def draw(self, frame: Frame) -> list[str]:
        """Draw it."""

    @abstractmethod
    def key(self, x: float, y: float) -> list[str]:
        """Draw its sample in the legend."""

    def rows(self, x: Axis, y: Axis) -> Iterator[Row]:
        """Yield its rows in the table: series, place, value, upper end, note."""
        for a, b in zip(self.xs, self.ys, strict=True):
            yield self.name, x.written(a), y.written(b), "", ""


@dataclass(frozen=True)
class Points(Layer):
    """Points; hollow ones were left out of the evaluation; a label stands beside its point."""

    hollow: frozenset[int] = frozenset()
    labels: dict[int, str] = field(default_factory=dict)
    above = 3

    def draw(self, frame: Frame) -> list[str]:
        """Draw it."""
        body = []
        for i, (x, y) in enumerate(zip(self.xs, self.ys, strict=True)):
            if not math.isfinite(x + y) or not frame.holds(x, y):
                continue
            at, up = frame.place(x, y)
            body.append(d.mark(self.kind, at, up, hollow=i in self.hollow))
            if i in self.labels:
                left = at > frame.right - d.width_of(self.labels[i], 12) - 12
                body.append(
                    d.text(
                        at + (-8 if left else 8),
                        up - 8,
                        self.labels[i],
                        size=12,
                        anchor="end" if left else "start",
                        colour=d.MUTED,
                        css="mut",
                        halo=True,
                    )
                )
        return body

    def key(self, x: float, y: float) -> list[str]:
        """Draw its sample in the legend."""
        return [d.mark(self.kind, x + 10, y)]

    def rows(self, x: Axis, y: Axis) -> Iterator[Row]:
        """Yield its rows in the table."""
        for i, (a, b) in enumerate(zip(self.xs, self.ys, strict=True)):
            left_out = "left out" if i in self.hollow else ""
            yield self.name, x.written(a), y.written(b), "", "; ".join(filter(None, (left_out, self.labels.get(i, ""))))


@dataclass(frozen=True)
class Line(Layer):
    """A line through values; `joined` sets a point on each."""

    joined: bool = False
    above = 2

    def draw(self, frame: Frame) -> list[str]:
        """Draw it."""
        path = d.path_of(frame.place(x, y) for x, y in zip(self.xs, self.ys, strict=True))
        body = [self._path(path)]
        if self.joined:
            body += [
                d.mark(self.kind, *frame.place(x, y), size=3.6)
                for x, y in zip(self.xs, self.ys, strict=True)
                if math.isfinite(x + y) and frame.holds(x, y)
            ]
        return body

    def _path(self, path: str) -> str:
        width, dash = (1.25, "") if self.joined else (2, d.DASHES[self.kind])
        rest = d.attributes(
            stroke=self.colour, stroke_width=width, stroke_dasharray=dash, stroke_linejoin="round", css=f"s{self.css}"
        )
        return f'<path d="{path}" fill="none" {rest}/>'

    def key(self, x: float, y: float) -> list[str]:
        """Draw its sample in the legend."""
        return [
            self._path(f"M{d.tidy(x - 1)} {d.tidy(y)}h22"),
            *([d.mark(self.kind, x + 10, y, size=3.6)] if self.joined else []),
        ]

    def rows(self, x: Axis, y: Axis) -> Iterator[Row]:
        """Yield its rows in the table; of a fine curve about thirty, which say its course."""
        every = 1 if self.joined else max(1, len(self.xs) // 30)
        last = len(self.xs) - 1
        for i, (a, b) in enumerate(zip(self.xs, self.ys, strict=True)):
            if math.isfinite(a + b) and (i % every == 0 or i == last):
                yield self.name, x.written(a), y.written(b), "", "" if self.joined else "line"


@dataclass(frozen=True)
class Step(Line):
    """A line that keeps each value until the next."""

    def draw(self, frame: Frame) -> list[str]:
        """Draw it."""
        corners: list[d.Point] = []
        for x, y in zip(self.xs, self.ys, strict=True):
            at, up = frame.place(x, y)
            if corners:
                corners.append((at, corners[-1][1]))
            corners.append((at, up))
        return [self._path(d.path_of(corners))]


@dataclass(frozen=True)
class Band(Layer):
    """An interval around a line, from `ys` to `upper`."""

    upper: tuple[float, ...] = ()
    above = 0

    def heights(self) -> Iterator[float]:
        """Yield every value that the upright axis must show."""
        yield from self.ys
        yield from self.upper

    def draw(self, frame: Frame) -> list[str]:
        """Draw it: a tint between two thin edges."""
        there = [frame.place(x, y) for x, y in zip(self.xs, self.ys, strict=True)]
        back = [frame.place(x, y) for x, y in zip(self.xs, self.upper, strict=True)]
        fill = d.attributes(fill=self.colour, fill_opacity=0.13, css=f"f{self.css}")
        edge = d.attributes(stroke=self.colour, stroke_width=0.75, stroke_opacity=0.6, css=f"s{self.css}")
        whole = f'<path d="{d.path_of([*there, *back[::-1]])}Z" {fill}/>'
        return [
            whole,
            f'<path d="{d.path_of(there)}" fill="none" {edge}/>',
            f'<path d="{d.path_of(back)}" fill="none" {edge}/>',
        ]

    def key(self, x: float, y: float) -> list[str]:
        """Draw its sample in the legend."""
        return [d.box(x, y - 5, 20, 10, fill=self.colour, fill_opacity=0.2, css=f"f{self.css}")]

    def rows(self, x: Axis, y: Axis) -> Iterator[Row]:
        """Yield its rows in the table, about thirty."""
        every, last = max(1, len(self.xs) // 30), len(self.xs) - 1
        for i, (a, b, c) in enumerate(zip(self.xs, self.ys, self.upper, strict=True)):
            if i % every == 0 or i == last:
                yield self.name, x.written(a), y.written(b), y.written(c), "band"


@dataclass(frozen=True)
class Bars(Layer):
    """Bars from zero to a value, between the edges in `edges` (one more than values)."""

    edges: tuple[float, ...] = ()
    above = 1

    def widths(self) -> Iterator[float]:
        """Yield every value that the level axis must show."""
        yield from self.edges

    def heights(self) -> Iterator[float]:
        """Yield every value that the upright axis must show."""
        yield 0.0
        yield from self.ys

    def draw(self, frame: Frame) -> list[str]:
        """Draw it."""
        body = []
        for left, right, y in zip(self.edges, self.edges[1:], self.ys, strict=False):
            x0, x1, y0, y1 = frame.x.at(left), frame.x.at(right), frame.y.at(0), frame.y.at(y)
            body.append(
                d.box(
                    x0 + 0.5,
                    min(y0, y1),
                    x1 - x0 - 1,
                    abs(y0 - y1),
                    fill=self.colour,
                    fill_opacity=0.75,
                    css=f"f{self.css}",
                )
            )
        return body

    def key(self, x: float, y: float) -> list[str]:
        """Draw its sample in the legend."""
        return [d.box(x + 4, y - 5, 12, 10, fill=self.colour, fill_opacity=0.75, css=f"f{self.css}")]

    def rows(self, x: Axis, y: Axis) -> Iterator[Row]:
        """Yield its rows in the table: from, to, height."""
        for left, right, value in zip(self.edges, self.edges[1:], self.ys, strict=False):
            yield self.name, f"{x.written(left)} to {x.written(right)}", y.written(value), "", ""


@dataclass(frozen=True)
class Boxes(Layer):
    """The five numbers of groups at places: least, lower quartile, median (`ys`), upper quartile, greatest."""

    ends: tuple[tuple[float, float, float, float], ...] = ()
    above = 1

    def heights(self) -> Iterator[float]:
        """Yield every value that the upright axis must show."""
        for four in self.ends:
            yield from four

    def draw(self, frame: Frame) -> list[str]:
        """Draw it."""
        half = min(26.0, (frame.right - frame.left) / max(len(self.xs), 1) * 0.3)
        body = []
        for x, middle, (least, lower, upper, most) in zip(self.xs, self.ys, self.ends, strict=True):
            at = frame.x.at(x)
            low, q1, q2, q3, high = (frame.y.at(v) for v in (least, lower, middle, upper, most))
            body += [self._stroke(at, low, at, q1), self._stroke(at, q3, at, high)]
            body += [self._stroke(at - half / 2, end, at + half / 2, end) for end in (low, high)]
            body += [self._box(at - half, q3, 2 * half, q1 - q3), self._stroke(at - half, q2, at + half, q2, 2.2)]
        return body

    def _stroke(self, x0: float, y0: float, x1: float, y1: float, width: float = 1) -> str:
        return d.rule(x0, y0, x1, y1, colour=self.colour, css=f"s{self.css}", width=width)

    def _box(self, x: float, y: float, width: float, height: float) -> str:
        css = f"f{self.css} s{self.css}"
        return d.box(x, y, width, height, fill=self.colour, fill_opacity=0.13, stroke=self.colour, css=css)

    def key(self, x: float, y: float) -> list[str]:
        """Draw its sample in the legend."""
        return [self._box(x + 2, y - 5, 16, 10), self._stroke(x + 10, y - 5, x + 10, y + 5, 2)]

    def rows(self, x: Axis, y: Axis) -> Iterator[Row]:
        """Yield its rows in the table."""
        for a, middle, (least, lower, upper, most) in zip(self.xs, self.ys, self.ends, strict=True):
            note = f"quartiles {y.written(lower)} to {y.written(upper)}; {y.written(least)} to {y.written(most)}"
            yield self.name, x.written(a), y.written(middle), "", note
