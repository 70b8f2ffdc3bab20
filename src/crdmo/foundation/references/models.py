"""The reference catalogue: official schemas, rules, terminologies and tables, with edition, digest and licence."""

from __future__ import annotations

from django.db import models

from crdmo.foundation.ledger.models import Record


class Reference(Record):
    """One version of something official that the laboratory works by. Who used it names this version."""

    name = models.CharField(max_length=120)
    # Not `version`: that is the number of the record's own versions.
    edition = models.CharField(max_length=60)
    kind = models.CharField(max_length=40)
    effective_from = models.DateField()
    licence = models.CharField(max_length=200)
    publisher = models.CharField(max_length=200)
    blob = models.CharField(max_length=71)
    digest = models.CharField(max_length=64)
    file_name = models.CharField(max_length=255)
    note = models.TextField(blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["name", "effective_from"], name="references_in_force")]

    def __str__(self) -> str:
        return f"{self.name} {self.edition}"
