"""The places where blobs can lie: a folder of this machine, or whatever fsspec can reach."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import fsspec

INCOMING = ".incoming"
# Object stores show an object only when all of it has arrived; elsewhere a move gives the name.
WHOLE_OR_NOTHING = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "az"})


class Backend(Protocol):
    """What a place for blobs must be able to do. Paths are relative to its root."""

    def exists(self, relative: str) -> bool:
        """Say whether there are bytes at this path."""

    def size(self, relative: str) -> int:
        """Return the number of bytes at this path."""

    def open(self, relative: str) -> BinaryIO:
        """Open the bytes at this path for reading."""

    def take(self, source: Path, relative: str) -> None:
        """Bring a complete local file to this path: after the call it is all there, or not there at all."""

    def local(self, relative: str) -> Path | None:
        """Return the path on this machine, or None when the bytes lie elsewhere."""

    def walk(self) -> Iterator[str]:
        """Return the paths of all blobs."""


class Folder:
    """A folder on this machine, durable at every write: a file is synced before its name appears, the name after."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.root.mkdir(parents=True, exist_ok=True)

    def exists(self, relative: str) -> bool:
        """Say whether there are bytes at this path."""
        return (self.root / relative).is_file()

    def size(self, relative: str) -> int:
        """Return the number of bytes at this path."""
        return (self.root / relative).stat().st_size

    def open(self, relative: str) -> BinaryIO:
        """Open the bytes at this path for reading."""
        return (self.root / relative).open("rb")

    def take(self, source: Path, relative: str) -> None:
        """Give a synced file its name. A hard link is refused where the name exists, so nothing is ever overwritten."""
        place = self.root / relative
        place.parent.mkdir(parents=True, exist_ok=True)
        source.chmod(0o444)
        try:
            os.link(source, place)
        except FileExistsError:
            return
        except OSError:
            os.replace(source, place)  # a file system without hard links; equal names have equal content
        for folder in (place.parent, place.parent.parent):
            _sync_folder(folder)

    def local(self, relative: str) -> Path | None:
        """Return the path on this machine."""
        return self.root / relative

    def walk(self) -> Iterator[str]:
        """Return the paths of all blobs."""
        for place in sorted((self.root / "sha256").glob("??/*")):
            yield place.relative_to(self.root).as_posix()


class Remote:
    """Any file system that fsspec knows. Uploads go to a name of their own first where a put is not atomic."""

    def __init__(self, url: str) -> None:
        self.fs, self.root = fsspec.core.url_to_fs(url)
        spoken = {self.fs.protocol} if isinstance(self.fs.protocol, str) else set(self.fs.protocol)
        self.atomic = bool(spoken & WHOLE_OR_NOTHING)

    def _at(self, relative: str) -> str:
        return f"{self.root.rstrip('/')}/{relative}"

    def exists(self, relative: str) -> bool:
        """Say whether there are bytes at this path."""
        self.fs.invalidate_cache()
        return bool(self.fs.isfile(self._at(relative)))

    def size(self, relative: str) -> int:
        """Return the number of bytes at this path."""
        return int(self.fs.size(self._at(relative)))

    def open(self, relative: str) -> BinaryIO:
        """Open the bytes at this path for reading."""
        return cast(BinaryIO, self.fs.open(self._at(relative), "rb"))

    def take(self, source: Path, relative: str) -> None:
        """Upload a complete file to this path."""
        if self.atomic:
            self.fs.put_file(str(source), self._at(relative))
            return
        parking, place = self._at(f"{INCOMING}/{source.name}"), self._at(relative)
        for path in (parking, place):
            self.fs.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        self.fs.put_file(str(source), parking)
        self.fs.mv(parking, place)

    def local(self, relative: str) -> Path | None:
        """Return None: the bytes lie elsewhere."""
        return None

    def walk(self) -> Iterator[str]:
        """Return the paths of all blobs."""
        prefix = f"{self.root.rstrip('/')}/"
        for place in sorted(self.fs.find(self._at("sha256"))):
            yield place.removeprefix(prefix)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
