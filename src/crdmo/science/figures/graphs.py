"""How records hang together: the thread from left to right, and the genealogy of lots as a tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from . import drawing as d
from .scales import Figure

MOST_NODES = 60
BOX, HIGH, GAP_X, GAP_Y = 196, 50, 48, 14
# Begins the key of a place that an edge passes on its way.
VIA = "via:"
Edge = tuple[str, str]


@dataclass(frozen=True)
class Node:
    """A record on the thread.

    Attributes:
        key: by which edges name it.
        kind: its type in the field's words, written above the label.
        label: its code or name.
        state: its state in words.
        url: the address of its page.
        stale: whether it stands on data that changed since.
        here: whether it is the one looked at.
        count: how many records it stands for.
    """

    key: str
    kind: str
    label: str
    state: str = ""
    url: str = ""
    stale: bool = False
    here: bool = False
    count: int = 1


def layers_of(nodes: Sequence[Node], edges: Sequence[Edge]) -> dict[str, int]:
    """Return the column of each node: one further right than everything that it comes from."""
    back: dict[str, list[str]] = {node.key: [] for node in nodes}
    for up, down in edges:
        if up in back and down in back and up != down:
            back[down].append(up)
    column: dict[str, int] = {}
    for node in nodes:
        _place(node.key, back, column)
    return column


def _place(key: str, back: dict[str, list[str]], column: dict[str, int]) -> None:
    """Set the column of a node and of all before it, without recursion: a thread may be long. Circles are cut."""
    stack, open_ = [key], {key}
    while stack:
        here = stack[-1]
        waiting = [up for up in back[here] if up not in column and up not in open_]
        if waiting:
            stack.append(waiting[0])
            open_.add(waiting[0])
            continue
        column.setdefault(here, max((column[up] for up in back[here] if up in column), default=-1) + 1)
        open_.discard(stack.pop())


def grouped(nodes: Sequence[Node], edges: Sequence[Edge], most: int = MOST_NODES) -> tuple[list[Node], list[Edge]]:
    """Return the graph with the most numerous kinds drawn as one node with a count, until it can be read."""
    now, links = list(nodes), list(dict.fromkeys(edges))
    while len(now) > most:
        kinds: dict[str, list[Node]] = {}
        for node in now:
            if not node.here and node.count == 1:
                kinds.setdefault(node.kind, []).append(node)
        gone = max(kinds.values(), key=len, default=[])
        if len(gone) < 2:
            break
        now, links = _together(now, links, gone)
    return now, links


def _together(nodes: list[Node], edges: list[Edge], gone: list[Node]) -> tuple[list[Node], list[Edge]]:
    keys, key = {n.key for n in gone}, f"group:{gone[0].kind}"
    stale = sum(n.stale for n in gone)
    group = Node(
        key, gone[0].kind, f"{len(gone)} records", f"{stale} stale" if stale else "", stale=bool(stale), count=len(gone)
    )
    renamed = [(key if a in keys else a, key if b in keys else b) for a, b in edges]
    return [n for n in nodes if n.key not in keys] + [group], [e for e in dict.fromkeys(renamed) if e[0] != e[1]]


def _ordered(columns: dict[int, list[Node]], edges: Sequence[Edge]) -> None:
    """Order each column by where its neighbours stand, there and back, so that fewer edges cross."""
    beside: dict[str, list[str]] = {}
    for a, b in edges:
        beside.setdefault(a, []).append(b)
        beside.setdefault(b, []).append(a)
    numbers = sorted(columns)
    for sweep in range(4):
        for n in numbers if sweep % 2 == 0 else reversed(numbers):
            near = columns.get(n - 1 if sweep % 2 == 0 else n + 1, [])
            at = {node.key: i / max(len(near), 1) for i, node in enumerate(near)}
            own = {node.key: i / max(len(columns[n]), 1) for i, node in enumerate(columns[n])}

            def middle(node: Node, at: dict[str, float] = at, own: dict[str, float] = own) -> float:
                places = [at[k] for k in beside.get(node.key, ()) if k in at]
                return sum(places) / len(places) if places else own[node.key]

            columns[n].sort(key=middle)


def thread_graph(title: str, nodes: Sequence[Node], edges: Sequence[Edge], *, desc: str = "") -> Figure:
    """Draw records from left to right, each to the right of what it comes from; stale ones dashed in violet.

    Beyond sixty records the most numerous kinds are drawn as one with a count.

    Args:
        title: of the figure.
        nodes: the records.
        edges: (upstream key, downstream key).
        desc: one sentence; by default how many records, how many stale.

    Raises:
        ValueError: there is no node.
    """
    if not nodes:
        raise ValueError("a thread has at least one record; given: none")
    shown, links = grouped(nodes, edges)
    known = {node.key for node in shown}
    links = [(a, b) for a, b in links if a in known and b in known and a != b]
    column = layers_of(shown, links)
    columns: dict[int, list[Node]] = {}
    for node in shown:
        columns.setdefault(column[node.key], []).append(node)
    # A step back (kinds can feed each other) would run against every other one: it stands in the table only.
    ways = _ways(columns, column, [(a, b) for a, b in links if column[a] < column[b]])
    _ordered(columns, [hop for way in ways.values() for hop in pairwise(way)])
    return _drawn(title, desc or _said(nodes), columns, ways, links)


def _ways(columns: dict[int, list[Node]], column: dict[str, int], edges: Sequence[Edge]) -> dict[Edge, list[str]]:
    """Return the way of each edge; one that crosses columns gets a place in each, so that it runs behind no record."""
    ways: dict[Edge, list[str]] = {}
    for a, b in edges:
        between = [f"{VIA}{a}>{b}@{n}" for n in range(column[a] + 1, column[b])]
        for n, key in enumerate(between, column[a] + 1):
            columns[n].append(Node(key, "", ""))
        ways[a, b] = [a, *between, b]
    return ways


def _said(nodes: Sequence[Node]) -> str:
    stale = sum(1 for node in nodes if node.stale)
    many = "1 record" if len(nodes) == 1 else f"{len(nodes)} records"
    return f"{many}, {stale or 'none'} stale; each stands to the right of what it comes from."


def _drawn(
    title: str, desc: str, columns: dict[int, list[Node]], ways: dict[Edge, list[str]], links: Sequence[Edge]
) -> Figure:
    tall = {n: sum(_room(node) + GAP_Y for node in column) - GAP_Y for n, column in columns.items()}
    height, width = max(tall.values()) + 24, 24 + len(columns) * (BOX + GAP_X) - GAP_X
    at: dict[str, d.Point] = {}
    for n, column in columns.items():
        y = (height - tall[n]) / 2
        for node in column:
            at[node.key] = (12 + n * (BOX + GAP_X), y + _room(node) / 2)
            y += _room(node) + GAP_Y
    shown = {node.key: node for column in columns.values() for node in column if not node.key.startswith(VIA)}
    body = [_edge([at[key] for key in way], shown[b].stale) for (_, b), way in ways.items()]
    body += [_box(node, at[node.key][0], at[node.key][1] - HIGH / 2) for node in shown.values()]
    names = {key: f"{node.kind} {node.label}" for key, node in shown.items()}
    table = (("From", "To"), *((names[a], names[b]) for a, b in links))
    svg = d.wrap(title, desc, width, height, body, interactive=any(node.url for node in shown.values()))
    return Figure(title, desc, svg, table, width, round(height))


def _room(node: Node) -> int:
    return 6 if node.key.startswith(VIA) else HIGH


def _edge(places: Sequence[d.Point], stale: bool) -> str:
    """Draw a way through places: a bow from column to column, straight across the columns between."""
    colour, css, dash = (d.STALE, "staleline", "5 4") if stale else (d.AXIS, "ax", "")
    path = f"M{d.tidy(places[0][0] + BOX)} {d.tidy(places[0][1])}"
    for n, ((x0, y0), (x1, y1)) in enumerate(pairwise(places)):
        across = f"H{d.tidy(x0 + BOX)}" if n else ""
        bend = max(abs(x1 - x0 - BOX) / 2, 24)
        corners = " ".join(d.tidy(v) for v in (x0 + BOX + bend, y0, x1 - bend, y1, x1, y1))
        path += f"{across}C{corners}"
    stroke = d.attributes(stroke=colour, stroke_width=1.4, stroke_dasharray=dash, css=css)
    return f'<path d="{path}" fill="none" {stroke}/>'


def _box(node: Node, x: float, y: float) -> str:
    colour, css = (d.STALE, "staleline") if node.stale else (d.COLOURS[0], "s1") if node.here else (d.GRID, "gr")
    behind = d.box(x + 4, y + 4, BOX, HIGH, rx=5, fill=d.SURFACE, stroke=d.GRID, css="bg gr")
    inner = behind if node.count > 1 else ""
    inner += d.box(
        x,
        y,
        BOX,
        HIGH,
        rx=5,
        fill=d.SURFACE,
        stroke=colour,
        stroke_width=2.5 if node.here else 1.25,
        stroke_dasharray="5 4" if node.stale and not node.here else "",
        css=f"bg {css}",
    )
    state = "stale" if node.stale and not node.state else node.state
    room = d.width_of(state, 12) + 10 if state else 0
    inner += d.text(x + 12, y + 19, d.shortened(node.kind, BOX - 24 - room, 12), size=12, colour=d.MUTED, css="mut")
    inner += d.text(x + 12, y + 37, d.shortened(node.label, BOX - 24, 13), size=13, weight="600")
    if state:
        tone, words = (d.STALE, "stalet") if node.stale else (d.MUTED, "mut")
        inner += d.text(x + BOX - 10, y + 19, state, size=12, anchor="end", colour=tone, css=words)
    if not node.url:
        return inner
    return d.link(
        node.url,
        ", ".join(filter(None, (f"{node.kind} {node.label}", state, "this record" if node.here else ""))),
        inner,
    )


def genealogy(title: str, root: Node, children: Mapping[str, Sequence[Node]], *, desc: str = "") -> Figure:
    """Draw a lot with what went into it, as a tree that grows to the right.

    Args:
        title: of the figure.
        root: the lot looked at.
        children: {key of a node: the nodes drawn to its right}; a node that comes twice is drawn twice.
        desc: one sentence; by default how many lots in how many steps.

    Raises:
        ValueError: a lot comes from itself.
    """
    body: list[str] = []
    rows: list[tuple[str, str]] = []
    bottom, deepest = 12.0, 0

    def draw(node: Node, depth: int, path: tuple[str, ...]) -> float:
        nonlocal bottom, deepest
        if node.key in path:
            raise ValueError(f"a lot cannot come from itself; given: {' → '.join([*path, node.key])}")
        deepest = max(deepest, depth)
        under = list(children.get(node.key, ()))
        centres = [draw(child, depth + 1, (*path, node.key)) for child in under]
        rows.extend((f"{node.kind} {node.label}", f"{child.kind} {child.label}") for child in under)
        if centres:
            centre = (centres[0] + centres[-1]) / 2
        else:
            centre, bottom = bottom + HIGH / 2, bottom + HIGH + GAP_Y
        x = 12 + depth * (BOX + GAP_X)
        for child, at in zip(under, centres, strict=True):
            body.append(_edge([(x, centre), (x + BOX + GAP_X, at)], child.stale))
        body.append(_box(node, x, centre - HIGH / 2))
        return centre

    draw(replace(root, here=True), 0, ())
    width, height = 24 + (deepest + 1) * (BOX + GAP_X) - GAP_X, round(bottom - GAP_Y + 12)
    steps = f"{deepest} step{'s' if deepest != 1 else ''}"
    said = desc or f"{root.kind} {root.label} with {len(rows)} links to what it was made of, in {steps}."
    svg = d.wrap(title, said, width, height, body, interactive="<a " in "".join(body))
    return Figure(title, said, svg, (("Lot", "Made from"), *rows), width, height)
