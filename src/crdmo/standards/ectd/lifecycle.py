"""The life cycle: which leaves stand after a sequence, what they came from, and every change that cannot be followed.

Replace and delete take their target out of the current view; append leaves it there (ICH eCTD 3.2.2, appendix 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from crdmo.standards.ectd.links import LinkError, resolve, target_of
from crdmo.standards.ectd.model import Backbone, Leaf, Operation, Sequence, Target
from crdmo.standards.refusals import FormatError

FIRST = "0000"
OPERATIONS = frozenset(Operation)


@dataclass(frozen=True)
class Effective:
    """A leaf that stands: where it is, its file from the folder of the application, and what it replaced, oldest first."""

    target: Target
    leaf: Leaf
    path: str
    history: tuple[Target, ...] = ()
    appended_to: Target | None = None


@dataclass(frozen=True)
class Broken:
    """A change that cannot be followed: in which sequence and backbone, by which leaf, which rule, and why."""

    sequence: str
    backbone: str
    leaf: Leaf
    criterion: str
    what: str


@dataclass
class View:
    """The application after a sequence. `gone` says of every leaf that no longer stands what took it away."""

    effective: dict[Target, Effective] = field(default_factory=dict)
    gone: dict[Target, Target] = field(default_factory=dict)
    broken: list[Broken] = field(default_factory=list)

    @property
    def payload(self) -> list[Effective]:
        """Return the leaves that stand, without the backbones that are leaves of module 1."""
        return [one for one in self.effective.values() if not is_backbone(one.leaf)]


def is_backbone(leaf: Leaf) -> bool:
    """Say whether a leaf is the regional backbone itself, which every sequence brings anew."""
    return leaf.href.startswith("m1/") and leaf.href.endswith("-regional.xml")


def current_view(sequences: Mapping[str, Sequence], until: str = "9999") -> View:
    """Return what stands after a sequence (the last one, where none is named), and what could not be followed."""
    view = View()
    for number in sorted(one for one in sequences if one <= until):
        for backbone, leaf in sequences[number].leaves():
            _apply(_Step(view, sequences, number, backbone, leaf))
    return view


@dataclass(frozen=True)
class _Step:
    """One leaf on its way into the view."""

    view: View
    sequences: Mapping[str, Sequence]
    number: str
    backbone: Backbone
    leaf: Leaf

    @property
    def own(self) -> Target:
        return Target(self.number, self.backbone.path, self.leaf.identifier)

    def broken(self, criterion: str, what: str) -> None:
        self.view.broken.append(Broken(self.number, self.backbone.path, self.leaf, criterion, what))

    def path(self) -> str:
        try:
            return resolve(f"{self.number}/{self.backbone.path}", self.leaf.href)
        except LinkError:
            return ""


def _apply(step: _Step) -> None:
    view, leaf, own = step.view, step.leaf, step.own
    if leaf.operation not in OPERATIONS:
        step.broken("ECTD-B05", f"operation {leaf.operation!r} is none of new, append, replace, delete")
        return
    operation = Operation(leaf.operation)
    target = None
    if operation is not Operation.NEW:
        target = _target(step)
    elif leaf.modified_file:
        step.broken("ECTD-L03", f"a new leaf names {leaf.modified_file!r} as modified")
    history: tuple[Target, ...] = ()
    if target is not None and operation in (Operation.REPLACE, Operation.DELETE):
        history = (*view.effective.pop(target).history, target)
        view.gone[target] = own
    if operation is not Operation.DELETE:
        appended = target if operation is Operation.APPEND else None
        view.effective[own] = Effective(own, leaf, step.path(), history, appended)


def _target(step: _Step) -> Target | None:
    """Return the leaf that is changed, if it stands; else note why it cannot be followed."""
    leaf, number, view = step.leaf, step.number, step.view
    if number == FIRST:
        step.broken("ECTD-L01", f"{leaf.operation} in the first sequence, before which there is nothing")
        return None
    if not leaf.modified_file:
        step.broken("ECTD-L02", f"{leaf.operation} names no leaf that it changes")
        return None
    try:
        target = target_of(number, step.backbone.path, leaf.modified_file)
    except LinkError as odd:
        step.broken(odd.criterion, str(odd))
        return None
    found = step.sequences.get(target.sequence)
    if target.sequence > number or target == step.own:
        step.broken("ECTD-L10", f"{target} is not earlier than this leaf")
    elif found is None or target.backbone in {path for path, _ in found.refused}:
        step.broken("ECTD-L06", f"sequence {target.sequence} is not at hand: whether {target} stands is not verified")
    elif target in view.gone:
        step.broken("ECTD-L08", f"{target} no longer stands: {view.gone[target]} took its place")
    elif target not in view.effective:
        step.broken("ECTD-L07", f"there is no leaf {target}")
    else:
        sound = not any(one.problems for one in (*found.backbones, step.backbone))
        if sound and _headings(view.effective[target].leaf) != _headings(leaf):
            step.broken("ECTD-L11", f"{target} stands at another heading")
        return target
    return None


def _headings(leaf: Leaf) -> tuple[object, ...]:
    return tuple((node.element, node.attributes) for node in leaf.place)


def changes(sequences: Mapping[str, Sequence], before: str, after: str) -> dict[str, list[Effective]]:
    """Return the difference of two sequences' current views: leaves that came, and leaves that went.

    Raises:
        FormatError: a sequence is not there.
    """
    if missing := [one for one in (before, after) if one not in sequences]:
        raise FormatError("there is no such sequence", given=", ".join(missing), allowed=", ".join(sorted(sequences)))
    old, new = current_view(sequences, before), current_view(sequences, after)
    return {
        "came": [one for target, one in new.effective.items() if target not in old.effective],
        "went": [one for target, one in old.effective.items() if target not in new.effective],
    }
