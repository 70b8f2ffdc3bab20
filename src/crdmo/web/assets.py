"""Where static files come from: the installed packages, served by this process, each under a name that changes with it."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

from django.contrib.staticfiles import finders
from whitenoise.storage import CompressedStaticFilesStorage


@cache
def _mark(name: str) -> str:
    found = finders.find(name)
    if not isinstance(found, str):
        return ""
    with open(found, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()[:12]


class StaticFiles(CompressedStaticFilesStorage):
    """Add a mark of the contents to each address, so that a browser may keep a file for ever and never shows an old one.

    The files are found in the packages at run time; there is no collecting step that could be forgotten.
    """

    def url(self, name: str | None, force: bool = False) -> Any:
        """Return the address of a static file with its mark."""
        address = super().url(name)
        mark = _mark(name) if name else ""
        return f"{address}?{mark}" if mark else address
