"""Drawings of how things hang together: the thread from left to right, and a plan as a Gantt chart. Plain SVG as in figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from .figures import AXIS, COLOURS, GRID, LIMIT, MUTED, SURFACE, TEXT, Figure, link, text, tidy, wrap

MOST_NODES = 60
BOX, HIGH, GAP_X, GAP_Y = 172, 46, 44, 14
STALE = "#6A3AA2"


@dataclass(frozen=True)
class Node:
    """A record on the thread: key, kind above its label, state below, address, whether stale or the one looked at."""

    key: str
    kind: str
    label: str
    state: str = ""
    url: str = ""
    stale: bool = False
    here: bool = False


def _layers(nodes: Sequence[Node], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Return the column of each node: one further right than everything it comes from."""
    known = {node.key for node in nodes}
    back: dict[str, list[str]] = {key: [] for key in known}
    for up, down in edges:
        if up in known and down in known and up != down:
            back[down].append(up)
    layer: dict[str, int] = {}

    def place(key: str, path: frozenset[str]) -> int:
        if key not in layer:
            above = [place(up, path | {key}) for up in back[key] if up not in path]
            layer[key] = max(above, default=-1) + 1
        return layer[key]

    for node in nodes:
        place(node.key, frozenset({node.key}))
    return layer


def _grouped(nodes: Sequence[Node], edges: Sequence[tuple[str, str]]) -> tuple[list[Node], list[tuple[str, str]]]:
    """Return the graph with the most numerous kinds drawn as one node with a count, until it can be read."""
    nodes, edges = list(nodes), list(edges)
    while len(nodes) > MOST_NODES:
        counts: dict[str, int] = {}
        for node in nodes:
            if not node.here and not node.key.startswith("group:"):
                counts[node.kind] = counts.get(node.kind, 0) + 1
        kind, count = max(counts.items(), key=lambda item: item[1])
        if count < 2:
            break
        gone = {n.key for n in nodes if n.kind == kind and not n.here}
        stale = any(n.stale for n in nodes if n.key in gone)
        nodes = [n for n in nodes if n.key not in gone] + [Node(f"group:{kind}", kind, f"{count} together", stale=stale)]
        renamed = {(f"group:{kind}" if a in gone else a, f"group:{kind}" if b in gone else b) for a, b in edges}
        edges = sorted((a, b) for a, b in renamed if a != b)
    return nodes, edges


def thread_graph(title: str, nodes: Sequence[Node], edges: Sequence[tuple[str, str]]) -> Figure:
    """Draw records from left to right, each to the right of what it comes from.

    Args:
        title: of the figure.
        nodes: the records.
        edges: (upstream key, downstream key).
    """
    shown, links = _grouped(nodes, edges)
    layer = _layers(shown, links)
    columns: dict[int, list[Node]] = {}
    for node in shown:
        columns.setdefault(layer[node.key], []).append(node)
    tallest = max((len(column) for column in columns.values()), default=1)
    height = 30 + tallest * (HIGH + GAP_Y) + 10
    width = max(320, 20 + (max(columns, default=0) + 1) * (BOX + GAP_X))
    at: dict[str, tuple[float, float]] = {}
    for number, column in columns.items():
        free = height - 30 - len(column) * (HIGH + GAP_Y)
        for i, node in enumerate(column):
            at[node.key] = (12 + number * (BOX + GAP_X), 24 + free / 2 + i * (HIGH + GAP_Y))
    stale = {node.key for node in shown if node.stale}
    body = [_edge(at[a], at[b], b in stale) for a, b in links if a in at and b in at]
    body += [_box(node, *at[node.key]) for node in shown]
    desc = f"{len(nodes)} records, {len(stale)} of them stale; each stands to the right of what it comes from."
    names = {node.key: f"{node.kind} {node.label}" for node in shown}
    table = (("From", "To"), *((names[a], names[b]) for a, b in links if a in names and b in names))
    return Figure(title, desc, wrap(title, desc, int(width), int(height), body), table, int(width), int(height))


def _edge(start: tuple[float, float], end: tuple[float, float], stale: bool) -> str:
    x0, y0, x1, y1 = start[0] + BOX, start[1] + HIGH / 2, end[0], end[1] + HIGH / 2
    middle = (x0 + x1) / 2
    colour, style, dash = (STALE, "staleline", ' stroke-dasharray="5 4"') if stale else (AXIS, "ax", "")
    return (f'<path d="M{tidy(x0)} {tidy(y0)}C{tidy(middle)} {tidy(y0)} {tidy(middle)} {tidy(y1)} {tidy(x1)} {tidy(y1)}" fill="none" '
            f'stroke="{colour}" stroke-width="1.4" class="{style}"{dash}/>')  # fmt: skip


def _short(content: str, most: int) -> str:
    return content if len(content) <= most else content[: most - 1] + "…"


