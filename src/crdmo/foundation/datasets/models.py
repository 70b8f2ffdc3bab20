"""The dataset: sealed bytes as a record of the ledger."""

from __future__ import annotations

from django.db import models

from crdmo.foundation.ledger.fields import CanonicalJSONField
from crdmo.foundation.ledger.models import Record


class Dataset(Record):
    """A table or a file, sealed: its bytes lie in the store under their SHA-256 and can never be others.

    A table is Parquet; where it was read from an uploaded file, that file is kept beside it, as it came.
    """

    name = models.CharField(max_length=200)
    # What it is in the field's words, e.g. `chromatogram`, `plate_readings`, `sensor_series`: the service's choice.
    kind = models.CharField(max_length=60)
    blob = models.CharField(max_length=71)
    media_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    rows = models.BigIntegerField(null=True)
    # [{"name", "type", "unit"}]: the unit is UCUM, null where the column has none or nobody stated it.
    columns = CanonicalJSONField(default=list)
    pieces_root = models.CharField(max_length=64)
    pieces = models.CharField(max_length=71)
    original = models.CharField(max_length=71, blank=True, default="")
    file_name = models.CharField(max_length=255, blank=True, default="")
    device = models.CharField(max_length=120, blank=True, default="")
    sources = CanonicalJSONField(default=list)
    note = models.TextField(blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["blob"], name="datasets_by_blob")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_table(self) -> bool:
        """Whether it can be read as rows and columns."""
        return self.rows is not None
