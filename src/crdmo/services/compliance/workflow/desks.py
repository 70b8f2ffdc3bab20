"""Which roles sit at which desk of the quality system; the verbs name them. QA stands first: who holds it acts as QA."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from crdmo.foundation.accounts.authority import declare
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.accounts.roles import EVERYONE, SPONSOR, Role
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.refusals import Invalid, Refused

# The version of each record that a signer was shown, by its key; who signs without a page gives none.
Seen: TypeAlias = Mapping[Any, int]

QA = (Role.QA,)
OUTSIDE = (*SPONSOR, Role.INSPECTOR, Role.ADMINISTRATOR)
# Whoever works here reports what they see and owns actions.
STAFF = (Role.QA, *(role for role in EVERYONE if role not in (*OUTSIDE, Role.QA)))
REVIEWERS = (Role.QA, Role.QUALIFIED_PERSON)
HOUSE = (*STAFF, Role.ADMINISTRATOR)

VIEW = declare("compliance.view", "see the quality system of a program", EVERYONE)
VIEW_HOUSE = declare("compliance.view_house", "see the house's suppliers and training", HOUSE)


def person_of(act: Act) -> Person:
    """Return who acts.

    Raises:
        Refused: it is no person.
    """
    if not isinstance(act.actor, Person):
        raise Refused("only a person does this", given=act.actor.printed_name)
    return act.actor


def only(act: Act, record: Record, owner: Person | None, what: str) -> None:
    """Say nothing if the owner acts, or QA.

    Raises:
        Refused: somebody else does.
    """
    role = act.authorise(record.program_id, record.organization_id)
    if (owner is None or act.actor.actor_id != owner.actor_id) and role.partition(" ")[0] != Role.QA.value:
        raise Refused(
            f"{what} is its owner's work",
            given=act.actor.printed_name,
            allowed=f"{owner.printed_name} or QA" if owner else "QA",
        )


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
