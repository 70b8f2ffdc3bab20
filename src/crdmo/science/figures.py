"""Figures as plain SVG: the same bytes in the page, the PDF and the dossier.

Colours are given as presentation attributes, which any renderer draws, together with a class by which a page may choose
its own for a dark theme. There is no style attribute, no script and no font: a figure is data that can be hashed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

COLOURS = ("#0072B2", "#D55E00", "#1B2128", "#CC79A7", "#009E73", "#473000")
DASHES = ("", "7 4", "2 3", "8 3 2 3", "12 4", "4 2")
TEXT, MUTED, AXIS, GRID, SURFACE, LIMIT, MARK = "#1B2128", "#57606A", "#6E7781", "#D0D7DE", "#FFFFFF", "#A1161C", "#1A6B34"
MOST_SERIES = 6


@dataclass(frozen=True)
class Figure:
    """A drawn figure: its title, one sentence that says it, the SVG, and the data (first row: the names)."""

    title: str
    desc: str
    svg: str
    table: tuple[tuple[str, ...], ...]
    width: int
    height: int


@dataclass(frozen=True)
class Axis:
    """An axis: what is on it, in which unit, whether logarithmic, and its range where it is fixed."""

    name: str
    unit: str = ""
    log: bool = False
    low: float | None = None
    high: float | None = None

    def label(self) -> str:
        """Return name and unit as printed."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


