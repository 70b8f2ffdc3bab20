"""Drafts: what a person has typed into a form and not yet saved. A draft is not a record and proves nothing.

It outlives a time-out, a crash and a change of device, and goes when the form is saved or the person discards it.
Secrets are never kept.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db import models

from crdmo.foundation.ledger.fields import CanonicalJSONField

from ..refusals import Invalid

if TYPE_CHECKING:
    from .models import Person

LIMIT = 512 * 1024
SECRETS = ("password", "totp", "csrf", "credential", "code", "secret", "token")


class Draft(models.Model):
    """The fields of one form of one person, by the address of the page."""

    person = models.ForeignKey("accounts.Person", models.PROTECT, related_name="drafts")
    key = models.CharField(max_length=300)
    data = CanonicalJSONField(default=dict)
    saved = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="accounts_draft_once")]

    def __str__(self) -> str:
        return f"draft of {self.key}"


def _is_secret(name: str) -> bool:
    low = name.lower()
    # `code` alone is a second factor; `lot_code` is a field like any other.
    return any(word in low for word in SECRETS if word != "code") or low == "code"


def keep(person: Person, key: str, data: dict[str, Any]) -> Draft:
    """Keep what was typed, in place of the draft before.

    Raises:
        Invalid: there is no key, or the draft is larger than 512 KiB.
    """
    if not key or len(key) > 300:
        raise Invalid("a draft is kept under the address of its page", given=key, allowed="1 to 300 characters")
    kept = {name: value for name, value in data.items() if not _is_secret(name)}
    if (size := len(str(kept).encode())) > LIMIT:
        raise Invalid("this draft is too large", given=f"{size} bytes", allowed=f"{LIMIT} bytes")
    values = {"data": kept, "saved": dt.datetime.now(dt.UTC)}
    return Draft.objects.update_or_create(person=person, key=key, defaults=values)[0]


def find(person: Person, key: str) -> Draft | None:
    """Return a person's own draft of a page."""
    return Draft.objects.filter(person=person, key=key).first()


def discard(person: Person, key: str) -> bool:
    """Forget a draft; says whether there was one."""
    return bool(Draft.objects.filter(person=person, key=key).delete()[0])
