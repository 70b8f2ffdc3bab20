"""Proof that the signer is the signer: two components at first, one within a continuous session.

21 CFR 11.200(a)(1): the first signing of a period of continuous access uses all components (user id and password, and
the one-time code of people who have one), later ones at least the password or the passkey. The period ends with the
log-in, with a change of password, and after `SIGNING_MINUTES` (default: `IDLE_MINUTES`) without a signing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings

from crdmo.foundation.accounts import lockout
from crdmo.foundation.accounts.models import Login, Person
from crdmo.foundation.ledger.acts import Act

from ..refusals import Invalid, NotPermitted
from . import attempts, passkeys
from .models import SigningSession


@dataclass(frozen=True)
class Credentials:
    """What the signer gave in the signature dialog. Secrets are left out of its text form."""

    user_id: str = ""
    password: str = field(default="", repr=False)
    session_key: str = ""
    totp: str = field(default="", repr=False)
    passkey: Mapping[str, Any] | None = field(default=None, repr=False)
    by_token: bool = False
    # Which version of each record the dialog had shown: what changed since is not signed.
    seen: Mapping[Any, int] = field(default_factory=dict, repr=False)


class CredentialsRefused(NotPermitted):
    """The signer was not proven. The attempt is counted and reported once the act is undone."""

    kind = "credentials-refused"


@dataclass(frozen=True)
class Needs:
    """What the dialog must ask for now."""

    user_id: bool
    totp: bool
    passkey: bool


def window() -> dt.timedelta:
    """Return how long a signing session stays open without a signing."""
    return dt.timedelta(minutes=int(getattr(settings, "SIGNING_MINUTES", settings.IDLE_MINUTES)))


def _is_logged_in(session_key: str) -> bool:
    return bool(import_module(settings.SESSION_ENGINE).SessionStore().exists(session_key))


def _open_session(login: Login, session_key: str, now: dt.datetime) -> SigningSession | None:
    """Return the signing session that is still open: same log-in, same person, same password, not idle."""
    if not session_key:
        return None
    found = SigningSession.objects.filter(session_key=session_key, person_id=login.person_id).first()
    if found is None or found.auth_hash != login.get_session_auth_hash() or not _is_logged_in(session_key):
        return None
    return found if now - found.last_signing <= window() else None


def _totp(login: Login) -> Authenticator | None:
    return Authenticator.objects.filter(user=login, type=Authenticator.Type.TOTP).first()


def needs(person: Person, session_key: str, now: dt.datetime | None = None) -> Needs:
    """Return what the next signing of a person in this log-in must give beside the password."""
    login = Login.objects.filter(person=person).first()
    if login is None:
        return Needs(user_id=True, totp=False, passkey=False)
    first = _open_session(login, session_key, now or dt.datetime.now(dt.UTC)) is None
    return Needs(user_id=first, totp=first and _totp(login) is not None, passkey=passkeys.has(login))


def end_session(session_key: str) -> None:
    """End the signing session of a log-in: at log-out and at time-out."""
    SigningSession.objects.filter(session_key=session_key).delete()


def end_sessions_of(person: Person) -> None:
    """End all signing sessions of a person: at deactivation and when credentials were lost."""
    SigningSession.objects.filter(person=person).delete()


def _refuse(login: Login, act: Act, kind: str, what: str, *, counts: bool, tell: bool = False) -> CredentialsRefused:
    left = max(0, lockout.tries_left(login.user_id) - counts)
    locked = "The account is locked: an administrator can unlock it"
    follow = f"Tries left before the account is locked: {left}" if left else locked
    refused = CredentialsRefused(what, next=follow)
    refused.aftermath = attempts.reporter(login, act.action, kind, what, counts=counts, tell=tell)
    return refused


def signer_of(act: Act, credentials: Credentials) -> Login:
    """Return the log-in of the person whose act this is, if that person has the right to sign at all.

    Raises:
        NotPermitted: not a person, through a token, deactivated, identity not verified, password to be changed.
        CredentialsRefused: the account is locked.
    """
    actor = act.actor
    if type(actor) is not Person or getattr(actor, "impersonated_by", None) is not None:
        raise NotPermitted(
            "only a person acting as themselves can sign", given=actor.printed_name, allowed="the signer's own log-in"
        )
    if credentials.by_token:
        raise NotPermitted("an API token never signs", allowed="user id and password of the signer in person")
    login = Login.objects.select_related("person").filter(person_id=actor.id).first()
    if login is None:
        raise NotPermitted(f"{actor.printed_name} has no log-in", next="An administrator can open one")
    if not login.person.is_active:
        raise NotPermitted(f"{actor.printed_name} is deactivated and cannot sign", next="An administrator can tell why")
    if not login.person.identity_verified:
        raise NotPermitted(
            f"the identity of {actor.printed_name} is not verified",
            allowed="signing after verification (21 CFR 11.100(b))",
            next="An administrator verifies the identity first",
        )  # fmt: skip
    if login.must_change_password:
        raise NotPermitted(
            "the present password was set by somebody else",
            allowed="signing with a password that only the signer knows",
            next="Choose a new password, then sign",
        )  # fmt: skip
    if lockout.is_locked(login.user_id):
        raise _refuse(login, act, "locked", "somebody tried to sign with a locked account", counts=False, tell=True)
    return login


def _check_user_id(act: Act, login: Login, credentials: Credentials, *, first: bool) -> None:
    given = credentials.user_id.strip()
    if not given:
        if first:
            raise Invalid(
                "the first signing of a session needs user id and password",
                errors={"signing_user_id": "type your user id: this is the first signing in this session"},
            )
        return
    if given.casefold() == login.user_id.casefold():
        return
    if Login.objects.filter(user_id__iexact=given).exists():
        what = f"somebody tried to sign as {given} in the session of {login.person.printed_name}"
        raise _refuse(login, act, "for-another", what, counts=True, tell=True)
    # What was typed is not repeated: people type passwords into the wrong box.
    raise _refuse(login, act, "user-id", "this is not the user id of the person who is logged in", counts=True)


def _check_secret(act: Act, login: Login, credentials: Credentials) -> str:
    if credentials.passkey is not None:
        if not passkeys.holds(login, credentials.passkey):
            raise _refuse(login, act, "passkey", "the passkey was not accepted", counts=True)
        return "passkey"
    if not credentials.password:
        raise Invalid("a signature needs the password", errors={"signing_password": "type your password"})
    if not login.check_password(credentials.password):
        raise _refuse(login, act, "password", "the password is wrong", counts=True)
    return "password"


def _check_totp(act: Act, login: Login, credentials: Credentials) -> str:
    authenticator = _totp(login)
    if authenticator is None:
        return ""
    if not credentials.totp:
        raise Invalid("the first signing of a session needs the code", errors={"signing_totp": "type the code"})
    if not TOTP(authenticator).validate_code(credentials.totp):
        raise _refuse(login, act, "totp", "the one-time code is wrong or was used before", counts=True)
    return "+totp"


def verify(act: Act, credentials: Credentials) -> str:
    """Prove the signer and return the components used: `id+password`, `id+password+totp`, `password`, `passkey`, ….

    Raises:
        NotPermitted: this person may not sign.
        CredentialsRefused: a component is wrong; counted, reported, locked after too many.
        Invalid: a component is missing; nothing is counted.
    """
    login = signer_of(act, credentials)
    session = _open_session(login, credentials.session_key, act.now)
    first = session is None
    _check_user_id(act, login, credentials, first=first)
    component = _check_secret(act, login, credentials)
    code = _check_totp(act, login, credentials) if first and credentials.passkey is None else ""
    lockout.forget(login.user_id)
    if credentials.session_key:
        _keep_open(login, session, credentials.session_key, act.now)
    return f"id+{component}{code}" if first else component


def _keep_open(login: Login, session: SigningSession | None, key: str, now: dt.datetime) -> None:
    SigningSession.objects.update_or_create(
        session_key=key,
        defaults={
            "person_id": login.person_id, "opened": session.opened if session else now, "last_signing": now,
            "auth_hash": login.get_session_auth_hash(),
        },
    )  # fmt: skip
