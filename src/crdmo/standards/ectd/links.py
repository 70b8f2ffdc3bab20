"""Links between backbones: what `modified-file` and `href` mean, and how they are written.

Both are relative to the backbone that holds them (ICH eCTD 3.2.2, appendix 6): from the index of 0001 a leaf of 0000 is
`../0000/index.xml#ID`, from a module 1 backbone it is `../../../0000/m1/us/us-regional.xml#ID`.
"""

from __future__ import annotations

import re
from posixpath import dirname, relpath
from urllib.parse import unquote

from crdmo.standards.ectd.model import NUMBER, Target

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


class LinkError(ValueError):
    """A link cannot be followed; the text says why, `criterion` which rule it breaks."""

    def __init__(self, criterion: str, text: str) -> None:
        self.criterion = criterion
        super().__init__(text)


def resolve(base: str, link: str) -> str:
    """Return the path that a relative link means, from the folder of the application.

    `base` is the path of the file that holds it, with the sequence, such as `0001/index.xml`.

    Raises:
        LinkError: it is absolute, or leads out of the application.
    """
    if not link or link.startswith(("/", "\\")) or SCHEME.match(link) or "\\" in link:
        raise LinkError("ECTD-B09", f"{link!r} is no relative link")
    parts = dirname(base).split("/") if "/" in base else []
    for part in unquote(link).split("/"):
        if part in ("", "."):
            continue
        if part == "..":
            if not parts:
                raise LinkError("ECTD-L05", f"{link!r} leads out of the application")
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def target_of(sequence: str, backbone: str, modified_file: str) -> Target:
    """Return the leaf that a `modified-file` names.

    Raises:
        LinkError: it has no ID, leads out of the application, or names no backbone.
    """
    path, mark, identifier = modified_file.partition("#")
    if not mark or not identifier or not path:
        raise LinkError("ECTD-L04", f"{modified_file!r} has no backbone and ID, such as ../0000/index.xml#ID")
    found = resolve(f"{sequence}/{backbone}", path)
    number, _, inside = found.partition("/")
    if not NUMBER.fullmatch(number):
        raise LinkError("ECTD-L05", f"{modified_file!r} leads to {number!r}, which is no sequence of the application")
    if not inside.endswith(".xml"):
        raise LinkError("ECTD-L04", f"{modified_file!r} names {inside or 'a folder'}, which is no backbone")
    return Target(number, inside, identifier)


def modified_file(sequence: str, backbone: str, target: Target) -> str:
    """Return how a leaf of a backbone names the leaf that it replaces, appends to or deletes."""
    start = dirname(f"{sequence}/{backbone}")
    return f"{relpath(f'{target.sequence}/{target.backbone}', start)}#{target.identifier}"


def href(backbone: str, path: str) -> str:
    """Return how a leaf of a backbone names a file of its own sequence."""
    return relpath(path, dirname(backbone) or ".")
