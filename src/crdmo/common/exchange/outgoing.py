"""What goes out as a file in its standard: the kinds that rooms give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from django.core.exceptions import ImproperlyConfigured

from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.refusals import Invalid

from .incoming import File
from .rooms import in_rooms


@dataclass(frozen=True)
class Outgoing:
    """A kind of file that a room gives. `verb` is what a person must be allowed to do; `of` says what its code names."""

    name: str
    title: str
    verb: str
    of: str
    write: Callable[[Program, str], File]


@cache
def _kinds() -> dict[str, Outgoing]:
    found: dict[str, Outgoing] = {}
    for one in in_rooms("GIVES"):
        if found.setdefault(one.name, one) is not one:
            raise ImproperlyConfigured(f"two rooms give the kind {one.name}")
    return found


def outgoing() -> list[Outgoing]:
    """Return all kinds that go out, by name."""
    return [_kinds()[name] for name in sorted(_kinds())]


def give(person: Person, program: Program, kind: str, code: str) -> File:
    """Return the file of a record.

    Raises:
        Invalid: there is no such kind. NotFound: there is no such record. NotPermitted: the person may not take it out.
    """
    found = _kinds().get(kind)
    if found is None:
        allowed = ", ".join(sorted(_kinds()))
        raise Invalid(
            "there is no such kind of file", errors={"kind": "not one of them"}, given=kind[:60], allowed=allowed
        )
    authority.role_for(person, found.verb, program.pk, program.organization_id)
    return found.write(program, code)
