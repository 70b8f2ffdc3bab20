"""What an eCTD is made of: leaves at their places, backbones, sequences."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from crdmo.standards.ectd.files import Files
from crdmo.standards.ectd.headings import by_element
from crdmo.standards.refusals import FormatError

INDEX = "index.xml"
INDEX_MD5 = "index-md5.txt"
NUMBER = re.compile(r"[0-9]{4}")
NCNAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
NODE_EXTENSION = "node-extension"


class Operation(enum.StrEnum):
    """What a leaf does to what was submitted before."""

    NEW = "new"
    APPEND = "append"
    REPLACE = "replace"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Node:
    """One element on the way to a leaf, with what tells it from others of its name; a node extension has a title."""

    element: str
    attributes: tuple[tuple[str, str], ...] = ()
    title: str = ""

    @property
    def section(self) -> str:
        """Return the section number of a heading of modules 1 to 5, or nothing."""
        known = by_element().get(self.element)
        return known.section if known else ""

    def __str__(self) -> str:
        told = ", ".join(f"{name} {value}" for name, value in self.attributes)
        words = self.title or self.section or self.element
        return f"{words} ({told})" if told else words


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf as a backbone holds it. `line` is the line of the backbone where it stands."""

    identifier: str
    operation: str
    title: str
    href: str
    checksum: str
    checksum_type: str
    modified_file: str
    place: tuple[Node, ...]
    line: int = 0
    version: str = ""

    @property
    def heading(self) -> Node | None:
        """Return the innermost heading, passing node extensions."""
        return next((node for node in reversed(self.place) if node.element != NODE_EXTENSION), None)


@dataclass(frozen=True)
class Backbone:
    """An XML file that lists leaves: the index of a sequence, or its regional module 1.

    `problems` are (line, criterion, text) about the structure, found while reading.
    """

    path: str
    root: str
    dtd_version: str
    doctype: str
    leaves: tuple[Leaf, ...]
    envelope: tuple[tuple[str, str], ...] = ()
    problems: tuple[tuple[int, str, str], ...] = ()

    def told(self, name: str) -> list[str]:
        """Return what the envelope says under a name, such as `sequence-number`."""
        return [value for key, value in self.envelope if key == name]


@dataclass(frozen=True)
class Sequence:
    """One sequence as it was read: its number, its files and its backbones, the index first."""

    number: str
    files: Files
    backbones: tuple[Backbone, ...]
    refused: tuple[tuple[str, str], ...] = field(default=())

    @property
    def index(self) -> Backbone | None:
        """Return the backbone of modules 1 to 5, if there is one."""
        return next((one for one in self.backbones if one.path == INDEX), None)

    @property
    def regional(self) -> Backbone | None:
        """Return the backbone of module 1, if there is one."""
        return next((one for one in self.backbones if one.path != INDEX), None)

    def leaves(self) -> Iterator[tuple[Backbone, Leaf]]:
        """Return every leaf with its backbone, in the order of the documents."""
        for backbone in self.backbones:
            for leaf in backbone.leaves:
                yield backbone, leaf


@dataclass(frozen=True, order=True)
class Target:
    """A leaf of an application: which sequence, which backbone, which ID."""

    sequence: str
    backbone: str
    identifier: str

    def __str__(self) -> str:
        return f"{self.sequence}/{self.backbone}#{self.identifier}"


def require_number(number: str) -> str:
    """Return a sequence number if it has four digits.

    Raises:
        FormatError: it has not.
    """
    if not NUMBER.fullmatch(number):
        raise FormatError("this is no sequence number", given=number or "nothing", allowed="four digits, such as 0000")
    return number
