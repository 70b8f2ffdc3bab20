"""What a figure is, its axes, and the frame that turns values into places on the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from . import drawing as d

Table = tuple[tuple[str, ...], ...]
# Months are read in quarters and years, hours and minutes in parts of the next unit.
STEPS = {
    "month": (1, 2, 3, 6, 12, 24, 60),
    "h": (1, 2, 4, 6, 12, 24, 48),
    "min": (1, 2, 5, 10, 15, 30, 60),
    "s": (1, 5, 10, 15, 30, 60),
}


@dataclass(frozen=True)
class Figure:
    """A drawn figure.

    Attributes:
        title: what it is about, or what it shows.
        desc: one sentence that says what it shows to who cannot see it.
        svg: the picture.
        table: its data; the first row holds the names.
        width: in units of the picture, which are CSS pixels.
        height: in the same.
    """

    title: str
    desc: str
    svg: str
    table: Table
    width: int
    height: int


@dataclass(frozen=True)
class Axis:
    """An axis.

    Attributes:
        name: what is on it.
        unit: in which unit; written behind the name.
        log: whether it is logarithmic, which its label then says.
        low: its lower end, where it is fixed.
        high: its upper end, where it is fixed.
        categories: names of the places 0, 1, 2 … where it holds no numbers.
    """

    name: str
    unit: str = ""
    log: bool = False
    low: float | None = None
    high: float | None = None
    categories: tuple[str, ...] = ()

    def label(self) -> str:
        """Return name and unit as printed."""
        inside = ", ".join(part for part in (self.unit, "logarithmic" if self.log else "") if part)
        return f"{self.name} ({inside})" if inside else self.name

    def written(self, value: float) -> str:
        """Return a value of this axis for the table; on categories the nearest name."""
        if self.categories and math.isfinite(value) and 0 <= round(value) < len(self.categories):
            return self.categories[round(value)]
        return d.number(value)


@dataclass(frozen=True)
class Scale:
    """An axis laid on the page: `low` and `high` (exponents of ten on a logarithmic axis) lie at `start` and `end`."""

    axis: Axis
    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the place of a value; where it cannot be shown, not a number."""
        if self.axis.log:
            value = math.log10(value) if value > 0 else math.nan
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self) -> list[tuple[float, str]]:
        """Return the ticks: place and word."""
        if self.axis.categories:
            return [(self.at(i), name) for i, name in enumerate(self.axis.categories)]
        if self.axis.log:
            return [(self.at(v), d.number(v)) for v in d.log_ticks(self.low, self.high)]
        room = abs(self.end - self.start)
        about = max(2, min(8, round(room / 80 if self.start < self.end else room / 48)))
        values = d.ticks(self.low, self.high, about, STEPS.get(self.axis.unit, ()))
        return [(self.at(v), word) for v, word in zip(values, d.tick_words(values), strict=True)]


def reach(axis: Axis, values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of an axis that shows all values with a little air, as exponents of ten where it is logarithmic.

    Raises:
        ValueError: a logarithmic axis cannot show a value, or its fixed ends are in the wrong order.
    """
    if axis.categories:
        return -0.5, len(axis.categories) - 0.5
    finite = [v for v in values if math.isfinite(v)]
    if axis.log and any(v <= 0 for v in finite):
        raise ValueError(f"a logarithmic axis shows values above 0; given on {axis.name}: {d.number(min(finite))}")
    shown = [math.log10(v) for v in finite] if axis.log else finite
    low, high = (min(shown), max(shown)) if shown else (0.0, 1.0)
    air = (high - low) * 0.06 or abs(high) * 0.05 or 1.0
    low = low - air if axis.low is None else math.log10(axis.low) if axis.log else axis.low
    high = high + air if axis.high is None else math.log10(axis.high) if axis.log else axis.high
    if high <= low:
        raise ValueError(
            f"the axis {axis.name} runs from {d.number(low)} to {d.number(high)}: give an upper end above the lower"
        )
    return low, high


@dataclass(frozen=True)
class Frame:
    """The place in which data is drawn."""

    x: Scale
    y: Scale

    @property
    def left(self) -> float:
        """The left edge."""
        return self.x.start

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x.end

    @property
    def top(self) -> float:
        """The upper edge."""
        return self.y.end

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.y.start

    def place(self, x: float, y: float) -> d.Point:
        """Return where a pair of values lies."""
        return self.x.at(x), self.y.at(y)

    def holds(self, x: float, y: float) -> bool:
        """Say whether a pair of values lies inside."""
        at, up = self.place(x, y)
        return self.left - 0.5 <= at <= self.right + 0.5 and self.top - 0.5 <= up <= self.bottom + 0.5

    def draw_axes(self) -> list[str]:
        """Draw grid, ticks, their words, zero line and names of both axes."""
        body = self._rows() + self._columns()
        if self.y.low < 0 < self.y.high and not self.y.axis.log:
            body.append(d.rule(self.left, self.y.at(0), self.right, self.y.at(0), colour=d.AXIS, css="ax"))
        corner = f"M{d.tidy(self.left)} {d.tidy(self.top)}V{d.tidy(self.bottom)}H{d.tidy(self.right)}"
        body.append(f'<path d="{corner}" fill="none" stroke="{d.AXIS}" class="ax"/>')
        middle = (self.left + self.right) / 2
        body.append(d.text(middle, self.bottom + 40, self.x.axis.label(), anchor="middle"))
        body.append(d.text(16, (self.top + self.bottom) / 2, self.y.axis.label(), anchor="middle", turn=True))
        return body

    def _rows(self) -> list[str]:
        body = []
        for y, word in self.y.ticks():
            if not self.y.axis.categories:
                body.append(d.rule(self.left, y, self.right, y, colour=d.GRID, css="gr"))
            body.append(d.text(self.left - 8, y + 4, word, size=12, anchor="end", colour=d.MUTED, css="mut"))
        return body

    def _columns(self) -> list[str]:
        body = []
        places = self.x.ticks()
        room = (self.right - self.left) / max(len(places), 1)
        every = max(1, math.ceil(max((d.width_of(word, 12) + 8 for _, word in places), default=0) / room))
        cut = bool(self.x.axis.categories) and len(places) <= 12
        for i, (x, word) in enumerate(places):
            body.append(d.rule(x, self.bottom, x, self.bottom + 5, colour=d.AXIS, css="ax"))
            if cut or i % every == 0:
                shown = d.shortened(word, room - 4, 12) if cut else word
                body.append(d.text(x, self.bottom + 19, shown, size=12, anchor="middle", colour=d.MUTED, css="mut"))
        return body
