"""A package of data sets as a folder of transport files, written whole or not at all, read whole or refused."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from crdmo.standards.cdisc.build import Dataset
from crdmo.standards.refusals import FormatError
from crdmo.standards.xpt import Library, encode_library, read_xpt

# The first hour that a zip can name.
FIRST_HOUR = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Package:
    """The data sets of a package by name, and the names of the other files beside them."""

    datasets: Mapping[str, Dataset]
    others: tuple[str, ...] = ()


def encode(datasets: Iterable[Dataset]) -> dict[str, bytes]:
    """Return the files of a package by name, the same bytes for the same data sets.

    Raises:
        FormatError: two data sets of one name, or what a transport file cannot hold, with its file.
    """
    files: dict[str, bytes] = {}
    for one in datasets:
        if one.file_name in files:
            raise FormatError("a package has one data set of each name", given=f"{one.name} twice")
        try:
            files[one.file_name] = encode_library(Library((one.member,), encoding=one.encoding))
        except FormatError as error:
            raise _in_file(one.file_name, error) from error
    return files


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return files as one zip, without the hour at which it was made: the same bytes for the same files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in sorted(files.items()):
            packed.writestr(zipfile.ZipInfo(name, FIRST_HOUR), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def write_folder(path: str | os.PathLike[str], datasets: Iterable[Dataset]) -> tuple[Path, ...]:
    """Write data sets as transport files into a new folder; return their paths.

    Raises:
        FormatError: see `encode`; or something is there already. Then nothing is written.
    """
    folder = Path(path)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FormatError(
            "a package is written into a folder of its own",
            given=f"{folder.name}, which is not empty",
            allowed="a folder that does not exist or is empty",
            next_step="name another folder",
        )
    files = encode(datasets)
    if not files:
        raise FormatError("a package needs a data set", given="none", allowed="at least one")
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        for name, data in files.items():
            (beside / name).write_bytes(data)
        beside.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        beside.rename(folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return tuple(folder / name for name in files)


def read_folder(path: str | os.PathLike[str], *, encoding: str | None = None) -> Package:
    """Return the data sets of all transport files of a folder. One torn file refuses the whole folder.

    Args:
        path: of the folder; what lies in folders below it is not read.
        encoding: of the texts that are not ASCII; by default as `XptFile` finds it.

    Raises:
        FormatError: no folder, no transport file, or what `read_files` refuses.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise FormatError("there is no such folder", given=folder.name, allowed="a folder with transport files")
    files = sorted(one for one in folder.iterdir() if one.is_file())
    taken = [one for one in files if one.suffix.lower() == ".xpt"]
    others = tuple(one.name for one in files if one.suffix.lower() != ".xpt")
    return Package(read_files({one.name: one for one in taken}, encoding=encoding).datasets, others)


def read_files(files: Mapping[str, bytes | os.PathLike[str]], *, encoding: str | None = None) -> Package:
    """Return the data sets of transport files that are given by name, as bytes or as paths.

    Raises:
        FormatError: no file, a file that is torn or no transport file, more than one data set in a file, two files of
            one name, with the name of the file.
    """
    if not files:
        raise FormatError("there is no transport file", given="none", allowed="at least one file that ends with .xpt")
    found: dict[str, Dataset] = {}
    for name, source in sorted(files.items()):
        try:
            library = read_xpt(source, encoding=encoding)
            if len(library.members) != 1:
                raise FormatError(
                    "a file of a package holds one data set", given=f"{len(library.members)}", allowed="1"
                )
        except FormatError as error:
            raise _in_file(name, error) from error
        key = PurePosixPath(name).stem.upper()
        if key in found:
            raise FormatError("a package has one data set of each name", given=f"{key} twice")
        found[key] = Dataset(key, library.members[0], library.encoding)
    return Package(found)


def _in_file(name: str, error: FormatError) -> FormatError:
    return FormatError(
        f"{name}: {error.what}",
        given=error.given,
        allowed=error.allowed,
        next_step=error.next_step or "the package is not read",
    )
