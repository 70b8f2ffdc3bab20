"""Keys for programs: scoped, shown once, kept as a digest, with an end. A token acts as its person, and never signs.

token, text = tokens.issue(person, name="LIMS bridge", scopes=("read",), days=90)
bearer = tokens.authenticate("Bearer crdmo_…")
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from crdmo.foundation.ledger import acts

from ..refusals import Invalid, NotPermitted, Refused
from .models import ApiToken, Person
from .roles import Role
from .sessions import Oneself

SCOPES = ("read", "write")
PREFIX = "crdmo_"
LONGEST = 366
# A write a minute at most for the time of last use: reading an API must not become a stream of writes.
USED_EVERY = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class Bearer:
    """The person whom a token stands for, and what it may do."""

    person: Person
    token: ApiToken
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        """Say whether the token reaches so far; `write` includes `read`."""
        return scope in self.scopes or (scope == "read" and "write" in self.scopes)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def issue(person: Person, *, name: str, scopes: Iterable[str], days: int) -> tuple[ApiToken, str]:
    """Make a token for oneself and return it with its text, which is shown this once.

    Raises:
        Invalid: no name, an unknown scope, or a life of more than a year.
    """
    wanted = sorted(set(scopes))
    errors = {}
    if not name.strip():
        errors["name"] = "say which program will use it"
    if not wanted or not set(wanted) <= set(SCOPES):
        errors["scopes"] = "one or both of read, write; a token never signs"
    if not 1 <= days <= LONGEST:
        errors["days"] = f"1 to {LONGEST} days"
    if errors:
        raise Invalid("this token cannot be issued", errors=errors, given=", ".join(wanted))
    text = PREFIX + secrets.token_urlsafe(32)
    with acts.act(Oneself(person), "accounts.issue_token") as act:
        token = ApiToken.objects.create(
            digest=_digest(text), prefix=text[:12], person=person, name=name.strip(), scopes=" ".join(wanted),
            created=act.now, expires=act.now + dt.timedelta(days=days),
        )  # fmt: skip
        contents = {"user_id": person.user_id, "token": token.prefix, "name": token.name, "scopes": wanted}
        act.event("accounts.token_issued", contents, organization=person.organization_id)
    return token, text


def revoke(actor: Person, token: ApiToken) -> ApiToken:
    """End a token at once: one's own, or as an administrator that of somebody in reach.

    Raises:
        Refused: it is revoked already.
        NotPermitted: it belongs to somebody else.
    """
    from .authority import roles_of  # noqa: PLC0415 — authority reads these models

    if token.person_id != actor.pk:
        roles = roles_of(actor, None, token.person.organization_id)
        if Role.ADMINISTRATOR.value not in roles:
            allowed = "its owner, an administrator"
            raise NotPermitted("this token is somebody else's", given=token.prefix, allowed=allowed)
    if token.revoked is not None:
        raise Refused("this token is revoked already", given=token.prefix)
    with acts.act(Oneself(actor), "accounts.revoke_token") as act:
        token.revoked = act.now
        token.save(update_fields=["revoked"])
        contents = {"user_id": token.person.user_id, "token": token.prefix, "name": token.name, "by": actor.user_id}
        act.event("accounts.token_revoked", contents, organization=token.person.organization_id)
    return token


def authenticate(header: str) -> Bearer:
    """Return who stands behind an `Authorization` header.

    Raises:
        NotPermitted: the header is no living token; unknown, ended and revoked ones answer alike.
    """
    kind, _, text = header.strip().partition(" ")
    now = dt.datetime.now(dt.UTC)
    found = None
    if kind.lower() == "bearer" and text.startswith(PREFIX):
        rows = ApiToken.objects.select_related("person__organization")
        found = rows.filter(digest=_digest(text.strip()), revoked__isnull=True, expires__gt=now).first()
    if found is None or not found.person.is_active:
        raise NotPermitted(
            "this token opens nothing", allowed="Authorization: Bearer and a token that is neither ended nor revoked",
            next="Make a new token on the page of your account",
        )  # fmt: skip
    if found.last_used is None or now - found.last_used > USED_EVERY:
        ApiToken.objects.filter(pk=found.pk).update(last_used=now)
    return Bearer(found.person, found, frozenset(found.scopes.split()))