def tidy(value: float) -> str:
    """Return a coordinate or number in a fixed short form."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def number(value: float) -> str:
    """Return a number for a tick or the table, at most seven digits."""
    if value == 0:
        return "0"
    text = f"{value:.7g}"
    return text


def ticks(low: float, high: float, about: int = 6) -> list[float]:
    """Return round tick values within a range."""
    if high <= low:
        return [low]
    raw = (high - low) / about
    size = 10 ** math.floor(math.log10(raw))
    step = next(size * f for f in (1, 2, 2.5, 5, 10) if size * f >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def text(x: float, y: float, content: str, *, size: float = 12, anchor: str = "start", colour: str = TEXT, style: str = "fg",
         weight: str = "", turn: bool = False) -> str:  # fmt: skip
    """Return a text element; every character of the content is escaped."""
    extra = f' transform="rotate(-90 {tidy(x)} {tidy(y)})"' if turn else ""
    bold = f' font-weight="{weight}"' if weight else ""
    return (f'<text x="{tidy(x)}" y="{tidy(y)}" font-family="DejaVu Sans, system-ui, sans-serif" font-size="{tidy(size)}" '
            f'text-anchor="{anchor}" fill="{colour}" class="{style}"{bold}{extra}>{escape(content)}</text>')  # fmt: skip


def wrap(title: str, desc: str, width: int, height: int, body: Sequence[str]) -> str:
    """Return a whole SVG with title and description for people who do not see it."""
    key = "f" + format(abs(hash_text(title + desc)), "x")
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
            f'aria-labelledby="{key}t {key}d"><title id="{key}t">{escape(title)}</title><desc id="{key}d">{escape(desc)}</desc>'
            + "".join(body) + "</svg>")  # fmt: skip


def hash_text(content: str) -> int:
    """Return a small number that is the same for the same text in every process."""
    made = 2166136261
    for byte in content.encode():
        made = (made ^ byte) * 16777619 & 0xFFFFFFFF
    return made


def mark(kind: int, x: float, y: float, *, hollow: bool = False, size: float = 4.5) -> str:
    """Return a data point; each series has a shape of its own beside its colour."""
    colour, number_ = COLOURS[kind % 6], kind % 6 + 1
    fill = f'fill="{SURFACE}" stroke="{colour}" stroke-width="1.6" class="hollow s{number_}"' if hollow else (
        f'fill="{colour}" class="f{number_}"')  # fmt: skip
    s = size
    shapes = {
        0: f'<circle cx="{tidy(x)}" cy="{tidy(y)}" r="{tidy(s)}" {fill}/>',
        1: _polygon([(x, y - s * 1.2), (x + s * 1.1, y + s * 0.9), (x - s * 1.1, y + s * 0.9)], fill),
        2: f'<rect x="{tidy(x - s)}" y="{tidy(y - s)}" width="{tidy(2 * s)}" height="{tidy(2 * s)}" {fill}/>',
        3: _polygon([(x, y - s * 1.3), (x + s * 1.3, y), (x, y + s * 1.3), (x - s * 1.3, y)], fill),
        4: _polygon([(x, y + s * 1.2), (x + s * 1.1, y - s * 0.9), (x - s * 1.1, y - s * 0.9)], fill),
        5: _polygon([(x - s, y - 1.5), (x - 1.5, y - 1.5), (x - 1.5, y - s), (x + 1.5, y - s), (x + 1.5, y - 1.5), (x + s, y - 1.5),
                     (x + s, y + 1.5), (x + 1.5, y + 1.5), (x + 1.5, y + s), (x - 1.5, y + s), (x - 1.5, y + 1.5), (x - s, y + 1.5)], fill),
    }  # fmt: skip
    return shapes[kind % 6]


def _polygon(points: Sequence[tuple[float, float]], fill: str) -> str:
    return f'<polygon points="{" ".join(f"{tidy(x)},{tidy(y)}" for x, y in points)}" {fill}/>'


@dataclass
class _Series:
    name: str
    kind: int
    xs: list[float]
    ys: list[float]
    form: str
    hollow: frozenset[int] = frozenset()
    upper: list[float] = field(default_factory=list)


class Chart:
    """A chart in the making.

        chart = Chart("Assay of three batches", x=Axis("Time", "month"), y=Axis("Assay", "% label claim"))
        chart.scatter("b2", months, values)
        figure = chart.limit(95.0, "≥ 95.0").build("The bound reaches the limit at 26.2 months.")

    Raises (all methods):
        ValueError: lists of different lengths, more than six series, or a value that a logarithmic axis cannot show.
    """

    LEFT, RIGHT, TOP, BOTTOM = 64, 24, 44, 52

    def __init__(self, title: str, *, x: Axis, y: Axis, width: int = 720, height: int = 400, legend: bool = True) -> None:
        self.title, self.x, self.y, self.width, self.height, self.legend = title, x, y, width, height, legend
        self._series: list[_Series] = []
        self._kinds: dict[str, int] = {}
        self._limits: list[tuple[float, str, bool]] = []
        self._markers: list[tuple[float, str]] = []
        self._notes: list[tuple[float, float, str]] = []

    def _kind(self, name: str) -> int:
        if name not in self._kinds:
            if len(self._kinds) == MOST_SERIES:
                raise ValueError(f"a chart shows at most {MOST_SERIES} series; draw small multiples instead")
            self._kinds[name] = len(self._kinds)
        return self._kinds[name]

    def _add(self, name: str, xs: Sequence[float], ys: Sequence[float], form: str, hollow: Sequence[int] = (),
             upper: Sequence[float] = ()) -> Chart:  # fmt: skip
        if len(xs) != len(ys) or (upper and len(upper) != len(xs)):
            raise ValueError(f"the series {name} has {len(xs)} places and {len(ys)} values")
        made = _Series(name, self._kind(name), list(map(float, xs)), list(map(float, ys)), form, frozenset(hollow),
                       list(map(float, upper)))  # fmt: skip
        self._series.append(made)
        return self

    def scatter(self, name: str, xs: Sequence[float], ys: Sequence[float], *, hollow: Sequence[int] = ()) -> Chart:
        """Add points; those with an index in `hollow` are shown as left out."""
        return self._add(name, xs, ys, "points", hollow)

    def line(self, name: str, xs: Sequence[float], ys: Sequence[float]) -> Chart:
        """Add a line. A line with the name of points has their colour."""
        return self._add(name, xs, ys, "line")

    def joined(self, name: str, xs: Sequence[float], ys: Sequence[float]) -> Chart:
        """Add points joined by a thin line."""
        return self._add(name, xs, ys, "joined")

    def band(self, name: str, xs: Sequence[float], lower: Sequence[float], upper: Sequence[float]) -> Chart:
        """Add a band of uncertainty."""
        return self._add(name, xs, lower, "band", (), upper)

    def limit(self, value: float, label: str, *, firm: bool = True) -> Chart:
        """Add a horizontal limit, labelled in place; `firm=False` draws a centre or warning line."""
        self._limits.append((float(value), label, firm))
        return self

    def marker(self, at: float, label: str) -> Chart:
        """Add a vertical mark, labelled in place."""
        self._markers.append((float(at), label))
        return self

    def note(self, x: float, y: float, label: str) -> Chart:
        """Write a short note beside a point."""
        self._notes.append((float(x), float(y), label))
        return self

    def _range(self, axis: Axis, values: list[float]) -> tuple[float, float]:
        finite = [v for v in values if math.isfinite(v)]
        if axis.log and any(v <= 0 for v in finite):
            raise ValueError(f"the logarithmic axis {axis.name} cannot show {min(finite)}")
        shown = [math.log10(v) for v in finite] if axis.log else finite
        low, high = (min(shown), max(shown)) if shown else (0.0, 1.0)
        pad = (high - low) * 0.06 or abs(high) * 0.05 or 1.0
        ends = [math.log10(e) if e is not None and axis.log else e for e in (axis.low, axis.high)]
        return (low - pad if ends[0] is None else ends[0]), (high + pad if ends[1] is None else ends[1])

    def build(self, finding: str) -> Figure:
        """Draw the chart. `finding` is the sentence that says what it shows."""
        xs = [x for s in self._series for x in s.xs] + [at for at, _ in self._markers]
        ys = [y for s in self._series for y in (*s.ys, *s.upper)] + [v for v, _, _ in self._limits]
        x0, x1 = self._range(self.x, xs)
        y0, y1 = self._range(self.y, ys)
        right = self.width - self.RIGHT
        bottom = self.height - self.BOTTOM

        def px(value: float) -> float:
            value = math.log10(value) if self.x.log else value
            return self.LEFT + (value - x0) / (x1 - x0) * (right - self.LEFT)

        def py(value: float) -> float:
            value = math.log10(value) if self.y.log else value
            return bottom - (value - y0) / (y1 - y0) * (bottom - self.TOP)

        body = self._frame(x0, x1, y0, y1, right, bottom)
        order = {"band": 0, "line": 1, "joined": 2, "points": 3}
        clip = f"c{hash_text(self.title + finding):x}"
        body.append(f'<clipPath id="{clip}"><rect x="{self.LEFT}" y="{self.TOP}" width="{right - self.LEFT}" '
                    f'height="{bottom - self.TOP}"/></clipPath><g clip-path="url(#{clip})">')  # fmt: skip
        in_order = sorted(self._series, key=lambda s: order[s.form])
        for series in in_order:
            body += self._draw(series, px, py) if series.form != "points" else []
        body.append("</g>")
        # Points lie above and are never cut in half by the frame.
        for series in in_order:
            body += self._draw(series, px, py) if series.form == "points" else []
        body += self._limit_lines(py, right) + self._marker_lines(px, bottom)
        body += [text(px(x) + 8, py(y) - 8, label, size=11, colour=MUTED, style="mut") for x, y, label in self._notes]
        if self.legend and len(self._kinds) > 1:
            body += self._legend()
        return Figure(self.title, finding, wrap(self.title, finding, self.width, self.height, body), self._table(), self.width, self.height)

    def _frame(self, x0: float, x1: float, y0: float, y1: float, right: float, bottom: float) -> list[str]:
        body = [text(self.LEFT - 48, 20, self.title, size=14, weight="600")]
        for tick, label in self._ticks(self.y, y0, y1):
            y = bottom - (tick - y0) / (y1 - y0) * (bottom - self.TOP)
            body.append(f'<line x1="{self.LEFT}" x2="{right}" y1="{tidy(y)}" y2="{tidy(y)}" stroke="{GRID}" class="gr"/>')
            body.append(text(self.LEFT - 8, y + 4, label, size=11, anchor="end", colour=MUTED, style="mut"))
        for tick, label in self._ticks(self.x, x0, x1):
            x = self.LEFT + (tick - x0) / (x1 - x0) * (right - self.LEFT)
            body.append(f'<line x1="{tidy(x)}" x2="{tidy(x)}" y1="{bottom}" y2="{bottom + 5}" stroke="{AXIS}" class="ax"/>')
            body.append(text(x, bottom + 19, label, size=11, anchor="middle", colour=MUTED, style="mut"))
        body.append(f'<path d="M{self.LEFT} {self.TOP}V{bottom}H{right}" fill="none" stroke="{AXIS}" class="ax"/>')
        body.append(text((self.LEFT + right) / 2, self.height - 12, self.x.label(), anchor="middle"))
        body.append(text(16, (self.TOP + bottom) / 2, self.y.label(), anchor="middle", turn=True))
        return body

    @staticmethod
    def _ticks(axis: Axis, low: float, high: float) -> list[tuple[float, str]]:
        if not axis.log:
            return [(t, number(t)) for t in ticks(low, high)]
        return [(float(p), number(10.0**p)) for p in range(math.ceil(low), math.floor(high) + 1)]

    @staticmethod
    def _draw(series: _Series, px, py) -> list[str]:  # type: ignore[no-untyped-def] # noqa: ANN001
        colour, number_ = COLOURS[series.kind], series.kind + 1
        places = [(px(x), py(y)) for x, y in zip(series.xs, series.ys, strict=True) if math.isfinite(y)]
        if series.form == "points":
            return [mark(series.kind, x, y, hollow=i in series.hollow) for i, (x, y) in enumerate(places)]
        path = "M" + "L".join(f"{tidy(x)} {tidy(y)}" for x, y in places)
        if series.form == "band":
            back = [(px(x), py(y)) for x, y in zip(series.xs, series.upper, strict=True)][::-1]
            return [f'<path d="{path}L{"L".join(f"{tidy(x)} {tidy(y)}" for x, y in back)}Z" fill="{colour}" fill-opacity="0.13" class="f{number_}"/>']
        width, dash = (1, "") if series.form == "joined" else (2, DASHES[series.kind])
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        line = f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}" class="s{number_}"{dashed}/>'
        return [line] + ([mark(series.kind, x, y, size=3.5) for x, y in places] if series.form == "joined" else [])

    def _limit_lines(self, py, right: float) -> list[str]:  # type: ignore[no-untyped-def] # noqa: ANN001
        body = []
        for value, label, firm in self._limits:
            y, colour = py(value), LIMIT if firm else MUTED
            line, words = ("lim", "limt") if firm else ("ax", "mut")
            dash = "" if firm else ' stroke-dasharray="5 4"'
            body.append(f'<line x1="{self.LEFT}" x2="{right}" y1="{tidy(y)}" y2="{tidy(y)}" stroke="{colour}" stroke-width="1.5" class="{line}"{dash}/>')
            body.append(text(right - 4, y - 5, label, size=11, anchor="end", colour=colour, style=words))
        return body

    def _marker_lines(self, px, bottom: float) -> list[str]:  # type: ignore[no-untyped-def] # noqa: ANN001
        body = []
        for at, label in self._markers:
            x = px(at)
            body.append(f'<line x1="{tidy(x)}" x2="{tidy(x)}" y1="{self.TOP}" y2="{bottom}" stroke="{MARK}" stroke-width="1.5" stroke-dasharray="3 3" class="mk"/>')
            left = x > self.width * 0.7
            body.append(text(x + (-6 if left else 6), self.TOP + 12, label, size=11, anchor="end" if left else "start", colour=MARK, style="mkt"))
        return body

    def _legend(self) -> list[str]:
        body, x = [], float(self.LEFT)
        for name, kind in self._kinds.items():
            body += [mark(kind, x + 6, 33), text(x + 16, 37, name, size=11, colour=MUTED, style="mut")]
            x += 30 + 6.6 * len(name)
        return body

    def _table(self) -> tuple[tuple[str, ...], ...]:
        rows = [("Series", self.x.label(), self.y.label(), "Upper", "Left out")]
        for s in self._series:
            if s.form in ("points", "joined"):
                rows += [(s.name, number(x), number(y), "", "yes" if i in s.hollow else "") for i, (x, y) in enumerate(zip(s.xs, s.ys, strict=True))]
            elif s.form == "band":
                rows += [(s.name, number(x), number(y), number(u), "") for x, y, u in zip(s.xs, s.ys, s.upper, strict=True)]
        rows += [("limit", "", number(v), "", label) for v, label, _ in self._limits]
        return tuple(rows)


def link(url: str, label: str, inner: str) -> str:
    """Return SVG content as a link; the address is the house's own."""
    return f"<a href={quoteattr(url)} aria-label={quoteattr(label)}>{inner}</a>"
