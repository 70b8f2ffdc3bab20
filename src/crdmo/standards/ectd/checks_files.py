"""Checks of files: names, checksums, what is named and not there, what is there and not named."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from crdmo.standards.ectd import paths, pdf
from crdmo.standards.ectd.links import LinkError, resolve
from crdmo.standards.ectd.look import Look, Raw
from crdmo.standards.ectd.model import INDEX, INDEX_MD5, Leaf
from crdmo.standards.ectd.regions import OFFICIAL


def package(look: Look) -> Iterator[Raw]:
    """Look at the files of a sequence, whatever names them."""
    files, number = look.sequence.files, look.sequence.number
    if INDEX_MD5 not in files:
        yield "ECTD-A02", f"{number}/{INDEX_MD5}", "it is not there"
    elif look.hashing and INDEX in files:
        told = files.read(INDEX_MD5)[:200].decode("ascii", "replace").split()
        found = hashlib.md5(files.read(INDEX), usedforsecurity=False).hexdigest()
        if not told or told[0].lower() != found:
            yield "ECTD-A03", f"{number}/{INDEX_MD5}", f"it says {(told or ['nothing'])[0]}, the index has {found}"
    for folder in files.folders:
        yield "ECTD-A07", f"{number}/{folder}", "the folder is empty"
    for path, size in sorted(files.sizes.items()):
        if size == 0:
            yield "ECTD-A10", f"{number}/{path}", "the file is empty"
        # Names in util are the agencies' own.
        if not path.startswith("util/"):
            for criterion, what in paths.faults(path):
                yield criterion, f"{number}/{path}", what
        name = path.rpartition("/")[2]
        if look.hashing and path.startswith("util/") and name in OFFICIAL:
            found = hashlib.sha256(files.read(path)).hexdigest()
            if found != OFFICIAL[name]:
                yield "ECTD-A09", f"{number}/{path}", _copy(files.read(path), OFFICIAL[name])


def _copy(data: bytes, official: str) -> str:
    restored = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    if hashlib.sha256(restored).hexdigest() == official:
        return "the official file with other line ends (LF for CRLF)"
    return f"SHA-256 {hashlib.sha256(data).hexdigest()}, the official file has {official}"


def references(look: Look) -> Iterator[Raw]:
    """Look at every file that a leaf names, and at every file that no leaf names."""
    number, files = look.sequence.number, look.sequence.files
    named: set[str] = set()
    lost: list[tuple[str, str, Leaf]] = []
    for backbone, leaf in look.sequence.leaves():
        if not leaf.href or leaf.operation == "delete":
            continue
        place = f"{number}/{backbone.path} line {leaf.line}, leaf {leaf.identifier}"
        try:
            path = resolve(f"{number}/{backbone.path}", leaf.href)
        except LinkError as odd:
            yield "ECTD-B09", place, str(odd)
            continue
        owner, _, inside = path.partition("/")
        held = look.sequences.get(owner)
        if owner == number:
            named.add(inside)
        elif held is None:
            # A file of an earlier sequence that is not at hand cannot be judged.
            yield "ECTD-L06", place, f"sequence {owner} is not at hand: whether {inside} is there is not verified"
            continue
        if held is None or inside not in held.files:
            lost.append((place, inside, leaf))
        elif look.hashing or look.pdfs:
            yield from _bytes(look, held.files.read(inside), inside, leaf, place)
    spare = [one for one in sorted(files.sizes) if one not in named and one not in (INDEX, INDEX_MD5)]
    spare = [one for one in spare if not one.startswith("util/")]
    for place, inside, leaf in lost:
        # A leaf that names the wrong path and the file that no leaf names are one mistake, and one finding.
        meant = next((one for one in spare if _is_meant(look, one, inside, leaf)), "")
        if meant:
            spare.remove(meant)
        yield "ECTD-A05", place, f"{leaf.href} is not there" + (f"; {meant} may be meant" if meant else "")
    for path in spare:
        regional = look.sequence.regional
        if regional is not None and path == regional.path:
            yield "ECTD-R02", f"{number}/{path}", "no leaf of the index names it"
        else:
            yield "ECTD-A04", f"{number}/{path}", "no leaf names it"


def _is_meant(look: Look, path: str, wanted: str, leaf: Leaf) -> bool:
    if look.hashing:
        data = look.sequence.files.read(path)
        return hashlib.md5(data, usedforsecurity=False).hexdigest() == leaf.checksum
    return path.rpartition("/")[0] == wanted.rpartition("/")[0]


def _bytes(look: Look, data: bytes, path: str, leaf: Leaf, place: str) -> Iterator[Raw]:
    if look.hashing:
        found = hashlib.md5(data, usedforsecurity=False).hexdigest()
        if found != leaf.checksum:
            # A file that is not the one announced is not looked at further.
            yield "ECTD-A06", place, f"{leaf.href} has {found}, the leaf says {leaf.checksum or 'nothing'}"
            return
    if look.pdfs and data and path.lower().endswith(".pdf"):
        for criterion, what in pdf.faults(data):
            yield criterion, f"{look.sequence.number}/{path}", what
