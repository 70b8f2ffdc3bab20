"""How people prove who they are, and how the proof is given, withdrawn and given again.

21 CFR 11.200(a)(3): to use the signature of another takes two people at least. So who gives somebody a password never
confirms that person's identity as well, and the right to sign waits for both.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.db.models import Q

from crdmo.foundation.ledger.acts import Act

from ...refusals import Refused
from .. import lockout, notices, passwords
from ..authority import verb
from ..models import ApiToken, Login, Membership, Person
from ..roles import Role
from .access import close_membership
from .people import acting_person, not_oneself


@dataclass(frozen=True)
class NewPassword:
    """A temporary password, which is shown this once and must be changed at the first log-in."""

    person: Person
    temporary_password: str


@verb("accounts.verify_identity", "confirm a person's identity", roles=(Role.ADMINISTRATOR, Role.QA, Role.SPONSOR_QA))
def verify_identity(act: Act, person: Person) -> Person:
    """Confirm that the person is who the name says; the reason tells how. Without it nobody signs (21 CFR 11.100(b)).

    Raises:
        Refused: it was confirmed before, or the one who confirms gave the password.
    """
    not_oneself(act, person, "confirms the own identity")
    if person.identity_verified:
        raise Refused(f"the identity of {person.printed_name} is confirmed already")
    login = Login.objects.filter(person=person).first()
    if login is not None and str(login.password_set_by_id) == act.actor.actor_id:
        raise Refused(
            "who gave a person a password does not confirm the identity as well", given=act.actor.printed_name,
            allowed="another administrator, quality assurance",
            next="Ask one of them; it takes two by 21 CFR 11.200(a)(3)",
        )  # fmt: skip
    return act.change(person, identity_verified=True)


@verb("accounts.reset_password", "reset a password", roles=(Role.ADMINISTRATOR,))
def reset_password(act: Act, person: Person) -> NewPassword:
    """Give a temporary password. It must be changed before anything else, and the identity is to be confirmed anew.

    Raises:
        Refused: it is the own account, or a deactivated one.
    """
    not_oneself(act, person, "resets the own password; change it instead")
    login = _login(person)
    if not person.is_active:
        raise Refused(f"{person.printed_name} is deactivated", next="Reactivate the person first")
    text = passwords.give_temporary(login, acting_person(act))
    _doubt(act, person, "accounts.password_reset", "your password was reset")
    return NewPassword(person, text)


@verb("accounts.remove_second_factors", "remove second factors", roles=(Role.ADMINISTRATOR,))
def remove_second_factors(act: Act, person: Person) -> Person:
    """Remove all second factors of somebody who lost them. The identity is to be confirmed anew.

    Raises:
        Refused: there are none, or they are one's own.
    """
    not_oneself(act, person, "removes the own second factors here")
    found = Authenticator.objects.filter(user=_login(person))
    if not found.exists():
        raise Refused(f"{person.printed_name} has no second factor")
    found.delete()
    Login.objects.filter(person=person).update(password_set_by=acting_person(act))
    _doubt(act, person, "accounts.second_factors_removed", "your second factors were removed")
    return person


def _login(person: Person) -> Login:
    found = Login.objects.filter(person=person).first()
    if found is None:
        raise Refused(f"{person.printed_name} has no log-in", next="Enter the person anew under another user id")
    return found


def _doubt(act: Act, person: Person, event: str, said: str) -> None:
    """Withdraw the confirmed identity, note the event, and tell the person and the security unit."""
    if person.identity_verified:
        act.change(person, identity_verified=False)
    contents = {"person": str(person.pk), "user_id": person.user_id}
    act.event(event, contents, organization=person.organization_id)
    by = act.actor.printed_name
    notices.tell([person], f"{said.capitalize()} by {by}.", url="/account/security/", why="it is your account")
    others = [p for p in notices.security_unit(person.organization_id) if p.actor_id != act.actor.actor_id]
    text = f"{person.user_id}: {said.removeprefix('your ')} by {by}; the identity waits to be confirmed."
    notices.tell(others, text, url=f"/people/{person.user_id}/", why="you administer people")


@verb("accounts.unlock", "unlock an account", roles=(Role.ADMINISTRATOR,))
def unlock(act: Act, person: Person) -> Person:
    """Unlock an account after failed attempts; the reason says what was found.

    Raises:
        Refused: it is not locked, or it is one's own.
    """
    not_oneself(act, person, "unlocks the own account")
    if not lockout.is_locked(person.user_id):
        raise Refused(f"the account of {person.printed_name} is not locked")
    contents = {"person": str(person.pk), "user_id": person.user_id, "failures": lockout.forget(person.user_id)}
    act.event("accounts.unlocked", contents, organization=person.organization_id)
    notices.tell([person], f"Your account was unlocked by {act.actor.printed_name}.", why="it is your account")
    return person


@verb("accounts.deactivate_person", "deactivate a person", roles=(Role.ADMINISTRATOR,))
def deactivate_person(act: Act, person: Person) -> Person:
    """Close a person's access at once: log-ins, tokens, roles. Nothing is deleted, and the user id stays taken.

    Raises:
        Refused: the person is deactivated, or oneself.
    """
    not_oneself(act, person, "deactivates the own account")
    if not person.is_active:
        raise Refused(f"{person.printed_name} is deactivated already")
    today = act.now.date()
    live = Membership.objects.filter(Q(ends__isnull=True) | Q(ends__gte=today), person=person, is_void=False)
    for membership in live.order_by("entry"):
        close_membership(act, membership, today - dt.timedelta(days=1))
    ApiToken.objects.filter(person=person, revoked__isnull=True).update(revoked=act.now)
    return act.change(person, is_active=False, identity_verified=False)


@verb("accounts.reactivate_person", "reactivate a person", roles=(Role.ADMINISTRATOR,))
def reactivate_person(act: Act, person: Person) -> NewPassword:
    """Let a person who has come back log in again: new password, identity to be confirmed, roles to be granted.

    Raises:
        Refused: the person is active.
    """
    not_oneself(act, person, "reactivates the own account")
    if person.is_active:
        raise Refused(f"{person.printed_name} is active")
    act.change(person, is_active=True)
    lockout.forget(person.user_id)
    return NewPassword(person, passwords.give_temporary(_login(person), acting_person(act)))
