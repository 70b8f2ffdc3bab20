"""Pages cut by key: where the next one starts, as text for its address, and as a condition."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, Model, Q

from crdmo.foundation.refusals import Invalid


def closed(values: list[Any]) -> str:
    """Return the key of a row as text for an address."""
    plain = [
        value.isoformat() if isinstance(value, dt.date) else value if value is None else str(value) for value in values
    ]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def opened(text: str) -> list[str | None]:
    """Return the key of a row from an address.

    Raises:
        Invalid: it is none.
    """
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError as error:
        raise Invalid(
            "this page of the table cannot be found", given=text[:60], next="Start at the first page"
        ) from error
    if not isinstance(found, list) or not all(value is None or isinstance(value, str) for value in found):
        raise Invalid("this page of the table cannot be found", given=text[:60], next="Start at the first page")
    return found


def _field(model: type[Model], path: str) -> Field[Any, Any]:
    *before, last = path.split("__")
    for name in before:
        model = model._meta.get_field(name).related_model  # type: ignore[assignment]
    try:
        return model._meta.get_field(last)  # type: ignore[return-value]
    except FieldDoesNotExist:
        return model._meta.pk


def behind(model: type[Model], keys: Sequence[str], given: Sequence[str | None], down: bool) -> Q:
    """Return the condition that a row stands behind the given one; rows without a value stand last."""
    if len(given) != len(keys):
        raise Invalid("this page belongs to another order of the table", next="Start at the first page")
    values = [None if v is None else _field(model, key).to_python(v) for key, v in zip(keys, given, strict=True)]
    than = "lt" if down else "gt"
    last = Q(**{f"pk__{than}": values[-1]})
    if len(keys) == 1:
        return last
    if values[0] is None:
        return Q(**{f"{keys[0]}__isnull": True}) & last
    return Q(**{f"{keys[0]}__{than}": values[0]}) | Q(**{keys[0]: values[0]}) & last | Q(**{f"{keys[0]}__isnull": True})
