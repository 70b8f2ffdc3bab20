"""A plate as a map of its wells: the further from zero the darker, above and below in two colours, what is named framed."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from . import drawing as d
from .scales import Figure, Table

Wells = Sequence[Sequence[float | None]]
LEFT, TOP, FOOT, CELL = 34.0, 52.0, 34.0, 22.0


def plate_map(
    title: str,
    wells: Wells,
    *,
    row_names: Sequence[str],
    name: str,
    most: float,
    framed: Collection[tuple[int, int]] = (),
    framed_as: str = "",
    finding: str,
) -> Figure:
    """Draw a plate; a well without a value is left blank.

    Args:
        title: what it shows.
        wells: rows of values whose zero means "as the rest of the plate", such as B-scores.
        row_names: the letters of the rows.
        name: what the values are.
        most: the size from which on a well has the full tint.
        framed: (row, column) of the wells to frame, counted from 0.
        framed_as: what the frame says.
        finding: the sentence that says what it shows.

    Raises:
        ValueError: there are no wells, rows differ in length or have no names, or `most` is not above 0.
    """
    if (
        not wells
        or not wells[0]
        or len({len(row) for row in wells}) != 1
        or len(row_names) != len(wells)
        or not most > 0.0
    ):
        raise ValueError(
            "a plate has rows of one length, a name for each, and a size above 0 from which on the tint is full"
        )
    # A plate of 1536 wells keeps the width of one of 384.
    cell = CELL if len(wells[0]) <= 24 else CELL / 2
    width = int(LEFT + cell * len(wells[0]) + 20)
    height = int(TOP + cell * len(wells) + FOOT)
    body = [d.text(16, 20, d.shortened(title, width - 32, 15), size=15, weight="600")]
    every = 1 if cell == CELL else 2
    for column in range(0, len(wells[0]), every):
        body.append(
            d.text(
                LEFT + cell * (column + 0.5),
                TOP - 6,
                str(column + 1),
                size=10,
                anchor="middle",
                colour=d.MUTED,
                css="mut",
            )
        )
    for row in range(0, len(wells), every):
        body.append(
            d.text(
                LEFT - 6, TOP + cell * (row + 0.5) + 4, row_names[row], size=10, anchor="end", colour=d.MUTED, css="mut"
            )
        )
    marked = set(framed)
    for i, line in enumerate(wells):
        for j, value in enumerate(line):
            body.append(_well(LEFT + cell * j, TOP + cell * i, cell, value, most, (i, j) in marked))
    foot = TOP + cell * len(wells) + 22
    body += _key(LEFT, foot, name, most, framed_as)
    return Figure(title, finding, d.wrap(title, finding, width, height, body), _table(wells, row_names), width, height)


def _well(x: float, y: float, cell: float, value: float | None, most: float, is_framed: bool) -> str:
    edge = {"stroke": d.MARK, "stroke_width": 1.8, "css": "mk"} if is_framed else {"stroke": d.GRID, "css": "gr"}
    if value is None:
        return d.box(x + 1, y + 1, cell - 2, cell - 2, fill="none", **edge)
    side = 0 if value >= 0.0 else 1
    tint = 0.05 + 0.85 * min(1.0, abs(value) / most)
    filled = d.box(x + 1, y + 1, cell - 2, cell - 2, fill=d.COLOURS[side], fill_opacity=tint, css=f"f{side + 1}")
    return filled + (d.box(x + 1, y + 1, cell - 2, cell - 2, fill="none", **edge) if is_framed else "")


def _key(x: float, y: float, name: str, most: float, framed_as: str) -> list[str]:
    words = ((1, f"≤ −{d.number(most)}"), (0, f"≥ {d.number(most)}"))
    body = [d.text(x, y, name, size=11, colour=d.MUTED, css="mut")]
    at = x + d.width_of(name, 11) + 18
    for side, word in words:
        body.append(d.box(at, y - 10, 12, 12, fill=d.COLOURS[side], fill_opacity=0.9, css=f"f{side + 1}"))
        body.append(d.text(at + 17, y, word, size=11, colour=d.MUTED, css="mut"))
        at += 17 + d.width_of(word, 11) + 18
    if not framed_as:
        return body
    body.append(d.box(at, y - 10, 12, 12, fill="none", stroke=d.MARK, stroke_width=1.8, css="mk"))
    body.append(d.text(at + 17, y, framed_as, size=11, colour=d.MUTED, css="mut"))
    return body


def _table(wells: Wells, row_names: Sequence[str]) -> Table:
    head = ("row", *(str(j + 1) for j in range(len(wells[0]))))
    return (
        head,
        *(
            (row_names[i], *("" if value is None else d.number(value) for value in line))
            for i, line in enumerate(wells)
        ),
    )
