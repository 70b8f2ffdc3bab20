"""Where sealed bytes lie: each blob under the SHA-256 of its content, written once and checked whenever it is read.

    name = store.put(b"...")          # "sha256:9f86d0…"
    store.get(name)                   # the bytes, or a refusal that says what was found instead

A local folder by default, any file system that fsspec knows (s3://, gs://, …) by `CRDMO_STORAGE_URL`. A name proves
nothing about the right to read: pages reach blobs through a record that the person may see, never by name.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, BinaryIO
from urllib.parse import unquote, urlsplit

from django.conf import settings

from ..refusals import Invalid, NotFound, Refused
from .places import INCOMING, Backend, Folder, Remote

NAME = re.compile(r"sha256:[0-9a-f]{64}\Z")
BLOCK = 1 << 20
ABANDONED_AFTER = 24 * 3600.0


class BlobMissing(NotFound):
    """The store holds no bytes under this name."""


class BlobAltered(Refused):
    """The bytes under this name are not those that were sealed."""

    kind = "altered"


@lru_cache(maxsize=8)
def _backend(url: str) -> Backend:
    scheme = urlsplit(url).scheme
    if scheme in ("", "file"):
        return Folder(Path(unquote(urlsplit(url).path)) if scheme else Path(url))
    return Remote(url)


def backend() -> Backend:
    """Return the place that the settings name."""
    return _backend(settings.STORAGE_URL)


def is_name(text: Any) -> bool:
    """Say whether a text is the name of a blob."""
    return isinstance(text, str) and NAME.match(text) is not None


def name_of(data: bytes) -> str:
    """Return the name of these bytes, without storing them."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def name_of_file(path: Path) -> str:
    """Return the name of a file's bytes, without storing them."""
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def _relative(name: str) -> str:
    if not is_name(name):
        raise Invalid(
            "this is not the name of a blob", given=repr(name)[:90], allowed="sha256: and 64 hexadecimal digits"
        )
    digest = name.removeprefix("sha256:")
    return f"sha256/{digest[:2]}/{digest[2:]}"


def _incoming() -> Path:
    """Return where files wait until they are complete: on the store's own disk, so that giving the name is one step."""
    base = backend().local("")
    place = (base or Path(tempfile.gettempdir()) / "crdmo") / INCOMING
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    return place


@contextmanager
def writer() -> Iterator[tuple[IO[bytes], Path]]:
    """Open a file beside the blobs to write what will be stored, e.g. a large Parquet table; it is gone afterwards."""
    handle, text = tempfile.mkstemp(prefix="seal-", dir=_incoming())
    path = Path(text)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file, path
    finally:
        path.unlink(missing_ok=True)


def put(data: bytes) -> str:
    """Store bytes and return their name. Storing the same bytes again changes nothing.

    Raises:
        BlobAltered: other bytes lie under this name.
    """
    name = name_of(data)
    if _held(name):
        return name
    with writer() as (file, path):
        file.write(data)
        _finish(file, path, name)
    return name


def put_file(source: Path) -> str:
    """Store a file's bytes and return their name; the file itself is left alone.

    Raises:
        Invalid: there is no such file.
    """
    if not source.is_file():
        raise Invalid("there is no such file", given=str(source))
    digest = hashlib.sha256()
    with writer() as (file, path), source.open("rb") as reading:
        while block := reading.read(BLOCK):
            digest.update(block)
            file.write(block)
        name = "sha256:" + digest.hexdigest()
        if not _held(name):
            _finish(file, path, name)
    return name


def keep(file: IO[bytes], path: Path) -> str:
    """Store what was written to a `writer()` and return its name."""
    file.flush()
    name = name_of_file(path)
    if not _held(name):
        _finish(file, path, name)
    return name


def _held(name: str) -> bool:
    """Say whether the bytes are in the store already; altered ones are not mended in silence."""
    if not exists(name):
        return False
    _check(name)
    return True


def _finish(file: IO[bytes], path: Path, name: str) -> None:
    file.flush()
    os.fsync(file.fileno())
    backend().take(path, _relative(name))


def exists(name: str) -> bool:
    """Say whether the store holds bytes under this name. Whether they are the right ones, `problem` says."""
    return backend().exists(_relative(name))


