"""The strokes that every figure is made of: numbers, text, marks and the frame around them, as SVG text.

Colours are presentation attributes, which any renderer draws, together with a class by which a page chooses its own for
a dark theme. There is no style attribute and no script, so the same bytes stand in page, PDF and dossier.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

# Told apart by normal and by colour-blind eyes (CIEDE2000 ≥ 12 after Machado 2009), each ≥ 3:1 on white.
COLOURS = ("#0072B2", "#D55E00", "#1B2128", "#CC79A7", "#009E73", "#473000")
DASHES = ("", "7 4", "2 3", "8 3 2 3", "14 4", "4 2")
TEXT, MUTED, AXIS, GRID, SURFACE = "#1B2128", "#57606A", "#6E7781", "#D0D7DE", "#FFFFFF"
LIMIT, MARK, STALE = "#A1161C", "#1A6B34", "#6A3AA2"
FONT = "DejaVu Sans, system-ui, sans-serif"
MOST_SERIES = 6
# Stands for the figure's own key inside its body until the body is complete; no text can hold it (see `clean`).
OWN_KEY = "\x00"

_NARROW, _WIDE = frozenset("iljtfrI.,:;!|'()[] "), frozenset("mwMW%@—…")
Point = tuple[float, float]


def tidy(value: float) -> str:
    """Return a coordinate in a fixed short form, so that the same figure is the same text everywhere."""
    written = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if written == "-0" else written


def number(value: float) -> str:
    """Return a number for the table of a figure, at most seven digits."""
    return "" if not math.isfinite(value) else "0" if value == 0 else f"{value:.7g}"


def ticks(low: float, high: float, about: int = 6, steps: Sequence[float] = ()) -> list[float]:
    """Return round tick values within a range; `steps` are the distances of a unit that is not counted in tens."""
    if high <= low:
        return [low]
    raw = (high - low) / about
    size = 10.0 ** math.floor(math.log10(raw))
    step = next((s for s in steps if s >= raw * 0.999), 0.0) if steps and raw > steps[0] else 0.0
    step = step or next(size * f for f in (1, 2, 2.5, 5, 10) if size * f >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def tick_words(values: Sequence[float]) -> list[str]:
    """Write tick values with the same number of decimals."""
    big = max((abs(v) for v in values), default=0.0)
    if big >= 1e6 or (0 < big < 1e-4):
        return [number(v) for v in values]
    places = max((len(f"{v:.10f}".rstrip("0").partition(".")[2]) for v in values), default=0)
    return [f"{v:.{places}f}" for v in values]


def log_ticks(low: float, high: float) -> list[float]:
    """Return ticks of a logarithmic axis whose ends are given as exponents of ten."""
    decades = high - low
    digits = (1,) if decades > 3 else (1, 2, 5) if decades > 0.7 else (1, 2, 3, 4, 5, 6, 7, 8, 9)
    every = max(1, math.ceil(decades / 8))
    powers = [p for p in range(math.floor(low), math.ceil(high) + 1) if p % every == 0]
    return [m * 10.0**p for p in powers for m in digits if low - 1e-9 <= math.log10(m) + p <= high + 1e-9]


def width_of(content: str, size: float) -> float:
    """Return about how wide a text is; the widest usual font is assumed."""
    return size * sum(0.36 if c in _NARROW else 0.95 if c in _WIDE else 0.64 for c in content)


def shortened(content: str, room: float, size: float) -> str:
    """Return a text that fits into the room, cut with an ellipsis."""
    if width_of(content, size) <= room:
        return content
    while content and width_of(content + "…", size) > room:
        content = content[:-1]
    return content.rstrip() + "…"


def attributes(**given: str | float | None) -> str:
    """Return attributes as text; those that are None or empty are left out, `_` becomes `-`."""
    parts = []
    for name, value in given.items():
        if value is None or value == "":
            continue
        written = "class" if name == "css" else name.replace("_", "-")
        parts.append(f"{written}={quoteattr(tidy(value) if isinstance(value, (int, float)) else value)}")
    return " ".join(parts)


def clean(content: str) -> str:
    """Return a text escaped for XML, without the control characters that XML forbids."""
    return escape("".join(c if c.isprintable() else " " for c in content))


def text(
    x: float,
    y: float,
    content: str,
    *,
    size: float = 13,
    anchor: str = "start",
    colour: str = TEXT,
    css: str = "fg",
    weight: str = "",
    turn: bool = False,
    halo: bool = False,
) -> str:
    """Return a text element. `halo` puts the surface's colour behind it, where it crosses lines."""
    rest = attributes(
        font_family=FONT,
        font_size=size,
        text_anchor=anchor,
        fill=colour,
        css=f"{css} halo" if halo else css,
        font_weight=weight,
        transform=f"rotate(-90 {tidy(x)} {tidy(y)})" if turn else "",
        stroke=SURFACE if halo else None,
        stroke_width=3 if halo else None,
        stroke_linejoin="round" if halo else None,
        paint_order="stroke" if halo else None,
    )
    return f'<text x="{tidy(x)}" y="{tidy(y)}" {rest}>{clean(content)}</text>'


