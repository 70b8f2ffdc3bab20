"""What comes in as a file: the kinds that rooms take, and the two things to do with a file, look at it and take it in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.ledger.acts import refusal
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.refusals import Invalid, NotFound, NotPermitted

from .rooms import in_rooms


@dataclass(frozen=True)
class File:
    """A file as it was brought."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Option:
    """Something to say beside the file."""

    name: str
    says: str
    required: bool = False


@dataclass(frozen=True)
class Brought:
    """What a door hands over: the file, a second one that belongs to it, and the options as text."""

    file: File
    beside: File | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    def said(self, name: str) -> str:
        """Return an option, or nothing."""
        return self.options.get(name, "").strip()


@dataclass(frozen=True)
class Look:
    """What a file would become: as sentences, and as plain JSON. Nothing is written."""

    lines: Sequence[str]
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class Taken:
    """The record that a file became, in words and as plain JSON."""

    record: Record
    says: str
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of file that a room takes.

    `verb` is what a person must be allowed to do; `files` says what the file is, `beside` what a second one is (none where
    it is empty). `packed` takes a folder as well: it is packed first. `look` reads and checks without writing; `take` calls
    the verb. Both refuse what cannot be taken.
    """

    name: str
    title: str
    verb: str
    files: str
    look: Callable[[Program, Brought], Look]
    take: Callable[[Person, Program, Brought], Taken]
    options: tuple[Option, ...] = ()
    beside: str = ""
    packed: bool = False

    @property
    def room(self) -> str:
        """The room that takes it."""
        return self.verb.partition(".")[0]


@cache
def _kinds() -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    for one in in_rooms("TAKES"):
        if found.setdefault(one.name, one) is not one:
            raise ImproperlyConfigured(f"two rooms take the kind {one.name}")
    return found


def kinds() -> list[Kind]:
    """Return all kinds, by room and name."""
    return sorted(_kinds().values(), key=lambda one: (one.room, one.name))


def offered(person: Person, program: Program) -> list[Kind]:
    """Return the kinds that a person may bring into a program."""
    with authority.remembering():
        return [one for one in kinds() if authority.may(person, one.verb, program.pk, program.organization_id)]


def kind_of(name: str) -> Kind:
    """Return a kind by its name.

    Raises:
        Invalid: there is none.
    """
    found = _kinds().get(name)
    if found is None:
        allowed = ", ".join(sorted(_kinds()))
        raise Invalid(
            "there is no such kind of file", errors={"kind": "not one of them"}, given=name[:60], allowed=allowed
        )
    return found


def options_from(texts: Iterable[str]) -> dict[str, str]:
    """Return options from `name=value` texts.

    Raises:
        Invalid: a text has no equals sign, or a name stands twice.
    """
    made: dict[str, str] = {}
    for text in texts:
        name, found, value = text.partition("=")
        name = name.strip()
        if not found or not name:
            raise Invalid("an option is NAME=VALUE", given=text[:80], allowed="lower_limit=95.0")
        if name in made:
            raise Invalid("an option stands twice", errors={name: "once"}, given=name)
        made[name] = value.strip()
    return made


def _fitting(kind: Kind, brought: Brought) -> None:
    for one in filter(None, (brought.file, brought.beside)):
        if not one.data:
            raise Invalid(f"{one.name} is empty", errors={"file": "it is empty"}, given="0 bytes")
    known = {one.name for one in kind.options}
    errors = {name: "this kind knows no such option" for name in brought.options if name not in known}
    errors |= {one.name: one.says for one in kind.options if one.required and not brought.said(one.name)}
    if brought.beside is not None and not kind.beside:
        errors["beside"] = "this kind has one file"
    if errors:
        raise Invalid(
            f"{kind.name} cannot be taken so; nothing was saved", errors=errors,
            given=", ".join(f"{name}={value}" for name, value in brought.options.items())[:200] or "no option",
            allowed=", ".join(sorted(known)) or "no option",
        )  # fmt: skip


@contextmanager
def _named_in_the_options() -> Iterator[None]:
    """Say of a record that is not here that the options name it: the address itself is there."""
    try:
        yield
    except NotFound as missing:
        raise Invalid(
            missing.what, errors={"options": f"{missing.what}: {missing.given}"}, given=missing.given,
            allowed=missing.allowed, next=missing.next or "Name one of this program",
        ) from missing  # fmt: skip


def look(person: Person, program: Program, kind: str, brought: Brought) -> Look:
    """Read and check a file without writing anything.

    Raises:
        NotPermitted: the person may not take it in. Invalid: there is no such kind, or the file cannot be taken.
    """
    found = kind_of(kind)
    # Asked before anything is read: who may not do it learns nothing of how the file would be judged.
    authority.role_for(person, found.verb, program.pk, program.organization_id)
    _fitting(found, brought)
    with _named_in_the_options():
        return found.look(program, brought)


def take(person: Person, program: Program, kind: str, brought: Brought) -> Taken:
    """Take a file in, whole or not at all.

    Raises:
        NotPermitted: the person may not take it in. Invalid: there is no such kind, or the file cannot be taken.
    """
    found = kind_of(kind)
    try:
        authority.role_for(person, found.verb, program.pk, program.organization_id)
    except NotPermitted as refused:
        # As where a verb is refused: what breaks a rule is on record.
        refusal(person, found.verb, refused, program.pk, program.organization_id)
        raise
    _fitting(found, brought)
    with _named_in_the_options():
        return found.take(person, program, brought)
