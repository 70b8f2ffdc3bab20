"""System checks: a record type that could lose something is refused at start-up."""

from __future__ import annotations

from typing import Any

from django.core.checks import Error, register
from django.db import models

from .fields import CanonicalJSONField
from .models import record_types

KEPT = (
    models.CharField,
    models.TextField,
    models.BooleanField,
    models.IntegerField,
    models.UUIDField,
    models.DateField,
    models.DateTimeField,
    models.ForeignKey,
    CanonicalJSONField,
)


@register()
def record_types_keep_what_they_are_given(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Return an error for each field whose value the ledger could not write exactly."""
    found = []
    for name, model in record_types().items():
        if model._meta.many_to_many:
            found.append(Error(f"{name} has a many-to-many field: make the link a record of its own", id="ledger.E001"))
        for field in model._meta.concrete_fields:
            if not isinstance(field, KEPT):
                hint = "floats and decimals lose digits: use MeasuredField"
                found.append(Error(f"{name}.{field.name} is a {type(field).__name__}", hint=hint, id="ledger.E002"))
            if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
                found.append(Error(f"{name}.{field.name} reads the clock by itself", id="ledger.E003"))
    return found
