"""The signature as a record of the ledger, and the continuous session in which one component is enough."""

from __future__ import annotations

import datetime as dt

from django.db import models

from crdmo.foundation.accounts.models import Person
from crdmo.foundation.ledger.models import Record

from .meanings import Meaning


class Signature(Record):
    """Somebody's signature over exactly one version of one record, bound to its entry and to its content.

    Nothing in it is joined from elsewhere when it is shown: name, title and role are those of the moment of signing.
    Voiding it with a reason is the revocation.
    """

    target_type = models.CharField(max_length=60)
    target_id = models.UUIDField(db_index=True)
    target_version = models.PositiveIntegerField()
    target_entry = models.BigIntegerField()
    target_hash = models.CharField(max_length=64)
    content_hash = models.CharField(max_length=64)
    meaning = models.CharField(max_length=20, choices=Meaning.choices)
    statement = models.CharField(max_length=400)
    signer = models.ForeignKey(Person, models.PROTECT, related_name="signatures")
    printed_name = models.CharField(max_length=120)
    job_title = models.CharField(max_length=120, blank=True, default="")
    role = models.CharField(max_length=160, blank=True, default="")
    signed_at = models.CharField(max_length=30)
    components = models.CharField(max_length=40)
    ceremony = models.UUIDField()
    sequence = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.get_meaning_display()} by {self.printed_name} at {self.signed_at}"

    @property
    def instant(self) -> dt.datetime:
        """The moment of signing, in UTC."""
        return dt.datetime.fromisoformat(self.signed_at)


class SigningSession(models.Model):
    """A series of signings in one continuous period of access (21 CFR 11.200(a)(1)(i)). No record: it only expires."""

    session_key = models.CharField(max_length=64, primary_key=True)
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    opened = models.DateTimeField()
    last_signing = models.DateTimeField()
    auth_hash = models.CharField(max_length=128)

    def __str__(self) -> str:
        return f"signing session of {self.person}"
