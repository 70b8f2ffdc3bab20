"""Where static files come from: the installed packages, served by this process, each under an address of its contents.

There is no collecting step that could be forgotten. Whitenoise serves; what is added here is a mark of the contents in
the address, so that a browser may keep a file for ever and never shows an old one, and compressed copies, made once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any
from wsgiref.headers import Headers

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest, HttpResponseBase
from whitenoise.compress import Compressor
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import MissingFileError, StaticFile

# Brotli at its best takes seconds for a megabyte; gzip does for the few files that are so large.
LARGE = 512 * 1024
FOREVER = "max-age=31536000, public, immutable"


@cache
def digest(path: str, changed: float) -> str:
    """Return the mark of a file's contents."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def mark_of(name: str) -> str:
    """Return the mark of a static file by its name; "" where there is none."""
    found = finders.find(name)
    return digest(found, os.stat(found).st_mtime) if isinstance(found, str) else ""


class StaticFiles(StaticFilesStorage):
    """Addresses of static files, with their marks."""

    def url(self, name: str | None) -> str:
        """Return the address of a static file with its mark."""
        mark = mark_of(name) if name else ""
        return f"{super().url(name)}?{mark}" if mark else super().url(name)


def copies(path: str, place: Path) -> dict[str, str]:
    """Return the compressed copies of a file by encoding; they are made where there are none yet."""
    compressor = Compressor(quiet=True, use_brotli=os.path.getsize(path) <= LARGE)
    if not compressor.should_compress(path):
        return {}
    base = place / digest(path, os.stat(path).st_mtime)
    if not base.exists():
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place) as folder:
            copy = Path(shutil.copy(path, Path(folder) / "f"))
            compressor.compress(str(copy))
            # The copy without encoding comes last: it says that the others are complete.
            for suffix in (".br", ".gz", ""):
                if (made := Path(f"{copy}{suffix}")).exists():
                    os.replace(made, f"{base}{suffix}")
    return {name: f"{base}{end}" for name, end in (("br", ".br"), ("gzip", ".gz")) if os.path.exists(f"{base}{end}")}


class Static(WhiteNoiseMiddleware):
    """Whitenoise over the installed packages, compressed, and kept for ever where the address holds the right mark."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        root = Path(settings.STATIC_ROOT)
        root.mkdir(parents=True, exist_ok=True)
        self.copies = root.with_name("static-compressed")
        super().__init__(*args, **kwargs)

    def get_static_file(self, path: str, url: str, stat_cache: Any = None) -> StaticFile:
        """Return what is served for an address, with its compressed copies."""
        if not os.path.exists(path):
            raise MissingFileError(path)
        headers = Headers([])
        self.add_mime_headers(headers, path, url)
        headers["Cache-Control"] = f"max-age={self.max_age}, public"
        return StaticFile(path, headers.items(), encodings=copies(path, self.copies))

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer from the files, or pass the request on."""
        response: HttpResponseBase = super().__call__(request)
        mark = request.META.get("QUERY_STRING", "")
        if mark and request.path_info in self.files and mark == mark_of(request.path_info[len(self.static_prefix) :]):
            response["Cache-Control"] = FOREVER
        return response
