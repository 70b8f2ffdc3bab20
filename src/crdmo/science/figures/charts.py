"""Charts that a laboratory draws every week: control chart, dot plot, box over its points, histogram."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from itertools import pairwise

from . import drawing as d
from .chart import Chart
from .scales import Axis, Figure

Groups = Mapping[str, Sequence[float]]
Numbers = Sequence[float]


def control_chart(
    title: str,
    values: Sequence[float | None],
    *,
    centre: float,
    lower: float | None,
    upper: float | None,
    y: Axis,
    x: Axis | None = None,
    labels: Sequence[str] = (),
    signals: Mapping[int, str] | None = None,
    sigma: float | None = None,
    finding: str = "",
    width: int = 640,
    height: int = 320,
) -> Figure:
    """Draw values in order between control limits; points that signal are named.

    Args:
        title: what it shows.
        values: in time order; None where there is none.
        centre: the centre line.
        lower: the lower control limit, or None.
        upper: the upper control limit, or None.
        y: the axis of the values.
        x: the axis of the order; by default the number of the point.
        labels: names of the places, such as batch numbers, in place of numbers.
        signals: {index: the rule that it breaks}.
        sigma: with it the thirds between centre and limits (zones A, B, C) are drawn.
        finding: by default how many of how many points signal.
        width: of the picture.
        height: of the picture.
    """
    signals = signals or {}
    places = [float(i) for i in range(len(values))] if labels else [float(i + 1) for i in range(len(values))]
    shown = [math.nan if v is None else float(v) for v in values]
    axis = x or Axis("Point", low=0.5, high=len(values) + 0.5)
    if labels:
        axis = Axis(axis.name, axis.unit, categories=tuple(labels))
    chart = Chart(title, x=axis, y=y, width=width, height=height, legend=False).joined("value", places, shown)
    chart.limit(centre, f"centre {d.number(centre)}", firm=False)
    for value, word in ((lower, "LCL"), (upper, "UCL")):
        if value is not None:
            chart.limit(value, f"{word} {d.number(value)}")
    for k in (1, 2) if sigma else ():
        for side in (-k, k):
            chart.limit(centre + side * (sigma or 0), f"{side:+d}σ", firm=False)
    if signals:
        named = {n: rule for n, (_, rule) in enumerate(sorted(signals.items()))}
        where = sorted(signals)
        chart.scatter("signal", [places[i] for i in where], [shown[i] for i in where], labels=named)
    count = sum(1 for v in values if v is not None)
    said = finding or f"{len(signals) or 'None'} of {count} points signal{'s' if len(signals) == 1 else ''}."
    return chart.build(said)


def _spread(values: Numbers, at: float, gap: float, room: float = 0.32) -> list[float]:
    """Return places beside each other for values that would lie on one another, the same on every run."""
    taken: list[tuple[float, float]] = []
    places = [at] * len(values)
    for i in sorted(range(len(values)), key=lambda i: values[i]):
        for n in range(2 * math.ceil(room / 0.045)):
            side = at + 0.045 * ((n + 1) // 2) * (1 if n % 2 else -1)
            if all(abs(values[i] - v) > gap or abs(side - p) > 0.04 for v, p in taken) and abs(side - at) <= room:
                break
        else:
            side = at
        places[i] = side
        taken.append((values[i], side))
    return places


def _gap(groups: Groups) -> float:
    every = [v for values in groups.values() for v in values]
    return (max(every) - min(every)) / 45 if every else 0.0


def _checked(groups: Groups) -> None:
    if not groups or not all(len(values) for values in groups.values()):
        empty = [name for name, values in groups.items() if not len(values)]
        raise ValueError(
            f"each group holds at least one value; given: {'no group' if not groups else 'none in ' + ', '.join(empty)}"
        )


def dot_plot(
    title: str,
    groups: Groups,
    *,
    y: Axis,
    x: str = "",
    limits: Sequence[tuple[float, str]] = (),
    mean: bool = True,
    finding: str = "",
    width: int = 640,
    height: int = 360,
) -> Figure:
    """Draw every value of each group as a point, and the mean of each as a bar.

    Args:
        title: what it shows.
        groups: {name: values}.
        y: the axis of the values.
        x: what the groups are, for the axis.
        limits: (value, label).
        mean: whether means are drawn.
        finding: by default the number of values and groups.
        width: of the picture.
        height: of the picture.

    Raises:
        ValueError: there is no group, or one without values.
    """
    _checked(groups)
    chart = Chart(title, x=Axis(x, categories=tuple(groups)), y=y, width=width, height=height, legend=False)
    _points(chart, groups)
    if mean:
        xs, ys = [], []
        for i, values in enumerate(groups.values()):
            xs += [i - 0.22, i + 0.22, math.nan]
            ys += [statistics.fmean(values)] * 2 + [math.nan]
        chart.line("mean", xs, ys)
    for value, label in limits:
        chart.limit(value, label)
    count = sum(len(values) for values in groups.values())
    said = (
        f"{count} values in {len(groups)} group{'s' if len(groups) != 1 else ''}{', with their means' if mean else ''}."
    )
    return chart.build(finding or said)


def _points(chart: Chart, groups: Groups) -> None:
    gap = _gap(groups)
    xs = [place for i, values in enumerate(groups.values()) for place in _spread(values, float(i), gap)]
    chart.scatter("value", xs, [v for values in groups.values() for v in values])


def quartiles(values: Numbers) -> tuple[float, float, float, float, float]:
    """Return least, lower quartile, median, upper quartile and greatest (quartiles by linear interpolation, R type 7).

    >>> quartiles([1, 2, 3, 4, 5, 6])
    (1.0, 2.25, 3.5, 4.75, 6.0)
    """
    ordered = sorted(map(float, values))
    last = len(ordered) - 1

    def at(part: float) -> float:
        place = part * last
        low = math.floor(place)
        return ordered[low] + (place - low) * (ordered[min(low + 1, last)] - ordered[low])

    return ordered[0], at(0.25), at(0.5), at(0.75), ordered[-1]


def box_strip(
    title: str,
    groups: Groups,
    *,
    y: Axis,
    x: str = "",
    limits: Sequence[tuple[float, str]] = (),
    finding: str = "",
    width: int = 640,
    height: int = 380,
) -> Figure:
    """Draw the five numbers of each group as a box, with every value over it.

    Args, raises: as `dot_plot`.
    """
    _checked(groups)
    chart = Chart(title, x=Axis(x, categories=tuple(groups)), y=y, width=width, height=height, legend=False)
    five = [quartiles(values) for values in groups.values()]
    chart.boxes("box", list(range(len(five))), [f[2] for f in five], [(f[0], f[1], f[3], f[4]) for f in five])
    _points(chart, groups)
    for value, label in limits:
        chart.limit(value, label)
    widest = max(zip(groups, five, strict=True), key=lambda pair: pair[1][4] - pair[1][0])[0]
    count = sum(len(values) for values in groups.values())
    return chart.build(finding or f"{count} values; {widest} spreads most.")


def histogram(
    title: str,
    values: Numbers,
    *,
    x: Axis,
    limits: Sequence[tuple[float, str]] = (),
    bins: int | None = None,
    curve: tuple[float, float] | None = None,
    finding: str = "",
    width: int = 640,
    height: int = 340,
) -> Figure:
    """Draw how often values fall between round edges, with limits as upright lines.

    Args:
        title: what it shows.
        values: at least two.
        x: the axis of the values.
        limits: (value, label).
        bins: about how many bars; by default after Sturges.
        curve: mean and standard deviation of a normal distribution to draw over it.
        finding: by default number, mean and standard deviation.
        width: of the picture.
        height: of the picture.

    Raises:
        ValueError: fewer than two values.
    """
    if len(values) < 2:
        raise ValueError(f"a histogram needs two values or more; given: {len(values)}")
    about = bins or math.ceil(math.log2(len(values))) + 1
    edges = _edges(min(values), max(values), about)
    counts = [sum(a <= v < b for v in values) for a, b in pairwise(edges)]
    chart = Chart(title, x=x, y=Axis("Count", low=0.0), width=width, height=height).bars(
        f"{len(values)} values", edges, counts
    )
    if curve:
        mean, sd = curve
        xs = [edges[0] + (edges[-1] - edges[0]) * i / 100 for i in range(101)]
        scale = len(values) * (edges[1] - edges[0]) / (sd * math.sqrt(2 * math.pi))
        chart.line(
            f"normal, mean {mean:.4g}, SD {sd:.3g}",
            xs,
            [scale * math.exp(-((v - mean) ** 2) / (2 * sd**2)) for v in xs],
        )
    for value, label in limits:
        chart.limit(value, label, axis="x")
    said = (
        f"{len(values)} values, mean {statistics.fmean(values):.5g}, standard deviation {statistics.stdev(values):.3g}."
    )
    return chart.build(finding or said)


def _edges(low: float, high: float, about: int) -> list[float]:
    """Return round edges; the last lies above the greatest value."""
    if low == high:
        return [low - 0.5, low + 0.5]
    inner = d.ticks(low, high, about)
    step = inner[1] - inner[0] if len(inner) > 1 else high - low
    first = inner[0] if inner[0] <= low else inner[0] - step
    count = math.floor((high - first) / step + 1e-9) + 1
    return [round(first + step * i, 12) for i in range(count + 1)]
