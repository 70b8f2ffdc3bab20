"""The inbox: one line for each thing that somebody should know, with a link and the reason why they are told.

    notices.tell(notices.security_unit(organization_id), "ann is locked out", url="/people/ann/", why="you administer")

A notice is a courtesy, not a record: what happened is in the ledger.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import models
from django.db.models import Q

from .roles import Role

if TYPE_CHECKING:
    from .models import Person


class Notice(models.Model):
    """One line in one person's inbox."""

    person = models.ForeignKey("accounts.Person", models.PROTECT, related_name="notices")
    text = models.CharField(max_length=300)
    url = models.CharField(max_length=300, blank=True, default="")
    why = models.CharField(max_length=200, blank=True, default="")
    created = models.DateTimeField()
    read = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["person", "read", "-id"], name="accounts_notice_inbox")]

    def __str__(self) -> str:
        return self.text


def tell(people: Iterable[Person], text: str, *, url: str = "", why: str = "") -> list[Notice]:
    """Put a line into the inbox of each person, once."""
    now = dt.datetime.now(dt.UTC)
    keys = dict.fromkeys(person.pk for person in people)
    rows = [Notice(person_id=key, text=text[:300], url=url[:300], why=why[:200], created=now) for key in keys]
    return Notice.objects.bulk_create(rows)


def security_unit(organization: UUID | None) -> list[Person]:
    """Return who must hear of misuse: the administrators of an organization and those of the installation."""
    from .models import Membership, Organization, in_force  # noqa: PLC0415 — those models load this one

    today = dt.datetime.now(dt.UTC).date()
    near = Q(person__organization__kind=Organization.Kind.PARTNER)
    if organization is not None:
        near |= Q(person__organization_id=organization)
    rows = Membership.objects.filter(in_force(today), near, role=Role.ADMINISTRATOR, program__isnull=True)
    return [row.person for row in rows.filter(person__is_active=True).select_related("person")]


def unread(person: Person) -> models.QuerySet[Notice]:
    """Return what waits in a person's inbox, newest first."""
    return Notice.objects.filter(person=person, read__isnull=True).order_by("-id")


def mark_read(person: Person, keys: Iterable[int]) -> int:
    """Take lines out of a person's inbox; returns how many. Lines of other people are not touched."""
    return unread(person).filter(pk__in=list(keys)).update(read=dt.datetime.now(dt.UTC))
