"""Control charts: a test or a control watched across lots and runs, against limits that were frozen once."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.foundation.ledger.fields import CanonicalJSONField
from crdmo.foundation.ledger.models import Record


class ControlChart(Record):
    """A chart with its frozen baseline, and its latest run. New limits are a new chart, which supersedes this one."""

    class Watches(models.TextChoices):
        RESULTS = "results", "A test of the specification, across lots"
        CONTROLS = "controls", "A control of the method, across runs"

    steps: ClassVar[frozenset[str]] = frozenset({"state", "latest", "points", "in_control"})

    code = models.CharField(max_length=30)
    name = models.CharField(max_length=160)
    watches = models.CharField(max_length=8, choices=Watches.choices, default=Watches.RESULTS)
    method_code = models.CharField(max_length=30)
    criterion_name = models.CharField(max_length=120)
    baseline = models.ForeignKey("computing.Result", models.PROTECT, related_name="+")
    # The ids of what the baseline was made of, in order; what is watched begins with them.
    baseline_points = CanonicalJSONField(default=list)
    latest = models.ForeignKey("computing.Result", models.PROTECT, null=True, related_name="+")
    # [{"record", "label"}] of the latest run, in order.
    points = CanonicalJSONField(default=list)
    in_control = models.BooleanField(null=True)
    supersedes = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    state = models.CharField(
        max_length=10,
        choices=[("proposed", "Proposed"), ("approved", "Frozen"), ("superseded", "Superseded")],
        default="proposed",
    )
    sources = CanonicalJSONField(default=list)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"
