"""What the tests read out of a PDF."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from typing import Any

import pikepdf
import pytest


def opened(data: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(data))


def text(data: bytes) -> str:
    """The text of all pages, as a person who copies it would get it."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler) is not installed")
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=data, capture_output=True, check=True)
    return done.stdout.decode()


def standard(data: bytes) -> str:
    """The PDF/A part and level that the file claims in its metadata."""
    with opened(data) as file, file.open_metadata() as found:
        return f"{found.get('pdfaid:part')}{str(found.get('pdfaid:conformance')).lower()}"


def bookmarks(data: bytes) -> list[str]:
    found = []
    with opened(data) as file, file.open_outline() as outline:
        stack = list(outline.root)
        while stack:
            item = stack.pop(0)
            found.append(str(item.title))
            stack = list(item.children) + stack
    return found


def attached(data: bytes) -> dict[str, bytes]:
    with opened(data) as file:  # kept open: its parts live only as long as it does
        return {name: spec.get_file().read_bytes() for name, spec in file.attachments.items()}


def fonts(data: bytes) -> dict[str, bool]:
    """Each font of the file, and whether it is embedded."""
    found: dict[str, bool] = {}
    with opened(data) as file:
        for item in file.objects:
            if isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/FontDescriptor":
                names: Any = [key for key in item if re.fullmatch(r"/FontFile[23]?", str(key))]
                found[str(item["/FontName"])] = bool(names)
    return found


def watermarked_pages(data: bytes) -> list[int]:
    """The pages with something laid over them that one can see through: only a watermark is drawn so."""
    with opened(data) as file:
        found = []
        for number, page in enumerate(file.pages, 1):
            states = page.resources.get("/ExtGState", {})
            if any(float(state.get("/ca", 1)) < 1 for state in states.values()):
                found.append(number)
        return found
