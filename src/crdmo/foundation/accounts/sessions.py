"""What a person does to the own account: log-in, log-out, time-out, password, second factors. Each is in the ledger."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from crdmo.foundation.ledger import acts

from . import lockout, notices, passwords
from .models import Login, Person

# Where a session keeps when its person was last seen, and that it was closed after nothing was done.
SEEN = "crdmo_seen"
ENDED = "crdmo_ended"


class Oneself:
    """A person acting on the own account: no role is needed to log in, to log out or to change one's password."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.actor_id, self.printed_name = person.actor_id, person.printed_name

    def role_for(self, action: str, program: UUID | None, organization: UUID | None) -> str:
        """Return `oneself`."""
        return "oneself"


def note(person: Person, action: str, contents: dict[str, Any]) -> None:
    """Write what a person did to the own account into the chain of the person's organization."""
    said = {"user_id": person.user_id, **contents}
    with acts.act(Oneself(person), action) as noted:
        noted.event(action, said, organization=person.organization_id)


def logged_in(login: Login, *, methods: list[str], address: str, failures: int = 0) -> None:
    """Note a log-in, with the number of failures before it, which are forgotten."""
    lockout.forget(login.user_id)
    note(login.person, "accounts.logged_in", {"methods": methods, "address": address, "failures_before": failures})


def logged_out(person: Person, *, address: str) -> None:
    """Note a log-out."""
    note(person, "accounts.logged_out", {"address": address})


def timed_out(person: Person, *, idle_seconds: int) -> None:
    """Note that a log-in ended because nothing was done."""
    note(person, "accounts.timed_out", {"idle_seconds": idle_seconds})


def renewed(login: Login, *, methods: list[str], address: str) -> None:
    """Note that the same person proved the identity again, in place, after a time-out."""
    lockout.forget(login.user_id)
    note(login.person, "accounts.renewed", {"methods": methods, "address": address})


def change_password(login: Login, new: str) -> None:
    """Set a password that the person chose, and note it. Other log-ins of the person end with it.

    Raises:
        Invalid: the password cannot be used.
    """
    first = login.must_change_password
    passwords.choose(login, new)
    note(login.person, "accounts.password_changed", {"after_temporary": first})


def second_factor_changed(login: Login, what: str) -> None:
    """Note a change of second factors, and tell the person, who may not have done it."""
    note(login.person, "accounts.second_factor_changed", {"what": what})
    text = f"Your second factors changed: {what}."
    notices.tell([login.person], text, url="/account/security/", why="it is your account")
