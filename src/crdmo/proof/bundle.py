"""The proof bundle: one zip that holds what a sponsor or inspector may see, and all that is needed to check it.

The same contents always give the same bytes. `verify.py` beside this file checks a bundle; a copy of it is inside.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .canonical import encode

FORMAT = "crdmo.bundle/1"
WHEN = (1980, 1, 1, 0, 0, 0)
MANIFEST = "manifest.json"


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


class _Writer:
    """Writes members in order and keeps their digests for the manifest."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.files: dict[str, dict[str, Any]] = {}

    def add(self, name: str, pieces: Iterable[bytes], *, listed: bool = True) -> None:
        info = zipfile.ZipInfo(name, WHEN)
        info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
        digest, size = hashlib.sha256(), 0
        with self.archive.open(info, "w", force_zip64=True) as member:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                member.write(piece)
        if listed:
            self.files[name] = {"sha256": digest.hexdigest(), "bytes": size}


def _pieces(content: bytes | Path) -> Iterable[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while piece := file.read(1 << 20):
            yield piece


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
    """
    part = path.with_name(path.name + ".part")
    tree = {"size": tree_size, "hashes": [node.hex() for node in tree_hashes]}
    with zipfile.ZipFile(part, "w") as archive:
        writer = _Writer(archive)
        writer.add("README.txt", [readme.encode()])
        writer.add("verify.py", [Path(__file__).with_name("verify.py").read_bytes()])
        writer.add("key.txt", [vkey.encode() + b"\n"])
        writer.add("checkpoint.txt", [checkpoint.encode()])
        writer.add("tree.json", [encode(tree)])
        writer.add("entries.txt", (entry.line() for entry in entries))
        writer.add("personal.jsonl", (encode(dict(opening)) + b"\n" for opening in openings))
        for digest in sorted(blobs):
            writer.add(f"blobs/{digest}", _pieces(blobs[digest]))
        made = {**manifest, "format": FORMAT, "files": writer.files}
        writer.add(MANIFEST, [encode(made)], listed=False)
    part.replace(path)
    return made


class Bundle:
    """A bundle opened for reading. It is not verified by opening it."""

    def __init__(self, path: Path) -> None:
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
