"""A chart in the making: layers, limits and marks are added, then it is drawn once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from . import drawing as d
from .layers import Band, Bars, Boxes, Layer, Line, Points, Step
from .scales import Axis, Figure, Frame, Scale, Table, reach

Numbers = Sequence[float]
# The room for labels of limits beside the frame.
MOST_BESIDE = 130.0


@dataclass(frozen=True)
class _Limit:
    value: float
    label: str
    firm: bool
    axis: str


class Chart:
    """A chart of numbers over numbers or over categories.

        chart = Chart("Assay of three batches", x=Axis("Time", "month"), y=Axis("Assay", "% label claim"))
        chart.scatter("b2", months, values)
        figure = chart.limit(95.0, "≥ 95.0").build("The bound reaches the limit at 26.2 months.")

    Layers with the same name share colour, shape and legend. All methods that add something return the chart.

    Args:
        title: what it shows, or the question that it answers.
        finding: one sentence that says what it shows; may be given to `build` instead.
        x: the level axis.
        y: the upright axis.
        width: of the picture, in CSS pixels.
        height: of the picture.
        legend: whether the names of series are written.

    Raises (all methods):
        ValueError: lists of different lengths, more than six series, no finding, or a value that an axis cannot show.
    """

    def __init__(
        self,
        title: str,
        finding: str = "",
        *,
        x: Axis,
        y: Axis,
        width: int = 640,
        height: int = 380,
        legend: bool = True,
    ) -> None:
        self.title, self.finding, self.x, self.y = title, finding, x, y
        self.width, self.height, self.legend = width, height, legend
        self._layers: list[Layer] = []
        self._kinds: dict[str, int] = {}
        self._limits: list[_Limit] = []
        self._markers: list[tuple[float, str]] = []
        self._notes: list[tuple[float, float, str]] = []

    def _kind(self, name: str) -> int:
        if name not in self._kinds:
            if len(self._kinds) == d.MOST_SERIES:
                raise ValueError(
                    f"a chart shows at most {d.MOST_SERIES} series; given one more: {name}; draw small multiples"
                )
            self._kinds[name] = len(self._kinds)
        return self._kinds[name]

    def _values(self, name: str, *lists: Numbers) -> list[tuple[float, ...]]:
        counts = [len(values) for values in lists]
        if len(set(counts)) > 1:
            raise ValueError(
                f"the lists of a series have the same length; given for {name}: {', '.join(map(str, counts))}"
            )
        return [tuple(float(v) for v in values) for values in lists]

    def _add(self, layer: Layer) -> Chart:
        self._layers.append(layer)
        return self

    def scatter(
        self,
        name: str,
        xs: Numbers,
        ys: Numbers,
        *,
        hollow: Sequence[int] = (),
        labels: Mapping[int, str] | Sequence[str] = (),
    ) -> Chart:
        """Add points; those with an index in `hollow` were left out; a label (by index) is written beside its point."""
        a, b = self._values(name, xs, ys)
        words = dict(labels) if isinstance(labels, Mapping) else {i: word for i, word in enumerate(labels) if word}
        return self._add(Points(name, self._kind(name), a, b, frozenset(hollow), words))

    def line(self, name: str, xs: Numbers, ys: Numbers) -> Chart:
        """Add a line; with the name of points it has their colour. A value that is not a number lifts the pen."""
        a, b = self._values(name, xs, ys)
        return self._add(Line(name, self._kind(name), a, b))

    def joined(self, name: str, xs: Numbers, ys: Numbers) -> Chart:
        """Add points joined by a thin line."""
        a, b = self._values(name, xs, ys)
        return self._add(Line(name, self._kind(name), a, b, joined=True))

    def step(self, name: str, xs: Numbers, ys: Numbers) -> Chart:
        """Add a line that keeps each value until the next, such as a survival curve."""
        a, b = self._values(name, xs, ys)
        return self._add(Step(name, self._kind(name), a, b))

    def band(self, name: str, xs: Numbers, lower: Numbers, upper: Numbers) -> Chart:
        """Add an interval around a line; its name says which (95 % confidence, prediction, tolerance)."""
        a, b, c = self._values(name, xs, lower, upper)
        return self._add(Band(name, self._kind(name), a, b, c))

    def bars(self, name: str, edges: Numbers, heights: Numbers) -> Chart:
        """Add bars between edges, of which there is one more than heights."""
        if len(edges) != len(heights) + 1:
            raise ValueError(
                f"bars have one edge more than heights; given for {name}: {len(edges)} edges, {len(heights)} heights"
            )
        places = tuple((a + b) / 2 for a, b in pairwise(edges))
        return self._add(Bars(name, self._kind(name), places, tuple(map(float, heights)), tuple(map(float, edges))))

    def boxes(
        self, name: str, xs: Numbers, medians: Numbers, ends: Sequence[tuple[float, float, float, float]]
    ) -> Chart:
        """Add boxes: median, and least, lower quartile, upper quartile, greatest of each."""
        a, b = self._values(name, xs, medians)
        return self._add(Boxes(name, self._kind(name), a, b, tuple(ends)))

    def limit(self, value: float, label: str, *, firm: bool = True, axis: str = "y") -> Chart:
        """Add a limit, labelled in place; `firm=False` draws a centre or warning line; `axis="x"` draws it upright."""
        if axis not in ("x", "y"):
            raise ValueError(f"a limit lies on the axis x or y; given: {axis}")
        self._limits.append(_Limit(float(value), label, firm, axis))
        return self

    def marker(self, at: float, label: str) -> Chart:
        """Add an upright mark, labelled in place, such as an end of shelf life or a deviation."""
        self._markers.append((float(at), label))
        return self

    def note(self, x: float, y: float, label: str) -> Chart:
        """Write a short note beside a point."""
        self._notes.append((float(x), float(y), label))
        return self

    def build(self, finding: str = "") -> Figure:
        """Draw the chart. `finding` is the sentence that says what it shows."""
        finding = finding or self.finding
        if not finding:
            raise ValueError(f"the chart {self.title} needs one sentence that says what it shows")
        keys = self._legend_rows()
        frame = self._frame(44 + 18 * max(len(keys) - 1, 0) if keys else 36)
        body = [d.text(16, 20, d.shortened(self.title, self.width - 32, 15), size=15, weight="600")]
        body += [stroke for i, row in enumerate(keys) for stroke in self._legend(row, 38 + 18 * i)]
        body += frame.draw_axes() + self._data(frame) + self._limit_lines(frame) + self._marker_lines(frame)
        body += [
            d.text(frame.x.at(x) + 8, frame.y.at(y) - 8, label, size=12, colour=d.MUTED, css="mut", halo=True)
            for x, y, label in self._notes
        ]
        svg = d.wrap(self.title, finding, self.width, self.height, body)
        return Figure(self.title, finding, svg, self._table(), self.width, self.height)

    def _frame(self, top: float) -> Frame:
        on_x = [v for v in self._limits if v.axis == "x"]
        xs = [x for s in self._layers for x in s.widths()] + [at for at, _ in self._markers] + [v.value for v in on_x]
        ys = [y for s in self._layers for y in s.heights()] + [v.value for v in self._limits if v.axis == "y"]
        low, high = reach(self.y, ys)
        if self.y.low is None and any(isinstance(s, Bars) for s in self._layers) and min(ys) >= 0:
            low = 0.0
        bottom = self.height - 52.0
        y = Scale(self.y, low, high, bottom, top + 12)
        left = 38 + max((d.width_of(word, 12) for _, word in y.ticks()), default=20)
        words = [min(d.width_of(v.label, 12), MOST_BESIDE) for v in self._limits if v.axis == "y"]
        right = self.width - (max(words) + 12 if words else 20.0)
        return Frame(Scale(self.x, *reach(self.x, xs), left, right), y)

    def _data(self, frame: Frame) -> list[str]:
        clip = f"c{d.OWN_KEY}"
        window = d.box(frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top)
        layers = sorted(self._layers, key=lambda s: s.above)
        inside = [stroke for s in layers if s.above < 3 for stroke in s.draw(frame)]
        # Points lie above and are never cut in half by the frame.
        above = [stroke for s in layers if s.above == 3 for stroke in s.draw(frame)]
        return [f'<clipPath id="{clip}">{window}</clipPath><g clip-path="url(#{clip})">', *inside, "</g>", *above]

    def _limit_lines(self, frame: Frame) -> list[str]:
        body = []
        for limit in self._limits:
            colour, line, words = (d.LIMIT, "lim", "limt") if limit.firm else (d.MUTED, "ax", "mut")
            dash, width = ("", 1.5) if limit.firm else ("5 4", 1)
            if limit.axis == "x":
                x = frame.x.at(limit.value)
                body.append(d.rule(x, frame.top, x, frame.bottom, colour=colour, css=line, width=width, dash=dash))
                body += self._beside(frame, x, limit.label, colour, words)
            else:
                y = frame.y.at(limit.value)
                body.append(d.rule(frame.left, y, frame.right, y, colour=colour, css=line, width=width, dash=dash))
        return body + self._limit_words(frame)

    def _limit_words(self, frame: Frame) -> list[str]:
        """Write the labels of level limits beside the frame, at the height of their lines, never over one another."""
        level = sorted((v for v in self._limits if v.axis == "y"), key=lambda v: -v.value)
        body, last = [], frame.top - 20
        for limit in level:
            y = max(frame.y.at(limit.value) + 4, last + 14)
            last = y
            colour, css = (d.LIMIT, "limt") if limit.firm else (d.MUTED, "mut")
            word = d.shortened(limit.label, MOST_BESIDE, 12)
            body.append(d.text(frame.right + 6, y, word, size=12, colour=colour, css=css))
        return body

    def _marker_lines(self, frame: Frame) -> list[str]:
        body = []
        for i, (at, label) in enumerate(sorted(self._markers)):
            x = frame.x.at(at)
            body.append(d.rule(x, frame.top, x, frame.bottom, colour=d.MARK, css="mk", width=1.5, dash="3 3"))
            body += self._beside(frame, x, label, d.MARK, "mkt", 14 * (i % 3))
        return body

    @staticmethod
    def _beside(frame: Frame, x: float, label: str, colour: str, css: str, down: float = 0) -> list[str]:
        left = x + 10 + d.width_of(label, 12) > frame.right
        place = x - 6 if left else x + 6
        return [
            d.text(
                place,
                frame.bottom - 8 - down,
                label,
                size=12,
                anchor="end" if left else "start",
                colour=colour,
                css=css,
                halo=True,
            )
        ]

    def _legend_rows(self) -> list[list[str]]:
        """Return the names of the series in rows that fit the width."""
        if not self.legend or len(self._kinds) < 2:
            return []
        rows: list[list[str]] = [[]]
        used = 0.0
        for name in self._kinds:
            need = 44 + d.width_of(name, 12)
            if rows[-1] and used + need > self.width - 32:
                rows.append([])
                used = 0.0
            rows[-1].append(name)
            used += need
        return rows

    def _legend(self, names: list[str], y: float) -> list[str]:
        body, x = [], 16.0
        for name in names:
            same = sorted((s for s in self._layers if s.name == name), key=lambda s: s.above)
            for kind in dict.fromkeys(type(s) for s in same):
                body += next(s for s in same if type(s) is kind).key(x, y)
            body.append(
                d.text(x + 27, y + 4, d.shortened(name, self.width - 80, 12), size=12, colour=d.MUTED, css="mut")
            )
            x += 44 + d.width_of(name, 12)
        return body

    def _table(self) -> Table:
        rows: list[tuple[str, ...]] = [("Series", self.x.label(), self.y.label(), "Upper end", "Note")]
        for layer in self._layers:
            rows += layer.rows(self.x, self.y)
        for limit in self._limits:
            place = ("", self.y.written(limit.value)) if limit.axis == "y" else (self.x.written(limit.value), "")
            rows.append(("limit" if limit.firm else "line", *place, "", limit.label))
        rows += [("mark", self.x.written(at), "", "", label) for at, label in self._markers]
        rows += [("note", self.x.written(x), self.y.written(y), "", label) for x, y, label in self._notes]
        return tuple(rows)