def _box(node: Node, x: float, y: float) -> str:
    colour, style = (STALE, "staleline") if node.stale else (COLOURS[0], "s1") if node.here else (GRID, "gr")
    thick = 2.5 if node.here else 1.5
    inner = f'<rect x="{tidy(x)}" y="{tidy(y)}" width="{BOX}" height="{HIGH}" rx="5" fill="{SURFACE}" stroke="{colour}" stroke-width="{thick}" class="bg {style}"/>'
    inner += text(x + 10, y + 18, _short(node.kind, 26), size=10, colour=MUTED, style="mut")
    inner += text(x + 10, y + 35, _short(node.label, 22), size=12, weight="600")
    if node.state or node.stale:
        inner += text(x + BOX - 8, y + 18, _short("stale" if node.stale else node.state, 14), size=10, anchor="end", colour=STALE if node.stale else MUTED, style="mut")
    return link(node.url, f"{node.kind} {node.label}", inner) if node.url else inner


@dataclass(frozen=True)
class Bar:
    """A line of a plan: name, start and end, what really happened, whether it is a milestone, done or late."""

    name: str
    start: dt.date
    end: dt.date
    actual_start: dt.date | None = None
    actual_end: dt.date | None = None
    milestone: bool = False
    met: bool = False


def gantt(title: str, bars: Sequence[Bar], today: dt.date) -> Figure:
    """Draw a plan: planned bars, actual ones below them, milestones as diamonds, today as a line."""
    if not bars:
        raise ValueError("a plan has at least one line")
    first = min(min(b.start, b.actual_start or b.start) for b in bars)
    last = max(max(b.end, b.actual_end or b.end, today) for b in bars)
    days = max((last - first).days, 1)
    left, width, row = 250, 1000, 30
    height = 56 + row * len(bars) + 12

    def px(day: dt.date) -> float:
        return left + (day - first).days / days * (width - left - 20)

    body = [text(8, 20, title, size=14, weight="600")]
    month = dt.date(first.year, first.month, 1)
    step = 1 if days < 400 else 3 if days < 1200 else 12
    while month <= last:
        if month >= first:
            body.append(f'<line x1="{tidy(px(month))}" x2="{tidy(px(month))}" y1="44" y2="{height - 8}" stroke="{GRID}" class="gr"/>')
            body.append(text(px(month) + 3, 40, f"{month:%b %y}", size=10, colour=MUTED, style="mut"))
        total = month.month - 1 + step
        month = dt.date(month.year + total // 12, total % 12 + 1, 1)
    for i, bar in enumerate(bars):
        body += _bar(bar, 52 + i * row, px, today)
    if first <= today <= last:
        body.append(f'<line x1="{tidy(px(today))}" x2="{tidy(px(today))}" y1="44" y2="{height - 8}" stroke="{LIMIT}" stroke-width="1.5" class="lim"/>')
        body.append(text(px(today) + 4, height - 2, "today", size=10, colour=LIMIT, style="limt"))
    late = sum(1 for b in bars if not b.met and b.actual_end is None and b.end < today)
    desc = f"{len(bars)} lines from {first} to {last}; {late} past their date and not done."
    rows = tuple((b.name, str(b.start), str(b.end), str(b.actual_start or ""), str(b.actual_end or "")) for b in bars)
    table = (("Line", "Start", "End", "Began", "Ended"), *rows)
    return Figure(title, desc, wrap(title, desc, width, height, body), table, width, height)


def _bar(bar: Bar, y: float, px, today: dt.date) -> list[str]:  # type: ignore[no-untyped-def] # noqa: ANN001
    body = [text(8, y + 15, _short(bar.name, 36), size=12)]
    late = not bar.met and bar.actual_end is None and bar.end < today
    if bar.milestone:
        x, s = px(bar.actual_end or bar.end), 7
        colour, style = (COLOURS[4], "f5") if bar.met else (LIMIT, "f2") if late else (TEXT, "f3")
        fill = f'fill="{colour}" class="{style}"' if bar.met or late else f'fill="{SURFACE}" stroke="{TEXT}" stroke-width="1.5" class="hollow s3"'
        body.append(f'<path d="M{tidy(x)} {tidy(y + 10 - s)}L{tidy(x + s)} {tidy(y + 10)}L{tidy(x)} {tidy(y + 10 + s)}L{tidy(x - s)} {tidy(y + 10)}Z" {fill}/>')
        return body
    x0, x1 = px(bar.start), px(bar.end)
    body.append(f'<rect x="{tidy(x0)}" y="{tidy(y + 2)}" width="{tidy(max(x1 - x0, 2))}" height="9" rx="2" fill="{COLOURS[0]}" fill-opacity="0.35" class="f1"/>')
    if bar.actual_start:
        a0, a1 = px(bar.actual_start), px(bar.actual_end or today)
        body.append(f'<rect x="{tidy(a0)}" y="{tidy(y + 12)}" width="{tidy(max(a1 - a0, 2))}" height="9" rx="2" fill="{COLOURS[1] if late else COLOURS[0]}" class="{"f2" if late else "f1"}"/>')
    return body
