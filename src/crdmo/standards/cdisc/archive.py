"""The transport files of a package that came as one file: a zip of them, or a single one. Hostile until looked at."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import PurePosixPath

from crdmo.standards.ectd.files import from_folder, from_zip
from crdmo.standards.refusals import FormatError

MOST_FILES = 80
MOST_BYTES = 300 * 2**20


def transport_files(data: bytes, file_name: str) -> dict[str, bytes]:
    """Return the transport files by their small names, wherever in the archive they lie; other files are left alone.

    Raises:
        FormatError: the archive is torn, encrypted or a bomb, a name leads out of it, it holds too much or no transport
            file, or two of one name.
    """
    if file_name.lower().endswith(".xpt"):
        return {PurePosixPath(file_name).name.lower(): data}
    files = from_zip(data, file_name)
    paths = [path for path in files.sizes if path.lower().endswith(".xpt")]
    size = sum(files.sizes[path] for path in paths)
    if len(paths) > MOST_FILES or size > MOST_BYTES:
        raise FormatError(
            "the package holds too much", given=f"{len(paths)} files, {size} bytes",
            allowed=f"{MOST_FILES} transport files, {MOST_BYTES} bytes unpacked",
        )  # fmt: skip
    found: dict[str, bytes] = {}
    for path in paths:
        name = PurePosixPath(path).name.lower()
        if name in found:
            raise FormatError("two transport files of the package have one name", given=name, allowed="each name once")
        found[name] = files.read(path)
    if not found:
        raise FormatError("there is no transport file in the package", allowed="files that end in .xpt")
    return found


def packed_folder(folder: str | os.PathLike[str]) -> bytes:
    """Return the transport files of a folder as the archive that its owner would have made of it.

    Raises:
        FormatError: there is no such folder, it holds a link or too much.
    """
    files = from_folder(folder)
    paths = sorted(path for path in files.sizes if path.lower().endswith(".xpt"))
    if sum(files.sizes[path] for path in paths) > MOST_BYTES:
        raise FormatError("the package holds too much", given=files.name, allowed=f"{MOST_BYTES} bytes")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for path in paths:
            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), files.read(path))
    return out.getvalue()
