"""The files of a sequence or an application, from a folder, an archive or memory, and what is refused at the door.

A package of somebody else is hostile until it is looked at: names that lead out of the folder, two entries of one name,
links, bombs, encrypted entries. It is refused whole; nothing of it is written anywhere.
"""

from __future__ import annotations

import io
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from crdmo.standards.refusals import FormatError

MAX_FILES = 200_000
MAX_FILE = 1 << 30
MAX_TOTAL = 100 << 30
# A member that grows more than this when it is unpacked is a bomb; the DTDs and PDF of real dossiers stay far below.
MAX_RATIO = 200
RATIO_FROM = 1 << 20
MAX_PATH = 1024


@dataclass(frozen=True)
class Files:
    """Files by their path with forward slashes. `folders` are those without a file below them."""

    sizes: Mapping[str, int]
    load: Callable[[str], bytes]
    name: str = ""
    folders: tuple[str, ...] = field(default=())

    def __contains__(self, path: object) -> bool:
        return path in self.sizes

    def read(self, path: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            FormatError: there is none of that path.
        """
        if path not in self.sizes:
            raise FormatError("there is no such file in the package", given=path)
        return self.load(path)

    def under(self, folder: str) -> Files:
        """Return the files below a folder, with their paths from there."""
        cut = f"{folder}/"
        sizes = {path[len(cut) :]: size for path, size in self.sizes.items() if path.startswith(cut)}
        empty = tuple(one[len(cut) :] for one in self.folders if one.startswith(cut))
        return Files(sizes, lambda path: self.load(cut + path), PurePosixPath(folder).name, empty)


def from_memory(contents: Mapping[str, bytes], name: str = "") -> Files:
    """Return files that are in memory, such as those that a writer made."""
    for path in contents:
        require_path(path)
    held = dict(contents)
    return Files({path: len(data) for path, data in held.items()}, held.__getitem__, name)


def require_path(path: str) -> str:
    """Return a path that stays inside its folder.

    Raises:
        FormatError: it leads out of it, is absolute, or is no plain text.
    """
    parts = path.split("/")
    wrong = not path or len(path) > MAX_PATH or "\\" in path or ":" in parts[0] or not path.isprintable()
    if wrong or path.startswith("/") or any(part in ("", ".", "..") for part in parts):
        raise FormatError(
            "a name in the package leads out of its folder or is no plain path", given=repr(path[:120]),
            allowed="names with forward slashes, below the folder of the package", next_step="The package is refused",
        )  # fmt: skip
    return path


def from_folder(folder: str | os.PathLike[str]) -> Files:
    """Return the files of a folder. A link is refused: what lies outside the folder is no part of it.

    Raises:
        FormatError: there is no such folder, or it holds a link, a device or too much.
    """
    root = Path(folder)
    if not root.is_dir() or root.is_symlink():
        raise FormatError("there is no such folder", given=str(folder))
    sizes: dict[str, int] = {}
    empty: list[str] = []
    for here, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(folders + names):
            mode = (Path(here) / name).lstat()
            path = (Path(here) / name).relative_to(root).as_posix()
            if not (stat.S_ISREG(mode.st_mode) or stat.S_ISDIR(mode.st_mode)):
                raise FormatError("the folder holds a link or a device", given=path, allowed="files and folders")
            require_path(path)
            if stat.S_ISREG(mode.st_mode):
                sizes[path] = mode.st_size
        if not folders and not names and Path(here) != root:
            empty.append(Path(here).relative_to(root).as_posix())
    _bounded(sizes)
    return Files(sizes, lambda path: (root / path).read_bytes(), root.name, tuple(sorted(empty)))


def from_zip(data: bytes | str | os.PathLike[str], name: str = "") -> Files:
    """Return the files of a zip archive; nothing is unpacked onto a disk.

    Raises:
        FormatError: it is torn, encrypted, a bomb, names a file twice, or a name leads out of it.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data) if isinstance(data, bytes) else data)
        members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as torn:
        raise FormatError("the archive cannot be read", given=str(torn), allowed="a whole zip file") from torn
    sizes: dict[str, int] = {}
    folders: list[str] = []
    for member in members:
        path = _member(member)
        if member.is_dir():
            folders.append(path)
            continue
        if path in sizes:
            raise FormatError("the archive names a file twice", given=path, allowed="each name once")
        sizes[path] = member.file_size
    _bounded(sizes)
    full = {str(parent) for path in sizes for parent in PurePosixPath(path).parents}
    empty = tuple(sorted(one for one in folders if one not in full and not _has_below(one, folders)))
    return Files(sizes, lambda path: _load(archive, path), name, empty)


def _has_below(folder: str, folders: Iterable[str]) -> bool:
    return any(one.startswith(f"{folder}/") for one in folders)


def _member(member: zipfile.ZipInfo) -> str:
    if member.flag_bits & 0x1:
        raise FormatError("the archive is encrypted", given=member.filename)
    if stat.S_ISLNK(member.external_attr >> 16):
        raise FormatError("the archive holds a link", given=member.filename, allowed="files and folders")
    grows = member.file_size > RATIO_FROM and member.file_size > MAX_RATIO * max(member.compress_size, 1)
    if grows:
        raise FormatError(
            "the archive holds a bomb", given=f"{member.filename}: {member.compress_size} to {member.file_size} bytes",
            allowed=f"at most {MAX_RATIO} times",
        )  # fmt: skip
    return require_path(member.filename.rstrip("/") if member.is_dir() else member.orig_filename)


def _load(archive: zipfile.ZipFile, path: str) -> bytes:
    try:
        with archive.open(path) as file:
            # One byte more than announced shows an entry that lies about its size.
            data = file.read(archive.getinfo(path).file_size + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as torn:
        raise FormatError("a file of the archive cannot be read", given=f"{path}: {torn}") from torn
    if len(data) != archive.getinfo(path).file_size:
        raise FormatError("a file of the archive is not as long as it says", given=path)
    return data


def _bounded(sizes: Mapping[str, int]) -> None:
    if len(sizes) > MAX_FILES:
        raise FormatError("the package has too many files", given=str(len(sizes)), allowed=str(MAX_FILES))
    if large := [path for path, size in sizes.items() if size > MAX_FILE]:
        raise FormatError("a file of the package is too large", given=large[0], allowed=f"{MAX_FILE} bytes")
    if sum(sizes.values()) > MAX_TOTAL:
        raise FormatError("the package is too large", given=str(sum(sizes.values())), allowed=f"{MAX_TOTAL} bytes")
