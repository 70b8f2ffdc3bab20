"""A plan as a Gantt chart: what was planned, what happened, milestones, and today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from . import drawing as d
from .scales import Figure

LEFT, WIDTH, ROW, HEAD = 220, 860, 32, 52


@dataclass(frozen=True)
class Bar:
    """A line of a plan: planned first and last day, what really happened, whether it is a milestone, and met.

    A critical line is one whose delay moves the end of the plan.
    """

    name: str
    start: dt.date
    end: dt.date
    actual_start: dt.date | None = None
    actual_end: dt.date | None = None
    milestone: bool = False
    met: bool = False
    url: str = ""
    critical: bool = False

    def is_late(self, today: dt.date) -> bool:
        """Say whether its date has passed and it is not done."""
        return not self.met and self.actual_end is None and self.end < today


@dataclass(frozen=True)
class _Days:
    first: dt.date
    last: dt.date

    def at(self, day: dt.date) -> float:
        whole = max((self.last - self.first).days, 1)
        return LEFT + (day - self.first).days / whole * (WIDTH - LEFT - 16)


def gantt(title: str, bars: Sequence[Bar], today: dt.date) -> Figure:
    """Draw a plan: planned bars pale, actual ones below them full, milestones as diamonds, today as a line.

    Raises:
        ValueError: the plan has no line, or a line ends before it starts.
    """
    if not bars:
        raise ValueError("a plan has at least one line; given: none")
    if wrong := next((b for b in bars if b.end < b.start), None):
        raise ValueError(f"a line ends on or after its first day; given for {wrong.name}: {wrong.start} to {wrong.end}")
    days = _Days(
        min(min(b.start, b.actual_start or b.start) for b in bars),
        max(max(b.end, b.actual_end or b.end, today) for b in bars),
    )
    height = HEAD + ROW * len(bars) + 20
    body = [d.text(8, 20, title, size=15, weight="600"), *_months(days, height)]
    for i, bar in enumerate(bars):
        body += _line(bar, HEAD + i * ROW, days, today)
    if days.first <= today <= days.last:
        x = days.at(today)
        body.append(d.rule(x, 44, x, height - 18, colour=d.LIMIT, css="lim", width=1.5))
        end = x > WIDTH - 60
        body.append(
            d.text(
                x + (-4 if end else 4),
                height - 6,
                "today",
                size=12,
                anchor="end" if end else "start",
                colour=d.LIMIT,
                css="limt",
            )
        )
    late = sum(1 for b in bars if b.is_late(today))
    held = [b.name for b in bars if b.critical]
    critical = f" Critical: {', '.join(held)}." if held else ""
    many = f"{len(bars)} line{'s' if len(bars) != 1 else ''}"
    desc = f"{many} from {days.first} to {days.last}; {late or 'none'} past the date and not done.{critical}"
    rows = tuple(
        (b.name, str(b.start), str(b.end), str(b.actual_start or ""), str(b.actual_end or ""), _state(b, today))
        for b in bars
    )
    table = (("Line", "Planned start", "Planned end", "Began", "Ended", "State"), *rows)
    svg = d.wrap(title, desc, WIDTH, height, body, interactive=any(b.url for b in bars))
    return Figure(title, desc, svg, table, WIDTH, height)


def _state(bar: Bar, today: dt.date) -> str:
    if bar.met or bar.actual_end:
        return "met" if bar.milestone else "done"
    return "late" if bar.is_late(today) else "running" if bar.actual_start else "planned"


def _firsts(days: _Days) -> Iterator[dt.date]:
    """Yield the first days of months, quarters or years, so that their names fit."""
    whole = (days.last - days.first).days
    step = 1 if whole < 400 else 3 if whole < 1200 else 12
    month = dt.date(days.first.year, days.first.month if step < 12 else 1, 1)
    while month <= days.last:
        if month >= days.first:
            yield month
        total = month.month - 1 + step
        month = dt.date(month.year + total // 12, total % 12 + 1, 1)


def _months(days: _Days, height: int) -> list[str]:
    body = []
    for month in _firsts(days):
        x = days.at(month)
        body.append(d.rule(x, 44, x, height - 18, colour=d.GRID, css="gr"))
        if x < WIDTH - 48:
            body.append(d.text(x + 3, 40, f"{month:%b %y}", size=12, colour=d.MUTED, css="mut"))
    return body


def _line(bar: Bar, y: float, days: _Days, today: dt.date) -> list[str]:
    late = bar.is_late(today)
    name = d.text(8, y + 18, d.shortened(bar.name, LEFT - 24, 12), size=12)
    body = [d.link(bar.url, bar.name, name) if bar.url else name]
    if bar.milestone:
        return [*body, _diamond(bar, days.at(bar.actual_end or bar.end), y + 13, late)]
    x0, x1 = days.at(bar.start), days.at(bar.end)
    body.append(d.box(x0, y + 5, max(x1 - x0, 2), 8, rx=2, fill=d.COLOURS[0], fill_opacity=0.35, css="f1"))
    if bar.critical:
        # A dark edge under the planned bar, and the word in the table: not by colour alone.
        body.append(d.rule(x0, y + 14, max(x1, x0 + 2), y + 14, colour=d.TEXT, css="cr", width=2))
    if bar.actual_start:
        a0, a1 = days.at(bar.actual_start), days.at(bar.actual_end or today)
        body.append(
            d.box(
                a0,
                y + 15,
                max(a1 - a0, 2),
                8,
                rx=2,
                fill=d.LIMIT if late else d.COLOURS[0],
                css="limt" if late else "f1",
            )
        )
    if late:
        body.append(
            d.text(
                max(x1, days.at(today) if bar.actual_start else x1) + 6,
                y + 18,
                "late",
                size=12,
                colour=d.LIMIT,
                css="limt",
            )
        )
    return body


def _diamond(bar: Bar, x: float, y: float, late: bool) -> str:
    colour, css = (d.COLOURS[4], "f5") if bar.met else (d.LIMIT, "limt") if late else (d.SURFACE, "hollow s3")
    points = ((x, y - 8), (x + 8, y), (x, y + 8), (x - 8, y))
    edge = d.attributes(fill=colour, css=css, stroke=None if bar.met or late else d.TEXT, stroke_width=1.5)
    words = "" if not late else d.text(x + 12, y + 4, "late", size=12, colour=d.LIMIT, css="limt")
    return d.polygon(points, edge) + words
