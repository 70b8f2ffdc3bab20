"""Which roles sit at which desk of the contract, and for which of the two parties somebody acts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crdmo.foundation.accounts.models import Organization, Person, Program
from crdmo.foundation.accounts.roles import EVERYONE, Role
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.refusals import NotPermitted, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign, signatures_of

VIEWERS = EVERYONE
OUTSOURCING = (Role.SPONSOR_LEAD,)
BIDDERS = (Role.PROPOSALS,)
MANAGERS = (Role.PROJECT_MANAGER, Role.SPONSOR_LEAD)
PRICING = (Role.PROJECT_MANAGER, Role.PROPOSALS, Role.SPONSOR_LEAD)
BILLING = (Role.FINANCE,)
PAYING = (Role.FINANCE, Role.SPONSOR_LEAD)
QUALITY = (Role.QA, Role.SPONSOR_QA, Role.PROJECT_MANAGER, Role.SPONSOR_LEAD)


def person_of(act: Act) -> Person:
    """Return the person who acts.

    Raises:
        Refused: it is the system.
    """
    if not isinstance(act.actor, Person):
        raise Refused("only a person does this", given=act.actor.printed_name)
    return act.actor


def act_for(act: Act, side: Organization | None, what: str) -> Person:
    """Return the person who acts, who must be of one party.

    Raises:
        NotPermitted: the person is of another organization.
    """
    person = person_of(act)
    if side is None or person.organization_id != side.pk:
        raise NotPermitted(
            f"{person.printed_name} does not {what} for {side}", given=str(person.organization), allowed=str(side),
            next=f"Somebody of {side} does it",
        )  # fmt: skip
    return person


def program_of(record: Record) -> Program:
    """Return the program of a record that has one."""
    assert record.program is not None
    return record.program


def accept(act: Act, record: Record, credentials: Credentials, parties: Sequence[Organization | None]) -> bool:
    """Sign for one's own organization; say whether now all parties have.

    Raises:
        Refused: it is no party, or has signed already.
    """
    person = person_of(act)
    mine, keys = person.organization_id, {party.id for party in parties if party}
    if mine not in keys:
        raise Refused(
            "only the parties sign", given=str(person.organization), allowed=", ".join(str(p) for p in parties)
        )
    signed = sides_of(record)
    if mine in signed:
        raise Refused(f"{person.organization} has signed {record}", next="The other party signs")
    sign(act, [record], Meaning.ACCEPTED, credentials)
    return signed | {mine} >= keys


def sides_of(record: Record) -> set[Any]:
    """Return the organizations whose signature a record carries."""
    people = [m.signer_id for m in signatures_of(record) if m.meaning == Meaning.ACCEPTED and m.holds]
    return set(Person.objects.filter(pk__in=people).values_list("organization_id", flat=True))
