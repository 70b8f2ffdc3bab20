"""Checks of a backbone: its document type, its leaves, and values that are written in two ways."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from crdmo.standards.ectd.dtd import invalid
from crdmo.standards.ectd.links import LinkError, resolve
from crdmo.standards.ectd.look import Look, Raw
from crdmo.standards.ectd.model import INDEX, NCNAME, NODE_EXTENSION, Backbone, Leaf

KNOWN_DTD = {INDEX: {"3.0", "3.2"}}


def backbone_of(look: Look, backbone: Backbone) -> Iterator[Raw]:
    """Look at a backbone and at each of its leaves."""
    number = look.sequence.number
    name = f"{number}/{backbone.path}"
    for line, criterion, what in backbone.problems:
        yield criterion, f"{name} line {line}", what
    known = KNOWN_DTD.get(backbone.path)
    if known and backbone.dtd_version not in known:
        yield (
            "ECTD-B08",
            name,
            f"dtd-version {backbone.dtd_version or 'is not said'}; known are {', '.join(sorted(known))}",
        )
    yield from _document_type(look, backbone, name)
    again = Counter(leaf.identifier for leaf in backbone.leaves if leaf.identifier)
    for leaf in backbone.leaves:
        place = f"{name} line {leaf.line}, leaf {leaf.identifier or 'without ID'}"
        yield from ((criterion, place, what) for criterion, what in _leaf(leaf, look.is_us))
        if again.get(leaf.identifier, 0) > 1:
            again[leaf.identifier] = 0
            yield "ECTD-B03", place, f"ID {leaf.identifier} is used again"
    yield from _spellings(backbone, name)


def _document_type(look: Look, backbone: Backbone, name: str) -> Iterator[Raw]:
    if not backbone.doctype:
        yield "ECTD-A08", name, "it names no document type"
        return
    try:
        path = resolve(backbone.path, backbone.doctype)
    except LinkError:
        return
    if path not in look.sequence.files:
        yield "ECTD-A08", name, f"{path} is not in the package"
    pinned = look.util.get(path.rpartition("/")[2])
    # What the content model found has one place there; the DTD is asked for what that look does not see.
    if pinned is not None and not backbone.problems:
        for line, what in invalid(look.sequence.files.read(backbone.path), pinned, look.util):
            if not what.startswith("ID "):
                yield "ECTD-B10", f"{name} line {line}", what


def _leaf(leaf: Leaf, us: bool) -> Iterator[tuple[str, str]]:
    if not NCNAME.fullmatch(leaf.identifier):
        yield "ECTD-B04", f"{leaf.identifier!r} cannot be an ID"
    if leaf.checksum_type.lower() != "md5":
        yield "ECTD-B06", f"checksum-type {leaf.checksum_type!r}"
    if not leaf.title:
        yield "ECTD-B07", "the leaf has no title"
    if (leaf.operation == "delete") == bool(leaf.href):
        yield (
            "ECTD-L09",
            f"{leaf.operation} with file {leaf.href!r}" if leaf.href else f"{leaf.operation} without a file",
        )
    if us and leaf.place and leaf.place[-1].element == NODE_EXTENSION:
        yield "ECTD-B11", f"the leaf stands in node extension {leaf.place[-1].title!r}"


def _spellings(backbone: Backbone, name: str) -> Iterator[Raw]:
    """Find attributes that read as one to a person and as two to a machine: they make two branches for the reviewer."""
    seen: dict[tuple[str, str, str], dict[str, int]] = defaultdict(dict)
    for leaf in backbone.leaves:
        for node in leaf.place:
            for key, value in node.attributes:
                plain = "".join(sign for sign in value.casefold() if sign.isalnum())
                seen[node.element, key, plain].setdefault(value, leaf.line)
    for (element, key, _), values in seen.items():
        if len(values) > 1:
            told = ", ".join(repr(value) for value in values)
            yield "ECTD-B12", f"{name} line {max(values.values())}", f"{key} of {element} is written as {told}"