def size(name: str) -> int:
    """Return the number of bytes under this name.

    Raises:
        BlobMissing: there are none.
    """
    _require(name)
    return backend().size(_relative(name))


def _require(name: str) -> None:
    if not exists(name):
        raise BlobMissing(
            "the store holds no such file", given=name,
            next="Restore it from a backup: bytes with this SHA-256 are the right ones, wherever they come from",
        )  # fmt: skip


def _altered(name: str, found: str) -> BlobAltered:
    return BlobAltered(
        "a sealed file was altered", given=f"bytes with {found}", allowed=name,
        next="Restore it from a backup and look for the cause; nothing that reads it is to be trusted until then",
    )  # fmt: skip


def get(name: str) -> bytes:
    """Return the bytes under this name.

    Raises:
        BlobMissing: there are none.
        BlobAltered: they do not have this hash.
    """
    with open_unchecked(name) as file:
        data = file.read()
    if (found := name_of(data)) != name:
        raise _altered(name, found)
    return data


def open(name: str) -> BinaryIO:
    """Open the bytes under this name for reading, after checking them.

    Raises:
        BlobMissing: there are none.
        BlobAltered: they do not have this hash.
    """
    _check(name)
    return backend().open(_relative(name))


def open_unchecked(name: str) -> BinaryIO:
    """Open whatever lies under this name: for finding out what is wrong with it, and for proofs that check pieces."""
    _require(name)
    return backend().open(_relative(name))


def path(name: str) -> Path:
    """Return a path on this machine that holds the bytes, after checking them; from a remote store a copy is kept.

    Raises:
        BlobMissing: there are none.
        BlobAltered: they do not have this hash.
    """
    _require(name)
    here = backend().local(_relative(name)) or _copied(name)
    if (found := name_of_file(here)) != name:
        raise _altered(name, found)
    return here


def _copied(name: str) -> Path:
    copies, relative = Folder(Path(settings.HOME) / "copies"), _relative(name)
    if copies.exists(relative) and name_of_file(copies.root / relative) != name:
        (copies.root / relative).unlink()
    if not copies.exists(relative):
        with tempfile.NamedTemporaryFile(dir=copies.root, prefix="copy-") as file, backend().open(relative) as reading:
            shutil.copyfileobj(reading, file, BLOCK)
            file.flush()
            copies.take(Path(file.name), relative)
    return copies.root / relative


def _check(name: str) -> None:
    if found := problem(name):
        raise found


def problem(name: str) -> BlobMissing | BlobAltered | None:
    """Return what is wrong with the bytes under this name, or None: what `crdmo verify` asks for every blob."""
    try:
        _require(name)
    except BlobMissing as missing:
        return missing
    digest = hashlib.sha256()
    with backend().open(_relative(name)) as file:
        while block := file.read(BLOCK):
            digest.update(block)
    found = "sha256:" + digest.hexdigest()
    return None if found == name else _altered(name, found)


def names() -> Iterator[str]:
    """Return the names of all blobs in the store."""
    for relative in backend().walk():
        _, first, rest = relative.split("/")
        yield f"sha256:{first}{rest}"


def sweep(older_than: float = ABANDONED_AFTER) -> int:
    """Remove unfinished files that a killed process left behind, and return how many. No blob is ever among them."""
    gone = 0
    for left in _incoming().iterdir():
        if time.time() - left.stat().st_mtime > older_than:
            left.unlink(missing_ok=True)
            gone += 1
    return gone


def restore(source: Path) -> str:
    """Bring back a missing or altered blob from a copy and return its name; altered bytes are set aside, not deleted.

    Raises:
        Invalid: there is no such file.
        Refused: the store is remote; put the object back with the store's own tools.
    """
    if not source.is_file():
        raise Invalid("there is no such file", given=str(source))
    name = name_of_file(source)
    if isinstance(problem(name), BlobAltered):
        place = backend().local(_relative(name))
        if place is None:
            raise Refused("a blob of a remote store is restored with that store's own tools", given=name)
        aside = place.parents[2] / "altered"
        aside.mkdir(exist_ok=True)
        place.rename(aside / f"{name.removeprefix('sha256:')}-{time.time_ns()}")
    return put_file(source)
