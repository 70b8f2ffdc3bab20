"""The pieces that a PDF is made of, as plain JSON for the templates.

    blocks.table([column("Month", align="right"), column("Assay", unit="%", align="decimal")],
                 [["0", "100.2"], ["3", cell("99.80", changes=[Change(...)])]], caption="Assay by time point")

A value that was changed since it was first entered carries a mark, and the former value is printed under the table
(EU GMP Annex 11, 8.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from crdmo.foundation.signing.manifestation import Manifestation, as_json

Block = dict[str, Any]
Align = Literal["left", "right", "center", "decimal"]
Tone = Literal["", "ok", "warning", "bad", "info", "stale", "neutral"]


@dataclass(frozen=True)
class Change:
    """A former value: what it was and became, by whom, when, and why."""

    old: str
    new: str
    by: str
    when: str
    reason: str

    def as_text(self) -> str:
        """Return the change in one line."""
        why = f": {self.reason}" if self.reason else ""
        return f"{self.old or 'empty'} → {self.new or 'empty'}, {self.by}, {self.when}{why}"


def heading(text: str, level: int = 1) -> Block:
    """A heading, which is a bookmark as well."""
    return {"kind": "heading", "text": text, "level": level}


def text(text: str) -> Block:
    """A paragraph of plain text."""
    return {"kind": "text", "text": text}


def notice(text: str, tone: Tone = "info") -> Block:
    """A sentence that must not be overlooked."""
    return {"kind": "notice", "text": text, "tone": tone}


def pagebreak() -> Block:
    """A new page, unless one begins here anyway."""
    return {"kind": "pagebreak"}


def facts(items: Mapping[str, str] | Iterable[Sequence[str]], columns: int = 1) -> Block:
    """Names and values; an item may have a third part, the style `code`."""
    pairs = items.items() if isinstance(items, Mapping) else items
    return {"kind": "facts", "items": [list(map(str, pair)) for pair in pairs], "columns": columns}


def column(title: str, *, unit: str = "", align: Align = "left", width: str = "auto", style: str = "") -> Block:
    """A column: `width` is `auto` or a share such as `1fr`; `style` may be `code`."""
    return {"title": title, "unit": unit, "align": align, "width": width, "style": style}


def cell(text: str, *, tone: Tone = "", note: str = "", changes: Sequence[Change] = (), faint: bool = False) -> Block:
    """A cell with a tone (a chip), a small note below, or the changes that its value went through."""
    return {"text": text, "tone": tone, "note": note, "changes": list(changes), "faint": faint}


def _fraction(text: str) -> str:
    """Return what follows the digits before the point: `.80` of `99.80`, nothing of `<0.05` but its own."""
    _, point, rest = text.partition(".")
    return point + rest


def table(columns: Sequence[Block], rows: Iterable[Sequence[str | Block]], caption: str = "") -> Block:
    """A table: numbers in line on the point, former values numbered and printed below it."""
    notes: list[Block] = []
    made: list[list[Block]] = []
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"a row has {len(row)} cells; the table has {len(columns)} columns")
        made.append([_drawn(value, notes) for value in row])
    for index, head in enumerate(columns):
        if head["align"] == "decimal":
            widest = max((_fraction(row[index]["text"]) for row in made), key=len, default="")
            for row in made:
                row[index]["pad"] = widest[len(_fraction(row[index]["text"])) :]
    return {"kind": "table", "columns": list(columns), "rows": made, "caption": caption, "notes": notes}


def _drawn(value: str | Block, notes: list[Block]) -> Block:
    given: Block = {"text": value} if isinstance(value, str) else dict(value)
    numbers = []
    for change in given.get("changes", ()):
        number = len(notes) + 1
        notes.append({"number": str(number), "text": change.as_text()})
        numbers.append(str(number))
    return {**given, "changes": numbers}


def figure(name: str, caption: str, alt: str = "") -> Block:
    """A figure given to `render` under this name; `alt` is the sentence for those who do not see it."""
    return {"kind": "figure", "name": name, "caption": caption, "alt": alt or caption}


def signatures(shown: Iterable[Manifestation]) -> Block:
    """The signatures over a record, as 21 CFR 11.50 wants them shown."""
    return {"kind": "signatures", "items": as_json(shown)}


def trail(items: Iterable[Block]) -> Block:
    """An audit trail; `history.trail_of` makes its items."""
    return {"kind": "trail", "items": list(items)}
