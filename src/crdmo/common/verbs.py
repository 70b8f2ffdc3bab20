"""What the verbs of many rooms ask first: that a person acts, that a record is in a state, that something is said."""

from __future__ import annotations

from typing import Any

from crdmo.foundation.accounts.models import Person
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused


def person_of(act: Act) -> Person:
    """Return who acts.

    Raises:
        Refused: it is no person.
    """
    if not isinstance(act.actor, Person):
        raise Refused("only a person does this", given=act.actor.printed_name)
    return act.actor


def must_be(record: Any, *allowed: str) -> None:
    """Say nothing if a record is in one of these states.

    Raises:
        Refused: it is in another.
    """
    if record.state not in allowed:
        words = dict(type(record)._meta.get_field("state").flatchoices)
        raise Refused(
            f"{record} is in another state",
            given=str(words.get(record.state, record.state)),
            allowed=", ".join(str(words[one]) for one in allowed),
        )


def said(**texts: str) -> None:
    """Say nothing if every text says something.

    Raises:
        Invalid: one is empty.
    """
    if empty := [name for name, text in texts.items() if not text.strip()]:
        raise Invalid("something is not said", errors=dict.fromkeys(empty, "needed"), given=", ".join(empty))
