"""The proof bundle: one zip that holds what a sponsor or inspector may see, and all that is needed to check it.

The same contents give the same bytes on every machine. `verify.py` beside this file checks a bundle; a copy is inside.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from .canonical import encode
from .verify import MANIFEST, directory, local_header

FORMAT = "crdmo.bundle/1"


@dataclass(frozen=True)
class Entry:
    """One ledger entry as it lies in a bundle."""

    seq: int
    prev: bytes
    stream_prev: bytes
    body: bytes

    def line(self) -> bytes:
        """Return the entry as a line of entries.txt."""
        return b"%d %s %s %s\n" % (self.seq, self.prev.hex().encode(), self.stream_prev.hex().encode(), self.body)

    @classmethod
    def parse(cls, line: bytes) -> Entry:
        """Return the entry of a line.

        Raises:
            ValueError: the line is not of the format.
        """
        seq, prev, stream_prev, body = line.split(b" ", 3)
        return cls(int(seq), bytes.fromhex(prev.decode()), bytes.fromhex(stream_prev.decode()), body)


class BundleError(ValueError):
    """What was given makes no bundle."""


class _Writer:
    """Writes members one after the other, as they are, and keeps their digests for the manifest.

    Not packed, and framed by `verify.local_header` and `verify.directory`: what Python's zip writer makes differs from
    release to release, what packs differs from library to library, and the verifier compares every byte.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.files: dict[str, dict[str, Any]] = {}
        self.members: list[tuple[str, int, int, int]] = []

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write a member; its header, which holds size and checksum, once they are known."""
        offset = self.file.tell()
        self.file.write(local_header(name, 0, 0))
        digest, crc, size = hashlib.sha256(), 0, 0
        for piece in pieces:
            digest.update(piece)
            crc = zlib.crc32(piece, crc)
            size += self.file.write(piece)
        end = self.file.tell()
        self.file.seek(offset)
        self.file.write(local_header(name, crc, size))
        self.file.seek(end)
        self.members.append((name, crc, size, offset))
        self.files[name] = {"sha256": digest.hexdigest(), "bytes": size}

    def close(self) -> None:
        """Write the directory."""
        self.file.write(directory(self.members, self.file.tell()))


def _pieces(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while piece := file.read(1 << 20):
            yield piece


def _lines(entries: Iterable[Entry], tree_size: int) -> Iterator[bytes]:
    last = 0
    for entry in entries:
        if not last < entry.seq <= tree_size:
            raise BundleError(f"entry {entry.seq} comes after {last}: entries rise, up to the {tree_size} of the tree")
        if len(entry.prev) != 32 or len(entry.stream_prev) != 32 or b"\n" in entry.body:
            raise BundleError(f"entry {entry.seq} has links of 32 bytes and a body on one line")
        last = entry.seq
        yield entry.line()


def _add_blobs(writer: _Writer, blobs: Mapping[str, bytes | Path]) -> None:
    for digest in sorted(blobs):
        name = f"blobs/{digest}"
        writer.add(name, _pieces(blobs[digest]))
        if writer.files[name]["sha256"] != digest:
            raise BundleError(f"the contents given as blob {digest} have the SHA-256 {writer.files[name]['sha256']}")


def write_bundle(
    path: Path, *, manifest: Mapping[str, Any], checkpoint: str, vkey: str, entries: Iterable[Entry], tree_size: int,
    tree_hashes: Sequence[bytes], blobs: Mapping[str, bytes | Path], openings: Iterable[Mapping[str, Any]], readme: str,
) -> dict[str, Any]:  # fmt: skip
    """Write a bundle and return its manifest.

    Args:
        path: where it goes; an existing file is replaced only once the new one is whole.
        manifest: origin, program, for, exported_at, streams, checkpoint_size, withheld; `format` and `files` are added.
        checkpoint: the signed note over the tree.
        vkey: the installation's public key as text.
        entries: the visible entries by rising sequence.
        tree_size: number of leaves of the tree.
        tree_hashes: `merkle.batch_proof` of the visible entries.
        blobs: contents by hex SHA-256.
        openings: salt and value of personal data that may be shown.
        readme: text for people.

    Raises:
        BundleError: entries do not rise or lie beyond the tree, or a blob is not what its name says. Nothing is left.
    """
    part = path.with_name(path.name + ".part")
    tree = {"size": tree_size, "hashes": [node.hex() for node in tree_hashes]}
    try:
        with part.open("wb") as file:
            writer = _Writer(file)
            writer.add("README.txt", [readme.encode()])
            _add_blobs(writer, blobs)
            writer.add("checkpoint.txt", [checkpoint.encode()])
            writer.add("entries.txt", _lines(entries, tree_size))
            writer.add("key.txt", [vkey.encode() + b"\n"])
            writer.add("personal.jsonl", (encode(dict(opening)) + b"\n" for opening in openings))
            writer.add("tree.json", [encode(tree)])
            writer.add("verify.py", [Path(__file__).with_name("verify.py").read_bytes()])
            made = {**manifest, "format": FORMAT, "files": dict(writer.files)}
            writer.add(MANIFEST, [encode(made)])
            writer.close()
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return made


class Bundle:
    """A bundle opened for reading. It is not verified by opening it."""

    def __init__(self, path: Path) -> None:
        # zipfile closes the file that it opened once the bundle is let go.
        self.archive = zipfile.ZipFile(path)
        self.manifest: dict[str, Any] = json.loads(self.archive.read(MANIFEST))

    def entries(self) -> Iterable[Entry]:
        """Yield the entries in order."""
        with self.archive.open("entries.txt") as lines:
            for line in lines:
                yield Entry.parse(line.rstrip(b"\n"))

    def blob(self, reference: str) -> bytes:
        """Return a blob by `sha256:…`.

        Raises:
            KeyError: it is not in the bundle.
            ValueError: its bytes are not those of its name.
        """
        digest = reference.removeprefix("sha256:")
        data = self.archive.read(f"blobs/{digest}")
        if hashlib.sha256(data).hexdigest() != digest:
            raise ValueError(f"the blob {digest} is not what its name says")
        return data


def read_bundle(path: Path) -> Bundle:
    """Open a bundle.

    Raises:
        ValueError: the file is no bundle.
    """
    try:
        return Bundle(path)
    except (zipfile.BadZipFile, KeyError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is not a proof bundle: {error}") from error
