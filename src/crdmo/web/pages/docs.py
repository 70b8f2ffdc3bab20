"""The documents of the house, served by the house itself: offline, and always those of the release that is running.

They are Markdown files in `docs/` of the repository; an installed package carries a copy beside this room. What a
reader of the files sees, a reader of the pages sees too; links to source files become plain text here, because the
source is not served.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from crdmo.foundation.refusals import NotFound

from ..request import PageRequest

_WEB = Path(__file__).resolve().parents[1]
# src/crdmo/web → the repository's docs/, else the copy in the package.
PLACES = (_WEB.parents[2] / "docs", _WEB / "docs")
PICTURES = {".png": "image/png", ".svg": "image/svg+xml"}
# One folder and one name at most two deep, in plain letters: nothing that could climb out of the folder.
NAME = re.compile(r"(?:[a-z0-9-]+/)?[a-z0-9-]+(?:\.(?:md|png|svg))?\Z")


@dataclass(frozen=True)
class Document:
    """One page: its title, its text as HTML, and the headings that can be jumped to."""

    title: str
    html: SafeString
    headings: tuple[tuple[str, str], ...]


def folder() -> Path:
    """Return where the documents lie.

    Raises:
        NotFound: this installation came without them.
    """
    for place in PLACES:
        if (place / "index.md").is_file():
            return place
    raise NotFound("this installation came without its documents")


def names() -> list[str]:
    """Return the names of all pages, such as `operate` or `builders/ground`."""
    here = folder()
    return sorted(path.relative_to(here).with_suffix("").as_posix() for path in here.rglob("*.md"))


def slug(heading: str) -> str:
    """Return the anchor of a heading, as the usual viewers of Markdown make it."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def address(page: str, target: str) -> str | None:
    """Return where a link of a page leads within the product; None where it leads to a file that is not served."""
    parts = urlsplit(target)
    if parts.scheme in ("http", "https", "mailto"):
        return target
    if not parts.path:
        return target
    place = PurePosixPath(page).parent
    for step in PurePosixPath(parts.path).parts:
        if step == ".." and place == PurePosixPath("."):
            return None
        place = place.parent if step == ".." else place / step
    after = f"#{parts.fragment}" if parts.fragment else ""
    if place.suffix == ".md":
        name = place.with_suffix("").as_posix()
        return f"/docs/{after}" if name == "index" else f"/docs/{name}/{after}"
    return f"/docs/{place.as_posix()}" if place.suffix in PICTURES else None


def _inner(tokens: list[Token], page: str) -> Iterator[Token]:
    """Yield the tokens of a line with links that lead somewhere; a link to what is not served loses its link only."""
    dropped = 0
    for token in tokens:
        if token.type == "image":
            token.attrSet("src", address(page, str(token.attrGet("src"))) or "")
            token.attrSet("loading", "lazy")
        if token.type == "link_open":
            leads = address(page, str(token.attrGet("href")))
            dropped += leads is None
            if leads is None:
                continue
            token.attrSet("href", leads)
            if urlsplit(leads).scheme:
                token.attrSet("rel", "noopener noreferrer")
        elif token.type == "link_close" and dropped:
            dropped -= 1
            continue
        yield token


@lru_cache(maxsize=64)
def _read(path: Path, page: str, changed: int) -> Document:
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.add_render_rule("table_open", lambda *given: '<div class="table"><table>\n')
    reader.add_render_rule("table_close", lambda *given: "</table></div>\n")
    tokens = reader.parse(path.read_text(encoding="utf-8"))
    title, headings = page, []
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type in ("th_open", "td_open"):
            token.attrs.pop("style", None)  # the content security policy allows no style in a page
        if token.type != "inline" or token.children is None:
            continue
        token.children = list(_inner(token.children, page))
        if before is not None and before.type == "heading_open":
            text = "".join(child.content for child in token.children)
            before.attrSet("id", slug(text))
            if before.tag == "h1":
                title = text
            elif before.tag == "h2":
                headings.append((slug(text), text))
    start = 3 if tokens and tokens[0].type == "heading_open" and tokens[0].tag == "h1" else 0
    # The source is our own, raw HTML in it is shown as text, and link schemes that run code are refused by the reader.
    html = mark_safe(reader.renderer.render(tokens[start:], reader.options, {}))  # noqa: S308
    return Document(title, html, tuple(headings))


def read(page: str) -> Document:
    """Return a page by its name.

    Raises:
        NotFound: there is none of that name.
    """
    path = _file(page + ".md")
    return _read(path, page, path.stat().st_mtime_ns)


def _file(name: str) -> Path:
    path = folder() / name
    if not NAME.match(name) or not path.is_file():
        raise NotFound("there is no such document", given=name, next="Open /docs/ for the list")
    return path


def docs(request: PageRequest, page: str = "index") -> HttpResponse | FileResponse:
    """Show a document, or give a picture of one."""
    if Path(page).suffix in PICTURES:
        return FileResponse(_file(page).open("rb"), content_type=PICTURES[Path(page).suffix])
    if page.endswith(".md"):
        return HttpResponseRedirect(address("index", page) or "/docs/")
    name = page.rstrip("/")
    contents: dict[str, Any] = {"document": read(name), "name": name, "groups": _groups()}
    return render(request, "web/docs.html", contents)


def _groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return all pages by folder, each with its title, for the list beside the text."""
    found: dict[str, list[tuple[str, str]]] = {"": [], "users": [], "builders": []}
    for name in names():
        place = name.rpartition("/")[0]
        found.setdefault(place, []).append((name, read(name).title))
    words = {"": "Use and operate", "users": "Desk by desk", "builders": "Build on it"}
    return [(words.get(place, place), rows) for place, rows in found.items() if rows]
