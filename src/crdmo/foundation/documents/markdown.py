"""Markdown of a controlled document as blocks: CommonMark with tables; raw HTML stays text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from .blocks import Block

# Only what a page can follow; `javascript:` and files are printed as text.
SAFE_LINKS = ("https://", "http://", "mailto:")


def blocks(source: str) -> list[Block]:
    """Return the blocks of a text in Markdown."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    return _Reader(reader.parse(source)).all()


def spans(tokens: list[Token]) -> list[Block]:
    """Return running text as parts, each with its emphasis."""
    found: list[Block] = []
    style: dict[str, Any] = {}
    for token in tokens:
        if token.type in ("strong_open", "em_open"):
            style["strong" if token.type == "strong_open" else "emph"] = True
        elif token.type in ("strong_close", "em_close"):
            style.pop("strong" if token.type == "strong_close" else "emph", None)
        elif token.type == "link_open":
            address = str(token.attrs.get("href", ""))
            style |= {"link": address} if address.startswith(SAFE_LINKS) else {}
        elif token.type == "link_close":
            style.pop("link", None)
        elif token.type in ("softbreak", "hardbreak"):
            found.append({"text": " ", **style, **({"break": True} if token.type == "hardbreak" else {})})
        elif token.type == "code_inline":
            found.append({"text": token.content, "code": True, **style})
        elif token.type == "image":
            found.append({"text": f"[{token.content}]", **style})
        elif token.content:
            found.append({"text": token.content, **style})
    return found


def plain(tokens: list[Token]) -> str:
    """Return running text without emphasis."""
    return "".join(part["text"] for part in spans(tokens)).strip()


class _Reader:
    """Walks the tokens once, in order."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens: Iterator[Token] = iter(tokens)
        self.open: dict[str, Callable[[Token], Block]] = {
            "heading_open": self.heading, "paragraph_open": self.paragraph, "bullet_list_open": self.list_of,
            "ordered_list_open": self.list_of, "blockquote_open": self.quote, "table_open": self.table,
            "fence": self.code, "code_block": self.code, "hr": lambda token: {"kind": "rule"},
        }  # fmt: skip

    def all(self, until: str = "") -> list[Block]:
        """Return the blocks up to a closing token."""
        found = []
        for token in self.tokens:
            if token.type == until:
                break
            make = self.open.get(token.type)
            if make is not None:
                found.append(make(token))
        return found

    def inline(self) -> list[Token]:
        """Return the running text inside the block that was just opened, and pass its end."""
        inner = next(self.tokens)
        next(self.tokens)
        return inner.children or []

    def heading(self, token: Token) -> Block:
        return {"kind": "heading", "level": min(int(token.tag[1:]), 3), "text": plain(self.inline())}

    def paragraph(self, token: Token) -> Block:
        return {"kind": "spans", "parts": spans(self.inline())}

    def code(self, token: Token) -> Block:
        return {"kind": "code", "text": token.content.rstrip("\n")}

    def quote(self, token: Token) -> Block:
        return {"kind": "quote", "items": self.all("blockquote_close")}

    def list_of(self, token: Token) -> Block:
        ordered = token.type == "ordered_list_open"
        items = []
        for inner in self.tokens:
            if inner.type == token.type.replace("open", "close"):
                break
            if inner.type == "list_item_open":
                items.append(self.all("list_item_close"))
        return {"kind": "list", "ordered": ordered, "start": int(token.attrs.get("start", 1) or 1), "items": items}

    def table(self, token: Token) -> Block:
        rows: list[list[str]] = []
        aligned: list[str] = []
        for inner in self.tokens:
            if inner.type == "table_close":
                break
            if inner.type == "tr_open":
                rows.append([])
            elif inner.type in ("th_open", "td_open"):
                if len(rows) == 1:
                    style = str(inner.attrs.get("style", ""))
                    aligned.append(style.rpartition(":")[2] or "left")
                rows[-1].append(plain(self.inline()))
        head = [
            {"title": title, "align": align, "width": "1fr" if i == len(rows[0]) - 1 else "auto"}
            for i, (title, align) in enumerate(zip(rows[0], aligned, strict=True))
        ]
        return {"kind": "table", "columns": head, "rows": rows[1:], "notes": []}
