"""Failed attempts to sign: counted with the failed log-ins, written to the ledger, told to the security unit.

An attempt is reported after its act was undone, in an act of its own: the refused one left nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.conf import settings

from crdmo.foundation.accounts import lockout, notices
from crdmo.foundation.accounts.models import Login, Person
from crdmo.foundation.ledger import acts


class _Attempted:
    """The person in whose session the attempt was made, for the entry that reports it."""

    def __init__(self, person: Person) -> None:
        self.actor_id, self.printed_name = person.actor_id, person.printed_name

    def role_for(self, action: str, program: UUID | None, organization: UUID | None) -> str:
        """Return `refused`: the entry only says what was attempted."""
        return "refused"


def reporter(login: Login, action: str, kind: str, detail: str, *, counts: bool, tell: bool) -> Callable[[], None]:
    """Return what is to be done once the act is undone: count, write down, and tell the security unit."""
    person, user_id = login.person, login.user_id

    def report() -> None:
        was_locked = lockout.is_locked(user_id)
        if counts:
            lockout.count(user_id, "signing")
        locked = lockout.is_locked(user_id)
        contents = {
            "kind": kind, "detail": detail, "step": action, "user_id": user_id, "locked": locked,
            "failures": lockout.failures(user_id), "limit": int(settings.AXES_FAILURE_LIMIT),
        }  # fmt: skip
        with acts.act(_Attempted(person), action) as noted:
            noted.event("signing.failed_attempt", contents, organization=person.organization_id)
            if locked and not was_locked:
                noted.event("signing.locked", contents, organization=person.organization_id)
        if tell or (locked and not was_locked):
            said = f"{detail[:1].upper()}{detail[1:]} (user id {user_id}, step {action})."
            text = f"Account {user_id} was locked. {said}" if locked and not was_locked else said
            unit = notices.security_unit(person.organization_id)
            notices.tell(unit, text, url=f"/people/{user_id}/", why="you are told of attempts at misuse")

    return report
