"""Which roles sit at which desk of the quality system; the verbs name them. QA stands first: who holds it acts as QA."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from crdmo.common.verbs import must_be, person_of, said
from crdmo.foundation.accounts.authority import declare
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.accounts.roles import EVERYONE, SPONSOR, Role
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.refusals import Refused

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


__all__ = [
    "HOUSE", "OUTSIDE", "QA", "REVIEWERS", "STAFF", "VIEW", "VIEW_HOUSE", "Seen", "must_be", "only", "person_of", "said",
]  # fmt: skip
