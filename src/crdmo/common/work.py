"""What waits for a person: each room says for its own records, the desk shows all of it in order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Person, Program


@dataclass(frozen=True)
class Item:
    """One thing that waits: group, what, where, until when, in which state."""

    group: str
    label: str
    detail: str
    url: str
    program: str
    due: dt.date | None = None
    state: str = ""

    def late(self, today: dt.date) -> bool:
        """Say whether its day has passed."""
        return self.due is not None and self.due < today


Provider = Callable[[Person, Program], Iterable[Item]]
_ROOMS: dict[str, Provider] = {}


def provides(room: str) -> Callable[[Provider], Provider]:
    """Register the function by which a room says what waits for a person in a program."""

    def register(function: Provider) -> Provider:
        _ROOMS[room] = function
        return function

    return register


def waiting(person: Person, programs: Iterable[Program], *, room: str = "") -> list[Item]:
    """Return everything that waits for a person, of one room or of all, what is due first first."""
    asked = [_ROOMS[room]] if room else list(_ROOMS.values())
    with authority.remembering():
        found = [item for program in programs for provider in asked for item in provider(person, program)]
    return sorted(found, key=lambda item: (item.due or dt.date.max, item.group, item.label))
