"""Reads sequences that exist: the index, the backbone of module 1 whatever its region, and every leaf with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from lxml import etree

from crdmo.standards.ectd import xml
from crdmo.standards.ectd.files import Files
from crdmo.standards.ectd.headings import Heading, by_element
from crdmo.standards.ectd.model import INDEX, NODE_EXTENSION, NUMBER, Backbone, Leaf, Node, Sequence, require_number
from crdmo.standards.refusals import FormatError

XLINK = ("{http://www.w3c.org/1999/xlink}", "{http://www.w3.org/1999/xlink}")
REGIONAL = re.compile(r"m1/[a-z]{2}/[a-z0-9-]*regional\.xml")
INDEX_ROOT = "{http://www.ich.org/ectd}ectd"
MAX_DEPTH = 200


def read_application(files: Files) -> dict[str, Sequence]:
    """Return all sequences of an application: the folders of four digits, or the one sequence that the files are.

    Raises:
        FormatError: there is no sequence in it, or a file is hostile. A backbone that is only broken is kept with what
            is wrong in `refused`, so that a validator can say it.
    """
    bases = {_base(path) for path in files.sizes if path.rpartition("/")[2] == INDEX}
    numbered = {base: PurePosixPath(base).name for base in bases if NUMBER.fullmatch(PurePosixPath(base).name)}
    parents = {str(PurePosixPath(base).parent) for base in numbered}
    if len(parents) > 1:
        raise FormatError("the package holds more than one application", given=", ".join(sorted(parents)[:4]))
    if numbered:
        return {number: read_sequence(number, files.under(base)) for base, number in sorted(numbered.items())}
    if "" in bases:
        number = files.name if NUMBER.fullmatch(files.name) else _told_number(files)
        return {number: read_sequence(number, files)}
    raise FormatError(
        "the package holds no sequence", given=f"{len(files.sizes)} files",
        allowed="a folder of four digits with index.xml in it, or such a folder itself",
    )  # fmt: skip


def _base(path: str) -> str:
    return path.rpartition("/")[0]


def _told_number(files: Files) -> str:
    """Return the number that the regional backbone states, where the folder does not."""
    for path in files.sizes:
        if REGIONAL.fullmatch(path):
            told = _backbone(path, files.read(path)).told
            for found in (*told("sequence-number"), *told("sequence")):
                if NUMBER.fullmatch(found):
                    return found
    raise FormatError(
        "the number of the sequence is not told", given=files.name or "no folder of four digits",
        next_step="Put the files into a folder of its number, such as 0000",
    )  # fmt: skip


def read_sequence(number: str, files: Files) -> Sequence:
    """Return one sequence. What is broken in a backbone is kept in `refused`: (path, reason).

    Raises:
        FormatError: the number is none.
    """
    require_number(number)
    paths = [path for path in (INDEX,) if path in files] + sorted(p for p in files.sizes if REGIONAL.fullmatch(p))
    backbones, refused = [], []
    for path in paths:
        try:
            backbones.append(_backbone(path, files.read(path)))
        except FormatError as broken:
            refused.append((path, str(broken)))
    return Sequence(number, files, tuple(backbones), tuple(refused))


def _backbone(path: str, data: bytes) -> Backbone:
    root = xml.parse(data, path)
    leaves: list[Leaf] = []
    problems: list[tuple[int, str, str]] = []
    told: list[tuple[str, str]] = []
    index = path == INDEX
    if index and root.tag != INDEX_ROOT:
        raise FormatError("the root of the index is another", given=str(root.tag), allowed="ectd:ectd of ICH")
    known: Mapping[str, Heading] = by_element() if index else {}
    _walk(root, (), leaves, problems, told, known, 0)
    tree = root.getroottree()
    return Backbone(
        path=path,
        root=str(root.tag),
        dtd_version=root.get("dtd-version", ""),
        doctype=tree.docinfo.system_url or "",
        leaves=tuple(leaves),
        envelope=tuple(told),
        problems=tuple(problems),
    )


def _walk(
    element: etree._Element, place: tuple[Node, ...], leaves: list[Leaf], problems: list[tuple[int, str, str]],
    told: list[tuple[str, str]], known: Mapping[str, Heading], depth: int,
) -> None:  # fmt: skip
    if depth > MAX_DEPTH:
        raise FormatError(
            "the elements are nested too deep", given=f"line {element.sourceline}", allowed=str(MAX_DEPTH)
        )
    above = known.get(place[-1].element) if place else None
    order = -1
    for child in element:
        name = str(child.tag)
        if name == "leaf":
            leaves.append(_leaf(child, place))
            continue
        if name in ("title", "link-text"):
            continue
        if known:
            order = _placed(child, name, place, above, order, known, problems)
        if not _has_leaves(child):
            _tell(child, told)
        else:
            _walk(child, (*place, _node(child, name)), leaves, problems, told, known, depth + 1)
            continue
        if known and len(child) == 0:
            problems.append((_line(child), "ECTD-B14", f"{name} is empty"))


def _has_leaves(element: etree._Element) -> bool:
    return next(element.iter("leaf"), None) is not None


def _node(element: etree._Element, name: str) -> Node:
    title = (element.findtext("title") or "").strip() if name == NODE_EXTENSION else ""
    told = tuple(sorted((str(key), str(value)) for key, value in element.attrib.items() if _tells(str(key))))
    return Node(name, told, title)


def _tells(name: str) -> bool:
    return name != "ID" and not (name.startswith("{") and not name.endswith("}lang"))


def _placed(
    child: etree._Element, name: str, place: tuple[Node, ...], above: Heading | None, order: int,
    known: Mapping[str, Heading], problems: list[tuple[int, str, str]],
) -> int:  # fmt: skip
    line = _line(child)
    if name == NODE_EXTENSION:
        deep = bool(place) and place[-1].element == NODE_EXTENSION
        if not deep and (above is None or above.children or above.module == 1):
            problems.append((line, "ECTD-B01", "a node extension stands where headings follow"))
        return order
    heading = known.get(name)
    parent = above.section if above else ""
    if heading is None or heading.parent != parent:
        problems.append((line, "ECTD-B01", f"{name} does not stand in {place[-1].element if place else 'the index'}"))
        return order
    missing = [one for one in heading.required if not (child.get(one) or "").strip()]
    if missing:
        problems.append((line, "ECTD-B02", f"{name} lacks {', '.join(missing)}"))
    if heading.order < order or (heading.order == order and not heading.repeats):
        problems.append((line, "ECTD-B01", f"{name} stands after a later heading, or twice"))
    return max(order, heading.order)


def _leaf(element: etree._Element, place: tuple[Node, ...]) -> Leaf:
    get = element.get
    href = get(XLINK[0] + "href")
    return Leaf(
        identifier=get("ID", ""),
        operation=get("operation", ""),
        title=" ".join((element.findtext("title") or "").split()),
        href=(href if href is not None else get(XLINK[1] + "href")) or "",
        checksum=get("checksum", "").strip().lower(),
        checksum_type=get("checksum-type", ""),
        modified_file=get("modified-file", ""),
        place=place,
        line=_line(element),
        version=get("version", ""),
    )


def _line(element: etree._Element) -> int:
    return int(element.sourceline or 0)


def _tell(element: etree._Element, told: list[tuple[str, str]]) -> None:
    """Note what an envelope says, in the order of the document: texts by element, attributes as element@attribute."""
    for one in element.iter(etree.Element):
        name = str(one.tag)
        if text := (one.text or "").strip():
            told.append((name, text))
        told.extend((f"{name}@{key}", str(value)) for key, value in one.attrib.items())