def rule(x1: float, y1: float, x2: float, y2: float, *, colour: str, css: str, width: float = 1, dash: str = "") -> str:
    """Return a straight line."""
    place = attributes(x1=x1, y1=y1, x2=x2, y2=y2)
    return f"<line {place} {attributes(stroke=colour, stroke_width=width, stroke_dasharray=dash, css=css)}/>"


def box(x: float, y: float, width: float, height: float, **rest: str | float | None) -> str:
    """Return a rectangle."""
    return f"<rect {attributes(x=x, y=y, width=max(width, 0), height=max(height, 0), **rest)}/>"


def path_of(points: Iterable[Point]) -> str:
    """Return path data through points; where a coordinate is missing (not a number) the pen is lifted."""
    parts, down = [], False
    for x, y in points:
        if not (math.isfinite(x) and math.isfinite(y)):
            down = False
            continue
        parts.append(f"{'L' if down else 'M'}{tidy(x)} {tidy(y)}")
        down = True
    return "".join(parts)


def polygon(points: Iterable[Point], rest: str) -> str:
    """Return a closed shape."""
    return f'<polygon points="{" ".join(f"{tidy(x)},{tidy(y)}" for x, y in points)}" {rest}/>'


# The shapes ● ▲ ■ ◆ ▼ ✚ on a unit square, in the order of the colours.
_SHAPES: tuple[tuple[Point, ...], ...] = (
    (),
    ((0, -1.2), (1.1, 0.9), (-1.1, 0.9)),
    ((-0.92, -0.92), (0.92, -0.92), (0.92, 0.92), (-0.92, 0.92)),
    ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
    ((0, 1.2), (1.1, -0.9), (-1.1, -0.9)),
    (
        (-1.15, -0.38),
        (-0.38, -0.38),
        (-0.38, -1.15),
        (0.38, -1.15),
        (0.38, -0.38),
        (1.15, -0.38),
        (1.15, 0.38),
        (0.38, 0.38),
        (0.38, 1.15),
        (-0.38, 1.15),
        (-0.38, 0.38),
        (-1.15, 0.38),
    ),
)


def mark(kind: int, x: float, y: float, *, hollow: bool = False, size: float = 4.5) -> str:
    """Return a data point; each series has a shape of its own beside its colour."""
    colour, index = COLOURS[kind % 6], kind % 6 + 1
    rest = attributes(fill=colour, stroke=SURFACE, stroke_width=0.75, css=f"f{index} rim")
    if hollow:
        rest = attributes(fill=SURFACE, stroke=colour, stroke_width=1.6, css=f"hollow s{index}")
    shape = _SHAPES[kind % 6]
    if not shape:
        return f"<circle {attributes(cx=x, cy=y, r=size)} {rest}/>"
    return polygon(((x + a * size, y + b * size) for a, b in shape), rest)


def link(url: str, label: str, inner: str) -> str:
    """Return SVG content as a link; addresses of other schemes than the house's own are refused.

    Raises:
        ValueError: the address does not start with `/` or `#`.
    """
    if not url.startswith(("/", "#")) or url.startswith("//"):
        raise ValueError(f"a figure links to the house only; given: {url}; allowed: an address that starts with / or #")
    return f"<a href={quoteattr(url)} aria-label={quoteattr(label)}>{inner}</a>"


def wrap(title: str, desc: str, width: float, height: float, body: Sequence[str], *, interactive: bool = False) -> str:
    """Return a whole SVG with title and description for people who do not see it.

    A figure with links in it is a group, because an image has no parts that can be reached.
    """
    inner = "".join(body)
    key = "f" + hashlib.sha256(f"{title}\n{desc}\n{inner}".encode()).hexdigest()[:10]
    size = f'viewBox="0 0 {tidy(width)} {tidy(height)}" width="{tidy(width)}" height="{tidy(height)}"'
    role = f'role="{"group" if interactive else "img"}" aria-labelledby="{key}t {key}d"'
    named = f'<title id="{key}t">{clean(title)}</title><desc id="{key}d">{clean(desc)}</desc>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {role}>{named}{inner.replace(OWN_KEY, key)}</svg>'
