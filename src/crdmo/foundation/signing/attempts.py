"""Failed attempts to sign: counted together with failed log-ins, written to the ledger, told to the security unit.

An attempt is reported after its act was undone, in an act of its own: the refused one left nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import F, Sum
from django.utils import timezone

from crdmo.foundation.accounts import notices
from crdmo.foundation.accounts.models import Login, Person
from crdmo.foundation.ledger import acts

# Rows of the log-in guard that signing adds carry this mark where a log-in has its browser.
MARK = "signing"


def failures(login: Login) -> int:
    """Return how often log-in or signing failed for this account since it was last unlocked."""
    rows = AccessAttempt.objects.filter(username__iexact=login.user_id)
    return int(rows.aggregate(n=Sum("failures_since_start"))["n"] or 0)


def is_locked(login: Login) -> bool:
    """Say whether the account is locked after too many failures."""
    return failures(login) >= settings.AXES_FAILURE_LIMIT


def tries_left(login: Login) -> int:
    """Return how many failures remain before the account is locked."""
    return max(0, int(settings.AXES_FAILURE_LIMIT) - failures(login))


def forget(login: Login) -> None:
    """Take back the failed signings after one that succeeded; failed log-ins are not touched."""
    AccessAttempt.objects.filter(username=login.user_id, user_agent=MARK).delete()


def _count(login: Login) -> None:
    row, made = AccessAttempt.objects.get_or_create(
        username=login.user_id, ip_address=None, user_agent=MARK,
        defaults={"failures_since_start": 1, "get_data": "", "post_data": "", "http_accept": "", "path_info": MARK},
    )  # fmt: skip
    if not made:
        AccessAttempt.objects.filter(pk=row.pk).update(
            failures_since_start=F("failures_since_start") + 1, attempt_time=timezone.now()
        )


class _Attempted:
    """The person whose session tried to sign, for the entry that reports it."""

    def __init__(self, person: Person) -> None:
        self.actor_id, self.printed_name = person.actor_id, person.printed_name

    def role_for(self, action: str, program: UUID | None, organization: UUID | None) -> str:
        """Return `refused`: the entry only says what was attempted."""
        return "refused"


def reporter(login: Login, action: str, kind: str, detail: str, *, counts: bool, tell: bool) -> Callable[[], None]:
    """Return what is to be done once the act is undone: count, write down, and tell the security unit."""
    person = login.person

    def report() -> None:
        was_locked = is_locked(login)
        if counts:
            _count(login)
        locks = is_locked(login) and not was_locked
        contents = {
            "kind": kind, "detail": detail, "step": action, "user_id": login.user_id,
            "failures": failures(login), "limit": int(settings.AXES_FAILURE_LIMIT), "locked": is_locked(login),
        }  # fmt: skip
        with acts.act(_Attempted(person), action) as noted:
            noted.event("signing.failed_attempt", contents, organization=person.organization_id)
            if locks:
                noted.event("signing.locked", contents, organization=person.organization_id)
        if tell or locks:
            said = f"{detail} (user id {login.user_id}, {action})."
            text = f"Account {login.user_id} was locked. {said}" if locks else said
            notices.tell(notices.security_unit(person.organization), text, why="attempts to sign are reported to you")

    return report
