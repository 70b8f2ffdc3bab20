"""What agencies ask of a PDF, looked at without running anything in it.

Source: FDA, Portable Document Format (PDF) Specifications, 4.0: versions 1.4 to 1.7, no security, JavaScript,
attachments, media or annotations, embedded fonts, searchable text, bookmarks, relative links, 400 MB.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pikepdf

MAX_BYTES = 400 * 1000 * 1000
BOOKMARKED_FROM = 6
VERSIONS = ("1.4", "1.5", "1.6", "1.7")
MEDIA = {"/3D", "/Screen", "/Movie", "/RichMedia", "/Sound"}
PAGES_LOOKED_AT = 2000


def faults(data: bytes) -> list[tuple[str, str]]:
    """Return what is wrong with a PDF: (criterion, text), each criterion once."""
    if len(data) > MAX_BYTES:
        return [("ECTD-P08", f"{len(data)} bytes, more than {MAX_BYTES}")]
    if not data.startswith(b"%PDF-"):
        return [("ECTD-P01", f"the file begins with {data[:8]!r}, not with %PDF-")]
    try:
        with pikepdf.open(io.BytesIO(data), attempt_recovery=False, suppress_warnings=True) as opened:
            found: dict[str, str] = {}
            for criterion, text in _look(opened):
                found.setdefault(criterion, text)
    except pikepdf.PasswordError:
        return [("ECTD-P02", "a password is needed to open it")]
    except (pikepdf.PdfError, RecursionError, ValueError, TypeError, KeyError, AttributeError) as torn:
        return [("ECTD-P01", f"it cannot be read: {str(torn)[:120]}")]
    return sorted(found.items())


def _look(opened: pikepdf.Pdf) -> Iterator[tuple[str, str]]:
    if opened.is_encrypted:
        yield "ECTD-P02", "the file is encrypted or restricted"
    if opened.pdf_version not in VERSIONS:
        yield "ECTD-P03", f"version {opened.pdf_version}, allowed are {VERSIONS[0]} to {VERSIONS[-1]}"
    root = opened.Root
    names: Any = root.get("/Names", {})
    if "/JavaScript" in names or _is_script(root.get("/OpenAction")) or _has_script(root.get("/AA")):
        yield "ECTD-P04", "the document runs JavaScript"
    if "/EmbeddedFiles" in names or len(opened.attachments) or "/Collection" in root:
        yield "ECTD-P05", "files are attached"
    pages = len(opened.pages)
    if pages >= BOOKMARKED_FROM and not _has_bookmarks(root):
        yield "ECTD-P06", f"{pages} pages and no bookmarks"
    fonts = text = False
    for number, page in enumerate(opened.pages, 1):
        if number > PAGES_LOOKED_AT:
            break
        if _has_script(page.obj.get("/AA")):
            yield "ECTD-P04", f"page {number} runs JavaScript"
        yield from _annotations(page, number)
        for name, embedded in _fonts(page.obj.get("/Resources", {})):
            fonts = text = True
            if not embedded:
                yield "ECTD-P07", f"font {name} on page {number} is not embedded"
    if pages and not fonts and not text:
        yield "ECTD-P11", "no page has text: it is an image only"


def _is_script(action: Any) -> bool:
    return isinstance(action, pikepdf.Dictionary) and action.get("/S") == "/JavaScript"


def _has_script(actions: Any) -> bool:
    return isinstance(actions, pikepdf.Dictionary) and any(_is_script(one) for one in actions.as_dict().values())


def _has_bookmarks(root: Any) -> bool:
    outlines = root.get("/Outlines")
    return isinstance(outlines, pikepdf.Dictionary) and "/First" in outlines


def _annotations(page: pikepdf.Page, number: int) -> Iterator[tuple[str, str]]:
    for one in page.obj.get("/Annots", []):
        if not isinstance(one, pikepdf.Dictionary):
            continue
        kind = str(one.get("/Subtype", ""))
        action = one.get("/A")
        if _is_script(action) or _has_script(one.get("/AA")):
            yield "ECTD-P04", f"an annotation of page {number} runs JavaScript"
        if kind == "/FileAttachment":
            yield "ECTD-P05", f"a file is attached on page {number}"
        elif kind in MEDIA:
            yield "ECTD-P12", f"page {number} has {kind.strip('/')} content"
        elif kind == "/Link":
            yield from _link(one, action, number)
        elif kind not in ("/Widget", "/Popup"):
            yield "ECTD-P09", f"page {number} has an annotation {kind.strip('/') or 'without kind'}"


def _link(one: Any, action: Any, number: int) -> Iterator[tuple[str, str]]:
    if action is None and "/Dest" not in one:
        yield "ECTD-P10", f"a link of page {number} leads nowhere"
    if not isinstance(action, pikepdf.Dictionary):
        return
    kind = str(action.get("/S", ""))
    if kind == "/Launch":
        yield "ECTD-P10", f"a link of page {number} launches a program"
    if kind == "/GoToR":
        file = action.get("/F", "")
        target = str(file.get("/UF", file.get("/F", ""))) if isinstance(file, pikepdf.Dictionary) else str(file)
        if target.startswith(("/", "\\")) or ":" in target:
            yield "ECTD-P10", f"a link of page {number} is absolute: {target[:60]}"


def _fonts(resources: Any) -> Iterator[tuple[str, bool]]:
    if not isinstance(resources, pikepdf.Dictionary):
        return
    held: Any = resources.get("/Font", {})
    for font in held.as_dict().values() if isinstance(held, pikepdf.Dictionary) else ():
        if isinstance(font, pikepdf.Dictionary):
            yield str(font.get("/BaseFont", font.get("/Name", "without name"))).strip("/"), _is_embedded(font)


def _is_embedded(font: Any) -> bool:
    if font.get("/Subtype") == "/Type3":
        return True
    if font.get("/Subtype") == "/Type0":
        below = font.get("/DescendantFonts", [])
        return bool(len(below)) and _is_embedded(below[0])
    descriptor = font.get("/FontDescriptor")
    if not isinstance(descriptor, pikepdf.Dictionary):
        return False
    return any(name in descriptor for name in ("/FontFile", "/FontFile2", "/FontFile3"))
