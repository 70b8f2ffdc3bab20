"""Workload W1: one sample's assay, six columns."""

from __future__ import annotations

from auditlog.registry import auditlog
from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from crdmo.foundation.ledger.models import Record

ROW = {"code": "S-000001", "test": "assay", "value": "99.83", "unit": "%", "instrument": "LC-07", "remark": "none"}


class SixColumns(models.Model):
    """The six columns."""

    code = models.CharField(max_length=20)
    test = models.CharField(max_length=20)
    value = models.CharField(max_length=20)
    unit = models.CharField(max_length=10)
    instrument = models.CharField(max_length=20)
    remark = models.CharField(max_length=80)

    class Meta:
        abstract = True


class Plain(SixColumns):
    """No audit trail."""


class SimpleHistory(SixColumns):
    """Under django-simple-history."""

    history = HistoricalRecords()


class Auditlog(SixColumns):
    """Under django-auditlog."""


class Ledger(Record, SixColumns):
    """A record of the ledger."""


auditlog.register(Auditlog)

if settings.POSTGRESQL:
    import pghistory

    @pghistory.track()
    class PgHistory(SixColumns):
        """Under django-pghistory's triggers."""
