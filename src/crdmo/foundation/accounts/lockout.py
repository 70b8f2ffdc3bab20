"""Wrong credentials are counted and written to the ledger; the fifth locks the account until it is unlocked.

One counter serves log-in, the second factor, re-authentication in place and (in the signing room) signing: the table of
attempts of django-axes, by user id in small letters, so that neither another browser nor another spelling starts anew.
"""

from __future__ import annotations

from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.http import HttpRequest
from django.utils import timezone

from crdmo.foundation.ledger import acts
from crdmo.foundation.ledger.acts import SYSTEM

from . import notices
from .models import Person


def user_id_of(request: HttpRequest | None, credentials: dict[str, Any] | None) -> str | None:
    """Return the user id that an attempt names, in small letters; axes asks here."""
    given = credentials or (request.POST if request is not None else {})
    name = given.get("username") or given.get("login") or given.get("user_id")
    return str(name).strip().lower().replace("\x00", "")[:150] if name else None


def failures(user_id: str) -> int:
    """Return how often this user id failed since it last succeeded or was unlocked."""
    rows = AccessAttempt.objects.filter(username=user_id.lower())
    return int(rows.aggregate(n=Sum("failures_since_start"))["n"] or 0)


def is_locked(user_id: str) -> bool:
    """Say whether the account is locked."""
    return failures(user_id) >= int(settings.AXES_FAILURE_LIMIT)


def tries_left(user_id: str) -> int:
    """Return how many failures remain before the account is locked."""
    return max(0, int(settings.AXES_FAILURE_LIMIT) - failures(user_id))


def locked_user_ids() -> set[str]:
    """Return the user ids that are locked now."""
    rows = AccessAttempt.objects.values("username").annotate(n=Sum("failures_since_start")).order_by()
    return {row["username"] for row in rows if row["username"] and row["n"] >= int(settings.AXES_FAILURE_LIMIT)}


def count(user_id: str, how: str) -> None:
    """Count a failure that did not pass through the log-in form: a second factor, a re-authentication in place."""
    with transaction.atomic():
        row, made = AccessAttempt.objects.select_for_update().get_or_create(
            username=user_id.lower(), ip_address=None, user_agent=how,
            defaults={"failures_since_start": 1, "get_data": "", "post_data": "", "http_accept": "", "path_info": how},
        )  # fmt: skip
        if not made:
            AccessAttempt.objects.filter(pk=row.pk).update(
                failures_since_start=F("failures_since_start") + 1, attempt_time=timezone.now()
            )


def forget(user_id: str) -> int:
    """Forget the failures of a user id, after a success or at unlocking; returns how many there were."""
    number = failures(user_id)
    AccessAttempt.objects.filter(username=user_id.lower()).delete()
    return number


def report(user_id: str, where: str, address: str, before: int) -> None:
    """Write a failed attempt to the ledger, and lock and tell the security unit when it was the last one allowed.

    `before` is the number of failures before this one: a locked account is reported once, not at each further knock.
    """
    limit, now = int(settings.AXES_FAILURE_LIMIT), failures(user_id)
    if before >= limit:
        return
    person = Person.objects.filter(user_id=user_id).first()
    organization = person.organization_id if person else None
    contents = {
        "user_id": user_id, "known": person is not None, "where": where, "address": address, "failures": now,
        "limit": limit,
    }  # fmt: skip
    with acts.act(SYSTEM, "accounts.log_in") as noted:
        noted.event("accounts.log_in_failed", contents, organization=organization)
        if now >= limit:
            noted.event("accounts.locked", contents, organization=organization)
    if now >= limit and person is not None:
        text = f"Account {user_id} ({person.printed_name}) was locked: {now} failures, last at {where} from {address}."
        why = "you are told of attempts at misuse as an administrator"
        notices.tell(notices.security_unit(organization), text, url=f"/people/{user_id}/", why=why)


def note_unknown(user_id: str, where: str, address: str) -> None:
    """Write down that somebody came who is not let in, without counting it against an account."""
    contents = {"user_id": user_id, "where": where, "address": address}
    with acts.act(SYSTEM, "accounts.log_in") as noted:
        noted.event("accounts.log_in_refused", contents)
