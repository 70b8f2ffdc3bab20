"""The tree that a reviewer sees: headings with their leaves, of a whole application or of one sequence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field
from posixpath import dirname, normpath
from typing import Any

from crdmo.standards import ectd
from crdmo.standards.ectd.headings import by_element
from crdmo.standards.ectd.model import NODE_EXTENSION, Node

# A dossier with more leaves opens its branches when they are asked for.
OPENED = 300


@dataclass(frozen=True)
class Shown:
    """A leaf as it is shown: its place, title, what it does, its file, and what it replaced."""

    place: tuple[Node, ...]
    title: str
    operation: str
    sequence: str
    path: str
    url: str = ""
    page: str = ""
    history: tuple[str, ...] = ()
    replaced_by: str = ""


@dataclass
class Branch:
    """A heading with what stands at it and below it. `key` names it in an address."""

    key: str
    label: str
    told: str = ""
    leaves: list[Shown] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=list)
    count: int = 0
    is_open: bool = False


Numbering = Callable[[str], tuple[str, str]]


def numbering(region: str) -> Numbering:
    """Return a function that gives number and title of an element."""
    known = {one.element: (one.section, one.title) for one in by_element().values()}
    for part in ectd.Region:
        if part == region or not region:
            known |= {one.element: (one.section, one.title) for one in ectd.sections(part).values()}
    return lambda element: known.get(element, ("", element))


def tree_of(leaves: Iterable[Shown], region: str, opened: Set[str] = frozenset()) -> list[Branch]:
    """Return the branches of the modules. Those of a small dossier are all open, those of a large one as asked for."""
    held = list(leaves)
    number = numbering(region)
    top = Branch("", "")
    for leaf in held:
        here, key = top, ""
        here.count += 1
        for node in _module1(leaf.place):
            key = f"{key}/{_key(node)}"
            here = _below(here, node, key, number)
            here.count += 1
        here.leaves.append(leaf)
    _open(top, len(held) <= OPENED, opened)
    _sort(top, number)
    return top.branches


def _module1(place: tuple[Node, ...]) -> tuple[Node, ...]:
    """Return a place below its module; headings of module 1 stand in a backbone of their own."""
    if place and place[0].element in ("m1-regional", "m1-eu"):
        place = place[1:]
    first = place[0].element if place else ""
    if (first.startswith("m1-") and first not in by_element()) or not first.startswith("m"):
        below = [node for node in place if node.element.startswith("m1-")]
        # The form of the sequence stands in its envelope; a reviewer looks for it at 1.1.
        if not below and any(node.element == "form" for node in place):
            below = [Node(ectd.sections(ectd.Region.US)["1.1"].element)]
        return (Node(ectd.heading("1").element), *below)
    return place


def _key(node: Node) -> str:
    told = ",".join(value for _, value in node.attributes)
    return node.element + (f"({told})" if told else "") + (f":{node.title}" if node.title else "")


def _below(here: Branch, node: Node, key: str, number: Numbering) -> Branch:
    found = next((one for one in here.branches if one.key == key), None)
    if found is None:
        section, title = number(node.element)
        label = node.title if node.element == NODE_EXTENSION else f"{section} {title}".strip()
        told = ", ".join(value for name, value in node.attributes if not name.startswith("{"))
        found = Branch(key, label, told)
        here.branches.append(found)
    return found


def _open(branch: Branch, all_open: bool, opened: Set[str]) -> None:
    for one in branch.branches:
        one.is_open = all_open or any(key == one.key or key.startswith(f"{one.key}/") for key in opened)
        _open(one, all_open, opened)


def _sort(branch: Branch, number: Numbering) -> None:
    branch.branches.sort(key=lambda one: (_order(one.label), one.told))
    for one in branch.branches:
        _sort(one, number)


def _order(label: str) -> tuple[Any, ...]:
    parts = label.partition(" ")[0].split(".")
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts)


def shown(
    application: dict[str, ectd.Sequence],
    url: Callable[[str, str], str],
    page: Callable[[str, str], str],
    *,
    until: str = "9999",
    only: str = "",
) -> list[Shown]:
    """Return the leaves of the current view after a sequence, or those that one sequence brought."""
    view = ectd.current_view(application, until)
    if only:
        rows = [(only, backbone, leaf) for backbone, leaf in application[only].leaves()]
        gone = {target: str(by.sequence) for target, by in view.gone.items()}
        return [
            Shown(leaf.place, leaf.title, leaf.operation, only, leaf.href, "" if not leaf.href else
                  url(only, _path(backbone.path, leaf.href)), page(only, leaf.identifier),
                  (leaf.modified_file,) if leaf.modified_file else (),
                  gone.get(ectd.Target(only, backbone.path, leaf.identifier), ""))
            for _, backbone, leaf in rows
        ]  # fmt: skip
    return [
        Shown(one.leaf.place, one.leaf.title, one.leaf.operation, one.target.sequence, one.path,
              url(*_split(one.path)) if one.path else "", page(one.target.sequence, one.target.identifier),
              tuple(str(target.sequence) for target in one.history))
        for one in view.payload
    ]  # fmt: skip


def _path(backbone: str, href: str) -> str:
    return normpath(f"{dirname(backbone)}/{href}".lstrip("/"))


def _split(path: str) -> tuple[str, str]:
    number, _, rest = path.partition("/")
    return number, rest
